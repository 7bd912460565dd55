# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver dies, or is restarted, while records come."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import threading
import time

import pytest
from fault.harness import HOST, Account, Daemon, Pace, Sender, account

ROLE = pathlib.Path(__file__).resolve().parents[2] / "roles" / "rsyslog_receiver"
RATE = 2000


class Load(threading.Thread):
    """Sends at a rate until it is told to end; ``times`` has when each record was sent."""

    def __init__(self, sender: Sender, name: str, rate: int = RATE) -> None:
        super().__init__(daemon=True)
        self.sender, self.label, self.rate, self.times, self.ended = sender, name, rate, {}, False
        self.start()

    def run(self) -> None:
        pace = Pace(self.rate)
        while not self.ended:
            name = f"{self.label}:{len(self.times)}"
            self.times[name] = time.monotonic()
            self.sender.send(name)
            pace.wait()

    def end(self) -> list[str]:
        self.ended = True
        self.join()
        return self.sender.sent


@pytest.mark.fault(
    15,
    "kill -9 under load over UDP, 2,000 a second",
    "what came within the second before and until it listens again; at most one line is cut per kill",
)
def test_kill_under_udp(first, start):
    daemon = start()
    load, gaps = Load(Sender(daemon.port, "udp"), "a"), []
    for _kill in range(3):
        time.sleep(1)
        killed = time.monotonic()
        daemon.kill()
        daemon.run()
        gaps.append((killed - 1, time.monotonic()))
        time.sleep(0.5)
    sent = load.end()
    daemon.settle()
    got = set(daemon.ids())
    found = account(sent, daemon.ids())
    print(found, "halves", daemon.halves, "windows", [round(end - begin - 1, 3) for begin, end in gaps])
    assert (found.duplicates, found.disordered, found.foreign) == (0, 0, 0)
    assert all(any(begin < load.times[name] < end for begin, end in gaps) for name in sent if name not in got)
    assert daemon.halves <= len(gaps)


@pytest.mark.fault(
    15,
    "kill -9 under load over TCP, 2,000 a second",
    "what came within the second before, and what the sender writes into a connection that is gone; at most "
    "one line is "
    "cut per kill",
)
def test_kill_under_tcp(first, start):
    daemon = start()
    sent: list[str] = []
    for kill in range(3):
        load = Load(Sender(daemon.port, "tcp"), str(kill))
        time.sleep(1)
        killed = time.monotonic()
        daemon.kill()
        sent += load.end()
        got = set(daemon.ids())
        lost = [name for name in load.sender.sent if name not in got]
        # What is there is the beginning of what was sent, without a gap.
        assert lost == load.sender.sent[len(load.sender.sent) - len(lost) :]
        assert all(load.times[name] > killed - 1 for name in lost)
        daemon.run()
    load = Load(Sender(daemon.port, "tcp"), "after")
    time.sleep(0.5)
    after = load.end()
    daemon.settle()
    found = account(sent + after, daemon.ids())
    print(found, "halves", daemon.halves)
    assert (found.duplicates, found.disordered, found.foreign) == (0, 0, 0)
    # Nothing of what came after a restart is lost, not even behind half a line.
    assert [name for name in daemon.ids() if name.startswith("after")] == after
    assert daemon.halves <= 3


@pytest.mark.fault(
    17,
    "restart under load over UDP, 2,000 a second, without the role",
    "what comes between the stop and the moment it listens again",
)
def test_restart_under_udp(first, start):
    daemon = start()
    load = Load(Sender(daemon.port, "udp"), "a")
    time.sleep(1)
    begin = time.monotonic()
    daemon.stop()
    daemon.run()
    end = time.monotonic()
    time.sleep(1)
    sent = load.end()
    daemon.settle()
    got = set(daemon.ids())
    found = account(sent, daemon.ids())
    print(found, f"window {end - begin:.3f} s")
    assert (found.duplicates, found.disordered, found.foreign, daemon.halves) == (0, 0, 0, 0)
    # What is on its way at the stop is less than a tenth of a second old.
    assert all(begin - 0.1 < load.times[name] < end for name in sent if name not in got)


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
    "UDP: nothing; TCP: what the cut connection had not delivered yet; no line is torn",
)
def test_restart_with_a_handover(first, start):
    daemon = start()
    load, floods = Load(Sender(daemon.port, "udp"), "a"), []
    for number in range(3):
        time.sleep(0.5)
        other = handover(daemon)
        flood = Sender(daemon.port, "tcp")
        for record in range(15000):
            flood.send(f"{number}:{record}")
        floods.append(flood)
        daemon.stop()
        daemon.run()
        other.stop()
    sent = load.end()
    daemon.settle()
    ids = daemon.ids()
    assert account(sent, [name for name in ids if name[0] == "a"]) == Account(len(sent), len(sent), 0, 0, 0, 0)
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
    daemon = start()
    sender = Sender(daemon.port, "tcp")
    for number in range(100):
        sender.send(f"a:{number}")
    daemon.settle(100)
    assert connected(daemon) == [HOST]
    daemon.stop()
    daemon.run()
    for number in range(100):
        sender.send(f"b:{number}")
        time.sleep(0.005)
    # The first one after the cut looks sent: TCP learns only from it that nobody is there.
    assert len(sender.lost) >= 98
    daemon.settle(101)
    assert daemon.ids() == [f"a:{number}" for number in range(100)]
    assert connected(daemon) == []
    again = Sender(daemon.port, "tcp")
    for number in range(100):
        again.send(f"c:{number}")
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
    }
    program = f"from host_facts import main\nmain({json.dumps(json.dumps(request))})"
    command = [sys.executable, "-B", "-"]
    done = subprocess.run(command, input=program, check=True, capture_output=True, text=True, cwd=ROLE / "files")
    return json.loads(done.stdout)["connected"]
