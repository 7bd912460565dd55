# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook configure for many clusters: one writer each, bad input, failures, what it keeps for restore."""

from __future__ import annotations

import json
import stat

import pytest
from functional.harness import GET, PASSWORD, SET, clusters, forms

PLAYBOOK = "spamexperts.local_cloud.configure"
SECRET = "first-secret-0123456789"
VARIABLES = {
    "spamexperts_clusters": "all",
    "spamexperts_receiver_host": "logs.example.com",
    "spamexperts_log_format": {"secret": SECRET},
}
SET_TASK, SAY_TASK, KEEP_TASK = (
    "Set the cluster's remote syslog",
    "Show the result of each cluster",
    "Save the previous settings for the restore playbook",
)


# What a module is given, and what each playbook makes of it: 0 and false count, an empty text does not.
CONNECTION = {"timeout": 7, "retries": 0, "use_proxy": False}
VERIFY = {"verify_retries": 0, "verify_delay": 0, "validate_templates": "strict"}


@pytest.mark.parametrize("way", ["typed", "survey", "empty"])
@pytest.mark.parametrize(
    "playbook, task, options",
    [
        (PLAYBOOK, SET_TASK, {**CONNECTION, **VERIFY}),
        ("spamexperts.local_cloud.status", "Read the status of each cluster", CONNECTION),
    ],
)
def test_every_option_of_the_modules_can_be_set(ansible, cluster, playbook, task, options, way):
    given = {"typed": lambda value: value, "survey": str, "empty": lambda _value: ""}[way]
    extra = {f"spamexperts_{name}": given(value) for name, value in options.items()}
    run = ansible.play(playbook, hosts=clusters({"one": cluster()}), extra={**VARIABLES, **extra}).assert_ok()
    arguments = run.result(task)["invocation"]["module_args"]
    usual = {
        "timeout": 60,
        "retries": 3,
        "use_proxy": True,
        "verify_retries": 5,
        "verify_delay": 2,
        "validate_templates": "warn",
    }
    assert {name: arguments[name] for name in options} == (
        {name: usual[name] for name in options} if way == "empty" else options
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
    variables = {**VARIABLES, "spamexperts_backup_path": str(kept)}

    check = ansible.play(PLAYBOOK, "--check", hosts=hosts, extra=variables)
    assert check.status != 0
    assert not kept.exists()
    assert [emulator.journal.writes for emulator in three.values()] == [[], [], []]

    run = ansible.play(PLAYBOOK, "-vvvv", hosts=hosts, extra=variables)
    assert run.status == 2
    said = run.result(SAY_TASK)["msg"]
    assert [line.split(":")[0] for line in said] == ["east", "west", "north"]
    assert "sends its mail logs to logs.example.com port 5514 by UDP; changed: host, port," in said[0]
    assert said[1].startswith("west: failed: permission: ")
    assert run.result("Fail for a cluster that failed", "west")["failed"]
    assert not run.result(SET_TASK, "north")["failed"]
    assert three["east"].journal.calls.count(SET) == 1
    assert three["north"].state.settings["host"] == "logs.example.com"
    assert set(json.loads(kept.read_text("utf-8"))) == {"east", "north"}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    run.assert_hides({SECRET, *forms("apiuser", PASSWORD)})

    # Nothing is left to change: what was kept stays.
    text = kept.read_bytes()
    three["west"].reset()
    three["west"].state.pin(**three["east"].state.pinned)
    again = ansible.play(PLAYBOOK, hosts=hosts, extra=variables).assert_ok()
    assert all(line.endswith("nothing was changed.") for line in again.result(SAY_TASK)["msg"])
    assert kept.read_bytes() == text

    # The next change keeps the older file beside the new one.
    ansible.play(PLAYBOOK, hosts=hosts, extra={**variables, "spamexperts_force": "true"}).assert_ok()
    assert kept.read_bytes() != text
    (older,) = set(tmp_path.iterdir()) - {kept}
    assert older.read_bytes() == text
    assert stat.S_IMODE(older.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"spamexperts_receiver_port": 6514}, "east, east2 are one cluster, because they have one api_url"),
        ({"spamexperts_receiver_host": ""}, "Set spamexperts_receiver_host for east2."),
        (
            {"spamexperts_api_password": "", "spamexperts_api_url": ""},
            "Set spamexperts_api_url, spamexperts_api_password for east2.",
        ),
        ({"spamexperts_receiver_port": "many"}, "port must be between 1 and 65535"),
        (
            {"spamexperts_api_url": "https://apiuser:hunter2hunter2@master.example.com"},
            "api_url must not hold credentials",
        ),
        (
            {"spamexperts_log_format": {"secret": SECRET, "message_fields": ["subject_heder"]}},
            "did you mean subject_header?",
        ),
        ({"spamexperts_backup_path": "before.json"}, "Set spamexperts_backup_path to an absolute path"),
    ],
)
def test_bad_input_of_one_host_stops_all_before_anything_is_touched(ansible, emulator, cluster, more, sentence):
    other = cluster()
    hosts = {**clusters({"other": other, "east": emulator}), "east2": {**clusters({"east": emulator})["east"], **more}}
    if "spamexperts_backup_path" in more:
        hosts = {host: {**variables, **more} for host, variables in hosts.items()}
    for host in hosts.values():
        host.update({name: value for name, value in VARIABLES.items() if name not in host})
    run = ansible.play(PLAYBOOK, "-vvvv", hosts=hosts, extra={"spamexperts_clusters": "all"})
    assert run.status != 0
    assert sentence in (run.stdout + run.stderr).replace("\n", " ")
    assert emulator.journal.requests == other.journal.requests == []
    run.assert_hides({SECRET, "hunter2hunter2"})


def test_text_from_a_survey(ansible, emulator):
    """Everything is text, and no answer is an empty one."""
    extra = {
        "spamexperts_clusters": "",
        "spamexperts_receiver_host": "logs.example.com",
        "spamexperts_receiver_port": "",
        "spamexperts_receiver_transport": "",
        "spamexperts_facility": "",
        "spamexperts_level": "debug",
        "spamexperts_log_format": "",
        "spamexperts_force": "",
        "spamexperts_validate_certs": "false",
        "spamexperts_ca_path": "",
        "spamexperts_backup_path": "",
        **{name: value for name, value in clusters({"one": emulator})["one"].items() if "_api_" in name},
    }
    ansible.play(PLAYBOOK, extra=extra).assert_ok()
    held = emulator.state.settings
    assert (held["port"], held["socket_type"], held["level"], held["facility"]) == ("5514", "udp", "DEBUG", "local0")
    again = ansible.play(PLAYBOOK, extra={**extra, "spamexperts_force": "true"}).assert_ok()
    assert again.result(SAY_TASK)["msg"][0].endswith("changed: written again.")
    assert emulator.journal.calls == [GET, SET, GET] * 2


def test_the_check_of_certificates_stays_on_unless_it_is_switched_off(ansible, emulator):
    hosts = {"one": {**clusters({"one": emulator})["one"], "spamexperts_ca_path": ""}}
    run = ansible.play(PLAYBOOK, hosts=hosts, extra=VARIABLES)
    assert "one: failed: tls:" in run.result(SAY_TASK)["msg"][0]
    hosts["one"]["spamexperts_validate_certs"] = False
    ansible.play(PLAYBOOK, hosts=hosts, extra=VARIABLES).assert_ok()
