# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the reply to the get call is laid out."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Dict, List, Tuple

from .prose import say
from .state import Snapshot
from .switches import Switches
from .values import SETTINGS, TEMPLATES, port_number, spell

_SEPARATOR = {"kv_colon": ": ", "kv_equals": " = ", "kv_blank": " "}
_IN_ORDER = ("csv", "tuple")
WIDTH = 72


def _mangle(text: str, how: str) -> str:
    if how == "quoted":
        return f'"{text}"'
    if how == "single_quoted":
        return f"'{text}'"
    if how == "trailing_blank":
        return text + "  "
    if how == "trimmed":
        return text.rstrip(" ")
    if how in ("spanning", "folded"):
        joint = "\n" if how == "spanning" else "\n    "
        return joint.join(text[i : i + WIDTH] for i in range(0, len(text), WIDTH))
    return text


def _label(name: str, style: str) -> str:
    return {"plain": name, "title": name.replace("_", " ").title(), "capital": name.capitalize()}[style]


class _Long(int):
    """A number as Python 2 prints one."""

    def __repr__(self) -> str:
        return f"{int(self)}L"


def _native(name: str, text: str) -> Any:
    try:
        if name == "port":
            return port_number(text)
    except ValueError:
        return text
    if name == "enabled" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text


def _names(switches: Switches) -> List[str]:
    missing = set(switches.names("label_missing"))
    if switches["without_status_template"]:
        missing.add("status_template")
    names = [name for name in SETTINGS if name not in missing]
    return sorted(names) if switches["get_order"] == "sorted" and switches["get_format"] not in _IN_ORDER else names


def _with_more(shown: Dict[str, str], snapshot: Snapshot, switches: Switches) -> Dict[str, str]:
    """Add the settings of a newer build."""
    more = dict(pair.split("=", 1) for pair in switches.names("more_settings"))
    if snapshot.more_cleared:
        more = dict.fromkeys(more, "")
    names = list(shown)
    at = {"first": 0, "after_template": names.index(TEMPLATES[0]) + 1, "last": len(names)}[switches["more_place"]]
    at = len(names) if switches["get_format"] in _IN_ORDER else at
    return {**{name: shown[name] for name in names[:at]}, **more, **{name: shown[name] for name in names[at:]}}


def _warnings(
    shown: Dict[str, str], snapshot: Snapshot, defaults: Dict[str, str], switches: Switches, language: str
) -> Dict[str, str]:
    if switches["warnings"] == "none":
        return {}
    texts = {}
    for name in shown:
        pinned = name in snapshot.pinned
        if pinned and (switches["warn_when"] == "pinned" or snapshot.values[name] != defaults[name]):
            texts[name] = say(language, "not_default", name=name, default=spell(name, defaults[name], switches))
    return texts


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _object(shown: Dict[str, str], inline: List[str], switches: Switches) -> str:
    content: Dict[str, Any] = {
        name: text if switches["native_types"] == "false" else _native(name, text) for name, text in shown.items()
    }
    if inline:
        content["warnings"] = inline
    if switches["get_format"] == "json":
        return json.dumps(content, ensure_ascii=False)
    if switches["native_types"] == "long":
        content = {name: _Long(value) if _is_number(value) else value for name, value in content.items()}
    return repr(tuple(content.values()) if switches["get_format"] == "tuple" else content)


def _body(shown: Dict[str, str], warnings: Dict[str, str], switches: Switches) -> Tuple[List[str], List[str]]:
    """Return the reply's own lines, and the warnings that an inline reply has no room for."""
    layout, inline = switches["get_format"], switches["warnings"] == "inline"
    if layout == "tuple":
        return [_object(shown, [], switches)], list(warnings.values()) if inline else []
    if layout in ("json", "repr"):
        return [_object(shown, list(warnings.values()) if inline else [], switches)], []
    if layout == "csv":
        line = io.StringIO()
        # Before Python 3.13 a line feed in a value is quoted only when it is also the line's end.
        csv.writer(line, lineterminator="\n").writerow(shown.values())
        return [line.getvalue().removesuffix("\n")], list(warnings.values()) if inline else []
    lines = []
    for name, text in shown.items():
        lines.append(_label(name, switches["labels"]) + _SEPARATOR[layout] + text)
        if inline and name in warnings:
            lines.append(warnings[name])
    return lines, []


def get_reply(snapshot: Snapshot, defaults: Dict[str, str], switches: Switches, language: str) -> str:
    """Return the text of a get call's reply, with LF line ends."""
    shown = {name: spell(name, snapshot.values[name], switches) for name in _names(switches)}
    for name in TEMPLATES:
        if name in shown:
            shown[name] = _mangle(shown[name], switches["template_mangle"])
    warnings = _warnings(shown, snapshot, defaults, switches, language)
    shown = _with_more(shown, snapshot, switches)
    lines, homeless = _body(shown, warnings, switches)
    if homeless:
        middle = (len(homeless) + 1) // 2
        lines = homeless[:middle] + lines + homeless[middle:]
    elif switches["warnings"] == "before":
        lines = list(warnings.values()) + lines
    elif switches["warnings"] == "after":
        lines = lines + list(warnings.values())
    return "\n".join(lines) + ("\n" if switches["last_line_end"] else "")


def encode(text: str, switches: Switches) -> bytes:
    """Return a reply as bytes: line ends, character set and byte order mark by the switches."""
    if switches["line_end"] == "crlf":
        text = text.replace("\n", "\r\n")
    if switches["charset"] == "latin-1":
        return text.encode("latin-1", "replace")
    data = text.encode("utf-8", "surrogateescape")
    return b"\xef\xbb\xbf" + data if switches["bom"] and data else data
