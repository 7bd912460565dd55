# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A receiver that can be killed, stopped and started again, senders that count, and the account of both."""

from __future__ import annotations

import collections
import dataclasses
import json
import logging
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
from logging.handlers import SysLogHandler

from receiver import hostile
from receiver.conftest import HOST, WITH_US, Receiver, finish, render, unique

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    compile_template,
    log_format,
)
from emulator.stream import Handler

SETTINGS = {"style": "printable", "secret": hostile.SECRET}
TEMPLATE = compile_template(log_format(SETTINGS), "message")
LISTENING = "0A"
KIND = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
BEGINNING = b'{"@timestamp":"'


def wire(number: object, **fields: str) -> bytes:
    """A good record as Python's SysLogHandler writes it; its id is the number."""
    return b"<158>" + hostile.encoded(TEMPLATE % dict(hostile.BASE, id=str(number), **fields)) + b"\0"


class Sender:
    """Python's own SysLogHandler. ``sent`` are the ids that it took without an error, ``lost`` those it dropped."""

    def __init__(self, port: int, transport: str, raw: bool = False, kind: type[Handler] = Handler) -> None:
        self.handler = kind((HOST, port), SysLogHandler.LOG_LOCAL3, KIND[transport])
        self.raw, self.sent, self.lost = raw, [], []

    def send(self, number: object, template: str = TEMPLATE, **fields: str) -> None:
        self.say(template, {**hostile.BASE, "id": str(number), **fields})
        (self.lost if self.handler.error else self.sent).append(str(number))

    def say(self, text: str, *values: object) -> None:
        """Send any text, with a mapping of values if it is a template."""
        self.handler.begin(self.raw)
        self.handler.handle(logging.LogRecord("remote_syslog", logging.INFO, __file__, 0, text, values, None))

    def finish(self) -> None:
        """End a TCP connection when all of it was read."""
        finish(self.handler.socket)
        self.handler.close()


class Pace:
    """Holds a loop to so many turns a second."""

    def __init__(self, rate: float) -> None:
        self.rate, self.begin, self.turns = rate, time.monotonic(), 0

    def wait(self) -> None:
        self.turns += 1
        early = self.begin + self.turns / self.rate - time.monotonic()
        if early > 0.001:
            time.sleep(early)


class Load(threading.Thread):
    """Sends at a rate until it is told to end."""

    def __init__(self, sender: Sender, name: str, rate: float = 2000) -> None:
        super().__init__(daemon=True)
        self.sender, self.label, self.rate, self.begun, self.ended = sender, name, rate, 0, False
        self.start()

    def run(self) -> None:
        pace = Pace(self.rate)
        while not self.ended:
            name = f"{self.label}:{self.begun}"
            self.begun += 1
            self.sender.send(name)
            pace.wait()

    def more(self, count: int) -> None:
        """Wait until so many more records were sent, or tried to."""
        wanted = self.begun + count
        while self.begun < wanted:
            time.sleep(0.002)

    def end(self) -> list[str]:
        self.ended = True
        self.join()
        return self.sender.sent


@dataclasses.dataclass(frozen=True)
class Account:
    """What became of the records that were sent: numbers of records, and those that nobody sent."""

    sent: int
    arrived: int
    lost: int
    duplicates: int
    disordered: int
    foreign: int

    def __str__(self) -> str:
        return ", ".join(f"{name} {number}" for name, number in dataclasses.asdict(self).items())


def account(sent: list[str], found: list[str]) -> Account:
    """Compare the ids; order is that of each sender, which is what stands before the first colon of an id."""
    wanted, got = set(sent), collections.Counter(found)
    assert len(wanted) == len(sent), "an id was sent twice, so nothing can be counted"
    place = {name: number for number, name in enumerate(sent)}
    last: dict[str, int] = {}
    disordered = 0
    for name in found:
        if name in place:
            who = name.partition(":")[0]
            disordered += place[name] < last.get(who, -1)
            last[who] = max(place[name], last.get(who, -1))
    return Account(
        len(sent),
        len(wanted & got.keys()),
        len(wanted - got.keys()),
        sum(number - 1 for name, number in got.items() if name in wanted),
        disordered,
        sum(number for name, number in got.items() if name not in wanted),
    )


class Daemon(Receiver):
    """An rsyslogd of a certain release with the role's configuration, which lasts longer than its process."""

    def __init__(self, folder: pathlib.Path, port: int, program: pathlib.Path, version: str, user: str = "") -> None:
        super().__init__(folder, log_format(SETTINGS), port, None)
        self.program, self.version, self.user, self.environment = program, version, user, {}

    def configure(self, settings: dict | None = None, **more: object) -> None:
        settings = SETTINGS if settings is None else settings
        self.fmt = log_format(settings)
        render(self.folder, settings, self.port, True, **{"__rsyslog_receiver_version": self.version, **more})

    def check(self) -> subprocess.CompletedProcess:
        command = [self.program, "-N1", "-f", self.folder / "receiver.conf"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def run(self, name: str = "receiver.conf", transports: tuple[str, ...] = ("tcp", "udp")) -> None:
        """Start it, and wait until it listens."""
        with (self.folder / "rsyslogd.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*WITH_US, self.program, "-n", "-iNONE", "-f", self.folder / name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                user=self.user or None,
                group="nogroup" if self.user else None,
                extra_groups=[] if self.user else None,
            )
        self.wait_until_it_listens(transports)

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        assert self.process.wait() == 0, "rsyslogd did not end in order: " + self.log()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def lines_of(self, name: str) -> list[bytes]:
        """Every line of a file over all days, an unfinished last one too."""
        return [
            line
            for path in sorted(self.folder.glob(f"data/2*/{name}.json"))
            for line in path.read_bytes().split(b"\n")
            if line
        ]

    def records(self, name: str = "messages") -> list[dict]:
        """Every record of a file. What was written behind half a line is found, too.

        JSON has no bare quotes inside a string, so the beginning of a record occurs nowhere else, whatever a mail says.
        """
        found, self.halves = [], 0
        for line in self.lines_of(name):
            whole = line[max(0, line.rfind(BEGINNING)) :]
            self.halves += whole != line
            try:
                found.append(json.loads(whole.decode("utf-8"), object_pairs_hook=unique))
            except ValueError:
                # Half a line, and nothing behind it yet.
                self.halves += 1
        return found

    def ids(self) -> list[str]:
        return [record["email.local_id"] for record in self.records()]

    def settle(self, count: int) -> None:
        """Wait until so many lines are there, and for what else may still be on its way; give up after minutes."""
        self.wait_for_lines(count)
        self.flush("tcp", "udp")

    def wait_for_id(self, name: str) -> None:
        """Wait until the record with that id is filed: what its sender sent before is filed then, or lost."""
        wanted, searched = f'"email.local_id":"{name}"'.encode(), 0
        while not any(wanted in line for line in self.unread["messages"][searched:]):
            searched = len(self.unread["messages"])
            self.pause()
            self.read()

    def counters(self) -> dict[str, dict]:
        """Each of rsyslogd's own counters by name, of a report that was begun after now; there is one every second."""
        path, lines = self.folder / "impstats.json", []
        # A line may be half written now, and the first report that gets to its end may have been begun before.
        seen = path.read_bytes().count(b"\n") + 1 if path.exists() else 0
        while sum('"name": "resource-usage"' in line for line in lines) < 2:
            self.pause()
            if path.exists():
                lines = path.read_text("utf-8", "replace").split("\n")[seen:-1]
        found = (json.loads(line[line.index("{") :]) for line in lines)
        return {entry["name"]: entry for entry in found}

    def connections(self) -> int:
        """How many TCP connections it has accepted and not closed."""
        return sum(words[3] != LISTENING for words in self.own_sockets("tcp"))

    def memory(self) -> int:
        """Resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def dropped(self) -> int:
        """Datagrams that the kernel dropped because the receiver's socket was full."""
        return sum(int(words[12]) for words in self.own_sockets("udp"))

    def said(self) -> str:
        """Everything that rsyslogd said of itself."""
        return (self.folder / "rsyslogd.log").read_text("utf-8", "replace")


def hanging(daemon: Daemon, name: str) -> tuple[pathlib.Path, int]:
    """Have writes to today's file of that name hang, as a pipe that nobody empties. Returns it and its reading end."""
    day = daemon.folder / "data" / time.strftime("%Y-%m-%d", time.gmtime())
    day.mkdir(parents=True)
    os.mkfifo(day / name)
    return day / name, os.open(day / name, os.O_RDONLY | os.O_NONBLOCK)
