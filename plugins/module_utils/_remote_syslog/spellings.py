# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The words for the values of a setting that has a list of them, in every style that a cluster may use."""

from __future__ import annotations

import typing as t


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
