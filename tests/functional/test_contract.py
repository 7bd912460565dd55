# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module promises, in Ansible's process and as a module. A module on disk that CASES lacks fails."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
from typing import Any

import pytest
import yaml
from functional.harness import CARRIERS, PASSWORD, ROOT, connection, forms, one_play

COLLECTION = "spamexperts.local_cloud"


@dataclasses.dataclass(frozen=True)
class Case:
    """A task on a cluster as it comes: whether it writes, and whether it does so again."""

    module: str
    options: dict[str, Any]
    writes: bool = False
    writes_again: bool = False
    name: str = ""


CASES = {
    case.name or case.module: case
    for case in (
        Case("api_call", {"method": "api_find_messages", "arguments": {"domain": "customer.example"}}),
        Case(
            "api_call",
            {
                "method": "api_set_outgoing_report_recipient",
                "arguments": {"recipient": "admin@example.com"},
                "allow_write": True,
            },
            writes=True,
            writes_again=True,
            name="api_call that writes",
        ),
        Case("api_help_info", {}),
        Case(
            "remote_syslog_server",
            {
                "host": "logs.example.com",
                "port": 5514,
                "socket_type": "tcp",
                "level": "ERROR",
                "enabled": True,
                "message_template": '"%(id)s","%(sender)s"',
                "reset": ["facility"],
            },
            writes=True,
        ),
        Case("remote_syslog_server_info", {}),
        Case("server_status_info", {}),
    )
}
ON_DISK = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__")
WAYS = ("check", "real", "again", "environment")


def test_every_module_is_in_the_table():
    assert sorted({case.module for case in CASES.values()}) == ON_DISK


def test_every_module_is_in_the_action_group():
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert sorted(runtime["action_groups"]["api"]) == ON_DISK


@pytest.fixture(scope="module")
def documentation(ansible):
    done = ansible.command("ansible-doc", "--json", "--type", "module", *(f"{COLLECTION}.{name}" for name in ON_DISK))
    return {name: json.loads(done.stdout)[f"{COLLECTION}.{name}"]["doc"] for name in ON_DISK}


@pytest.mark.parametrize("module", ON_DISK)
def test_documentation_is_what_the_options_are(documentation, module):
    spec = importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.modules.{module}").DEFINITION.spec
    documented = documentation[module]["options"]
    assert set(documented) == set(spec)
    for name, option in documented.items():
        for key, usual in (
            ("required", False),
            ("choices", None),
            ("type", "str"),
            ("default", None),
            ("elements", None),
        ):
            assert option.get(key, usual) == spec[name].get(key, usual), (name, key)
        _function, variables = spec[name].get("fallback", (None, []))
        assert re.findall(r"E\((\w+)\)", " ".join(option["description"])) == variables, name


@pytest.mark.parametrize("module", ON_DISK)
def test_attributes_are_complete(documentation, module):
    attributes = documentation[module]["attributes"]
    assert set(attributes) == {"action_group", "check_mode", "diff_mode", "idempotent"}
    assert attributes["check_mode"]["support"] == "full"


def plays(cases: dict[str, Case], clusters: dict[str, Any], carrier: str, way: str) -> list[dict]:
    """A play for each case; its connection comes from module_defaults, or from the environment of its task."""
    made = []
    for name, case in cases.items():
        task = {"name": name, f"{COLLECTION}.{case.module}": case.options}
        options = connection(clusters[name])
        if way == "environment":
            more = {"environment": {f"SPAMEXPERTS_{key.upper()}": value for key, value in options.items()}}
        else:
            more = {"module_defaults": {f"group/{COLLECTION}.api": options}}
        made += one_play(task, connection=CARRIERS[carrier], **more)
    return made


@pytest.fixture(scope="module")
def done(ansible, cluster):
    """For each carrier the cases four times: with --check, for real, again, and with options from the environment."""
    clusters = {name: cluster() for name in CASES}
    runs, writes = {}, {}
    for carrier in CARRIERS:
        for emulator in clusters.values():
            emulator.reset()
        hosts = {"localhost": {"ansible_connection": CARRIERS[carrier]}}
        for way in WAYS:
            book = plays(CASES, clusters, carrier, way)
            runs[carrier, way] = ansible.play(
                book, "--diff", "-vvvv", *(["--check"] if way == "check" else []), hosts=hosts
            )
            for name, emulator in clusters.items():
                writes[carrier, way, name] = [entry["call"] for entry in emulator.journal.writes]
                # What writes each time reads nothing, so it has nothing to ask in check mode.
                idle = way == "check" and CASES[name].writes_again
                assert bool(emulator.journal.calls) is not idle, "the module did not ask the cluster it was given"
                emulator.journal.clear()
    return runs, writes


@pytest.fixture(params=list(CARRIERS))
def carried(request, done):
    """The runs and the writes of one carrier."""
    runs, writes = done
    return (
        {way: runs[request.param, way] for way in WAYS},
        {key[1:]: calls for key, calls in writes.items() if key[0] == request.param},
    )


@pytest.mark.parametrize("case", CASES)
def test_check_mode_writes_nothing(carried, case):
    assert carried[1]["check", case] == []


@pytest.mark.parametrize("case", CASES)
def test_check_mode_predicts_what_happens(carried, case):
    runs, writes = carried
    check, real = (runs[way].result(case) for way in ("check", "real"))
    for key in ("changed", "diff", "settings", "before", "before_defaults", "changed_keys"):
        assert check.get(key) == real.get(key), key
    assert real["changed"] == bool(writes["real", case]) == CASES[case].writes


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("way", ["again", "environment"])
def test_second_run_changes_nothing(carried, case, way):
    runs, writes = carried
    again = runs[way].result(case)
    assert again["changed"] == bool(writes[way, case]) == CASES[case].writes_again
    assert again.get("settings") == runs["real"].result(case).get("settings")
    assert again.get("before", again.get("settings")) == again.get("settings")


@pytest.mark.parametrize("way", WAYS)
def test_no_warning_and_no_password(carried, way):
    run = carried[0][way].assert_ok()
    assert not [entry for entry in run.results if entry["result"].get("warnings")]
    assert not [entry for entry in run.results if entry["result"].get("deprecations")]
    run.assert_hides(forms("apiuser", PASSWORD))


@pytest.mark.parametrize("way", WAYS)
def test_both_carriers_return_the_same(done, way):
    runs = done[0]
    assert runs["process", way].results == runs["module", way].results
    assert len(runs["process", way].results) == len(CASES)


def test_each_carrier_is_what_it_says(done):
    runs = done[0]
    for way in WAYS:
        assert "Using module file" not in runs["process", way].stdout
        assert runs["module", way].stdout.count("Using module file") == len(CASES)


def test_the_password_would_be_seen(ansible):
    """The search for it finds it where nothing hides it."""
    run = ansible.play(one_play({"name": "tell", "ansible.builtin.debug": {"msg": PASSWORD}}))
    with pytest.raises(AssertionError):
        run.assert_hides(forms("apiuser", PASSWORD))
