# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook configure, the environment variables, and options that arrive as text."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from functional.harness import BOTH, GET, MODULE, PASSWORD, SET, Run, connection, forms, one_play

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._args import connection_spec
from emulator import Emulator

PLAYBOOK = "spamexperts.local_cloud.configure"
SECRET, NEXT_SECRET = "first-secret-0123456789", "second-secret-9876543210"
VARIABLES = {
    "spamexperts_receiver_host": "logs.example.com",
    "spamexperts_receiver_transport": "tcp",
    "spamexperts_level": "WARNING",
    "spamexperts_log_format": {"secret": SECRET},
}
ROTATED = {**VARIABLES, "spamexperts_log_format": {"secret": NEXT_SECRET, "previous_secrets": [SECRET]}}
SET_TASK, SAY_TASK = "Set the cluster's remote syslog", "Show the result of each cluster"


def environment(emulator) -> dict[str, str]:
    return {
        "SPAMEXPERTS_API_URL": emulator.url,
        "SPAMEXPERTS_API_USERNAME": emulator.username,
        "SPAMEXPERTS_API_PASSWORD": emulator.password,
        "SPAMEXPERTS_CA_PATH": emulator.ca_path,
        "SPAMEXPERTS_TIMEOUT": "20",
    }


@dataclasses.dataclass(frozen=True)
class Step:
    """One run of the playbook, the calls that the cluster got, and the settings that it then held."""

    run: Run
    calls: list[str]
    held: dict[str, str]


@pytest.fixture(scope="module")
def done(ansible, cluster):
    """The playbook's life: check, first run, second run, another secret. The connection is in the environment."""
    emulator = cluster(get_format="json")
    steps = {}
    for step, words, variables in (
        ("check", ("--check",), VARIABLES),
        ("first", (), VARIABLES),
        ("second", (), VARIABLES),
        ("rotated", (), ROTATED),
    ):
        run = ansible.play(PLAYBOOK, "--diff", "-vvvv", *words, extra=variables, env=environment(emulator))
        steps[step] = Step(run, emulator.journal.calls, emulator.state.settings)
        emulator.journal.clear()
    return steps


@pytest.mark.parametrize(
    ("step", "calls"),
    [
        ("check", [GET]),
        ("first", [GET, SET, GET]),
        ("second", [GET]),
        ("rotated", [GET, SET, GET]),
    ],
)
def test_configure_asks_and_writes_no_more_than_needed(done, step, calls):
    result = done[step].run.assert_ok().result(SET_TASK)
    assert done[step].calls == calls
    assert result["changed"] == (step != "second")


def test_configure_check_predicts_the_first_run(done):
    check, first = (done[step].run.result(SET_TASK) for step in ("check", "first"))
    for key in ("changed_keys", "diff", "settings", "before"):
        assert check[key] == first[key]
    assert first["changed_keys"] == [
        "host",
        "port",
        "socket_type",
        "message_template",
        "enabled",
        "level",
        "status_template",
    ]


def test_configure_sets_what_the_variables_say(done):
    held = {step: done[step].held for step in done}
    assert held["check"]["host"] == ""
    expected = {
        "host": "logs.example.com",
        "port": "5514",
        "socket_type": "tcp",
        "level": "WARNING",
        "enabled": "True",
        "facility": "local0",
    }
    assert {key: held["first"][key] for key in expected} == expected
    for template in ("message_template", "status_template"):
        # Hidden in the output, and still what the cluster got.
        assert SECRET in held["first"][template]
        assert NEXT_SECRET in held["rotated"][template]
        assert SECRET not in held["rotated"][template]
        assert held["rotated"][template] == held["first"][template].replace(SECRET, NEXT_SECRET)


def test_configure_says_what_holds(done):
    said = {step: "\n".join(made.run.result(SAY_TASK)["msg"]) for step, made in done.items()}
    assert "would send its mail logs to logs.example.com port 5514 by TCP" in said["check"]
    assert "sends its mail logs to logs.example.com port 5514 by TCP" in said["first"]
    assert "changed: host, port," in said["first"]
    assert "nothing was changed" in said["second"]
    assert "changed: message_template, status_template" in said["rotated"]


@pytest.mark.parametrize("step", ["check", "first", "second", "rotated"])
def test_configure_shows_neither_secret_nor_password(done, step):
    run = done[step].run
    run.assert_hides({SECRET, NEXT_SECRET, *forms("apiuser", PASSWORD)})
    assert "********" in run.output


@dataclasses.dataclass(frozen=True)
class Given:
    """A run with options from everywhere, and the cluster that a task writes to."""

    run: Run
    written: Emulator
    asked: Emulator


@pytest.fixture(scope="module")
def given(ansible, cluster):
    """Options as text, and options beside an environment that says otherwise."""
    written, asked = cluster(), cluster()
    # What AWX and -e key=value hand over is text, also for numbers and booleans.
    options = {
        **connection(written),
        "host": "logs.example.com",
        "ca_path": "{{ omit }}",
        "validate_certs": "False",
        "timeout": "30",
        "retries": "1",
        "use_proxy": "no",
        "verify": "True",
        "verify_retries": "1",
        "verify_delay": "0",
    }
    login = connection(asked)
    del login["ca_path"]
    run = ansible.play(
        one_play(
            {"name": "on", MODULE: {**options, "enabled": "True", "port": "5514"}},
            {"name": "same", MODULE: {**options, "enabled": True, "port": 5514}},
            {"name": "off", MODULE: {**options, "enabled": "{{ switch }}"}},
            {"name": "still off", MODULE: {**options, "enabled": False}},
            {"name": "wins", f"{MODULE}_info": connection(asked, timeout=20)},
            {"name": "checks", f"{MODULE}_info": login, "ignore_errors": True},
        ),
        "-e",
        "switch=False",
        env={
            "SPAMEXPERTS_API_URL": "https://master.invalid",
            "SPAMEXPERTS_API_USERNAME": "nobody",
            "SPAMEXPERTS_API_PASSWORD": "none-of-this",
            "SPAMEXPERTS_CA_PATH": "",
            "SPAMEXPERTS_VALIDATE_CERTS": "True",
            "SPAMEXPERTS_TIMEOUT": "1",
        },
    ).assert_ok()
    return Given(run, written, asked)


def test_variables_and_text_for_everything(given):
    run = given.run
    assert [run.result(task)["changed"] for task in ("on", "same", "off", "still off")] == [True, False, True, False]
    assert run.result("on")["settings"]["port"] == 5514
    assert run.result("on")["settings"]["enabled"] is True
    assert run.result("off")["settings"]["enabled"] is False
    assert given.written.state.settings["enabled"] == "False"


def test_an_option_wins_over_the_environment(given):
    assert not given.run.result("wins")["failed"] and not given.run.result("wins")["changed"]
    assert given.asked.journal.calls == [GET]


def test_true_in_the_environment_is_true(given):
    assert given.run.result("checks")["failure_class"] == "tls"


def test_what_the_environment_says_is_text(ansible, emulator):
    """False must not be true because it is not empty, and AWX sets what is empty for a field that nobody filled in."""
    variables = {**environment(emulator), "SPAMEXPERTS_CA_PATH": "", "SPAMEXPERTS_VALIDATE_CERTS": "False"}
    names = [name for option in connection_spec().values() for name in option.get("fallback", ((), ()))[1]]
    assert len(names) == 8
    tasks = (
        {"name": "false", f"{MODULE}_info": {}},
        {"name": "empty", f"{MODULE}_info": connection(emulator), "environment": dict.fromkeys(names, "")},
    )
    run = ansible.play(one_play(*tasks), hosts=BOTH, env=variables).assert_ok()
    for task, place in itertools.product(("false", "empty"), BOTH):
        assert run.result(task, place)["settings"]["port"] == 514
