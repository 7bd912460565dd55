# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receivers that are compared, each in a folder and on a port of its own, and what a run of one takes."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator

from receiver.conftest import free_port, render, rsyslogd

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import LogFormat, log_format

LINES = "lines"
PATIENCE = 3.0  # seconds without a new byte after which no more are waited for
_RAW = """
module(load="imtcp" addtlFrameDelimiter="0")
module(load="imudp")
template(name="raw" type="string" string="%rawmsg-after-pri%\\n")
ruleset(name="raw") {{ action(type="omfile" file="{folder}/lines" template="raw") }}
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="raw")
input(type="imudp" address="127.0.0.1" port="{port}" ruleset="raw" rcvbufSize="16m")
"""
_SYSLOG_NG = """@version: 3.38
options {{ use-dns(no); stats-freq(0); log-msg-size(131072); }};
source s {{
    network(transport("tcp") ip("127.0.0.1") port({port}) flags(no-header) log-fetch-limit(1000) log-iw-size(100000));
    network(transport("udp") ip("127.0.0.1") port({port}) flags(no-header) log-fetch-limit(1000) log-iw-size(100000)
            so-rcvbuf(16777216));
}};
# The outer quotes go first; what is between the fields is the three characters "," and nothing else.
parser p {{ csv-parser(columns({columns}) prefix("f.") template("$(substr $MSG 1 -1)")
                       quote-pairs('') delimiters(chars("") strings('","')) flags(greedy)); }};
destination d {{ file("{folder}/lines" template("$(format-json --key f.* --rekey f.* --shift-levels 1)\\n")); }};
log {{ source(s); parser(p); destination(d); flags(flow-control); }};
"""


@dataclasses.dataclass(frozen=True)
class Receiver:
    """name, the log format of what it is sent, and a function (folder, port) that writes its configuration and returns
    the command and the environment that runs it in the foreground. Output is what ``files`` matches."""

    name: str
    fmt: LogFormat
    configure: Callable[[pathlib.Path, int], tuple[list[str], dict[str, str]]]
    files: str = LINES


def raw(fmt: LogFormat) -> Receiver:
    """rsyslog as it comes: text in, text out, default settings; NUL is the one thing it has to be told."""

    def configure(folder: pathlib.Path, port: int) -> tuple[list[str], dict[str, str]]:
        (folder / "raw.conf").write_text(_RAW.format(folder=folder, port=port), "utf-8")
        return [rsyslogd(), "-n", "-iNONE", "-f", str(folder / "raw.conf")], {}

    return Receiver("rsyslog raw", fmt, configure)


def syslog_ng(fmt: LogFormat, root: pathlib.Path) -> Receiver:
    """syslog-ng from packages unpacked at ``root``: csv-parser and format-json."""

    def configure(folder: pathlib.Path, port: int) -> tuple[list[str], dict[str, str]]:
        columns = ", ".join(f'"{field.name}"' for field in fmt.fields("message"))
        (folder / "ng.conf").write_text(_SYSLOG_NG.format(folder=folder, port=port, columns=columns), "utf-8")
        libraries = sorted({str(path.parent) for path in root.rglob("*.so*")})
        modules = next(str(path.parent) for path in root.rglob("libcsvparser.so"))
        options = [f"--{name}={folder / name}" for name in ("persist-file", "pidfile", "control")]
        command = [str(root / "usr/sbin/syslog-ng"), "-F", "--no-caps", f"--cfgfile={folder / 'ng.conf'}", *options]
        return [*command, f"--module-path={modules}"], {"LD_LIBRARY_PATH": ":".join(libraries)}

    return Receiver("syslog-ng", fmt, configure)


def role(name: str, value: dict, environment: dict[str, str] | None = None, **variables: object) -> Receiver:
    """What the role deploys for that log format and those variables."""

    def configure(folder: pathlib.Path, port: int) -> tuple[list[str], dict[str, str]]:
        render(folder, value, port, pmnormalize=True, **variables)
        return [rsyslogd(), "-n", "-iNONE", "-f", str(folder / "receiver.conf")], environment or {}

    return Receiver(name, log_format(value), configure, files="data/*/*.json")


@dataclasses.dataclass
class Run:
    """cpu: seconds without the start. seconds: from the first byte sent to 99 % of the output. rss: bytes at most.

    late: seconds from the last byte sent to the last byte of output.
    """

    lines: int
    cpu: float
    seconds: float
    late: float
    rss: int


class Output:
    """The files of a run, read as they grow."""

    def __init__(self, folder: pathlib.Path, pattern: str) -> None:
        self.folder, self.pattern = folder, pattern
        self.lines, self.size = 0, 0
        self.read: dict[pathlib.Path, int] = {}
        self.history: list[tuple[float, int]] = []

    def paths(self) -> list[pathlib.Path]:
        return sorted(self.folder.glob(self.pattern))

    def look(self) -> int:
        """The size now."""
        size = sum(path.stat().st_size for path in self.paths())
        if size != self.size:
            self.size = size
            self.history.append((time.monotonic(), size))
        return size

    def count(self) -> int:
        """The lines now."""
        for path in self.paths():
            with path.open("rb") as file:
                file.seek(self.read.get(path, 0))
                while block := file.read(1 << 20):
                    self.lines += block.count(b"\n")
                self.read[path] = file.tell()
        return self.lines

    def when(self, share: float) -> float:
        """When that share of the final size was there."""
        return next(moment for moment, size in self.history if size >= share * self.size)


@contextlib.contextmanager
def running(receiver: Receiver, folder: pathlib.Path) -> Iterator[tuple[int, int]]:
    """A started receiver: its port and process id. It is killed if the block has not ended it."""
    folder.mkdir(parents=True)
    port = free_port()
    command, environment = receiver.configure(folder, port)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 15
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except ConnectionRefusedError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{receiver.name} did not start:\n{(folder / 'log').read_text()}") from None
                time.sleep(0.05)
        time.sleep(0.3)
        yield port, process.pid
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)


def cpu_clock(pid: int) -> float:
    """CPU seconds of a process and all its threads so far, from its CPU-time clock (clock_getcpuclockid)."""
    return time.clock_gettime(((~pid) << 3) | 2)


def run(
    receiver: Receiver,
    folder: pathlib.Path,
    send: list[str],
    data: pathlib.Path,
    transport: str,
    count: int,
    connections: int,
    rate: int,
) -> Run:
    """One run of a receiver. Its files stay in the folder."""
    with running(receiver, folder) as (port, pid):
        output = Output(folder, receiver.files)
        before = cpu_clock(pid)
        sender = subprocess.Popen(
            [*send, transport, str(port), str(data), str(count), str(connections), str(rate)],
            stdout=subprocess.PIPE,
            text=True,
        )
        changed, checked = time.monotonic(), -1
        while True:
            old, size, moment = output.size, output.look(), time.monotonic()
            if size != old:
                changed = moment
            if sender.poll() is None:
                changed = moment
            elif moment - changed > 0.1 and checked != size:
                checked = size
                if output.count() >= count:
                    break
            elif moment - changed > PATIENCE:
                break
            time.sleep(0.01)
        start, end = map(float, sender.communicate()[0].split())
        rss = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) * 1024
        os.kill(pid, signal.SIGTERM)
        _pid, status, used = os.wait4(pid, 0)
        output.look()
        if status:
            raise SystemExit(f"{receiver.name} ended with status {status}:\n{(folder / 'log').read_text()}")
    cpu = used.ru_utime + used.ru_stime - before
    return Run(output.count(), cpu, output.when(0.99) - start, output.when(1) - end, rss)
