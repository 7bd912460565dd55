# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Senders that may not send, that are slow, and that are many."""

from __future__ import annotations

import os
import resource
import socket

import pytest
from fault.harness import HOST, Account, Sender, account, wire

REFUSED = "127.0.0.2"


def connect(daemon, source: str = HOST) -> socket.socket:
    return socket.create_connection((HOST, daemon.port), source_address=(source, 0))


@pytest.mark.fault(
    23,
    "senders that are not allowed, 500 datagrams and 50 connections",
    "nothing of the others; every datagram and connection is refused",
)
def test_refused_senders(start):
    daemon = start(rsyslog_receiver_allowed_senders=["127.0.0.1"], __rsyslog_receiver_senders=["127.0.0.1"])
    sender = Sender(daemon.port, "udp")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as refused:
        refused.bind((REFUSED, 0))
        for number in range(500):
            refused.sendto(wire(f"x:{number}"), (HOST, daemon.port))
            sender.send(f"a:{number}")
            if number % 100 == 0:
                daemon.drain()
    for number in range(50):
        try:
            with connect(daemon, REFUSED) as link:
                link.sendall(wire(f"y:{number}"))
        except ConnectionError:
            continue
    daemon.settle(500)
    assert account(sender.sent, daemon.ids()) == Account(500, 500, 0, 0, 0, 0)
    assert not daemon.lines_of("quarantine")
    counters = daemon.counters()
    assert sum(entry.get("disallowed", 0) for entry in counters.values()) == 500
    # rsyslogd has a word for each; once for a source and an hour is what the firewall's rules of this role write.
    assert daemon.said().count("disallowed sender") >= 500


@pytest.mark.fault(
    24,
    "a client that sends one byte at a time, and one that never ends its record",
    "the endless record beyond 128 KiB",
)
def test_slow_and_endless_clients(start):
    daemon = start()
    slow, endless, sender = connect(daemon), connect(daemon), Sender(daemon.port, "tcp")
    text = wire("slow:0")
    before = daemon.memory()
    for number in range(300):
        slow.sendall(text[number : number + 1])
        # 30 MB without a delimiter.
        endless.sendall(b"x" * 100000)
        sender.send(f"a:{number}")
        daemon.wait_for_lines(number + 1)
    assert account(sender.sent, daemon.ids()) == Account(300, 300, 0, 0, 0, 0)
    grown = daemon.memory() - before
    assert grown < 8 << 20, f"{grown} bytes more"
    slow.sendall(text[300:])
    endless.close()
    daemon.settle(302)
    assert daemon.ids()[-1] == "slow:0"
    assert [record["event.reason"] for record in daemon.records("quarantine")] == ["framing"]


@pytest.mark.fault(
    24,
    "1,000 connections that send nothing",
    "nothing, neither of senders that are connected nor of new ones; under 32 MiB more memory",
)
def test_idle_connections(start):
    daemon = start()
    sender, before = Sender(daemon.port, "tcp"), daemon.memory()
    idle, refused = [], 0
    for _number in range(1000):
        try:
            idle.append(connect(daemon))
        except OSError:
            refused += 1
    wait_for_connections(daemon, 1001)
    for number in range(1000):
        sender.send(f"a:{number}")
    late = Sender(daemon.port, "tcp")
    for number in range(50):
        late.send(f"late:{number}")
    daemon.settle(1050)
    grown = daemon.memory() - before
    # rsyslog up to 8.2504 counts no sessions where it has epoll, so maxSessions bounds nothing.
    assert (len(idle), refused) == (1000, 0)
    assert grown < 32 << 20, f"{grown} bytes more"
    assert [name for name in daemon.ids() if name.startswith("late")] == late.sent
    assert account(sender.sent, [name for name in daemon.ids() if name[0] == "a"]) == Account(1000, 1000, 0, 0, 0, 0)
    for link in idle:
        link.close()
    wait_for_connections(daemon, 2)
    again = Sender(daemon.port, "tcp")
    for number in range(50):
        again.send(f"again:{number}")
    daemon.settle(1100)
    assert [name for name in daemon.ids() if name.startswith("again")] == again.sent


def wait_for_connections(daemon, count: int) -> None:
    while daemon.connections() != count:
        daemon.pause()


def idle_link(daemon) -> socket.socket:
    """A connection that may still be on its way, and over which nothing is sent."""
    link = socket.socket()
    link.setblocking(False)
    link.connect_ex((HOST, daemon.port))
    return link


@pytest.mark.fault(
    24,
    "more idle connections than the process may have files",
    "what finds messages.json closed, counted: accepted less filed; it goes on by itself; nobody has to wait but new "
    "senders, and with 8.2504 those that are connected",
)
def test_no_more_files(start):
    daemon = start()
    sender, idle = Sender(daemon.port, "tcp"), []
    sender.send("a:0")
    daemon.settle(1)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (128, 128))
    while len(os.listdir(f"/proc/{daemon.process.pid}/fd")) < 128:
        # Never more than it lets wait: the kernel would drop those, and try again ever more seldom.
        if len(idle) - daemon.connections() < 20:
            idle.append(idle_link(daemon))
        daemon.pause()
    idle += [idle_link(daemon) for _number in range(100)]
    # Sent without waiting for anybody to leave. 8.2504 tries to accept and does nothing else meanwhile; 8.2302 goes on.
    for number in range(1, 1000):
        sender.send(f"a:{number}")
    for link in idle:
        link.close()
    daemon.flush(sender.say)
    # Its own complaints make rsyslogd close messages.json early. It tries to open it again within half a minute.
    again = Sender(daemon.port, "tcp")
    while not any(name.startswith("again") for name in daemon.ids()):
        again.send(f"again:{len(again.sent)}")
        daemon.flush(again.say)
    late = [f"late:{number}" for number in range(1000)]
    for name in late:
        again.send(name)
    daemon.flush(again.say)
    found = account([*sender.sent, *again.sent], daemon.ids())
    print(found)
    assert (found.duplicates, found.disordered, found.foreign) == (0, 0, 0)
    assert [name for name in daemon.ids() if name.startswith("late")] == late
    assert sum(daemon.counters()["nodes"]["values"].values()) - len(daemon.ids()) == found.lost
    assert not found.lost or "messages.json': open error: Too many open files" in daemon.said()
