# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: every request and every flow, in memory and as JSON lines; never the password."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Optional
from urllib.parse import quote, quote_plus

READ_PREFIXES = ("api_get_", "api_list_", "api_find_", "api_help", "api_delivery_queue")


class Journal:
    """Entries are dictionaries with `type` (request, lost or flow) and `time` (Unix seconds)."""

    def __init__(self, path: Optional[Path], password: str) -> None:
        self._lock = threading.Lock()
        self._path = path
        self._entries: List[Dict[str, Any]] = []
        # A short password would blot out innocent text such as a port.
        self._secrets = {password, quote(password, safe=""), quote_plus(password)} if len(password) >= 8 else set()

    def clean(self, text: str) -> str:
        """Return `text` without the password."""
        for secret in self._secrets:
            text = text.replace(secret, "********")
        return text

    def add(self, kind: str, **entry: Any) -> None:
        """Append one entry."""
        line = json.dumps({"type": kind, "time": round(time.time(), 6), **entry})
        cleaned = self.clean(line)
        content = json.loads(cleaned)
        if cleaned != line:
            content["password_seen"] = True
        with self._lock:
            self._entries.append(content)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(content) + "\n")

    @property
    def entries(self) -> List[Dict[str, Any]]:
        """All entries since the last clear."""
        with self._lock:
            return list(self._entries)

    @property
    def requests(self) -> List[Dict[str, Any]]:
        """The requests only."""
        return [entry for entry in self.entries if entry["type"] == "request"]

    @property
    def calls(self) -> List[str]:
        """Names of the calls of all requests that passed authentication, in order."""
        return [entry["call"] for entry in self.requests if entry["authenticated"] and entry["call"]]

    @property
    def writes(self) -> List[Dict[str, Any]]:
        """Requests whose call is not a get, list, find, help or the queue; check mode must not cause any."""
        return [entry for entry in self.requests if entry["call"] and not entry["call"].startswith(READ_PREFIXES)]

    @property
    def lost(self) -> int:
        """Records that a node could not send."""
        return sum(entry["count"] for entry in self.entries if entry["type"] == "lost")

    def clear(self) -> None:
        """Forget the entries in memory; the file stays."""
        with self._lock:
            self._entries = []
