# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock that lets one run at a time change a receiver."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os

import lock
import pytest

BOOT = "f00d pid:[1]"
FIRST = {"run": ["ctl1", BOOT, "100", "1 100 200"], "host": "log1"}
OTHER = {"run": ["ctl1", BOOT, "200", "1 100 200"], "host": "log1"}
ELSEWHERE = {"run": ["ctl2", "cafe pid:[1]", "200", "1 200"], "host": "log1"}
# A controller without /proc.
UNKNOWN = {"run": ["ctl3"], "host": "log1"}


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "lock")


@pytest.fixture
def take(path, capsys):
    """Take the lock for a run; return its token, or the sentence of why not."""

    def taken(run, wait=0, lease=1800):
        try:
            lock.take(json.dumps({**run, "path": path, "wait": wait, "lease": lease}))
        except SystemExit as ended:
            assert ended.code == 1
            return capsys.readouterr().err
        return capsys.readouterr().out.strip()

    return taken


@pytest.fixture
def check(path, capsys):
    """Check what a run wanted; return the complaint."""

    def checked(token, files=None):
        try:
            lock.check(json.dumps({"path": path, "token": token, "files": files or {}}))
        except SystemExit as ended:
            assert ended.code == 1
        return capsys.readouterr().err

    return checked


def test_one_run_at_a_time(take, path):
    token = take(FIRST)
    said = take(OTHER)
    for words in ("ansible-playbook on ctl1, process 100,", "since 20", "in 30 minutes", f"rm {path}"):
        assert words in said
    # A second name of the same host in one inventory is another run, too.
    assert "Another run" in take({**FIRST, "host": "log1-again"})
    lock.release(json.dumps({"path": path, "token": token}))
    assert not os.path.exists(path)
    assert "Another run" not in take(OTHER)


def test_who_deploys_keeps_the_lock_whatever_became_of_the_run(take, path):
    """The connection is lost and the run is gone, but its process on the host goes on."""
    gone = {**OTHER, "run": ["ctl1", BOOT, "200", "1 200 1000"]}
    take(FIRST)
    with lock.at_work(path):
        assert "Another run" in take(gone)
        with pytest.raises(BlockingIOError), lock.at_work(path):
            pass
    assert "Another run" not in take(gone)


def test_the_next_run_learns_how_a_deployment_ended(take, path):
    first = take(FIRST, lease=0)
    lock.end({"path": path, "token": first}, {"state": "restored"})
    second = take(OTHER, lease=0)
    assert lock.ended({"path": path}, second) == {"state": "restored"}
    # A run that does not come to report that either leaves it to the next.
    third = take(ELSEWHERE)
    assert lock.ended({"path": path}, third) == {"state": "restored"}
    lock.end({"path": path, "token": first}, {"state": "deployed"})
    lock.release(json.dumps({"path": path, "token": third}))
    assert lock.ended({"path": path}, take(FIRST)) is None


def test_numbers_may_be_text(take):
    """As ansible-core before 2.19 has them."""
    take(FIRST, wait="0", lease="1800")
    assert "one waited 0 seconds" in take(OTHER, wait="0", lease="1800")


def test_only_root_can_open_it(take, path):
    """Whoever can open it could lock it for ever."""
    take(FIRST)
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(take, path, tmp_path):
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        take(FIRST)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("second", "free"),
    [
        ({**OTHER, "run": ["ctl1", BOOT, "200", "1 200 1000"]}, True),
        # The lost run of a host that came back within one ansible-playbook.
        (FIRST, True),
        (OTHER, False),
        # Nobody knows the processes of another controller, or of one that cannot say which it is.
        (ELSEWHERE, False),
        (UNKNOWN, False),
    ],
)
def test_a_run_that_was_killed(take, check, second, free):
    """A run on its controller sees that it is gone. The dead run's lock is no longer good for anything."""
    token = take(FIRST)
    assert ("Another run" not in take(second)) == free
    assert ("another one has changed" in check(token)) == free


def test_runs_that_cannot_name_their_controller_are_not_the_same(take):
    take(UNKNOWN)
    assert "ansible-playbook on ctl3, process unknown," in take(UNKNOWN)


def test_it_ends_by_itself(take, check):
    token = take(FIRST, lease=0)
    assert check(token) == ""
    assert "Another run" not in take(ELSEWHERE)
    assert "another one has changed" in check(token)


def test_a_lost_lock_is_not_released_for_its_new_holder(take, check, path):
    old = take(FIRST, lease=0)
    new = take(OTHER)
    lock.release(json.dumps({"path": path, "token": old}))
    assert check(new) == ""


def test_what_is_reported_is_what_is_in_force(take, check, tmp_path):
    files = {str(tmp_path / name): hashlib.sha256(name.encode()).hexdigest() for name in ("one", "two")}
    for name in ("one", "two"):
        (tmp_path / name).write_text(name, "utf-8")
    token = take(FIRST)
    assert check(token, files) == ""
    (tmp_path / "two").write_text("another secret", "utf-8")
    assert str(tmp_path / "two") in check(token, files)
    assert str(tmp_path / "one") not in check(token, files)
    (tmp_path / "one").unlink()
    assert str(tmp_path / "one") in check(token, files)


def compete(path, number, barrier, queue):
    """Take, look whether another one is inside, and release, many times."""
    request = {"run": ["ctl1", BOOT, str(number), "0 1 2 3"], "host": "log1", "path": path, "wait": 600, "lease": 1800}
    barrier.wait()
    for _turn in range(3):
        with open(os.devnull, "w") as nothing:
            lock.print = lambda text, file=None: print(text, file=nothing)
            lock.take(json.dumps(request))
        with open(path, encoding="utf-8") as file:
            token = json.load(file)["token"]
        try:
            os.mkdir(path + ".inside")
            os.rmdir(path + ".inside")
        except OSError:
            queue.put(number)
        lock.release(json.dumps({"path": path, "token": token}))


def test_many_at_once(path, monkeypatch):
    """Never two inside, also while one removes the record and others open it."""
    monkeypatch.setattr(lock.time, "sleep", lambda seconds: None)
    context = multiprocessing.get_context("fork")
    barrier, queue = context.Barrier(4), context.Queue()
    runs = [context.Process(target=compete, args=(path, number, barrier, queue)) for number in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0] * 4
    assert queue.empty()
    assert not os.path.exists(path)
