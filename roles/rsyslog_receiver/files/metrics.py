# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turn what rsyslogd, the kernel and the disk say of the receiver into a Prometheus text file."""

import argparse
import calendar
import contextlib
import json
import os
import re
import stat
import subprocess
import sys
import time
import typing

from impstats import KINDS, UNSAFE, State, read_stats
from limits import size_of
from sockets import foreign_sockets, sockets
from store import DAY, FILE, read, replace

PREFIX = "spamexperts_receiver_"
REASONS = ("no-marker", "wrong-secret", "kind", "field-count", "truncated", "framing")
COUNTED = {  # by the kind of recent_records
    "received_total": "received",
    "quarantined_total": "quarantined",
    "dropped_total": "dropped",
    "write_failures_total": "failed",
    "nodes_not_counted_total": "not_counted",
}
WINDOW = 900  # seconds that the recent_ metrics look back


class Metric(typing.NamedTuple):
    name: str
    type: str
    help: str
    labels: typing.Tuple[str, ...] = ()


SCHEMA = (
    Metric("received_total", "counter", "Records taken in by rsyslogd, its own test records included", ("transport",)),
    Metric("refused_total", "counter", "Datagrams from addresses that may not send", ("transport",)),
    Metric("written_total", "counter", "Records that rsyslogd handed to the file; not all need be on disk", ("file",)),
    Metric("write_failures_total", "counter", "Records that rsyslogd could not write", ("file",)),
    Metric("quarantined_total", "counter", "Records that do not fit the log format", ("reason",)),
    Metric("dropped_total", "counter", "Records lost before they were read (udp_socket) or queued (queue)", ("place",)),
    Metric("udp_sockets", "gauge", "UDP sockets of the receiver whose drops are read; 0 where it listens to none"),
    Metric(
        "foreign_sockets",
        "gauge",
        "Sockets of other users on a port of the receiver: they may get its records",
        ("port",),
    ),
    Metric("udp_ports_closed", "gauge", "UDP ports that the receiver is to listen on but has no socket for"),
    Metric("queue_full_total", "counter", "Times that a queue was full"),
    Metric("queue_records", "gauge", "Records that wait in a queue", ("queue",)),
    Metric("queue_records_max", "gauge", "Most records that waited since rsyslogd started", ("queue",)),
    Metric("node_records_total", "counter", "Good records of a filtering node, as it names itself", ("node",)),
    Metric("node_last_record_timestamp_seconds", "gauge", "When its last good record was seen", ("node",)),
    Metric("any_node_last_record_timestamp_seconds", "gauge", "When the last good record was seen; 0 for never"),
    Metric("nodes_not_counted_total", "counter", "Good records of nodes beyond the 1000 that are told apart"),
    Metric("recent_seconds", "gauge", "How far the recent_records look back, up to 900"),
    Metric("recent_records", "gauge", "Records of the last recent_seconds, by what became of them", ("kind",)),
    Metric("stats_timestamp_seconds", "gauge", "When rsyslogd last reported its counters; it does so every 30 seconds"),
    Metric("disk_free_bytes", "gauge", "Bytes free on the records' file system"),
    Metric("disk_size_bytes", "gauge", "Bytes of the records' file system"),
    Metric("disk_free_inodes", "gauge", "Inodes free on the records' file system; absent where it has no fixed number"),
    Metric("data_bytes", "gauge", "Bytes of all records that are kept"),
    Metric("quarantine_bytes", "gauge", "Bytes of the quarantine that is kept, which anyone who can send makes grow"),
    Metric(
        "quarantine_limit_bytes", "gauge", "Bytes of quarantine above which retention deletes of it; 0 for no limit"
    ),
    Metric(
        "quarantine_deleted_bytes_total", "counter", "Bytes of quarantine that retention deleted for a limit of size"
    ),
    Metric("oldest_day_timestamp_seconds", "gauge", "Beginning of the oldest day of which records are kept"),
    Metric("last_handed_timestamp_seconds", "gauge", "A moment after which records were handed to the file", ("file",)),
    Metric("newest_record_timestamp_seconds", "gauge", "When the file last grew on disk; 0 for never", ("file",)),
    Metric("retention_last_run_timestamp_seconds", "gauge", "When retention last ran to its end"),
    Metric("retention_last_run_success", "gauge", "1 if retention could do all it had to and its limits hold, else 0"),
    Metric("build_info", "gauge", "1, with the version of rsyslog", ("rsyslog",)),
    Metric("config_info", "gauge", "1, with the version of rsyslog that the configuration was made for", ("rsyslog",)),
    Metric("metrics_timestamp_seconds", "gauge", "When this file was written"),
)


def listener(text):
    """A listener of a text like udp/5514/192.0.2.1, whose address may be empty."""
    transport, port, address = text.split("/", 2)
    return {"transport": transport, "port": int(port), "address": address}


def read_sockets(listeners, state, values, now):
    """Count this user's sockets of these listeners, other users' there, and the datagrams that the kernel dropped."""
    ports = {one["port"] for one in listeners if one["transport"] == "udp"}
    found, closed = {}, set(ports)
    for row in sockets("udp"):
        if row.port in ports and row.uid == os.geteuid():
            found[row.inode] = row.drops
            closed.discard(row.port)
    for inode, drops in found.items():
        last = state.value["sockets"].get(inode, 0)
        state.add("dropped_total", "udp_socket", drops - last if drops >= last else drops, now)
    state.value["sockets"] = found
    values["udp_sockets"] = {"": len(found)}
    values["udp_ports_closed"] = {"": len(closed)}
    taken = values["foreign_sockets"] = {}
    for one in listeners:
        port = "%s/%d" % (one["transport"], one["port"])
        taken[port] = taken.get(port, 0) + len(foreign_sockets(one, os.geteuid()))


def files_of(folder):
    """The day, the kind and the status of each file of records."""
    for day in os.listdir(folder):
        path = os.path.join(folder, day)
        if not DAY.match(day) or os.path.islink(path):
            continue
        # Retention may take a file or a day away at any moment, a directory may have another owner, and a name like
        # 2026-02-30 names none.
        with contextlib.suppress(OSError, ValueError):
            time.strptime(day, "%Y-%m-%d")
            for entry in os.scandir(path):
                name = FILE.match(entry.name)
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if name and stat.S_ISREG(status.st_mode):
                        yield day, name.group(1), status


def read_disk(folder, state, values):
    """What the file system and the data directory tell."""
    found = os.statvfs(folder)
    size, junk, days, latest, now = 0, 0, [], {}, time.time()
    for day, kind, status in files_of(folder):
        size += status.st_size
        junk += status.st_size if kind == "quarantine" else 0
        days.append(day)
        # A time to come is from a clock that was wrong, and would hide all that is written from now on.
        if status.st_mtime <= now:
            latest[kind] = max(latest.get(kind, (0,)), (status.st_mtime, status.st_ino, status.st_size))
    for kind, file in latest.items():
        state.found(kind, *file)
    values["disk_free_bytes"] = {"": found.f_bavail * found.f_frsize}
    values["disk_size_bytes"] = {"": found.f_blocks * found.f_frsize}
    if found.f_files:
        values["disk_free_inodes"] = {"": found.f_favail}
    values["data_bytes"] = {"": size}
    values["quarantine_bytes"] = {"": junk}
    if days:
        values["oldest_day_timestamp_seconds"] = {"": calendar.timegm(time.strptime(min(days), "%Y-%m-%d"))}


def read_retention(path, values):
    try:
        report = json.loads(read(path))
        then, success = calendar.timegm(time.strptime(report["time"], "%Y-%m-%dT%H:%M:%SZ")), int(report["ok"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    values["retention_last_run_timestamp_seconds"] = {"": then}
    values["retention_last_run_success"] = {"": success}
    values["quarantine_deleted_bytes_total"] = {"": report.get("quarantine_deleted_bytes", 0)}


def version(program):
    """The version of rsyslogd, or "unknown"."""
    try:
        # The unit names the program, nobody else.
        text = subprocess.run([program, "-v"], stdout=subprocess.PIPE, timeout=10, check=True).stdout  # noqa: S603
        return re.match(rb"rsyslogd\s+([0-9.]+)", text).group(1).decode().rstrip(".")
    except (OSError, subprocess.SubprocessError, AttributeError):
        return "unknown"


def recent(state, now):
    """Remember the totals of this run, and return how far back they reach and what came since."""
    sums = dict.fromkeys(COUNTED, 0)
    for (metric, _label), count in state.totals.items():
        if metric in sums:
            sums[metric] += count
    history = [sample for sample in state.value["recent"] if 0 <= now - sample[0] <= WINDOW]
    state.value["recent"] = history = history + [[now] + list(sums.values())]
    since = [new - old for new, old in zip(history[-1], history[0])]
    return since[0], dict(zip(COUNTED.values(), since[1:]))


def text_of(values):
    """The Prometheus text format, in the order of SCHEMA."""
    lines = []
    for metric in SCHEMA:
        if metric.name in values:
            lines.append("# HELP %s%s %s" % (PREFIX, metric.name, metric.help))
            lines.append("# TYPE %s%s %s" % (PREFIX, metric.name, metric.type))
        for label, value in sorted(values.get(metric.name, {}).items()):
            label = UNSAFE.sub("?", label).replace("\\", "\\\\").replace('"', '\\"')
            labels = '{%s="%s"}' % (metric.labels[0], label) if metric.labels else ""
            lines.append("%s%s%s %s" % (PREFIX, metric.name, labels, repr(value)))
    return "\n".join(lines) + "\n"


def main(argv=None):
    parser = argparse.ArgumentParser(description="Write the receiver's metrics for Prometheus.")
    parser.add_argument("--data-dir", required=True, help="the data directory")
    parser.add_argument("--work-dir", required=True, help="the receiver's work directory")
    parser.add_argument("--output", required=True, help="the text file to write; its folder keeps the state too")
    parser.add_argument("--listeners", default="", help="of the receiver, as in udp/5514/,tcp/5514/192.0.2.1")
    parser.add_argument("--quarantine-limit", type=size_of, default="0", help="as retention has it")
    parser.add_argument("--configured-for", default="", help="the version of rsyslog that the configuration is for")
    parser.add_argument("--rsyslogd", default="/usr/sbin/rsyslogd", help="the program that is asked for its version")
    options = parser.parse_args(argv)
    now, work = time.time(), options.work_dir
    if argv is None and os.geteuid() != os.stat(work).st_uid:
        # Root would write into what the service owns, and take the service's sockets for another user's.
        print("Run this as the owner of %s: runuser --pty -u spamexperts -- ..." % work, file=sys.stderr)
        return 2
    state = State(os.path.join(os.path.dirname(options.output), "state.json"))
    for metric, labels in (("quarantined_total", REASONS), ("dropped_total", ("queue", "udp_socket"))):
        for label in labels:
            # A counter that is there from the beginning: Prometheus cannot see the step from nothing to one.
            state.add(metric, label, 0, now)
    try:
        read_stats(os.path.join(work, "impstats.json"), state)
    except OSError as error:
        # The health check says for how long there has been no report.
        print("rsyslogd's reports cannot be read: %s" % error, file=sys.stderr)
    values = {}
    read_sockets([listener(text) for text in options.listeners.split(",") if text], state, values, now)
    state.put_back(now)
    state.forget(now)
    for (metric, label), count in state.totals.items():
        values.setdefault(metric, {})[label] = count
    for (name, origin), row in state.rows.items():
        if origin == "core.queue" and "size" in row:
            values.setdefault("queue_records", {})[name] = row["size"]
            values.setdefault("queue_records_max", {})[name] = row.get("maxqsize", 0)
    values["node_last_record_timestamp_seconds"] = state.nodes
    values["any_node_last_record_timestamp_seconds"] = {"": state.value["heard"]}
    seconds, values["recent_records"] = recent(state, now)
    values["recent_seconds"] = {"": seconds}
    values["stats_timestamp_seconds"] = {"": state.value["stats"]}
    try:
        read_disk(options.data_dir, state, values)
    except OSError as error:
        # Its numbers are absent then, which the health check calls critical; the others are wanted all the more.
        print("The data directory cannot be read: %s" % error, file=sys.stderr)
    values["last_handed_timestamp_seconds"] = {kind: state.value["handed"].get(kind, 0) for kind in KINDS}
    values["newest_record_timestamp_seconds"] = {kind: state.value["grown"].get(kind, [0])[0] for kind in KINDS}
    values["quarantine_deleted_bytes_total"] = {"": 0}
    read_retention(os.path.join(work, "retention.json"), values)
    values["quarantine_limit_bytes"] = {"": options.quarantine_limit}
    values["build_info"] = {version(options.rsyslogd): 1}
    if options.configured_for:
        values["config_info"] = {options.configured_for: 1}
    values["metrics_timestamp_seconds"] = {"": now}
    # The state last: a run that is killed in between counts again from where it was, and nothing twice.
    replace(options.output, text_of(values), 0o644)
    state.save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
