# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The eight settings: what each can be, as an option and in a reply, and its canonical form."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t

from .._api.answer import REPORT
from .._api.errors import OptionError, ReplyError, shorten
from .folding import can_mean, plain, template_in
from .spellings import SPELLINGS

# As a setting's value this always means the product's default, in a request and as an option; it is never a literal.
RESET = "default"

# Compiled once, where Ansible forks its workers from, and not in each of them.
_PORT = re.compile(r"([0-9]{1,5})L?\Z")
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)\Z")
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_OCTAL = re.compile(r"(?:\A|\.)0[0-9]")
_SHOWN_HOST = re.compile(r"\w([\w.-]*\w)?\Z")
_WORD = re.compile(r"[\w-]+\Z")
_ENDS_A_RECORD = re.compile("[\r\n\0]")
_MASKED = re.compile(r"\*{8}|VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")

Value = t.Union[str, int, bool, None]


class Kind(t.NamedTuple):
    """What a setting can be; the two ways to its canonical form, side by side.

    option: of what a user gives (name of the option, text). Raises OptionError naming the option and the remedy.
    read: of what a cluster shows, without blanks and quotes; None if it cannot be that. empty: what nothing means.
    """

    option: t.Callable[[str, str], Value]
    read: t.Callable[[str, str], Value]
    empty: Value = ""


def _host_option(_name: str, text: str) -> str:
    host = _host(text)
    if not host.isascii():
        try:
            hint = f"; write {host.encode('idna').decode('ascii')}"
        except UnicodeError:
            hint = ""
        raise OptionError(f"host must be ASCII{hint or '; write an internationalised name in its xn-- form'}")
    # An empty text removes the host, but a dot does not.
    if not (_address(host) or _is_name(host) if host else not text.strip()):
        raise OptionError(
            f"host must be a single name or IP address, not {shorten(text)!r}; give the port in the option port"
        )
    return host


def _host_read(_name: str, text: str) -> Value:
    host = _host(text)
    # Right or wrong, it can be what somebody entered.
    return host if _SHOWN_HOST.match(host) or _address(host) else None


def _is_name(host: str) -> bool:
    """Whether it is a host's name. One that ends in a number would be taken for an IPv4 address."""
    labels = host.split(".")
    whole = all(_LABEL.match(label) for label in labels)
    return whole and len(host) <= 253 and not _NUMBER.match(labels[-1])


def _address(host: str) -> t.Optional[str]:
    # A leading zero makes a number octal for some, and older versions of Python accept it.
    if ":" not in host and _OCTAL.search(host):
        return None
    try:
        return ipaddress.ip_address(host).compressed
    except ValueError:
        return None


def _host(text: str) -> str:
    host = text.strip().lower()
    host = host[:-1] if host.endswith(".") else host
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return _address(host) or host


def _port_option(_name: str, text: str) -> Value:
    number = _PORT.match(text.strip())
    if number is None or number[0] != number[1] or not 1 <= int(number[1]) <= 65535:
        raise OptionError(f"port must be between 1 and 65535, or default, not {shorten(text)!r}")
    return int(number[1])


def _port_read(_name: str, text: str) -> Value:
    number = _PORT.match(text)
    return int(number[1]) if number else None


def _word_option(name: str, text: str) -> Value:
    canonical = SPELLINGS[name].canonical(text)
    if canonical is None:
        words = ", ".join(("true", "false") if name == "enabled" else SPELLINGS[name].values)
        raise OptionError(f"{name} must be one of {words}, or default, not {shorten(text)!r}")
    return canonical


def _word_read(name: str, text: str) -> Value:
    # What this table lacks is kept as it is. Anything longer than a word cannot be one.
    return SPELLINGS[name].canonical(text) or (text if _WORD.match(text) else None)


def _flag_read(name: str, text: str) -> Value:
    return SPELLINGS[name].canonical(text)


def _template_option(name: str, text: str) -> Value:
    if _ENDS_A_RECORD.search(text):
        raise OptionError(f"{name} must not contain a line feed, carriage return or NUL; each ends a record")
    if not text.strip():
        raise OptionError(f"{name} must not be empty; leave the option out, or give default")
    if _MASKED.search(text):
        raise OptionError(
            f"{name} comes from output in which a secret is masked; replace the asterisks with the secret"
        )
    return text


def _template_read(_name: str, text: str) -> Value:
    return template_in(text)


_WORDS = Kind(_word_option, _word_read)
_TEMPLATE = Kind(_template_option, _template_read)
# In the order of the vendor's documented signature.
KINDS = {
    "host": Kind(_host_option, _host_read),
    "port": Kind(_port_option, _port_read, None),
    "facility": _WORDS,
    "socket_type": _WORDS,
    "message_template": _TEMPLATE,
    "enabled": Kind(_word_option, _flag_read, False),
    "level": _WORDS,
    "status_template": _TEMPLATE,
}
NAMES = tuple(KINDS)
TEMPLATES = tuple(name for name in NAMES if KINDS[name] is _TEMPLATE)
# The others can look like anything.
_WITH_A_FORM = ("port", "socket_type", "enabled")


def option(name: str, value: t.Any) -> Value:
    """An option's canonical value, or RESET. Raises OptionError naming the option and the remedy."""
    text = value if isinstance(value, str) else str(value)
    return RESET if text == RESET else KINDS[name].option(name, text)


def _read(name: str, raw: str) -> Value:
    """A shown value in canonical form. Raises ReplyError for one that does not fit its label."""
    text = raw if name in TEMPLATES else _text(raw)
    if not text:
        return KINDS[name].empty
    value = KINDS[name].read(name, text)
    if value is None:
        problem = f"the cluster shows {name} as {shorten(text, 40)!r}, which cannot be read"
        raise ReplyError(f"{problem}; {REPORT}", "not_plaintext")
    return value


def has_its_form(name: str, text: str) -> bool:
    """Whether a text without a label looks like that setting."""
    text = text.strip()
    return name not in _WITH_A_FORM or not text or KINDS[name].read(name, text) is not None


def _text(raw: str) -> str:
    text = plain(raw)
    return "" if text.lower() in ("none", "null") else text


@dataclasses.dataclass(frozen=True)
class Reply:
    """A get call's reply: all eight settings as text.

    pinned: the product's default of each setting that, according to a warning, differs from it; None if the reply shows
    no defaults, because then nothing is known about any setting. unknown: settings that this collection does not know.
    tails: for a template, the name of such a setting right below it and its line, which may be the template's own end.
    layout: the key of the one in LAYOUTS that it has.
    """

    values: t.Mapping[str, str]
    pinned: t.Optional[t.Mapping[str, str]]
    messages: t.Tuple[str, ...]
    unknown: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    tails: t.Mapping[str, t.Tuple[str, str]] = dataclasses.field(default_factory=dict)
    layout: str = ""


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of a cluster: canonical values, and the cluster's spelling of each.

    pinned: the product's default of each setting that holds a literal; None if the cluster does not show them.
    unknown: what the cluster shows of settings that this collection does not know, as text. tails: see Reply.
    """

    values: t.Mapping[str, Value]
    raw: t.Mapping[str, str]
    pinned: t.Optional[t.Mapping[str, Value]] = None
    unknown: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    tails: t.Mapping[str, t.Tuple[str, str]] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_api(cls, reply: Reply) -> Settings:
        """The settings in a reply; raises ReplyError for a value that does not fit its label."""
        values = {name: _read(name, reply.values[name]) for name in NAMES}
        pinned = None if reply.pinned is None else {name: _read(name, text) for name, text in reply.pinned.items()}
        return cls(values, dict(reply.values), pinned, reply.unknown, reply.tails)

    def to_output(self, like: t.Optional[t.Mapping[str, Value]] = None) -> t.Dict[str, Value]:
        """The settings as the module returns them and takes them.

        like: values to be shown as they are where the settings hold them, because replies lose a template's blanks.
        """
        return {
            name: like[name] if like and name in like and self.holds(name, like[name]) else self.values[name]
            for name in NAMES
        }

    def at_default(self) -> t.Tuple[str, ...]:
        """Names of the settings known to follow the product's default."""
        return () if self.pinned is None else tuple(name for name in NAMES if name not in self.pinned)

    def holds(self, name: str, value: Value) -> bool:
        """Whether a setting has that canonical value, whatever the reply did to its spelling."""
        if name not in TEMPLATES or value == self.values[name]:
            return self.values[name] == value
        return isinstance(value, str) and (can_mean(self.raw[name], value) or self._holds_with_tail(name, value))

    def _holds_with_tail(self, name: str, value: str) -> bool:
        return name in self.tails and can_mean(f"{self.raw[name]}\n{self.tails[name][1]}", value)

    def further(self, like: t.Mapping[str, Value]) -> t.Dict[str, str]:
        """The settings that this collection does not know, without what ends a template as ``like`` has it."""
        ends = {
            label
            for name, (label, _line) in self.tails.items()
            if name in like and self.holds(name, like[name]) and not can_mean(self.raw[name], str(like[name]))
        }
        return {label: text for label, text in self.unknown.items() if label not in ends}

    def is_like(self, other: Settings) -> bool:
        """Whether nothing differs between two readings of a cluster."""
        return self.pinned == other.pinned and all(self.holds(name, other.values[name]) for name in NAMES)

    def to_api(self, name: str, value: Value) -> str:
        """A value as this cluster would spell it."""
        if value == self.values[name]:
            # A template's own text may have come back in quotes or in pieces, which must not be written.
            own = name in TEMPLATES or isinstance(value, int) and name == "port"
            return str(value) if own else _text(self.raw[name])
        if name in SPELLINGS and isinstance(value, (str, bool)) and SPELLINGS[name].canonical(str(value)) is not None:
            return SPELLINGS[name].spell(value, _text(self.raw[name]))
        return "" if value is None else str(value)
