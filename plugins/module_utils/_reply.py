# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The plaintext of the API: layouts of the settings, warnings, errors. Knows neither HTTP nor Ansible.

The layout of the get call's reply is documented nowhere. Each layout that is understood is one function and one row in
LAYOUTS; a reply that fits none of them with certainty is refused.
"""

from __future__ import annotations

import ast
import csv
import dataclasses
import json
import re
import typing as t

from ._errors import ReplyError, shorten

# The order of the vendor's documented signature.
NAMES = ("host", "port", "facility", "socket_type", "message_template", "enabled", "level", "status_template")
TEMPLATES = ("message_template", "status_template")

Values = t.Dict[str, str]
# The settings, and the lines that are no part of them.
Layout = t.Callable[[t.Sequence[str]], t.Optional[t.Tuple[Values, t.List[str]]]]

_NAME = "|".join(name.replace("_", "[ _-]?") for name in NAMES)
_QUOTED_NAME = re.compile(rf"['\"`]({_NAME})['\"`]", re.IGNORECASE)
_PLAIN_NAME = re.compile(rf"\b({_NAME})\b", re.IGNORECASE)
_WARNING_WORD = re.compile(r"\W*(warning|notice|note|deprecat\w*)\b", re.IGNORECASE)
_FOREIGN_WARNING = re.compile(rf"[^\W\d_]+: .*'(?:{_NAME})'")
_DEFAULT = re.compile(
    r"\bdefault\b(?: value| setting)?,?(?: which)?"
    # Something has to be between: the next word alone may be the beginning of a sentence that was cut.
    r"(?:(?: (?:is|was))?\s*[:=]\s*|\s+(?:is|was)\s+|\s*(?=['\"]))"
    r"(?P<value>'.*'|\".*\"|(?!value\b|setting\b|not\b)[^\s'\".,;()]+)[\s.;)\]]*$",
    re.IGNORECASE,
)
PROSE = re.compile(r"[^\W\d_]+:?(?: [^\s%]+){3,}$")
_LABEL = re.compile(rf"\s*['\"]?(?:{_NAME})(?![\w)])", re.IGNORECASE)
_BEGUN = re.compile(r"[^\W\d_]+:?(?: [^\s%]+)*\Z")

REPORT = "please report the layout of this reply to the collection, with secrets removed"

# failure class, what such a text holds, remedy; the first that fits decides. HTML may quote any of the others.
ERRORS: t.Tuple[t.Tuple[str, t.Pattern[str], str], ...] = tuple(
    (failure_class, re.compile(pattern, re.IGNORECASE | re.DOTALL), remedy)
    for failure_class, pattern, remedy in (
        ("not_plaintext", r"<(?:!doctype|html|head|body|form)\b", "check that api_url is the cluster's master"),
        (
            "not_plaintext",
            r"Traceback \(most recent|SQLSTATE|fatalerror\.php",
            "this is a fault inside the cluster; see its own logs, or ask its support",
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
            "allow the address of the machine that runs this task for the Software API user",
        ),
        (
            "permission",
            r"no permission|permission denied|not permitted|not allowed|access denied|\binactive\b",
            "allow this method for the Software API user given in api_username",
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
            r"could not be executed on|(?:node|slave|server)\b.*(?:unreachable|fail|down|time|not respond)"
            r"|connection (?:timed out|refused)",
            "bring that node back and run again",
        ),
    )
)


@dataclasses.dataclass(frozen=True)
class Reply:
    """A get call's reply: all eight settings as text.

    pinned: the default of each setting that a warning calls not the default; None when the reply shows no defaults,
    because then nothing is known of any setting.
    """

    values: t.Mapping[str, str]
    pinned: t.Optional[t.Mapping[str, str]]
    messages: t.Tuple[str, ...]


def lines_of(text: str) -> t.List[str]:
    """The lines of a reply, without byte order mark."""
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
        values, messages = found
        # A template that ends inside a field was cut off on its way.
        if any(re.search(r"%\([^)]*\)?\Z", values[name].replace("%%", "")) for name in TEMPLATES):
            break
        # Settings in a second layout, or an error: nobody can tell which of the two holds.
        if any(_LABEL.match(line) or _error_row(line) for line in messages if line in rest):
            break
        messages = warnings + [message.strip() for message in messages if message.strip()]
        return Reply(values, _pinned(messages), tuple(redact(message) for message in messages))
    raise error_in(text, redact)


def check_write(text: str, redact: t.Callable[[str], str] = str) -> t.Tuple[str, ...]:
    """The notices in a set call's reply. Raises ReplyError unless there is nothing else: HTTP 200 proves nothing."""
    messages, rest = [], []
    for line in text.lstrip("\ufeff").splitlines():
        line = line.strip()
        if is_warning(line) and re.search("deprecat|default", line, re.IGNORECASE) and _error_row(line) is None:
            messages.append(redact(line))
        elif line not in ("", '""', "''"):
            rest.append(line)
    if rest:
        raise error_in("\n".join(rest), redact)
    return tuple(messages)


def error_in(text: str, redact: t.Callable[[str], str] = str) -> ReplyError:
    """The error that a reply is, by what it says; a text that says nothing known is not_plaintext."""
    row = _error_row(text)
    beginning = shorten(redact(text.lstrip("\ufeff")), 200)
    if row is None:
        problem = f"the cluster's reply cannot be read with certainty: {beginning!r}"
        return ReplyError(f"{problem}; {REPORT}", "not_plaintext")
    return ReplyError(f"the cluster answered {beginning!r}; {row[2]}", row[0])


def _error_row(text: str) -> t.Optional[t.Tuple[str, t.Pattern[str], str]]:
    return next((row for row in ERRORS if row[1].search(text)), None)


def is_warning(line: str) -> bool:
    """Whether a line is a warning of the cluster."""
    # A piece of a template that begins with such a word holds fields, and a warning only in the default that it quotes.
    own = _WARNING_WORD.match(line) and ("%(" not in line or "default" in line.lower())
    return bool(own or _FOREIGN_WARNING.match(line))


def _setting(label: str) -> str:
    squeezed = re.sub("[ _-]", "", label.lower())
    return next(name for name in NAMES if name.replace("_", "") == squeezed)


def _pinned(messages: t.Iterable[str]) -> t.Optional[Values]:
    pinned: Values = {}
    for message in messages:
        if "deprecat" in message.lower() or not is_warning(message):
            continue
        default = _DEFAULT.search(message)
        before = message[: default.start("value")] if default else ""
        names = {_setting(name) for name in _QUOTED_NAME.findall(before) or _PLAIN_NAME.findall(before)}
        if default is None or len(names) != 1:
            # One warning that is not understood could be about any setting.
            return None
        value = default.group("value")
        pinned[names.pop()] = value[1:-1] if value[0] in "'\"" else value
    return pinned or None


def _labelled(separator: str) -> Layout:
    """A layout of one ``label separator value`` line a setting; a template may go on in the next lines."""
    pattern = re.compile(rf"[ \t]*({_NAME}){separator}(.*)\Z", re.IGNORECASE | re.DOTALL)

    def layout(lines: t.Sequence[str]) -> t.Optional[t.Tuple[Values, t.List[str]]]:
        found: t.Dict[str, t.List[str]] = {}
        messages: t.List[str] = []
        last = ""
        for number, line in enumerate(lines, 1):
            match = pattern.match(line)
            if match:
                last = _setting(match.group(1))
                if last in found:
                    return None
                found[last] = [match.group(2)]
            elif last in TEMPLATES and line.strip(" \t\r"):
                # The last of the lines has no line end: it may be the beginning of a warning.
                begun = number == len(lines) and _BEGUN.match(line.strip())
                if begun or PROSE.match(line.strip()) or _LABEL.match(line):
                    return None
                found[last].append(line)
            else:
                messages.append(line)
        if set(found) != set(NAMES):
            return None
        return {name: "\n".join(parts) for name, parts in found.items()}, messages

    return layout


def braced(
    lines: t.Sequence[str], parse: t.Callable[[str], t.Any], opening: str = "{", closing: str = "}"
) -> t.Optional[t.Tuple[t.Any, t.List[str]]]:
    """What stands from the first line that opens to the last that closes, parsed, and the lines around it."""
    starts = [i for i, line in enumerate(lines) if line.lstrip().startswith(tuple(opening))]
    ends = [i for i, line in enumerate(lines) if line.rstrip().endswith(tuple(closing))]
    if not starts or not ends or ends[-1] < starts[0]:
        return None
    try:
        content = parse("\n".join(lines[starts[0] : ends[-1] + 1]).strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return content, [*lines[: starts[0]], *lines[ends[-1] + 1 :]]


def _object(parse: t.Callable[[str], t.Any]) -> Layout:
    """A layout of one object between braces, which may have lines before and after it."""

    def layout(lines: t.Sequence[str]) -> t.Optional[t.Tuple[Values, t.List[str]]]:
        content, messages = braced(lines, parse) or (None, [])
        if not isinstance(content, dict) or not set(NAMES) <= set(content):
            return None
        if not all(content[name] is None or isinstance(content[name], (str, int)) for name in NAMES):
            return None
        more = content.get("warnings") or content.get("messages") or []
        messages += [str(message) for message in (more if isinstance(more, list) else [more])]
        return {name: "" if content[name] is None else str(content[name]) for name in NAMES}, messages

    return layout


def _csv(lines: t.Sequence[str]) -> t.Optional[t.Tuple[Values, t.List[str]]]:
    """A layout of one comma-separated line in the signature's order."""
    messages = [line for line in lines if re.match(r"[^\W\d_]+: ", line) or PROSE.match(line)]
    text = "\n".join(line for line in lines if line not in messages).strip("\n")
    try:
        # Line ends are kept, for a quoted template may hold them.
        rows = list(csv.reader(re.findall(r"[^\n]*\n|[^\n]+", text), strict=True))
    except csv.Error:
        return None
    if len(rows) != 1 or len(rows[0]) != len(NAMES):
        return None
    values = dict(zip(NAMES, rows[0]))
    # Eight values could be anything; three of them have a form of their own.
    if not re.match(r"\d{1,5}\Z|\Z", values["port"].strip()):
        return None
    if not re.match(r"(?:true|false|yes|no|on|off|0|1|enabled|disabled|)\Z", values["enabled"].strip(), re.IGNORECASE):
        return None
    return (values, messages) if re.match(r"\w*\Z", values["socket_type"].strip()) else None


LAYOUTS: t.Tuple[Layout, ...] = (
    _object(json.loads),
    _object(ast.literal_eval),
    _labelled(r"[ \t]*:[ \t]?"),
    _labelled(r"[ \t]*=[ \t]?"),
    # Not before a separator of the other two, which would then be part of the value.
    _labelled(r"(?:[ \t]+(?![:=](?:[ \t]|\Z))|\Z)"),
    _csv,
)
