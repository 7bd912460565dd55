# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The plaintext of the API: settings, warnings, errors. Knows neither HTTP nor Ansible."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ._errors import ReplyError, shorten
from ._layouts import FAILED, LABEL, LAYOUTS, NAME, NAMES, TEMPLATES, Values, labels_in, setting

_QUOTED_NAME = re.compile(rf"['\"`]({NAME})['\"`]", re.IGNORECASE)
_PLAIN_NAME = re.compile(rf"\b({NAME})\b", re.IGNORECASE)
_WARNING_WORD = re.compile(r"\W*(warning|notice|note|deprecat\w*)\b", re.IGNORECASE)
_NOTICE = re.compile("deprecat|default", re.IGNORECASE)
_CUT = re.compile(r"%\([^)]*\)?\Z")
_FOREIGN_WARNING = re.compile(rf"[^\W\d_]+: .*'(?:{NAME})'")
_DEFAULT = re.compile(
    r"\bdefault\b(?: value| setting)?,?(?: which)?"
    # Something has to be between: the next word alone may be the beginning of a sentence that was cut.
    r"(?:(?: (?:is|was))?\s*[:=]\s*|\s+(?:is|was)\s+|\s*(?=['\"]))"
    r"(?P<value>'.*'|\".*\"|(?!value\b|setting\b|not\b)[^\s'\".,;()]+)[\s.;)\]]*$",
    re.IGNORECASE,
)

REPORT = "please report the layout of this reply to the collection's maintainers, with secrets removed"

# Failure class, pattern of the text, remedy. The first match decides; HTML comes first, as it may quote the others.
ERRORS: t.Tuple[t.Tuple[str, t.Pattern[str], str], ...] = tuple(
    (failure_class, re.compile(pattern, re.IGNORECASE), remedy)
    for failure_class, pattern, remedy in (
        ("not_plaintext", r"<(?:!doctype|html|head|body|form)\b", "check that api_url is the cluster's master"),
        (
            "not_plaintext",
            r"Traceback \(most recent|SQLSTATE|fatalerror\.php",
            "this is a fault inside the cluster; check its logs, or ask the vendor's support",
        ),
        (
            "auth",
            r"credentials? (?:is|are) (?:invalid|incorrect|wrong)|invalid (?:user|password|credential|login)"
            r"|authentication (?:failed|required)|not authenticated|unauthori[sz]ed",
            "correct api_username and api_password",
        ),
        (
            "ip_restricted",
            r"current IP address|no access to this API|\bIP\b.*(?:not allowed|denied|restricted)",
            "allow the Software API user to connect from the address of the machine that runs this task",
        ),
        (
            "permission",
            r"no permission|permission denied|not permitted|not allowed|access denied|\binactive\b",
            "allow the Software API user given in api_username to call this method",
        ),
        (
            "unknown_method",
            r"(?:unknown|invalid|unsupported|undefined|no such) (?:api )?(?:method|call|function|command)"
            r"|(?:method|call|function)\b.*(?:not found|does not exist|is unknown)",
            "update the cluster: its version does not know this method",
        ),
        (
            "bad_argument",
            r"incorrect usage of api|invalid (?:value|argument)|(?:unknown|unexpected|missing) argument"
            r"|argument .*(?:missing|required|invalid|too long)|exceed\w* .*maximum",
            "correct the option that it names",
        ),
        (
            "node",
            r"could not be executed on"
            r"|(?:node|slave|server)\b.*\b"
            r"(?:unreachable|fail(?:ed|s|ure)?|down|timed?[ -]?out|(?:not|no) respon[ds]\w*)\b"
            r"|connection (?:timed out|refused)",
            "bring that node back and run again",
        ),
    )
)


@dataclasses.dataclass(frozen=True)
class Reply:
    """A get call's reply: all eight settings as text.

    pinned: the product's default of each setting that, according to a warning, differs from it; None if the reply shows
    no defaults, because then nothing is known about any setting. unknown: settings that this collection does not know.
    tails: for a template, the name of such a setting right below it and its line, which may be the template's own end.
    """

    values: t.Mapping[str, str]
    pinned: t.Optional[t.Mapping[str, str]]
    messages: t.Tuple[str, ...]
    unknown: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    tails: t.Mapping[str, t.Tuple[str, str]] = dataclasses.field(default_factory=dict)


def lines_of(text: str) -> t.List[str]:
    """The lines of a reply, without its byte order mark."""
    # Not str.splitlines: that also splits at control characters, which are delimiters of templates.
    return text.lstrip("\ufeff").replace("\r\n", "\n").split("\n")


def parse_settings(text: str, redact: t.Callable[[str], str] = str) -> Reply:
    """The settings in a get call's reply. Raises ReplyError for anything that cannot be read with certainty."""
    lines = lines_of(text)
    if not any(line.strip() for line in lines):
        remedy = f"check that api_username may read the settings, or {REPORT}"
        raise ReplyError(f"the cluster's reply is empty; {remedy}", "not_plaintext")
    warnings = [line.strip() for line in lines if is_warning(line)]
    rest = [line for line in lines if not is_warning(line)]
    for layout in LAYOUTS:
        found = layout(rest)
        if found is None:
            continue
        values, unknown, messages, tails = found
        # A template that ends inside a field was cut off on its way.
        if any(_CUT.search(values[name].replace("%%", "")) for name in TEMPLATES):
            break
        # Settings in a second layout, or an error: it is unknown which of the two is right.
        if any(LABEL.match(line) or _error_row(line) for line in messages if line in rest):
            break
        if any(_error_row(f"{name}: {value}") for name, value in unknown.items()):
            break
        messages = warnings + [message.strip() for message in messages if message.strip()]
        pinned = _pinned(messages, unknown)
        shown = {redact(name): redact(value) for name, value in unknown.items()}
        below = {template: (redact(name), line) for template, (name, line) in tails.items()}
        return Reply(values, pinned, tuple(redact(message) for message in messages), shown, below)
    raise _unreadable(text, labels_in(lines), redact)


class UnknownAnswer(ReplyError):
    """A set call's reply that is neither empty nor a known error, such as ``OK``: only reading again tells.

    messages: its lines, notices first.
    """

    def __init__(self, message: str, messages: t.Tuple[str, ...]) -> None:
        super().__init__(message, "not_plaintext")
        self.messages = messages


def check_write(text: str, redact: t.Callable[[str], str] = str) -> t.Tuple[str, ...]:
    """The notices in a set call's reply. Raises ReplyError if there is anything else: HTTP 200 proves nothing."""
    messages, rest = [], []
    for line in text.lstrip("\ufeff").splitlines():
        line = line.strip()
        if is_warning(line) and _NOTICE.search(line) and _error_row(line) is None:
            messages.append(redact(line))
        elif line not in ("", '""', "''"):
            rest.append(line)
    if rest:
        error = error_in("\n".join(rest), redact)
        if _error_row("\n".join(rest)) or any(map(FAILED.search, rest)):
            raise error
        raise UnknownAnswer(error.message, (*messages, *map(redact, rest)))
    return tuple(messages)


def _unreadable(text: str, labels: t.Set[str], redact: t.Callable[[str], str]) -> ReplyError:
    """The error for a get call's reply in which only some settings, or none, have labels."""
    row = _error_row(text)
    # Settings can hold any text, which says nothing about what went wrong.
    if (len(labels) < 2 and "%(" not in text) or row is not None and row[0] == "not_plaintext":
        return error_in(text, redact)
    missing = ", ".join(name for name in NAMES if labels and name not in labels)
    return _doubtful(text, redact, f", because it shows no {missing}" if missing else "")


def _doubtful(text: str, redact: t.Callable[[str], str], why: str = "") -> ReplyError:
    problem = f"the cluster's reply cannot be read with certainty{why}: {_beginning(text, redact)!r}"
    return ReplyError(f"{problem}; {REPORT}", "not_plaintext")


def error_in(text: str, redact: t.Callable[[str], str] = str) -> ReplyError:
    """The error for a reply, chosen by its text; an unknown text is ``not_plaintext``."""
    row = _error_row(text)
    if row is None:
        return _doubtful(text, redact)
    return ReplyError(f"the cluster answered {_beginning(text, redact)!r}; {row[2]}", row[0])


def _beginning(text: str, redact: t.Callable[[str], str]) -> str:
    return shorten(redact(text.lstrip("\ufeff")), 200)


def _error_row(text: str) -> t.Optional[t.Tuple[str, t.Pattern[str], str]]:
    return next((row for row in ERRORS if row[1].search(text)), None)


def is_warning(line: str) -> bool:
    """Whether a line is a warning of the cluster."""
    # A line that begins with such a word and holds fields is part of a template, unless it quotes a default.
    own = _WARNING_WORD.match(line) and ("%(" not in line or "default" in line.lower())
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
        default = _DEFAULT.search(message)
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
