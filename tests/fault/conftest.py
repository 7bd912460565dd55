# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Receivers of both Debian releases, and the table of what held on which."""

from __future__ import annotations

import pathlib

import pytest
from fault.harness import Daemon
from receiver.conftest import RELEASES, free_port, rsyslogd_of, rsyslogd_version

RESULTS: pytest.StashKey[dict] = pytest.StashKey()


@pytest.fixture(scope="session", params=RELEASES)
def release(request) -> tuple[pathlib.Path, str]:
    """The program and the version of one release's rsyslogd."""
    program = rsyslogd_of(RELEASES[request.param])
    version = rsyslogd_version(program)
    assert version.startswith(request.param + "."), (
        f"{RELEASES[request.param]} has {version} now: this table needs a new column"
    )
    return pathlib.Path(program), version


@pytest.fixture
def prepare(release, tmp_path):
    """Configures a receiver (user, role variables) and does not start it; all are ended with the test."""
    made = []

    def prepare_one(user: str = "", folder: pathlib.Path = tmp_path, **more: object) -> Daemon:
        daemon = Daemon(folder, free_port(), *release, user=user)
        daemon.configure(**more)
        checked = daemon.check()
        assert checked.returncode == 0, checked.stderr
        made.append(daemon)
        return daemon

    yield prepare_one
    for daemon in made:
        if daemon.process and daemon.process.poll() is None:
            daemon.kill()


@pytest.fixture
def start(prepare):
    """As ``prepare``, and started."""

    def start_one(**more: object) -> Daemon:
        daemon = prepare(**more)
        daemon.run()
        return daemon

    return start_one


def pytest_configure(config) -> None:
    config.addinivalue_line("markers", "fault(number, what, loss): a fault of the list, and what may be lost by it")
    config.addinivalue_line("markers", "table: compares docs/faults.md with the tests; runs last")
    config.stash[RESULTS] = {}
    if config.getoption("--write-table") and hasattr(config, "workerinput"):
        raise pytest.UsageError("--write-table needs the results of all tests in one process")


def pytest_addoption(parser) -> None:
    parser.addoption("--write-table", action="store_true", help="write docs/faults.md instead of comparing it")


def pytest_collection_modifyitems(items) -> None:
    items.sort(key=lambda item: item.get_closest_marker("table") is not None)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Note what held: a row is a fault, a cell is good when every test of it on that release passed."""
    report = (yield).get_result()
    marker = item.get_closest_marker("fault")
    if marker and (report.when == "call" or report.outcome != "passed"):
        cells = item.config.stash[RESULTS].setdefault(marker.args, {})
        release = item.callspec.params["release"]
        cells[release] = cells.get(release, True) and report.outcome == "passed"


@pytest.fixture
def results(request) -> dict:
    """(number, fault, what may be lost): release: whether that held in this process."""
    return request.config.stash[RESULTS]
