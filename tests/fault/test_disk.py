# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The disk is full, or the data directory is not there or not the receiver's."""

from __future__ import annotations

import importlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest
from fault.harness import Sender, account
from fault.test_restart import ROLE

BROKEN = ("missing", "wrong owner", "read-only")
LOST = "records are lost: they come in, and messages.json did not grow ever"
WORDS = {"missing": "the data directory cannot be read", "wrong owner": LOST, "read-only": LOST}


def mount(*arguments: object) -> None:
    assert os.getuid() == 0, "this fault needs a small file system, and that needs root: run 'sudo make fault'"
    subprocess.run(["mount", *map(str, arguments)], check=True)


@pytest.fixture
def small(tmp_path):
    """The data directory as a file system of 1 MiB."""
    folder = tmp_path / "data"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", folder)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def script(monkeypatch):
    """The role's scripts by name, as modules."""
    monkeypatch.syspath_prepend(str(ROLE / "files"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return importlib.import_module


@pytest.fixture
def ask(script, capsys):
    """Measure a receiver, as the role's timer does, and ask the health check. Returns its exit status and its line."""

    def ask_one(daemon, folder, *options: str) -> tuple[int, str]:
        daemon.counters()
        output = daemon.folder / "metrics"
        output.mkdir(exist_ok=True)
        metrics = [
            "--data-dir",
            str(folder),
            "--work-dir",
            str(daemon.folder),
            "--output",
            str(output / "receiver.prom"),
        ]
        # Another user's sockets are not the receiver's.
        metrics += [
            "--listeners",
            "" if daemon.user else f"udp/{daemon.port}/127.0.0.1",
            "--rsyslogd",
            str(daemon.program),
        ]
        assert script("metrics").main(metrics) == 0
        capsys.readouterr()
        # Retention does not run here.
        always = ["--metrics", str(output / "receiver.prom"), "--service=off", "--retention-age=off"]
        return script("health").main([*always, *options]), capsys.readouterr().out

    return ask_one


@pytest.mark.fault(
    19,
    "the disk is full, then has room again",
    "what finds no room, counted: accepted less filed; it goes on by itself; "
    "at most one line is cut; the health check's alarm comes first",
)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_full_disk(start, small, transport, script, ask):
    daemon = start()
    sender, states = Sender(daemon.port, transport), []
    check = script("health")
    limits = check.arguments(["--metrics", "-"]).disk_free
    for number in range(2000):
        sender.send(f"a:{number}")
        if number % 50 == 49:
            daemon.flush(sender.say)
            room = os.statvfs(small)
            states.append(
                (len(daemon.ids()) == number + 1, check.level(100.0 * room.f_bavail / room.f_blocks, limits, low=True))
            )
    # While nothing was lost yet, the check said first WARNING, then CRITICAL.
    assert {state for whole, state in states if whole} == {0, 1, 2}
    assert not states[-1][0]
    # Afterwards, too; and had the room come back meanwhile, it would still say what became of these records.
    assert ask(daemon, small)[0] == 2
    more = [f"c:{number}" for number in range(100)]
    for number in more:
        sender.send(number)
    status, line = ask(daemon, small, "--disk-free=off", "--unwritten=0.2,0.4")
    assert status == 2 and "records are lost: they come in, and messages.json did not grow" in line
    mount("-o", "remount,size=64m", small)
    for number in range(1000):
        sender.send(f"b:{number}")
        if number % 50 == 49:
            daemon.flush(sender.say)
    ids = daemon.ids()
    found = account(sender.sent, ids)
    counters = daemon.counters()
    assert (found.duplicates, found.disordered, found.foreign) == (0, 0, 0)
    assert sum(counters["nodes"]["values"].values()) - len(ids) == found.lost > 0
    assert [name for name in ids if name[0] == "b"] == [f"b:{number}" for number in range(1000)]
    assert daemon.halves <= 1
    assert not sender.lost
    assert "No space left on device" in daemon.said()
    # Over TCP rsyslogd counts what it failed to write, and for a while the check goes on to say so.
    status, line = ask(daemon, small, "--unwritten=0.2,0.4")
    assert (status, "records could not be written" in line) == ((1, True) if transport == "tcp" else (0, False))


@pytest.fixture
def place_of(request):
    """A folder that an ordinary user may enter and that holds a data directory that it cannot write."""
    folder = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp"))
    shutil.chown(folder, "nobody", "nogroup")
    folder.chmod(0o755)
    place = folder / "store"
    place.mkdir()
    place.chmod(0o755)
    if request.param == "missing":
        place.rmdir()
        folder.chmod(0o555)
    else:
        if request.param == "read-only":
            mount("-t", "tmpfs", "-o", "uid=65534", "tmpfs", place)
        # As the role made it, before somebody else took it or its disk went read-only.
        (place / "data").mkdir()
        if request.param == "read-only":
            shutil.chown(place / "data", "nobody")
            mount("-o", "remount,ro", place)
    yield folder, place
    subprocess.run(["umount", "--lazy", place], check=False, stderr=subprocess.DEVNULL)
    shutil.rmtree(folder)


@pytest.mark.fault(
    20,
    "the data directory is missing, belongs to another user or is read-only",
    "everything until that is mended, counted: accepted less filed; rsyslogd and the health check say so; "
    "it goes on by itself",
)
@pytest.mark.parametrize("place_of", BROKEN, indirect=True, ids=BROKEN)
def test_no_data_directory(prepare, place_of, request, ask):
    folder, place = place_of
    broken = request.node.callspec.params["place_of"]
    work = folder / "work"
    work.mkdir()
    shutil.chown(work, "nobody")
    work.chmod(0o755)
    daemon = prepare(user="nobody", folder=work, rsyslog_receiver_data_dir=str(place / "data"))
    for path in work.iterdir():
        path.chmod(0o644)
    daemon.run()
    (work / "data").symlink_to(place / "data")
    sender = Sender(daemon.port, "tcp")
    assert ask(daemon, place / "data")[0] == (2 if broken == "missing" else 1), "no node sent a good record yet"
    for number in range(500):
        sender.send(f"a:{number}")
    daemon.flush(sender.say)
    status, line = ask(daemon, place / "data")
    assert status == 2
    assert WORDS[broken] in line
    counters = daemon.counters()
    assert daemon.ids() == [] and sum(counters["nodes"]["values"].values()) == 500
    print(counters["messages"], daemon.said()[:600])
    assert str(place) in daemon.said()
    if broken == "read-only":
        mount("-o", "remount,rw", place)
    else:
        place.mkdir(exist_ok=True)
        shutil.chown(place, "nobody")
        if broken == "wrong owner":
            shutil.chown(place / "data", "nobody")
    for number in range(500):
        sender.send(f"b:{number}")
    daemon.settle(500)
    print(daemon.counters()["messages"], len(daemon.ids()))
    assert daemon.ids() == [f"b:{number}" for number in range(500)]
    if broken != "missing":
        assert ask(daemon, place / "data")[0] == 0
