# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook configure for many clusters: one writer each, bad input, failures, what it keeps for restore."""

from __future__ import annotations

import dataclasses
import json
import stat
from typing import Any

import pytest
from functional.harness import GET, PASSWORD, SET, books, clusters, forms

PLAYBOOK = "spamexperts.local_cloud.configure"
SECRET = "first-secret-0123456789"
VARIABLES = {
    "spamexperts_clusters": "all",
    "spamexperts_receiver_host": "logs.example.com",
    "spamexperts_log_format": {"secret": SECRET},
}
SET_TASK, SAY_TASK, FAIL_TASK = (
    "Set the cluster's remote syslog",
    "Show the result of each cluster",
    "Fail for a cluster that failed",
)

# What a module is given, and what each playbook makes of it: 0 and false count, an empty text does not.
CONNECTION = {"timeout": 7, "retries": 0, "use_proxy": False}
VERIFY = {"verify_retries": 0, "verify_delay": 0, "validate_templates": "strict"}


# What each way makes of a value.
WAYS = {"typed": lambda value: value, "survey": str, "empty": lambda _value: ""}
OPTIONS = {SET_TASK: {**CONNECTION, **VERIFY}, "Read the status of each cluster": CONNECTION}
USUAL = {
    "timeout": 60,
    "retries": 3,
    "use_proxy": True,
    "verify_retries": 5,
    "verify_delay": 2,
    "validate_templates": "warn",
}


@pytest.fixture(scope="module")
def given(ansible, cluster):
    """Both playbooks in one run, with a cluster for each way of giving options."""
    hosts = clusters({way: cluster() for way in WAYS})
    for way, made in WAYS.items():
        hosts[way].update({f"spamexperts_{name}": made(value) for name, value in OPTIONS[SET_TASK].items()})
    plays = books(PLAYBOOK, {}) + books("spamexperts.local_cloud.status", {})
    return ansible.play(plays, hosts=hosts, extra=VARIABLES).assert_ok()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("task", OPTIONS)
def test_every_option_of_the_modules_can_be_set(given, task, way):
    arguments, options = given.result(task, way)["invocation"]["module_args"], OPTIONS[task]
    assert {name: arguments[name] for name in options} == (
        {name: USUAL[name] for name in options} if way == "empty" else options
    )


@pytest.fixture
def three(cluster):
    """Three clusters as new."""
    return {name: cluster() for name in ("east", "west", "north")}


def test_nodes_of_one_cluster_write_once_and_failures_spare_others(ansible, three, tmp_path):
    kept = tmp_path / "before.json"
    hosts = clusters(three)
    # A second node of east, by another spelling of the same address; and a cluster that refuses.
    hosts["east2"] = {
        **hosts["east"],
        "spamexperts_api_url": hosts["east"]["spamexperts_api_url"].upper() + "/",
        "spamexperts_receiver_port": "5514",
    }
    hosts["east2"]["spamexperts_api_url"] = hosts["east2"]["spamexperts_api_url"].replace("HTTPS", "https")
    three["west"].set_switch("fault", "permission")
    three["north"].set_switch("deprecated", True)
    variables = {**VARIABLES, "spamexperts_backup_path": str(kept)}

    check = ansible.play(PLAYBOOK, "--check", hosts=hosts, extra=variables)
    assert check.status != 0
    assert not kept.exists()
    assert [emulator.journal.writes for emulator in three.values()] == [[], [], []]
    said = check.result(SAY_TASK)["msg"]
    assert "would change: host, port," in said[0] and "changed: " not in " ".join(said)

    run = ansible.play(PLAYBOOK, "-vvvv", hosts=hosts, extra=variables)
    assert run.status == 2
    said = run.result(SAY_TASK)["msg"]
    assert [line.split(":")[0] for line in said] == ["east", "west", "north", "Notice of north"]
    assert "sends its mail logs to logs.example.com port 5514 by UDP; changed: host, port," in said[0]
    assert said[1].startswith("west: failed: permission: ")
    assert run.result(FAIL_TASK, "west")["failed"]
    assert not run.result(SET_TASK, "north")["failed"]
    assert three["east"].journal.calls.count(SET) == 1
    assert three["north"].state.settings["host"] == "logs.example.com"
    assert set(json.loads(kept.read_text("utf-8"))) == {"east", "north"}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    run.assert_hides({SECRET, *forms("apiuser", PASSWORD)})

    # Where nothing is left to change, what was kept stays, also if all is written again.
    text = kept.read_bytes()
    three["west"].reset()
    three["west"].state.pin(**three["east"].state.pinned)
    again = ansible.play(books(PLAYBOOK, {}, {"spamexperts_force": "true"}), hosts=hosts, extra=variables).assert_ok()
    assert all(line.endswith("nothing was changed.") for line in again.every(SAY_TASK)[0]["msg"][:3])
    assert all(line.endswith("changed: written again.") for line in again.every(SAY_TASK)[1]["msg"][:3])
    assert kept.read_bytes() == text
    assert set(tmp_path.iterdir()) == {kept}


@dataclasses.dataclass(frozen=True)
class Fault:
    """Variables of one host on top of good ones, and the sentence that they lead to."""

    variables: dict[str, Any]
    sentence: str


# Each stops all clusters before anything is touched, and all are named at once.
FAULTS = {
    "port": Fault(
        {"spamexperts_receiver_port": "many"},
        "spamexperts_receiver_port must be between 1 and 65535, or default, not 'many' (port).",
    ),
    "url": Fault(
        {"spamexperts_api_url": "https://apiuser:hunter2hunter2@master.example.com"},
        "spamexperts_api_url must not contain credentials; use spamexperts_api_username and spamexperts_api_password",
    ),
    "format": Fault(
        {"spamexperts_log_format": {"secret": SECRET, "message_fields": ["id", "subject_heder"]}},
        "spamexperts_log_format cannot be used: message_fields: unknown field subject_heder: did you mean",
    ),
    "path": Fault(
        {"spamexperts_backup_path": "before.json"},
        "spamexperts_backup_path must be the absolute path of a file, in a directory that exists on the controller",
    ),
    "undefined": Fault(
        {"spamexperts_api_password": "{{ vault_of_nobody ~ 'hunter2hunter2' }}"},
        "spamexperts_api_password cannot be resolved ('vault_of_nobody' is undefined); correct its template",
    ),
    "name": Fault(
        {"spamexperts_reciever_port": 6514, "spamexperts_cluster": "mine", "spamexperts_vault_api_password": "mine"},
        "spamexperts_reciever_port is not a variable of this collection: did you mean spamexperts_receiver_port?",
    ),
    "east2": Fault(
        {"spamexperts_receiver_port": 6514}, "east, east2 are one cluster, because they have the same api_url"
    ),
    "north": Fault(
        {"spamexperts_receiver_host": "", "spamexperts_api_url": "https://north.example.com"},
        "Set spamexperts_receiver_host for north.",
    ),
    "south": Fault(
        {"spamexperts_api_password": "", "spamexperts_api_url": ""},
        "Set spamexperts_api_url, spamexperts_api_password for south.",
    ),
}


def test_all_problems_of_all_hosts_stop_all_before_anything_is_touched(ansible, emulator, cluster):
    other, spoilt = cluster(), cluster()
    # The login that hosts lack comes from the environment.
    login = ("spamexperts_api_url", "spamexperts_api_username", "spamexperts_api_password")
    emulators = {"other": other, "east": emulator, **dict.fromkeys(FAULTS, spoilt), "east2": emulator}
    hosts = clusters(emulators)
    env = {"SPAMEXPERTS_API_USERNAME": hosts["east"].pop(login[1])}
    for name, variables in hosts.items():
        variables.update({**VARIABLES, **FAULTS.get(name, Fault({}, "")).variables})
    run = ansible.play(PLAYBOOK, "-vvvv", hosts=hosts, extra={"spamexperts_clusters": "all"}, env=env)
    assert run.status != 0
    assert [one.journal.requests for one in (emulator, other, spoilt)] == [[], [], []]
    run.assert_hides({SECRET, "hunter2hunter2"})
    said = run.result("Validate the variables of all clusters", "other")["msg"]
    assert [name for name, fault in FAULTS.items() if fault.sentence not in said] == []
    assert said.count(". ") == len(FAULTS) - 1
    assert "other" not in said and "mine" not in said


def test_text_from_a_survey(ansible, emulator, tmp_path):
    """As AWX hands it on: text that is never a template, and nothing for a blank answer."""
    extra = {
        "spamexperts_clusters": "",
        "spamexperts_receiver_host": "logs.example.com",
        "spamexperts_receiver_port": "",
        "spamexperts_receiver_transport": "",
        "spamexperts_facility": "",
        "spamexperts_level": "debug",
        "spamexperts_log_format": "",
        "spamexperts_validate_certs": "false",
        "spamexperts_ca_path": "",
        "spamexperts_backup_path": "",
        **{name: value for name, value in clusters({"one": emulator})["one"].items() if "_api_" in name},
    }
    answers = tmp_path / "answers.yml"
    answers.write_text("".join(f"{name}: !unsafe {json.dumps(text)}\n" for name, text in extra.items()))
    plays = books(PLAYBOOK, {"spamexperts_force": ""}, {"spamexperts_force": "true"})
    _first, second = ansible.play(plays, "-e", f"@{answers}").assert_ok().every(SAY_TASK)
    held = emulator.state.settings
    assert (held["port"], held["socket_type"], held["level"], held["facility"]) == ("5514", "udp", "DEBUG", "local0")
    assert second["msg"][0].endswith("changed: written again.")
    assert emulator.journal.calls == [GET, SET, GET] * 2


def test_the_check_of_certificates_stays_on_unless_it_is_switched_off(ansible, cluster):
    hosts = clusters({"on": cluster(), "off": cluster()})
    for variables in hosts.values():
        variables["spamexperts_ca_path"] = ""
    hosts["off"]["spamexperts_validate_certs"] = False
    run = ansible.play(PLAYBOOK, hosts=hosts, extra=VARIABLES)
    assert "on: failed: tls:" in run.result(SAY_TASK)["msg"][0]
    assert run.failed(FAIL_TASK) == ["on"]
    assert not run.result(SET_TASK, "off")["failed"] and run.result(SET_TASK, "off")["changed"]
