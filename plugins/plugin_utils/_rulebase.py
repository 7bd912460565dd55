# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The receiver's parser: a log format as a liblognorm version 2 rulebase for rsyslog's mmnormalize.

Facts of liblognorm 2.0.6 (parser.c, pdag.c) that shape it: ``char-sep`` takes an empty field and ``string-to`` does
not; alternatives are tried in the order of their priority and inside a type the first that fits is final; ``rest``
comes last; a named ``literal`` gives its own text as value. So every field decides by itself where it ends, and a
record that does not fit falls through to the rule that says why.

A defect there shapes it too: after a rule that failed, a type of the user's own is taken to reach as far as that rule
got. So types stand only in rules that are the first to go beyond the head of a record, and each alternative in a type
reaches at least as far as the one before it; the rules that say why a record does not fit use none.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import typing as t

from ..module_utils._log_format.fields import DIGITS, KINDS, Field, invalid_key
from ..module_utils._log_format.record import OUTCOMES
from ..module_utils._log_format.template import VERSION, LogFormat, TemplateError, log_format

_HEADER = """version=2
# Managed by Ansible (spamexperts.local_cloud)
# How the records of a Local Cloud are read. Generated from the log format; it holds the secret.
"""


def _parser(name: str, kind: str, **extra: t.Any) -> str:
    return "%" + json.dumps(dict({"name": name, "type": kind}, **extra)) + "%"


def _literal(text: str) -> str:
    """Text as the rulebase has it: a percent sign opens a field, and control characters read better escaped."""
    return "".join("\\x%02x" % ord(char) if ord(char) < 32 or char in "%\\" else char for char in text)


def _until(name: str, end: str) -> t.List[str]:
    """Alternatives for text up to ``end``: empty or without end's first character, then anything."""
    return [
        _parser(name, "char-sep", extradata=end[0], priority=1) + _literal(end),
        _parser(name, "string-to", extradata=end, priority=2) + _literal(end),
    ]


def _integer(field: Field, end: str) -> t.List[str]:
    """Alternatives for an integer: a number, nothing, or any other text; the end belongs to each of them."""
    value = _parser(field.key, "number", format="number", maxval=field.maximum, priority=1)
    other = [_parser(invalid_key(field), "char-sep", extradata=end[0], priority=3) + _literal(end)]
    if len(end) > 1:
        other.append(_parser(invalid_key(field), "string-to", extradata=end, priority=4) + _literal(end))
    empty = _parser("-", "literal", text=end, priority=2)
    return [value + _literal(end), empty] + other


# The textual forms of RFC 4291, section 2.2, as POSIX expressions: liblognorm's own ipv4 type takes leading zeros,
# which no index takes, and its ipv6 type takes "dead".
_GROUP = "[0-9A-Fa-f]{1,4}"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = "^{0}([.]{0}){{3}}$".format(_OCTET)
IPV6 = (
    "^(({g}:){{7}}({g}|:)|({g}:){{6}}(:{g}|{v4}|:)|({g}:){{5}}((:{g}){{1,2}}|:{v4}|:)"
    "|({g}:){{4}}((:{g}){{1,3}}|(:{g})?:{v4}|:)|({g}:){{3}}((:{g}){{1,4}}|(:{g}){{0,2}}:{v4}|:)"
    "|({g}:){{2}}((:{g}){{1,5}}|(:{g}){{0,3}}:{v4}|:)|({g}:)((:{g}){{1,6}}|(:{g}){{0,4}}:{v4}|:)"
    "|:((:{g}){{1,7}}|(:{g}){{0,5}}:{v4}|:))$"
).format(g=_GROUP, v4="%s([.]%s){3}" % (_OCTET, _OCTET))


def parser(fmt: LogFormat) -> t.Dict[str, t.Any]:
    """What the receiver's configuration needs to know of a log format. ``rulebases`` and ``canary`` hold the secret."""
    fields = dict.fromkeys(field for kind in KINDS for field in fmt.fields(kind))
    return {
        "style": fmt.style,
        "secret": bool(fmt.secret),
        "previous": len(fmt.marks) > 1,
        "rulebases": rulebases(fmt),
        "canary": fmt.canary(fmt.marks[0]),
        "integer_fields": _integers(fmt),
        "separator": fmt.delimiter if fmt.style == "csv" else ord(fmt.delimiter),
        "digits": DIGITS,
        "ordinary": _ordinary(fmt),
        "ip_fields": [{"key": field.key, "invalid": invalid_key(field)} for field in fields if field.type == "ip"],
        "ipv4": IPV4,
        "ipv6": IPV6,
        "last_keys": {kind: fmt.fields(kind)[-1].key for kind in KINDS},
        "outcomes": {
            outcome: sorted(status for status in OUTCOMES if OUTCOMES[status] == outcome)
            for outcome in ("success", "failure")
        },
    }


def rulesets(listeners: t.Sequence[t.Mapping[str, t.Any]], default: t.Any) -> t.List[t.Dict[str, t.Any]]:
    """The parser of each log format that listeners have, with its ``name`` and those ``listeners``.

    A listener without a ``log_format`` of its own has the default one. Raises TemplateError naming the listener.
    """
    found: t.Dict[LogFormat, t.List[t.Dict[str, t.Any]]] = {}
    for number, listener in enumerate(listeners, 1):
        own = listener.get("log_format")
        try:
            fmt = log_format(default if own is None else own)
        except TemplateError as exc:
            raise TemplateError(str(exc) if own is None else "listener %d: %s" % (number, exc)) from exc
        place = {name: listener[name] for name in ("transport", "port", "address") if listener.get(name)}
        if _is_all(place.get("address")):
            del place["address"]
        found.setdefault(fmt, []).append(dict(place, canary=fmt.canary(fmt.marks[0])))
    own = _own_addresses(listeners)
    made = []
    for number, fmt in enumerate(found, 1):
        # One log format is the usual case, whose names need no number.
        suffix = "" if number == 1 else "-%d" % number
        found_parser = parser(fmt)
        found_parser["rulebases"] = {name + suffix: text for name, text in found_parser["rulebases"].items()}
        made.append(dict(found_parser, name="records" + suffix, listeners=found[fmt], own=own))
    return made


def _own_addresses(listeners: t.Iterable[t.Mapping[str, t.Any]]) -> t.List[str]:
    """Where the receiver's own test records come from, as rsyslogd writes addresses."""
    found = ["127.0.0.1", "::1"]
    for listener in listeners:
        # Other text is refused later, with the rest of the host's facts.
        with contextlib.suppress(ValueError):
            found.append(str(ipaddress.ip_address(str(listener.get("address") or "::1"))))
    return sorted(set(found))


def _is_all(address: t.Any) -> bool:
    """Whether a listener's address is IPv6's for all: rsyslogd, asked for that one, would not take IPv4."""
    try:
        return int(ipaddress.IPv6Address(address)) == 0
    except ValueError:
        return False


def _integers(fmt: LogFormat) -> t.List[t.Dict[str, t.Any]]:
    """The integer fields of each kind and their place among what the delimiter separates, counted from 1."""
    before = 1 if fmt.style == "csv" else fmt.head(KINDS[0], "").count(fmt.delimiter) + 1
    return [
        {"kind": kind, "key": field.key, "invalid": invalid_key(field), "place": before + number}
        for kind in KINDS
        for number, field in enumerate(fmt.fields(kind))
        if field.type == "integer"
    ]


def _ordinary(fmt: LogFormat) -> str:
    """A POSIX expression for text whose typed fields need no closer look: addresses, and numbers of few digits.

    Empty if untrusted text comes before such a field, because then counting delimiters does not find it.
    """
    if fmt.style == "csv":
        return ""
    # Inside brackets, where a circumflex alone cannot stand; a control character as rsyslog's strings escape it.
    char = "\\x%02x" % ord(fmt.delimiter) if fmt.style == "fast" else fmt.delimiter
    end, text = "\\\\^" if char == "^" else "[%s]" % char, "[^%s]*" % char
    forms = {"text": text, "integer": "[^%s]{0,%d}" % (char, DIGITS), "ip": "(%s|%s)" % (IPV4[1:-1], IPV6[1:-1])}
    kinds = []
    for kind in KINDS:
        fields = list(fmt.fields(kind))
        while fields and fields[-1].type == "text":
            fields.pop()
        kinds.append(end.join([kind, VERSION] + [forms[field.type] for field in fields] + [""]))
    return "^%s%s(%s)" % (text, end, "|".join(kinds))


def rulebases(fmt: LogFormat) -> t.Dict[str, str]:
    """The rulebases of a log format by name, in the order in which they are tried; their text holds the secrets.

    The csv style has one for each kind, the longer one first: only in one of its own can a second rule use the types.
    """
    if fmt.style == "csv":
        return {kind: _csv(fmt, kind) for kind in sorted(KINDS, key=lambda kind: -len(fmt.fields(kind)))}
    marks = [(mark, "_%d" % number) for number, mark in enumerate(fmt.marks)]
    lines = [_HEADER]
    # All types before any rule: liblognorm 2.0.5 (Enterprise Linux 8) loses those that a rule uses when more follow.
    for mark, suffix in marks:
        lines += _types(fmt, mark, suffix)
    for mark, suffix in marks:
        lines += _marked(fmt, mark, suffix)
    lines += [
        "",
        "# Ours in name only, or not ours at all.",
        "rule=wrong-secret:" + _literal(fmt.tag + ": ") + "%-:rest%",
    ]
    return {"records": "\n".join(lines + ["rule=no-marker:%-:rest%", ""])}


def _types(fmt: LogFormat, mark: str, suffix: str) -> t.List[str]:
    lines = []
    if fmt.style == "printable":
        lines += ["type=@text%s:[%s" % (suffix, line) for line in _until("..", "]" + mark)]
    for field in dict.fromkeys(field for kind in KINDS for field in fmt.fields(kind) if field.type == "integer"):
        lines += ["type=@%s%s:%s" % (field.name, suffix, line) for line in _integer(field, fmt.delimiter)]
    return lines


def _marked(fmt: LogFormat, mark: str, suffix: str) -> t.List[str]:
    lines = ["", "# " + ("The secret in force." if suffix == "_0" else "An older secret, still accepted.")]
    for kind in KINDS:
        lines += _kind_rules(fmt, kind, mark, suffix)
    return lines + ["rule=kind:" + _literal(fmt.marker(mark)) + "%-:rest%", _canary(fmt, mark)]


def _canary(fmt: LogFormat, mark: str) -> str:
    return "rule=canary:" + _literal(fmt.canary(mark)) + "%canary:rest%"


def _kind_rules(fmt: LogFormat, kind: str, mark: str, suffix: str) -> t.List[str]:
    marker, _kind, version = fmt.head(kind, mark).partition(kind)
    good, leading = "", ""
    for field in fmt.fields(kind):
        plain = _parser(field.key, "char-sep", extradata=fmt.delimiter) + _literal(fmt.delimiter)
        if field.type == "integer":
            good += _parser(".", "@%s%s" % (field.name, suffix))
        elif field.untrusted and fmt.style == "printable":
            good += _parser(field.key, "@text" + suffix)
        else:
            good += plain
        if not field.untrusted:
            name = field.key if field.type == "text" else "-"
            leading += _parser(name, "char-sep", extradata=fmt.delimiter, priority=1) + _literal(fmt.delimiter)
    head, closing, end = _literal(fmt.head(kind, mark)), fmt.closing(mark), fmt.end(mark)
    ends = list(
        dict.fromkeys((_literal(closing), _literal(end), _parser("-", "string-to", extradata=end) + _literal(end)))
    )
    kind_value = _parser("event.action", "literal", text=kind, priority=1)
    tag = "" if mark == fmt.marks[0] else "previous"
    return (
        ["rule=" + tag + ":" + _literal(marker) + kind_value + _literal(version) + good + _literal(closing)]
        + ["rule=field-count:" + head + before + line for before in (leading, "") for line in ends]
        + ["rule=truncated:" + head + before + "%-:rest%" for before in (leading, "")]
    )


def _csv(fmt: LogFormat, kind: str) -> str:
    """The vendor's quoted list. Its last field has no end mark of its own, so the configuration checks it."""
    fields = fmt.fields(kind)
    lines = ["type=@text:" + line for line in _until("..", fmt.delimiter)]
    for field in fields:
        if field.type == "integer":
            lines += ["type=@%s:%s" % (field.name, line) for line in _integer(field, fmt.delimiter)]
    body = "".join(
        _parser(".", "@" + field.name) if field.type == "integer" else _parser(field.key, "@text")
        for field in fields[:-1]
    )
    lines += [
        'rule=%s:"%s%%spamexperts.last:rest%%' % (kind, body),
        _canary(fmt, ""),
        "",
    ]
    return "\n".join([_HEADER] + lines)
