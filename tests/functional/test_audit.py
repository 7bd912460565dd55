# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook audit: what differs, for people and as JSON, and never a write."""

from __future__ import annotations

import dataclasses
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from functional.harness import GET, PASSWORD, Run, clusters, forms

from emulator import Emulator

PLAYBOOK = "spamexperts.local_cloud.audit"
SECRET, OLD_SECRET = "first-secret-0123456789", "older-secret-9876543210"
VARIABLES = {
    "spamexperts_clusters": "all",
    "spamexperts_receiver_host": "logs.example.com",
    "spamexperts_level": "INFO",
    "spamexperts_log_format": {"secret": SECRET, "previous_secrets": [OLD_SECRET]},
}
SHOW_TASK, FAIL_TASK = "Show the report", "Fail for a cluster that failed or drifted"


@dataclasses.dataclass(frozen=True)
class Audits:
    """The runs of each way, the clusters and hosts that they looked at, and the folder of their reports."""

    runs: dict[str, Run]
    emulators: dict[str, Emulator]
    hosts: dict[str, dict[str, Any]]
    folder: Path


@pytest.fixture(scope="module")
def done(ansible, cluster, tmp_path_factory):
    """Audits of one as it should be (twice in the inventory), one drifted, one with an old secret, one that refuses."""
    folder = tmp_path_factory.mktemp("audit")
    emulators = {name: cluster() for name in ("good", "drifted", "rotating", "refusing")}
    hosts = clusters(emulators)
    first = {"spamexperts_log_format": {"secret": SECRET}}
    ansible.play("spamexperts.local_cloud.configure", hosts=hosts, extra={**VARIABLES, **first}).assert_ok()
    rotating = emulators["rotating"].state
    rotating.pin(**{name: text.replace(SECRET, OLD_SECRET) for name, text in rotating.pinned.items()})
    drifted = emulators["drifted"].state
    text = drifted.pinned["message_template"].replace("%(recipient)s", "%(recipient)s%(bandwidth)s\x1b[2J")
    drifted.pin(host="192.0.2.99", enabled="False", message_template=text)
    emulators["refusing"].set_switch("fault", "credential_text")
    hosts["good2"] = hosts["good"]
    for emulator in emulators.values():
        emulator.journal.clear()
    runs = {}
    for way, more in (
        ("plain", {}),
        ("strict", {"spamexperts_fail_on_drift": "true"}),
        ("force", {"spamexperts_force": "true", "spamexperts_fail_on_drift": "false"}),
    ):
        extra = {**VARIABLES, **more, "spamexperts_report_path": str(folder / f"{way}.json")}
        runs[way] = ansible.play(
            PLAYBOOK, "-vvvv", "--diff", hosts=hosts, extra=extra, env={"ANSIBLE_SHOW_CUSTOM_STATS": "true"}
        )
    return Audits(runs, emulators, hosts, folder)


def test_audit_reads_each_cluster_once_and_writes_never(done):
    emulators = done.emulators
    assert emulators["good"].journal.calls == [GET] * 3
    assert [emulator.journal.writes for emulator in emulators.values()] == [[]] * 4
    assert emulators["drifted"].state.settings["host"] == "192.0.2.99"


def test_audit_shows_one_table(done):
    for run in done.runs.values():
        lines = run.result(SHOW_TASK)["msg"]
        assert lines[0].split() == ["CLUSTER", "STATE", "SETTING", "IS", "SHOULD", "BE"]
        assert lines[1].split() == ["good", "ok"]
        assert lines[2].split() == ["drifted", "drift", "host", "192.0.2.99", "logs.example.com"]
        assert lines[4].split() == ["enabled", "false", "true"]
        assert "%(bandwidth)s" in lines[3]
        assert "\x1b" not in "".join(lines)
        assert "\\x1b" in lines[3]
        # Aligned, and short enough to be read.
        assert [lines[at].index(word) for at, word in ((2, "host"), (3, "message_template"), (4, "enabled"))] == [
            lines[0].index("SETTING")
        ] * 3
        assert max(map(len, lines[:6])) < 160
        assert lines[5].split()[:3] == ["rotating", "drift", "message_template"]
        assert "with another secret" in lines[5]
        assert lines[-1].startswith("refusing  failed  auth: ")


def test_audit_writes_the_report_as_json(done):
    path = done.folder / "plain.json"
    report = json.loads(path.read_text("utf-8"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert report["good"] == {"state": "ok", "settings": {}}
    assert report["drifted"]["settings"]["host"] == {"is": "192.0.2.99", "should_be": "logs.example.com"}
    assert set(report["drifted"]["settings"]) == {"host", "enabled", "message_template"}
    assert set(report["rotating"]["settings"]) == {"message_template", "status_template"}
    assert (report["refusing"]["state"], report["refusing"]["failure_class"]) == ("failed", "auth")
    assert set(report) == {"good", "drifted", "rotating", "refusing"}
    assert '"spamexperts_report"' in done.runs["plain"].stdout


def test_audit_fails_for_failures_and_where_wanted_for_drift(done):
    failed = {way: run.failed(FAIL_TASK) for way, run in done.runs.items()}
    assert failed == {"plain": ["refusing"], "strict": ["drifted", "refusing", "rotating"], "force": ["refusing"]}
    assert [run.status for run in done.runs.values()] == [2, 2, 2]
    assert done.runs["strict"].result(FAIL_TASK, "drifted")["msg"] == "It differs in host, message_template, enabled."


def test_audit_shows_neither_secret_nor_password(done):
    for way, run in done.runs.items():
        run.assert_hides({SECRET, OLD_SECRET, *forms("apiuser", PASSWORD)})
        text = (done.folder / f"{way}.json").read_text("utf-8")
        assert SECRET not in text
        assert OLD_SECRET not in text
        assert "********" in text


def test_audit_succeeds_where_drift_is_allowed(ansible, done):
    hosts = {name: variables for name, variables in done.hosts.items() if name != "refusing"}
    run = ansible.play(PLAYBOOK, "--check", hosts=hosts, extra=VARIABLES).assert_ok()
    assert len(run.result(SHOW_TASK)["msg"]) == 1 + 1 + 3 + 2
