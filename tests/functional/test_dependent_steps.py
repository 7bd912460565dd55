# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks site and rotate_secret: no step is taken unless those before it were. A stand-in replaces the role."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from functional.harness import PASSWORD, SET, books, clusters, forms, receiver, secrets

SITE, ROTATE, CONFIGURE, AUDIT = (
    f"spamexperts.local_cloud.{name}" for name in ("site", "rotate_secret", "configure", "audit")
)
OLD, NEW = "first-secret-0123456789", "second-secret-9876543210"
VARIABLES = {
    "spamexperts_clusters": "east,west",
    "spamexperts_receivers": "logs1,logs2",
    "spamexperts_receiver_host": "LOGS1.",
    "spamexperts_become": False,
    "spamexperts_log_format": {"secret": NEW, "previous_secrets": [OLD]},
}
SECRETS_TASK, CLUSTERS_TASK = "Check that the receivers are ready", "Check that every cluster has the new secret"


@pytest.fixture
def ansible(stand_in):
    return stand_in


@pytest.fixture
def hosts(cluster, tmp_path):
    """Two clusters and two receivers, all good."""
    return {
        **clusters({"east": cluster(), "west": cluster()}),
        **{name: receiver(tmp_path / name) for name in ("logs1", "logs2")},
    }


@pytest.fixture
def two(cluster, hosts):
    """The clusters of ``hosts``."""
    emulators = {"east": cluster(), "west": cluster()}
    hosts.update(clusters(emulators))
    return emulators


def said(run):
    return " ".join((run.stdout + run.stderr).split())


def test_rotation_of_clusters_alone_stops_before_the_first_one(ansible, hosts, two):
    run = ansible.play(ROTATE, "--limit", "east,west", hosts=hosts, extra=VARIABLES)
    assert run.status != 0
    assert "These receivers were not made ready in this run: logs1, logs2. These were: none." in said(run)
    assert [emulator.journal.requests for emulator in two.values()] == [[], []]


def test_rotation_with_a_receiver_that_cannot_be_reached_stops_before_the_clusters(ansible, hosts, two):
    hosts["logs2"]["ansible_connection"] = "nowhere"
    run = ansible.play(ROTATE, hosts=hosts, extra=VARIABLES, env={"ANSIBLE_STRATEGY": "free"})
    assert run.status != 0
    assert "not made ready in this run: logs2. These were: logs1. The old secret stays in force" in said(run)
    assert [emulator.journal.requests for emulator in two.values()] == [[], []]
    assert secrets(hosts, "logs1") == 2


def test_rotation_with_a_cluster_that_fails_keeps_the_old_secret(ansible, hosts, two):
    two["west"].set_switch("fault", "permission")
    run = ansible.play(ROTATE, "-vvvv", hosts=hosts, extra=VARIABLES)
    assert run.status != 0
    assert "These clusters were not given the new secret in this run: west. These were: east. Both" in said(run)
    assert NEW in two["east"].state.settings["message_template"]
    assert [secrets(hosts, name) for name in ("logs1", "logs2")] == [2, 2]
    run.assert_hides({NEW, OLD, *forms("apiuser", PASSWORD)})


def test_records_are_expected_where_clusters_send_them(ansible, hosts, two):
    """They arrive at logs1 only: by its name, and by an alias that could be any receiver's; then the secret rotates."""
    path = Path(hosts["logs1"]["rsyslog_receiver_data_dir"]) / "2026-01-01" / "messages.json"
    ended = threading.Event()

    def write():
        while not ended.wait(0.1):
            with path.open("ab") as file:
                file.write(b"{}\n")

    proof = {"spamexperts_proof_timeout": 4}
    plays = [
        *books(SITE, proof, {**proof, "spamexperts_receiver_host": "logs.example.com"}),
        *books(ROTATE, {"spamexperts_proof_timeout": 5}),
    ]
    extra = {name: value for name, value in VARIABLES.items() if name != "spamexperts_receiver_host"}
    for name in ("east", "west"):
        hosts[name]["spamexperts_receiver_host"] = "LOGS1."
    # What the receiver's counters show is tested where there is a receiver.
    writer = threading.Thread(target=write)
    writer.start()
    try:
        run = ansible.play(plays, hosts=hosts, extra={**extra, "spamexperts_is_proved": True})
    finally:
        ended.set()
        writer.join()
    assert run.status == 0, run.stdout + run.stderr
    first, second = (run.every("Check that a record arrived", name) for name in ("logs1", "logs2"))
    assert [len(first), len(second)] == [2, 1]
    assert [emulator.journal.calls.count(SET) for emulator in two.values()] == [3, 3]
    assert [secrets(hosts, name) for name in ("logs1", "logs2")] == [1, 1]


def test_a_receiver_that_is_not_ready_stops_the_clusters_that_send_to_it(ansible, hosts, two):
    hosts["logs1"]["ansible_connection"] = "nowhere"
    run = ansible.play(SITE, hosts=hosts, extra=VARIABLES)
    assert run.status != 0
    assert "not made ready in this run: logs1. These were: logs2. No cluster was changed." in said(run)
    assert [emulator.journal.requests for emulator in two.values()] == [[], []]


@pytest.mark.parametrize(
    ("playbook", "variables", "sentence"),
    [
        (AUDIT, {"spamexperts_clusters": "cluods"}, "no host matches cluods; set spamexperts_clusters to a group"),
        (ROTATE, {"spamexperts_receivers": "logs"}, "no host matches logs; set spamexperts_receivers to a group"),
        (
            CONFIGURE,
            {"spamexperts_clusters": ""},
            "spamexperts_clusters is not set, and localhost, which is then meant",
        ),
    ],
    ids=["clusters", "receivers", "forgotten"],
)
def test_a_group_that_does_not_exist_fails_and_is_named(ansible, hosts, two, playbook, variables, sentence):
    run = ansible.play(playbook, "--limit", "east,localhost", hosts=hosts, extra={**VARIABLES, **variables})
    assert run.status != 0
    assert sentence in said(run)
    assert [emulator.journal.requests for emulator in two.values()] == [[], []]
