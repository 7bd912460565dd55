# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures: ansible-playbook, and emulators of the cluster."""

from __future__ import annotations

import contextlib

import pytest
from functional.harness import PASSWORD, STAND_IN, Ansible

from emulator import Emulator
from emulator.cluster import NAMES
from emulator.tls import Certificates


@pytest.fixture(scope="session")
def ansible(tmp_path_factory):
    """Runs playbooks; see harness.Ansible."""
    return Ansible(tmp_path_factory.mktemp("ansible"))


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory):
    """The same, with a stand-in for the receiver's role."""
    return Ansible(tmp_path_factory.mktemp("stand-in")).replace_role("rsyslog_receiver", STAND_IN)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """One CA and one certificate for all emulators: they have the same names."""
    return Certificates(tmp_path_factory.mktemp("tls"), NAMES)


@pytest.fixture(scope="module")
def cluster(certificates):
    """Starts an emulator with the switches given; all of them end with the test module."""
    with contextlib.ExitStack() as stack:
        yield lambda **switches: stack.enter_context(Emulator(password=PASSWORD, certificates=certificates, **switches))


@pytest.fixture(scope="module")
def shared(cluster):
    """One emulator for a whole test module."""
    return cluster()


@pytest.fixture
def emulator(shared):
    """The module's emulator, as new."""
    shared.reset()
    return shared
