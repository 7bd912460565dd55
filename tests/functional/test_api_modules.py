# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What playbooks do with the results of api_call, api_help_info and server_status_info."""

from __future__ import annotations

import base64
import dataclasses
import json
from urllib.parse import quote

import pytest
import yaml
from functional.harness import BOTH, PASSWORD, PLACES, ROOT, Run, connection, forms, one_play

from emulator import Emulator

COLLECTION = "spamexperts.local_cloud"
PAIR = base64.b64encode(f"apiuser:{PASSWORD}".encode()).decode()
SECRET = "0123456789abcdef0123456789abcdef"


def example(module, number):
    """A task of a module's EXAMPLES, by its number."""
    text = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    return yaml.safe_load(text.split('EXAMPLES = r"""')[1].split('"""')[0])[number]


@dataclasses.dataclass(frozen=True)
class Done:
    """The results in one place, the run that they are of, and the cluster that most of them are about."""

    place: str
    run: Run
    good: Emulator

    def result(self, task):
        return self.run.result(task, self.place)


def plays(place, good, old, echo):
    """The plays of one place: a cluster as it should be, one that is old, and one that shows secrets."""
    call, hide = f"{COLLECTION}.api_call", {"template_secrets": [SECRET]}
    made = []
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
        made += one_play(
            *tasks,
            hosts=place,
            connection=PLACES[place],
            module_defaults={f"group/{COLLECTION}.api": connection(emulator)},
        )
    return made


@pytest.fixture(scope="module")
def all_done(ansible, cluster):
    """One run: a host for each place, with clusters of its own."""
    good, made = {}, []
    for place in PLACES:
        good[place], old, echo = cluster(), cluster(without_status_template=True), cluster(warnings="none")
        echo.state.pin(host=f"{PAIR} {quote(PASSWORD, safe='')} {PASSWORD}", message_template=f"{SECRET} %(id)s")
        made += plays(place, good[place], old, echo)
    run = ansible.play(made, "-vvvv", "--diff", hosts=BOTH)
    assert run.status == 0, run.stdout + run.stderr
    return {place: Done(place, run, good[place]) for place in PLACES}


@pytest.fixture(params=list(PLACES))
def done(request, all_done):
    return all_done[request.param]


def test_untrusted_text_is_never_a_template(done):
    lines = done.result("tell")["found.lines"]
    assert [line for line in lines if "{{ 6 * 7 }}" in line] and not [line for line in lines if ",42," in line]


def test_results(done):
    assert list(done.result("json")["json"]) == list(done.good.nodes)
    assert list(done.result("status")["nodes"]) == list(done.good.nodes)
    assert done.good.state.report_recipient == SECRET and done.result("write")["changed"]
    assert "allow_write" in done.result("refused")["msg"] and done.result("refused")["failed"]
    assert done.result("wrong")["failure_class"] == "unknown_method"
    assert done.result("wrong")["lines"] == ["Error: unknown API method 'api_get_nothing'."]


def test_the_example_tells_whether_a_build_knows_status_template(done):
    assert not done.result("knows")["failed"] and done.result("does not know")["failed"]


def test_secrets_are_hidden_in_every_form(done):
    assert done.result("echo")["lines"][0] == "host: ******** ******** ********"
    given = done.result("write")["invocation"]["module_args"]["arguments"]
    assert given == {"recipient": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}
    done.run.assert_hides(forms("apiuser", PASSWORD))
    for task in ("write", "echo"):
        assert SECRET not in json.dumps(done.result(task))
