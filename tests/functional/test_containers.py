# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests that need containers do to the machine: names of this checkout only, and a limit that is put back."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess

import jinja2
import pytest
import yaml
from ansible.plugins.filter.core import get_hash
from e2e.containers import PREFIX, ROOT
from tools.room_for_datagrams import RMEM_WANTED, room_for_datagrams

BEFORE = 4194304


@pytest.fixture
def room(tmp_path):
    """The limit in a file, and what holds it raised."""
    setting = tmp_path / "rmem_max"
    setting.write_text(f"{BEFORE}\n")
    return setting, tmp_path


def hold(room, connection) -> None:
    """In a process of its own: have room until told to stop."""
    with room_for_datagrams(*room):
        connection.send("ready")
        connection.recv()


@contextlib.contextmanager
def user(room):
    """Another process that needs room; it holds on until the block ends, or is killed in it."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold, args=(room, theirs))
    process.start()
    theirs.close()
    assert ours.recv() == "ready"
    yield process
    with contextlib.suppress(BrokenPipeError):
        ours.send("stop")
    process.join()


def test_names_are_those_of_the_checkout():
    """The shell, Python and molecule agree."""
    script = 'source tests/tools/lib.sh && echo "$PREFIX"'
    shell = subprocess.run(["bash", "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert shell.stdout.strip() == PREFIX
    inventory = yaml.safe_load((ROOT / "extensions/molecule/inventory/hosts.yml").read_text(encoding="utf-8"))
    environment = jinja2.Environment()
    environment.filters["ansible.builtin.hash"] = get_hash
    expression = environment.from_string(inventory["receivers"]["vars"]["ansible_host"])
    name = expression.render(lookup=lambda _name, _variable: str(ROOT), inventory_hostname="debian12")
    assert name == f"{PREFIX}-molecule-debian12"


def test_the_limit_is_put_back_by_the_last_user(room):
    setting, _folder = room
    with user(room):
        assert int(setting.read_text()) == RMEM_WANTED
        with room_for_datagrams(*room):
            assert int(setting.read_text()) == RMEM_WANTED
        assert int(setting.read_text()) == RMEM_WANTED
    assert int(setting.read_text()) == BEFORE


def test_the_limit_is_put_back_after_a_kill(room):
    setting, _folder = room
    with user(room) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert int(setting.read_text()) == RMEM_WANTED
    with room_for_datagrams(*room):
        assert int(setting.read_text()) == RMEM_WANTED
    assert int(setting.read_text()) == BEFORE


def test_a_kill_does_not_take_the_limit_from_another_user(room):
    setting, _folder = room
    with user(room), user(room) as killed:
        os.kill(killed.pid, signal.SIGKILL)
        killed.join()
        with room_for_datagrams(*room):
            pass
        assert int(setting.read_text()) == RMEM_WANTED
    assert int(setting.read_text()) == BEFORE


def test_a_limit_that_is_high_enough_is_left_alone(room):
    setting, _folder = room
    setting.write_text(str(2 * RMEM_WANTED))
    with room_for_datagrams(*room):
        assert int(setting.read_text()) == 2 * RMEM_WANTED
    assert int(setting.read_text()) == 2 * RMEM_WANTED
