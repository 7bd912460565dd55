# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook restore: what configure changed comes back, the settings and which of them are pinned."""

from __future__ import annotations

import json

import pytest
from functional.harness import PASSWORD, SET, clusters, forms

PLAYBOOK, CONFIGURE = "spamexperts.local_cloud.restore", "spamexperts.local_cloud.configure"
SECRET, OLD_SECRET = "first-secret-0123456789", "older-secret-9876543210"
VARIABLES = {
    "spamexperts_clusters": "all",
    "spamexperts_receiver_host": "logs.example.com",
    "spamexperts_level": "DEBUG",
    "spamexperts_log_format": {"secret": SECRET, "previous_secrets": [OLD_SECRET]},
}
SET_TASK, SAY_TASK = "Set the cluster's remote syslog", "Show the result of each cluster"
# The cluster had it, so it comes back, though no record can be made with it.
TEMPLATE = f"100% spamexperts {OLD_SECRET} %(id)s %(subject_header)s {OLD_SECRET}"


def round_trip(ansible, emulators, tmp_path, **more):
    """Configure and restore by the file, with --check before each."""
    extra = {**VARIABLES, "spamexperts_backup_path": str(tmp_path / "before.json"), **more}
    hosts = clusters(emulators)
    before = {name: (emulator.state.settings, emulator.state.pinned) for name, emulator in emulators.items()}
    ansible.play(CONFIGURE, hosts=hosts, extra=extra).assert_ok()
    changed = {name: emulator.state.pinned for name, emulator in emulators.items()}
    ansible.play(PLAYBOOK, "--check", hosts=hosts, extra=extra).assert_ok()
    assert {name: emulator.state.pinned for name, emulator in emulators.items()} == changed
    run = ansible.play(PLAYBOOK, "-vvvv", "--diff", hosts=hosts, extra=extra).assert_ok()
    run.assert_hides({SECRET, OLD_SECRET, *forms("apiuser", PASSWORD)})
    again = ansible.play(PLAYBOOK, hosts=hosts, extra=extra).assert_ok()
    after = {name: (emulator.state.settings, emulator.state.pinned) for name, emulator in emulators.items()}
    return before, after, again


@pytest.mark.parametrize(
    "switches",
    [
        {"get_format": "kv_colon", "warnings": "before", "warn_when": "pinned", "omitted": "clear"},
        {
            "get_format": "json",
            "warnings": "inline",
            "warn_when": "differs",
            "omitted": "default",
            "bool_spelling": "1",
        },
        {"get_format": "csv", "warnings": "after", "warn_when": "differs", "facility_spelling": "LOG_LOCAL0"},
    ],
    ids=lambda switches: switches["get_format"],
)
def test_round_trip_gives_back_settings_and_defaults(ansible, cluster, tmp_path, switches):
    emulators = {"untouched": cluster(**switches), "used": cluster(**switches)}
    emulators["used"].state.pin(
        host="198.51.100.7",
        port="1514",
        enabled="1" if "bool_spelling" in switches else "True",
        message_template=TEMPLATE,
    )
    before, after, again = round_trip(ansible, emulators, tmp_path, spamexperts_restore_secret=OLD_SECRET)
    assert before["untouched"][1] == {}
    assert set(before["used"][1]) == {"host", "port", "enabled", "message_template"}
    assert after == before
    # What is restored is restored: nothing is left to write.
    assert all(line.endswith("nothing was changed.") for line in again.result(SAY_TASK)["msg"])


def test_where_defaults_are_not_shown_the_values_come_back_as_literals(ansible, cluster, tmp_path):
    emulator = cluster(warnings="none")
    emulator.state.pin(host="198.51.100.7", enabled="True")
    before, after, _again = round_trip(ansible, {"one": emulator}, tmp_path)
    assert after["one"][0] == before["one"][0]
    assert set(after["one"][1]) == set(before["one"][0])


def test_empty_values_come_back_as_the_default(ansible, cluster, tmp_path):
    emulator = cluster()
    emulator.state.pin(host="198.51.100.7", port="", level="", status_template="")
    before, after, again = round_trip(ansible, {"one": emulator}, tmp_path)
    assert set(before["one"][1]) == {"host", "port", "level", "status_template"}
    assert after["one"][1] == {"host": "198.51.100.7"}
    assert again.result(SAY_TASK)["msg"][0].endswith("nothing was changed.")


@pytest.fixture
def result(ansible, emulator):
    """What configure returned for an emulator that had a template with a secret."""
    emulator.state.pin(host="198.51.100.7", enabled="True", message_template=TEMPLATE)
    run = ansible.play(CONFIGURE, hosts=clusters({"one": emulator}), extra=VARIABLES).assert_ok()
    emulator.journal.clear()
    return run.result(SET_TASK)


@pytest.mark.parametrize("form", ["result", "text", "bare", "by host"])
def test_restore_takes_what_the_module_returned(ansible, emulator, result, form):
    saved = {"result": result, "text": json.dumps(result), "bare": result["before"], "by host": {"one": result}}[form]
    hosts = clusters({"one": emulator})
    run = ansible.play(
        PLAYBOOK,
        hosts=hosts,
        extra={**VARIABLES, "spamexperts_restore": saved, "spamexperts_restore_secret": OLD_SECRET},
    ).assert_ok()
    assert "one: sends its mail logs to 198.51.100.7 port 514 by UDP; changed: host," in run.result(SAY_TASK)["msg"][0]
    assert emulator.state.settings["message_template"] == TEMPLATE
    assert ("level" in emulator.state.pinned) == (form == "bare")
    assert emulator.journal.calls.count(SET) == 1


def test_restore_refuses_what_it_cannot_put_back(ansible, emulator, result, cluster, tmp_path):
    hosts = clusters({"one": emulator})
    more = clusters({"one": emulator, "two": cluster()})
    broken = {**result, "before": {**result["before"], "message_template": "%(id)s*********%(domain)s"}}
    for hosts_, extra, sentence in (
        (hosts, {"spamexperts_restore": result}, "message_template hides a secret; set spamexperts_restore_secret"),
        (hosts, {"spamexperts_restore": broken, "spamexperts_restore_secret": OLD_SECRET}, "more than eight asterisks"),
        (hosts, {}, "Set spamexperts_restore to what an earlier run returned"),
        (
            hosts,
            {"spamexperts_backup_path": str(tmp_path / "none.json"), "spamexperts_restore": ""},
            "Set spamexperts_restore",
        ),
        (hosts, {"spamexperts_restore": {"one": {"host": "h"}}}, "lacks settings"),
        (hosts, {"spamexperts_restore": {"other": result}}, "There is nothing to put back for one."),
        (
            more,
            {"spamexperts_restore": result["before"], "spamexperts_restore_secret": OLD_SECRET},
            "is of one cluster;",
        ),
    ):
        run = ansible.play(PLAYBOOK, hosts=hosts_, extra={**VARIABLES, **extra})
        assert run.status != 0
        assert sentence in (run.stdout + run.stderr).replace("\n", " "), sentence
        assert emulator.journal.requests == []


def test_restore_leaves_clusters_alone_of_which_nothing_was_kept(ansible, emulator, result, cluster):
    other = cluster()
    # A second node of a cluster that was restored needs no entry of its own.
    hosts = clusters({"node2": emulator, "other": other, "one": emulator})
    run = ansible.play(
        PLAYBOOK,
        hosts=hosts,
        extra={**VARIABLES, "spamexperts_restore": {"one": result}, "spamexperts_restore_secret": OLD_SECRET},
    ).assert_ok()
    assert len(run.result(SAY_TASK)["msg"]) == 1
    assert other.journal.requests == []
    assert emulator.state.settings["message_template"] == TEMPLATE
