# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Replies of the two calls for the settings, as text. Knows neither HTTP nor Ansible."""

from __future__ import annotations

import re
import typing as t

from .._api.answer import FAILED, REPORT, doubtful, error_in, failure_class_in, is_notice, lines_of
from .._api.errors import Redact, ReplyError
from .layouts import LABEL, LAYOUTS, NAME, Values, labels_in, setting
from .settings import NAMES, TEMPLATES, Reply

_QUOTED_NAME = re.compile(rf"['\"`]({NAME})['\"`]", re.IGNORECASE)
_PLAIN_NAME = re.compile(rf"\b({NAME})\b", re.IGNORECASE)
_HARMLESS = re.compile("deprecat|default", re.IGNORECASE)
_CUT = re.compile(r"%\([^)]*\)?\Z")
_FOREIGN_WARNING = re.compile(rf"[^\W\d_]+: .*'(?:{NAME})'")
DEFAULT = re.compile(
    r"\bdefault\b(?: value| setting)?,?(?: which)?"
    # Something has to be between: the next word alone may be the beginning of a sentence that was cut.
    r"(?:(?: (?:is|was))?\s*[:=]\s*|\s+(?:is|was)\s+|\s*(?=['\"]))"
    r"(?P<value>'.*'|\".*\"|(?!value\b|setting\b|not\b)[^\s'\".,;()]+)[\s.;)\]]*$",
    re.IGNORECASE,
)


def parse_settings(text: str, redact: Redact = str) -> Reply:
    """The settings in a get call's reply. Raises ReplyError for anything that cannot be read with certainty."""
    lines = lines_of(text)
    if not any(line.strip() for line in lines):
        remedy = f"check that api_username may read the settings, or {REPORT}"
        raise ReplyError(f"the cluster's reply is empty; {remedy}", "not_plaintext")
    warnings = [line.strip() for line in lines if is_warning(line)]
    rest = [line for line in lines if not is_warning(line)]
    for layout, read in LAYOUTS.items():
        found = read(rest)
        if found is None:
            continue
        values, unknown, messages, tails = found
        # A template that ends inside a field was cut off on its way.
        if any(_CUT.search(values[name].replace("%%", "")) for name in TEMPLATES):
            break
        # Settings in a second layout, or an error: it is unknown which of the two is right.
        if any(LABEL.match(line) or failure_class_in(line) for line in messages if line in rest):
            break
        if any(failure_class_in(f"{name}: {value}") for name, value in unknown.items()):
            break
        messages = warnings + [message.strip() for message in messages if message.strip()]
        pinned = _pinned(messages, unknown)
        shown = {redact(name): redact(value) for name, value in unknown.items()}
        below = {template: (redact(name), line) for template, (name, line) in tails.items()}
        return Reply(values, pinned, tuple(redact(message) for message in messages), shown, below, layout)
    raise _unreadable(text, labels_in(lines), redact)


class UnknownAnswer(ReplyError):
    """A set call's reply that is neither empty nor a known error, such as ``OK``: only reading again tells.

    messages: its lines, notices first.
    """

    def __init__(self, message: str, messages: t.Tuple[str, ...]) -> None:
        super().__init__(message, "not_plaintext")
        self.messages = messages


def check_write(text: str, redact: Redact = str) -> t.Tuple[str, ...]:
    """The notices in a set call's reply. Raises ReplyError if there is anything else: HTTP 200 proves nothing."""
    messages, rest = [], []
    for line in text.lstrip("\ufeff").splitlines():
        line = line.strip()
        if is_warning(line) and _HARMLESS.search(line) and failure_class_in(line) is None:
            messages.append(redact(line))
        elif line not in ("", '""', "''"):
            rest.append(line)
    if rest:
        error = error_in("\n".join(rest), redact)
        if failure_class_in("\n".join(rest)) or any(map(FAILED.search, rest)):
            raise error
        raise UnknownAnswer(error.message, (*messages, *map(redact, rest)))
    return tuple(messages)


def _unreadable(text: str, labels: t.Set[str], redact: Redact) -> ReplyError:
    """The error for a get call's reply in which only some settings, or none, have labels."""
    failure_class = failure_class_in(text)
    # Settings can hold any text, which says nothing about what went wrong.
    if (len(labels) < 2 and "%(" not in text) or failure_class == "not_plaintext":
        return error_in(text, redact)
    missing = ", ".join(name for name in NAMES if labels and name not in labels)
    return doubtful(text, redact, f", because it shows no {missing}" if missing else "")


def is_warning(line: str) -> bool:
    """Whether a line is a warning of the cluster."""
    # A line that begins with such a word and holds fields is part of a template, unless it quotes a default.
    own = is_notice(line) and ("%(" not in line or "default" in line.lower())
    return bool(own or _FOREIGN_WARNING.match(line))


def names_a_setting(message: str) -> bool:
    """Whether a message is about settings, as the warnings are with which the product shows its defaults."""
    return bool(_QUOTED_NAME.search(message) or (is_warning(message) and _PLAIN_NAME.search(message)))


def _pinned(messages: t.Iterable[str], unknown: t.Iterable[str]) -> t.Optional[Values]:
    pinned: Values = {}
    for message in messages:
        if "deprecat" in message.lower():
            continue
        if not is_warning(message):
            # It may continue a warning of the line before, about any setting.
            if "default" in message.lower() or _PLAIN_NAME.search(message):
                return None
            continue
        default = DEFAULT.search(message)
        before = message[: default.start("value")] if default else ""
        names = {setting(name) for name in _QUOTED_NAME.findall(before) or _PLAIN_NAME.findall(before)}
        if not names and any(quote + name + quote in before for name in unknown for quote in "'\"`"):
            continue
        if default is None or len(names) != 1:
            # One warning that is not understood could be about any setting.
            return None
        value = default.group("value")
        pinned[names.pop()] = value[1:-1] if value[0] in "'\"" else value
    return pinned or None
