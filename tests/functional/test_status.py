# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook status: nodes, load and queues of several clusters."""

from __future__ import annotations

import json

import pytest
from functional.harness import PASSWORD, clusters, forms

PLAYBOOK = "spamexperts.local_cloud.status"
SHOW_TASK, FAIL_TASK = "Show the report", "Fail for a cluster that failed or has a long queue"


@pytest.fixture(scope="module")
def three(cluster):
    return {"east": cluster(), "quiet": cluster(status_null="node2.cluster.example"), "broken": cluster(fault="html")}


def test_status_shows_every_cluster(ansible, three, tmp_path):
    path = tmp_path / "status.json"
    hosts = clusters(three)
    hosts["east2"] = hosts["east"]
    run = ansible.play(
        PLAYBOOK,
        "-vvvv",
        "--diff",
        hosts=hosts,
        extra={"spamexperts_clusters": "all", "spamexperts_report_path": str(path)},
    )
    assert run.status == 2
    lines = run.result(SHOW_TASK)["msg"]
    nodes = three["east"].nodes
    assert lines[0].startswith("CLUSTER  STATE   NODE ")
    assert lines[1].split() == ["east", "ok", nodes[0], "0.25", "0.2", "0", "0"]
    assert lines[3].split() == [nodes[2], "0.45", "0.4", "6", "2"]
    assert lines[5].split() == [nodes[1], "-", "-", "-", "-"]
    assert lines[7].startswith("broken   failed  not_plaintext: ")
    assert len(lines) == 8
    assert three["east"].journal.calls == ["api_get_json_server_status"]
    report = json.loads(path.read_text("utf-8"))
    assert report["east"]["nodes"][nodes[2]] == {
        "load_1m": 0.45,
        "load_5m": 0.4,
        "queue_delivery": 6,
        "queue_submission": 2,
    }
    assert report["broken"]["failure_class"] == "not_plaintext"
    assert run.failed(FAIL_TASK) == ["broken"]
    run.assert_hides(forms("apiuser", PASSWORD))


def test_status_fails_for_a_long_queue_where_a_limit_is_given(ansible, cluster):
    limits = {"none": "", "enough": "6", "short": "5", "zero": 0}
    hosts = clusters({name: cluster() for name in limits})
    for name, limit in limits.items():
        hosts[name]["spamexperts_max_queue"] = limit
    run = ansible.play(PLAYBOOK, "--check", hosts=hosts, extra={"spamexperts_clusters": "all"})
    assert run.status == 2
    assert run.failed(FAIL_TASK) == ["short", "zero"]
    for name in ("short", "zero"):
        assert run.result(FAIL_TASK, name)["msg"] == "A queue holds 6 messages."


def test_status_needs_a_connection(ansible):
    run = ansible.play(PLAYBOOK)
    assert run.status != 0
    assert (
        "Set spamexperts_api_url, spamexperts_api_username, spamexperts_api_password for localhost."
        in run.stdout + run.stderr
    )
