# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster as the playbook probe saw it: its replies again, with made-up values of the same shape.

Until the first set call, each call is answered as the file has it. From then on the get call shows what was set, in
the positions of the switches that come nearest to the file.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Match, Optional, Union

from .faults import Reply
from .values import SETTINGS, TEMPLATES

FORMAT = 1
GET = "api_get_remote_syslog_server"

# A text for each class of characters; of those with several, one makes a word that no reader knows.
_FILLERS = {
    **{"%(": "%(", ")s": ")s", ")": ")", "_": "_", "b": " ", "t": "\t", "r": "\r", "n": "\n", "q": '"', "s": "'"},
    **{":": ":", "=": "=", "-": "-", ".": ".", "c": "\x1f", "C": "\x01", "u": "ü", "o": "·"},
}
_ALPHABETS = {"w": "xvzq", "x": "xvzq", "X": "XVZQ", "9": "9876"}
_WORDS = {"lt": "<", "gt": ">", "number": "514", "decimal": "0.5", "ip4": "192.0.2.1", "ip6": "2001:db8::1"}
_RUN = re.compile(r"(%\(|\)s|[^ ])([0-9]+)")
_LITERAL = re.compile(r"([uUbB]?)('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")(\s*:)?")
_CELL = re.compile(r'"((?:""|[^"])*)"')
_LABEL = re.compile(
    r"\s*({})\s*[:=]?[ \t]?(.*)".format("|".join(name.replace("_", "[ _-]?") for name in SETTINGS)), re.IGNORECASE
)
_FORMATS = {
    **{"colon": "kv_colon", "equals": "kv_equals", "blank": "kv_blank"},
    **{"json": "json", "repr": "repr", "tuple": "tuple", "csv": "csv"},
}
_LABELS = {"Socket Type": "title", "Socket_type": "capital"}
_PLACES = {"between": "inline", "inside": "inline", "around": "inline"}
_NUMERIC = {"socket_type": {"2": "numeric"}, "facility": {"16": "numeric"}, "level": {"20": "numeric", "6": "syslog"}}
_TLS = {
    "expired": "expired",
    "wrong name": "wrong_name",
    "self-signed": "self_signed",
    "unknown CA": "unknown_ca",
    "unusable certificate": "version_1",
    "no TLS": "none",
}
_FAULTS = {
    "broken connection": "dropped",
    "cut off": "truncated",
    "too long": "endless",
    "too slow": "drip",
    "compressed": "bomb",
}


def fill(text: str, serial: int = 0) -> str:
    """Return a text of the file with something in place of each shape; another serial gives another text."""
    return re.sub("<([^<>]*)>", lambda match: _filled(match[1], serial), text)


def _filled(shape: str, serial: int) -> str:
    if shape in _WORDS:
        return _WORDS[shape]
    if shape.startswith("like "):
        return shape[5:]
    more = re.fullmatch("([0-9]+) (more|other) lines", shape)
    if more:
        return "\n".join(["x" if more[2] == "more" else "api_x()"] * int(more[1]))
    parts = []
    for sign, count in _RUN.findall(shape):
        for _number in range(int(count)):
            letters = _ALPHABETS.get(sign)
            if letters:
                serial, at = divmod(serial, len(letters))
                parts.append(letters[at])
            else:
                parts.append(_FILLERS[sign])
    return "".join(parts)


def _filled_lines(seen: Mapping[str, Any]) -> str:
    """Return the lines of a reply as one text; what stands in quotes is escaped as the layout asks."""
    lines = seen["lines"]
    if "read" in seen and seen["read"].get("layout") == "csv":
        return fill(_CELL.sub(_cell, "\n".join(lines)))
    starts = [number for number, line in enumerate(lines) if line.lstrip()[:1] in ("{", "[", "(")]
    ends = [number for number, line in enumerate(lines) if line.rstrip()[-1:] in ("}", "]", ")")]
    if not starts or not ends or ends[-1] < starts[0]:
        return "\n".join(map(fill, lines))
    first, last = starts[0], ends[-1]
    return "\n".join(
        [*map(fill, lines[:first]), _object("\n".join(lines[first : last + 1])), *map(fill, lines[last + 1 :])]
    )


def _cell(match: Match[str]) -> str:
    return '"' + fill(match[1].replace('""', '"')).replace('"', '""') + '"'


def _object(text: str) -> str:
    parts, end, keys = [], 0, 0
    for match in _LITERAL.finditer(text):
        quote, inner = match[2][0], match[2][1:-1].replace("\\" + match[2][0], match[2][0]).replace("\\\\", "\\")
        keys += bool(match[3])
        inner = fill(inner, keys if match[3] else 0)
        parts += [fill(text[end : match.start()]), match[1], _literal(inner, quote), match[3] or ""]
        end = match.end()
    return "".join(parts) + fill(text[end:])


def _literal(text: str, quote: str) -> str:
    return json.dumps(text, ensure_ascii=False) if quote == '"' else _single(text)


def _single(text: str) -> str:
    plain = repr(text)
    return plain if plain[0] == "'" else "'" + plain[1:-1].replace("'", "\\'") + "'"


class Replay:
    """One report of a probe's file, as the emulator needs it."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        if report.get("format") != FORMAT:
            raise ValueError(f"the report has format {report.get('format')!r}, not {FORMAT}")
        self._calls: Dict[str, Any] = report["calls"]
        self.switches: Dict[str, Any] = {**_connection_switches(report), **_settings_switches(self._calls[GET])}
        get = self._calls[GET]
        self.values = _values(_filled_lines(get)) if "read" in get else {}

    def reply(self, call: str, written: bool) -> Optional[Reply]:
        """Return what a call gets, or None if the emulator's own reply is the one: after a set call, if it can."""
        seen = self._calls.get(call)
        if seen is None or (written and call == GET and "get_format" in self.switches):
            return None
        if "lines" not in seen:
            return Reply(transmit=_FAULTS.get(seen["cause"], "dropped"))
        headers = seen["headers"]
        more = [("WWW-Authenticate", f'{scheme} realm="x"') for scheme in headers.get("authentication", ())]
        more += [("Location", "/x")] if headers.get("location") else []
        more += [("Retry-After", "0")] if headers.get("retry_after") else []
        more += [("Set-Cookie", "x=x")] if headers.get("set_cookie") else []
        charset = f"; charset={headers['charset']}" if "charset" in headers else ""
        return Reply(
            status=seen["status"],
            headers=more,
            body=_encoded(_filled_lines(seen), seen),
            content_type=headers.get("content_type", "") + charset,
            server=headers.get("server", "").title(),
        )


def _encoded(text: str, seen: Mapping[str, Any]) -> bytes:
    if seen["line_ends"] == "crlf":
        text = text.replace("\n", "\r\n")
    elif seen["line_ends"] == "mixed":
        text = text.replace("\n", "\r\n", 1)
    data = text.encode("latin-1" if seen["encoding"] == "latin-1" else "utf-8")
    return b"\xef\xbb\xbf" + data if seen["byte_order_mark"] else data


def _connection_switches(report: Mapping[str, Any]) -> Dict[str, Any]:
    get = report["calls"][GET]
    switches: Dict[str, Any] = {"auth": get["login"]} if "login" in get else {}
    certificate = report["connection"].get("certificate") or {}
    kind = _TLS.get(get.get("cause", ""), "good")
    if certificate.get("version") == 1:
        kind = "version_1"
    elif certificate.get("self_signed"):
        kind = "self_signed"
    elif certificate.get("validity") == "expired":
        kind = "expired"
    return {**switches, "tls": kind}


def _settings_switches(get: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the switches that come nearest to what the file says of the get call; none for a layout unlike ours."""
    read = get.get("read")
    if read is None or read["layout"] not in _FORMATS:
        return {}
    text = "\n".join(get["lines"])
    long = re.search(r"<number>L", text)
    spelled = {name: _NUMERIC.get(name, {}).get(word, word) for name, word in read["spellings"].items()}
    switches = {
        "get_format": _FORMATS[read["layout"]],
        "labels": _LABELS.get(read["labels"], "plain"),
        "get_order": "sorted" if read["order"] == "sorted" else "signature",
        "native_types": "long" if long else "false" if re.search(r"['\"]<number>['\"]", text) else "true",
        "warnings": _PLACES.get(read["warnings"], read["warnings"]),
        "translated": "always" if read["warnings"] != "none" and not read["defaults_understood"] else "none",
        "deprecated": read["notices"] > 0,
        "template_mangle": _mangle(list(read["templates"].values())),
        "line_end": "crlf" if get["line_ends"] == "crlf" else "lf",
        "last_line_end": get["ends_with_line_end"],
        "bom": get["byte_order_mark"],
        "charset": "latin-1" if get["encoding"] == "latin-1" else "utf-8",
    }
    names = {"enabled": "bool", "socket_type": "socket", "facility": "facility", "level": "level"}
    return {
        **switches,
        **{f"{names[name]}_spelling": "as_set" if word == "unknown" else word for name, word in spelled.items()},
    }


def _mangle(templates: List[Mapping[str, Any]]) -> str:
    if any(one["lines"] > 1 for one in templates):
        return "folded" if any(one["indent"] > 1 for one in templates) else "spanning"
    if all(one["quotes"] != "none" for one in templates):
        return "quoted" if templates[0]["quotes"] == "double" else "single_quoted"
    return "trailing_blank" if all(one["blanks_at_end"] > 1 for one in templates) else "none"


def _values(text: str) -> Dict[str, str]:
    """Return the settings of a filled reply, for a set call that leaves some of them out."""
    found = {}
    for line in text.split("\n"):
        match = _LABEL.match(line)
        if match:
            squeezed = re.sub("[ _-]", "", match[1].lower())
            found[next(name for name in SETTINGS if name.replace("_", "") == squeezed)] = match[2]
    return {name: value for name, value in found.items() if value and (name in TEMPLATES or name == "host")}


def load(dialect: Union[str, Path, Mapping[str, Any]]) -> Replay:
    """Return a report that is given, or the one in a file. Several in a file: FILE#2 is the second."""
    if not isinstance(dialect, (str, Path)):
        return Replay(dialect)
    path, _mark, number = str(dialect).partition("#")
    reports = json.loads(Path(path).read_text(encoding="utf-8"))["clusters"]
    return Replay(reports[int(number or 1) - 1])
