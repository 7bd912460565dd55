# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver's clock passes midnight, or jumps. libfaketime stands between rsyslogd and the clock."""

from __future__ import annotations

import calendar
import time

import pytest
from fault.harness import Account, Pace, Sender, account


def days(daemon) -> dict[str, int]:
    """Records of each folder, every one with a time of the day that the folder is named after."""
    found = {}
    for path in sorted(daemon.folder.glob("data/2*/messages.json")):
        lines = path.read_text("utf-8").splitlines()
        assert all(line.startswith(f'{{"@timestamp":"{path.parent.name}T') for line in lines)
        found[path.parent.name] = len(lines)
    return found


@pytest.mark.fault(22, "midnight under load", "nothing; each record is filed by the day of its own time")
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_midnight(prepare, transport):
    daemon = prepare()
    set_clock(daemon, "2026-11-23 23:59:58")
    daemon.run()
    sender, pace = Sender(daemon.port, transport), Pace(1000)
    for number in range(4000):
        sender.send(f"a:{number}")
        pace.wait()
    daemon.settle(4000)
    assert account(sender.sent, daemon.ids()) == Account(4000, 4000, 0, 0, 0, 0)
    found = days(daemon)
    assert list(found) == ["2026-11-23", "2026-11-24"] and min(found.values()) > 500


@pytest.mark.fault(
    22,
    "the clock jumps back one hour, over midnight, under load",
    "nothing; files by the clock, in each the order of each connection",
)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_clock_jumps_back(prepare, transport):
    daemon = prepare()
    set_clock(daemon, "2026-11-24 00:30:00")
    daemon.run()
    sender, pace = Sender(daemon.port, transport), Pace(1000)
    for number in range(4000):
        if number == 1500:
            set_clock(daemon, "2026-11-23 23:30:00")
        sender.send(f"a:{number}")
        pace.wait()
    daemon.settle(4000)
    found = days(daemon)
    assert list(found) == ["2026-11-23", "2026-11-24"] and min(found.values()) > 500
    ids = daemon.ids()
    assert account(sender.sent, ids).lost == account(sender.sent, ids).duplicates == 0
    split = found["2026-11-23"]
    assert ids == sender.sent[-split:] + sender.sent[:-split]


def set_clock(daemon, text: str) -> None:
    """Let the daemon's clock show that time, in UTC, from now on; one that runs notices within a second."""
    clock = daemon.folder / "clock"
    daemon.environment = {"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1", "TZ": "UTC"}
    new = clock.with_suffix(".new")
    new.write_text(f"{calendar.timegm(time.strptime(text, '%Y-%m-%d %H:%M:%S')) - time.time():+.0f}\n", "utf-8")
    new.rename(clock)
