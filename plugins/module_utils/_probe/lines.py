# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The lines of each reply as a probe's file holds them: the marks of the layout as they are, values by their shape."""

from __future__ import annotations

import ast
import functools
import json
import re
import typing as t

from .._api.answer import lines_of
from .._remote_syslog.layouts import LABEL, labels_in, setting
from .._remote_syslog.reply import is_warning
from .._remote_syslog.settings import NAMES
from .shape import labelled, other, sentence, shape, value
from .words import KEYS, LITERALS, METHODS

# No more of a reply than this says anything about its layout.
MOST = 120

_TEXT = r"[uUbB]?(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")"
_LEXEMES = re.compile(
    rf"(?P<text>{_TEXT})|(?P<number>-?[0-9]+L?(?![\w.]))|(?P<decimal>-?[0-9]+\.[0-9]+(?![\w.]))"
    r"|(?P<mark>[{}\[\]():,]|[ \t\r\n]+)|(?P<bare>[A-Za-z]+)|(?P<rest>.)",
    re.DOTALL,
)
_CELL = re.compile(r'(?P<quoted>"(?:""|[^"])*")|(?P<plain>[^,"\n][^,\n]*)|(?P<mark>[,\n])|(?P<rest>.)', re.DOTALL)
_CALL = re.compile(r"(?:\W*|def )(api_\w+)")

Read = t.Callable[[str], str]


def settings_lines(text: str, layout: t.Optional[str]) -> t.List[str]:
    """The lines of a get call's reply. ``layout``: the name of the one that it was read in, None if it was not."""
    lines = lines_of(text)
    if layout in ("json", "repr", "json list", "tuple"):
        return _cut(_braced(lines, in_order=layout in ("json list", "tuple")))
    if layout == "csv":
        return _cut(_cells(lines))
    if layout is None and len(labels_in(lines)) < 2 and "%(" not in text:
        return error_lines(text)
    if layout is None and lines and lines[0].lstrip()[:1] in ("{", "[", "("):
        return _cut(_braced(lines, in_order=False))
    return _cut([labelled(line) or other(line) if not is_warning(line) else sentence(line) for line in lines])


def status_lines(text: str) -> t.List[str]:
    """The lines of a reply with the status of the nodes."""
    lines = lines_of(text)
    if any(line.lstrip().startswith(("{", "[")) for line in lines):
        return _cut(_braced(lines, in_order=False))
    return error_lines(text)


def help_lines(text: str) -> t.List[str]:
    """Of the help, what it says about the two calls for the settings; all of it if it names neither."""
    said: t.List[str] = []
    own, named, left_out = False, False, 0
    for line in lines_of(text):
        call = _CALL.match(line)
        own = call[1] in METHODS and "remote_syslog" in call[1] if call else own
        named = named or own
        if not own and line:
            left_out += 1
            continue
        said += [f"<{left_out} other lines>"] if left_out else []
        said.append(sentence_of_help(line))
        left_out = 0
    return _cut([*said, *([f"<{left_out} other lines>"] if left_out else [])]) if named else error_lines(text)


def sentence_of_help(line: str) -> str:
    """A line of a signature, or of its description."""
    parts = re.split(rf"({_TEXT}|\w+)", line)
    said = []
    for number, part in enumerate(parts):
        if number % 2 == 0:
            said.append("".join(char if char in " \t()=,*->" and char != ">" else _angle(char) for char in part))
        elif part[:1] in "'\"":
            said.append(part[0] + value("", part[1:-1]) + part[0])
        else:
            said.append(sentence(part))
    return "".join(said)


def _angle(char: str) -> str:
    if char in "<>":
        return "<lt>" if char == "<" else "<gt>"
    return char if char in ".:;[]" else shape(char)


def error_lines(text: str) -> t.List[str]:
    """The lines of a reply that is something else: an error, a page for people, a list."""
    return _cut([sentence(line) for line in lines_of(text)])


def _cut(lines: t.List[str]) -> t.List[str]:
    return lines if len(lines) <= MOST else [*lines[:MOST], f"<{len(lines) - MOST} more lines>"]


def _braced(lines: t.Sequence[str], in_order: bool) -> t.List[str]:
    """Lines with an object or a list in them, and sentences around it."""
    starts = [number for number, line in enumerate(lines) if line.lstrip()[:1] in ("{", "[", "(")]
    ends = [number for number, line in enumerate(lines) if line.rstrip()[-1:] in ("}", "]", ")")]
    first, last = (starts[0], ends[-1]) if starts and ends and ends[-1] >= starts[0] else (0, len(lines) - 1)
    inner = _object("\n".join(lines[first : last + 1]), in_order)
    return [*map(sentence, lines[:first]), *inner.split("\n"), *map(sentence, lines[last + 1 :])]


def _object(text: str, in_order: bool) -> str:
    said, key, place = [], "", 0
    lexemes = list(_LEXEMES.finditer(text))
    # Whether a colon follows, from the end on.
    is_key, colon = [False] * len(lexemes), False
    for number in range(len(lexemes) - 1, -1, -1):
        is_key[number] = colon and not in_order
        colon = lexemes[number][0] == ":" or (colon and not lexemes[number][0].strip())
    for match, names in zip(lexemes, is_key):
        lexeme = match[0]
        if match.lastgroup == "mark":
            said.append(lexeme)
            # A text in a list of warnings, or in an inner object, is not the value of a setting.
            key = "" if lexeme in "{}[]()" else key
            place += lexeme == ","
        elif match.lastgroup == "text":
            name = NAMES[place] if in_order and place < len(NAMES) else key
            said.append(_quoted(lexeme, _key if names else functools.partial(_item, name)))
            key = _name_of(_unquoted(lexeme)) if names else key
        elif match.lastgroup in ("number", "decimal"):
            said.append(f"<{match.lastgroup}>" + ("L" if lexeme.endswith("L") else ""))
        else:
            said.append(lexeme if lexeme in LITERALS else shape(lexeme))
    return "".join(said)


def _item(name: str, text: str) -> str:
    return value(name, text) if name else sentence(text) if is_warning(text) else shape(text)


def _key(text: str) -> str:
    known = text in KEYS or text in NAMES
    return text if known else shape(text)


def _name_of(key: str) -> str:
    match = LABEL.fullmatch(key)
    return setting(match[1]) if match else ""


def _unquoted(lexeme: str) -> str:
    try:
        found = json.loads(lexeme) if lexeme[0] == '"' else ast.literal_eval(lexeme)
        return found if isinstance(found, str) else ""
    except (ValueError, SyntaxError):
        return ""


def _quoted(lexeme: str, said: Read) -> str:
    """A text in quotes, with what is said of it in the same quotes."""
    prefix = lexeme[: re.search("['\"]", lexeme).start()]  # type: ignore[union-attr]
    quote, inner = lexeme[len(prefix)], _unquoted(lexeme)
    text = said(inner) if inner or len(lexeme) == len(prefix) + 2 else shape(lexeme[len(prefix) + 1 : -1])
    return f"{prefix}{quote}{text.replace(chr(92), chr(92) * 2).replace(quote, chr(92) + quote)}{quote}"


def _cells(lines: t.Sequence[str]) -> t.List[str]:
    """One comma-separated line, in which a text in quotes may contain line ends, and sentences around it."""
    first = next((n for n, line in enumerate(lines) if line.count(",") > 2 and not is_warning(line)), 0)
    last = first
    while "\n".join(lines[first : last + 1]).count('"') % 2 and last < len(lines) - 1:
        last += 1
    said, place = [], 0
    for match in _CELL.finditer("\n".join(lines[first : last + 1])):
        cell, name = match[0], NAMES[min(place, len(NAMES) - 1)]
        if match.lastgroup == "mark":
            said.append(cell)
            place += cell == ","
        elif match.lastgroup == "quoted":
            # A line end inside stays one, so that the file shows it.
            inner = cell[1:-1].replace('""', '"')
            said.append('"' + "\n".join(value(name, part) for part in inner.split("\n")).replace('"', '""') + '"')
        else:
            said.append(value(name, cell))
    return [*map(sentence, lines[:first]), *"".join(said).split("\n"), *map(sentence, lines[last + 1 :])]
