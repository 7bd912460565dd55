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
import re
import shutil
import socket
import subprocess
import time

import pytest
from receiver.rendering import defaults, rendered

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._template import LogFormat, log_format
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._rulebase import rulesets

TOOLS = pathlib.Path(__file__).resolve().parents[1] / "tools"
RELEASES = {"8.2302": "bookworm", "8.2504": "trixie"}
FILES = ("messages", "status", "quarantine")
PATIENCE = 5.0  # seconds without a new record after which no more are waited for
PACE = 20  # datagrams between two pauses, so that an unprivileged receive buffer does


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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclasses.dataclass
class Receiver:
    """A running receiver. ``taken`` counts the lines of each file that earlier calls have seen."""

    folder: pathlib.Path
    fmt: LogFormat
    port: int
    process: subprocess.Popen
    taken: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    def send_tcp(self, data: bytes) -> None:
        """Send a stream of bytes as it is."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(data)

    def send_udp(self, datagrams: list[bytes]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number, datagram in enumerate(datagrams):
                sender.sendto(datagram, ("127.0.0.1", self.port))
                if number % PACE == 0:
                    time.sleep(0.002)

    def lines(self, name: str) -> list[bytes]:
        """The complete lines of a file since the last take."""
        whole = b"".join(path.read_bytes() for path in sorted(self.folder.glob(f"data/*/{name}.json")))
        return whole.split(b"\n")[:-1][self.taken[name] :]

    def take(self, count: int, moment: float = 0.3) -> dict[str, list[dict]]:
        """Wait for that many new lines, and a moment (seconds) for more. Every one has to be UTF-8 and JSON."""
        seen, since = -1, time.monotonic()
        while time.monotonic() - since < PATIENCE and self.process.poll() is None:
            total = sum(len(self.lines(name)) for name in FILES)
            if total != seen:
                seen, since = total, time.monotonic()
            if seen >= count and time.monotonic() - since > moment:
                break
            time.sleep(0.01)
        assert self.process.poll() is None, "rsyslogd ended by itself: " + self.log()
        records = {}
        for name in FILES:
            lines = self.lines(name)
            self.taken[name] += len(lines)
            records[name] = [json.loads(line.decode("utf-8"), object_pairs_hook=unique) for line in lines]
        return records

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
        render(folder, value, port, pmnormalize, __rsyslog_receiver_version=rsyslogd_version(program), **more)
        command = [program, "-f", str(folder / "receiver.conf")]
        check = subprocess.run([*command, "-N1"], capture_output=True, text=True, timeout=30, check=False)
        assert check.returncode == 0, check.stderr
        process = subprocess.Popen([*command, "-n", "-iNONE"], stdin=subprocess.DEVNULL)
        running.append(process)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return Receiver(folder, log_format(value), port, process)
            except ConnectionRefusedError:
                assert process.poll() is None, "rsyslogd did not start"
                time.sleep(0.05)
        raise AssertionError("rsyslogd does not listen")

    yield start_one
    for process in running:
        process.terminate()
    for process in running:
        assert process.wait(timeout=30) == 0, "rsyslogd did not end in order"
