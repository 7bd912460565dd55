# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings mean, and the ways to spell them."""

from __future__ import annotations

import logging
import logging.handlers
from typing import Any, Callable, Dict

# The order of the vendor's documented signature.
SETTINGS = ("host", "port", "facility", "socket_type", "message_template", "enabled", "level", "status_template")
TEMPLATES = ("message_template", "status_template")

DEFAULTS: Dict[str, str] = {
    "host": "",
    "port": "514",
    "facility": "local0",
    "socket_type": "udp",
    "message_template": '"%(id)s","%(filtering_host)s","%(domain)s","%(sender)s","%(recipient)s","%(timestamp)s",'
    '"%(sender_ip)s","%(status)s","%(classification)s"',
    "enabled": "False",
    "level": "INFO",
    "status_template": '"%(id)s","%(filtering_host)s","%(domain)s","%(recipient)s","%(status)s","%(delivery_date)s"',
}

FACILITIES = dict(logging.handlers.SysLogHandler.facility_names)
LEVELS = {"debug": 10, "info": 20, "warning": 30, "warn": 30, "error": 40, "critical": 50, "fatal": 50}
# The numbers of syslog for the levels that Python has.
SEVERITIES = {"7": 10, "6": 20, "4": 30, "3": 40, "2": 50}
SOCKETS = {
    "udp": "udp",
    "sock_dgram": "udp",
    "datagram": "udp",
    "dgram": "udp",
    "2": "udp",
    "tcp": "tcp",
    "sock_stream": "tcp",
    "stream": "tcp",
    "1": "tcp",
}
TRUE = ("true", "1", "yes", "on", "enabled", "t")
FALSE = ("false", "0", "no", "off", "disabled", "f", "")


def port_number(text: str) -> int:
    """Return a port; raise ValueError outside 1-65535."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ValueError(text)
    return int(text)


def facility_number(text: str) -> int:
    """Return a facility's number from its name, LOG_ name or number; raise ValueError when it has none."""
    word = text.lower()
    if word.startswith("log_"):
        word = word[4:]
    number = FACILITIES.get(word, int(word) if word.isascii() and word.isdigit() else -1)
    if not 0 <= number <= 23:
        raise ValueError(text)
    return number


def level_number(text: str) -> int:
    """Return Python's number of a level from its name or number; raise ValueError when it has none."""
    number = LEVELS.get(text.lower(), int(text) if text.isascii() and text.isdigit() else -1)
    number = SEVERITIES.get(text, number)
    if number not in LEVELS.values():
        raise ValueError(text)
    return number


def transport(text: str) -> str:
    """Return udp or tcp; raise ValueError for anything else."""
    try:
        return SOCKETS[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def truth(text: str) -> bool:
    """Return a boolean from any of its spellings; raise ValueError for anything else."""
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValueError(text)


CANONICAL: Dict[str, Callable[[str], Any]] = {
    "port": port_number,
    "facility": facility_number,
    "level": level_number,
    "socket_type": transport,
    "enabled": truth,
}

_SOCKET_WORDS = {
    "udp": ("udp", "tcp"),
    "UDP": ("UDP", "TCP"),
    "SOCK_DGRAM": ("SOCK_DGRAM", "SOCK_STREAM"),
    "datagram": ("datagram", "stream"),
    "numeric": ("2", "1"),
}
_BOOL_WORDS = {
    "True": ("True", "False"),
    "true": ("true", "false"),
    "1": ("1", "0"),
    "yes": ("yes", "no"),
    "on": ("on", "off"),
    "enabled": ("enabled", "disabled"),
    "t": ("t", "f"),
}
_FACILITY_NAMES: Dict[int, str] = {}
for _name, _number in FACILITIES.items():
    # `security` is a second name of `auth`: the first one is the usual one.
    _FACILITY_NAMES.setdefault(_number, _name)


def _spell_facility(text: str, style: str) -> str:
    number = facility_number(text)
    if style == "numeric" or number not in _FACILITY_NAMES:
        return str(number)
    name = _FACILITY_NAMES[number]
    return {"local0": name, "LOCAL0": name.upper(), "LOG_LOCAL0": "LOG_" + name.upper()}[style]


def _spell_level(text: str, style: str) -> str:
    number = level_number(text)
    name = logging.getLevelName(number)
    severity = next(severity for severity, level in SEVERITIES.items() if level == number)
    return {"INFO": name, "info": name.lower(), "numeric": str(number), "syslog": severity}[style]


_SPELL: Dict[str, Callable[[str, str], str]] = {
    "socket_type": lambda text, style: _SOCKET_WORDS[style][transport(text) == "tcp"],
    "enabled": lambda text, style: _BOOL_WORDS[style][not truth(text)],
    "facility": _spell_facility,
    "level": _spell_level,
}
SPELLING_SWITCH = {
    "socket_type": "socket_spelling",
    "facility": "facility_spelling",
    "level": "level_spelling",
    "enabled": "bool_spelling",
}


def spell(name: str, text: str, switches: Any) -> str:
    """Return a setting's value in the spelling that the switches ask for."""
    style = switches[SPELLING_SWITCH[name]] if name in SPELLING_SWITCH else "as_set"
    if style == "as_set" or (text == "" and name != "enabled"):
        return text
    return _SPELL[name](text, style)


def valid(name: str, text: str, switches: Any) -> bool:
    """Return whether a set call takes `text` as the value of setting `name`."""
    if name not in CANONICAL:
        return True
    try:
        CANONICAL[name](text)
        return switches["accept_spelling"] == "any" or spell(name, text, switches) == text
    except ValueError:
        return False
