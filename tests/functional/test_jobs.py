# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role proves that its timers' jobs run on this host; systemd is a stand-in that starts them as they are."""

from __future__ import annotations

import os

import pytest
from functional.harness import one_play

ROLE = "spamexperts.local_cloud.rsyslog_receiver"
SYSTEMCTL = """#!/bin/sh
echo "$*" >> {folder}/asked
case "$1" in
    show) printf 'LoadState=loaded\\nActiveState=inactive\\n' ;;
    is-enabled) echo enabled ;;
    start) case "$2" in *.service)
        [ ! -e {folder}/broken ] || exit 1
        exec "$(sed -n s/^ExecStart=//p {folder}/units/"$2")" ;; esac ;;
esac
"""
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="the role's files belong to root"),
    pytest.mark.matrix,
]


@pytest.fixture
def run(ansible, tmp_path):
    """Runs one of the role's task files; everything it writes is in a folder of its own."""
    for name in ("records", "work", "units", "commands", "state", "bin"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "bin" / "systemctl").write_text(SYSTEMCTL.format(folder=tmp_path))
    (tmp_path / "bin" / "systemctl").chmod(0o755)
    places = {
        "rsyslog_receiver_data_dir": "records",
        "rsyslog_receiver_metrics_path": "state/receiver.prom",
        "__rsyslog_receiver_work_dir": "work",
        "__rsyslog_receiver_units": "units",
        "__rsyslog_receiver_commands": "commands",
        "__rsyslog_receiver_library": "library",
        "__rsyslog_receiver_state_dir": "state",
    }
    extra = {name: str(tmp_path / place) for name, place in places.items()}

    def run_one(tasks: str, *arguments: str, **more: object):
        (tmp_path / "asked").write_text("")
        play = one_play(
            {"name": "Do", "include_role": {"name": ROLE, "tasks_from": tasks}},
            gather_facts=True,
            gather_subset=["!all", "!min", "python"],
        )
        done = ansible.play(
            play, *arguments, extra={**extra, **more}, env={"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
        )
        return done

    return run_one


@pytest.fixture
def starts(tmp_path):
    """How many times the last run started a service."""
    return lambda: sum(
        line.startswith("start ") and line.endswith(".service")
        for line in (tmp_path / "asked").read_text().splitlines()
    )


def test_a_job_is_run_when_it_is_new_or_changed_until_it_ran_to_its_end(run, starts, tmp_path):
    assert run("monitoring", "--check").status == 0
    assert starts() == 0
    (tmp_path / "broken").touch()
    for _again in range(2):
        done = run("monitoring")
        assert done.status != 0
        assert "set ansible_python_interpreter to a Python 3.8 or newer of the system" in done.stdout
    (tmp_path / "broken").unlink()
    for expected in (1, 0):
        done = run("monitoring")
        assert done.status == 0, done.stdout
        assert starts() == expected
    assert (tmp_path / "state" / "receiver.prom").exists()
    (unit,) = (tmp_path / "units").glob("*.service")
    unit.write_text("changed by hand")
    assert run("monitoring").status == 0
    assert starts() == 1


def test_a_job_that_ran_and_has_a_failure_to_report_is_no_failure_of_the_role(run, starts):
    """Free space that no retention can make: its timer says so, and the health check."""
    done = run("retention", rsyslog_receiver_retention={"min_free": "99999t"})
    assert done.status == 0, done.stdout
    assert starts() == 1


def test_an_old_python_is_refused(run):
    old = {"python": {"executable": "/usr/libexec/platform-python", "version": {"major": 3, "minor": 6}}}
    done = run("check_settings", ansible_facts=old)
    assert done.status != 0
    assert "which is 3.6; they need 3.8 or newer" in done.stdout
    assert run("check_settings").status == 0
