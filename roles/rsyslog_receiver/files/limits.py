# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which days of records go: the decision alone, without a clock, a file or a disk."""

import datetime
import re
import typing

GAP = 7  # days without a record after which the clock is in doubt, and days of records that clear it


class Day(typing.NamedTuple):
    """A day of records: bytes of all its files, and of those of its quarantine."""

    date: datetime.date
    size: int
    quarantine: int = 0


class Limits(typing.NamedTuple):
    """The age in days that is kept, and bytes; 0 means no limit."""

    days: int = 0
    total_bytes: int = 0
    min_free: int = 0
    quarantine: int = 0


class Victim(typing.NamedTuple):
    """What goes: so many bytes of a day, which is all of it or, with ``quarantine``, of its quarantine alone."""

    date: datetime.date
    size: int
    reason: str
    quarantine: bool = False


def clock_in_doubt(dates, today):
    """Whether today follows a gap in the records that is too long to be believed yet.

    A clock that runs a year ahead makes every record look old. The directories tell: none for more than GAP days,
    and then, if anything, only days of the new time. After GAP days of records in the new time it is believed.
    """
    first = today
    for date in sorted((date for date in dates if date < today), reverse=True):
        if (first - date).days > GAP:
            return (today - first).days < GAP
        first = date
    return False


def decide(days, today, limits, free, done_before=None, trust_clock=False):
    """Return what to delete, as a list of Victim, and a list of what stays against a limit's wish, in sentences.

    free: bytes free on the file system. done_before: the day from which on some destination still needs the records.

    Of today and later only quarantine goes, which any sender can make grow. For size and free space quarantine
    goes before any good record, and nothing goes in vain: where all that may go is too little, all stays.
    """
    victims, stays = by_age(days, today, limits, done_before, trust_clock)
    gone = {victim.date for victim in victims}
    left = sorted(day for day in days if day.date not in gone)
    total, free = sum(day.size for day in left), free + sum(victim.size for victim in victims)

    junk = sum(day.quarantine for day in left)
    if limits.quarantine and junk > limits.quarantine:
        reason = "quarantine took %s, the limit is %s" % (human(junk), human(limits.quarantine))
        dropped, left = quarantine_of(left, today, junk - limits.quarantine, reason)
        victims += dropped
        freed = sum(victim.size for victim in dropped)
        total, free = total - freed, free + freed
        if junk - freed > limits.quarantine:
            stays.append("Quarantine of days to come takes more than %s." % human(limits.quarantine))

    may_go = sum(day.size - day.quarantine for day in left if may_be_deleted(day, today, done_before))
    may_go += sum(day.quarantine for day in left if day.date <= today)
    wanted, reason = 0, ""
    for missing, why, in_vain in (
        (
            total - limits.total_bytes if limits.total_bytes else 0,
            "all records took %s, the limit is %s" % (human(total), human(limits.total_bytes)),
            "Nothing is deleted for it: what may be deleted does not bring the records down to %s."
            % human(limits.total_bytes),
        ),
        (
            limits.min_free - free,
            "%s were free, the limit is %s" % (human(free), human(limits.min_free)),
            "Nothing is deleted for it: what may be deleted does not free %s. On a full disk records are lost."
            % human(limits.min_free),
        ),
    ):
        if missing > may_go:
            stays.append(in_vain)
            if done_before and any(done_before <= day.date < today for day in left):
                stays.append("%s and later stay: a destination has not finished them (%s)." % (done_before, why))
        elif missing > wanted:
            wanted, reason = missing, why
    dropped, left = quarantine_of(left, today, wanted, reason)
    wanted -= sum(victim.size for victim in dropped)
    victims += dropped
    for day in left:
        if wanted > 0 and may_be_deleted(day, today, done_before):
            victims.append(Victim(day.date, day.size, reason))
            wanted -= day.size
    return victims, stays


def may_be_deleted(day, today, done_before):
    """Whether good records of a day may go."""
    return day.date < today and not (done_before and day.date >= done_before)


def by_age(days, today, limits, done_before, trust_clock):
    """What is too old, and what stays although it is."""
    victims = []
    for day in sorted(days):
        if not limits.days or (today - day.date).days <= limits.days:
            break
        if not trust_clock and clock_in_doubt([day.date for day in days], today):
            return [], [
                "Nothing is deleted for its age: there is a gap of more than %d days before the newest records, as "
                "if the clock had jumped. If today is %s, run this by hand with --trust-clock." % (GAP, today)
            ]
        reason = "older than %d days" % limits.days
        if done_before and day.date >= done_before:
            return victims, ["%s and later stay: a destination has not finished them (%s)." % (day.date, reason)]
        victims.append(Victim(day.date, day.size, reason))
    return victims, []


def quarantine_of(days, today, wanted, reason):
    """Drop the oldest quarantine, of a past day all at once and of today only what is wanted. Returns it and the days
    as they are then."""
    dropped, left = [], []
    for day in days:
        size = 0
        if wanted > 0 and day.quarantine and day.date <= today:
            size = day.quarantine if day.date < today else min(day.quarantine, wanted)
            dropped.append(Victim(day.date, size, reason, quarantine=True))
            wanted -= size
        left.append(day._replace(size=day.size - size, quarantine=day.quarantine - size))
    return dropped, left


def human(size):
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return "%.4g %s" % (size, unit)
        size /= 1024.0
    return "%.4g TiB" % size


def size_of(text, whole=0):
    """Bytes of a text like 500m, 10g or, where a whole is given, 15%. Raises ValueError."""
    match = re.match(r"([0-9]+(?:\.[0-9]+)?)([kmgt%]?)\Z", text.strip().lower())
    if not match or match.group(2) == "%" and (not whole or float(match.group(1)) > 100):
        raise ValueError(
            "%r is not a size: write bytes, or a number and k, m, g, t%s" % (text, " or %" if whole else "")
        )
    factor = whole / 100.0 if match.group(2) == "%" else 1024 ** " kmgt".index(match.group(2) or " ")
    return int(float(match.group(1)) * factor)
