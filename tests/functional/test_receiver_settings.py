# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of the receiver that cannot work: refused before anything is done, by the name of the variable."""

from __future__ import annotations

import socket
import sys
from typing import Any

import pytest
from functional.harness import one_play

ROLE = "spamexperts.local_cloud.rsyslog_receiver"
SECRET = "receiver-secret-0123456789"
TCP = {"transport": "tcp", "port": 5514}
# Name: (variables, the variable that the sentence names, what it says).
CASES = {
    "sender": ({"allowed_senders": ["mail.example.com"]}, "allowed_senders", "write 192.0.2.1"),
    "host bits": ({"allowed_senders": ["192.0.2.1/24"]}, "allowed_senders", "write 192.0.2.0/24 for the network"),
    "log format": (
        {"log_format": {"secret": SECRET, "message_fields": ["subject_heder"]}},
        "log_format",
        "did you mean subject_header?",
    ),
    "listener's log format": (
        {"listeners": [{**TCP, "log_format": {"secret": "short"}}]},
        "listeners",
        "listener 1: secret must be 16 to 64",
    ),
    "no listener": ({"listeners": []}, "listeners", "at least one"),
    "port": ({"listeners": [{**TCP, "port": 70000}]}, "listeners", "between 1 and 65535"),
    "address": ({"listeners": [{**TCP, "address": "localhost"}]}, "listeners", "not an IP address"),
    "address of another host": ({"listeners": [{**TCP, "address": "192.0.2.77"}]}, "listeners", "no such address"),
    "listeners alike": ({"listeners": [TCP, {**TCP, "port": "5514"}]}, "listeners", "cannot both listen"),
    "listeners in the way": ({"listeners": [TCP, {**TCP, "address": "127.0.0.1"}]}, "listeners", "cannot both"),
    "port taken": ({"listeners": [{**TCP, "port": "TAKEN"}]}, "listeners", "Another program has TCP port"),
    "folder": ({"data_dir": "/var"}, "data_dir", "absolute path"),
    "folder and line feed": ({"data_dir": "/var/log/spamexperts\n"}, "data_dir", "absolute path"),
    "folder of another": ({"data_dir": "/usr/bin"}, "data_dir", "Choose an empty or new directory"),
    "folder below another's": ({"data_dir": "/tmp/a/b"}, "data_dir", "others than root may write to /tmp"),
    "quarantine": ({"quarantine_limit": "10%"}, "quarantine_limit", "must be a size"),
    "group": ({"group": "adm\n"}, "group", "a group name"),
    "size": ({"max_message_size": "1k"}, "max_message_size", "from 64k"),
    "retention": ({"retention": {"min_free": "200%"}}, "retention", "percentage"),
    "metrics": ({"metrics_path": "/var/lib/receiver.prom\n"}, "metrics_path", "ends in .prom"),
    "metrics nowhere": ({"metrics_path": "/nonexistent/receiver.prom"}, "metrics_path", "no directory /nonexistent"),
}
FACTS = {
    "os_family": "Debian",
    "distribution": "Debian",
    "service_mgr": "systemd",
    "python": {"executable": sys.executable, "version": {"major": 3, "minor": sys.version_info.minor}},
}


def combined() -> list[dict[str, Any]]:
    """Every option of every case in as few dictionaries as can hold them, those of data_dir alone."""
    made: list[dict[str, Any]] = []
    for options, variable, _text in CASES.values():
        for name, value in options.items():
            place = next((one for one in made if name not in one and "data_dir" not in (variable, *one)), None)
            if place is None:
                made.append(place := {})
            place[name] = value
    return made


def role_variables(options: dict[str, Any], taken_port: int) -> dict[str, Any]:
    """Host variables of the role, with a port that is taken in its place, else one that nobody uses."""
    listeners = [
        {**listener, "port": taken_port} if listener["port"] == "TAKEN" else listener
        for listener in options.get("listeners", [{**TCP, "port": 1}])
    ]
    return {f"rsyslog_receiver_{name}": value for name, value in {**options, "listeners": listeners}.items()}


@pytest.fixture(scope="module")
def done(ansible):
    """All cases in one run: a host each, and all of their options once more where something is to be removed."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        hosts = {
            f"case{number}": role_variables(options, port)
            for number, (options, _name, _text) in enumerate(CASES.values())
        }
        for number, options in enumerate(combined()):
            hosts[f"removed{number}"] = {**role_variables(options, port), "rsyslog_receiver_state": "absent"}
        checks = {"ansible.builtin.include_role": {"name": ROLE, "tasks_from": "preflight"}}
        facts = {"ansible.builtin.set_fact": {**FACTS, "cacheable": True}}
        return ansible.play(one_play(facts, checks), "-v", hosts=hosts)


@pytest.mark.parametrize("case", CASES)
def test_the_variable_is_named(done, case):
    _options, variable, text = CASES[case]
    host = f"case{list(CASES).index(case)}"
    failures = [entry for entry in done.results if entry["host"] == host and entry["outcome"] != "ok"]
    assert failures, done.stdout
    message = failures[-1]["result"]["msg"]
    assert f"rsyslog_receiver_{variable}" in message, message
    assert text in message, message
    assert not any(entry["result"].get("changed") for entry in done.results if entry["host"] == host)


def test_removal_is_never_refused_for_a_setting(done):
    """Only the folder has to be a path: removal looks for records there."""
    refused = {entry["host"] for entry in done.results if entry["outcome"] != "ok" and "removed" in entry["host"]}
    paths = [CASES[case][0]["data_dir"] for case in ("folder", "folder and line feed")]
    assert refused == {f"removed{at}" for at, options in enumerate(combined()) if options.get("data_dir") in paths}
    assert len(refused) == 2


def test_no_secret_is_shown(done):
    done.assert_hides({SECRET})
