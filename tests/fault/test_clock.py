# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver's clock passes midnight, or jumps. libfaketime stands between rsyslogd and the clock."""

from __future__ import annotations

import calendar
import time

import pytest
from fault.harness import Account, Load, Sender, account


def days(daemon) -> dict[str, int]:
    """Records of each day, every one with a time of that day."""
    found = {}
    for path in sorted(daemon.folder.glob("data/2*/messages.json")):
        lines = path.read_text("utf-8").splitlines()
        assert all(line.startswith(f'{{"@timestamp":"{path.parent.name}T') for line in lines)
        found[path.parent.name] = len(lines)
    return found


@pytest.mark.fault(22, "midnight under load", "nothing; each record is filed by the day of its own time")
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_midnight(prepare, transport):
    daemon = prepare(rsyslog_receiver_on_overload="block")
    set_clock(daemon, "2026-11-23 12:00:00")
    daemon.run()
    load = Load(Sender(daemon.port, transport), "a", 1000)
    daemon.wait_for_lines(500)
    set_clock(daemon, "2026-11-23 23:59:58")
    wait_for_day(daemon, "2026-11-24")
    sent = load.end()
    daemon.settle(len(sent))
    assert account(sent, daemon.ids()) == Account(len(sent), len(sent), 0, 0, 0, 0)
    found = days(daemon)
    assert list(found) == ["2026-11-23", "2026-11-24"] and min(found.values()) >= 500


@pytest.mark.fault(
    22,
    "the clock jumps back one hour, over midnight, under load",
    "nothing; files by the clock, in each the order of each connection",
)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_clock_jumps_back(prepare, transport):
    daemon = prepare(rsyslog_receiver_on_overload="block")
    set_clock(daemon, "2026-11-24 00:30:00")
    daemon.run()
    load = Load(Sender(daemon.port, transport), "a", 1000)
    daemon.wait_for_lines(500)
    set_clock(daemon, "2026-11-23 23:30:00")
    wait_for_day(daemon, "2026-11-23")
    sent = load.end()
    daemon.settle(len(sent))
    found = days(daemon)
    assert list(found) == ["2026-11-23", "2026-11-24"] and min(found.values()) >= 500
    ids = daemon.ids()
    assert account(sent, ids).lost == account(sent, ids).duplicates == 0
    split = found["2026-11-23"]
    assert ids == sent[-split:] + sent[:-split]


def wait_for_day(daemon, day: str) -> None:
    """Wait until that day has 500 records."""
    path = daemon.folder / "data" / day / "messages.json"
    while not path.exists() or path.read_bytes().count(b"\n") < 500:
        daemon.pause()


def set_clock(daemon, text: str) -> None:
    """Let the daemon's clock show that time, in UTC, from now on; one that runs notices within a second."""
    clock = daemon.folder / "clock"
    daemon.environment = {"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1", "TZ": "UTC"}
    new = clock.with_suffix(".new")
    new.write_text(f"{calendar.timegm(time.strptime(text, '%Y-%m-%d %H:%M:%S')) - time.time():+.0f}\n", "utf-8")
    new.rename(clock)
