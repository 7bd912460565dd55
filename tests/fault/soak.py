# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records for a long time and a random fault every half minute, which has to explain every record that is missing.

    soak.py [--minutes M] [--rate R] [--seed N] [--release bookworm]

Half of the records come by UDP, half by TCP. A lost record is explained when it was sent within a second before a kill
or a stop and until a second after the receiver listened again, or when the kernel counted the datagram as dropped.
Memory is flat when each process ends with at most 8 MiB more than when it was warm. Exits with 1 otherwise.
"""

from __future__ import annotations

import argparse
import bisect
import contextlib
import datetime
import pathlib
import random
import signal
import socket
import sys
import tempfile
import threading
import time

from fault.harness import HOST, Daemon, Pace, Sender, account
from receiver.conftest import free_port, rsyslogd_of, rsyslogd_version

TOOLS = pathlib.Path(__file__).resolve().parents[1] / "tools"
FAULT_EVERY = 30.0  # seconds
FLAT = 8 << 20  # bytes


class Soak:
    def __init__(self, daemon: Daemon, rate: float, seed: int) -> None:
        self.daemon, self.rate, self.random = daemon, rate, random.Random(seed)
        self.windows: list[tuple[float, float]] = []
        self.times: dict[str, float] = {}
        self.sent: list[str] = []
        self.ended = False
        self.drops = 0
        self.memory: list[int] = []
        self.grown = 0
        self.faults: dict[str, int] = {}

    def load(self, transport: str) -> None:
        """Send until the end; over TCP a new sender comes when one fell silent, as somebody restarts it."""
        pace, number, sender = Pace(self.rate / 2), 0, None
        while not self.ended:
            if sender is None or sender.lost:
                with contextlib.suppress(OSError):
                    sender = Sender(self.daemon.port, transport)
            if sender is not None and not sender.lost:
                name = f"{transport}:{number}"
                number += 1
                self.times[name] = time.monotonic()
                sender.send(name)
                if not sender.lost:
                    self.sent.append(name)
            pace.wait()

    def restart(self, stop) -> None:
        self.note_process()
        begin = time.monotonic()
        self.drops += self.daemon.dropped()
        stop()
        self.daemon.run()
        # The TCP sender learns of it with its next record but one.
        self.windows.append((begin - 1, time.monotonic() + 1))
        self.warm_up()

    def warm_up(self) -> None:
        """Let a new process take what the largest records and the most connections need, which it keeps."""
        self.noise()
        self.idlers()
        self.memory = []

    def note_process(self) -> None:
        """What the process that ends now had grown by."""
        if self.memory:
            self.grown = max(self.grown, self.memory[-1] - self.memory[0])

    def kill(self) -> None:
        self.restart(self.daemon.kill)

    def stop(self) -> None:
        self.restart(self.daemon.stop)

    def pause(self) -> None:
        """The machine has no time for the receiver."""
        self.daemon.process.send_signal(signal.SIGSTOP)
        time.sleep(self.random.uniform(0.1, 2))
        self.daemon.process.send_signal(signal.SIGCONT)

    def reopen(self) -> None:
        self.daemon.process.send_signal(signal.SIGHUP)

    def noise(self) -> None:
        """Bytes that are not records, by both transports."""
        with socket.create_connection((HOST, self.daemon.port)) as link:
            for _number in range(50):
                link.sendall(self.random.randbytes(self.random.randrange(1, 100000)))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _number in range(50):
                sender.sendto(self.random.randbytes(self.random.randrange(0, 60000)), (HOST, self.daemon.port))
                time.sleep(0.01)

    def idlers(self) -> None:
        links = [socket.create_connection((HOST, self.daemon.port)) for _number in range(200)]
        time.sleep(5)
        for link in links:
            link.close()

    def judge(self) -> list[str]:
        """Sentences for what is wrong."""
        ids = self.daemon.ids()
        found = account(self.sent, ids)
        got = set(ids)
        begins = [begin for begin, _end in self.windows]
        unexplained = {"udp": 0, "tcp": 0}
        for name in self.sent:
            at = self.times[name]
            place = bisect.bisect(begins, at) - 1
            if name not in got and not (place >= 0 and at < self.windows[place][1]):
                unexplained[name[:3]] += 1
        say(
            f"{found}; dropped by the kernel {self.drops}; half lines {self.daemon.halves}; faults {self.faults}; "
            f"memory grew by {self.grown / 2**20:.1f} MiB at most"
        )
        wrong = []
        if unexplained["tcp"] or unexplained["udp"] > self.drops:
            wrong.append(f"{unexplained} lost records are explained by no fault")
        if found.duplicates or found.disordered or found.foreign:
            wrong.append("records are twice, out of order or from nobody")
        if self.daemon.halves > self.faults.get("kill", 0):
            wrong.append("lines were cut without a kill")
        if self.grown > FLAT:
            wrong.append(f"memory grew by {self.grown} bytes")
        return wrong


def say(text: str) -> None:
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=500, help="records a second, both transports together")
    parser.add_argument("--seed", type=int, default=None, help="the faults of an earlier run")
    parser.add_argument("--release", default="bookworm", choices=["bookworm", "trixie"])
    options = parser.parse_args()
    seed = random.randrange(1 << 32) if options.seed is None else options.seed
    program = pathlib.Path(rsyslogd_of(options.release))
    version = rsyslogd_version(str(program))
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(pathlib.Path(folder), free_port(), program, version)
        daemon.configure(rsyslog_receiver_on_overload="block")
        daemon.run()
        soak = Soak(daemon, options.rate, seed)
        say(f"rsyslogd {version}, {options.minutes:g} minutes at {options.rate:g} records a second, seed {seed}")
        threads = [threading.Thread(target=soak.load, args=(transport,), daemon=True) for transport in ("udp", "tcp")]
        for thread in threads:
            thread.start()
        soak.warm_up()
        faults = [soak.kill, soak.stop, soak.pause, soak.reopen, soak.noise, soak.idlers]
        end, turn = time.monotonic() + 60 * options.minutes, time.monotonic() + FAULT_EVERY
        while time.monotonic() < end:
            time.sleep(min(5, max(0, end - time.monotonic())))
            soak.memory.append(daemon.memory())
            if time.monotonic() > turn and end - time.monotonic() > 10:
                # Restarts are rarer, so that a process runs long enough to see its memory grow.
                fault = soak.random.choices(faults, weights=[1, 1, 4, 4, 4, 4])[0]
                fault()
                soak.faults[fault.__name__] = soak.faults.get(fault.__name__, 0) + 1
                turn = time.monotonic() + FAULT_EVERY
                left = (end - time.monotonic()) / 60
                size = daemon.memory() / 2**20
                say(f"{fault.__name__}: {len(soak.sent)} sent, {size:.1f} MiB, {left:.1f} min to go")
        soak.ended = True
        for thread in threads:
            thread.join()
        daemon.flush("tcp", "udp")
        soak.note_process()
        soak.drops += daemon.dropped()
        wrong = soak.judge()
        daemon.stop()
    for sentence in wrong:
        say("WRONG: " + sentence)
    say("soak: " + ("FAILED" if wrong else "0 unexplained losses, memory flat"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
