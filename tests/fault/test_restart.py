# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver dies, or is restarted, while records come."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import random
import socket
import subprocess
import sys

import pytest
from fault.harness import HOST, Account, Daemon, Load, Sender, account

from emulator.stream import Handler

ROLE = pathlib.Path(__file__).resolve().parents[2] / "roles" / "rsyslog_receiver"


@pytest.mark.fault(
    15,
    "kill -9 under load over UDP, 2,000 a second",
    "what was not on disk yet and what comes until it listens again; at most one line is cut per kill",
)
def test_kill_under_udp(start):
    daemon = start()
    load, gaps = Load(Sender(daemon.port, "udp"), "a"), []
    for _kill in range(3):
        load.more(500)
        begin = filed(daemon, load)
        daemon.kill()
        daemon.run()
        gaps.append((begin, load.begun))
    load.more(500)
    sent = load.end()
    daemon.flush("udp")
    found, lost = account(sent, daemon.ids()), set(sent) - set(daemon.ids())
    print(found, "halves", daemon.halves, "windows", gaps)
    assert (found.duplicates, found.disordered, found.foreign) == (0, 0, 0)
    assert all(any(begin <= sent.index(name) < end for begin, end in gaps) for name in lost)
    assert daemon.halves <= len(gaps)


@pytest.mark.fault(
    15,
    "kill -9 under load over TCP, 2,000 a second",
    "what was not on disk yet, and what the sender writes into a connection that is gone; at most one line is cut per "
    "kill",
)
def test_kill_under_tcp(start):
    daemon = start(rsyslog_receiver_on_overload="block")
    sent: list[str] = []
    for kill in range(3):
        load = Load(Sender(daemon.port, "tcp"), str(kill))
        load.more(500)
        begin = filed(daemon, load)
        daemon.kill()
        sent += load.end()
        got = set(daemon.ids())
        arrived = [name in got for name in load.sender.sent]
        # What is there is the beginning of what was sent, without a gap.
        assert arrived == sorted(arrived, reverse=True)
        assert all(arrived[:begin])
        daemon.run()
    load = Load(Sender(daemon.port, "tcp"), "after")
    load.more(500)
    after = load.end()
    daemon.wait_for_id(after[-1])
    found = account(sent + after, daemon.ids())
    print(found, "halves", daemon.halves)
    assert (found.duplicates, found.disordered, found.foreign) == (0, 0, 0)
    # Nothing of what came after a restart is lost, not even behind half a line.
    assert [name for name in daemon.ids() if name.startswith("after")] == after
    assert daemon.halves <= 3


@pytest.mark.fault(
    17,
    "restart under load over UDP, 2,000 a second, without the role",
    "what comes just before the stop and until it listens again",
)
def test_restart_under_udp(start):
    daemon = start()
    load = Load(Sender(daemon.port, "udp"), "a")
    load.more(500)
    begin = filed(daemon, load)
    daemon.stop()
    daemon.run()
    end = load.begun
    load.more(500)
    sent = load.end()
    daemon.flush("udp")
    found, lost = account(sent, daemon.ids()), set(sent) - set(daemon.ids())
    print(found, "window", begin, end)
    assert (found.duplicates, found.disordered, found.foreign, daemon.halves) == (0, 0, 0, 0)
    assert all(begin <= sent.index(name) < end for name in lost)


def filed(daemon: Daemon, load: Load) -> int:
    """Wait until what was sent so far is on disk. Returns how many records that are at least."""
    count = len(load.sender.sent)
    daemon.wait_for_id(load.sender.sent[count - 1])
    return count


def handover(daemon: Daemon) -> Daemon:
    """The second rsyslogd of a deployment, configured as the role does it."""
    other = Daemon(daemon.folder, daemon.port, daemon.program, daemon.version)
    kept = (daemon.folder / "receiver.conf").read_text("utf-8")
    other.configure(
        __rsyslog_receiver_handover=True,
        rsyslog_receiver_listeners=[{"transport": "udp", "port": daemon.port, "address": HOST}],
    )
    (daemon.folder / "receiver.conf").rename(daemon.folder / "handover.conf")
    (daemon.folder / "receiver.conf").write_text(kept, "utf-8")
    other.run("handover.conf", transports=("udp",))
    return other


@pytest.mark.fault(
    17,
    "three restarts by the role's deployment under load over UDP, 2,000 a second, while 15,000 records come "
    "over TCP before each",
    "UDP: nothing, though records that both processes write may change places; TCP: what the cut connection had not "
    "delivered yet; no line is torn",
)
def test_restart_with_a_handover(start):
    daemon = start(rsyslog_receiver_on_overload="block")
    load, floods = Load(Sender(daemon.port, "udp"), "a"), []
    for number in range(3):
        load.more(500)
        other = handover(daemon)
        flood = Sender(daemon.port, "tcp")
        for record in range(15000):
            flood.send(f"{number}:{record}")
        floods.append(flood)
        # New datagrams come to the socket that was opened last; a busy machine may have left some in the other.
        daemon.drain()
        daemon.stop()
        daemon.run()
        other.drain()
        other.stop()
    sent = load.end()
    daemon.flush("udp")
    ids = daemon.ids()
    # Two processes write meanwhile, each in its own order.
    found = account(sent, [name for name in ids if name[0] == "a"])
    assert dataclasses.replace(found, disordered=0) == Account(len(sent), len(sent), 0, 0, 0, 0)
    assert daemon.halves == 0 and not daemon.lines_of("quarantine")
    for number, flood in enumerate(floods):
        got = [name for name in ids if name.startswith(f"{number}:")]
        assert got == flood.sent[: len(got)]


@pytest.mark.fault(
    18,
    "restart under a TCP sender",
    "everything that sender sends until it is restarted or its settings are written again; the check before a "
    "deployment names it",
)
def test_restart_under_tcp(start):
    daemon, source = start(), "127.%d.%d.%d" % tuple(random.randrange(1, 255) for _byte in range(3))

    class FromSource(Handler):
        """Has an address of its own: root may have other connections on this machine."""

        def createSocket(self) -> None:
            self.unixsocket = False
            self.socket = socket.create_connection(self.address, source_address=(source, 0))

    sender = Sender(daemon.port, "tcp", kind=FromSource)
    for number in range(100):
        sender.send(f"a:{number}")
    daemon.settle(100)
    assert source in connected(daemon)
    daemon.stop()
    daemon.run()
    # What comes just after the cut looks sent: TCP learns only from it that nobody is there.
    while not sender.lost:
        sender.send(f"b:{len(sender.sent)}")
    for number in range(100):
        sender.send(f"c:{number}")
    assert len(sender.lost) == 101
    daemon.flush("tcp")
    assert daemon.ids() == [f"a:{number}" for number in range(100)]
    assert source not in connected(daemon)
    again = Sender(daemon.port, "tcp")
    for number in range(100):
        again.send(f"d:{number}")
    daemon.settle(200)
    assert daemon.ids()[100:] == again.sent


def connected(daemon: Daemon) -> list[str]:
    """Whom the role's preflight would name as connected; it is run as the role runs it."""
    request = {
        "listeners": [{"transport": "tcp", "port": daemon.port, "address": HOST}],
        "user": "root",
        "group": "root",
        "data_dir": "/",
        "work_dir": "/",
        "unit": "/nonexistent",
    }
    program = f"from host_facts import main\nmain({json.dumps(json.dumps(request))})"
    command = [sys.executable, "-B", "-"]
    done = subprocess.run(command, input=program, check=True, capture_output=True, text=True, cwd=ROLE / "files")
    return json.loads(done.stdout)["connected"]
