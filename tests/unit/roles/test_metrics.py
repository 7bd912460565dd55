# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics beside the counters: disk, clock, sockets, and the file itself."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import stat
import sys
import time

import impstats
import metrics
import pytest

HOUR = 3600
UDP = {"transport": "udp", "address": "127.0.0.1"}


def measure(listener, state) -> tuple[float, float]:
    """How many sockets of this user there are, and whether a port has none."""
    values = {}
    metrics.read_sockets([listener], state, values, 0)
    return values["udp_sockets"][""], values["udp_ports_closed"][""]


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
    assert "retention_last_run_success" not in host.run()
    for options, success in (([], 1), (["--min-free=100%"], 0)):
        before = int(time.time())
        host.records.retain(*options)
        after = time.time()
        found = host.run()
        assert found["retention_last_run_success"] == {"": success}
        assert before <= found["retention_last_run_timestamp_seconds"][""] <= after


def test_recent_records(host, monkeypatch):
    now = time.time()
    monkeypatch.setattr(metrics.time, "time", lambda: now)
    host.report(10, reasons={"kind": 2}, full=1)
    host.run()
    monkeypatch.setattr(metrics.time, "time", lambda: now + 600)
    host.report(30, reasons={"kind": 7}, full=4, utime=2, failed=6)
    found = host.run()
    assert found["recent_records"] == {
        "received": 80,
        "quarantined": 5,
        "dropped": 3,
        "failed": 6,
        "not_counted": 0,
    }
    assert found["recent_seconds"][""] == pytest.approx(600)
    monkeypatch.setattr(metrics.time, "time", lambda: now + 1200)
    assert set(host.run()["recent_records"].values()) == {0}


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
                assert measure({**UDP, "port": port}, state) == (1, 0)
                state.save()
                assert state.totals["dropped_total", "udp_socket"] == total
            assert measure({**UDP, "port": port + 1}, state) == (0, 1)
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
        assert measure({**UDP, "port": other.getsockname()[1]}, state) == (0, 1)


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


def test_every_sample_is_in_the_schema(host):
    host.report(1, {"n": 1}, {"kind": 1})
    host.records.add(1)
    text = host.run("--configured-for", "8.2302.0") and host.output.read_text("utf-8")
    names = [metric.name for metric in metrics.SCHEMA]
    assert len(set(names)) == len(names)
    assert [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")] == [
        metrics.PREFIX + name for name in names if not name.startswith("retention_")
    ]
    for metric in metrics.SCHEMA:
        assert (metric.type == "counter") == metric.name.endswith("_total")
    samples = {re.split(r"[{ ]", line)[0] for line in text.splitlines() if not line.startswith("#")}
    assert samples == {metrics.PREFIX + name for name in names if not name.startswith("retention_")}


def test_records_that_do_not_get_on_disk(host, monkeypatch):
    """rsyslogd says that it wrote them; the file does not grow, though a write that fails changes its time."""
    now = time.time()
    monkeypatch.setattr(metrics.time, "time", lambda: now)
    path = host.records.add(0, text=b"x" * 400, age=7000)
    host.report(1, age=6000)
    found = host.run()
    assert found["newest_record_timestamp_seconds"]["messages"] == pytest.approx(path.stat().st_mtime)
    assert set(found["last_handed_timestamp_seconds"].values()) == {0}, "nobody knows when the first ones came"
    host.report(5, age=3000, utime=2)
    os.utime(path, (now, now))
    found = host.run()
    assert found["last_handed_timestamp_seconds"]["messages"] == pytest.approx(now - 6000)
    assert found["newest_record_timestamp_seconds"]["messages"] == pytest.approx(now - 7000)
    host.report(5, age=1000, utime=3)
    assert host.run()["last_handed_timestamp_seconds"] == found["last_handed_timestamp_seconds"], "no more came"
    with path.open("ab") as file:
        file.write(b"x")
    os.utime(path, (now - 1, now - 1))
    assert host.run()["newest_record_timestamp_seconds"]["messages"] == pytest.approx(now - 1)


def test_a_file_that_was_cut_took_a_record(host, monkeypatch):
    """Retention cuts today's quarantine, while rsyslogd goes on to write to it."""
    now = time.time()
    monkeypatch.setattr(metrics.time, "time", lambda: now)
    path = host.records.add(0, "quarantine.json", text=b"x" * 400, age=7000)
    host.run()
    path.write_bytes(b"x" * 20)
    os.utime(path, (now - 1, now - 1))
    assert host.run()["newest_record_timestamp_seconds"]["quarantine"] == pytest.approx(now - 1)


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
    assert found["node_last_record_timestamp_seconds"]["n1"] == pytest.approx(ahead)
    assert found["newest_record_timestamp_seconds"]["messages"] == pytest.approx(ahead)
    monkeypatch.setattr(metrics.time, "time", lambda: now)
    found = host.run()
    assert path.stat().st_mtime > now
    assert found["node_last_record_timestamp_seconds"]["n1"] == now
    assert found["any_node_last_record_timestamp_seconds"][""] == now
    assert found["newest_record_timestamp_seconds"]["messages"] == now
    assert found["last_handed_timestamp_seconds"]["messages"] == now


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_only_files_of_the_work_folder_are_read(host, tmp_path, kind, capsys):
    """Whoever put something else there, it neither stops the metrics nor is followed."""
    host.report(4)
    elsewhere = tmp_path / "elsewhere.json"
    host.stats.rename(elsewhere)
    for path in (host.stats, host.records.work / "retention.json", host.output.parent / "state.json"):
        path.symlink_to(elsewhere) if kind == "link" else os.mkfifo(path)
    before = elsewhere.read_bytes()
    found = host.run()
    assert "received_total" not in found
    assert "rsyslogd's reports cannot be read" in capsys.readouterr().err
    assert elsewhere.read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's folder")
def test_only_the_owner_runs_the_command(host, capsys, monkeypatch):
    os.chown(host.records.work, 65534, 65534)
    command = ["metrics", "--data-dir", str(host.records.folder), "--work-dir", str(host.records.work)]
    monkeypatch.setattr(sys, "argv", [*command, "--output", str(host.output)])
    assert metrics.main() == 2
    assert not host.output.exists()
    assert "Run this as the owner" in capsys.readouterr().err


def test_a_folder_that_is_gone(host, capsys):
    host.report(4)
    host.records.folder.rename(host.records.folder.with_name("elsewhere"))
    found = host.run()
    assert "disk_size_bytes" not in found
    assert "The data directory cannot be read" in capsys.readouterr().err


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


def test_the_version_that_the_configuration_is_for(host):
    assert "config_info" not in host.run()
    assert host.run("--configured-for", "8.2302.0")["config_info"] == {"8.2302.0": 1}


@pytest.mark.parametrize("name", ["0000-00-00", "2026-02-30"])
def test_a_folder_that_is_named_like_a_day_and_is_none(host, name):
    host.records.add(1, text=b"12345")
    (host.records.folder / name).mkdir()
    (host.records.folder / name / "messages.json").write_bytes(b"123")
    assert host.run()["data_bytes"] == {"": 5}
