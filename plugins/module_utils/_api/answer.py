# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Replies of any method: JSON in them, and whether a text is an error. Knows neither HTTP nor Ansible."""

from __future__ import annotations

import json
import re
import typing as t

from .._remote_syslog.layouts import PROSE, braced, unique
from .._remote_syslog.reply import ERRORS, error_in, is_warning, lines_of
from .errors import ReplyError

Redact = t.Callable[[str], str]

# "Error: ", "[ERROR] ", "PDOException: " and the like, before what went wrong.
_LABEL = re.compile(
    r"(?:[\s:*(\[-]*(?:\w*error|\w*exception|failure|failed|fatal|api_\w+)\b[\s:*)\]-]*)+", re.IGNORECASE
)
# What may stand before the known words. A row of a listing does not match: it begins with a number or a quote, or has
# a separator or an address.
_SENTENCE = re.compile(r"(?:[A-Za-z][^\t,;|:=@{}\[\]]*)?\Z")
_FIRST = 300
_SEPARATOR = re.compile(r"[\t;|]|,\S|[\"'],")


def parse_json(text: str, opening: str = "{[", closing: str = "}]") -> t.Optional[t.Tuple[t.Any, t.List[str]]]:
    """The object or list in a reply, and the lines around it; None if a key occurs twice in an object.

    Numbers that JSON lacks, such as NaN, become text.
    """
    return braced(lines_of(text), _json, opening, closing)


def _json(text: str) -> t.Any:
    return json.loads(text, parse_constant=str, object_pairs_hook=unique)


def json_in(text: str) -> t.Any:
    """The object or list in a reply with nothing but warnings around it; None for any other text."""
    content, around = parse_json(text) or (None, [])
    alone = all(not line.strip() or _is_notice(line) or PROSE.match(line.strip()) for line in around)
    return content if alone else None


def _is_notice(line: str) -> bool:
    # An error that quotes a setting looks like a warning in another language to is_warning.
    return is_warning(line) and not _LABEL.match(line)


def warnings_in(text: str, redact: Redact = str) -> t.List[str]:
    """The warnings before the reply proper."""
    found = []
    for line in lines_of(text):
        if line.strip() and not _is_notice(line):
            break
        found.append(redact(line.strip()))
    return [line for line in found if line]


def refusal_in(text: str, redact: Redact = str) -> t.Optional[ReplyError]:
    """The error in the reply of an arbitrary method, or None.

    A reply may contain untrusted text, such as the subject of a mail, which must not pass for an error. So only the
    first line after the warnings counts, and only if it reads like a sentence up to the known words.
    """
    first = next((line.strip() for line in lines_of(text) if line.strip() and not _is_notice(line)), "")
    label = _LABEL.match(first[:_FIRST])
    sentence = first[label.end() if label else 0 : _FIRST].lstrip(": ")
    for _failure_class, pattern, _remedy in ERRORS:
        match = pattern.search(sentence)
        if match and _SENTENCE.match(sentence[: match.start()]) and not _SEPARATOR.search(match[0]):
            return error_in(first, redact)
    return None


def redacted(value: t.Any, redact: Redact) -> t.Any:
    """The same value with secrets masked in all texts and keys, and without characters that cannot be output."""
    if isinstance(value, str):
        return redact(value.encode("utf-8", "replace").decode("utf-8"))
    if isinstance(value, dict):
        return {redacted(name, redact): redacted(item, redact) for name, item in value.items()}
    return [redacted(item, redact) for item in value] if isinstance(value, list) else value
