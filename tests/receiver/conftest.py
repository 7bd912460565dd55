# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private rsyslogd that runs the role's own configuration template, on loopback ports of its own."""

from __future__ import annotations

import collections
import dataclasses
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable

import pytest
from receiver.rendering import defaults, rendered

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import LogFormat, log_format
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._rulebase import rulesets

TOOLS = pathlib.Path(__file__).resolve().parents[1] / "tools"
RELEASES = {"8.2302": "bookworm", "8.2504": "trixie"}
FILES = ("messages", "status", "quarantine")
HOST = "127.0.0.1"
# rsyslogd does not outlive a test run that is killed.
WITH_US = ("setpriv", "--pdeathsig", "KILL")
PATIENCE = 120.0  # seconds without any progress: only what never comes is waited for that long
UNREAD = 128 * 1024  # bytes that may wait in the receiver's UDP socket: an unprivileged one has room for more
_claims: list[socket.socket] = []


def rsyslogd() -> str:
    """The path of rsyslogd; the test fails where there is none, because nothing would have been tested."""
    path = shutil.which(os.environ.get("RSYSLOGD") or "rsyslogd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not path:
        pytest.fail("rsyslogd is missing: install the Debian package rsyslog, or name the program in RSYSLOGD")
    return path


def rsyslogd_of(suite: str) -> str:
    """The path of the rsyslogd of a Debian release, which runs beside any other."""
    found = subprocess.run(["bash", TOOLS / "rsyslogd.sh", suite], check=True, stdout=subprocess.PIPE, text=True)
    return found.stdout.strip() + "/rsyslogd"


def rsyslogd_version(program: str = "") -> str:
    shown = subprocess.run([program or rsyslogd(), "-v"], check=True, capture_output=True, text=True).stdout
    return re.match(r"rsyslogd\s+([0-9.]+)", shown).group(1)


def render(folder: pathlib.Path, value: dict, port: int, pmnormalize: bool, **more: object) -> None:
    """Write the role's configuration for that log format to the folder; ``more`` are variables of the role."""
    variables = defaults()
    variables.update(
        __rsyslog_receiver_config_dir=str(folder),
        __rsyslog_receiver_work_dir=str(folder),
        rsyslog_receiver_data_dir=str(folder / "data"),
        __rsyslog_receiver_stats_interval=1,
        __rsyslog_receiver_version=more.get("__rsyslog_receiver_version") or rsyslogd_version(),
        __rsyslog_receiver_pmnormalize=pmnormalize,
        rsyslog_receiver_listeners=[
            {"transport": transport, "port": port, "address": "127.0.0.1"} for transport in ("tcp", "udp")
        ],
    )
    variables.update(more)
    found = rulesets(variables["rsyslog_receiver_listeners"], value)
    (folder / "receiver.conf").write_text(
        rendered("receiver.conf.j2", {**variables, "__rsyslog_receiver_rulesets": found}), "utf-8"
    )
    for rules in found:
        for name, text in rules["rulebases"].items():
            (folder / f"{name}.rulebase").write_text(text, "utf-8")


def free_port() -> int:
    """A port that nobody uses, for both transports; no other test on this machine gets it while this process runs.

    It is below those that the kernel gives to outgoing connections.
    """
    end = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    while True:
        port, claim = random.randrange(end // 2, end), socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0spamexperts-test-port-{port}")
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind((HOST, port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return port


def finish(connection: socket.socket) -> None:
    """End a connection, and wait until the receiver has read all of it: it closes its own end then."""
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass
    connection.close()


def sockets(transport: str) -> list[list[str]]:
    """The kernel's sockets of IPv4, split into words."""
    with open(f"/proc/net/{transport}") as file:
        return [line.split() for line in file.read().splitlines()[1:]]


@dataclasses.dataclass
class Receiver:
    """A running receiver. ``offsets`` says how far each file has been read, ``unread`` holds lines not taken yet."""

    folder: pathlib.Path
    fmt: LogFormat
    port: int
    process: subprocess.Popen | None
    offsets: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    unread: dict[str, list[bytes]] = dataclasses.field(default_factory=lambda: {name: [] for name in FILES})

    def send_tcp(self, data: bytes) -> None:
        """Send a stream of bytes as it is, and wait until it was read."""
        with socket.create_connection((HOST, self.port)) as connection:
            connection.sendall(data)
            finish(connection)

    def send_udp(self, datagrams: list[bytes]) -> None:
        """Send datagrams no faster than they are read, so that the kernel drops none."""
        unread = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for datagram in datagrams:
                # More than the kernel takes for a datagram and its own notes on it.
                unread += 2 * len(datagram) + 4096
                if unread > UNREAD:
                    self.drain()
                    unread = 0
                sender.sendto(datagram, (HOST, self.port))

    def drain(self) -> None:
        """Wait until nothing waits in the receiver's UDP sockets."""
        while any(int(words[4].split(":")[1], 16) for words in self.own_sockets("udp")):
            self.pause()

    def own_sockets(self, transport: str) -> list[list[str]]:
        """The kernel's rows of the sockets that the process has on its port."""
        inodes = set()
        try:
            for entry in os.scandir(f"/proc/{self.process.pid}/fd"):
                target = os.readlink(entry.path)
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
        except OSError:
            return []
        return [
            words for words in sockets(transport) if int(words[1].split(":")[1], 16) == self.port and words[9] in inodes
        ]

    def wait_until_it_listens(self, transports: tuple[str, ...] = ("tcp", "udp")) -> None:
        """By what the kernel says: a trial connection would count as one."""
        while not all(self.own_sockets(transport) for transport in transports):
            self.pause()

    def pause(self) -> None:
        """Between two looks at something that will come as long as the receiver runs."""
        assert self.process.poll() is None, "rsyslogd ended by itself: " + self.log()
        time.sleep(0.002)

    def read(self) -> None:
        """Read the complete lines that are new."""
        for name in FILES:
            for path in sorted(self.folder.glob(f"data/*/{name}.json")):
                with path.open("rb") as file:
                    file.seek(self.offsets[path])
                    whole, newline, _rest = file.read().rpartition(b"\n")
                if newline:
                    self.offsets[path] += len(whole) + 1
                    self.unread[name] += whole.split(b"\n")

    def wait_for_lines(self, count: int) -> None:
        """Wait until so many lines were not taken yet; give up when none came for minutes."""
        seen, since = -1, time.monotonic()
        while seen < count and time.monotonic() - since < PATIENCE:
            self.pause()
            self.read()
            total = sum(map(len, self.unread.values()))
            if total != seen:
                seen, since = total, time.monotonic()

    def flush(self, *ways: str | Callable[[str], None]) -> None:
        """Wait until all that went the same ways before is on disk: by canaries, which go to a file of their own.

        A way is a transport or a function that sends a text. A canary may overtake other files of its own batch, so a
        second one follows, which is in a later batch.
        """
        usual = {
            "tcp": lambda text: self.send_tcp(f"<14>{text}\0".encode()),
            "udp": lambda text: self.send_udp([f"<14>{text}\0".encode()]),
        }
        path = self.folder / "canary"
        for way in ways:
            for _turn in range(2):
                nonce = uuid.uuid4().hex
                usual.get(way, way)(self.fmt.canary(self.fmt.marks[0] if self.fmt.marks else "") + nonce)
                while not path.exists() or nonce not in path.read_text("utf-8"):
                    self.pause()

    def take(self, count: int = 0, transports: tuple[str, ...] = ("tcp", "udp")) -> dict[str, list[dict]]:
        """Wait for that many new lines, and for all that was sent by the methods above. Returns the new records.

        Every line has to be UTF-8 and JSON.
        """
        self.wait_for_lines(count)
        self.flush(*transports)
        self.read()
        found, self.unread = self.unread, {name: [] for name in FILES}
        return {
            name: [json.loads(line.decode("utf-8"), object_pairs_hook=unique) for line in lines]
            for name, lines in found.items()
        }

    def log(self) -> str:
        """What rsyslogd says of itself."""
        path = self.folder / "rsyslogd.log"
        return path.read_text("utf-8", "replace")[-2000:] if path.exists() else ""


def unique(pairs: list[tuple]) -> dict:
    """An object of JSON whose keys all differ: readers disagree on which of two counts."""
    assert len(dict(pairs)) == len(pairs), f"a key occurs twice: {pairs}"
    return dict(pairs)


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Starts receivers (log format, pmnormalize, port, path of rsyslogd, role variables); all are stopped at the end of
    the module."""
    running = []

    def start_one(value: dict, pmnormalize: bool = True, port: int = 0, program: str = "", **more: object) -> Receiver:
        folder, port, program = tmp_path_factory.mktemp("receiver"), port or free_port(), program or rsyslogd()
        # By default it would drop what a busy machine leaves in the queue.
        more = {"rsyslog_receiver_on_overload": "block", **more}
        render(folder, value, port, pmnormalize, __rsyslog_receiver_version=rsyslogd_version(program), **more)
        command = [program, "-f", str(folder / "receiver.conf")]
        check = subprocess.run([*command, "-N1"], capture_output=True, text=True, check=False)
        assert check.returncode == 0, check.stderr
        process = subprocess.Popen([*WITH_US, *command, "-n", "-iNONE"], stdin=subprocess.DEVNULL)
        running.append(process)
        receiver = Receiver(folder, log_format(value), port, process)
        receiver.wait_until_it_listens()
        return receiver

    yield start_one
    for process in running:
        process.terminate()
    for process in running:
        assert process.wait() == 0, "rsyslogd did not end in order"
