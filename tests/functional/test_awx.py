# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data in ``awx/`` runs: from the artifact, as jobs of ansible-runner, with nothing but what AWX hands on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from functional.controller import Controller, load
from functional.harness import GET, PASSWORD, ROOT, SET, forms

SECRET, OLDER_SECRET = "first-secret-0123456789", "older-secret-0123456789"
CREDENTIAL = "SpamExperts Local Clouds"


@pytest.fixture(scope="module")
def controller(ansible, tmp_path_factory):
    """An AWX whose project is the one in the artifact, and whose project update installed the artifact."""

    def galaxy(*words):
        done = ansible.command("ansible-galaxy", "collection", *words, env=env)
        assert done.returncode == 0, done.stdout + done.stderr

    folder = tmp_path_factory.mktemp("awx")
    collections = folder / "collections"
    # Not where this checkout already is.
    env = ansible.environment(ANSIBLE_COLLECTIONS_PATH=str(collections))
    galaxy("build", str(ROOT), "--output-path", str(folder))
    galaxy("install", str(next(folder.glob("*.tar.gz"))), "--collections-path", str(collections), "--offline")
    installed = collections / "ansible_collections" / "spamexperts" / "local_cloud"
    shutil.copytree(installed / "awx" / "project", folder / "project")
    (folder / "jobs").mkdir()
    return Controller(ansible, load(installed / "awx"), folder / "project", collections, folder / "jobs")


@pytest.fixture
def clusters(cluster):
    """Two clusters as new, and what the inventory says of them."""
    two = {name: cluster() for name in ("east", "west")}
    hosts = {
        name: {"spamexperts_api_url": emulator.url, "spamexperts_receiver_host": "logs.example.com"}
        for name, emulator in two.items()
    }
    credentials = {
        CREDENTIAL: {
            "api_username": two["east"].username,
            "api_password": PASSWORD,
            "ca_certificates": Path(two["east"].ca_path).read_text("utf-8"),
            "log_secret": SECRET,
        }
    }
    return two, hosts, credentials


WORKFLOW, REPORT_TASK = "SpamExperts change", "Show the report"


def ports(emulators):
    return {name: emulator.state.settings["port"] for name, emulator in emulators.items()}


def assert_hides(jobs):
    """No job's events, artifacts or output show a secret, in any form."""
    secrets = {SECRET, OLDER_SECRET, *forms("apiuser", PASSWORD)}
    for job in jobs:
        assert job.events and "********" in job.records, job.template
        assert [secret for secret in secrets if secret in job.records] == [], job.template


def test_a_change_is_audited_approved_made_and_verified(controller, clusters):
    two, hosts, credentials = clusters
    asked = []

    def approves(name):
        asked.append([emulator.journal.writes for emulator in two.values()])
        return True

    jobs = controller.walk(WORKFLOW, approves, hosts, credentials)
    assert {name: job.status for name, job in jobs.items()} == {"audit": 0, "configure": 0, "verify": 0}, [
        job.stdout for job in jobs.values() if job.status
    ]
    assert asked == [[[], []]]
    assert_hides(jobs.values())


def test_what_fails_its_verification_is_restored(controller, clusters):
    """Somebody changes a setting between configure and verify; the settings from before the workflow come back."""
    two, hosts, credentials = clusters
    pass
