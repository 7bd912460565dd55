# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compressing on real folders: a kill, a race or a full disk loses nothing."""

from __future__ import annotations

import errno
import gzip
import itertools
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys

import archive
import pytest
import retention

SCRIPT = pathlib.Path(retention.__file__)
pytestmark = pytest.mark.usefixtures("enough_room")
KINDS = ["zst", "gz"] if shutil.which("zstd") else ["gz"]


def text_of(path: pathlib.Path) -> bytes:
    """The text of a file of records, compressed or not."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    return path.read_bytes()


@pytest.fixture(params=KINDS)
def kind(request, monkeypatch):
    """The compressor that the host has."""
    which = shutil.which
    monkeypatch.setattr(archive.shutil, "which", lambda name: which(name) if request.param == "zst" else None)
    return request.param


def test_days_that_are_over_are_compressed_and_keep_owner_mode_and_time(records, kind):
    path = records.add(2, text=random.Random(1).randbytes(3 << 20))
    os.chown(path, os.getuid(), os.getgid())
    path.chmod(0o604)
    before, text = path.stat(), path.read_bytes()
    today = records.add(0, "status.json")
    assert records.retain() == 0
    packed = path.with_name(f"messages.json.{kind}")
    assert records.names() == [
        str(records.day(2).name),
        f"{records.day(2).name}/{packed.name}",
        records.day(0).name,
        f"{records.day(0).name}/status.json",
    ]
    after = packed.stat()
    assert (after.st_mode, after.st_uid, after.st_gid, after.st_mtime_ns) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
        before.st_mtime_ns,
    )
    assert text_of(packed) == text
    assert today.exists()
    assert [entry["file"] for entry in records.report()["compressed"]] == [f"{records.day(2).name}/messages.json"]


def test_a_second_run_does_nothing(records, kind, capsys):
    records.add(2)
    records.add(5, "quarantine.json")
    assert records.retain("--days=4") == 0
    assert capsys.readouterr().out.count("\n") == 2
    before, history = records.names(), (records.work / "retention.jsonl").read_bytes()
    assert records.retain("--days=4") == 0
    assert capsys.readouterr().out == ""
    assert records.names() == before
    assert (records.work / "retention.jsonl").read_bytes() == history


def test_a_late_record_is_added_to_the_archive(records, kind):
    for text in (b'{"n": 1}\n', b'{"n": 2}\n', b'{"n": 2}\n{"n": 3}\n'):
        records.add(2, text=text)
        assert records.retain() == 0
    packed = records.day(2) / f"messages.json.{kind}"
    assert text_of(packed) == b'{"n": 1}\n{"n": 2}\n{"n": 2}\n{"n": 3}\n'
    assert len(records.names()) == 2


def test_a_file_whose_archive_holds_it_already_is_only_removed(records, kind):
    """What a kill between the archive's rename and the removal of the file leaves."""
    path = records.add(2, text=b'{"n": 1}\n')
    content = path.read_bytes()
    assert records.retain() == 0
    packed = records.day(2) / f"messages.json.{kind}"
    before = packed.read_bytes()
    records.add(2, text=content)
    assert records.retain() == 0
    assert packed.read_bytes() == before
    assert not path.exists()


def test_a_file_that_may_still_be_written_to_waits(records):
    path = records.add(1, age=retention.QUIET - 60)
    assert records.retain() == 0
    assert path.exists()


def test_yesterday_waits_for_an_hour_after_midnight(records, monkeypatch):
    path = records.add(1)
    midnight = retention.datetime.datetime.combine(
        records.today, retention.datetime.time(), retention.datetime.timezone.utc
    )

    class Clock(retention.datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return midnight + retention.datetime.timedelta(seconds=seconds)

    os.utime(path, (midnight.timestamp() - 4000,) * 2)
    monkeypatch.setattr(retention.datetime, "datetime", Clock)
    seconds = retention.QUIET - 1
    assert records.retain() == 0
    assert path.exists()
    seconds = retention.QUIET + 1
    assert records.retain() == 0
    assert not path.exists()


def test_a_damaged_archive_costs_no_record(records, kind, capsys):
    path = records.add(2)
    packed = records.day(2) / f"messages.json.{kind}"
    packed.write_bytes(b"no archive")
    assert records.retain() == 1
    assert path.exists()
    assert packed.read_bytes() == b"no archive"
    assert "could not be compressed" in capsys.readouterr().out


def test_without_room_to_compress_deleting_comes_first(records, monkeypatch):
    """The archive of one day fits only after the oldest day went."""
    oldest, path = records.add(3), records.add(2)
    monkeypatch.setattr(archive, "free", lambda _fd: 0 if oldest.exists() else 1 << 30)
    assert records.retain("--days=2") == 0
    assert not path.exists()
    assert records.report()["ok"]


def test_without_room_at_all_nothing_is_lost_and_it_is_said(records, monkeypatch, capsys):
    path = records.add(2)
    monkeypatch.setattr(archive, "free", lambda _fd: 0)
    assert records.retain() == 1
    assert records.names() == [records.day(2).name, f"{records.day(2).name}/messages.json"]
    assert "would leave less than" in capsys.readouterr().out
    assert path.exists()


@pytest.mark.parametrize("step", ["packed", "holds"])
def test_a_file_that_is_written_to_meanwhile_stays(records, monkeypatch, step):
    """While it is compressed, or after the archive was compared with it."""
    path = records.add(2)
    real = getattr(archive, step)

    def slow(*arguments):
        found = real(*arguments)
        found = list(found) if step == "packed" else found
        with path.open("ab") as file:
            file.write(b'{"late": 1}\n')
        return found

    monkeypatch.setattr(archive, step, slow)
    assert records.retain() == 1
    assert path.read_bytes().endswith(b'{"late": 1}\n')
    assert len(records.names()) == 2


def test_a_compressor_that_lies_costs_no_record(records, monkeypatch):
    path = records.add(2)
    packed = archive.packed
    monkeypatch.setattr(archive, "packed", lambda fd, kind: list(packed(fd, kind))[:-1])
    assert records.retain() == 1
    assert path.exists()
    assert len(records.names()) == 2


# Runs a script that stops before the Nth call that changes something, to be killed there: N, the script, its arguments.
STOPPING = """
import os, runpy, signal, sys

CALLS = {"open", "write", "rename", "unlink", "fsync", "fchmod", "utime", "fork_exec"}
left = int(sys.argv.pop(1))
del sys.argv[0]


def before_a_call(frame, event, function):
    global left
    if event == "c_call" and function.__name__ in CALLS and function.__module__ in ("posix", "_posixsubprocess"):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGSTOP)


sys.path.insert(0, os.path.dirname(sys.argv[0]))
sys.setprofile(before_a_call)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_killed_at_any_point_it_loses_nothing(records):
    """kill -9 before each call that changes something, until a run gets through: every record is there, once."""
    expected = {}
    for back in (2, 3, 4):
        for name in ("messages.json", "status.json"):
            text = random.Random(back).randbytes(40_000)
            records.add(back, name, text)
            expected[back, name] = text
    for call in itertools.count(1):
        command = [
            sys.executable,
            "-B",
            "-c",
            STOPPING,
            str(call),
            SCRIPT,
            "--data-dir",
            records.folder,
            "--work-dir",
            records.work,
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        ended = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if ended.si_code != os.CLD_STOPPED:
            break
        # The compressor too, as systemd does.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stderr.close()
        for (back, name), text in expected.items():
            found = [path for path in records.day(back).glob(f"{name}*") if not path.name.startswith(".")]
            assert found, f"{name} of {back} days ago is gone after call {call}"
            assert all(text_of(path) == text for path in found)
    assert process.wait() == 0, process.stderr.read()
    assert call > 20, "the calls are not seen"
    assert records.retain() == 0
    for (back, name), text in expected.items():
        (found,) = records.day(back).glob(f"{name}*")
        assert found.name != name
        assert text_of(found) == text
    assert not list(records.folder.rglob(".*.tmp"))


def test_a_real_full_disk(tmp_path, records_in, monkeypatch):
    """On a file system of 1 MiB, where writing really fails."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here: " + mounted.stderr.decode())
    try:
        records = records_in(folder)
        oldest = records.add(4, text=random.Random(4).randbytes(500_000))
        path = records.add(3, text=random.Random(3).randbytes(400_000))
        monkeypatch.setattr(archive, "free", lambda _fd: 1 << 30)
        day = os.open(path.parent, os.O_RDONLY)
        with pytest.raises(OSError) as raised:
            archive.compress(day, path.name, 0)
        assert raised.value.errno == errno.ENOSPC
        os.close(day)
        assert sorted(item.name for item in path.parent.iterdir()) == ["messages.json"]
        assert records.retain("--days=3") == 0
        assert not oldest.exists()
        assert not path.exists()
    finally:
        subprocess.run(["umount", folder], check=True)
