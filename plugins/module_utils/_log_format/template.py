# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Templates: a log format, the two templates it compiles to, and checks of any template.

A template is text with ``%(name)s`` in it, as Python's ``%`` operator and the vendor's page have it. On the wire the
printable style reads ``TAG: MARK|message|1|TRUSTED|...|[TEXT]MARK[TEXT]MARK...MARK.``, the fast style the same with
one control character between all fields, and the csv style is the vendor's quoted list to the letter.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import typing as t

from .fields import DEFAULT_MESSAGE_FIELDS, DEFAULT_STATUS_FIELDS, FIELDS, KINDS, MESSAGE, Field, field_for

# Incremented when the wire form changes, so that a receiver never takes one version for another.
VERSION = "1"
STYLES = ("printable", "fast", "csv")
_DELIMITERS = {"printable": "|", "fast": "\x1f", "csv": '","'}
_KEYS = (
    "message_fields",
    "status_fields",
    "style",
    "tag",
    "secret",
    "previous_secrets",
    "delimiter",
    "allow_unknown_fields",
)
# As Ansible converts text to a boolean, which keeps what -e and AWX make of one.
_TRUE = ("true", "yes", "on", "y", "t", "1", "1.0")
_FALSE = ("false", "no", "off", "n", "f", "0", "0.0", "")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,30}\Z")
_FIELD = re.compile(r"%\([^()]*\)s")
_BETWEEN = re.compile(r"[,;|\s]|(?=[\[({<])")
_ITEM = re.compile(r"%(?:(%)|\(([^()%]*)\)s|(.?))", re.DOTALL)


class TemplateError(ValueError):
    """An invalid template or log format; the message is one sentence with the remedy."""


@dataclasses.dataclass(frozen=True)
class LogFormat:
    """A validated log format. Make it with :func:`log_format`."""

    message_fields: t.Tuple[str, ...]
    status_fields: t.Tuple[str, ...]
    style: str
    tag: str
    delimiter: str
    secret: str = dataclasses.field(repr=False, default="")
    previous_secrets: t.Tuple[str, ...] = dataclasses.field(repr=False, default=())

    @property
    def marks(self) -> t.Tuple[str, ...]:
        """What may mark a record as ours, newest first: the secrets, or the tag where there is none."""
        return (self.secret or self.tag,) + self.previous_secrets

    def fields(self, kind: str) -> t.Tuple[Field, ...]:
        """The fields of a record kind in wire order.

        Except in csv, which keeps the user's order, trusted fields come before untrusted ones: a record that was cut
        then still shows what can be trusted.
        """
        names = self.message_fields if kind == MESSAGE else self.status_fields
        fields = [field_for(name) for name in names]
        if self.style != "csv":
            fields.sort(key=lambda field: field.untrusted)
        return tuple(fields)

    def head(self, kind: str, mark: str) -> str:
        """The text before the first field."""
        if self.style == "csv":
            return '"'
        return self.marker(mark) + self.delimiter.join((kind, VERSION, ""))

    def marker(self, mark: str) -> str:
        """The text that marks a record as ours. The csv style has none."""
        return self.tag + ": " + mark + self.delimiter

    def canary(self, mark: str) -> str:
        """The text before the 32 hexadecimal digits that a receiver's own test record carries."""
        return "spamexperts-canary: " if self.style == "csv" else self.marker(mark) + "canary "

    def closing(self, mark: str) -> str:
        """The text that proves that a record is complete."""
        return {"csv": '"', "printable": mark + ".", "fast": mark}[self.style]

    def end(self, mark: str) -> str:
        """The closing text in a form that occurs nowhere else: in the fast style the mark alone is in the head, too."""
        return (self.delimiter if self.style == "fast" else "") + self.closing(mark)


def nearest(name: str, known: t.Iterable[str]) -> str:
    """A question for an error message, such as ``: did you mean subject_header?``, or an empty text."""
    close = difflib.get_close_matches(name, list(known), 1)
    return ": did you mean %s?" % close[0] if close else ""


def log_format(value: t.Optional[t.Mapping[str, t.Any]]) -> LogFormat:
    """The log format that a user's dictionary describes; every key has a default, so ``{}`` is one.

    Raises TemplateError naming the key and the remedy. No message ever holds a secret.
    """
    value = {} if value is None else value
    if not isinstance(value, t.Mapping):
        raise TemplateError("the log format must be a dictionary, for example {style: printable}")
    for key in value:
        if key not in _KEYS:
            raise TemplateError("log format key %s is not known%s" % (key, nearest(str(key), _KEYS)))
    style = value.get("style") or "printable"
    if style not in STYLES:
        raise TemplateError("style must be one of %s, not %s" % (", ".join(STYLES), style))
    tag = str(value.get("tag") or "spamexperts")
    if not _TAG.match(tag):
        raise TemplateError("tag must be 1 to 31 letters, digits, '_', '.', '-' and begin with a letter, not %r" % tag)
    secrets = _secrets(value, style)
    allow_unknown = _flag("allow_unknown_fields", value.get("allow_unknown_fields"))
    fields = {}
    for kind, default in zip(KINDS, (DEFAULT_MESSAGE_FIELDS, DEFAULT_STATUS_FIELDS)):
        key = kind + "_fields"
        names = value.get(key)
        fields[kind] = _names(key, default if names is None else names, kind, allow_unknown)
    if style == "csv" and any(field_for(names[-1]).type != "text" for names in fields.values()):
        raise TemplateError(
            "the last field of message_fields and of status_fields must be a text field in the csv style"
        )
    if style == "csv" and len(fields["message"]) == len(fields["status"]):
        raise TemplateError(
            "message_fields and status_fields must differ in length in the csv style: "
            "nothing else tells the kinds apart"
        )
    return LogFormat(fields["message"], fields["status"], style, tag, _delimiter(value, style), secrets[0], secrets[1:])


def _flag(key: str, value: t.Any) -> bool:
    """A value that is true or false, in each form that Ansible accepts as such; blank counts as not given."""
    text = "" if value is None else str(value).strip().lower()
    if text not in _TRUE + _FALSE:
        raise TemplateError("%s must be true or false, not %r" % (key, value))
    return text in _TRUE


def _secrets(value: t.Mapping[str, t.Any], style: str) -> t.Tuple[str, ...]:
    previous = value.get("previous_secrets")
    previous = () if previous in (None, "") else previous
    if isinstance(previous, str) or not isinstance(previous, t.Sequence):
        raise TemplateError("previous_secrets must be a list")
    secrets = (str(value.get("secret") or ""),) + tuple(str(item) for item in previous)
    for key, secret in zip(("secret",) + ("previous_secrets",) * len(previous), secrets):
        if (secret or key != "secret") and not _SECRET.match(secret):
            raise TemplateError("%s must be 16 to 64 letters, digits, '_' or '-'" % key)
    if style == "csv" and any(secrets):
        raise TemplateError("secret cannot be used in the csv style; leave it out, or use style: printable")
    if len(set(secrets)) != len(secrets):
        raise TemplateError("secret and previous_secrets must all differ")
    return secrets


def _delimiter(value: t.Mapping[str, t.Any], style: str) -> str:
    delimiter = value.get("delimiter")
    if delimiter is None or delimiter == _DELIMITERS[style]:
        return _DELIMITERS[style]
    if style == "csv":
        raise TemplateError("delimiter cannot be chosen in the csv style; leave it out")
    if style == "fast":
        # Tab, line feed and carriage return occur in mail; NUL ends a record.
        if not (isinstance(delimiter, str) and re.match(r"[\x01-\x08\x0b\x0c\x0e-\x1f]\Z", delimiter)):
            raise TemplateError("delimiter must be one control character in the fast style, not NUL, tab, CR or LF")
    elif not (isinstance(delimiter, str) and re.match(r"[|;,!^~*$@=]\Z", delimiter)):
        raise TemplateError("delimiter must be one of | ; , ! ^ ~ * $ @ = in the printable style")
    return str(delimiter)


def _names(key: str, names: t.Any, kind: str, allow_unknown: bool) -> t.Tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, t.Sequence) or not names:
        raise TemplateError("%s must be a list of field names" % key)
    names = tuple(str(name) for name in names)
    for name in names:
        if not _NAME.match(name):
            raise TemplateError("%s: %r is not a field name; use letters, digits and '_'" % (key, name))
        remark = None if allow_unknown and name not in FIELDS else _remark(name, kind)
        if remark:
            raise TemplateError("%s: %s" % (key, remark))
        if names.count(name) > 1:
            raise TemplateError("%s: %s is listed twice" % (key, name))
    return names


def _remark(name: str, kind: str) -> t.Optional[str]:
    field = FIELDS.get(name)
    if field is None:
        return "unknown field " + name + nearest(name, (known.name for known in FIELDS.values() if kind in known.kinds))
    if kind not in field.kinds:
        return "%s is a %s field and has no value in a %s record" % (name, field.kinds[0], kind)
    return None


def compile_template(fmt: LogFormat, kind: str) -> str:
    """The template that makes the cluster send records of that kind in this log format."""
    mark, fields = fmt.marks[0], fmt.fields(kind)
    items = ["%%(%s)s" % field.name for field in fields]
    if fmt.style == "csv":
        body = fmt.delimiter.join(items)
    elif fmt.style == "fast":
        body = "".join(item + fmt.delimiter for item in items)
    else:
        body = "".join(
            "[%s]%s" % (item, mark) if field.untrusted else item + fmt.delimiter for item, field in zip(items, fields)
        )
    return fmt.head(kind, mark) + body + fmt.closing(mark)


def template_fields(template: str) -> t.List[str]:
    """The names in a template, in order, each as often as it occurs.

    Raises TemplateError for a ``%`` that starts neither ``%(name)s`` nor ``%%``: the cluster cannot render such a
    template, and every record is lost.
    """
    names = []
    for item in _ITEM.finditer(template):
        percent, name = item.group(1), item.group(2)
        if percent:
            continue
        if name is None or not _NAME.match(name):
            raise TemplateError(
                "template has a %% at character %d that begins neither %%(field)s nor %%%%; "
                "write %%%% for a plain percent sign" % (item.start() + 1)
            )
        names.append(name)
    return names


def template_lines(template: str) -> t.List[str]:
    """A template in pieces for people to read, one field in each; joined they are the template."""
    fields, lines, begin = list(_FIELD.finditer(template)), [], 0
    for field, following in zip(fields, fields[1:]):
        between = _BETWEEN.search(template, field.end(), following.start())
        end = between.end() if between else following.start()
        lines.append(template[begin:end])
        begin = end
    return [*lines, template[begin:]]


def template_faults(template: str, kind: str, control: str = "\x1f") -> t.Tuple[t.List[str], t.List[str]]:
    """What is wrong with a template of that kind: (faults that lose records, remarks on its field names).

    control: the control characters that the style itself uses.
    """
    faults = []
    bad = sorted({char for char in template if (ord(char) < 32 or ord(char) == 127) and char not in control})
    if bad:
        faults.append(
            "template contains the control character %s; remove it" % ", ".join("0x%02x" % ord(c) for c in bad)
        )
    try:
        names = template_fields(template)
    except TemplateError as exc:
        return faults + [str(exc)], []
    remarks = [remark for remark in (_remark(name, kind) for name in dict.fromkeys(names)) if remark]
    return faults, remarks
