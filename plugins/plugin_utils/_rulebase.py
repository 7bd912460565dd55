# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The receiver's parser: a log format as a liblognorm version 2 rulebase for rsyslog's mmnormalize.

Facts of liblognorm 2.0.6 (parser.c, pdag.c) that shape it: ``char-sep`` takes an empty field and ``string-to`` does not;
alternatives are tried in the order of their priority and inside a type the first that fits is final; ``rest`` comes last;
a named ``literal`` gives its own text as value. So every field decides by itself where it ends, and a record that does not fit
falls through to the rule that says why.
"""

from __future__ import annotations

import json
import typing as t

from ..module_utils._fields import KINDS, Field, invalid_key
from ..module_utils._template import LogFormat

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


def _typed(field: Field, end: str) -> t.List[str]:
    """Alternatives for a typed field: its type, nothing, or any other text; the end belongs to each of them."""
    if field.type == "integer":
        value = _parser(field.key, "number", format="number", maxval=field.maximum, priority=1)
    else:
        value = _parser(field.key, "ipv4", priority=1)
    other = [_parser(invalid_key(field), "char-sep", extradata=end[0], priority=3) + _literal(end)]
    if len(end) > 1:
        other.append(_parser(invalid_key(field), "string-to", extradata=end, priority=4) + _literal(end))
    return [value + _literal(end), _literal(end)] + other


def rulebase(fmt: LogFormat) -> str:
    """The rulebase of a log format; its text holds the secrets."""
    lines = [_HEADER]
    if fmt.style == "csv":
        lines += _csv(fmt)
    else:
        for number, mark in enumerate(fmt.marks):
            lines += _marked(fmt, mark, "_%d" % number)
        tag = _literal(fmt.tag + ": ")
        lines += ["", "# Ours in name only, or not ours at all.", "rule=wrong-secret:" + tag + "%-:rest%"]
    return "\n".join(lines + ["rule=no-marker:%-:rest%", ""])


def _marked(fmt: LogFormat, mark: str, suffix: str) -> t.List[str]:
    lines = ["", "# " + ("The secret in force." if suffix == "_0" else "An older secret, still accepted.")]
    bracketed = fmt.style == "printable"
    if bracketed:
        lines += ["type=@text%s:[%s" % (suffix, line) for line in _until("..", "]" + mark)]
    for field in dict.fromkeys(field for kind in KINDS for field in fmt.fields(kind) if field.type != "text"):
        lines += ["type=@%s%s:%s" % (field.name, suffix, line) for line in _typed(field, fmt.delimiter)]
    for kind in KINDS:
        lines += _kind_rules(fmt, kind, mark, suffix)
    return lines + ["rule=kind:%s%%-:rest%%" % _literal(fmt.tag + ": " + mark + fmt.delimiter)]


def _kind_rules(fmt: LogFormat, kind: str, mark: str, suffix: str) -> t.List[str]:
    marker, _kind, version = fmt.head(kind, mark).partition(kind)
    trusted, strangers = "", ""
    for field in fmt.fields(kind):
        if field.type != "text":
            trusted += _parser(".", "@%s%s" % (field.name, suffix))
        elif not field.stranger:
            trusted += _parser(field.key, "char-sep", extradata=fmt.delimiter) + _literal(fmt.delimiter)
        elif fmt.style == "printable":
            strangers += _parser(field.key, "@text" + suffix)
        else:
            strangers += _parser(field.key, "char-sep", extradata=fmt.delimiter) + _literal(fmt.delimiter)
    head = _literal(fmt.head(kind, mark))
    closing = fmt.closing(mark)
    # Fast: what stands before the closing mark belongs to it, or the mark at the head would be taken for it.
    end = closing if fmt.style == "printable" else fmt.delimiter + closing
    surplus = [_literal(closing), _parser("-", "string-to", extradata=end) + _literal(end)]
    good = _literal(marker) + _parser("event.action", "literal", text=kind, priority=1) + _literal(version)
    return (
        ["rule=:" + good + trusted + strangers + _literal(closing)]
        + ["rule=field-count:" + head + trusted + line for line in surplus]
        + ["rule=field-count:" + head + line for line in surplus]
        + ["rule=truncated:" + head + trusted + "%-:rest%", "rule=truncated:" + head + "%-:rest%"]
    )


def _csv(fmt: LogFormat) -> t.List[str]:
    """The vendor's quoted list. Its last field has no end mark of its own, so the configuration checks it.

    The longer kind goes first: the shorter one's last field would take the rest of it.
    """
    lines = ["type=@text:" + line for line in _until("..", fmt.delimiter)]
    for field in dict.fromkeys(field for kind in KINDS for field in fmt.fields(kind) if field.type != "text"):
        lines += ["type=@%s:%s" % (field.name, line) for line in _typed(field, fmt.delimiter)]
    kinds = sorted(KINDS, key=lambda kind: -len(fmt.fields(kind)))
    for priority, kind in enumerate(kinds, 1):
        body = '"'
        for field in fmt.fields(kind)[:-1]:
            name, parser = (field.key, "@text") if field.type == "text" else (".", "@" + field.name)
            body += _parser(name, parser, priority=priority)
        lines.append("rule=%s:%s%%spamexperts.last:rest%%" % (kind, body))
    return lines + ['rule=field-count:"%-:rest%']
