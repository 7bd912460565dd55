# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say in one line whether the receiver is well, as Nagios and its kin want it.

It reads the metrics file and asks systemd for the service, so any user can run it. Exit status: 0 OK, 1 WARNING, 2
CRITICAL, 3 UNKNOWN.
"""

import argparse
import re
import subprocess
import sys
import time

from store import read

STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
NODES = 1000  # that are told apart
PREFIX = "spamexperts_receiver_"
SAMPLE = re.compile(r'(\w+)(?:\{\w+="((?:[^"\\]|\\.)*)"\})? (\S+)\Z')
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def samples(path):
    """The samples of a metrics file: a dictionary of name to a dictionary of label value to number."""
    found = {}
    # Only a line feed ends a line: a name may hold a carriage return.
    for line in read(path).split("\n"):
        match = SAMPLE.match(line)
        if match and match.group(1).startswith(PREFIX):
            label = re.sub(r"\\.", lambda escape: ESCAPES[escape.group(0)], match.group(2) or "")
            found.setdefault(match.group(1)[len(PREFIX) :], {})[label] = float(match.group(3))
    if "metrics_timestamp_seconds" not in found:
        raise ValueError("it holds no metrics of the receiver")
    return found


def level(value, limits, low=False):
    """0, 1 or 2: OK, WARNING or CRITICAL for a value and its (warning, critical) limits."""
    if limits is None:
        return 0
    return sum(value < limit if low else value >= limit for limit in limits)


class Check:
    """What was found: the worst state, sentences for what is not well, and performance data."""

    def __init__(self):
        self.state, self.sentences, self.data = 0, [], []

    def add(self, state, sentence):
        if state:
            self.state = max(self.state, state)
            self.sentences.append(sentence)

    def measure(self, label, value, unit, limits, low=False):
        """Add performance data. Returns its state; a limit that is not to be fallen below is written as a range."""
        marks = ["%s%g" % ("@0:" if low else "", limit) if limits else "" for limit in limits or ("", "")]
        self.data.append("%s=%.10g%s;%s;%s" % (label, value, unit, *marks))
        return level(value, limits, low)


def ask(service):
    """The state of a unit, or None where systemd cannot be asked."""
    try:
        # The name is an option of whoever runs this.
        command = ["systemctl", "is-active", service]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=10, check=False)  # noqa: S603
        return done.stdout.decode().strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def examine(found, options, now):
    """Compare the samples with the limits. Returns a Check."""
    check = Check()

    def one(name, label="", default=0.0):
        return found.get(name, {}).get(label, default)

    age = now - one("metrics_timestamp_seconds")
    state = check.measure("metrics_age", age, "s", options.metrics_age)
    check.add(state, "the metrics are %s old: see systemctl status spamexperts-receiver-metrics" % span(age))

    age = now - one("stats_timestamp_seconds")
    state = check.measure("stats_age", age, "s", options.stats_age)
    then = "last %s ago" % span(age) if one("stats_timestamp_seconds") else "never"
    check.add(state, "rsyslogd reported its counters " + then)

    check.add(2 * ("disk_size_bytes" not in found), "the data directory cannot be read, so none may be kept")
    if "disk_size_bytes" in found:
        share = 100.0 * one("disk_free_bytes") / max(1.0, one("disk_size_bytes"))
        state = check.measure("disk_free", share, "%", options.disk_free, low=True)
        check.add(state, "%.1f%% of the disk are free; records are lost when it is full" % share)
    if "disk_free_inodes" in found:
        state = check.measure("inodes", one("disk_free_inodes"), "", options.inodes, low=True)
        check.add(state, "%d inodes of the disk are free; no new day can begin without" % one("disk_free_inodes"))

    # rsyslogd counts a record as written that a full or read-only disk did not take.
    grown = found.get("newest_record_timestamp_seconds", {})
    handed = found.get("last_handed_timestamp_seconds", {})
    late, file = max([(then - grown.get(file, 0), file) for file, then in handed.items()], default=(0, ""))
    state = check.measure("unwritten", max(0, late), "s", options.unwritten)
    then = "for %s" % span(now - grown[file]) if grown.get(file) else "ever"
    check.add(state, "records are lost: they come in, and %s.json did not grow %s" % (plain(file), then))

    # An upgrade of the distribution brings another one, which needs a configuration of its own.
    installed, wanted = (", ".join(sorted(found.get(name, {}))) for name in ("build_info", "config_info"))
    text = "rsyslog is %s now, and the configuration is for %s: run the playbook spamexperts.local_cloud.receiver again"
    check.add(int(bool(wanted) and installed != wanted), text % (installed or "gone", wanted))

    closed = one("udp_ports_closed")
    check.add(2 if closed else 0, "the receiver does not listen on %d of its UDP ports" % closed)

    taken = ", ".join(sorted(port for port, count in found.get("foreign_sockets", {}).items() if count))
    sentence = "another user has a socket on %s and may get the records: see ss -antup" % plain(taken)
    check.add(2 if taken else 0, sentence)

    window = one("recent_seconds")
    failed = one("recent_records", "failed")
    state = check.measure("failed", failed, "", options.failed)
    check.add(state, "%d records could not be written in the last %s" % (failed, span(window)))
    dropped, received = one("recent_records", "dropped"), one("recent_records", "received")
    state = check.measure("dropped", dropped, "", options.dropped)
    check.add(state, "%d records were dropped in the last %s" % (dropped, span(window)))
    share = 100.0 * one("recent_records", "quarantined") / max(1.0, received)
    state = check.measure("quarantined", share, "%", options.quarantined)
    check.add(state, "%.1f%% of the records of the last %s went to quarantine" % (share, span(window)))

    limit, size = one("quarantine_limit_bytes"), one("quarantine_bytes")
    state = check.measure("quarantine_size", 100.0 * size / limit if limit else 0, "%", options.quarantine_size)
    sentence = "quarantine takes %.1f%% of its limit; above it, quarantined records are deleted"
    check.add(state, sentence % (100.0 * size / max(1.0, limit)))

    nodes = found.get("node_last_record_timestamp_seconds", {})
    state = check.measure("nodes", len(nodes), "", options.nodes, low=True)
    check.add(state, "%d nodes sent a good record" % len(nodes) if nodes else "no node sent a good record yet")
    state = check.measure("not_counted", one("recent_records", "not_counted"), "", options.not_counted)
    if options.not_counted is not None and len(nodes) >= NODES:
        state = max(state, 1)
    sentence = "nodes are no longer told apart: more than %d names were sent, so a silent node may go unnoticed"
    check.add(state, sentence % NODES)
    silent = {node: now - seen for node, seen in nodes.items() if level(now - seen, options.silence)}
    state = check.measure("silence", max([now - seen for seen in nodes.values()] or [0]), "s", options.silence)
    names = ", ".join("%s (%s)" % (plain(node), span(silent[node])) for node in sorted(silent, key=silent.get)[-5:])
    check.add(state, "%d of %d filtering nodes are silent: %s" % (len(silent), len(nodes), names))

    age = now - one("retention_last_run_timestamp_seconds")
    if "retention_last_run_timestamp_seconds" in found:
        state = check.measure("retention_age", age, "s", options.retention_age)
        check.add(state, "retention ran last %s ago" % span(age))
        failed = options.retention_age is not None and not one("retention_last_run_success")
        check.add(int(failed), "retention failed: see journalctl -u spamexperts-receiver-retention")
    else:
        check.add(int(options.retention_age is not None), "retention never ran")
    check.data.append("received=%dc" % sum(found.get("received_total", {}).values()))
    return check


def span(seconds):
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return "%d %s" % (seconds // size, unit)
    return "%d s" % seconds


def plain(text):
    """A name that came from a record, made fit for a line that others take apart."""
    return re.sub(r"[^A-Za-z0-9_.:/, -]", "?", text)[:64]


def limits(text):
    """Two numbers, the limits of warning and of critical; or "off"."""
    if text == "off":
        return None
    warning, critical = (float(part) for part in text.split(","))
    return warning, critical


def arguments(argv):
    parser = argparse.ArgumentParser(
        description="Say whether the receiver is well. A limit is WARNING,CRITICAL or the word off.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--metrics", required=True, help="the metrics file")
    parser.add_argument("--service", default="spamexperts-receiver.service", help="the unit that has to run, or off")
    for name, default, text in (
        ("--metrics-age", "300,900", "seconds since the metrics were written"),
        ("--stats-age", "120,300", "seconds since rsyslogd reported its counters"),
        ("--disk-free", "15,5", "percent of the file system; less is worse"),
        ("--inodes", "10000,1000", "inodes free on the file system; less is worse"),
        ("--unwritten", "60,120", "seconds that records came in and a file did not grow"),
        ("--failed", "1,1000", "records of the last 15 minutes that rsyslogd could not write"),
        ("--dropped", "1,1000", "records dropped in the last 15 minutes"),
        ("--quarantined", "1,10", "percent of the records of the last 15 minutes"),
        ("--quarantine-size", "50,90", "percent of its limit that the quarantine takes"),
        ("--nodes", "1,0", "filtering nodes that sent a good record within a week; less is worse"),
        ("--not-counted", "1,100000", "good records of the last 15 minutes of nodes that are not told apart"),
        ("--silence", "3600,14400", "seconds since the last record of any filtering node"),
        ("--retention-age", "7200,86400", "seconds since retention last ran; a failed run is a warning"),
    ):
        parser.add_argument(name, type=limits, default=default, metavar="W,C", help=text)
    return parser.parse_args(argv)


def main(argv=None):
    try:
        options = arguments(argv)
    except SystemExit as ended:
        # argparse ends with 2, which means CRITICAL here.
        return 3 * bool(ended.code)
    try:
        check = examine(samples(options.metrics), options, time.time())
    except (OSError, ValueError, KeyError, OverflowError) as error:
        text = "%s cannot be read: %s" % (options.metrics, error)
        print("RECEIVER UNKNOWN - %s" % re.sub(r"[^ -{}~]", "?", text))
        return 3
    if options.service != "off":
        active = ask(options.service)
        check.add(2 if active not in (None, "active") else 0, "%s is %s" % (options.service, active))
        if active is None:
            check.add(1 if check.state < 2 else 0, "systemd could not be asked for %s" % options.service)
    # The metrics file is the service's: whoever takes that over must not reach the terminal that this is read on.
    text = re.sub(r"[^ -{}~]", "?", "; ".join(check.sentences)) or "all checks passed"
    print("RECEIVER %s - %s | %s" % (STATES[check.state], text, " ".join(check.data)))
    return check.state


if __name__ == "__main__":
    sys.exit(main())
