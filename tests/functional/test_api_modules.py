# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What playbooks do with the results of api_call, api_help_info and server_status_info."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
import yaml
from functional.harness import CARRIERS, PASSWORD, ROOT, connection, forms, one_play

COLLECTION = "spamexperts.local_cloud"
PAIR = base64.b64encode(f"apiuser:{PASSWORD}".encode()).decode()
SECRET = "0123456789abcdef0123456789abcdef"


def example(module, number):
    """A task of a module's EXAMPLES, by its number."""
    text = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    return yaml.safe_load(text.split('EXAMPLES = r"""')[1].split('"""')[0])[number]


@pytest.fixture(scope="module", params=list(CARRIERS))
def done(request, ansible, cluster):
    """One run with each carrier."""
    good, old, echo = cluster(), cluster(without_status_template=True), cluster(warnings="none")
    echo.state.pin(host=f"{PAIR} {quote(PASSWORD, safe='')} {PASSWORD}", message_template=f"{SECRET} %(id)s")
    call, hide = f"{COLLECTION}.api_call", {"template_secrets": [SECRET]}
    plays = []
    for emulator, tasks in (
        (
            good,
            [
                {"name": "find", call: {"method": "api_find_messages"}, "register": "found"},
                {"name": "tell", "ansible.builtin.debug": {"var": "found.lines"}},
                {"name": "json", call: {"method": "api_get_json_server_status"}},
                {"name": "status", f"{COLLECTION}.server_status_info": {}, "register": "status"},
                example("server_status_info", 1),
                {
                    "name": "write",
                    call: {
                        "method": "api_set_outgoing_report_recipient",
                        "allow_write": True,
                        **hide,
                        "arguments": {"recipient": SECRET},
                    },
                },
                {"name": "refused", call: {"method": "api_set_outgoing_report_recipient"}, "ignore_errors": True},
                {"name": "wrong", call: {"method": "api_get_nothing", "arguments": {"x": 1}}, "ignore_errors": True},
                {"name": "help", f"{COLLECTION}.api_help_info": {}, "register": "help"},
                {**example("api_help_info", 1), "name": "knows"},
            ],
        ),
        (
            old,
            [
                {"name": "old help", f"{COLLECTION}.api_help_info": {}, "register": "help"},
                {**example("api_help_info", 1), "name": "does not know", "ignore_errors": True},
            ],
        ),
        (echo, [{"name": "echo", call: {"method": "api_get_remote_syslog_server", **hide}}]),
    ):
        plays += one_play(
            *tasks,
            connection=CARRIERS[request.param],
            module_defaults={f"group/{COLLECTION}.api": connection(emulator)},
        )
    run = ansible.play(plays, "-vvvv", "--diff", hosts={"localhost": {"ansible_connection": CARRIERS[request.param]}})
    assert run.status == 0, run.stdout + run.stderr
    return run, good


def test_text_of_strangers_is_never_a_template(done):
    run, _good = done
    lines = run.result("tell")["found.lines"]
    assert [line for line in lines if "{{ 6 * 7 }}" in line] and not [line for line in lines if ",42," in line]


def test_results(done):
    run, good = done
    assert list(run.result("json")["json"]) == list(good.nodes)
    assert list(run.result("status")["nodes"]) == list(good.nodes)
    assert good.state.report_recipient == SECRET and run.result("write")["changed"]
    assert "allow_write" in run.result("refused")["msg"] and run.result("refused")["failed"]
    assert run.result("wrong")["failure_class"] == "unknown_method"
    assert run.result("wrong")["lines"] == ["Error: unknown API method 'api_get_nothing'."]


def test_the_example_tells_whether_a_build_knows_status_template(done):
    run, _good = done
    assert not run.result("knows")["failed"] and run.result("does not know")["failed"]


def test_secrets_are_hidden_in_every_form(done):
    run, _good = done
    result = run.result("echo")
    assert result["lines"][0] == "host: ******** ******** ********"
    given = run.result("write")["invocation"]["module_args"]["arguments"]
    assert given == {"recipient": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}
    run.assert_hides(forms("apiuser", PASSWORD))
    for task in ("write", "echo"):
        assert SECRET not in json.dumps(run.result(task))
