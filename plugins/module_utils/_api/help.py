# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What api_help_info does: list the methods of a cluster's build. It knows what a method looks like, but no layout."""

from __future__ import annotations

import re
import typing as t

from .answer import error_in, lines_of, refusal_in
from .client import Client, Connection
from .errors import Redact, redacted

Method = t.Dict[str, t.Any]

_TEXT = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
# List marks may stand before a method, but words may not: "see api_x()" is part of a description.
_START = r"^[ \t]*(?:[-*+>#]+[ \t]*|[0-9]+[.)][ \t]*|def[ \t]+)?(?P<name>api_[a-z0-9_]+)"
_SIGNATURE = re.compile(_START + r"(?=[ \t]*\()", re.MULTILINE)
_NAME_ALONE = re.compile(_START + r"[ \t]*:?[ \t]*$", re.MULTILINE)
_NAME_FIRST = re.compile(r"^(?P<name>api_[a-z0-9_]+)(?=[ \t:])", re.MULTILINE)
_NAMES = re.compile(r"^[ \t]*api_[a-z0-9_]+(?:(?:[ \t]*[,;][ \t]*|[ \t]+)api_[a-z0-9_]+)+[ \t]*[,;]?$", re.MULTILINE)
_REST = re.compile(
    rf"[ \t]*(?P<arguments>\((?:{_TEXT}|\((?:{_TEXT}|[^()'\"])*\)|[^()'\"])*\))(?:\s*->[ \t]*(?P<returns>[^\n]*\S))?"
)
_ARGUMENT = re.compile(rf"(?:{_TEXT}|\([^()]*\)|[^,'\"()])+")


def read_help(params: t.Mapping[str, t.Any], check_mode: bool) -> t.Dict[str, t.Any]:
    """The result of api_help_info. Raises ApiError."""
    with Client(Connection.from_options(params)) as client:
        text = client.read("api_help")
        # Parsed first: a password that looks like part of a signature must not garble it.
        return {
            "changed": False,
            "methods": redacted(parse_help(text, client.redact), client.redact),
            "raw": redacted("\n".join(lines_of(text)).rstrip().split("\n"), client.redact),
        }


def parse_help(text: str, redact: Redact = str) -> t.Dict[str, Method]:
    """The methods by name. Raises ReplyError if there are none."""
    text = "\n".join(line.rstrip() for line in lines_of(text))
    signatures = list(_SIGNATURE.finditer(text))
    methods: t.Dict[str, Method] = {}
    for match, following in zip(signatures, [*signatures[1:], None]):
        rest = text[match.end() : following.start() if following else len(text)]
        methods.setdefault(match["name"], _method(match["name"], rest))
    names = [match["name"] for match in _NAME_ALONE.finditer(text)]
    names += re.findall("api_[a-z0-9_]+", " ".join(match[0] for match in _NAMES.finditer(text)))
    if not signatures and not names:
        # Only now, because a line of a description may begin like this as well.
        error = refusal_in(text, redact)
        if error:
            raise error
        names = [match["name"] for match in _NAME_FIRST.finditer(text)]
    for name in names:
        methods.setdefault(name, _method(name, ""))
    if not methods:
        raise error_in(text, redact)
    return dict(sorted(methods.items()))


def _method(name: str, rest: str) -> Method:
    match = _REST.match(rest)
    if match is None:
        return {"arguments": [], "defaults": {}, "signature": None, "returns": None}
    inner = " ".join(match["arguments"][1:-1].split())
    arguments, defaults = [], {}
    for part in _ARGUMENT.findall(inner):
        argument, equals, default = part.strip(" *[]<>").partition("=")
        word = re.match(r"\w+", argument.strip())
        if word is None:
            continue
        arguments.append(word[0])
        if equals:
            default = default.strip()
            defaults[word[0]] = default[1:-1] if re.fullmatch(_TEXT, default) else default
    signature = f"{name}({inner})"
    return {"arguments": arguments, "defaults": defaults, "signature": signature, "returns": match["returns"]}
