# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filtering nodes: each sends its records through Python's own SysLogHandler."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import sys
import time
from dataclasses import dataclass
from logging.handlers import SysLogHandler
from typing import Any, Dict, List, Optional, Tuple

from .record import Record
from .state import State
from .switches import Switches
from .values import facility_number, level_number, port_number, transport, truth

_FIELD = re.compile(r"%\(([^()]*)\)s")


class _RawText(str):
    """Text whose surrogates go out as the bytes they stand for, as a Python 2 sender would send them."""

    def __add__(self, other: str) -> _RawText:
        return _RawText(str.__add__(self, other))

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return str.encode(self, encoding, "surrogatepass" if "\ud800" in self else "surrogateescape")


class Handler(SysLogHandler):
    """SysLogHandler as it is, except that it remembers what was lost instead of printing it."""

    error: Optional[str] = None
    raw = False
    size = 0

    def begin(self, raw: bool) -> None:
        """Forget the last record; `raw` lets bytes through that are not UTF-8."""
        self.error, self.raw = None, raw

    def format(self, record: logging.LogRecord) -> str:
        """Render the record and note its size in characters."""
        text = super().format(record)
        self.size = len(text)
        return _RawText(text) if self.raw else text

    def handleError(self, record: logging.LogRecord) -> None:
        """Remember the error: the real sender loses the record without a trace."""
        kind, error, _trace = sys.exc_info()
        self.error = "{}: {}".format(kind.__name__ if kind else "Error", error)


@dataclass(frozen=True)
class Outcome:
    """What became of a record: sent, lost (with the error) or suppressed (sending is off, or below the level)."""

    result: str
    error: str = ""
    source: Optional[Tuple[str, int]] = None
    size: int = 0
    set_number: int = 0


def _without_last(template: str) -> str:
    found = list(_FIELD.finditer(template))
    return template if len(found) < 2 else template[: found[-2].end()] + template[found[-1].end() :]


def _with_surplus(template: str) -> str:
    found = list(_FIELD.finditer(template))
    if len(found) < 2:
        return template
    last = template[found[-2].end() : found[-1].end()]
    return template[: found[-1].end()] + last + template[found[-1].end() :]


def _line(record: Record, template: str) -> Tuple[str, Tuple[Any, ...]]:
    """Return what is handed to the logger: a template and its arguments, or a finished line."""
    if record.shape == "other_format":
        return "Oct 11 22:14:15 evilhost sshd[1]: Accepted password for root from 192.0.2.66 port 22", ()
    if record.shape == "other_template":
        return record.detail["forge_template"], (record.fields,)
    if record.shape == "missing_field":
        return _without_last(template), (record.fields,)
    if record.shape == "surplus_field":
        return _with_surplus(template), (record.fields,)
    if record.shape == "cut":
        whole = template % record.fields
        return whole[: len(whole) // 2], ()
    if record.shape == "empty":
        return "", ()
    return template, (record.fields,)


class Node:
    """One filtering node: follows the settings that reached it, and keeps its socket as long as it lasts."""

    def __init__(self, name: str, state: State, switches: Switches) -> None:
        self.name = name
        self._state, self._switches = state, switches
        self._handler: Optional[Handler] = None
        self._key: Any = None
        self._source: Optional[Tuple[str, int]] = None
        self._retry_at = 0.0

    def send(self, record: Record) -> Outcome:
        """Log one record by the settings in force."""
        number, settings = self._state.node(self.name)
        if not truth(settings["enabled"]):
            return Outcome("suppressed", "not enabled", set_number=number)
        try:
            level = level_number(settings["level"])
            if self._switches["level_meaning"] == "threshold":
                if level > logging.INFO:
                    return Outcome("suppressed", "below the level", set_number=number)
                level = logging.INFO
            handler = self._open(number, settings)
            text, arguments = _line(record, settings[record.kind + "_template"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            return Outcome("lost", f"{type(error).__name__}: {error}", set_number=number)
        handler.begin(self._switches["sender_text"] == "bytes")
        handler.handle(logging.LogRecord("remote_syslog", level, __file__, 0, text, arguments, None))
        if handler.error is not None:
            return Outcome("lost", handler.error, self._source, set_number=number)
        if self._source is None:
            self._source = self._local(handler)
        return Outcome("sent", "", self._source, handler.size, number)

    def _open(self, number: int, settings: Dict[str, str]) -> Handler:
        """Return the handler for the settings: a new one when they, or set calls as such, ask for it."""
        how = self._switches["sender_reconnects"]
        key: List[Any] = [settings[name] for name in ("host", "port", "facility", "socket_type")]
        if how == "on_set":
            key.append(number)
        if self._handler is not None and (how == "never" or key == self._key):
            return self._handler
        self.close()
        if not settings["host"]:
            raise ValueError("no host is set")
        if key == self._key and time.monotonic() < self._retry_at:
            raise ConnectionError("not connected")
        self._key, self._retry_at = key, time.monotonic() + 1.0
        kind = socket.SOCK_STREAM if transport(settings["socket_type"]) == "tcp" else socket.SOCK_DGRAM
        self._handler = Handler(
            (settings["host"], port_number(settings["port"])), facility_number(settings["facility"]), kind
        )
        return self._handler

    @staticmethod
    def _local(handler: Handler) -> Optional[Tuple[str, int]]:
        """Return the address and port that the receiver sees, as far as this machine knows."""
        sock: Any = vars(handler)["socket"]
        address, port = sock.getsockname()[:2]
        if address in ("0.0.0.0", "::"):
            try:
                with socket.socket(sock.family, socket.SOCK_DGRAM) as probe:
                    probe.connect(handler.address)
                    address = probe.getsockname()[0]
            except OSError:
                return None
        return str(address), int(port)

    def abort(self) -> None:
        """Break the connection under a send that waits for a receiver that does not read."""
        sock = vars(self._handler).get("socket") if self._handler is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        if self._handler is not None:
            self._handler.close()
        self._handler, self._source = None, None
