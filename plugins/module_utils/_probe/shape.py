# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""A text as a probe's file may hold it: known words as they are, everything else by its shape.

A shape is what stands between ``<`` and ``>``. It is built from the text's characters and holds none of them:
``<x4 .1 x7>`` are four small letters, a mark and seven small letters. ``<like LOG_LOCAL0>`` is a facility in that
spelling, whichever it is. The emulator makes a text again from each shape.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
import typing as t

from .._remote_syslog.layouts import LABEL, NAME, setting
from .._remote_syslog.reply import DEFAULT, is_warning
from .._remote_syslog.settings import NAMES, TEMPLATES
from .._remote_syslog.spellings import SPELLINGS
from .words import LITERALS, METHODS, PROSE

# The classes of characters, each with its sign; the first that matches counts. They are as fine as it takes to tell
# layouts apart, and no finer. Of a long word, which may be a secret, not even the digits are told from the letters.
_CLASSES: t.Tuple[t.Tuple[str, str], ...] = (
    ("w", "[A-Za-z0-9_]{12,}"),
    ("%(", r"%\("),
    (")s", r"\)s"),
    (")", r"\)"),
    ("x", "[a-z]"),
    ("X", "[A-Z]"),
    ("9", "[0-9]"),
    ("_", "_"),
    ("b", " "),
    ("t", "\t"),
    ("r", "\r"),
    ("n", "\n"),
    ("q", '"'),
    ("s", "'"),
    (":", ":"),
    ("=", "="),
    ("-", r"[,;+&%<{(\[-]"),
    # Control characters that Python takes for white space, and the others.
    ("c", "[\x0b\x0c\x1c-\x1f\x85]"),
    ("C", "[\x00-\x1f\x7f-\x9f]"),
    ("u", r"[^\W\d_]"),
    ("o", r"[^\x00-\x7f]"),
    (".", "."),
)
_CLASS = re.compile("|".join(f"({pattern})" for _sign, pattern in _CLASSES), re.DOTALL)
# What may stand around a word of a sentence.
_EDGES = ".,:;!?'\"{}|*#-"
_PIECE = re.compile(r"\s+|[<>/=()\[\]]|[^\s<>/=()\[\]]+")
# What is longer, in characters, is not a sentence.
_LONGEST = 5000
_BARE = {name.replace("_", ""): name for name in NAMES}
# One value of each setting that has spellings, in which each of its spellings can be shown.
LIKE: t.Dict[str, t.Union[str, bool]] = {"facility": "local0", "level": "INFO", "socket_type": "udp", "enabled": True}
_BETWEEN = re.compile(r"[ \t]*[:=]?[ \t]*")


def shape(text: str) -> str:
    """The classes of a text's characters and how often each comes, without anything of the text itself."""
    if not text:
        return ""
    found = [(_CLASSES[match.lastindex - 1][0], len(match[0])) for match in _CLASS.finditer(text) if match.lastindex]
    runs = itertools.groupby(found, key=lambda one: one[0])
    return f"<{' '.join(f'{sign}{_count(sign, run)}' for sign, run in runs)}>"


def _count(sign: str, run: t.Iterable[t.Tuple[str, int]]) -> int:
    return sum(size for _sign, size in run) // len(sign)


def word(text: str) -> str:
    """A word that is known, or the shape of the text."""
    known = text.lower() in PROSE or text in METHODS or _setting(text) is not None
    # Only in usual capitals: which letters are large could tell something.
    usual = text in (text.lower(), text.upper(), text.capitalize(), text.title())
    return text if known and usual else shape(text)


def _setting(text: str) -> t.Optional[str]:
    return _BARE.get(re.sub(r"[ _-]", "", text).lower())


def sentence(text: str) -> str:
    """A sentence of the cluster: known words, marks around words, and the shapes of everything else."""
    if len(text) > _LONGEST:
        return shape(text)
    default = DEFAULT.search(text)
    if default:
        # A value of the product, or of whoever set it.
        start, end = default.span("value")
        named = re.findall(rf"\b(?:{NAME})\b", text[:start], re.IGNORECASE)
        quote = text[start] if text[start] in "'\"" else ""
        inner = value(setting(named[0]) if named else "", text[start + len(quote) : end - len(quote)])
        return f"{_words(text[:start])}{quote}{inner}{quote}{_words(text[end:])}"
    return _words(text)


def _words(text: str) -> str:
    # From its first field on it can be a template.
    field = text.find("%(")
    start = len(text) if field < 0 else max(text.rfind(" ", 0, field), text.rfind("\t", 0, field)) + 1
    return "".join(map(_piece, _PIECE.findall(text[:start]))) + shape(text[start:])


def _piece(piece: str) -> str:
    if piece.isspace():
        # Not every white space: some control characters count as such.
        return piece if piece.strip(" \t") == "" else shape(piece)
    if piece in "<>":
        return "<lt>" if piece == "<" else "<gt>"
    if piece in "/=()[]":
        return piece
    inner = piece.strip(_EDGES)
    before, after = piece[: len(piece) - len(piece.lstrip(_EDGES))], piece[len(piece.rstrip(_EDGES)) :]
    return before + word(inner) + after if inner else piece


def value(name: str, text: str) -> str:
    """The value of a setting: the style of its spelling if that is known, else its shape."""
    inner = text.strip(" \t\r")
    if name in TEMPLATES or not inner:
        return shape(text)
    lead, trail = text[: text.index(inner)], text[text.index(inner) + len(inner) :]
    return f"{shape(lead)}{_value(name, inner)}{shape(trail)}"


def _value(name: str, text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[0] + value(name, text[1:-1]) + text[0]
    if text in LITERALS and name not in SPELLINGS or text.lower() in ("none", "null", "default"):
        return text
    if name == "port" and re.fullmatch(r"[0-9]{1,18}L?", text):
        return "<number>" + ("L" if text.endswith("L") else "")
    if name in SPELLINGS:
        style = like(name, text)
        if style:
            return f"<like {style}>"
    return _address(text) if name == "host" else shape(text)


def like(name: str, text: str) -> str:
    """How one value of LIKE looks in the spelling of another; nothing if the spelling is not known."""
    meant = SPELLINGS[name].canonical(text)
    known = meant is not None and SPELLINGS[name].spell(meant, like=text) == text
    return SPELLINGS[name].spell(LIKE[name], like=text) if known else ""


def _address(text: str) -> str:
    bracketed = text.startswith("[") and text.endswith("]")
    try:
        kind = ipaddress.ip_address(text[1:-1] if bracketed else text).version
    except ValueError:
        return shape(text)
    return f"[<ip{kind}>]" if bracketed else f"<ip{kind}>"


def labelled(line: str) -> t.Optional[str]:
    """A line that begins with the label of a setting, else None."""
    match = LABEL.match(line)
    if match is None:
        return None
    rest = line[match.end() :]
    between = t.cast("t.Match[str]", _BETWEEN.match(rest))[0]
    return line[: match.end()] + between + value(setting(match[1]), rest[len(between) :])


def other(line: str) -> str:
    """A line that is neither a setting nor part of one for certain: a warning by its words, anything else by shape."""
    return sentence(line) if is_warning(line) else shape(line)
