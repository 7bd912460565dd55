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
from functional.harness import BOTH, PASSWORD, PLACES, ROOT, Run, connection, forms, one_play

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
        Case("api_call", {"method": "api_delivery_queue", "read_only": True}, name="api_call that only reads"),
        Case("api_help_info", {}),
        Case("cluster_probe", {}),
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
# Apart from the one that is a part of the role rsyslog_receiver and calls no cluster.
ON_DISK = sorted(
    path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem not in ("__init__", "receiver_host")
)
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


@dataclasses.dataclass(frozen=True)
class Done:
    """What came of one case in one place and way: the result of its task, and the calls that wrote."""

    result: dict[str, Any]
    writes: list[str]


@dataclasses.dataclass(frozen=True)
class Contract:
    """The run of each way, and what came of it by place, way and case."""

    runs: dict[str, Run]
    done: dict[tuple[str, str, str], Done]


def plays(clusters: dict[tuple[str, str], Any], way: str) -> list[dict]:
    """A play for each place and case; the connection comes from module_defaults or the environment of the task."""
    made = []
    for (place, name), emulator in clusters.items():
        task = {"name": name, f"{COLLECTION}.{CASES[name].module}": CASES[name].options}
        options = connection(emulator)
        if way == "environment":
            more = {"environment": {f"SPAMEXPERTS_{key.upper()}": value for key, value in options.items()}}
        else:
            more = {"module_defaults": {f"group/{COLLECTION}.api": options}}
        made += one_play(task, hosts=place, connection=PLACES[place], **more)
    return made


@pytest.fixture(scope="module")
def contract(ansible, cluster):
    """All cases in both places, four times: with --check, for real, again, and with options from the environment."""
    clusters = {(place, name): cluster() for place in PLACES for name in CASES}
    runs, done = {}, {}
    for way in WAYS:
        words = ["--check"] if way == "check" else []
        runs[way] = ansible.play(plays(clusters, way), "--diff", "-vvvv", *words, hosts=BOTH)
        for (place, name), emulator in clusters.items():
            # Each place has clusters of its own, and what they return is compared.
            text = json.dumps(runs[way].result(name, place)).replace(emulator.url, "https://master")
            writes = [entry["call"] for entry in emulator.journal.writes]
            done[place, way, name] = Done(json.loads(text), writes)
            # What writes each time reads nothing, so it has nothing to ask in check mode.
            idle = way == "check" and CASES[name].writes_again
            assert bool(emulator.journal.calls) is not idle, "the module did not ask the cluster it was given"
            emulator.journal.clear()
    return Contract(runs, done)


@pytest.fixture(params=[f"{place}-{name}" for place in PLACES for name in CASES])
def ways(request, contract):
    """The name of a case, and what came of it in one place, by way."""
    place, name = request.param.split("-", 1)
    return name, {way: contract.done[place, way, name] for way in WAYS}


def test_check_mode_writes_nothing(ways):
    _name, done = ways
    assert done["check"].writes == []


def test_check_mode_predicts_what_happens(ways):
    name, done = ways
    check, real = done["check"].result, done["real"].result
    for key in ("changed", "diff", "settings", "before", "before_defaults", "changed_keys"):
        assert check.get(key) == real.get(key), key
    assert real["changed"] == bool(done["real"].writes) == CASES[name].writes


@pytest.mark.parametrize("way", ["again", "environment"])
def test_second_run_changes_nothing(ways, way):
    name, done = ways
    again = done[way].result
    assert again["changed"] == bool(done[way].writes) == CASES[name].writes_again
    assert again.get("settings") == done["real"].result.get("settings")
    assert again.get("before", again.get("settings")) == again.get("settings")


@pytest.mark.parametrize("way", WAYS)
def test_no_warning_and_no_password(contract, way):
    run = contract.runs[way].assert_ok()
    assert not [entry for entry in run.results if entry["result"].get("warnings")]
    assert not [entry for entry in run.results if entry["result"].get("deprecations")]
    run.assert_hides(forms("apiuser", PASSWORD))


@pytest.mark.parametrize("way", WAYS)
def test_both_places_return_the_same(contract, way):
    for name in CASES:
        assert contract.done["process", way, name] == contract.done["module", way, name]
    assert len(contract.runs[way].results) == len(PLACES) * len(CASES)


@pytest.mark.parametrize("way", WAYS)
def test_each_place_is_what_it_says(contract, way):
    """The plays in process come before those that start modules."""
    parts = contract.runs[way].stdout.split("PLAY [")[1:]
    modules = ["Using module file" in part for part in parts]
    assert modules == [place == "module" for place in PLACES for _name in CASES]
