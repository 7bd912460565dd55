# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook restore: what configure changed comes back, the settings and which of them are pinned."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from functional.harness import PASSWORD, SET, books, clusters, forms

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    compile_template,
    log_format,
)
from emulator import Emulator

PLAYBOOK, CONFIGURE = "spamexperts.local_cloud.restore", "spamexperts.local_cloud.configure"
SECRET, OLD_SECRET = "first-secret-0123456789", "older-secret-9876543210"
VARIABLES = {
    "spamexperts_receiver_host": "logs.example.com",
    "spamexperts_level": "DEBUG",
    "spamexperts_log_format": {"secret": SECRET, "previous_secrets": [OLD_SECRET]},
}
LOOK_TASK, SET_TASK, SAY_TASK = (
    "Read the variables of each cluster",
    "Set the cluster's remote syslog",
    "Show the result of each cluster",
)
# The cluster had it, so it comes back, though no record can be made with it.
TEMPLATE = f"100% spamexperts {OLD_SECRET} %(id)s %(subject_header)s {OLD_SECRET}"
LAYOUTS = {
    "kv_colon": {"warnings": "before", "warn_when": "pinned", "omitted": "clear"},
    "json": {"warnings": "inline", "warn_when": "differs", "omitted": "default", "bool_spelling": "1"},
    "csv": {"warnings": "after", "warn_when": "differs", "facility_spelling": "LOG_LOCAL0"},
}
# What the collection itself wrote before: two secrets in a row at the end, and asterisks of its own beside some.
MADE = {
    layout: compile_template(log_format({"secret": OLD_SECRET, "delimiter": delimiter}), "status")
    for layout, delimiter in {"kv_colon": "|", "json": "*", "csv": "|"}.items()
}
# How the result of a run of configure is handed to restore.
FORMS = ("result", "text", "bare", "by_host")
# Clusters that only have in common that configure changed them.
OTHERS = (*FORMS, "refused", "node1")


@dataclasses.dataclass(frozen=True)
class Configured:
    """Clusters that configure changed: what each held before (settings, pinned), and what the module returned."""

    emulators: dict[str, Emulator]
    before: dict[str, tuple[dict, dict]]
    results: dict[str, dict]
    backup: Path


@pytest.fixture(scope="module")
def configured(ansible, cluster, tmp_path_factory):
    """All clusters of this file, after one run of configure that kept what was before."""
    emulators, pinned = {}, {}
    for layout, switches in LAYOUTS.items():
        for state in ("untouched", "used"):
            emulators[f"{layout}_{state}"] = cluster(get_format=layout, **switches)
        pinned[f"{layout}_used"] = {
            "host": "198.51.100.7",
            "port": "1514",
            "enabled": "1" if "bool_spelling" in switches else "True",
            "message_template": TEMPLATE,
            "status_template": MADE[layout],
        }
    emulators["literal"], emulators["empty"] = cluster(warnings="none"), cluster()
    pinned["literal"] = {"host": "198.51.100.7", "enabled": "True"}
    pinned["empty"] = {"host": "198.51.100.7", "port": "", "level": "", "status_template": ""}
    for name in OTHERS:
        emulators[name] = cluster()
        pinned[name] = {"host": "198.51.100.7", "enabled": "True", "message_template": TEMPLATE}
    for name, settings in pinned.items():
        emulators[name].state.pin(**settings)
    before = {name: held(emulator) for name, emulator in emulators.items()}
    backup = tmp_path_factory.mktemp("restore") / "before.json"
    extra = {**VARIABLES, "spamexperts_clusters": "all", "spamexperts_backup_path": str(backup)}
    run = ansible.play(CONFIGURE, hosts=clusters(emulators), extra=extra).assert_ok()
    for emulator in emulators.values():
        emulator.journal.clear()
    return Configured(emulators, before, {name: run.result(SET_TASK, name) for name in emulators}, backup)


def held(emulator):
    return emulator.state.settings, emulator.state.pinned


@pytest.fixture(scope="module")
def again(ansible, configured):
    """What a second restore says of each cluster; before the first one, a third with --check changes nothing."""
    emulators = {name: emulator for name, emulator in configured.emulators.items() if name not in OTHERS}
    hosts = clusters(emulators)
    for name in hosts:
        if name.endswith(("_used", "_untouched")):
            hosts[name]["spamexperts_restore_secret"] = OLD_SECRET
    extra = {**VARIABLES, "spamexperts_clusters": "all", "spamexperts_backup_path": str(configured.backup)}
    changed = {name: emulator.state.pinned for name, emulator in emulators.items()}
    ansible.play(PLAYBOOK, "--check", hosts=hosts, extra=extra).assert_ok()
    assert {name: emulator.state.pinned for name, emulator in emulators.items()} == changed
    run = ansible.play(books(PLAYBOOK, {}, {}), "-vvvv", "--diff", hosts=hosts, extra=extra).assert_ok()
    run.assert_hides({SECRET, OLD_SECRET, *forms("apiuser", PASSWORD)})
    _first, second = run.every(SAY_TASK)
    return dict(line.split(": ", 1) for line in second["msg"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_round_trip_gives_back_settings_and_defaults(configured, again, layout):
    untouched, used = (f"{layout}_{state}" for state in ("untouched", "used"))
    assert configured.before[untouched][1] == {}
    assert set(configured.before[used][1]) == {"host", "port", "enabled", "message_template", "status_template"}
    for name in (untouched, used):
        assert held(configured.emulators[name]) == configured.before[name]
        # What is restored is restored: nothing is left to write.
        assert again[name].endswith("nothing was changed.")


def test_where_defaults_are_not_shown_the_values_come_back_as_literals(configured, again):
    (before, _pinned), (after, pinned) = configured.before["literal"], held(configured.emulators["literal"])
    assert after == before
    assert set(pinned) == set(before)


def test_empty_values_come_back_as_the_default(configured, again):
    assert set(configured.before["empty"][1]) == {"host", "port", "level", "status_template"}
    assert configured.emulators["empty"].state.pinned == {"host": "198.51.100.7"}
    assert again["empty"].endswith("nothing was changed.")


@dataclasses.dataclass(frozen=True)
class Restored:
    """What restore said of each cluster that it was to put back, and a cluster of which nothing was kept."""

    lines: dict[str, list[str]]
    other: Emulator


@pytest.fixture(scope="module")
def restored(ansible, configured, cluster):
    """A restore for each form, and one of a cluster with two nodes beside a cluster of which nothing was kept."""
    results, other = configured.results, cluster()
    saved = {
        "result": results["result"],
        "text": json.dumps(results["text"]),
        "bare": results["bare"]["before"],
        "by_host": {"by_host": results["by_host"]},
    }
    # A second node of a cluster that was restored needs no entry of its own.
    emulators = {
        **{name: configured.emulators[name] for name in FORMS},
        "node2": configured.emulators["node1"],
        "other": other,
        "node1": configured.emulators["node1"],
    }
    plays = books(
        PLAYBOOK,
        *({"spamexperts_clusters": form, "spamexperts_restore": saved[form]} for form in FORMS),
        {"spamexperts_clusters": "node2,other,node1", "spamexperts_restore": {"node1": results["node1"]}},
    )
    extra = {**VARIABLES, "spamexperts_restore_secret": OLD_SECRET}
    run = ansible.play(plays, hosts=clusters(emulators), extra=extra).assert_ok()
    lines = [result["msg"] for result in run.every(SAY_TASK)]
    return Restored(dict(zip((*FORMS, "node1"), lines, strict=True)), other)


@pytest.mark.parametrize("form", FORMS)
def test_restore_takes_what_the_module_returned(configured, restored, form):
    emulator = configured.emulators[form]
    said = f"{form}: sends its mail logs to 198.51.100.7 port 514 by UDP; changed: host,"
    assert said in restored.lines[form][0]
    assert emulator.state.settings["message_template"] == TEMPLATE
    assert ("level" in emulator.state.pinned) == (form == "bare")
    assert emulator.journal.calls.count(SET) == 1


def test_restore_leaves_clusters_alone_of_which_nothing_was_kept(configured, restored):
    assert len(restored.lines["node1"]) == 1
    assert restored.other.journal.requests == []
    assert configured.emulators["node1"].state.settings["message_template"] == TEMPLATE


def test_restore_refuses_what_it_cannot_put_back(ansible, configured):
    """Each host has a fault of its own, and all are named in one run."""
    emulator, result = configured.emulators["refused"], configured.results["refused"]
    broken = {**result, "before": {**result["before"], "message_template": "%(id)s*********%(domain)s"}}
    cases = {
        "hidden": (
            {"spamexperts_restore": result},
            "message_template contains a masked secret; set spamexperts_restore_secret",
        ),
        "starred": (
            {"spamexperts_restore": broken, "spamexperts_restore_secret": OLD_SECRET},
            "they cannot be told apart",
        ),
        "partial": ({"spamexperts_restore": {"partial": {"host": "h"}}}, "lacks settings"),
    }
    hosts = {name: {**clusters({name: emulator})[name], **more} for name, (more, _sentence) in cases.items()}
    run = ansible.play(PLAYBOOK, hosts=hosts, extra={**VARIABLES, "spamexperts_clusters": "all"})
    assert run.status != 0
    for name, (_more, sentence) in cases.items():
        assert sentence in run.result(LOOK_TASK, name)["msg"]
    assert emulator.journal.requests == []


@pytest.mark.parametrize(
    ("names", "extra", "sentence"),
    [
        ("refused", lambda _result: {}, "Set spamexperts_restore to what an earlier run returned"),
        (
            "refused",
            lambda _result: {"spamexperts_backup_path": "/nonexistent/none.json", "spamexperts_restore": ""},
            "Set spamexperts_restore",
        ),
        (
            "refused",
            lambda result: {"spamexperts_restore": {"other": result}},
            "There are no saved settings for refused.",
        ),
        (
            "refused,two",
            lambda result: {"spamexperts_restore": result["before"], "spamexperts_restore_secret": OLD_SECRET},
            "belong to one cluster;",
        ),
    ],
    ids=["nothing given", "no such file", "of another host", "of one cluster"],
)
def test_restore_refuses_to_guess(ansible, configured, names, extra, sentence):
    emulator, two = configured.emulators["refused"], configured.emulators["empty"]
    more = {"spamexperts_clusters": names, **extra(configured.results["refused"])}
    run = ansible.play(PLAYBOOK, hosts=clusters({"refused": emulator, "two": two}), extra={**VARIABLES, **more})
    assert run.status != 0
    assert sentence in (run.stdout + run.stderr).replace("\n", " ")
    assert emulator.journal.requests == []
