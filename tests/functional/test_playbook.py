# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook configure, the environment variables, and options that arrive as text."""

from __future__ import annotations

import pytest
from functional.harness import GET, MODULE, PASSWORD, SET, connection, forms, one_play

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


@pytest.fixture(scope="module")
def done(ansible, cluster):
    """The playbook's life: check, first run, second run, another secret. The connection is in the environment."""
    emulator = cluster(get_format="json")
    runs, calls, held = {}, {}, {}
    for step, words, variables in (
        ("check", ("--check",), VARIABLES),
        ("first", (), VARIABLES),
        ("second", (), VARIABLES),
        ("rotated", (), ROTATED),
    ):
        runs[step] = ansible.play(PLAYBOOK, "--diff", "-vvvv", *words, extra=variables, env=environment(emulator))
        calls[step], held[step] = emulator.journal.calls, emulator.state.settings
        emulator.journal.clear()
    return runs, calls, held


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
    runs, made, _held = done
    result = runs[step].assert_ok().result(SET_TASK)
    assert made[step] == calls
    assert result["changed"] == (step != "second")


def test_configure_check_predicts_the_first_run(done):
    check, first = (done[0][step].result(SET_TASK) for step in ("check", "first"))
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
    held = done[2]
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
    said = {step: "\n".join(run.result(SAY_TASK)["msg"]) for step, run in done[0].items()}
    assert "would send its mail logs to logs.example.com port 5514 by TCP" in said["check"]
    assert "sends its mail logs to logs.example.com port 5514 by TCP" in said["first"]
    assert "changed: host, port," in said["first"]
    assert "nothing was changed" in said["second"]
    assert "changed: message_template, status_template" in said["rotated"]


@pytest.mark.parametrize("step", ["check", "first", "second", "rotated"])
def test_configure_shows_neither_secret_nor_password(done, step):
    run = done[0][step]
    run.assert_hides({SECRET, NEXT_SECRET, *forms("apiuser", PASSWORD)})
    assert "********" in run.output


def test_configure_needs_a_receiver(ansible, emulator):
    run = ansible.play(PLAYBOOK, extra={"spamexperts_log_format": {"secret": SECRET}}, env=environment(emulator))
    assert run.status != 0
    assert "Set spamexperts_receiver_host" in run.stdout + run.stderr
    assert emulator.journal.requests == []


def test_configure_takes_a_faulty_log_format_for_what_it_is(ansible, emulator):
    faulty = {**VARIABLES, "spamexperts_log_format": {"secret": SECRET, "message_fields": ["id", "subject_heder"]}}
    run = ansible.play(PLAYBOOK, "-vvvv", extra=faulty, env=environment(emulator))
    assert run.status != 0
    assert "unknown field subject_heder: did you mean subject_header?" in run.stdout + run.stderr
    assert emulator.journal.writes == []
    run.assert_hides({SECRET})


def test_variables_and_text_for_everything(ansible, emulator):
    """AWX and -e key=value hand over text, also for numbers and booleans."""
    options = {
        **connection(emulator),
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
    run = ansible.play(
        one_play(
            {"name": "on", MODULE: {**options, "enabled": "True", "port": "5514"}},
            {"name": "same", MODULE: {**options, "enabled": True, "port": 5514}},
            {"name": "off", MODULE: {**options, "enabled": "{{ switch }}"}},
            {"name": "still off", MODULE: {**options, "enabled": False}},
        ),
        "-e",
        "switch=False",
    ).assert_ok()
    assert [run.result(task)["changed"] for task in ("on", "same", "off", "still off")] == [True, False, True, False]
    assert run.result("on")["settings"]["port"] == 5514
    assert run.result("on")["settings"]["enabled"] is True
    assert run.result("off")["settings"]["enabled"] is False
    assert emulator.state.settings["enabled"] == "False"


def test_booleans_in_the_environment(ansible, emulator):
    """Each value is text there: False must not be true because it is not empty."""
    variables = {**environment(emulator), "SPAMEXPERTS_CA_PATH": "", "SPAMEXPERTS_VALIDATE_CERTS": "False"}
    run = ansible.play(one_play({"name": "read", f"{MODULE}_info": {}}), env=variables).assert_ok()
    assert run.result("read")["settings"]["port"] == 514
    variables["SPAMEXPERTS_VALIDATE_CERTS"] = "True"
    run = ansible.play(one_play({"name": "read", f"{MODULE}_info": {}}), env=variables)
    assert run.result("read")["failure_class"] == "tls"


def test_an_option_wins_over_the_environment(ansible, emulator):
    task = {"name": "read", f"{MODULE}_info": connection(emulator, timeout=20)}
    wrong = {
        "SPAMEXPERTS_API_URL": "https://master.invalid",
        "SPAMEXPERTS_API_USERNAME": "nobody",
        "SPAMEXPERTS_API_PASSWORD": "none-of-this",
        "SPAMEXPERTS_CA_PATH": "/nonexistent.pem",
        "SPAMEXPERTS_TIMEOUT": "1",
    }
    assert not ansible.play(one_play(task), env=wrong).assert_ok().result("read")["changed"]
    assert emulator.journal.calls == [GET]
