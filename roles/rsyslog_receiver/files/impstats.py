# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rsyslogd's own counters came to, over all its restarts.

rsyslogd appends a report to ``impstats.json`` in the work directory every 30 seconds. Its counters begin at zero with
each start, which its unit marks in that file; what they came to before is remembered, so that those here only grow.
What it counted between its last report and its end is not seen.
"""

import contextlib
import json
import os
import re
import time

from store import opened, read, replace

KINDS = ("messages", "status", "quarantine")  # the files of records
WRITTEN = KINDS + ("canary",)  # rsyslogd's actions
BUCKETS = {"quarantined": "quarantined_total", "nodes": "node_records_total"}  # rsyslogd's dyn_stats
MEMORY = 7 * 86400  # seconds after its last record that a filtering node is forgotten
NODES = 1000  # nodes told apart; names come from records, so a sender could invent any number
NAME = 253  # characters of a node's name, the longest host name there is
KEEP = 1 << 20  # bytes of impstats.json after which it is emptied
READ = 16 << 20  # bytes of it read at most
HEAD = ("global", "dynstats")  # the row with which each report begins
MARK = "rsyslogd starts"  # what the unit writes there before each start


# What could steer a terminal or hide in a line: control characters (C0, DEL, C1), separators of lines, and what changes
# the direction of text.
UNSAFE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]")


def visible(name):
    """A node's name as a label: what is unsafe in it written out, and what is too long cut.

    Text that is not Unicode would make the whole file of metrics invalid.
    """
    name = name.encode("utf-8", "replace").decode("utf-8")
    return UNSAFE.sub(lambda found: "\\u%04x" % ord(found.group()), name).strip()[:NAME]


def counters(name, origin, row):
    """What a line of impstats counts: a dictionary of (metric, label) to number."""
    if origin in ("imtcp", "imudp") and "submitted" in row:
        transport = origin[2:]
        return {("received_total", transport): row["submitted"], ("refused_total", transport): row.get("disallowed", 0)}
    if origin == "core.action" and name in WRITTEN:
        failed = row.get("failed", 0)
        return {("written_total", name): row.get("processed", 0) - failed, ("write_failures_total", name): failed}
    if origin == "core.queue":
        dropped = row.get("discarded.full", 0) + row.get("discarded.nf", 0)
        return {("dropped_total", "queue"): dropped, ("queue_full_total", ""): row.get("full", 0)}
    if origin == "dynstats":
        return {("nodes_not_counted_total", ""): row.get("nodes.ops_overflow", 0)}
    found = {}
    if origin == "dynstats.bucket" and name in BUCKETS:
        for key, value in row.items():
            # Truncated names may coincide.
            key = (BUCKETS[name], visible(key))
            if key[1]:
                found[key] = found.get(key, 0) + value
    return found


def parse(text):
    """Each report, in order: a dictionary of (name, origin) to numbers; None where a new process began.

    The rest of a report whose beginning is missing is left out: which of two rows of one name it has cannot be known.
    """
    report = {}
    for line in text.split("\n"):
        if line == MARK:
            if report:
                yield report
            yield None
            report = {}
            continue
        try:
            row = json.loads(line[line.index("{") :])
            key = (str(row.pop("name")), str(row.pop("origin")))
            row = row.pop("values", row)
            numbers = {name: value for name, value in row.items() if isinstance(value, int) and value >= 0}
        except (ValueError, KeyError, AttributeError):
            continue
        if key == HEAD:
            if report:
                yield report
            report = {}
        elif not report:
            continue
        while key in report:
            # Two listeners of imtcp on one port of different addresses have one name.
            key = (key[0] + "'", key[1])
        report[key] = numbers
    if report:
        yield report


def growing(key, row):
    """The numbers of a row that only grow while a process lives."""
    name, origin = key
    if origin == "impstats":
        return {resource: value for resource, value in row.items() if resource != "openfiles"}
    # A node that rsyslogd forgot, as it does after a week, begins at zero when it comes back.
    return {} if origin == "dynstats.bucket" else counters(name, origin, row)


def restarted(before, report):
    """Whether a report must be of another process than the one before, should the mark of its start be lost."""
    for key, row in report.items():
        old = growing(key, before.get(key, {}))
        if any(value < old.get(name, 0) for name, value in growing(key, row).items()):
            return True
    return False


class State:
    """What is remembered between two runs."""

    def __init__(self, path):
        self.path = path
        self.value = {"offset": 0, "inode": 0, "stats": 0, "rows": [], "totals": [], "nodes": {}}
        self.value.update(sockets={}, recent=[], handed={}, grown={}, heard=0)
        # Not in a first run, or where it was lost: counters begin again, as Prometheus expects of counters.
        with contextlib.suppress(OSError, ValueError):
            self.value.update(json.loads(read(path)))
        self.rows = {tuple(key): row for key, row in self.value["rows"]}
        # Visible also where an earlier version noted a name as it came.
        self.totals = {(metric, visible(label)): count for (metric, label), count in self.value["totals"]}
        self.value["nodes"] = self.nodes = {visible(name): seen for name, seen in self.value["nodes"].items()}

    def save(self):
        self.value["rows"] = [[list(key), row] for key, row in self.rows.items()]
        self.value["totals"] = [[list(key), count] for key, count in self.totals.items()]
        replace(self.path, json.dumps(self.value), 0o600)

    def add(self, metric, label, amount, now):
        if metric == "node_records_total":
            if amount:
                self.value["heard"] = now
            if label not in self.nodes and len(self.nodes) >= NODES:
                metric, label = "nodes_not_counted_total", ""
            elif amount:
                self.nodes[label] = now
        if metric != "node_records_total" or label in self.nodes:
            self.totals[metric, label] = self.totals.get((metric, label), 0) + amount

    def count(self, report, now, since):
        """Add what was counted since the report before. since: when the report before was written, at the latest."""
        before = {} if restarted(self.rows, report) else self.rows
        for (name, origin), row in report.items():
            old = counters(name, origin, before.get((name, origin), {}))
            for (metric, label), value in counters(name, origin, row).items():
                last = old.get((metric, label), 0)
                amount = value - last if value >= last else value
                self.add(metric, label, amount, now)
                if amount and metric in ("written_total", "write_failures_total") and label in KINDS:
                    self.value["handed"][label] = since
        self.rows = {**before, **report}

    def put_back(self, now):
        """Nothing was later than now: else a clock that was ahead would hide silence and loss for as long."""
        for times in (self.nodes, self.value["handed"]):
            times.update({name: min(then, now) for name, then in times.items()})
        for file in self.value["grown"].values():
            file[0] = min(file[0], now)
        self.value["heard"] = min(self.value["heard"], now)

    def forget(self, now):
        """Forget nodes that are long gone; never the last, for a receiver that hears nobody is not well."""
        latest = max(self.nodes, key=self.nodes.get, default=None)
        for node in [node for node, seen in self.nodes.items() if now - seen > MEMORY and node != latest]:
            del self.nodes[node]
            self.totals.pop(("node_records_total", node), None)

    def found(self, kind, written, inode, size):
        """Note the file of a kind that was written to last.

        Only one that grew took a record: a write that failed for want of room changes the time of a file, too. One that
        shrank was cut by retention, and may have grown since.
        """
        grown, last_inode, last_size = self.value["grown"].get(kind, (0, 0, 0))
        if size != (last_size if inode == last_inode else 0):
            grown = max(grown, written)
        self.value["grown"][kind] = [grown, inode, size]


def read_stats(path, state):
    """Count what rsyslogd reported since the last run, and keep its file small: it only ever appends."""
    if not os.path.lexists(path):
        return
    with opened(path, os.O_RDWR) as fd, os.fdopen(os.dup(fd), "r+b") as file:
        status = os.fstat(file.fileno())
        for _attempt in range(10):
            # A report that is being written is waited for, so that it is read whole.
            time.sleep(0.1)
            before, status = status, os.fstat(file.fileno())
            if before.st_size == status.st_size:
                break
        if state.value["inode"] != status.st_ino or state.value["offset"] > status.st_size:
            state.value["offset"] = 0
        start = max(state.value["offset"], status.st_size - READ)
        file.seek(start)
        text = file.read(status.st_size - start)
        text = text[: text.rfind(b"\n") + 1]
        since = min(state.value["stats"], status.st_mtime)
        for report in parse(text.decode("utf-8", "replace")):
            if report is None:
                state.rows = {}
            else:
                state.count(report, status.st_mtime, since)
                state.value["stats"] = status.st_mtime
        state.value.update(inode=status.st_ino, offset=start + len(text))
        if status.st_size > KEEP and os.fstat(file.fileno()).st_size == status.st_size:
            # Nothing is lost: the counters come again with the next report.
            os.ftruncate(file.fileno(), 0)
            state.value["offset"] = 0
