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

# The order of the vendor's documented signature.
NAMES = ("host", "port", "facility", "socket_type", "message_template", "enabled", "level", "status_template")
TEMPLATES = ("message_template", "status_template")
NAME = "|".join(name.replace("_", "[ _-]?") for name in NAMES)
LABEL = re.compile(rf"\s*['\"]?({NAME})(?![\w)])", re.IGNORECASE)
PROSE = re.compile(r"[^\W\d_]+:?(?: [^\s%]+){3,}$")

Values = t.Dict[str, str]
# The settings, and the lines that do not belong to them.
Layout = t.Callable[[t.Sequence[str]], t.Optional[t.Tuple[Values, t.List[str]]]]

# The least width, in characters, of a line that may have been folded.
_SHORTEST = 40
_BEGUN = re.compile(r"[^\W\d_]+:?(?: [^\s%]+)*\Z")
# A beginning like that of a label, whatever its name.
_LABEL_LIKE = re.compile(r"\s*['\"]?[A-Za-z][\w -]*(?:[:=]|[ \t]+\S)")


def setting(label: str) -> str:
    """The name of the setting that a label, however it is written, stands for."""
    squeezed = re.sub("[ _-]", "", label.lower())
    return next(name for name in NAMES if name.replace("_", "") == squeezed)


def labels_in(lines: t.Iterable[str]) -> t.Set[str]:
    """The settings for which a text has labels or keys, in any layout."""
    found = {setting(label) for line in lines for label in re.findall(rf"['\"]({NAME})['\"]\s*:", line, re.IGNORECASE)}
    return found | {setting(match[1]) for match in map(LABEL.match, lines) if match}


def _labelled(separator: str) -> Layout:
    """A layout of one ``label separator value`` line a setting; a template may be folded over the next lines."""
    pattern = re.compile(rf"[ \t]*({NAME}){separator}(.*)\Z", re.IGNORECASE | re.DOTALL)

    def layout(lines: t.Sequence[str]) -> t.Optional[t.Tuple[Values, t.List[str]]]:
        found: t.Dict[str, t.List[str]] = {}
        widths: t.Dict[str, int] = {}
        messages: t.List[str] = []
        last, gap = "", False
        for number, line in enumerate(lines, 1):
            match = pattern.match(line)
            if match:
                last = setting(match.group(1))
                if last in found:
                    return None
                found[last], widths[last], gap = [match.group(2)], len(line), False
            elif last in TEMPLATES and line.strip(" \t\r"):
                # The last line does not end in a line feed: it may be the beginning of a warning.
                begun = number == len(lines) and _BEGUN.match(line.strip())
                if begun or gap or PROSE.match(line.strip()) or LABEL.match(line):
                    return None
                found[last].append(line)
            else:
                gap = not line.strip(" \t\r")
                messages.append(line)
        if set(found) != set(NAMES) or not _is_folded([(widths[name], found[name]) for name in TEMPLATES]):
            return None
        return {name: "\n".join(parts) for name, parts in found.items()}, messages

    return layout


def _is_folded(templates: t.Sequence[t.Tuple[int, t.Sequence[str]]]) -> bool:
    """Whether the lines below templates (width of the first line with its label, pieces) are certain to be theirs.

    They are where all pieces but the last have one width, and there are two such pieces at least; else each line has to
    hold the beginning or the end of a field, and to follow a line long enough to be folded. A line of anything else
    would be written back as part of the template.
    """
    folded = [(width, pieces) for width, pieces in templates if len(pieces) > 1]
    more = [line for _width, pieces in folded for line in pieces[1:]]
    indents = [len(line) - len(line.lstrip(" \t")) for line in more] or [0]
    indent, tails = min(indents), [pieces[-1] for _width, pieces in folded]
    # One blank more can be the template's own.
    for values in (True, False) if max(indents) - indent < 2 else ():
        full = [len(pieces[0]) if values else width for width, pieces in folded]
        full += [len(line) - indent * values for _width, pieces in folded for line in pieces[1:-1]]
        if len(full) > 1 and len(set(full)) == 1 and all(len(tail) - indent * values <= full[0] for tail in tails):
            return not any(_LABEL_LIKE.match(tail) for tail in tails)
    before = [size for width, pieces in folded for size in (width, *map(len, pieces[1:-1]))]
    fields = all(re.search(r"%\(|\)s", line) and not _LABEL_LIKE.match(line) for line in more)
    return fields and min(before, default=_SHORTEST) >= _SHORTEST


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


def _unique(pairs: t.Sequence[t.Tuple[str, t.Any]]) -> t.Dict[str, t.Any]:
    """An object whose keys all differ, because it is unknown which of two applies. Raises ValueError."""
    if len({name for name, _value in pairs}) < len(pairs):
        raise ValueError("a key occurs twice")
    return dict(pairs)


def _json(text: str) -> t.Any:
    return json.loads(text, object_pairs_hook=_unique)


def _repr(text: str) -> t.Any:
    for node in ast.walk(ast.parse(text, mode="eval")):
        if isinstance(node, ast.Dict):
            _unique([(ast.dump(key), None) for key in node.keys if key is not None])
    return ast.literal_eval(text)


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
        # Line ends are kept, because a quoted template may contain them.
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
    _object(_json),
    _object(_repr),
    _labelled(r"[ \t]*:[ \t]?"),
    _labelled(r"[ \t]*=[ \t]?"),
    # Not before a separator of the other two, which would then be part of the value.
    _labelled(r"(?:[ \t]+(?![:=](?:[ \t]|\Z))|\Z)"),
    _csv,
)
