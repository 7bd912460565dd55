# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The health command: which number makes which state, and what it prints."""

from __future__ import annotations

import os
import re
import time

import health
import impstats
import metrics
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NOW = time.time()
WELL = {
    "metrics_timestamp_seconds": {"": NOW - 10},
    "stats_timestamp_seconds": {"": NOW - 20},
    "disk_free_bytes": {"": 50},
    "disk_size_bytes": {"": 100},
    "disk_free_inodes": {"": 50000},
    "udp_ports_closed": {"": 0},
    "foreign_sockets": {"udp/5514": 0, "tcp/5514": 0},
    "last_handed_timestamp_seconds": {"messages": NOW - 50, "status": NOW - 50, "quarantine": 0},
    "newest_record_timestamp_seconds": {"messages": NOW - 20, "status": NOW - 60, "quarantine": 0},
    "quarantine_bytes": {"": 10},
    "quarantine_limit_bytes": {"": 100},
    "recent_seconds": {"": 900},
    "recent_records": {"received": 1000, "quarantined": 0, "dropped": 0, "failed": 0},
    "received_total": {"tcp": 7, "udp": 8},
    "node_last_record_timestamp_seconds": {"n1": NOW - 30, "n2": NOW - 40},
    "retention_last_run_timestamp_seconds": {"": NOW - 60},
    "retention_last_run_success": {"": 1},
}
LINE = re.compile(
    r"RECEIVER (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+( \| (\w+=[0-9.]+[%sc]?(;[@0-9:.]*;[@0-9:.]*)? ?)+)?\n\Z"
)


@pytest.fixture
def check(tmp_path, capsys, monkeypatch):
    """Writes the well receiver's metrics with some values changed, and returns exit status and line."""
    monkeypatch.setattr(health.time, "time", lambda: NOW)

    def run(changes=None, *options):
        path = tmp_path / "receiver.prom"
        path.write_text(metrics.text_of({**WELL, **(changes or {})}), "utf-8")
        status = health.main(["--metrics", str(path), "--service", "off", *options])
        line = capsys.readouterr().out
        assert LINE.match(line), line
        assert line.split()[1] == health.STATES[status]
        return status, line

    return run


def test_all_is_well(check):
    status, line = check()
    assert status == 0
    assert "received=15c" in line
    assert "disk_free=50%;@0:15;@0:5" in line


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"metrics_timestamp_seconds": {"": NOW - 310}}, 1, "metrics are 5 min old"),
        ({"metrics_timestamp_seconds": {"": NOW - 910}}, 2, "metrics are 15 min old"),
        ({"stats_timestamp_seconds": {"": NOW - 130}}, 1, "reported its counters last 2 min ago"),
        ({"stats_timestamp_seconds": {"": 0}}, 2, "reported its counters never"),
        ({"disk_free_bytes": {"": 14}}, 1, "14.0% of the disk"),
        ({"disk_free_bytes": {"": 4}}, 2, "4.0% of the disk"),
        ({"disk_size_bytes": {}}, 2, "the data directory cannot be read"),
        ({"disk_free_inodes": {"": 9999}}, 1, "9999 inodes of the disk are free"),
        ({"disk_free_inodes": {"": 0}}, 2, "0 inodes of the disk are free"),
        ({"disk_free_inodes": {}}, 0, "all checks passed"),
        (
            {"newest_record_timestamp_seconds": {"messages": NOW - 115, "status": NOW}},
            1,
            "messages.json did not grow for 11",
        ),
        (
            {"newest_record_timestamp_seconds": {"messages": NOW - 86400, "status": NOW}},
            2,
            "records are lost: they come in, and messages.json did not grow for 24 h",
        ),
        ({"newest_record_timestamp_seconds": {"messages": NOW, "status": 0}}, 2, "status.json did not grow ever"),
        ({"udp_ports_closed": {"": 1}}, 2, "does not listen on 1 of its UDP ports"),
        (
            {"foreign_sockets": {"udp/5514": 1, "tcp/5514": 0}},
            2,
            "another user has a socket on udp/5514 and may get the records",
        ),
        ({"quarantine_bytes": {"": 49}}, 0, "all checks passed"),
        ({"quarantine_bytes": {"": 50}}, 1, "quarantine takes 50.0% of its limit"),
        ({"quarantine_bytes": {"": 90}}, 2, "quarantine takes 90.0% of its limit"),
        ({"quarantine_bytes": {"": 90}, "quarantine_limit_bytes": {"": 0}}, 0, "all checks passed"),
        ({"recent_records": {"received": 1000, "not_counted": 1}}, 1, "nodes are no longer told apart"),
        ({"node_last_record_timestamp_seconds": {str(n): NOW for n in range(999)}}, 0, "all checks passed"),
        ({"node_last_record_timestamp_seconds": {str(n): NOW for n in range(1000)}}, 1, "nodes are no longer told"),
        ({"recent_records": {"received": 1000, "failed": 1}}, 1, "1 records could not be written"),
        ({"recent_records": {"received": 1000, "failed": 1000}}, 2, "1000 records could not be written"),
        ({"node_last_record_timestamp_seconds": {}}, 1, "no node sent a good record yet"),
        (
            {"recent_records": {"received": 1000, "quarantined": 0, "dropped": 1}},
            1,
            "1 records were dropped in the last 15 min",
        ),
        ({"recent_records": {"received": 1000, "quarantined": 0, "dropped": 1000}}, 2, "1000 records were dropped"),
        ({"recent_records": {"received": 1000, "quarantined": 10, "dropped": 0}}, 1, "1.0% of the records"),
        ({"recent_records": {"received": 1000, "quarantined": 100, "dropped": 0}}, 2, "10.0% of the records"),
        (
            {"node_last_record_timestamp_seconds": {"n1": NOW, "n2": NOW - 3700}},
            1,
            "1 of 2 filtering nodes are silent: n2 (61 min)",
        ),
        ({"node_last_record_timestamp_seconds": {"n1": NOW, "n2": NOW - 15000}}, 2, "n2 (4 h)"),
        ({"node_last_record_timestamp_seconds": {"a|b\nc": NOW - 4000}}, 1, "silent: a?b?c ("),
        ({"retention_last_run_timestamp_seconds": {"": NOW - 7300}}, 1, "retention ran last 2 h ago"),
        ({"retention_last_run_success": {"": 0}}, 1, "retention failed"),
        ({"retention_last_run_timestamp_seconds": {}, "retention_last_run_success": {}}, 1, "retention never ran"),
    ],
)
def test_each_state(check, changes, status, word):
    found, line = check(changes)
    assert found == status
    assert word in line


def test_the_worst_counts_and_all_is_said(check):
    status, line = check({"disk_free_bytes": {"": 1}, "retention_last_run_success": {"": 0}})
    assert status == 2
    assert "1.0% of the disk are free" in line
    assert "retention failed" in line


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"disk_free_bytes": {"": 1}}, "--disk-free=off"),
        ({"disk_free_bytes": {"": 1}}, "--disk-free=1,0.5"),
        ({"disk_free_inodes": {"": 9}}, "--inodes=9,1"),
        ({"newest_record_timestamp_seconds": {}}, "--unwritten=off"),
        ({"recent_records": {"received": 9, "failed": 9}}, "--failed=10,20"),
        ({"node_last_record_timestamp_seconds": {}}, "--nodes=off"),
        ({"recent_records": {"received": 9, "quarantined": 9, "dropped": 0}}, "--quarantined=off"),
        ({"retention_last_run_success": {"": 0}}, "--retention-age=off"),
        ({"node_last_record_timestamp_seconds": {"n1": 0}}, "--silence=off"),
        ({"node_last_record_timestamp_seconds": {str(n): NOW for n in range(1000)}}, "--not-counted=off"),
    ],
)
def test_limits_are_options(check, changes, option):
    assert check(changes)[0] > 0
    assert check(changes, option)[0] == 0


def test_the_service(check, tmp_path, monkeypatch):
    """What systemctl answers, through a stand-in for it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    program = tmp_path / "systemctl"
    assert check({}, "--service=a.service")[0] == 1, "systemd cannot be asked"
    for answer, status in (("active", 0), ("failed", 2), ("inactive", 2), ("activating", 2)):
        program.write_text(f"#!/bin/sh\necho {answer}\n[ {answer} = active ]\n")
        program.chmod(0o755)
        assert check({}, "--service=a.service")[0] == status


@pytest.mark.parametrize("text", [None, "", "other_metric 1\n", "spamexperts_receiver_metrics_timestamp_seconds x\n"])
def test_no_metrics_are_unknown(tmp_path, capsys, text):
    path = tmp_path / "receiver.prom"
    if text is not None:
        path.write_text(text)
    assert health.main(["--metrics", str(path), "--service", "off"]) == 3
    assert LINE.match(capsys.readouterr().out)


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_only_a_file_is_read(tmp_path, capsys, kind):
    """The service owns the folder of the metrics, and root or the monitoring's user runs the check."""
    path, secret = tmp_path / "receiver.prom", tmp_path / "secret"
    secret.write_text("spamexperts_receiver_metrics_timestamp_seconds 1\n")
    {"link": lambda: path.symlink_to(secret), "pipe": lambda: os.mkfifo(path), "directory": path.mkdir}[kind]()
    assert health.main(["--metrics", str(path), "--service", "off"]) == 3
    assert LINE.match(capsys.readouterr().out)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text(), st.text())
def test_whatever_a_node_calls_itself_the_answer_is_one_plain_line(check, node, file):
    changes = {
        "node_last_record_timestamp_seconds": {impstats.visible(node): NOW - 99999},
        "last_handed_timestamp_seconds": {impstats.visible(file): NOW},
    }
    _status, line = check(changes)
    assert line.isascii() and line[:-1].isprintable()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text(st.characters(codec="utf-8")))
def test_whatever_stands_in_the_file_the_answer_is_one_plain_line(tmp_path_factory, capsys, text):
    path = tmp_path_factory.mktemp("health") / "receiver.prom"
    path.write_text(f"spamexperts_receiver_metrics_timestamp_seconds {text}\n{text}", "utf-8")
    assert health.main(["--metrics", str(path), "--service", "off"]) in (2, 3)
    line = capsys.readouterr().out
    assert LINE.match(line) and line.isascii() and line[:-1].isprintable()


@pytest.mark.parametrize("option", ["--disk-free=1", "--disk-free=a,b", "--nonsense"])
def test_wrong_usage_is_unknown(option):
    assert health.main(["--metrics", "/x", option]) == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become nobody")
def test_any_user_can_run_it(records):
    """With the records closed to others, as the role makes them."""
    records.add(0)
    records.folder.chmod(0o750)
    output = records.folder.parent / "metrics"
    output.mkdir(mode=0o755)
    folders = ["--data-dir", str(records.folder), "--work-dir", str(records.work)]
    assert metrics.main([*folders, "--output", str(output / "receiver.prom")]) == 0
    for parent in records.folder.parents:
        if parent.stat().st_uid == 0 and parent.name.startswith(("pytest-", "popen-", "test_any")):
            parent.chmod(0o755)
    child = os.fork()
    if not child:
        # The interpreter itself may lie where only root can read; it runs already.
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        readable = os.access(records.folder, os.R_OK)
        options = ["--metrics", str(output / "receiver.prom"), "--service=off", "--stats-age=off", "--disk-free=off"]
        os._exit(99 if readable else health.main(options))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1, "retention never ran, and nothing else is amiss"


@pytest.mark.parametrize(
    ("installed", "wanted", "words"),
    [
        ({"8.2504.0": 1}, {"8.2302.0": 1}, "rsyslog is 8.2504.0 now, and the configuration is for 8.2302.0"),
        ({"8.2302.0": 1}, {"8.2302.0": 1}, ""),
        # Metrics of an earlier version of the role do not say it.
        ({"8.2302.0": 1}, {}, ""),
    ],
)
def test_an_upgrade_of_the_distribution(check, installed, wanted, words):
    status, line = check({"build_info": installed, "config_info": wanted})
    assert (status, "run the playbook spamexperts.local_cloud.receiver again" in line) == (
        (1, True) if words else (0, False)
    )
    assert words in line


def test_nothing_in_the_metrics_file_steers_a_terminal(check):
    """The service's user owns that file, and may write anything into it."""
    status, line = check({"build_info": {'\x1b]0;x\x07\x9b2J | a=1"': 1}, "config_info": {"8.2504.0": 1}})
    assert status == 1 and "rsyslog is ?" in line
    assert all(" " <= letter <= "~" for letter in line[:-1])
