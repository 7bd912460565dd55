# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For each Debian release an emulated cluster and a receiver, in systemd containers on a network of their own.

`pytest tests/e2e --release=debian12` runs what is for that release, and can run beside the other one's. Without the
option both run in turn.
"""

from __future__ import annotations

import fcntl
import os

import pytest
from e2e.containers import PREFIX, ROOT, Container, podman
from e2e.site import Cluster, Receiver, Site
from tools.room_for_datagrams import room_for_datagrams

RELEASES = {"debian12": "bookworm", "debian13": "trixie"}
HANG = 2700  # seconds: nothing takes so long, on however busy a machine, unless it hangs
REPORTS: list[str] = []


def pytest_addoption(parser) -> None:
    """Offer a run of one release only."""
    parser.addoption("--release", choices=sorted(RELEASES), help="the receiver's release (default: both in turn)")


@pytest.fixture(params=sorted(RELEASES), scope="session")
def release(request):
    """The Debian release of the receiver. A test for only one is marked with e2e.site.on."""
    return request.param


@pytest.fixture(params=("tcp", "udp"), scope="session")
def transport(request):
    """How the cluster sends."""
    return request.param


@pytest.fixture(scope="session")
def site(release, tmp_path_factory):
    """A cluster as it was delivered, and an empty host."""
    if os.getuid() != 0:
        pytest.fail("the end-to-end test runs systemd containers and needs root")
    os.environ["CONTAINERS_CONF"] = str(ROOT / "tests/tools/containers.conf")
    network = f"{PREFIX}-e2e-{release}"
    cluster, receiver = f"{network}-cluster", f"{network}-receiver"

    def remove_everything() -> None:
        """Remove what a run makes, and what a killed one left."""
        names = {cluster, receiver}
        # On a busy machine podman gives up before all that is killed is gone.
        while names & set(podman("ps", "--all", "--format={{.Names}}").split()):
            podman("rm", "--force", "--ignore", "--volumes", "--time=2", *names, check=False)
        podman("network", "rm", "--force", network, check=False)

    folder = tmp_path_factory.mktemp(release)
    (ROOT / ".cache").mkdir(exist_ok=True)
    with room_for_datagrams(), (ROOT / f".cache/e2e-{release}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove_everything()
        try:
            podman("network", "create", network)
            sending = Container(cluster, "bookworm", network)
            receiving = Container(receiver, RELEASES[release], network)
            made = Site(Cluster(sending, folder), Receiver(release, receiving, sending), folder)
            yield made
            REPORTS.extend(made.reports)
        finally:
            remove_everything()


@pytest.fixture
def receiver(site):
    """The receiving host."""
    return site.receiver


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items) -> None:
    """Leave the other release out. Put first what needs a cluster as it was delivered, and last what changes much."""
    wanted = config.getoption("--release")
    other = [item for item in items if wanted and item.callspec.params["release"] != wanted]
    config.hook.pytest_deselected(items=other)
    files = ("test_end_to_end", "test_changes", "test_holes_paths", "test_access", "test_deployment", "test_holes_host")
    items[:] = sorted(
        (item for item in items if item not in other),
        key=lambda item: (
            item.callspec.params["release"],
            item.originalname != "test_settings_change_once",
            [name in item.nodeid for name in files].index(True),
            "fast" in item.name,
        ),
    )
    for item in items:
        item.add_marker(pytest.mark.timeout(HANG))


def pytest_terminal_summary(terminalreporter) -> None:
    """Print what was sent and found."""
    for line in REPORTS:
        terminalreporter.write_line(line)
