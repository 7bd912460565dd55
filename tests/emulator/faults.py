# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a call meets a fault, and what it gets then."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Dict, List, Optional, Tuple

from .prose import say
from .switches import Switches

_HTML = "<!DOCTYPE html>\n<html><head><title>SpamExperts</title></head><body><h1>Welcome</h1></body></html>\n"
_LOGIN = (
    "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form action='/index.php' method='post'>"
    "<input name='username'><input name='password' type='password'></form></body></html>\n"
)
_TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "/usr/lib/cgi-bin/api", line 112, in <module>\n    main()\n'
    "KeyError: 'remote_syslog_server'\n"
)
_SQLSTATE = "Error: SQLSTATE[HY000] [2002] Connection refused in fatalerror.php\n"


# Ways to send that have no end, or none that a client lives to see.
ENDLESS = ("drip", "drip_body", "endless", "bomb")


@dataclass
class Reply:
    """What goes back over HTTP; `transmit` is whole, truncated (fewer bytes than announced), dropped, or of ENDLESS.

    `body`, if it is given, is sent as it is, instead of `text` in the encoding of the switches.
    """

    text: str = ""
    status: int = 200
    headers: List[Tuple[str, str]] = field(default_factory=list)
    transmit: str = "whole"
    html: bool = False
    body: Optional[bytes] = None
    content_type: str = ""
    server: str = ""


class Faults:
    """Counts the calls that match, so that a fault can start late and end early."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._lock = threading.Lock()
        self._seen = 0
        switches.listen(self._changed)

    def _changed(self, values: Dict[str, Any]) -> None:
        if any(name.startswith("fault") for name in values):
            with self._lock:
                self._seen = 0

    def take(self, call: str) -> str:
        """Return the name of the fault that this call meets, or none."""
        switches = self._switches
        if switches["fault"] == "none":
            return "none"
        if not any(fnmatchcase(call, pattern) for pattern in switches.names("fault_calls")):
            return "none"
        with self._lock:
            self._seen += 1
            number = self._seen - switches["fault_skip"]
        if number < 1 or (switches["fault_count"] and number > switches["fault_count"]):
            return "none"
        return str(switches["fault"])


def faulty(fault: str, reply: Reply, call: str, client: str, language: str, switches: Switches) -> Reply:
    """Return what the client gets instead of `reply`."""
    if fault == "clipped":
        # As little as can be missing: the line end and the closing quote of the last template.
        return Reply(reply.text[:-2])
    if fault in ("truncated", "cut"):
        half = reply.text[: len(reply.text) // 2]
        return Reply(reply.text, transmit="truncated") if fault == "truncated" else Reply(half)
    if fault == "dropped" or fault in ENDLESS:
        return Reply(transmit=fault)
    texts = {
        "credential_text": say(language, "credential"),
        "permission": say(language, "permission", call=call),
        "ip_restricted": say(language, "ip_restricted", client=client),
        "unknown_method": say(language, "unknown_method", call=call),
        "traceback": _TRACEBACK,
        "sqlstate": _SQLSTATE,
        "empty": "",
    }
    if fault in texts:
        return Reply(texts[fault] and texts[fault].rstrip("\n") + "\n")
    if fault == "html":
        return Reply(_HTML, html=True)
    if fault == "login_page":
        return Reply(_LOGIN, html=True)
    if fault in ("redirect", "bad_redirect"):
        return Reply(status=302, headers=[("Location", "/index.php?login" if fault == "redirect" else "https://[bad")])
    if fault == "unavailable":
        wait = switches["retry_after"]
        return Reply(
            "<html><body><h1>503 Service Unavailable</h1></body></html>\n",
            503,
            [("Retry-After", str(wait))] if wait >= 0 else [],
            html=True,
        )
    if fault == "forbidden":
        return Reply("<html><body><h1>403 Forbidden</h1></body></html>\n", 403, html=True)
    return Reply("<html><body><h1>500 Internal Server Error</h1></body></html>\n", 500, html=True)
