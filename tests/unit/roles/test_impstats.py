# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rsyslogd reports, over its restarts; the real rsyslogd is in tests/receiver."""

from __future__ import annotations

import pathlib
import re
import subprocess
import time

import health
import impstats
import metrics
import pytest
from hypothesis import given
from hypothesis import strategies as st

HOUR = 3600


def test_what_rsyslogd_reports(host):
    host.report(10, {"n1": 8, "n2": 2}, {"no-marker": 4}, full=5, failed=2, overflow=6)
    found = host.run()
    assert found["received_total"] == {"tcp": 10, "udp": 30}
    assert found["refused_total"] == {"tcp": 0, "udp": 3}
    assert found["written_total"] == {"messages": 8}
    assert found["write_failures_total"] == {"messages": 2}
    assert found["quarantined_total"] == {**dict.fromkeys(metrics.REASONS, 0), "no-marker": 4}
    assert found["dropped_total"] == {"queue": 6, "udp_socket": 0}
    assert found["queue_full_total"] == {"": 1}
    assert found["queue_records"] == {"records": 7}
    assert found["queue_records_max"] == {"records": 9}
    assert found["node_records_total"] == {"n1": 8, "n2": 2}
    assert found["nodes_not_counted_total"] == {"": 6}
    assert found["build_info"] == {"unknown": 1}
    assert found["stats_timestamp_seconds"][""] == pytest.approx(host.stats.stat().st_mtime)


def test_counters_only_grow_over_reports_runs_and_restarts(host):
    host.report(10, {"n1": 10}, utime=50)
    assert host.run()["received_total"]["tcp"] == 10
    assert host.run()["received_total"]["tcp"] == 10, "a report is counted once"
    host.report(15, {"n1": 15}, utime=60)
    host.report(18, {"n1": 18}, utime=70)
    assert host.run()["node_records_total"] == {"n1": 18}
    # rsyslogd was restarted, and has taken in even more than before by its first report.
    host.report(20, {"n1": 1, "n2": 1}, utime=5)
    found = host.run()
    assert found["received_total"]["tcp"] == 38
    assert found["node_records_total"] == {"n1": 19, "n2": 1}
    host.report(21, {"n1": 2, "n2": 1}, utime=6)
    assert host.run()["received_total"] == {"tcp": 39, "udp": 117}


@pytest.mark.parametrize("same_run", [False, True])
def test_a_process_that_did_more_than_the_one_before_is_told_by_the_mark_of_its_start(host, same_run):
    host.report(1000, {"n1": 1000}, utime=5)
    if not same_run:
        host.run()
    with host.stats.open("a") as file:
        file.write(f"{impstats.MARK}\n")
    host.report(5000, {"n1": 5000}, utime=50)
    assert host.run()["received_total"]["tcp"] == 6000
    host.report(5001, {"n1": 5001}, utime=51)
    found = host.run()
    assert found["received_total"]["tcp"] == 6001
    assert found["node_records_total"] == {"n1": 6001}


def test_the_unit_writes_that_mark(host):
    unit = (pathlib.Path(impstats.__file__).parents[1] / "templates" / "receiver.service.j2").read_text("utf-8")
    (command,) = re.findall(r"(?m)^ExecStartPre=-/bin/sh -c '(.*)'$", unit)
    host.report(1000, utime=5, age=100)
    before = host.run()["stats_timestamp_seconds"]
    subprocess.run(
        ["/bin/sh", "-c", command.replace("{{ __rsyslog_receiver_work_dir }}", str(host.records.work))], check=True
    )
    assert host.run()["stats_timestamp_seconds"] == before, (
        "a start alone, of which there may be one a second, does not count as a report"
    )
    host.report(5000, utime=50)
    assert host.run()["received_total"]["tcp"] == 6000


@pytest.mark.parametrize("falls", ["received", "failed", "utime"])
def test_any_number_that_falls_is_a_new_process(host, falls):
    """Should the mark be lost, where nobody reads the file for long and it is cut."""
    counts = {"received": 1000, "failed": 10, "utime": 100}
    host.report(nodes={"n1": 7}, **counts)
    host.run()
    counts = {name: 2 * count for name, count in counts.items()}
    counts[falls] = 5
    host.report(nodes={"n1": 9}, **counts)
    assert host.run()["node_records_total"] == {"n1": 16}


def test_two_listeners_on_one_port_have_one_name(host):
    """imtcp names its counters by the port alone; neither may be taken for a restart of the other."""
    for received in (10, 11, 12):
        host.report(received, utime=received)
        lines = host.stats.read_text("utf-8").splitlines(keepends=True)
        place = max(number for number, line in enumerate(lines) if "imtcp(5514)" in line)
        lines.insert(place + 1, lines[place].replace(f'"submitted": {received}', '"submitted": 3'))
        host.stats.write_text("".join(lines), "utf-8")
        assert host.run()["received_total"]["tcp"] == received + 3


def test_a_report_without_its_beginning_waits_for_the_next(host):
    """Of two rows of one name it may hold the second alone."""
    host.report(10)
    host.stats.write_text("".join(host.stats.read_text("utf-8").splitlines(keepends=True)[4:]), "utf-8")
    assert "received_total" not in host.run()
    host.report(11)
    assert host.run()["received_total"]["tcp"] == 11


def test_a_restart_between_two_runs(host):
    host.report(10, utime=50)
    host.run()
    host.report(13, utime=60)
    host.report(4, utime=5)
    assert host.run()["received_total"]["tcp"] == 17


def test_a_node_that_rsyslogd_forgot_and_that_comes_back(host):
    host.report(10, {"n1": 10}, utime=1)
    host.report(10, {}, utime=2)
    host.report(12, {"n1": 2}, utime=3)
    found = host.run()
    assert found["node_records_total"] == {"n1": 12}
    assert found["received_total"]["tcp"] == 12


def test_a_silent_node_is_remembered_and_then_forgotten(host, monkeypatch):
    start = time.time()
    monkeypatch.setattr(impstats.time, "time", lambda: start)
    host.report(2, {"quiet": 1, "busy": 1}, age=8 * 24 * HOUR)
    host.run()
    host.report(3, {"quiet": 1, "busy": 2}, age=3 * HOUR, utime=2)
    found = host.run()["node_last_record_timestamp_seconds"]
    assert found == {"busy": pytest.approx(start - 3 * HOUR)}, "after a week without a record it is forgotten"
    host.report(4, {"new": 1}, utime=1)
    found = host.run()["node_last_record_timestamp_seconds"]
    assert found["busy"] == pytest.approx(start - 3 * HOUR), "a restart is not a record"
    assert found["new"] == pytest.approx(start)


def test_rsyslogds_file_is_kept_small_and_nothing_is_counted_twice(host, monkeypatch):
    monkeypatch.setattr(impstats, "KEEP", 3000)
    for count in range(1, 30):
        host.report(count, utime=count)
        assert host.run()["received_total"]["tcp"] == count
        assert host.stats.stat().st_size < 5000


def test_a_report_that_is_cut(host):
    host.report(10)
    whole = host.stats.read_bytes()
    host.stats.write_bytes(whole[:-100])
    host.run()
    with host.stats.open("ab") as file:
        file.write(whole[-100:])
    assert host.run()["queue_records"] == {"records": 7}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x\n",
        "{}\n",
        'a: {"name": [], "origin": {}}\n',
        'a: {"name": "n", "origin": "imtcp", "values": 1}\n',
        "\xff\n",
    ],
)
def test_what_is_no_report(host, text):
    host.stats.write_bytes(text.encode("latin-1"))
    found = host.run()
    assert "received_total" not in found
    host.report(1)
    assert host.run()["received_total"]["tcp"] == 1


HOSTILE = ['a"b\\c\nd', "x" * 5000, "a\u2028b", "ü", "\x00", 'evil"} 1\nother_metric{a="', "a\rb"]


def test_untrusted_names(host):
    """Every name is one label value, whatever is in it, and the file stays valid."""
    host.report(1, dict.fromkeys(HOSTILE, 3))
    found = host.run()
    names = set(found["node_records_total"])
    assert names == {
        *('a"b\\c\\u000ad', "x" * 253, "a\\u2028b", "ü", "\\u0000", 'evil"} 1\\u000aother_metric{a="', "a\\u000db"),
    }
    assert "other_metric" not in {re.split(r"[{ ]", line)[0] for line in host.output.read_text("utf-8").split("\n")}
    host.output.read_bytes().decode("utf-8")


def test_a_name_that_is_no_text(host):
    """Half of a surrogate pair, which JSON can say and UTF-8 cannot."""
    host.report(1, {"SURROGATE": 3})
    host.stats.write_text(host.stats.read_text("utf-8").replace("SURROGATE", r"a\ud800"), "utf-8")
    assert host.run()["node_records_total"] == {"a?": 3}


def test_the_number_of_nodes_is_bounded(host, monkeypatch):
    monkeypatch.setattr(impstats, "NODES", 3)
    host.report(1, {"n1": 1, "n2": 1})
    host.run()
    host.report(2, {"n1": 2, "n2": 1, **{f"made-up-{number}": 10 for number in range(50)}}, utime=2)
    found = host.run()
    assert len(found["node_records_total"]) == 3
    assert found["node_records_total"]["n1"] == 2
    assert found["nodes_not_counted_total"] == {"": 490}
    host.report(3, {"n1": 2, "n2": 1, "another": 1}, utime=3, overflow=1)
    last = "any_node_last_record_timestamp_seconds"
    assert host.run()[last][""] > found[last][""]


@pytest.mark.parametrize("text", ["", "{", '{"rows": []}', "[]"])
def test_a_state_that_is_lost_is_begun_anew(host, text):
    host.report(5, {"n1": 5})
    (host.output.parent / "state.json").write_text(text)
    assert host.run()["node_records_total"] == {"n1": 5}


def test_the_last_node_is_not_forgotten(host, monkeypatch):
    """A TCP sender that never came back would be silent without an alarm after a week."""
    start = time.time()
    monkeypatch.setattr(impstats.time, "time", lambda: start)
    host.report(2, {"first": 1}, age=20 * 24 * HOUR)
    host.run()
    host.report(3, {"first": 1, "last": 2}, age=10 * 24 * HOUR, utime=2)
    for _again in range(2):
        found = host.run()
        last = pytest.approx(start - 10 * 24 * HOUR)
        assert found["node_last_record_timestamp_seconds"] == {"last": last}
        assert found["any_node_last_record_timestamp_seconds"] == {"": last}
        assert found["node_records_total"] == {"last": 2}


CONTROLS = set(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
NAMES = st.text(st.characters() | st.sampled_from(sorted(CONTROLS | set('"\\\\\u202e\u2028'))))


@given(st.dictionaries(NAMES, st.integers(1, 9), max_size=8))
def test_no_name_steers_a_terminal_or_breaks_the_file(names):
    """Whatever a record calls its node."""
    rows = impstats.counters("nodes", "dynstats.bucket", names)
    assert sum(rows.values()) == sum(count for name, count in names.items() if impstats.visible(name))
    text = metrics.text_of({"node_records_total": {label: count for (_metric, label), count in rows.items()}})
    lines = text.split("\n")
    assert not CONTROLS & set("".join(lines))
    assert text.encode("utf-8")
    assert len([line for line in lines if line and not line.startswith("#")]) == len(rows), "each is one line"
    assert len(set(lines)) == len(lines), "and no two are the same to Prometheus"


@given(NAMES)
def test_no_label_at_all_has_a_control_character(label):
    text = metrics.text_of({"queue_records": {label.encode("utf-8", "replace").decode(): 1}})
    assert not CONTROLS & set(text.replace("\n", ""))
    assert text.count("\n") == 3


def test_a_name_that_an_earlier_version_noted_as_it_came(host):
    host.report(1, {"n\x1b[2J": 1, "n\\u001b[2J": 2})
    found = host.run()
    state = host.output.parent / "state.json"
    raw = state.read_text("utf-8").replace("n\\\\u001b", "n\\u001b")
    assert raw != state.read_text("utf-8")
    state.write_text(raw, "utf-8")
    again = host.run()
    assert again["node_records_total"] == found["node_records_total"] == {"n\\u001b[2J": 3}
    assert again["node_last_record_timestamp_seconds"].keys() == {"n\\u001b[2J"}


def test_more_nodes_than_are_told_apart(host):
    """Made-up names hide a real one, and the check says so."""
    host.report(1, {f"n{number}": 1 for number in range(1000)}, overflow=0)
    host.run()
    host.report(2, {f"n{number}": 1 for number in range(1000)}, overflow=200, utime=2)
    found = host.run()
    assert found["recent_records"]["not_counted"] == 200
    check = health.examine(found, health.arguments(["--metrics", "-"]), time.time())
    assert any("nodes are no longer told apart" in sentence for sentence in check.sentences)
