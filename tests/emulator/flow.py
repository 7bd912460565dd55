# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A flow: so many records at such a rate through the nodes, with everything sent written down."""

from __future__ import annotations

import itertools
import json
import queue
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from .hostile import Hostile
from .journal import Journal
from .mailflow import MailFlow
from .record import Record
from .stream import Node, Outcome

_BACKLOG = 1000


@dataclass(frozen=True)
class FlowOptions:
    """What to send: counts, records a second over all nodes (0: as fast as it goes), node names, seed, attacks."""

    messages: int = 0
    statuses: int = 0
    rate: float = 0.0
    nodes: Sequence[str] = ()
    seed: int = 1
    hostile: int = 0
    hostile_classes: Sequence[str] = ()
    forge_template: str = ""
    delimiters: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in ("messages", "statuses", "rate", "hostile", "seed"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                raise ValueError(f"{name}: {value!r} is not a number of 0 or more")


def records(options: FlowOptions, nodes: Sequence[str], time_format: str) -> Iterator[Record]:
    """Yield the records of a flow in order; hostile ones evenly between the others."""
    ordinary = MailFlow(options.seed, nodes, time_format)
    # Another seed, or a hostile record would have the id of an honest one.
    attack = Hostile(
        MailFlow(options.seed + 1000, nodes, time_format),
        options.hostile_classes,
        options.forge_template,
        options.delimiters,
    ).records(options.hostile)
    total, given = options.messages + options.statuses, 0
    for number, record in enumerate(ordinary.records(options.messages, options.statuses), 1):
        yield record
        while given * total < options.hostile * number:
            given += 1
            yield from itertools.islice(attack, 1)
    yield from attack


class Flow:
    """One run: a producer, and a thread for each node, which keeps its pace by the clock."""

    def __init__(
        self, number: int, options: FlowOptions, nodes: Sequence[Node], time_format: str, path: Path, journal: Journal
    ) -> None:
        self.number, self.options = number, options
        self._nodes, self._path, self._journal = nodes, path, journal
        # Made now, so that a wrong option fails before anything is sent.
        self._records = records(options, [node.name for node in nodes], time_format)
        Hostile(MailFlow(0, ("x",)), options.hostile_classes)
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._errors: Counter[Tuple[str, str]] = Counter()
        self._by_node: Counter[str] = Counter()
        self._slowest = 0.0
        self._seconds = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Flow:
        """Start sending in the background."""
        self._thread.start()
        return self

    def wait(self, timeout: Optional[float] = None) -> Dict[str, Any]:
        """Wait until all is sent (or `timeout` seconds); return the summary."""
        self._thread.join(timeout)
        return self.summary()

    def stop(self) -> None:
        """Give up what is not sent yet."""
        self._stop.set()

    def summary(self) -> Dict[str, Any]:
        """Return the counts so far; `done` says whether they are final."""
        options = self.options
        errors: Counter[str] = Counter()
        with self._lock:
            for (_node, error), count in self._errors.items():
                errors[error] += count
            return {
                "flow": self.number,
                "done": not self._thread.is_alive() and self._seconds > 0,
                "total": options.messages + options.statuses + options.hostile,
                "sent": self._counts["sent"],
                "lost": self._counts["lost"],
                "suppressed": self._counts["suppressed"],
                "messages": self._counts["message"],
                "statuses": self._counts["status"],
                "hostile": self._counts["hostile"],
                "by_node": dict(self._by_node),
                "errors": dict(errors),
                "seconds": round(self._seconds, 3),
                "slowest_send_s": round(self._slowest, 4),
                "file": str(self._path),
            }

    def _run(self) -> None:
        begin = time.monotonic()
        backlogs: Dict[str, Any] = {node.name: queue.Queue(_BACKLOG) for node in self._nodes}
        with self._path.open("a", encoding="utf-8") as file:
            workers = [
                threading.Thread(target=self._work, args=(node, backlogs[node.name], begin, file), daemon=True)
                for node in self._nodes
            ]
            for worker in workers:
                worker.start()
            try:
                for number, record in enumerate(self._records):
                    if self._stop.is_set():
                        break
                    backlogs[record.node].put((number, record))
            finally:
                for name in backlogs:
                    backlogs[name].put(None)
                for worker in workers:
                    worker.join()
        for (node, error), count in sorted(self._errors.items()):
            self._journal.add("lost", flow=self.number, node=node, error=error, count=count)
        self._seconds = max(time.monotonic() - begin, 0.001)
        self._journal.add("flow", **{**self.summary(), "done": True})

    def _work(self, node: Node, backlog: Any, begin: float, file: Any) -> None:
        while True:
            item = backlog.get()
            if item is None:
                return
            number, record = item
            if self.options.rate > 0:
                self._stop.wait(max(0.0, begin + number / self.options.rate - time.monotonic()))
            if self._stop.is_set():
                continue
            started = time.monotonic()
            outcome = node.send(record)
            self._note(number, record, outcome, time.monotonic() - started, file)

    def _note(self, number: int, record: Record, outcome: Outcome, took: float, file: Any) -> None:
        entry: Dict[str, Any] = {
            "flow": self.number,
            "seq": number,
            "time": round(time.time(), 6),
            "node": record.node,
            "kind": record.kind,
            "result": outcome.result,
            "source": outcome.source,
            "size": outcome.size,
            "set": outcome.set_number,
            "features": list(record.features),
            "fields": {name: str(value) for name, value in record.fields.items()},
        }
        if record.hostile:
            entry["hostile"], entry["detail"] = record.hostile, record.detail
        if outcome.error:
            entry["error"] = outcome.error
        line = json.dumps(entry) + "\n"
        with self._lock:
            file.write(line)
            self._slowest = max(self._slowest, took)
            self._counts[outcome.result] += 1
            if outcome.result == "sent":
                self._counts["hostile" if record.hostile else record.kind] += 1
                self._by_node[record.node] += 1
            elif outcome.result == "lost":
                self._errors[(record.node, outcome.error)] += 1


def read_sent(path: Path, flow: Optional[int] = None) -> List[Dict[str, Any]]:
    """Return what was written down, of one flow or of all, in the order of `seq`."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        entries = [json.loads(line) for line in file]
    return sorted(
        (entry for entry in entries if flow in (None, entry["flow"])), key=lambda entry: (entry["flow"], entry["seq"])
    )
