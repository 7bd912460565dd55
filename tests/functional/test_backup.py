# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What configure and restore save before they write, and how they stop."""

from __future__ import annotations

import json
import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from functional.harness import GET, PASSWORD, SET, books, clusters, forms

CONFIGURE, RESTORE = "spamexperts.local_cloud.configure", "spamexperts.local_cloud.restore"
SECRET = "first-secret-0123456789"
VARIABLES = {
    "spamexperts_receiver_host": "logs.example.com",
    "spamexperts_log_format": {"secret": SECRET},
    "spamexperts_restore_secret": SECRET,
}
# What Ansible must not evaluate.
TEMPLATE = "{{ 7 * 7 }} %(id)s"
SAY_TASK, STATS_TASK, STOP_TASK = (
    "Show the result of each cluster",
    "Pass the backup to later jobs of a workflow",
    "Stop after a wave with failures",
)


@pytest.fixture
def three(cluster):
    """Three clusters as new."""
    return {name: cluster() for name in ("east", "west", "north")}


def ports(path):
    """The port that was saved of each cluster."""
    return {name: entry["before"]["port"] for name, entry in json.loads(path.read_text("utf-8")).items()}


def answers_no_write(emulator):
    """Reads are answered as ever, because two of them have come; a write takes effect and waits for a second one."""
    emulator.set_switch("together", 2)
    call = {
        "url": f"{emulator.url}/cgi-bin/api?call={GET}",
        "auth": (emulator.username, emulator.password),
        "verify": emulator.ca_path,
    }
    with ThreadPoolExecutor(2) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: requests.get(timeout=600, **call), range(2))} == {
            200
        }


def held(emulators):
    return {name: emulator.state.settings["port"] for name, emulator in emulators.items()}


def test_backups_are_merged_and_nothing_is_lost(ansible, cluster, tmp_path):
    two = {name: cluster(warn_when="pinned") for name in ("east", "west")}
    kept = tmp_path / "before.json"
    extra = {**VARIABLES, "spamexperts_backup_path": str(kept), "spamexperts_backup_artifact": "true"}

    def limited(names, port):
        return {"spamexperts_clusters": names, "spamexperts_receiver_port": port}

    plays = [
        *books(CONFIGURE, limited("east", 6001), limited("west", "6001"), limited("east,west", 6002)),
        *books(CONFIGURE, limited("east,west", 6002), {**limited("east,west", 6002), "spamexperts_force": "true"}),
    ]
    run = ansible.play(plays, "-vvvv", "--diff", hosts=clusters(two), extra=extra).assert_ok()
    assert two["east"].journal.calls == [GET, GET, SET, GET] * 2 + [GET] + [GET, GET, SET, GET]
    assert ports(kept) == {"east": 6001, "west": 6001}
    (older,) = set(tmp_path.iterdir()) - {kept}
    assert ports(older) == {"east": 514, "west": 514}
    assert [stat.S_IMODE(path.stat().st_mode) for path in (kept, older)] == [0o600] * 2
    artifact = run.every(STATS_TASK)[-1]["ansible_stats"]["data"]["spamexperts_backup"]
    assert artifact == json.loads(kept.read_text("utf-8"))
    assert artifact["east"]["before"]["message_template"].startswith("spamexperts: ********|")

    # A restore by the artifact, one by the file that changes nothing more, and one that takes back the first.
    overwritten = f"{kept}.before-restore"
    both = {"spamexperts_clusters": "east,west", "spamexperts_backup_path": str(kept)}
    plays = books(
        RESTORE,
        {**both, "spamexperts_backup": artifact},
        both,
        {"spamexperts_backup_path": overwritten, "spamexperts_clusters": "west"},
    )
    extra = {**VARIABLES, "spamexperts_backup_artifact": True}
    before = {name: emulator.state.pinned for name, emulator in two.items()}
    again = ansible.play(plays, hosts=clusters(two), extra=extra).assert_ok()
    assert held(two) == {"east": "6001", "west": "6002"}
    assert two["west"].state.pinned == before["west"]
    assert all(line.endswith("nothing was changed.") for line in again.every(SAY_TASK)[1]["msg"])
    assert ports(tmp_path / "before.json.before-restore") == {"east": 6002, "west": 6002}
    stats = again.every(STATS_TASK)[-1]["ansible_stats"]["data"]
    assert set(stats) == {"spamexperts_before_restore"}
    for each in (run, again):
        each.assert_hides({SECRET, *forms("apiuser", PASSWORD)})


def test_an_interrupted_run_has_saved_what_it_changed(ansible, three, tmp_path):
    """West does not answer its write; the next run finds nothing to do, and the oldest settings are still there."""
    kept = tmp_path / "before.json"
    three["north"].state.pin(port="1514", status_template=TEMPLATE)
    answers_no_write(three["west"])
    extra = {**VARIABLES, "spamexperts_clusters": "all", "spamexperts_backup_path": str(kept)}

    def written():
        while any(emulator.state.settings["host"] == "" for emulator in three.values()):
            time.sleep(0.05)

    run = ansible.play(CONFIGURE, hosts=clusters(three), extra=extra, interrupt=written)
    assert run.status != 0
    entries = json.loads(kept.read_text("utf-8"))
    assert ports(kept) == {"east": 514, "west": 514, "north": 1514}
    assert {entry["finished"] for entry in entries.values()} == {False}
    text = {name: entry["before"] for name, entry in entries.items()}
    assert text["north"]["status_template"] == TEMPLATE

    three["west"].set_switch("together", 0)
    three["north"].state.pin(port="9999")
    ansible.play(CONFIGURE, hosts=clusters(three), extra=extra).assert_ok()
    entries = json.loads(kept.read_text("utf-8"))
    assert {name: entry["before"] for name, entry in entries.items()} == text
    assert {entry["finished"] for entry in entries.values()} == {True}
    assert [item["before"]["port"] for item in entries["north"]["later"]] == [9999]
    assert set(tmp_path.iterdir()) == {kept}


def test_a_wave_with_a_failure_is_the_last_one(ansible, three):
    three["west"].set_switch("fault", "permission")
    extra = {**VARIABLES, "spamexperts_clusters": "east,west,north", "spamexperts_serial": "1"}
    run = ansible.play(CONFIGURE, hosts=clusters(three), extra=extra)
    assert run.status != 0
    assert run.result(STOP_TASK, "west")["msg"] == (
        "Stopped after a wave with failures. Failed: west. Written to: east. Not reached: north."
    )
    assert three["north"].journal.requests == []
    assert [len(result["msg"]) for result in run.every(SAY_TASK)] == [1, 1]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="there is no place where even root cannot write")
def test_a_backup_that_cannot_be_written_stops_before_the_first_write(ansible, three):
    extra = {**VARIABLES, "spamexperts_clusters": "all", "spamexperts_backup_path": "/proc/before.json"}
    run = ansible.play(CONFIGURE, hosts=clusters(three), extra=extra)
    assert run.status != 0
    assert {tuple(emulator.journal.calls) for emulator in three.values()} == {(GET,)}
