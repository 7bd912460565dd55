# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that are answered together, so that a race has the same end on every machine."""

from __future__ import annotations

import collections
import threading
from typing import Any, Counter, DefaultDict, Dict

from .switches import Switches


class Together:
    """Holds the replies to the first calls of each method until all of these calls were carried out."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._lock = threading.Lock()
        self._changed({"together": 0})
        switches.listen(self._changed)

    def _changed(self, values: Dict[str, Any]) -> None:
        if "together" in values:
            with self._lock:
                self._seen: Counter[str] = collections.Counter()
                self._complete: DefaultDict[str, threading.Event] = collections.defaultdict(threading.Event)

    def wait(self, call: str, stopping: threading.Event) -> None:
        """Return when the reply to this call may be sent, at once when the emulator stops."""
        with self._lock:
            self._seen[call] += 1
            complete = self._complete[call]
            if self._seen[call] >= self._switches["together"]:
                complete.set()
        while not complete.wait(0.05) and not stopping.is_set():
            pass
