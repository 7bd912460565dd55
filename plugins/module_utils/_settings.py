# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The eight settings: their canonical form, and the ways to spell them."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t

from ._errors import OptionError, ReplyError, shorten
from ._layouts import NAMES, TEMPLATES
from ._reply import REPORT, Reply

# As a setting's value this always means the product's default, in a request and as an option; it is never a literal.
RESET = "default"
# What a layout may add around a value. Not all that Python calls white space: a template may end with its delimiter.
_BLANKS = " \t\r\n"

# Compiled once, where Ansible forks its workers from, and not in each of them.
_PORT = re.compile(r"([0-9]{1,5})L?\Z")
_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)\Z")
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_OCTAL = re.compile(r"(?:\A|\.)0[0-9]")
_SHOWN_HOST = re.compile(r"\w([\w.-]*\w)?\Z")
_WORD = re.compile(r"[\w-]+\Z")
_ENDS_A_RECORD = re.compile("[\r\n\0]")
_MASKED = re.compile(r"\*{8}|VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")
_FIELD = re.compile(r"%\([^)]*\)s\Z")
_QUOTED = {quote: re.compile(f"{quote}([^{quote}]*){quote}") for quote in "'\""}
_QUOTED_LIST = {quote: re.compile(rf"{quote}[^{quote}]*{quote}(?:,{quote}[^{quote}]*{quote})+\Z") for quote in "'\""}

Value = t.Union[str, int, bool, None]


class Spelling:
    """The values of a setting, each in several spellings; the n-th spellings of all values are of one style."""

    def __init__(self, rows: t.Mapping[t.Union[str, bool], t.Sequence[str]], aliases: t.Mapping[str, str]) -> None:
        self._rows = rows
        self._values: t.Dict[str, t.Union[str, bool]] = dict(aliases)
        for value, words in rows.items():
            self._values.update((word.lower(), value) for word in words)

    @property
    def values(self) -> t.Tuple[str, ...]:
        """The canonical values."""
        return tuple(str(value) for value in self._rows)

    def canonical(self, text: str) -> t.Union[str, bool, None]:
        """The value that a spelling means, or None."""
        return self._values.get(text.strip().lower())

    def spell(self, value: t.Union[str, bool], like: str) -> str:
        """A value in the style of another spelling, or in the first style where that one is unknown."""
        for words in self._rows.values():
            if like in words:
                style = list(words).index(like)
                return self._rows[value][style] if style < len(self._rows[value]) else self._rows[value][0]
        return self._rows[value][0]


_FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "security", "console", "solaris-cron"),
    *(f"local{number}" for number in range(8)),
)
# Python's levels, which the product's are, with their numbers there and in syslog. Syslog's own further names have no
# number in Python.
_LEVELS: t.Dict[str, t.Tuple[t.Optional[int], int]] = {
    **{"DEBUG": (10, 7), "INFO": (20, 6), "WARNING": (30, 4), "ERROR": (40, 3), "CRITICAL": (50, 2)},
    **{"NOTICE": (None, 5), "ALERT": (None, 1), "EMERG": (None, 0)},
}

SPELLINGS: t.Dict[str, Spelling] = {
    "facility": Spelling(
        {
            name: (name, name.upper(), "LOG_" + name.upper(), "log_" + name, name.capitalize(), str(code))
            for code, name in enumerate(_FACILITIES)
        },
        {},
    ),
    "level": Spelling(
        {
            name: (name, name.lower(), name.capitalize(), "LOG_" + name, str(code or name), str(severity))
            for name, (code, severity) in _LEVELS.items()
        },
        {
            **{"warn": "WARNING", "err": "ERROR", "crit": "CRITICAL", "fatal": "CRITICAL", "panic": "EMERG"},
            **{"informational": "INFO", "emergency": "EMERG", "log_err": "ERROR", "log_crit": "CRITICAL"},
        },
    ),
    "socket_type": Spelling(
        {
            "udp": ("udp", "UDP", "SOCK_DGRAM", "sock_dgram", "datagram", "dgram", "DGRAM", "2"),
            "tcp": ("tcp", "TCP", "SOCK_STREAM", "sock_stream", "stream", "stream", "STREAM", "1"),
        },
        {},
    ),
    "enabled": Spelling(
        {
            True: ("True", "true", "TRUE", "1", "yes", "Yes", "on", "On", "enabled", "Enabled", "t", "T", "y", "Y"),
            False: (
                "False",
                "false",
                "FALSE",
                "0",
                "no",
                "No",
                "off",
                "Off",
                "disabled",
                "Disabled",
                "f",
                "F",
                "n",
                "N",
            ),
        },
        {},
    ),
}


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

    def to_output(self) -> t.Dict[str, Value]:
        """The settings as the module returns them and takes them."""
        return {name: self.values[name] for name in NAMES}

    def at_default(self) -> t.Dict[str, Value]:
        """The settings known to follow the product's default, with their values."""
        pinned = self.pinned
        return {} if pinned is None else {name: self.values[name] for name in NAMES if name not in pinned}

    def holds(self, name: str, value: Value) -> bool:
        """Whether a setting has that canonical value, whatever the reply did to its spelling."""
        if name not in TEMPLATES or value == self.values[name]:
            return self.values[name] == value
        return isinstance(value, str) and bool({value, value.rstrip(_BLANKS)} & _readings(self.raw[name]))

    def read_as(self, expected: t.Mapping[str, Value]) -> Settings:
        """The same, with each template as expected if the reply can be read so: replies lose blanks, or fold lines."""
        read = self
        for name, (label, line) in self.tails.items():
            raw = {**read.raw, name: f"{read.raw[name]}\n{line}"}
            unknown = {other: text for other, text in read.unknown.items() if other != label}
            whole = dataclasses.replace(read, raw=raw, unknown=unknown)
            if name in expected and whole.holds(name, expected[name]) and not read.holds(name, expected[name]):
                read = whole
        meant = {name: expected[name] for name in TEMPLATES if name in expected and read.holds(name, expected[name])}
        return dataclasses.replace(read, values={**read.values, **meant})

    def to_api(self, name: str, value: Value) -> str:
        """A value as this cluster would spell it."""
        if value == self.values[name]:
            # A template's own text may have come back in quotes or in pieces, which must not be written.
            own = name in TEMPLATES or isinstance(value, int) and name == "port"
            return str(value) if own else _text(self.raw[name])
        if name in SPELLINGS and isinstance(value, (str, bool)) and SPELLINGS[name].canonical(str(value)) is not None:
            return SPELLINGS[name].spell(value, _text(self.raw[name]))
        return "" if value is None else str(value)


def option(name: str, value: t.Any) -> Value:
    """An option's canonical value, or RESET. Raises OptionError naming the option and the remedy."""
    text = value if isinstance(value, str) else str(value)
    if text == RESET:
        return RESET
    if name == "port":
        number = None if isinstance(value, bool) else _PORT.match(text.strip())
        if number is None or number[0] != number[1] or not 1 <= int(number[1]) <= 65535:
            raise OptionError(f"port must be between 1 and 65535, or default, not {shorten(text)!r}")
        return int(number[1])
    if name == "host":
        return _host_option(text)
    if name in TEMPLATES:
        if _ENDS_A_RECORD.search(text):
            raise OptionError(f"{name} must not contain a line feed, carriage return or NUL; each ends a record")
        if not text.strip():
            raise OptionError(f"{name} must not be empty; leave the option out, or give default")
        if _MASKED.search(text):
            raise OptionError(
                f"{name} comes from output in which a secret is masked; replace the asterisks with the secret"
            )
        return text
    canonical = SPELLINGS[name].canonical(text)
    if canonical is None:
        words = ", ".join(("true", "false") if name == "enabled" else SPELLINGS[name].values)
        raise OptionError(f"{name} must be one of {words}, or default, not {shorten(text)!r}")
    return canonical


def _host_option(text: str) -> str:
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


def _is_name(host: str) -> bool:
    """Whether it is a host's name. One that ends in a number would be taken for an IPv4 address."""
    labels = host.split(".")
    whole = all(_LABEL.match(label) for label in labels)
    return whole and len(host) <= 253 and not _NUMBER.match(labels[-1])


def _is_shown_host(host: str) -> bool:
    """Whether it can be what somebody entered as a host, right or wrong."""
    return bool(_SHOWN_HOST.match(host) or _address(host))


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


def _text(raw: str) -> str:
    text = _plain(raw)
    return "" if text.lower() in ("none", "null") else text


def _plain(text: str) -> str:
    text = text.strip(_BLANKS)
    return text[1:-1].strip(_BLANKS) if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _read(name: str, raw: str) -> Value:
    if name in TEMPLATES:
        return _template(raw)
    text = _text(raw)
    value: Value = None
    if name == "host":
        host = _host(text)
        value = host if _is_shown_host(host) else None
    elif name == "port":
        number = _PORT.match(text)
        value = int(number[1]) if number else None
    elif name in SPELLINGS:
        value = SPELLINGS[name].canonical(text)
    # A facility or level that this table lacks is kept as it is. Anything longer than a word cannot be one.
    if value is None and text and (name in ("host", "port", "enabled") or not _WORD.match(text)):
        problem = f"the cluster shows {name} as {shorten(text, 40)!r}, which cannot be read"
        raise ReplyError(f"{problem}; {REPORT}", "not_plaintext")
    if value is None and name == "enabled":
        return False
    return value if value is not None or name == "port" else text


def _joined(raw: str) -> t.List[str]:
    """A template that spans several lines, joined in each way it may have been folded, the likeliest first."""
    first, *more = raw.split("\n")
    indents = [re.match(r"[ \t]*", line).group() for line in more]  # type: ignore[union-attr]
    indent = min(indents, key=len, default="")
    # One blank can be the template's own; two or more are an indent.
    folded = first + "".join(line[len(indent) :] for line in more)
    whole = "".join([first, *more])
    return [folded if len(indent) > 1 or indent == "\t" else whole, whole, folded, " ".join(raw.split("\n"))]


def _template(raw: str) -> str:
    """The template without what the reply's layout added. Quotes that may belong to the template stay."""
    text = _joined(raw)[0].strip(_BLANKS)
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"":
        return text
    quote, inner = text[0], text[1:-1]
    # The template's own quotes surround fields; a pair around everything swaps opening and closing quotes.
    with_pair, without = (
        len([part for part in _QUOTED[quote].findall(read) if _FIELD.match(part)]) for read in (text, inner)
    )
    if with_pair != without:
        return text if with_pair > without else inner.rstrip(_BLANKS)
    own = _QUOTED_LIST[quote].match(text)
    if own or (quote in inner and not (inner[0] == quote == inner[-1])):
        return text
    return inner.rstrip(_BLANKS)


def _readings(raw: str) -> t.Set[str]:
    """Every template that the reply's text can stand for."""
    texts = {reading for text in _joined(raw) for reading in (text, text.strip(_BLANKS), _template(text))}
    return texts | {_plain(text) for text in texts}
