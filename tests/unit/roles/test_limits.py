# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which days go: what must hold for any days, limits, clock and destination."""

from __future__ import annotations

import datetime

import limits
import pytest
from hypothesis import given
from hypothesis import strategies as st

TODAY = datetime.date(2026, 11, 24)


def ago(days: int) -> datetime.date:
    return TODAY - datetime.timedelta(days=days)


def week(*sizes: int) -> list[limits.Day]:
    """Days up to today, which is the last."""
    return [limits.Day(ago(len(sizes) - 1 - place), size) for place, size in enumerate(sizes)]


def gone(days, lim, free=10**9, **rest) -> list[int]:
    """How many days ago those days are that go."""
    return [(TODAY - day.date).days for day, _reason in limits.decide(days, TODAY, lim, free, **rest)[0]]


DAYS = st.lists(
    st.builds(limits.Day, st.dates(ago(60), ago(-5)), st.integers(0, 1000)), max_size=40, unique_by=lambda day: day.date
)
LIMITS = st.builds(limits.Limits, st.integers(0, 50), st.integers(0, 5000), st.integers(0, 5000))
DONE = st.none() | st.dates(ago(60), ago(-5))


@given(DAYS, LIMITS, st.integers(0, 5000), DONE, st.booleans())
def test_what_goes(days, lim, free, done_before, trust):
    victims, stays = limits.decide(days, TODAY, lim, free, done_before, trust)
    dates = [day.date for day, _reason in victims]
    assert dates == sorted(day.date for day in days)[: len(dates)], "the oldest go first, none in between stays"
    assert all(date < TODAY for date in dates), "today and the future stay"
    assert all(done_before is None or date < done_before for date in dates), "what a destination needs stays"
    if not trust and limits.clock_in_doubt([day.date for day in days], TODAY):
        assert not any("older" in reason for _day, reason in victims)
    # Not one more than was needed: before the last one went, some limit was exceeded.
    freed = sum(day.size for day, _reason in victims)
    total = sum(day.size for day in days)
    if victims:
        last = victims[-1][0]
        before = freed - last.size
        assert (
            lim.days
            and (TODAY - last.date).days > lim.days
            or lim.total_bytes
            and total - before > lim.total_bytes
            or lim.min_free
            and free + before < lim.min_free
        )
    # And not one too few, or it is said.
    if not stays:
        left = [day for day in days if day.date not in dates]
        assert not lim.days or all((TODAY - day.date).days <= lim.days for day in left)
        assert not lim.total_bytes or total - freed <= lim.total_bytes
        assert not lim.min_free or free + freed >= lim.min_free


@given(DAYS, st.integers(0, 5000), DONE)
def test_without_limits_all_stay(days, free, done_before):
    assert limits.decide(days, TODAY, limits.Limits(), free, done_before) == ([], [])


@pytest.mark.parametrize(
    ("lim", "free", "expected"),
    [
        (limits.Limits(days=2), 0, [4, 3]),
        (limits.Limits(days=4), 0, []),
        (limits.Limits(total_bytes=35), 0, [4, 3]),
        (limits.Limits(total_bytes=50), 0, []),
        (limits.Limits(min_free=25), 5, [4, 3]),
        (limits.Limits(min_free=5), 5, []),
        (limits.Limits(days=3, total_bytes=20, min_free=1), 9, [4, 3, 2]),
        (limits.Limits(total_bytes=1), 0, [4, 3, 2, 1]),
    ],
)
def test_each_limit(lim, free, expected):
    assert gone(week(10, 10, 10, 10, 10), lim, free) == expected


def test_today_alone_over_the_limit_is_said():
    victims, stays = limits.decide(week(10, 99), TODAY, limits.Limits(total_bytes=50, min_free=500), 0)
    assert [day.date for day, _reason in victims] == [ago(1)]
    assert len(stays) == 2


def test_unfinished_days_stay_and_it_is_said():
    victims, stays = limits.decide(week(1, 1, 1, 1), TODAY, limits.Limits(days=1), 0, ago(2))
    assert [day.date for day, _reason in victims] == [ago(3)]
    assert "destination" in stays[0]
    assert str(ago(2)) in stays[0]


@pytest.mark.parametrize("new_days", [0, 1, 3, 6])
def test_a_clock_a_year_ahead_deletes_nothing(new_days):
    """Thirty days of records, then the clock jumps, with or without some days of records in the new time."""
    days = [limits.Day(ago(back), 10) for back in (*range(365, 395), *range(new_days))]
    victims, stays = limits.decide(days, TODAY, limits.Limits(days=30), 0)
    assert not victims
    assert len(stays) == 1 and "--trust-clock" in stays[0]


def test_a_gap_that_a_week_of_records_follows_was_a_gap():
    days = [limits.Day(ago(300), 10)] + [limits.Day(ago(back), 10) for back in range(8)]
    assert gone(days, limits.Limits(days=30)) == [300]


def test_a_doubtful_clock_is_trusted_by_hand():
    assert gone([limits.Day(ago(300), 10)], limits.Limits(days=30)) == []
    assert gone([limits.Day(ago(300), 10)], limits.Limits(days=30), trust_clock=True) == [300]


def test_a_doubtful_clock_does_not_fill_the_disk():
    """Size and free space do not depend on the clock."""
    assert gone([limits.Day(ago(300), 10), limits.Day(ago(299), 10)], limits.Limits(days=30, total_bytes=10)) == [300]


def test_one_day_of_keeping_works_from_the_third_day():
    assert gone(week(1, 1, 1), limits.Limits(days=1)) == [2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("17", 17), ("1k", 1024), ("2M", 2 << 20), ("1.5g", 3 << 29), ("1t", 1 << 40), ("10%", 100)],
)
def test_sizes(text, expected):
    assert limits.size_of(text, 1000) == expected


@pytest.mark.parametrize("text", ["", "-1", "1x", "k", "1 g", "101%", "1e3", "10%%", "٣"])
def test_no_sizes(text):
    with pytest.raises(ValueError, match="is not a size"):
        limits.size_of(text, 1000)


def test_a_percentage_of_nothing_is_no_size():
    with pytest.raises(ValueError, match="is not a size"):
        limits.size_of("10%")
