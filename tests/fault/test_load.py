# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many records, and more of them at once than can be taken."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading

import pytest
from fault.harness import HOST, TEMPLATE, Account, Sender, account, hanging, wire
from receiver import hostile
from receiver.test_differential import without_reception

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.record import parse_record

COUNT = 20000


def right(records: list[dict], fmt) -> None:
    """Every record holds what the reference parser reads from what was sent under its id."""
    for record in records:
        text = "<158>" + TEMPLATE % dict(hostile.BASE, id=record["email.local_id"])
        assert without_reception(record) == parse_record(text, fmt)


@pytest.mark.fault(1, "20,000 records over UDP as fast as they are read", "nothing")
def test_many_over_udp(start):
    daemon = start()
    sender = Sender(daemon.port, "udp")
    for number in range(COUNT):
        if number % 1000 == 0:
            daemon.drain()
        sender.send(f"a:{number}")
    daemon.settle(COUNT)
    assert account(sender.sent, daemon.ids()) == Account(COUNT, COUNT, 0, 0, 0, 0), daemon.dropped()
    right(daemon.records(), daemon.fmt)


@pytest.mark.fault(
    1, "20,000 records over 20 TCP connections at once, on_overload=block", "nothing; each connection keeps its order"
)
def test_many_over_tcp(start):
    # By default it would drop what a busy machine leaves in the queue.
    daemon = start(rsyslog_receiver_on_overload="block")
    senders = [Sender(daemon.port, "tcp") for _i in range(20)]

    def work(name: int, sender: Sender) -> None:
        for number in range(COUNT // len(senders)):
            sender.send(f"{name}:{number}")

    threads = [threading.Thread(target=work, args=item) for item in enumerate(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    daemon.settle(COUNT)
    sent = [name for sender in senders for name in sender.sent]
    assert account(sent, daemon.ids()) == Account(COUNT, COUNT, 0, 0, 0, 0)
    right(daemon.records(), daemon.fmt)


@pytest.mark.fault(
    2,
    "a burst of 8,000 records over UDP while the receiver does not run at all for a moment",
    "nothing: the socket holds them",
)
def test_burst(start):
    daemon = start()
    sent = burst(daemon, 8000)
    daemon.settle(len(sent))
    assert account(sent, daemon.ids()) == Account(8000, 8000, 0, 0, 0, 0)


@pytest.mark.fault(
    2,
    "a burst of 60,000 records over UDP while the receiver does not run at all for a moment",
    "what the socket cannot hold; the kernel's count of it is exact",
)
def test_burst_beyond_the_socket(start):
    daemon = start()
    sent = burst(daemon, 60000)
    daemon.settle(len(sent) - daemon.dropped())
    found = account(sent, daemon.ids())
    print(found)
    assert found.lost == daemon.dropped() > 0
    # 16 MiB, which the kernel doubles and fills with records and its own notes on them.
    assert found.arrived > 8000
    assert (found.duplicates, found.disordered, found.foreign) == (0, 0, 0)


def burst(daemon, count: int) -> list[str]:
    """Send so many records while the receiver is stopped, then let it go on."""
    sent = [f"a:{number}" for number in range(count)]
    daemon.process.send_signal(signal.SIGSTOP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for name in sent:
            sender.sendto(wire(name), (HOST, daemon.port))
    daemon.process.send_signal(signal.SIGCONT)
    return sent


@pytest.mark.fault(
    2,
    "more over TCP than a receiver with on_overload=drop can take: the disk hangs",
    "what its queue of 1,700 cannot hold; never the sender's time; rsyslogd's count is exact",
)
def test_overload(start):
    daemon = start()
    _file, disk = hanging(daemon, "messages.json")
    sender = Sender(daemon.port, "tcp")
    # It does not wait for the disk: that hangs until all is sent.
    for number in range(COUNT):
        sender.send(f"a:{number}")
    sender.finish()
    dropped = daemon.counters()["records-tcp"]["discarded.full"]
    got = bytearray()
    os.set_blocking(disk, True)
    while got.count(b"\n") < COUNT - dropped:
        got += os.read(disk, 1 << 20)
    daemon.stop()
    # Nobody writes any more, so this ends.
    while more := os.read(disk, 1 << 20):
        got += more
    os.close(disk)
    found = account(sender.sent, [json.loads(line)["email.local_id"] for line in got.splitlines()])
    assert (found.duplicates, found.disordered, found.foreign) == (0, 0, 0)
    assert found.lost == dropped > 0
    assert found.arrived >= 1700
    assert not sender.lost
