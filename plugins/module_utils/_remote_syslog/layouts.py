# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The layouts that the settings may have in a get call's reply. Which one is in use is documented nowhere.

Each layout that is understood is one function and one row in LAYOUTS; a reply that fits none of them with certainty is
refused.
"""

from __future__ import annotations

import ast
import csv
import json
import re
import typing as t

from .._api.answer import FAILED, PROSE, braced, unique
from .folding import is_complete, is_folded, may_go_on
from .settings import NAMES, TEMPLATES, has_its_form

NAME = "|".join(name.replace("_", "[ _-]?") for name in NAMES)
LABEL = re.compile(rf"\s*['\"]?({NAME})(?![\w)])", re.IGNORECASE)

Values = t.Dict[str, str]


class Found(t.NamedTuple):
    """The settings in a reply, settings that this collection does not know, and the lines that are neither.

    tails: for a template, the name of such a setting right below it and its line, which may be the template's own end.
    """

    values: Values
    unknown: Values
    messages: t.List[str]
    tails: t.Mapping[str, t.Tuple[str, str]] = {}


Layout = t.Callable[[t.Sequence[str]], t.Optional[Found]]

_BEGUN = re.compile(r"[^\W\d_]+:?(?: [^\s%]+)*\Z")
# What a setting other than a template may hold: a number, a word, an address, a path.
_VALUE = re.compile(r"(['\"]?)[\w./:@,+-]*\1[ \t\r]*\Z")
# A setting whose label shows how a reply writes two words.
_TWOFOLD = next(name for name in NAMES if name.count("_") == 1)
_LONG = re.compile(r"('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")|\b([0-9]+)L\b")


def setting(label: str) -> str:
    """The name of the setting that a label, however it is written, stands for."""
    squeezed = label.lower().replace(" ", "").replace("_", "").replace("-", "")
    return next(name for name in NAMES if name.replace("_", "") == squeezed)


def labels_in(lines: t.Iterable[str]) -> t.Set[str]:
    """The settings for which a text has labels or keys, in any layout."""
    found = {setting(label) for line in lines for label in re.findall(rf"['\"]({NAME})['\"]\s*:", line, re.IGNORECASE)}
    return found | {setting(match[1]) for match in map(LABEL.match, lines) if match}


def _labelled(separator: str) -> Layout:
    """A layout of one ``label separator value`` line a setting; a template may be folded over the next lines."""
    pattern = re.compile(rf"([ \t]*)({NAME})({separator})(.*)\Z", re.IGNORECASE | re.DOTALL)

    def layout(lines: t.Sequence[str]) -> t.Optional[Found]:
        own = [match for match in map(pattern.match, lines) if match]
        found: t.Dict[str, t.List[str]] = {}
        widths: t.Dict[str, int] = {}
        unknown: Values = {}
        messages: t.List[str] = []
        tails: t.Dict[str, t.Tuple[str, str]] = {}
        last, gap = "", False
        for number, line in enumerate(lines, 1):
            match = pattern.match(line)
            full = line.strip(" \t\r")
            below = last in TEMPLATES and full
            other = _like_the_others(line, own, separator) if own and full and not match else None
            if match:
                last = setting(match[2])
                if last in found:
                    return None
                found[last], widths[last], gap = [match[4]], len(line), False
            elif other and (not below or gap or is_complete(widths[last], found[last])):
                is_value = other[2].lower().endswith("template") or _VALUE.match(other[4])
                if other[2] in unknown or (below and not is_value):
                    return None
                if below and not gap:
                    tails[last] = (other[2], line)
                # What follows cannot be the rest of the template above.
                unknown[other[2]], gap = other[4].strip(" \t\r"), True
            elif below:
                # The last line does not end in a line feed: it may be the beginning of a warning.
                begun = number == len(lines) and _BEGUN.match(line.strip())
                if begun or gap or PROSE.match(line.strip()) or LABEL.match(line):
                    return None
                found[last].append(line)
            else:
                gap = gap or not line.strip(" \t\r")
                messages.append(line)
        if set(found) != set(NAMES):
            return None
        templates = {name: (widths[name], found[name]) for name in TEMPLATES}
        if not is_folded(list(templates.values())):
            return None
        if any(may_go_on(templates[name], list(templates.values())) for name in tails):
            return None
        return Found({name: "\n".join(parts) for name, parts in found.items()}, unknown, messages, tails)

    return layout


def _like_the_others(line: str, own: t.Sequence[t.Match[str]], separator: str) -> t.Optional[t.Match[str]]:
    """The match of a line that is written just as those of the known settings are, whose matches are given.

    It has the same indent, the same separator or column, and a label in the style of one that has two words.
    """
    if LABEL.match(line) or PROSE.match(line.strip()) or FAILED.search(line):
        return None
    twofold = next((match[2] for match in own if setting(match[2]) == _TWOFOLD), _TWOFOLD)
    begin, end = map(len, _TWOFOLD.split("_"))
    first, joint, second = twofold[:begin], twofold[begin:-end], twofold[-end:]
    label = f"{_word_like(first)}(?:{joint}{_word_like(second)})*"
    match = re.match(rf"([ \t]*)({label})({separator})(.*)\Z", line, re.DOTALL)
    if match is None:
        return None
    # Two words side by side are a label and its value only where labels cannot be mistaken for a sentence.
    if not match[3].strip() and (not first.islower() or joint == " " or " " in match[4].strip()):
        return None
    shapes = {(match[1], match[3]) for match in own if match[4]}
    columns = {(match[1], match.start(4)) for match in own if match[4]}
    alike = (match[1], match[3]) in shapes or columns == {(match[1], match.start(4))}
    return match if alike else None


def _word_like(word: str) -> str:
    if word.islower():
        return "[a-z][a-z0-9]*"
    return "[A-Z][A-Z0-9]*" if word.isupper() else "[A-Z][a-z0-9]*"


def _json(text: str) -> t.Any:
    return json.loads(text, object_pairs_hook=unique)


def _repr(text: str) -> t.Any:
    # Python 2 has long integers, such as 514L.
    text = _LONG.sub(lambda match: match[1] or match[2], text)
    for node in ast.walk(ast.parse(text, mode="eval")):
        if isinstance(node, ast.Dict):
            unique([(ast.dump(key), None) for key in node.keys if key is not None])
    return ast.literal_eval(text)


def _text(value: t.Any) -> str:
    return "" if value is None else str(value)


def _object(parse: t.Callable[[str], t.Any]) -> Layout:
    """A layout of one object between braces, which may have lines before and after it."""

    def layout(lines: t.Sequence[str]) -> t.Optional[Found]:
        content, messages = braced(lines, parse) or (None, [])
        if not isinstance(content, dict) or not set(NAMES) <= set(content):
            return None
        if not all(content[name] is None or isinstance(content[name], (str, int)) for name in NAMES):
            return None
        more = content.get("warnings") or content.get("messages") or []
        messages += [str(message) for message in (more if isinstance(more, list) else [more])]
        others = {str(name): value for name, value in content.items() if name not in (*NAMES, "warnings", "messages")}
        if any(value for name, value in others.items() if FAILED.search(name)):
            return None
        unknown = {name: _text(value) for name, value in others.items() if not FAILED.search(name)}
        return Found({name: _text(content[name]) for name in NAMES}, unknown, messages)

    return layout


def _sequence(parse: t.Callable[[str], t.Any]) -> Layout:
    """A layout of one tuple or list in the signature's order, which may have lines before and after it."""

    def layout(lines: t.Sequence[str]) -> t.Optional[Found]:
        content, messages = braced(lines, parse, "([", ")]") or ((), [])
        if not isinstance(content, (tuple, list)):
            return None
        if not all(value is None or isinstance(value, (str, int)) for value in content):
            return None
        return _in_order([_text(value) for value in content], messages)

    return layout


def _csv(lines: t.Sequence[str]) -> t.Optional[Found]:
    """A layout of one comma-separated line in the signature's order."""
    messages = [line for line in lines if re.match(r"[^\W\d_]+: ", line) or PROSE.match(line)]
    text = "\n".join(line for line in lines if line not in messages).strip("\n")
    try:
        # Line ends are kept, because a quoted template may contain them.
        rows = list(csv.reader(re.findall(r"[^\n]*\n|[^\n]+", text), strict=True))
    except csv.Error:
        return None
    return _in_order(rows[0], messages) if len(rows) == 1 else None


def _in_order(row: t.Sequence[str], messages: t.List[str]) -> t.Optional[Found]:
    """Eight values in the signature's order. With a ninth it is unknown where that one belongs."""
    values = dict(zip(NAMES, row))
    # Eight values could be anything; some settings have a form of their own.
    fits = len(row) == len(NAMES) and all(has_its_form(name, value) for name, value in values.items())
    return Found(values, {}, messages) if fits else None


LAYOUTS: t.Dict[str, Layout] = {
    "json": _object(_json),
    "repr": _object(_repr),
    "json list": _sequence(_json),
    "tuple": _sequence(_repr),
    "colon": _labelled(r"[ \t]*:[ \t]?"),
    "equals": _labelled(r"[ \t]*=[ \t]?"),
    # Not before a separator of the other two, which would then be part of the value.
    "blank": _labelled(r"(?:[ \t]+(?![:=](?:[ \t]|\Z))|\Z)"),
    "csv": _csv,
}
