# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Senders that may not send, that are slow, and that are many."""

from __future__ import annotations

import socket
import time

import pytest
from fault.harness import HOST, Account, Sender, account, wire

STRANGER = "127.0.0.2"
SESSIONS = 200  # rsyslog_receiver_max_sessions


def connect(daemon, source: str = HOST) -> socket.socket:
    return socket.create_connection((HOST, daemon.port), timeout=5, source_address=(source, 0))


@pytest.mark.fault(23, "senders that are not allowed, 500 datagrams and 50 connections", "nothing of the others; every datagram and connection is refused")
def test_refused_senders(start):
    daemon = start(rsyslog_receiver_allowed_senders=["127.0.0.1"], rsyslog_receiver_senders=["127.0.0.1"])
    sender = Sender(daemon.port, "udp")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((STRANGER, 0))
        for number in range(500):
            stranger.sendto(wire(f"x:{number}"), (HOST, daemon.port))
            sender.send(f"a:{number}")
            if number % 20 == 0:
                time.sleep(0.002)
    for number in range(50):
        try:
            with connect(daemon, STRANGER) as link:
                link.sendall(wire(f"y:{number}"))
        except ConnectionError:
            continue
    daemon.settle(500)
    assert account(sender.sent, daemon.ids()) == Account(500, 500, 0, 0, 0, 0)
    assert not daemon.lines_of("quarantine")
    counters = daemon.counters()
    print({name: entry for name, entry in counters.items() if name.startswith("im")})
    print(daemon.said().count("\n"), daemon.said().count(STRANGER), daemon.said()[:1500])


@pytest.mark.fault(24, "a client that sends one byte at a time, and one that never ends its record", "the endless record beyond 128 KiB")
def test_slow_and_endless_clients(start):
    daemon = start()
    slow, endless, sender = connect(daemon), connect(daemon), Sender(daemon.port, "tcp")
    text = wire("slow:0")
    before = daemon.memory()
    for number in range(300):
        slow.sendall(text[number:number + 1])
        # 30 MB without a delimiter.
        endless.sendall(b"x" * 100000)
        sender.send(f"a:{number}")
        time.sleep(0.005)
    daemon.settle(300)
    assert account(sender.sent, daemon.ids()) == Account(300, 300, 0, 0, 0, 0)
    assert sender.slowest < 1
    grown = daemon.memory() - before
    assert grown < 8 << 20, f"{grown} bytes more"
    slow.sendall(text[300:])
    endless.close()
    daemon.settle(302)
    assert daemon.ids()[-1] == "slow:0"
    assert [record["event.reason"] for record in daemon.records("quarantine")] == ["framing"]


@pytest.mark.fault(24, "1,000 connections that send nothing", "nothing of senders that are connected already")
def test_idle_connections(start):
    daemon = start()
    sender, before = Sender(daemon.port, "tcp"), daemon.memory()
    idle, refused = [], 0
    for _number in range(1000):
        try:
            idle.append(connect(daemon))
        except OSError:
            refused += 1
    time.sleep(1)
    for number in range(1000):
        sender.send(f"a:{number}")
    late = Sender(daemon.port, "tcp")
    for number in range(50):
        late.send(f"late:{number}")
        time.sleep(0.01)
    daemon.settle(1050, quiet=2)
    grown = daemon.memory() - before
    print(len(idle), refused, "late lost", len(late.lost), len([i for i in daemon.ids() if i[0] == "l"]), "memory", grown, daemon.said().count("\n"), daemon.said()[:600])
    assert account(sender.sent, [name for name in daemon.ids() if name[0] == "a"]) == Account(1000, 1000, 0, 0, 0, 0)
    for link in idle:
        link.close()
    time.sleep(0.5)
    again = Sender(daemon.port, "tcp")
    for number in range(50):
        again.send(f"again:{number}")
    daemon.settle(quiet=1)
    assert [name for name in daemon.ids() if name.startswith("again")] == again.sent
