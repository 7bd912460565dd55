# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The reference parser: the content of a record, or why it goes to quarantine.

The receiver runs the same definition as a rsyslog rulebase (plugin_utils/_rulebase.py); the two are tested against
each other.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from .fields import DIGITS, KINDS, Field, invalid_key
from .template import LogFormat

# As many digits as the receiver accepts; even an impossible priority does not belong to the text.
_PRI = re.compile(r"<[0-9]+>")
# What a receiver's own test record carries behind its beginning.
_NONCE = re.compile(r"[0-9a-f]{32}\Z")
# event.outcome by status, compared without case. A status that is not listed says nothing about the outcome.
OUTCOMES = {
    "delivered": "success",
    "released": "success",
    "bounced": "failure",
    "not-accepted": "failure",
    "queue-expired": "failure",
    "rejected": "failure",
}
Record = t.Dict[str, t.Any]


def parse_record(record: str, fmt: LogFormat) -> Record:
    """The keys that a record (as sent, with or without priority and NUL) has on disk, without those of its reception.

    A record that does not fit has ``event.action`` ``quarantine``, ``event.reason``, ``event.original`` and what
    could be read of the cluster's own leading fields.
    """
    pri = _PRI.match(record)
    body = record[pri.end() :] if pri else record
    body = body[:-1] if body.endswith("\0") else body
    parsed = _parse_csv(body, fmt) if fmt.style == "csv" else _parse_marked(body, fmt)
    if "event.reason" in parsed:
        if parsed["event.reason"] == "no-marker" and not pri:
            parsed["event.reason"] = "framing"
        return dict(parsed, **{"event.action": "quarantine", "event.original": body})
    if parsed["event.action"] == "canary":
        return parsed
    parsed["event.dataset"] = "spamexperts." + parsed["event.action"]
    parsed["event.outcome"] = OUTCOMES.get(parsed.get("spamexperts.status", "").lower(), "unknown")
    return parsed


def _parse_marked(body: str, fmt: LogFormat) -> Record:
    if not body.startswith(fmt.tag + ": "):
        return {"event.reason": "no-marker"}
    for mark in fmt.marks:
        if not body.startswith(fmt.marker(mark)):
            continue
        for kind in KINDS:
            if body.startswith(fmt.head(kind, mark)):
                return _parse_kind(body[len(fmt.head(kind, mark)) :], fmt, kind, mark)
        return {"event.action": "canary"} if _is_canary(body, fmt, mark) else {"event.reason": "kind"}
    return {"event.reason": "wrong-secret"}


def _is_canary(body: str, fmt: LogFormat, mark: str) -> bool:
    """Whether it is a receiver's own test record. Only the exact form is: whoever can send could send anything else."""
    return body.startswith(fmt.canary(mark)) and bool(_NONCE.match(body[len(fmt.canary(mark)) :]))


def _parse_kind(rest: str, fmt: LogFormat, kind: str, mark: str) -> Record:
    """The fields after the head: each ends where its own end mark first occurs."""
    closing, end_mark = fmt.closing(mark), fmt.end(mark)
    values: Record = {}
    leading: Record = {}
    left = rest
    for field in fmt.fields(kind):
        bracketed = fmt.style == "printable" and field.untrusted
        value, end, left = left.partition("]" + mark if bracketed else fmt.delimiter)
        if not end or (bracketed and not value.startswith("[")):
            leading = leading if field.untrusted else {}
            break
        values.update(typed(field, value[1:] if bracketed else value))
        if not field.untrusted and field.type == "text":
            leading[field.key] = value
    else:
        if left == closing:
            return dict(values, **{"event.action": kind})
    # Complete but not of these fields, or cut? What follows the cluster's own fields is looked at by itself too:
    # those, when all are there, can hold the closing mark. liblognorm looks for it from the second character.
    trusted = sum(not field.untrusted for field in fmt.fields(kind))
    texts = [rest] + rest.split(fmt.delimiter, trusted)[trusted:]
    whole = any(text in (closing, end_mark) or text[1:].partition(end_mark)[1:] == (end_mark, "") for text in texts)
    return dict(leading, **{"event.reason": "field-count" if whole else "truncated"})


def _parse_csv(body: str, fmt: LogFormat) -> Record:
    if _is_canary(body, fmt, ""):
        return {"event.action": "canary"}
    if not body.startswith('"'):
        return {"event.reason": "no-marker"}
    if len(body) < 2 or not body.endswith('"'):
        return {"event.reason": "truncated"}
    values = body[1:].split('","')
    # A record that was cut just after a separator ends in a quote as well, but that one belongs to the separator.
    complete = values[-1].endswith('"')
    values[-1] = values[-1][:-1]
    for kind in KINDS:
        fields = fmt.fields(kind)
        if complete and len(values) == len(fields):
            parsed: Record = {"event.action": kind}
            for field, value in zip(fields, values):
                parsed.update(typed(field, value))
            return parsed
    return {"event.reason": "field-count"}


def typed(field: Field, text: str) -> Record:
    """The key and value of a field's text: none for an empty typed field, the text where it is not of its type."""
    if field.type == "text":
        return {field.key: text}
    if not text:
        return {}
    if field.type == "integer":
        if re.match(r"[0-9]{1,%d}\Z" % DIGITS, text) and int(text) <= field.maximum:
            return {field.key: int(text)}
    elif _is_ip(text):
        return {field.key: text}
    return {invalid_key(field): text}


def _is_ip(text: str) -> bool:
    """Whether index mappings take the text as an address: no zone, no leading zeros in IPv4."""
    if "%" in text or re.search(r"(^|[.:])0[0-9]+\.|\.0[0-9]", text):
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
