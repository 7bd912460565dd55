# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fifty clusters of which five misbehave, and two more that refuse writes or lie about them: every playbook ends.

Nothing here looks at a clock. A request that would never end is ended by ``deadline``, and its message says so.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from functional.harness import GET, PASSWORD, SET, Ansible, Run, clusters, receiver, secrets

from emulator import Emulator
from emulator.cluster import NAMES
from emulator.tls import Certificates

GOOD = [f"good{number}" for number in range(45)]
# Switches of those that misbehave whatever they are asked, what a report says of each, and the requests that reach it.
BAD = {
    "hangs": ({"together": 10**9}, r"transport: .* no complete answer within the deadline of 4 s", 1),
    "drips": ({"fault": "drip"}, r"transport: .* no complete answer within the deadline of 4 s", 1),
    "endless": ({"fault": "endless"}, r"not_plaintext: .* sent more than 16 MiB", 1),
    "fails": ({"fault": "server_error"}, r"transport: .* answered HTTP 500", 1),
    "untrusted": ({"tls": "unknown_ca"}, r"tls: .* lacks the CA that signed", 0),
}
# Those that misbehave when they are written to.
WRITES = {
    "refuses": ({"fault": "permission", "fault_calls": "api_set_*"}, r"permission: "),
    "lies": ({"ignore_set": "port"}, r"verify: port did not take effect"),
}
STATUS = "api_get_json_server_status"
FIRST, SECOND = "first-secret-0123456789", "second-secret-9876543210"
FAIL_TASK, DRIFT_TASK, QUEUE_TASK = (
    "Fail for a cluster that failed",
    "Fail for a cluster that failed or drifted",
    "Fail for a cluster that failed or has a long queue",
)
# Far more than a worker needs for a reply of the longest length, far less than what arrives without an end.
ROOM = 3 * 16 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Fifty:
    """The clusters and two receivers, and how a playbook is run on them."""

    ansible: Ansible
    emulators: dict[str, Emulator]
    hosts: dict[str, dict[str, Any]]

    def play(self, playbook: str, **extra: Any) -> tuple[Run, dict[str, list[str]]]:
        """Run a playbook of the collection; return the run and the calls that each cluster got in it."""
        for emulator in self.emulators.values():
            emulator.journal.clear()
        variables = {
            "spamexperts_clusters": "all:!logs1:!logs2",
            "spamexperts_receivers": "logs1,logs2",
            "spamexperts_receiver_host": "logs.example.com",
            "spamexperts_become": False,
            **extra,
        }
        name = f"spamexperts.local_cloud.{playbook}"
        run = self.ansible.play(name, "--forks", "10", hosts=self.hosts, extra=variables)
        assert run.status != 0, run.stdout
        calls = {name: emulator.journal.calls for name, emulator in self.emulators.items()}
        # A slow machine may not even get to the request before the deadline.
        assert {name for name, (_switches, _told, most) in BAD.items() if len(calls[name]) > most} == set()
        # A worker starts as a copy of Ansible's own process. What is more than that one ever had is the worker's own.
        assert run.peaks or sys.platform != "linux"
        own, worker = run.peaks or (0, 0)
        assert worker < own + ROOM, f"{worker} of {own}"
        return run, calls

    def states(self) -> dict[str, tuple[dict[str, str], set[str]]]:
        """The settings of each good cluster, and which of them are pinned."""
        return {
            name: (dict(self.emulators[name].state.settings), set(self.emulators[name].state.pinned)) for name in GOOD
        }


@pytest.fixture
def fifty(stand_in, tmp_path):
    names = list(GOOD)
    # Spread among the good ones.
    for number, name in enumerate([*BAD, *WRITES]):
        names.insert(7 * number, name)
    certificates = Certificates(tmp_path / "tls", NAMES)
    with contextlib.ExitStack() as stack:
        emulators = {
            name: stack.enter_context(
                Emulator(password=PASSWORD, certificates=certificates, nodes=1, warn_when="pinned")
            )
            for name in names
        }
        for name, (switches, *_rest) in {**BAD, **WRITES}.items():
            emulators[name].set_switch(**switches)
        hosts = clusters(emulators)
        for name in ("hangs", "drips"):
            hosts[name]["spamexperts_deadline"] = 4
        hosts["lies"]["spamexperts_verify_retries"] = 0
        hosts.update({name: receiver(tmp_path / name) for name in ("logs1", "logs2")})
        yield Fifty(stand_in, emulators, hosts)


def failures(run: Run, task: str) -> dict[str, str]:
    """What the report says of each cluster that failed; those are also the ones that the run fails for."""
    (report,) = run.every("Show the result of each cluster") or run.every("Show the report")
    lines = [re.match(r"(\S+?):? +failed:? +(.*)", line) for line in report["msg"]]
    said = {line.group(1): line.group(2) for line in lines if line}
    assert set(run.failed(task)) >= set(said)
    return said


def assert_named(said: dict[str, str], *tables: dict[str, tuple[Any, ...]]) -> None:
    """Those of the tables failed and no others, each for its reason."""
    wanted = {name: row[1] for table in tables for name, row in table.items()}
    assert set(said) == set(wanted)
    for name, pattern in wanted.items():
        assert re.match(pattern, said[name]), f"{name}: {said[name]}"


def saved(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def ports(entries: dict[str, Any]) -> set[int]:
    return {entries[name]["before"]["port"] for name in GOOD}


def test_clusters_that_misbehave_spare_the_others(fifty, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    kept = folder / "before.json"
    new = fifty.states()

    keep = {"spamexperts_backup_path": str(kept)}
    run, calls = fifty.play("configure", **keep, spamexperts_log_format={"secret": FIRST})
    assert_named(failures(run, FAIL_TASK), BAD, WRITES)
    assert {tuple(calls[name]) for name in GOOD} == {(GET, GET, SET, GET)}
    configured = fifty.states()
    assert {settings["host"] for settings, _pinned in configured.values()} == {"logs.example.com"}
    # Nothing was changed where it was refused, so there is nothing to save.
    entries = saved(kept)
    assert set(entries) == {*GOOD, "lies"} and ports(entries) == {514}
    assert [name for name, entry in entries.items() if not entry["finished"]] == ["lies"]

    audited = {"spamexperts_log_format": {"secret": FIRST}, "spamexperts_fail_on_drift": True}
    run, calls = fifty.play("audit", **audited)
    assert_named(failures(run, DRIFT_TASK), BAD)
    assert run.failed(DRIFT_TASK) == sorted([*BAD, *WRITES])
    assert {tuple(calls[name]) for name in [*GOOD, *WRITES]} == {(GET,)}

    run, calls = fifty.play("status")
    assert_named(failures(run, QUEUE_TASK), BAD)
    assert run.failed(QUEUE_TASK) == sorted(BAD)
    assert {tuple(calls[name]) for name in [*GOOD, *WRITES]} == {(STATUS,)}

    both = {"secret": SECOND, "previous_secrets": [FIRST]}
    run, calls = fifty.play("rotate_secret", **keep, spamexperts_log_format=both)
    assert_named(failures(run, FAIL_TASK), BAD, WRITES)
    assert {tuple(calls[name]) for name in GOOD} == {(GET, GET, SET, GET)}
    assert {SECOND in settings["message_template"] for settings, _pinned in fifty.states().values()} == {True}
    (refusal,) = (entry["msg"] for entry in run.every("Check that every cluster has the new secret"))
    without, _were, with_it = refusal.partition("These were: ")
    assert sorted(re.findall(r"[a-z0-9]+(?=[,.])", without.partition(": ")[2])) == sorted([*BAD, *WRITES])
    assert set(re.findall(r"good[0-9]+", with_it)) == set(GOOD)
    assert [secrets(fifty.hosts, name) for name in ("logs1", "logs2")] == [2, 2]
    # Of those that were changed twice both are kept, and of the one whose change never ended the first.
    entries, (older,) = saved(kept), set(folder.iterdir()) - {kept}
    assert ports(entries) == {5514} and ports(saved(older)) == {514}
    assert set(entries) == set(saved(older)) == {*GOOD, "lies"}
    assert entries["lies"]["before"] == saved(older)["lies"]["before"] and not entries["lies"]["finished"]

    # As if those that misbehave had once been as good as the others.
    kept.write_text(json.dumps({**entries, **dict.fromkeys(BAD, entries[GOOD[0]])}), "utf-8")
    run, calls = fifty.play("restore", **keep, spamexperts_log_format=both, spamexperts_restore_secret=FIRST)
    assert_named(failures(run, FAIL_TASK), BAD)
    assert {tuple(calls[name]) for name in GOOD} == {(GET, GET, SET, GET)}
    assert fifty.states() == configured != new
    entries = saved(folder / "before.json.before-restore")
    assert set(entries) == {*GOOD, "lies"} and {entry["finished"] for entry in entries.values()} == {True}
    assert {SECOND in entries[name]["before"]["message_template"] for name in GOOD} == {False}
