# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which days of records go: the decision alone, without a clock, a file or a disk."""

import datetime
import re
import typing

GAP = 7  # days without a record after which the clock is in doubt, and days of records that clear it


class Day(typing.NamedTuple):
    date: datetime.date
    size: int


class Limits(typing.NamedTuple):
    """The age in days that is kept, and bytes; 0 means no limit."""

    days: int = 0
    total_bytes: int = 0
    min_free: int = 0


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
    """Return what to delete, as a list of (day, reason), oldest first, and a list of what stays against a limit's wish.

    free: bytes free on the file system. done_before: the day from which on some destination still needs the records.
    """
    doubt = not trust_clock and clock_in_doubt([day.date for day in days], today)
    total, victims, stays = sum(day.size for day in days), [], []
    for day in sorted(day for day in days if day.date < today):
        reason = None
        if limits.days and (today - day.date).days > limits.days:
            if doubt and not stays:
                stays.append(
                    "Nothing is deleted for its age: there is a gap of more than %d days before the newest records, as "
                    "if the clock had jumped. If today is %s, run this by hand with --trust-clock." % (GAP, today)
                )
            elif not doubt:
                reason = "older than %d days" % limits.days
        if not reason and limits.total_bytes and total > limits.total_bytes:
            reason = "all records took %s, the limit is %s" % (human(total), human(limits.total_bytes))
        if not reason and limits.min_free and free < limits.min_free:
            reason = "%s were free, the limit is %s" % (human(free), human(limits.min_free))
        if not reason:
            break
        if done_before and day.date >= done_before:
            stays.append("%s and later stay: a destination has not finished them (%s)." % (day.date, reason))
            break
        victims.append((day, reason))
        total, free = total - day.size, free + day.size
    if limits.total_bytes and total > limits.total_bytes:
        stays.append("What may be deleted does not bring the records down to %s." % human(limits.total_bytes))
    if limits.min_free and free < limits.min_free:
        stays.append("What may be deleted does not free %s: on a full disk records are lost." % human(limits.min_free))
    return victims, stays


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
