# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task in Ansible's own process and as a module that Ansible starts: nobody can tell which it was."""

from __future__ import annotations

import os
import stat
from typing import Any

import pytest
from functional.harness import BOTH, MODULE, PASSWORD, PLACES, connection, forms, one_play

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._args import connection_spec

VAULT_PASSWORD = "not much of a secret"
WANTED = {"host": "logs.example.com", "port": 5514, "enabled": True}
# What AWX makes of a credential without content: each of them counts as not set.
EMPTY = {
    variable: ""
    for option in connection_spec().values()
    for variable in (option["fallback"][1] if "fallback" in option else ())
}
# Name: options on top of a good connection and WANTED, and more keywords of the task.
TASKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "good": ({}, {}),
    "unsupported": ({"prot": 514}, {}),
    "wrong type": ({"timeout": "soon"}, {}),
    "wrong choice": ({"socket_type": "sctp"}, {}),
    "wrong value": ({"port": 70000}, {}),
    "missing": ({"api_url": "{{ omit }}", "api_username": "{{ omit }}", "api_password": "{{ omit }}"}, {}),
    "null": ({"host": None, "api_url": None}, {}),
    "wrong password": ({"api_password": "wr0ng-Password"}, {}),
    "password is a word": ({"api_password": "logs"}, {}),
    "password is a number": ({"api_password": 5514}, {}),
    "unreachable": ({"api_url": "https://127.0.0.1:1", "retries": 0}, {}),
    "remark": ({"message_template": "%(id)s %(subject_heder)s"}, {}),
    "masked": ({"message_template": "%(id)s hush-hush", "template_secrets": ["hush-hush"]}, {}),
    "strange": ({"host": "{{ '{' ~ '{ 1 + 1 }' ~ '}' }}"}, {}),
    "no_log": ({}, {"no_log": True}),
    "no diff": ({}, {"diff": False}),
    "check": ({"port": 1514}, {"check_mode": True}),
    "loop": ({"port": "{{ item }}"}, {"loop": [2514, 3514]}),
    "until": ({"port": 70000}, {"until": "result is success", "retries": 1, "delay": 0, "register": "result"}),
    "async": ({"port": 4514}, {"async": 30, "poll": 1}),
    "environment": (
        {"api_url": "{{ omit }}", "ca_path": "{{ omit }}"},
        {
            "environment": {
                "SPAMEXPERTS_API_URL": "{{ url }}",
                "SPAMEXPERTS_CA_PATH": "{{ ca }}",
                "SPAMEXPERTS_TIMEOUT": 7,
            }
        },
    ),
    "empty environment": ({"ca_path": "{{ omit }}"}, {"environment": {**EMPTY, "SSL_CERT_FILE": "{{ ca }}"}}),
    "bad environment": ({}, {"environment": {"SPAMEXPERTS_TIMEOUT": "soon"}}),
    "proxy": ({}, {"environment": {"HTTPS_PROXY": "http://127.0.0.1:1"}}),
    "no proxy": ({"use_proxy": False}, {"environment": {"HTTPS_PROXY": "http://127.0.0.1:1"}}),
    "date": ({"host": "{{ '2026-11-24' | ansible.builtin.to_datetime('%Y-%m-%d') }}"}, {}),
    "vault": ({"api_password": "{{ vaulted }}"}, {}),
}
# The module's own result of async has names of jobs and files.
ONLY_ASYNC = (
    "ansible_job_id",
    "finished",
    "started",
    "results_file",
    "stdout",
    "stderr",
    "stdout_lines",
    "stderr_lines",
)


def second_play(emulator) -> list[dict[str, Any]]:
    """What a cluster says is data, and a password of the environment is masked in it."""
    options = connection(emulator)
    variables = {f"SPAMEXPERTS_{name.upper()}": value for name, value in options.items()}
    return one_play(
        {"name": "read", f"{MODULE}_info": options, "register": "read"},
        {"name": "tell", "ansible.builtin.debug": {"msg": "{{ read.settings.message_template }}"}},
        # It was no option when Ansible looked at the task, and this cluster shows it.
        {"name": "read by environment", f"{MODULE}_info": {}, "environment": variables},
    )


@pytest.fixture(scope="module")
def done(ansible, cluster, tmp_path_factory):
    """The same tasks in both places, one after the other, on the same clusters as they come."""
    folder = tmp_path_factory.mktemp("vault")
    (folder / "password").write_text(VAULT_PASSWORD, encoding="utf-8")
    words = ["--vault-password-file", str(folder / "password")]
    made = ansible.command("ansible-vault", "encrypt_string", *words, "--name", "vaulted", PASSWORD)
    assert made.returncode == 0, made.stderr
    (folder / "vaulted.yml").write_text(made.stdout, encoding="utf-8")
    runs = {}
    emulator, telling = cluster(), cluster(warnings="none")
    telling.state.pin(message_template=f"%(id)s {{{{ 1 + 1 }}}} {PASSWORD}")
    common = {**connection(emulator), **WANTED, "retries": 1, "verify_delay": 0}
    tasks = [
        {"name": name, MODULE: {**common, **options}, "ignore_errors": True, **keywords}
        for name, (options, keywords) in TASKS.items()
    ]
    for place, plugin in PLACES.items():
        emulator.reset()
        emulator.set_switch(deprecated=True)
        runs[place] = ansible.play(
            one_play(*tasks, vars={"url": emulator.url, "ca": emulator.ca_path}) + second_play(telling),
            "-vvvv",
            "--diff",
            *words,
            "-e",
            f"@{folder / 'vaulted.yml'}",
            hosts={"localhost": {"ansible_connection": plugin}},
            env=EMPTY,
        )
        assert runs[place].status == 0, runs[place].stdout + runs[place].stderr
    return runs


def results(run, task: str) -> list[dict[str, Any]]:
    """Everything that a task returned, for each item and try."""
    return [entry for entry in run.results if entry["task"] == task]


@pytest.mark.parametrize("task", TASKS)
def test_the_results_are_the_same(done, task):
    process, module = (results(done[place], task) for place in PLACES)
    assert process, "the task did not run"
    if task == "async":
        for entry in process + module:
            for name in ONLY_ASYNC:
                entry["result"].pop(name, None)
    assert process == module


def test_the_outcomes_are_the_right_ones(done):
    """The same could be the same fault twice."""
    failed = {task for task in TASKS if results(done["process"], task)[-1]["outcome"] != "ok"}
    assert failed == {
        "unsupported",
        "wrong type",
        "wrong choice",
        "wrong value",
        "missing",
        "null",
        "wrong password",
        "password is a word",
        "password is a number",
        "unreachable",
        "strange",
        "date",
        "until",
        "bad environment",
        "proxy",
    }
    assert len(EMPTY) == 8
    missing = "missing required arguments: api_password, api_url, api_username"
    assert done["process"].result("missing")["msg"] == missing
    assert done["process"].result("remark")["warnings"]
    assert done["process"].result("masked")["settings"]["message_template"] == "%(id)s ********"


@pytest.mark.parametrize("place", PLACES)
def test_the_password_is_nowhere(done, place):
    done[place].assert_hides({*forms("apiuser", PASSWORD), "wr0ng-Password"})


@pytest.mark.parametrize("place", PLACES)
def test_what_a_cluster_says_is_not_templated(done, place):
    assert done[place].result("tell")["msg"] == "%(id)s {{ 1 + 1 }} ********"


@pytest.mark.parametrize("place", PLACES)
def test_password_of_the_environment_is_masked(done, place):
    result = done[place].result("read by environment")
    assert not result["failed"] and "warnings" not in result
    assert result["settings"]["message_template"] == "%(id)s {{ 1 + 1 }} ********"


@pytest.fixture(scope="module")
def reads(ansible, cluster, tmp_path_factory):
    """One task in all the places where it can run. sudo's place is taken by a script that starts what it was given."""
    sudo = tmp_path_factory.mktemp("sudo") / "sudo"
    sudo.write_text('#!/bin/sh\nuntil [ "$1" = /bin/sh ]; do shift; done\nexec "$@"\n', encoding="utf-8")
    sudo.chmod(sudo.stat().st_mode | stat.S_IXUSR)
    elsewhere = {"ansible_connection": "elsewhere"}
    hosts = {
        "localhost": {"ansible_become_exe": str(sudo), "ansible_become_user": str(os.getuid())},
        "far": elsewhere,
        "bastion": elsewhere,
    }
    read = {f"{MODULE}_info": connection(cluster())}
    plays = [
        *one_play(
            {"name": "here", **read},
            {"name": "another user", **read, "become": True},
            {"name": "delegated elsewhere", **read, "delegate_to": "bastion"},
            # Nothing hides this.
            {"name": "tell", "ansible.builtin.debug": {"msg": PASSWORD}},
            hosts="localhost",
        ),
        *one_play({"name": "delegated here", **read, "delegate_to": "localhost"}, hosts="far"),
    ]
    return ansible.play(plays, "-vvv", hosts=hosts).assert_ok()


@pytest.mark.parametrize(
    ("task", "as_module"),
    [("here", False), ("another user", True), ("delegated elsewhere", True), ("delegated here", False)],
)
def test_where_a_task_runs(reads, task, as_module):
    assert reads.result(task)["settings"]["port"] == 514
    assert ("Using module file" in reads.shown(task)) is as_module


def test_a_password_would_be_seen(reads):
    """The search for it finds it where nothing hides it."""
    with pytest.raises(AssertionError):
        reads.assert_hides(forms("apiuser", PASSWORD))


@pytest.fixture
def broken_requests(tmp_path):
    """A folder for PYTHONPATH: every request fails in a way that nobody foresaw, with all of it in the exception."""
    (tmp_path / "sitecustomize.py").write_text(
        "import requests\n\n\n"
        "def get(session, url, auth, **more):\n"
        "    secret = auth.password.decode()\n"
        "    raise KeyError(f'{url} {secret} {[secret]} {more}')\n\n\n"
        "requests.Session.get = get\n",
        encoding="utf-8",
    )
    return str(tmp_path)


def test_fault_of_ours_is_a_result_like_any_other(ansible, cluster, broken_requests):
    task = {"name": "set", MODULE: {**connection(cluster()), **WANTED}, "ignore_errors": True}
    run = ansible.play(one_play(task), "-vvvv", hosts=BOTH, env={"PYTHONPATH": broken_requests})
    for place in PLACES:
        result = run.result("set", place)
        assert (result["failed"], result["failure_class"], result["changed"]) == (True, "internal", False)
        assert "unexpected KeyError" in result["msg"] and "nothing was written" in result["msg"]
    run.assert_hides(forms("apiuser", PASSWORD))


@pytest.fixture
def no_requests(tmp_path):
    """A folder for PYTHONPATH without the library, where Ansible runs; where the module runs, it is there."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n\nif sys.argv[0].endswith('ansible-playbook'):\n    sys.modules['requests'] = None\n",
        encoding="utf-8",
    )
    return str(tmp_path)


def test_without_requests_here_the_module_is_started(ansible, cluster, no_requests):
    task = {"name": "read", f"{MODULE}_info": connection(cluster())}
    run = ansible.play(one_play(task), "-vvv", env={"PYTHONPATH": no_requests}).assert_ok()
    assert "Using module file" in run.stdout
    assert run.result("read")["settings"]["port"] == 514


def test_no_file_is_left_behind(ansible, cluster, tmp_path):
    """Not by a task that succeeds, by one that fails, or by one that Ansible itself refuses, however much is said."""
    good = {**connection(cluster()), **WANTED}
    tasks = [
        {"name": name, MODULE: {**good, **TASKS[name][0]}, "ignore_errors": True}
        for name in ("good", "wrong password", "wrong choice")
    ]
    before = {path.name for path in ansible.folder.iterdir()}
    run = ansible.play(one_play(*tasks), "-vvvv", "--diff", env={"TMPDIR": str(tmp_path)}, hosts=BOTH)
    for place in PLACES:
        assert [run.result(task["name"], place)["failed"] for task in tasks] == [False, True, True]
    assert list(tmp_path.iterdir()) == []
    assert {path.name for path in ansible.folder.iterdir()} - before <= {str(ansible._count), "home", "tmp"}
    assert [path for name in ("home", "tmp") for path in (ansible.folder / name).rglob("*") if path.is_file()] == []
