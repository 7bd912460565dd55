# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics, from reports as rsyslogd writes them; the real rsyslogd is in tests/receiver."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import socket
import stat
import subprocess
import time

import health
import impstats
import metrics
import pytest

HOUR = 3600


class Host:
    """A folder of records, rsyslogd's report in it, and the metrics of it."""

    def __init__(self, records) -> None:
        self.records = records
        self.stats = records.work / "impstats.json"
        self.output = records.folder.parent / "metrics" / "receiver.prom"
        self.output.parent.mkdir()

    def report(self, received=0, nodes=None, reasons=None, full=0, utime=1, age=0.0, **rows) -> None:
        """Append a report as rsyslogd 8.2302 does, in its order."""
        lines = [
            {"name": "global", "origin": "dynstats", "values": {"nodes.ops_overflow": rows.get("overflow", 0)}},
            {"name": "quarantined", "origin": "dynstats.bucket", "values": reasons or {}},
            {"name": "nodes", "origin": "dynstats.bucket", "values": nodes or {}},
            {"name": "messages", "origin": "core.action", "processed": received, "failed": rows.get("failed", 0)},
            {"name": "imtcp(5514)", "origin": "imtcp", "submitted": received},
            {"name": "imudp(*/5514/IPv4)", "origin": "imudp", "submitted": 2 * received, "disallowed": 3},
            {"name": "imudp(*/5514/IPv6)", "origin": "imudp", "submitted": received, "disallowed": 0},
            {"name": "resource-usage", "origin": "impstats", "utime": utime, "stime": 0, "nvcsw": utime},
            {
                "name": "records",
                "origin": "core.queue",
                "size": 7,
                "full": 1,
                "discarded.full": full,
                "discarded.nf": 1,
                "maxqsize": 9,
            },
            {"name": "imudp(w0)", "origin": "imudp", "called.recvmmsg": 11, "msgs.received": 27},
        ]
        with self.stats.open("a", encoding="utf-8") as file:
            file.writelines(f"Tue Nov 24 03:50:57 2026: {json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        os.utime(self.stats, (time.time() - age,) * 2)

    def run(self) -> dict:
        command = ["--data-dir", str(self.records.folder), "--output", str(self.output), "--rsyslogd", "/nonexistent"]
        assert metrics.main(command) == 0
        return health.read(str(self.output))


@pytest.fixture
def host(records):
    return Host(records)


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
    # rsyslogd starts anew, and has even taken in more than before when it is seen first.
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
    host.report(1000, utime=5)
    subprocess.run(
        ["/bin/sh", "-c", command.replace("{{ rsyslog_receiver_work_dir }}", str(host.records.work))], check=True
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
    """imtcp names its counters by the port alone. Each grows for itself, and a restart of neither is seen in the other."""
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


def test_a_silent_node_is_remembered_and_then_forgotten(host):
    start = time.time()
    host.report(2, {"quiet": 1, "busy": 1}, age=8 * 24 * HOUR)
    host.run()
    host.report(3, {"quiet": 1, "busy": 2}, age=3 * HOUR, utime=2)
    found = host.run()["node_last_record_timestamp_seconds"]
    assert found == {"busy": pytest.approx(start - 3 * HOUR, abs=5)}, "after a week without a record it is forgotten"
    host.report(4, {"new": 1}, utime=1)
    found = host.run()["node_last_record_timestamp_seconds"]
    assert found["busy"] == pytest.approx(start - 3 * HOUR, abs=5), "a restart of rsyslogd is no record of a node"
    assert found["new"] == pytest.approx(start, abs=5)


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


def test_without_a_report_the_disk_is_told(host):
    oldest = host.records.add(3, text=b"12345")
    newest = host.records.add(1, "quarantine.json.zst", b"123", age=50)
    host.records.add(1, "foreign", b"123", age=1)
    (host.records.folder / "2020-01-01").symlink_to(host.records.day(3))
    found = host.run()
    assert found["data_bytes"] == {"": 8}
    assert found["newest_record_timestamp_seconds"] == {
        "messages": pytest.approx(oldest.stat().st_mtime),
        "status": 0,
        "quarantine": pytest.approx(newest.stat().st_mtime),
    }
    assert (
        time.strftime("%Y-%m-%d %H:%M", time.gmtime(found["oldest_day_timestamp_seconds"][""]))
        == f"{host.records.day(3).name} 00:00"
    )
    assert 0 < found["disk_free_bytes"][""] <= found["disk_size_bytes"][""]
    assert found["stats_timestamp_seconds"] == {"": 0}


def test_the_last_run_of_retention(host):
    import retention

    assert "retention_last_run_success" not in host.run()
    for options, success in (([], 1), (["--min-free=100%"], 0)):
        retention.main(["--data-dir", str(host.records.folder), *options])
        found = host.run()
        assert found["retention_last_run_success"] == {"": success}
        assert found["retention_last_run_timestamp_seconds"][""] == pytest.approx(time.time(), abs=5)


HOSTILE = ['a"b\\c\nd', "x" * 5000, "a\u2028b", "ü", "\x00", 'evil"} 1\nother_metric{a="', "a\rb"]


def test_names_that_strangers_chose(host):
    """Every name is one label value, whatever is in it, and the file stays valid."""
    host.report(1, dict.fromkeys(HOSTILE, 3))
    found = host.run()
    names = set(found["node_records_total"])
    assert names == {name[:253] for name in HOSTILE}
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


def test_recent_records(host, monkeypatch):
    now = time.time()
    host.report(10, reasons={"kind": 2}, full=1)
    host.run()
    monkeypatch.setattr(metrics.time, "time", lambda: now + 600)
    host.report(30, reasons={"kind": 7}, full=4, utime=2, failed=6)
    found = host.run()
    assert found["recent_records"] == {"received": 80, "quarantined": 5, "dropped": 3, "failed": 6}
    assert found["recent_seconds"][""] == pytest.approx(600, abs=5)
    monkeypatch.setattr(metrics.time, "time", lambda: now + 1200)
    assert host.run()["recent_records"] == {"received": 0, "quarantined": 0, "dropped": 0, "failed": 0}


def test_the_kernels_drops_of_our_sockets(host):
    """A real socket whose buffer overflows, and its successor on the same port."""
    total = 0
    for _turn in range(2):
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as receiver:
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            receiver.bind(("127.0.0.1", 0))
            port = receiver.getsockname()[1]
            with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
                for _number in range(100):
                    sender.sendto(b"x" * 500, receiver.getsockname())
            taken = 0
            with contextlib.suppress(BlockingIOError):
                while receiver.recv(1000, socket.MSG_DONTWAIT):
                    taken += 1
            total += 100 - taken
            assert 0 < taken < 100
            for _again in range(2):
                state = impstats.State(str(host.output.parent / "state.json"))
                assert metrics.read_sockets({port}, state, 0) == (1, 0)
                state.save()
                assert state.totals["dropped_total", "udp_socket"] == total
            assert metrics.read_sockets({port + 1}, state, 0) == (0, 1)
            assert state.totals["dropped_total", "udp_socket"] == total


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's socket")
def test_another_users_socket_on_the_port_is_not_ours(host):
    os.seteuid(65534)
    try:
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    finally:
        os.seteuid(0)
    with contextlib.closing(other):
        other.bind(("127.0.0.1", 0))
        state = impstats.State(str(host.output.parent / "state.json"))
        assert metrics.read_sockets({other.getsockname()[1]}, state, 0) == (0, 1)


def test_the_file_is_replaced_whole_and_can_be_read_by_all(host):
    host.report(1)
    host.run()
    before = host.output.stat()
    assert stat.S_IMODE(before.st_mode) == 0o644
    with host.output.open() as old:
        host.run()
        assert host.output.stat().st_ino != before.st_ino
        assert "metrics_timestamp_seconds" in old.read()
    assert sorted(path.name for path in host.output.parent.iterdir()) == ["receiver.prom", "state.json"]


@pytest.mark.parametrize("text", ["", "{", '{"rows": []}', "[]"])
def test_a_state_that_is_lost_is_begun_anew(host, text):
    host.report(5, {"n1": 5})
    (host.output.parent / "state.json").write_text(text)
    assert host.run()["node_records_total"] == {"n1": 5}


def test_every_sample_is_in_the_schema(host):
    host.report(1, {"n": 1}, {"kind": 1})
    host.records.add(1)
    text = host.run() and host.output.read_text("utf-8")
    names = [metric.name for metric in metrics.SCHEMA]
    assert len(set(names)) == len(names)
    assert [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")] == [
        metrics.PREFIX + name for name in names if not name.startswith("retention_")
    ]
    for metric in metrics.SCHEMA:
        assert (metric.type == "counter") == metric.name.endswith("_total")
    samples = {re.split(r"[{ ]", line)[0] for line in text.splitlines() if not line.startswith("#")}
    assert samples == {metrics.PREFIX + name for name in names if not name.startswith("retention_")}


def test_records_that_do_not_get_on_disk(host):
    """rsyslogd says that it wrote them; the file does not grow, though a write that fails changes its time."""
    path = host.records.add(0, text=b"x" * 400, age=7000)
    host.report(1, age=6000)
    found = host.run()
    assert found["newest_record_timestamp_seconds"]["messages"] == pytest.approx(path.stat().st_mtime)
    assert set(found["last_handed_timestamp_seconds"].values()) == {0}, "nobody knows when the first ones came"
    host.report(5, age=3000, utime=2)
    os.utime(path)
    found = host.run()
    assert found["last_handed_timestamp_seconds"]["messages"] == pytest.approx(time.time() - 6000, abs=5)
    assert found["newest_record_timestamp_seconds"]["messages"] == pytest.approx(time.time() - 7000, abs=5)
    host.report(5, age=1000, utime=3)
    assert host.run()["last_handed_timestamp_seconds"] == found["last_handed_timestamp_seconds"], "no more came"
    with path.open("ab") as file:
        file.write(b"x")
    assert host.run()["newest_record_timestamp_seconds"]["messages"] == pytest.approx(time.time(), abs=5)


def test_the_newest_record_is_remembered_when_its_file_goes(host):
    path = host.records.add(1, age=500)
    before = host.run()["newest_record_timestamp_seconds"]
    path.unlink()
    host.records.add(2, age=90000)
    assert host.run()["newest_record_timestamp_seconds"] == before


def test_the_clock_was_ahead(host, monkeypatch):
    """Nothing that was noted then may hide for a day that records do not come or are lost."""
    now, ahead = time.time(), time.time() + 24 * HOUR
    monkeypatch.setattr(metrics.time, "time", lambda: ahead)
    path = host.records.add(0, age=0)
    for turn in (1, 2):
        host.report(turn, {"n1": turn}, utime=turn)
        found = host.run()
    assert found["node_last_record_timestamp_seconds"]["n1"] == pytest.approx(ahead, abs=5)
    assert found["newest_record_timestamp_seconds"]["messages"] == pytest.approx(ahead, abs=5)
    monkeypatch.setattr(metrics.time, "time", lambda: now)
    found = host.run()
    assert path.stat().st_mtime > now
    assert found["node_last_record_timestamp_seconds"]["n1"] == now
    assert found["any_node_last_record_timestamp_seconds"][""] == now
    assert found["newest_record_timestamp_seconds"]["messages"] == now
    assert found["last_handed_timestamp_seconds"]["messages"] == now


def test_a_folder_that_is_gone(host, capsys):
    host.report(4)
    host.records.folder.rename(host.records.folder.with_name("elsewhere"))
    found = host.run()
    assert "disk_size_bytes" not in found
    assert "The folder of records cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["a day", "a file"])
def test_retention_takes_something_away_meanwhile(host, monkeypatch, what):
    gone, stays = host.records.add(3), host.records.add(3, "status.json", text=b"123")
    host.records.add(1, text=b"12345")
    real = os.scandir

    def race(path):
        entries = list(real(path)) if what == "a file" else None
        if path == str(gone.parent):
            gone.unlink()
            if what == "a day":
                stays.unlink()
                gone.parent.rmdir()
        return entries or real(path)

    monkeypatch.setattr(metrics.os, "scandir", race)
    assert host.run()["data_bytes"] == {"": 8 if what == "a file" else 5}


def test_the_last_node_is_not_forgotten(host):
    """A TCP sender that never came back would be silent without an alarm after a week."""
    start = time.time()
    host.report(2, {"first": 1}, age=20 * 24 * HOUR)
    host.run()
    host.report(3, {"first": 1, "last": 2}, age=10 * 24 * HOUR, utime=2)
    for _again in range(2):
        found = host.run()
        last = pytest.approx(start - 10 * 24 * HOUR, abs=5)
        assert found["node_last_record_timestamp_seconds"] == {"last": last}
        assert found["any_node_last_record_timestamp_seconds"] == {"": last}
        assert found["node_records_total"] == {"last": 2}
