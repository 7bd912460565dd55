# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dialects that the product may speak: rows of switches in which every pair of positions occurs.

A new layout is one word in get_format and, in the emulator, one function that writes it.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, Callable, Mapping

_LABELLED = ("kv_colon", "kv_equals", "kv_blank")
_OBJECTS = ("json", "repr")
_IN_ORDER = ("csv", "tuple")
_ANSWERS = ("empty", "newline", "quotes")

# None: the switch has no meaning in that row. Counting such a row would call a pair tried that never was.
# The first two decide what the others may be.
PARAMETERS: dict[str, tuple[Any, ...]] = {
    "get_format": (*_LABELLED, *_OBJECTS, *_IN_ORDER),
    "warnings": ("before", "inline", "after", "none"),
    "template_mangle": ("none", "quoted", "single_quoted", "trailing_blank", "trimmed", "spanning", "folded"),
    "bool_spelling": ("as_set", "True", "true", "1", "yes", "on", "enabled"),
    "socket_spelling": ("as_set", "udp", "UDP", "SOCK_DGRAM", "datagram", "numeric"),
    "facility_spelling": ("as_set", "local0", "LOCAL0", "LOG_LOCAL0", "numeric"),
    "level_spelling": ("as_set", "INFO", "info", "numeric"),
    "labels": ("plain", "title", "capital", None),
    "omitted": ("keep", "default", "clear"),
    "translated": ("none", "unless_asked", "always"),
    "set_reply": ("empty", "newline", "quotes", "OK"),
    "auth": ("basic", "digest", "both"),
    "native_types": ("true", "false", None),
    "get_order": ("signature", "sorted", None),
    "warn_when": ("differs", "pinned", None),
    "line_end": ("lf", "crlf"),
    "bom": (False, True),
    "charset": ("utf-8", "latin-1"),
    "accept_spelling": ("any", "own"),
    "deprecated": (False, True),
    "semicolon": ("split", "data"),
}

# (the switches it is about, what must hold, why).
_RULES: tuple[tuple[tuple[str, str], Callable[[Any, Any], bool], str], ...] = (
    (
        ("labels", "get_format"),
        lambda labels, layout: (labels is not None) == (layout in _LABELLED),
        "only labelled lines have labels of their own",
    ),
    (
        ("native_types", "get_format"),
        lambda native, layout: (native is not None) == (layout in _OBJECTS),
        "only objects have types",
    ),
    (
        ("get_order", "get_format"),
        lambda order, layout: (order is None) == (layout in _IN_ORDER),
        "values without labels have one order",
    ),
    (
        ("labels", "native_types"),
        lambda labels, native: (labels is None) or (native is None),
        "a layout is one or the other",
    ),
    (
        ("labels", "get_order"),
        lambda labels, order: labels is None or order is not None,
        "a line of values has no labels",
    ),
    (
        ("native_types", "get_order"),
        lambda native, order: native is None or order is not None,
        "csv has no types, and one row with a tuple's is enough",
    ),
    (
        ("warn_when", "warnings"),
        lambda when, warnings: (when is None) == (warnings == "none"),
        "no warnings, no moment for them",
    ),
    (
        ("warn_when", "translated"),
        lambda when, language: when is not None or language == "none",
        "no warnings, no language",
    ),
    (
        ("translated", "warnings"),
        lambda language, warnings: warnings != "none" or language == "none",
        "only warnings are translated here",
    ),
    (
        ("translated", "deprecated"),
        lambda language, deprecated: not (language == "always" and deprecated),
        "an unknown answer to a write that shows nowhere is a failure, and in that language no reset shows",
    ),
    (
        ("set_reply", "warnings"),
        lambda answer, warnings: answer in _ANSWERS or warnings != "none",
        "likewise: without warnings no reset shows",
    ),
    (
        ("set_reply", "warn_when"),
        lambda answer, when: answer in _ANSWERS or when is not None,
        "likewise",
    ),
    (
        ("set_reply", "translated"),
        lambda answer, language: answer in _ANSWERS or language != "always",
        "likewise",
    ),
    (("bom", "charset"), lambda bom, charset: not (bom and charset == "latin-1"), "Latin-1 has no byte order mark"),
)


def allowed(row: Mapping[str, Any]) -> bool:
    """Whether a row, or a part of one, makes sense."""
    return all(holds(row[one], row[two]) for (one, two), holds, _why in _RULES if one in row and two in row)


def pairs() -> set[tuple[tuple[str, Any], tuple[str, Any]]]:
    """Every pair of positions that can occur together in some row."""
    return {
        ((one, a), (two, b))
        for one, two in combinations(PARAMETERS, 2)
        for a in PARAMETERS[one]
        for b in PARAMETERS[two]
        if allowed({one: a, two: b})
    }


def covered(rows: list[dict[str, Any]]) -> set[tuple[tuple[str, Any], tuple[str, Any]]]:
    """Every pair of positions that occurs in the rows."""
    return {
        ((one, row[one]), (two, row[two]))
        for row in rows
        for one, two in combinations([name for name in PARAMETERS if name in row], 2)
    }


def _rows() -> list[dict[str, Any]]:
    """Rows until no pair is missing: each begins with a missing pair and takes in as many others as it can."""
    # allpairspy leaves pairs out, or does not end, where a rule forbids what it has begun.
    missing = dict.fromkeys(sorted(pairs(), key=repr))
    rows = []
    while missing:
        row = dict(next(iter(missing)))
        for name, values in PARAMETERS.items():
            if name not in row:
                row[name] = max(
                    (value for value in values if allowed({**row, name: value})),
                    key=lambda value: len(missing.keys() & covered([{**row, name: value}])),
                )
        rows.append({name: row[name] for name in PARAMETERS})
        for pair in covered(rows[-1:]):
            missing.pop(pair, None)
    return rows


def switches(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the emulator takes it."""
    return {name: value for name, value in row.items() if value is not None}


def shows_defaults(row: Mapping[str, Any]) -> bool:
    """Whether the replies say what is not the default, in words that are understood."""
    return row["warnings"] != "none" and row["translated"] != "always"


ROWS = {
    f"{number:02d}-{row['get_format']}-{row['template_mangle']}-{row['warnings']}": row
    for number, row in enumerate(_rows(), 1)
}
