# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cluster has been told: the pinned settings, its history, and what each node got."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, FrozenSet, Iterable, List, Optional, Sequence, Tuple

from .values import DEFAULTS, SETTINGS


@dataclass(frozen=True)
class Snapshot:
    """All settings at one moment, and which of them are pinned to a literal."""

    values: Dict[str, str]
    pinned: FrozenSet[str]
    # Whether a set call has cleared the settings of a newer build, which it did not name.
    more_cleared: bool = False


class State:
    """Settings of one cluster; every method is safe to call from any thread."""

    def __init__(
        self, nodes: Sequence[str], path: Optional[Path] = None, pinned: Optional[Dict[str, str]] = None
    ) -> None:
        self._lock = threading.RLock()
        self._path = path
        self._pinned: Dict[str, str] = dict(pinned or {})
        self._more_cleared = False
        self.defaults = dict(DEFAULTS)
        # Counts set calls that went through, whether they changed something or not.
        self.sets = 0
        self.report_recipient = ""
        if path is not None and path.exists():
            saved = json.loads(path.read_text(encoding="utf-8"))
            self._pinned, self.report_recipient = saved["pinned"], saved.get("report_recipient", "")
        self._history: List[Tuple[float, Snapshot]] = [(0.0, self._snapshot())]
        self._stale: Optional[Snapshot] = None
        self._stale_reads = 0
        self._nodes = {node: (0, self._snapshot()) for node in nodes}

    def _snapshot(self) -> Snapshot:
        values = {name: self._pinned.get(name, self.defaults[name]) for name in SETTINGS}
        return Snapshot(values, frozenset(self._pinned), self._more_cleared)

    @property
    def settings(self) -> Dict[str, str]:
        """The effective settings now, as text, exactly as they were set."""
        with self._lock:
            return dict(self._snapshot().values)

    @property
    def pinned(self) -> Dict[str, str]:
        """The settings that hold a literal, whether or not it equals the default."""
        with self._lock:
            return dict(self._pinned)

    def apply(
        self,
        arguments: Dict[str, str],
        omitted: str = "keep",
        ignored: Iterable[str] = (),
        failed_nodes: Iterable[str] = (),
        lag_reads: int = 0,
        clear_more: bool = False,
    ) -> None:
        """Carry out a set call: `arguments` holds the non-empty ones; `default` gives a setting back."""
        ignored, failed_nodes = set(ignored), set(failed_nodes)
        with self._lock:
            before = self._snapshot()
            self._more_cleared = self._more_cleared or clear_more
            for name in SETTINGS:
                if name in ignored:
                    continue
                value = arguments.get(name)
                if value == "default" or (value is None and omitted == "default"):
                    self._pinned.pop(name, None)
                elif value is not None:
                    self._pinned[name] = value
                elif omitted == "clear":
                    self._pinned[name] = ""
            self.sets += 1
            self._stale, self._stale_reads = (before, lag_reads) if lag_reads else (None, 0)
            after = self._snapshot()
            self._history.append((time.monotonic(), after))
            for node in self._nodes:
                if node not in failed_nodes:
                    self._nodes[node] = (self.sets, after)
            self._save()

    def pin(self, **settings: str) -> None:
        """Set literals directly, as another administrator would in the control panel."""
        self.apply({name: str(value) for name, value in settings.items()})

    def report_to(self, recipient: str) -> None:
        """Set who gets the report on outgoing mail; nobody when empty."""
        with self._lock:
            self.report_recipient = recipient
            self._save()

    def visible(self, lag_s: float = 0.0) -> Snapshot:
        """Return what a get call shows, by the lag in seconds or in reads."""
        with self._lock:
            if self._stale is not None and self._stale_reads > 0:
                self._stale_reads -= 1
                return self._stale
            if lag_s <= 0:
                return self._snapshot()
            horizon = time.monotonic() - lag_s
            return [snapshot for moment, snapshot in self._history if moment <= horizon][-1]

    def node(self, name: str) -> Tuple[int, Dict[str, str]]:
        """Return the number of the last set call that reached a node, and the settings it works with."""
        with self._lock:
            number, snapshot = self._nodes[name]
            return number, dict(snapshot.values)

    def reset(self) -> None:
        """Forget everything that was set."""
        with self._lock:
            self._pinned = {}
            self._more_cleared = False
            self.report_recipient = ""
            self.sets += 1
            self._history = [(0.0, self._snapshot())]
            self._stale, self._stale_reads = None, 0
            self._nodes = {node: (self.sets, self._snapshot()) for node in self._nodes}
            self._save()

    def as_dict(self) -> Dict[str, object]:
        """Return the whole state for people and for the state file."""
        with self._lock:
            return {
                "settings": self.settings,
                "pinned": self.pinned,
                "defaults": dict(self.defaults),
                "sets": self.sets,
                "report_recipient": self.report_recipient,
                "nodes": {name: pair[1].values for name, pair in self._nodes.items()},
            }

    def _save(self) -> None:
        if self._path is None:
            return
        candidate = self._path.with_suffix(".new")
        candidate.write_text(json.dumps(self.as_dict(), indent=2) + "\n", encoding="utf-8")
        os.replace(candidate, self._path)
