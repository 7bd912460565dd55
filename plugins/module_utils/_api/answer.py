# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Replies of any method: warnings, errors, and JSON. Knows neither HTTP nor Ansible, and no setting."""

from __future__ import annotations

import json
import re
import typing as t

from .errors import Redact, ReplyError, shorten

REPORT = "please run the playbook spamexperts.local_cloud.probe and send its file to the collection's maintainers"

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

# An answer with any of these words says that something was not carried out.
FAILED = re.compile(
    r"\b(?:errors?|exception|fail(?:s|ed|ure)?|fatal|denied|refused|rejected|cannot|can't|could not|unable)\b",
    re.IGNORECASE,
)

# Words of a sentence, in any language.
PROSE = re.compile(r"[^\W\d_]+:?(?: [^\s%]+){3,}$")
_NOTICE = re.compile(r"\W*(warning|notice|note|deprecat\w*)\b", re.IGNORECASE)
# "Error: ", "[ERROR] ", "PDOException: " and the like, before what went wrong.
_LABEL = re.compile(
    r"(?:[\s:*(\[-]*(?:\w*error|\w*exception|failure|failed|fatal|api_\w+)\b[\s:*)\]-]*)+", re.IGNORECASE
)
# What may stand before the known words. A row of a listing does not match: it begins with a number or a quote, or has
# a separator or an address.
_SENTENCE = re.compile(r"(?:[A-Za-z][^\t,;|:=@{}\[\]]*)?\Z")
_FIRST = 300
_SEPARATOR = re.compile(r"[\t;|]|,\S|[\"'],")


def lines_of(text: str) -> t.List[str]:
    """The lines of a reply, without its byte order mark."""
    # Not str.splitlines: that also splits at control characters, which are delimiters of templates.
    return text.lstrip("\ufeff").replace("\r\n", "\n").split("\n")


def is_notice(line: str) -> bool:
    """Whether a line begins like a warning of the cluster."""
    return bool(_NOTICE.match(line))


def warnings_in(text: str, redact: Redact = str) -> t.List[str]:
    """The warnings before the reply proper."""
    found = []
    for line in lines_of(text):
        if line.strip() and not is_notice(line):
            break
        found.append(redact(line.strip()))
    return [line for line in found if line]


def failure_class_in(text: str) -> t.Optional[str]:
    """What failed, according to the known words that a text has anywhere; None if it has none of them."""
    row = _row(text)
    return row[0] if row else None


def error_in(text: str, redact: Redact = str) -> ReplyError:
    """The error for a reply, chosen by its text; an unknown text is ``not_plaintext``."""
    row = _row(text)
    if row is None:
        return doubtful(text, redact)
    return ReplyError(f"the cluster answered {_beginning(text, redact)!r}; {row[2]}", row[0])


def doubtful(text: str, redact: Redact, why: str = "") -> ReplyError:
    """The error for a reply that may mean one thing or another."""
    problem = f"the cluster's reply cannot be read with certainty{why}: {_beginning(text, redact)!r}"
    return ReplyError(f"{problem}; {REPORT}", "not_plaintext")


def _beginning(text: str, redact: Redact) -> str:
    return shorten(redact(text.lstrip("\ufeff")), 200)


def _row(text: str) -> t.Optional[t.Tuple[str, t.Pattern[str], str]]:
    return next((row for row in ERRORS if row[1].search(text)), None)


def refusal_in(text: str, redact: Redact = str) -> t.Optional[ReplyError]:
    """The error in the reply of an arbitrary method, or None.

    A reply may contain untrusted text, such as the subject of a mail, which must not pass for an error. So only the
    first line after the warnings counts, and only if it reads like a sentence up to the known words.
    """
    first = next((line.strip() for line in lines_of(text) if line.strip() and not is_notice(line)), "")
    label = _LABEL.match(first[:_FIRST])
    sentence = first[label.end() if label else 0 : _FIRST].lstrip(": ")
    for _failure_class, pattern, _remedy in ERRORS:
        match = pattern.search(sentence)
        if match and _SENTENCE.match(sentence[: match.start()]) and not _SEPARATOR.search(match[0]):
            return error_in(first, redact)
    return None


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


def unique(pairs: t.Sequence[t.Tuple[str, t.Any]]) -> t.Dict[str, t.Any]:
    """An object whose keys all differ, because it is unknown which of two applies. Raises ValueError."""
    if len({name for name, _value in pairs}) < len(pairs):
        raise ValueError("a key occurs twice")
    return dict(pairs)


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
    alone = all(not line.strip() or is_notice(line) or PROSE.match(line.strip()) for line in around)
    return content if alone else None
