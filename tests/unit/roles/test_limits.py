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
    """How many days ago those days are of which all goes."""
    victims = limits.decide(days, TODAY, lim, free, **rest)[0]
    return [(TODAY - victim.date).days for victim in victims if not victim.quarantine]


def junk_gone(days, lim, free=10**9, **rest) -> list[tuple[int, int]]:
    """How many days ago those days are of which quarantine goes alone, and how much."""
    victims = limits.decide(days, TODAY, lim, free, **rest)[0]
    return [((TODAY - victim.date).days, victim.size) for victim in victims if victim.quarantine]


@st.composite
def some_day(draw):
    size = draw(st.integers(0, 1000))
    return limits.Day(draw(st.dates(ago(60), ago(-5))), size, draw(st.integers(0, size)))


DAYS = st.lists(some_day(), max_size=40, unique_by=lambda day: day.date)
LIMITS = st.builds(limits.Limits, st.integers(0, 50), *[st.integers(0, 5000)] * 3)
DONE = st.none() | st.dates(ago(60), ago(-5))


@given(DAYS, LIMITS, st.integers(0, 5000), DONE, st.booleans())
def test_what_goes(days, lim, free, done_before, trust):
    victims, stays = limits.decide(days, TODAY, lim, free, done_before, trust)
    size = {day.date: day.size for day in days}
    junk = {day.date: day.quarantine for day in days}
    whole = [victim.date for victim in victims if not victim.quarantine]
    assert whole == sorted(day.date for day in days)[: len(whole)], "the oldest go first, none in between stays"
    assert all(date < TODAY for date in whole), "today's and later good records stay"
    assert all(done_before is None or date < done_before for date in whole), "what a destination needs stays"
    for victim in victims:
        assert victim.date <= TODAY, "the future stays"
        (junk if victim.quarantine else size)[victim.date] -= victim.size
        if victim.quarantine:
            size[victim.date] -= victim.size
        assert victim.date == TODAY or not (junk if victim.quarantine else size)[victim.date], "a past day's is all"
    assert min([*size.values(), *junk.values(), 0]) == 0, "nothing goes twice"
    assert {date for date in whole if size[date]} == set()
    if not trust and limits.clock_in_doubt([day.date for day in days], TODAY):
        assert not any("older" in victim.reason for victim in victims)
    # A good day goes for a limit of size only when no quarantine is left that could go instead.
    if any("older" not in victim.reason for victim in victims if not victim.quarantine):
        assert not any(junk[date] for date in junk if date <= TODAY and date not in whole)
    # Not one more than was needed: without the last one of its limit, that would be exceeded.
    total, kept = sum(size.values()), sum(junk[date] for date in junk if date not in whole)
    freed = sum(day.size for day in days) - total
    if victims:
        last = victims[-1]
        assert (
            "older" in last.reason
            or last.quarantine
            and lim.quarantine
            and kept + last.size > lim.quarantine
            or lim.total_bytes
            and total + last.size > lim.total_bytes
            or lim.min_free
            and free + freed - last.size < lim.min_free
        )
    # And not one too few, or it is said.
    if not stays:
        assert not lim.days or all((TODAY - day.date).days <= lim.days for day in days if day.date not in whole)
        assert not lim.total_bytes or total <= lim.total_bytes
        assert not lim.min_free or free + freed >= lim.min_free
        assert not lim.quarantine or kept <= lim.quarantine


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
        (limits.Limits(total_bytes=10), 0, [4, 3, 2, 1]),
        (limits.Limits(total_bytes=9), 0, []),
    ],
)
def test_each_limit(lim, free, expected):
    assert gone(week(10, 10, 10, 10, 10), lim, free) == expected


@pytest.mark.parametrize(
    ("lim", "free"),
    [(limits.Limits(total_bytes=50), 0), (limits.Limits(min_free=500), 0), (limits.Limits(0, 50, 500), 0)],
)
def test_nothing_goes_in_vain(lim, free):
    """Today alone is over the limit: ten good days would go for nothing."""
    victims, stays = limits.decide(week(*[10] * 10, 99), TODAY, lim, free)
    assert victims == []
    assert len(stays) == bool(lim.total_bytes) + bool(lim.min_free)
    assert all(sentence.startswith("Nothing is deleted for it") for sentence in stays)


def test_one_limit_in_vain_does_not_hold_up_the_other():
    victims, stays = limits.decide(week(10, 10, 10), TODAY, limits.Limits(total_bytes=20, min_free=500), 0)
    assert [victim.date for victim in victims] == [ago(2)]
    assert len(stays) == 1 and "full disk" in stays[0]


JUNK = [limits.Day(ago(2), 30, 20), limits.Day(ago(1), 10, 0), limits.Day(TODAY, 100, 90)]


@pytest.mark.parametrize(
    ("lim", "junk", "good"),
    [
        (limits.Limits(quarantine=110), [], []),
        (limits.Limits(quarantine=100), [(2, 20)], []),
        (limits.Limits(quarantine=50), [(2, 20), (0, 40)], []),
        (limits.Limits(total_bytes=100), [(2, 20), (0, 20)], []),
        (limits.Limits(total_bytes=30), [(2, 20), (0, 90)], []),
        (limits.Limits(total_bytes=29), [(2, 20), (0, 90)], [2]),
        (limits.Limits(total_bytes=9), [], []),
        (limits.Limits(min_free=20), [(2, 20)], []),
        (limits.Limits(min_free=120), [(2, 20), (0, 90)], [2]),
        (limits.Limits(days=1), [], [2]),
        (limits.Limits(days=1, quarantine=50), [(0, 40)], [2]),
    ],
)
def test_quarantine_goes_before_any_good_record(lim, junk, good):
    assert junk_gone(JUNK, lim, 0) == junk
    assert gone(JUNK, lim, 0) == good


def test_a_destination_does_not_keep_quarantine():
    """Or anyone who can send would fill the disk while one is down."""
    assert junk_gone(JUNK, limits.Limits(quarantine=50), done_before=ago(9)) == [(2, 20), (0, 40)]
    assert gone(JUNK, limits.Limits(total_bytes=29), done_before=ago(9)) == []


def test_quarantine_of_days_to_come_stays_and_it_is_said():
    victims, stays = limits.decide([limits.Day(ago(-3), 50, 50)], TODAY, limits.Limits(quarantine=10), 0)
    assert victims == [] and len(stays) == 1


def test_unfinished_days_stay_and_it_is_said():
    victims, stays = limits.decide(week(1, 1, 1, 1), TODAY, limits.Limits(days=1), 0, ago(2))
    assert [victim.date for victim in victims] == [ago(3)]
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


def test_a_percentage_of_nothing_is_not_a_size():
    with pytest.raises(ValueError, match="is not a size"):
        limits.size_of("10%")
