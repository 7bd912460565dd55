# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""server_status_info, api_help_info and api_call against the emulator."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from functional.harness import PASSWORD

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.client import Client
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import FAILURE_CLASSES
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._module import execute
from ansible_collections.spamexperts.local_cloud.plugins.modules import api_call, api_help_info, server_status_info
from emulator.listings import messages

PAIR = base64.b64encode(f"apiuser:{PASSWORD}".encode()).decode()
ECHOES = [PASSWORD, quote(PASSWORD, safe=""), PAIR]
STATUS = "api_get_json_server_status"
FIND = "api_find_messages"
REPORT = "api_set_outgoing_report_recipient"
FAULTS = [
    ("unauthorized", "auth"), ("credential_text", "auth"), ("permission", "permission"), ("forbidden", "permission"),
    ("ip_restricted", "ip_restricted"), ("unknown_method", "unknown_method"), ("html", "not_plaintext"),
    ("login_page", "not_plaintext"), ("traceback", "not_plaintext"), ("sqlstate", "not_plaintext"),
    ("redirect", "not_plaintext"), ("dropped", "transport"), ("truncated", "transport"),
    ("server_error", "transport"), ("unavailable", "transport"),
]  # fmt: skip


def run(module, emulator, check_mode=False, **more):
    defaults = {name: item.get("default") for name, item in module.DEFINITION.spec.items()}
    connection = {
        "api_url": emulator.url, "api_username": emulator.username, "api_password": emulator.password,
        "ca_path": emulator.ca_path, "timeout": 5, "retries": 0, "use_proxy": False,
    }  # fmt: skip
    result = execute(module.DEFINITION.run, {**defaults, **connection, **more}, check_mode)
    shown = json.dumps(result, allow_nan=False)
    assert not [echo for echo in ECHOES if echo in shown or json.dumps(echo)[1:-1] in shown]
    if result.get("failed"):
        assert result["failure_class"] in FAILURE_CLASSES and "\n" not in result["msg"]
    else:
        assert "exception" not in result
    return result


def call(emulator, method, check_mode=False, **more):
    return run(api_call, emulator, check_mode, method=method, **more)


# -- server_status_info


@pytest.mark.parametrize("switches", [
    {}, {"status_numbers": "text"}, {"bom": True, "line_end": "crlf"}, {"auth": "digest"}, {"charset": "latin-1"},
])  # fmt: skip
def test_status(emulator, switches):
    emulator.switches.update(switches)
    result = run(server_status_info, emulator)
    assert list(result["nodes"]) == list(emulator.nodes) == list(result["raw"])
    assert result["nodes"][emulator.nodes[1]] == {
        "load_1m": 0.35, "load_5m": 0.3, "queue_delivery": 3, "queue_submission": 1, "other": {}}  # fmt: skip
    assert result["changed"] is False and result["api_messages"] == []


@pytest.mark.parametrize("language", ["none", "always"])
def test_odd_status(emulator, language):
    emulator.switches.update({"status_missing": "load one minute", "status_extra": True, "deprecated": True,
                              "translated": language, "status_null": emulator.nodes[0]})  # fmt: skip
    result = run(server_status_info, emulator)
    assert result["nodes"][emulator.nodes[0]] == {
        "load_1m": None, "load_5m": None, "queue_delivery": None, "queue_submission": None, "other": {}}  # fmt: skip
    node = result["nodes"][emulator.nodes[1]]
    assert node["load_1m"] is None and node["load_5m"] == 0.3
    assert node["other"] == {"cpu count": 4, "mounts": {"/": {"free": 1234567}}, "version": None}
    assert len(result["api_messages"]) == 1 and result["raw"][emulator.nodes[0]] is None


@pytest.mark.parametrize("module", [server_status_info, api_help_info])
@pytest.mark.parametrize("fault, failure_class", [*FAULTS, ("empty", "not_plaintext")])
def test_faults(emulator, module, fault, failure_class):
    emulator.set_switch("fault", fault)
    result = run(module, emulator)
    assert (result["failed"], result["failure_class"], result["changed"]) == (True, failure_class, False)


def test_half_a_status(emulator):
    emulator.set_switch("fault", "cut")
    assert run(server_status_info, emulator)["failure_class"] == "not_plaintext"


@pytest.mark.parametrize("layout, failure_class", [("text", "not_plaintext"), ("unknown", "unknown_method")])
def test_status_of_an_old_build(emulator, layout, failure_class):
    emulator.set_switch("status_format", layout)
    assert run(server_status_info, emulator)["failure_class"] == failure_class


def test_status_masks_what_echoes_the_password(cluster):
    assert list(run(server_status_info, cluster(nodes=ECHOES))["nodes"]) == ["********"]


# -- api_help_info


@pytest.mark.parametrize("layout", ["signature", "wrapped", "described"])
@pytest.mark.parametrize("more", [{}, {"bom": True, "line_end": "crlf"}])
def test_help(emulator, layout, more):
    emulator.switches.update({"help_layout": layout, **more})
    result = run(api_help_info, emulator)
    methods = result["methods"]
    assert sorted(methods) == list(methods) and len(methods) == 8
    assert "status_template" in methods["api_set_remote_syslog_server"]["arguments"]
    assert methods[REPORT] == {
        "arguments": ["recipient"], "defaults": {"recipient": ""}, "signature": f"{REPORT}(recipient='')",
        "returns": '""'}  # fmt: skip
    assert result["changed"] is False and result["raw"][0].startswith("api_")
    emulator.set_switch("without_status_template", True)
    methods = run(api_help_info, emulator)["methods"]
    assert len(methods["api_set_remote_syslog_server"]["arguments"]) == 7
    assert "status_template" not in methods["api_set_remote_syslog_server"]["arguments"]


def test_help_of_names(emulator):
    emulator.switches.update({"help_layout": "names", "help_filtered": True, "allowed_methods": "api_help,api_get_*"})
    methods = run(api_help_info, emulator)["methods"]
    assert "api_get_remote_syslog_server" in methods and REPORT not in methods
    assert methods["api_help"]["signature"] is None


def test_help_masks_what_echoes_the_password(emulator, monkeypatch):
    monkeypatch.setattr(Client, "read", lambda *_args: "".join(f"api_x(a='{echo}')\n{echo}\n" for echo in ECHOES))
    result = run(api_help_info, emulator)
    assert result["raw"][1] == "********" and result["methods"]["api_x"]["defaults"] == {"a": "********"}


# -- api_call


@pytest.mark.parametrize("layout", ["csv", "tab", "json", "labelled"])
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_listing_of_untrusted_text_is_returned(emulator, layout, check_mode):
    emulator.set_switch("find_format", layout)
    result = call(emulator, FIND, check_mode, arguments={"domain": "other.example"})
    rows = messages("other.example")
    assert not result.get("failed") and result["changed"] is False and "msg" not in result
    assert all(row["id"] in result["text"] for row in rows) and result["lines"] == result["text"].rstrip().split("\n")
    assert (result["json"] == rows) is (layout == "json") and (result["json"] is None) is (layout != "json")
    assert emulator.journal.requests[-1]["arguments"] == {"domain": "other.example", "api_language": "en"}


def test_half_a_character_can_be_shown(emulator):
    emulator.set_switch("find_format", "json")
    result = call(emulator, FIND)
    result["text"].encode()
    assert result["json"][-1]["subject"] == "?"


def test_values_are_sent_as_text(emulator):
    given = {"host": "h;&=+ \u00fc", "port": 514, "enabled": True, "level": None, "status_template": ""}
    assert call(emulator, "api_set_remote_syslog_server", arguments=given, allow_write=True)["changed"]
    sent = {**given, "port": "514", "enabled": "True", "api_language": "en"}
    del sent["level"]
    assert emulator.journal.writes[0]["arguments"] == sent
    call(emulator, "api_set_remote_syslog_server", arguments={"enabled": False}, allow_write=True)
    assert emulator.state.settings["enabled"] == "False"


@pytest.mark.parametrize("method", [REPORT, "api_helpful", "api_getx", "api_get", "api_delete_domain", "api_help_x"])
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_write_must_be_allowed(emulator, method, check_mode):
    result = call(emulator, method, check_mode)
    assert (result["failed"], result["failure_class"], result["changed"]) == (True, "bad_argument", False)
    assert "allow_write" in result["msg"] and method in result["msg"]
    assert emulator.journal.requests == []


def test_check_mode_sends_no_write(emulator):
    result = call(emulator, REPORT, True, allow_write=True, arguments={"recipient": "a@example.com"})
    assert emulator.journal.requests == [] and emulator.state.report_recipient == ""
    assert result == {"changed": True, "text": "", "lines": [], "json": None, "api_messages": [],
                      "msg": f"{REPORT} was not sent because this is check mode"}  # fmt: skip


def test_a_write_is_sent_each_time(emulator):
    for number in (1, 2):
        result = call(emulator, REPORT, allow_write=True, arguments={"recipient": "a@example.com"})
        assert result == {"changed": True, "text": "", "lines": [], "json": None, "api_messages": []}
        assert len(emulator.journal.writes) == number
    assert emulator.state.report_recipient == "a@example.com"


@pytest.mark.parametrize("bad, words", [
    ({"method": "get_x"}, "method must be"), ({"method": "api_get_X"}, "method must be"),
    ({"method": "api_get_x&call=api_set_x"}, "method must be"), ({"method": "api_get_x\n"}, "method must be"),
    ({"method": ""}, "method must be"), ({"arguments": {"call": "api_set_x"}}, "must not contain call"),
    ({"arguments": {"api_language": "nl"}}, "must not contain api_language"),
    ({"arguments": {"a&call": "x"}}, "invalid name 'a&call'"), ({"arguments": {"": "x"}}, "invalid name ''"),
    ({"arguments": {"domain": ["x"]}}, "domain in arguments"), ({"arguments": {"domain": {}}}, "domain in arguments"),
    ({"api_url": "http://x"}, "api_url"),
])  # fmt: skip
@pytest.mark.parametrize("check_mode", [False, True])
def test_bad_options(emulator, bad, words, check_mode):
    result = call(emulator, **{"method": REPORT, "allow_write": True, "check_mode": check_mode, **bad})
    assert (result["failed"], result["failure_class"], result["changed"]) == (True, "bad_argument", False)
    assert words in result["msg"]
    assert emulator.journal.requests == []


def test_names_of_our_own_parameters_are_arguments_like_others(emulator):
    result = call(emulator, FIND, arguments={"self": "x"})
    assert result["failure_class"] == "bad_argument" and "'self'" in result["msg"] and "'self'" in result["text"]


@pytest.mark.parametrize("fault, failure_class", FAULTS)
def test_fault_while_reading(emulator, fault, failure_class):
    emulator.set_switch("fault", fault)
    result = call(emulator, FIND)
    assert (result["failed"], result["failure_class"], result["changed"]) == (True, failure_class, False)
    assert "took effect" not in result["msg"]


@pytest.mark.parametrize("fault, failure_class", FAULTS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_fault_while_writing(emulator, fault, failure_class, when):
    # With a notice in it the reply is long enough to break off.
    emulator.switches.update({"fault": fault, "fault_when": when, "deprecated": True})
    result = call(emulator, REPORT, allow_write=True, retries=3, arguments={"recipient": "a@example.com"})
    refused = failure_class in ("auth", "permission", "ip_restricted", "unknown_method")
    assert (result["failed"], result["failure_class"], result["changed"]) == (True, failure_class, not refused)
    assert ("it is unknown whether it took effect" in result["msg"]) is not refused
    assert len(emulator.journal.writes) == 1


def test_a_write_that_cannot_be_sent(emulator):
    result = call(emulator, REPORT, allow_write=True, api_url="https://127.0.0.1:1")
    assert (result["failure_class"], result["changed"]) == ("transport", False)
    assert "took effect" not in result["msg"]


def test_reads_are_repeated(emulator):
    emulator.switches.update({"fault": "unavailable", "fault_count": 1})
    assert not call(emulator, FIND, retries=1).get("failed")
    assert emulator.journal.calls == [FIND, FIND]


def test_a_user_without_permission(emulator):
    emulator.set_switch("allowed_methods", "api_find_*")
    assert not call(emulator, FIND).get("failed")
    result = call(emulator, REPORT, allow_write=True)
    assert (result["failure_class"], result["changed"]) == ("permission", False)
    assert emulator.state.report_recipient == "" and len(emulator.journal.writes) == 1


def test_an_unknown_wording_is_returned_as_it_is(emulator):
    emulator.set_switch("translated", "always")
    result = call(emulator, "api_get_nothing")
    assert not result.get("failed") and result["lines"] == ["Fout: onbekende API-methode 'api_get_nothing'."]


def test_a_node_that_was_not_reached(emulator):
    emulator.set_switch("node_fail", emulator.nodes[1])
    result = call(emulator, "api_set_remote_syslog_server", allow_write=True, arguments={"host": "h"})
    assert (result["failure_class"], result["changed"]) == ("node", True)
    assert "force" not in result["msg"] and emulator.nodes[1] in result["msg"]


def test_notices(emulator):
    emulator.set_switch("deprecated", True)
    for method in (STATUS, FIND):
        result = call(emulator, method)
        assert len(result["api_messages"]) == 1 and (result["json"] is None) is (method == FIND)


def test_json_of_the_status(emulator):
    assert list(call(emulator, STATUS)["json"]) == list(emulator.nodes)


def test_what_echoes_the_password_is_masked(emulator):
    emulator.switches.update({"warnings": "none", "get_format": "json"})
    emulator.state.pin(host=" ".join(ECHOES), **{"message_template": PAIR})
    result = call(emulator, "api_get_remote_syslog_server")
    assert result["json"]["host"] == "******** ******** ********" and "********" in result["text"]
    emulator.set_switch("get_format", "kv_colon")
    assert call(emulator, "api_get_remote_syslog_server")["lines"][0] == "host: ******** ******** ********"


def test_an_echo_in_an_error_is_masked(emulator, monkeypatch):
    monkeypatch.setattr(Client, "read", lambda *_args: "".join(f"Error: access denied for {echo}\n" for echo in ECHOES))
    result = call(emulator, FIND)
    assert result["failure_class"] == "permission" and "denied for ********" in result["msg"]
    assert result["lines"] == ["Error: access denied for ********"] * 3


@pytest.mark.parametrize("check_mode", [True, False])
def test_call_that_no_web_server_takes_is_refused_in_check_mode_too(emulator, check_mode):
    result = run(api_call, emulator, check_mode, method=REPORT, arguments={"recipient": "x" * 8000}, allow_write=True)
    assert (result["failure_class"], result["changed"]) == ("bad_argument", False)
    assert "recipient is too long" in result["msg"] and emulator.journal.requests == []


QUEUE = "api_delivery_queue"


def test_read_by_the_users_word(emulator):
    """The call is made in check mode too, repeated, and changes nothing."""
    assert "set read_only to true" in call(emulator, QUEUE)["msg"] and emulator.journal.calls == []
    for check_mode in (True, False):
        result = call(emulator, QUEUE, check_mode, read_only=True)
        assert not result["changed"] and result["lines"] == [f"{node},{n * 3}" for n, node in enumerate(emulator.nodes)]
    emulator.switches.update({"fault": "dropped", "fault_count": 1})
    assert not call(emulator, QUEUE, read_only=True, retries=1).get("failed")
    emulator.switches.update({"fault": "permission", "fault_count": 0})
    refused = call(emulator, QUEUE, read_only=True)
    assert (refused["failure_class"], refused["changed"]) == ("permission", False)


@pytest.mark.parametrize("more, words", [
    ({"method": REPORT}, "changes the cluster, as its name says"),
    ({"method": "api_delete_x"}, "changes the cluster, as its name says"),
    ({"method": QUEUE, "allow_write": True}, "contradict each other"),
])  # fmt: skip
def test_word_that_cannot_be_taken(emulator, more, words):
    result = run(api_call, emulator, read_only=True, **more)
    assert result["failure_class"] == "bad_argument" and words in result["msg"] and emulator.journal.calls == []
