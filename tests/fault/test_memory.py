# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The longest records there can be, and a disk that takes none of them: memory is bounded."""

from __future__ import annotations

import os
import re
import socket
import threading

import pytest
from fault.harness import HOST, Sender, account, hanging

JUNK = b"<14>" + b"x" * 130000 + b"\0"
EACH = 3000  # of each of two connections: without a bound they would take 740 MiB
BOUND = 512 << 20  # bytes: half of what the unit allows at least; the other half is for unfinished records


def peak(daemon) -> int:
    """The most resident memory that the receiver has had, in bytes."""
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) << 10


@pytest.mark.fault(
    2,
    "two TCP connections send 6,000 records of 130 kB while the disk hangs",
    "what the queue cannot hold, exactly counted; never the sender's time; under 512 MiB of memory",
)
def test_junk_while_the_disk_hangs(start):
    daemon = start()
    file, disk = hanging(daemon, "quarantine.json")

    def work() -> None:
        with socket.create_connection((HOST, daemon.port)) as link:
            for _number in range(EACH):
                link.sendall(JUNK)
            link.shutdown(socket.SHUT_WR)
            assert link.recv(1) == b""
            ended.append(link)

    ended: list[socket.socket] = []
    threads = [threading.Thread(target=work) for _i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # All of it was read, although nothing of it could be written.
    assert len(ended) == 2
    dropped = daemon.counters()["records-tcp"]["discarded.full"]
    highest = peak(daemon)
    print(f"dropped {dropped} of {2 * EACH}, at most {highest >> 20} MiB")
    assert highest < BOUND
    os.set_blocking(disk, True)
    lines = 0
    while lines < 2 * EACH - dropped:
        lines += os.read(disk, 1 << 20).count(b"\n")
    file.unlink()
    # What comes then is taken as ever.
    sender = Sender(daemon.port, "tcp")
    for number in range(1000):
        sender.send(f"a:{number}")
    daemon.settle(1000)
    found = account(sender.sent, daemon.ids())
    assert (found.lost, found.duplicates, found.disordered, found.foreign) == (0, 0, 0, 0)
    assert peak(daemon) < BOUND
    os.set_blocking(disk, False)
    daemon.stop()
    assert os.read(disk, 1) == b""
    os.close(disk)
