# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention on real folders: what goes and what stays."""

from __future__ import annotations

import fcntl
import json
import os
import pathlib
import tempfile

import limits
import pytest
import retention

pytestmark = pytest.mark.usefixtures("enough_room")


def test_the_oldest_days_go_and_the_report_says_why(records, capsys):
    for back in (0, 1, 2, 3, 40):
        records.add(back)
    records.add(3, "status.json.gz")
    assert records.retain("--days=2", "--no-compress", "--trust-clock") == 0
    assert {pathlib.Path(name).parts[0] for name in records.names()} == {records.day(back).name for back in (0, 1, 2)}
    said = capsys.readouterr().out
    assert f"Deleted {records.day(40).name} (8.789 KiB): older than 2 days.\n" in said
    lines = [json.loads(line) for line in (records.work / "retention.jsonl").read_text("utf-8").splitlines()]
    assert [entry["day"] for entry in lines[0]["deleted"]] == [records.day(40).name, records.day(3).name]
    assert lines[0] == records.report()
    assert lines[0]["ok"]


def test_by_total_size(records):
    for back in range(4):
        records.add(back, text=b"x" * 1000)
    assert records.retain("--total-bytes=2k", "--no-compress") == 0
    assert records.names()[::2] == [records.day(1).name, records.day(0).name]


def test_where_no_free_space_is_enough_all_stays_and_it_is_said(records, capsys):
    for back in range(4):
        records.add(back)
    before = records.names()
    assert records.retain("--min-free=100%", "--no-compress") == 1
    assert records.names() == before
    assert "On a full disk records are lost" in capsys.readouterr().out
    assert not records.report()["ok"]


def test_a_dry_run_says_the_same_and_changes_nothing(records, capsys):
    for back in (1, 2, 3):
        records.add(back)
    before = records.names()
    assert records.retain("--days=2", "--dry-run") == 0
    said = capsys.readouterr().out
    assert records.names() == before
    assert not list(records.work.iterdir())
    assert records.retain("--days=2") == 0
    assert capsys.readouterr().out == said.replace("Would delete", "Deleted").replace("Would compress", "Compressed")


@pytest.mark.parametrize(
    "name", ["notes.txt", "messages.json.bak", ".messages.json.swp", "Messages.json", "messages.json.zst.1"]
)
def test_foreign_files_stay(records, name, capsys):
    records.add(5)
    foreign = records.add(5, name)
    assert records.retain("--days=2") == 0
    assert records.names() == [records.day(5).name, f"{records.day(5).name}/{name}"]
    assert "not the rest" in capsys.readouterr().out
    assert records.retain("--days=2") == 0
    assert foreign.exists()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["2026-02-30", "2020-1-1", "x2020-01-01", "2020-01-01 ", "٢٠٢٠-٠١-٠١", "keep"])
def test_foreign_folders_stay(records, name):
    folder = records.folder / name
    folder.mkdir()
    (folder / "messages.json").write_text("mine")
    assert records.retain("--days=1", "--total-bytes=1", "--trust-clock") == 0
    assert (folder / "messages.json").read_text() == "mine"


def test_links_are_not_followed(records, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "messages.json").write_text("mine")
    os.utime(outside / "messages.json", (0, 0))
    (records.folder / "2020-01-01").symlink_to(outside)
    records.day(3).mkdir()
    (records.day(3) / "status.json").symlink_to(outside / "messages.json")
    (records.day(3) / "messages.json").mkdir()
    assert records.retain("--days=1", "--total-bytes=1", "--trust-clock") == 0
    assert (outside / "messages.json").read_text() == "mine"
    assert (records.folder / "2020-01-01").is_symlink()
    assert (records.day(3) / "status.json").is_symlink()


def test_the_future_stays(records):
    records.add(-400)
    records.add(3)
    records.add(0)
    assert records.retain("--days=1", f"--total-bytes={2 * len(records.text)}") == 0
    assert records.names()[::2] == [records.day(0).name, records.day(-400).name]


LINE = b'{"event.original":"' + b"\\\\u001b" * 50 + b'"}\n'


def test_a_flood_of_quarantine_costs_no_good_record(records, capsys):
    """While rsyslogd has today's file open: it goes on behind what came first, and every line is whole."""
    for back in range(11):
        records.add(back)
    good = records.names()
    first = b'{"event.original":"before the flood"}\n'
    old = records.add(4, "quarantine.json", first)
    path = records.add(0, "quarantine.json", first)
    with path.open("ab", buffering=0) as rsyslogd:
        rsyslogd.write(LINE * 20000)
        flood = path.stat().st_size
        assert records.retain("--total-bytes=200k", "--quarantine-limit=100k", "--no-compress") == 0
        rsyslogd.write(first)
    assert [name for name in records.names() if "quarantine" not in name] == good
    assert not old.exists()
    text = path.read_bytes()
    assert text.startswith(first) and text.endswith(b"}\n" + first)
    assert 90 * 1024 < len(text) - len(first) <= 100 * 1024
    assert set(text.splitlines(keepends=True)) == {first, LINE}
    report = records.report()
    dropped = flood + len(first) * 2 - len(text)
    assert report["quarantine_deleted_bytes"] == sum(entry["bytes"] for entry in report["deleted"]) == dropped
    assert "Deleted quarantine of" in capsys.readouterr().out
    # The count goes on.
    assert records.retain("--quarantine-limit=50k", "--no-compress") == 0
    assert records.report()["quarantine_deleted_bytes"] == flood + len(first) * 2 - path.stat().st_size


def test_a_flood_in_a_single_line(records):
    path = records.add(0, "quarantine.json", b"x" * (3 << 20))
    assert records.retain("--quarantine-limit=2m") == 0
    assert path.stat().st_size == 0


def test_what_must_stay_is_over_the_limit(records, capsys):
    """Today's good records alone: ten good days would go in vain."""
    records.add(0, text=records.text * 20)
    for back in range(1, 11):
        records.add(back)
    before = records.names()
    assert records.retain("--total-bytes=100k", "--no-compress") == 1
    assert records.names() == before
    assert "Nothing is deleted for it" in capsys.readouterr().out


def test_a_folder_of_quarantine_alone_goes_with_it(records):
    records.add(3, "quarantine.json.gz")
    records.add(2, "quarantine.json").rename(records.day(2) / "notes")
    records.add(2, "quarantine.json")
    assert records.retain("--quarantine-limit=1", "--no-compress") == 0
    assert records.names() == [records.day(2).name, f"{records.day(2).name}/notes"]


@pytest.mark.parametrize("force", [False, True])
def test_a_destination_keeps_what_it_has_not_finished(records, force, capsys):
    for back in (2, 3, 4, 5):
        records.add(back)
    destinations = records.work / "destinations"
    destinations.mkdir()
    (destinations / "kafka.json").write_text(json.dumps({"done_before": records.day(4).name}))
    (destinations / "postgresql.json").write_text(json.dumps({"done_before": records.day(0).name}))
    assert records.retain("--days=2", *(["--force"] if force else [])) == (0 if force else 1)
    assert records.names()[::2] == [records.day(back).name for back in ((2,) if force else (4, 3, 2))]
    assert force or (records.day(4) / "messages.json").exists(), "a reader keeps its place in a plain file"
    assert ("destination has not finished" in capsys.readouterr().out) != force


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"done_before": 5}', '{"done_before": "soon"}', "\xff"])
def test_a_checkpoint_that_cannot_be_read_keeps_everything(records, text, capsys):
    path = records.add(9)
    (records.work / "destinations").mkdir()
    (records.work / "destinations" / "kafka.json").write_bytes(text.encode("latin-1"))
    assert records.retain("--days=2", "--trust-clock") == 1
    assert path.exists()
    assert "destination kafka cannot be read" in capsys.readouterr().out


def test_a_checkpoint_that_is_a_link_keeps_everything(records, tmp_path, capsys):
    path = records.add(9)
    (records.work / "destinations").mkdir()
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(json.dumps({"done_before": records.day(0).name}))
    (records.work / "destinations" / "kafka.json").symlink_to(elsewhere)
    assert records.retain("--days=2", "--trust-clock") == 1
    assert path.exists()
    assert "destination kafka cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["retention.lock", "retention.json.tmp", "retention.jsonl"])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_no_link_is_followed_and_no_pipe_waited_for(records, tmp_path, name, kind):
    records.add(9)
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (records.work / name).symlink_to(outside) if kind == "link" else os.mkfifo(records.work / name)
    status = records.retain("--days=2", "--trust-clock")
    assert status == (0 if name == "retention.json.tmp" else status or pytest.fail("it was used"))
    assert outside.read_text() == "mine"


def test_two_runs_at_once(records, capsys):
    path = records.add(9)
    with (records.work / "retention.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert records.retain("--days=2", "--trust-clock") == 1
        assert path.exists()
        assert "Another run" in capsys.readouterr().err
    assert records.retain("--days=2", "--trust-clock") == 0


def test_the_history_is_bounded(records, monkeypatch):
    monkeypatch.setattr(retention, "REPORT_LIMIT", 2000)
    for _turn in range(40):
        records.add(2, text=os.urandom(9))
        assert records.retain() == 0
    history = records.work / "retention.jsonl"
    assert 300 < history.stat().st_size < 2500
    assert all(json.loads(line) for line in history.read_text("utf-8").splitlines())


@pytest.mark.parametrize("name", retention.APPENDED)
def test_what_rsyslogd_only_appends_to_is_emptied(records, name, monkeypatch):
    """While rsyslogd has it open: it goes on at the beginning."""
    monkeypatch.setattr(retention, "APPENDED_LIMIT", 1000)
    path = records.work / name
    with path.open("ab", buffering=0) as rsyslogd:
        rsyslogd.write(b"x" * 1000)
        assert records.retain() == 0
        assert path.stat().st_size == 1000
        rsyslogd.write(b"x")
        assert records.retain("--dry-run") == 0
        assert path.stat().st_size == 1001
        assert records.retain() == 0
        assert path.stat().st_size == 0
        rsyslogd.write(b"more")
    assert path.read_bytes() == b"more"


def test_only_what_is_rsyslogds_own_is_emptied(records, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(retention, "APPENDED_LIMIT", 1000)
    outside = tmp_path / "outside"
    outside.write_bytes(b"x" * 2000)
    (records.work / "canary").symlink_to(outside)
    (records.work / "foreign.json").write_bytes(b"x" * 2000)
    os.mkfifo(records.work / "impstats.json")
    assert records.retain() == 1
    assert "canary could not be emptied" in capsys.readouterr().out
    assert outside.stat().st_size == (records.work / "foreign.json").stat().st_size == 2000


def test_the_metrics_empty_their_file_first(records):
    """So that where they run, retention takes nothing that they have not read."""
    import impstats

    assert retention.APPENDED_LIMIT >= 2 * impstats.KEEP


@pytest.mark.parametrize("options", [["--days=x"], ["--total-bytes=10%"], ["--min-free=1x"]])
def test_wrong_usage(records, options):
    path = records.add(9)
    try:
        status = records.retain(*options)
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    assert path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's folder")
def test_only_the_owner_runs_it(records, capsys):
    path = records.add(9)
    os.chown(records.folder, 65534, 65534)
    assert records.retain("--days=2") == 2
    assert path.exists()
    assert "Run this as the owner" in capsys.readouterr().err


def test_human_sizes():
    assert [limits.human(size) for size in (0, 1023, 1536, 5 << 40)] == ["0 bytes", "1023 bytes", "1.5 KiB", "5 TiB"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's file")
def test_what_an_administrator_left_does_not_keep_the_limits_from_the_rest(records_in, capsys):
    """A file of root's in a day, and a day that root restored for itself: the service's user works around them."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        place.chmod(0o755)
        (place / "records").mkdir()
        records = records_in(place / "records")
        for back in (40, 41, 42):
            records.add(back)
        for path in (records.folder, records.work, records.day(40), records.day(41), records.day(40) / "messages.json"):
            os.chown(path, 65534, 65534)
        records.day(42).chmod(0o700)
        os.seteuid(65534)
        try:
            assert records.retain("--days=2", "--no-compress", "--trust-clock") == 1
        finally:
            os.seteuid(0)
        assert records.names() == [records.day(42).name, f"{records.day(42).name}/messages.json"]
        assert f"{records.day(42).name} is not the service's to change" in capsys.readouterr().out


def test_no_name_steers_the_terminal(records, capsys):
    (records.work / "destinations").mkdir()
    (records.work / "destinations" / "\x1b]0;x\x07.json").touch()
    assert records.retain("--no-compress") == 1
    assert "destination ?]0;x? cannot" in capsys.readouterr().out
