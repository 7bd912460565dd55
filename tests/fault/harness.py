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
import time
from logging.handlers import SysLogHandler

from receiver import hostile
from receiver.conftest import Receiver, render, unique

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._template import compile_template, log_format
from emulator.stream import Handler

SETTINGS = {"style": "printable", "secret": hostile.SECRET}
TEMPLATE = compile_template(log_format(SETTINGS), "message")
KIND = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
HOST = "127.0.0.1"
BEGINNING = b'{"@timestamp":"'


def wire(number: object, **fields: str) -> bytes:
    """A good record as Python's SysLogHandler writes it; its id is the number."""
    return b"<158>" + hostile.encoded(TEMPLATE % dict(hostile.BASE, id=str(number), **fields)) + b"\0"


class Sender:
    """Python's own SysLogHandler. ``sent`` are the ids that it took without an error, ``lost`` those that it "
    "dropped."""

    def __init__(self, port: int, transport: str, raw: bool = False) -> None:
        self.handler = Handler((HOST, port), SysLogHandler.LOG_LOCAL3, KIND[transport])
        self.raw, self.sent, self.lost, self.slowest = raw, [], [], 0.0

    def send(self, number: object, template: str = TEMPLATE, **fields: str) -> None:
        values = {**hostile.BASE, "id": str(number), **fields}
        self.handler.begin(self.raw)
        begin = time.monotonic()
        self.handler.handle(logging.LogRecord("remote_syslog", logging.INFO, __file__, 0, template, (values,), None))
        self.slowest = max(self.slowest, time.monotonic() - begin)
        (self.lost if self.handler.error else self.sent).append(str(number))

    def close(self) -> None:
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
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def run(self, name: str = "receiver.conf", transports: tuple[str, ...] = ("tcp", "udp")) -> float:
        """Start it. Returns how many seconds passed until it listened."""
        begin = time.monotonic()
        with (self.folder / "rsyslogd.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, "-n", "-iNONE", "-f", self.folder / name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                user=self.user or None,
                group="nogroup" if self.user else None,
                extra_groups=[] if self.user else None,
            )
        while self.listens() != set(transports):
            assert self.process.poll() is None, "rsyslogd did not start: " + self.log()
            assert time.monotonic() < begin + 10, "rsyslogd does not listen: " + self.log()
            time.sleep(0.01)
        return time.monotonic() - begin

    def listens(self) -> set[str]:
        """The transports on which the process listens, by what the kernel says: a trial connection would "
        "count as one."""
        inodes = set()
        try:
            for entry in os.scandir(f"/proc/{self.process.pid}/fd"):
                target = os.readlink(entry.path)
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
        except OSError:
            return set()
        found = set()
        for transport in ("tcp", "udp"):
            for words in table(transport):
                if int(words[1].split(":")[1], 16) == self.port and words[9] in inodes:
                    found.add(transport)
        return found

    def stop(self) -> float:
        """End it in order. Returns how many seconds that took."""
        begin = time.monotonic()
        self.process.terminate()
        assert self.process.wait(timeout=60) == 0, "rsyslogd did not end in order: " + self.log()
        return time.monotonic() - begin

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

    def settle(self, count: int = 1 << 62, quiet: float = 1.0, limit: float = 20.0) -> None:
        """Wait until so many lines are there, or until none came for ``quiet`` seconds."""
        lines: collections.Counter = collections.Counter()
        offsets: collections.Counter = collections.Counter()
        begin = since = time.monotonic()
        while sum(lines.values()) < count and time.monotonic() < min(since + quiet, begin + limit):
            time.sleep(0.05)
            for path in self.folder.glob("data/2*/*.json"):
                if path.stat().st_size > offsets[path]:
                    with path.open("rb") as file:
                        file.seek(offsets[path])
                        more = file.read()
                    offsets[path] += len(more)
                    lines[path] += more.count(b"\n")
                    since = time.monotonic()

    def counters(self) -> dict[str, dict]:
        """The last of each of rsyslogd's own counters, by name; they are written every second here."""
        written, deadline = time.time(), time.monotonic() + 5
        path = self.folder / "impstats.json"
        while time.monotonic() < deadline:
            if path.exists() and path.stat().st_mtime > written + 0.5:
                break
            time.sleep(0.1)
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        found = (json.loads(line[line.index("{") :]) for line in lines if line.endswith("}"))
        return {entry["name"]: entry for entry in found}

    def memory(self) -> int:
        """Resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def dropped(self) -> int:
        """Datagrams that the kernel dropped because the receiver's socket was full."""
        return sum(int(words[12]) for words in table("udp") if int(words[1].split(":")[1], 16) == self.port)

    def said(self) -> str:
        """Everything that rsyslogd said of itself."""
        return (self.folder / "rsyslogd.log").read_text("utf-8", "replace")


def table(transport: str) -> list[list[str]]:
    """The kernel's sockets of IPv4, split into words."""
    with open(f"/proc/net/{transport}") as file:
        return [line.split() for line in file.read().splitlines()[1:]]
