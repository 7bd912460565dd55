# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules do against the emulator: dialects, faults, check mode, and what a failure says."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from urllib.parse import quote

import pytest
from functional.harness import HANG

from ansible_collections.spamexperts.local_cloud.plugins.module_utils import _module
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api import deadline
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.client import Client
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import FAILURE_CLASSES, TransportError
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._args import remote_syslog_server_spec
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._module import execute
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.apply import (
    apply_settings,
    read_settings,
)
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.write import Write
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._restore import restore_settings
from emulator import calls, state
from emulator.dialect import WIDTH

PRINTABLE = (
    "spamexperts: 0123456789abcdef|message|1|%(id)s|%(domain)s|[%(sender)s]0123456789abcdef[%(subject_header)s]."
)
# The vendor's page, to the letter.
MESSAGE = (
    '"%(id)s","%(filtering_host)s","%(sender)s","%(recipient)s","%(domain)s","%(timestamp)s","%(sender_host)s",'
    '"%(helo)s","%(sender_ip)s","%(incoming_size)s","%(outgoing_size)s","%(status)s","%(classification)s",'
    '"%(classification_details)s","%(from_header)s","%(to_header)s","%(cc_header)s","%(subject_header)s"'
)
STATUS = (
    '"%(id)s","%(filtering_host)s","%(domain)s","%(recipient)s","%(status)s","%(delivery_date)s","%(delivery_ip)s",'
    '"%(delivery_port)s","%(delivery_fqdn)s","%(delivery_data)s"'
)
WANTED = {
    "host": "Syslog.Example.com.",
    "port": 5514,
    "facility": "LOG_LOCAL3",
    "socket_type": "tcp",
    "level": "debug",
    "enabled": True,
    "message_template": MESSAGE,
    "status_template": STATUS,
}
CANONICAL = {**WANTED, "host": "syslog.example.com", "facility": "local3", "level": "DEBUG"}


def params(emulator, **more):
    defaults = {name: item.get("default") for name, item in remote_syslog_server_spec().items()}
    connection = {
        "api_url": emulator.url,
        "api_username": emulator.username,
        "api_password": emulator.password,
        "ca_path": emulator.ca_path,
        "timeout": 5,
        "retries": 1,
        "use_proxy": False,
        "verify_retries": 2,
        "verify_delay": 0,
    }
    return {**defaults, **connection, **more}


def run(emulator, check_mode=False, **more):
    result = execute(apply_settings, params(emulator, **more), check_mode)
    shown = json.dumps(result)
    pair = f"{emulator.username}:{emulator.password}".encode()
    for secret in (emulator.password, quote(emulator.password), base64.b64encode(pair).decode()):
        assert secret not in shown
    if "failure_class" in result:
        assert result["failure_class"] in FAILURE_CLASSES and "\n" not in result["msg"]
    return result


def contract(emulator, wanted):
    """Check mode writes nothing and predicts; the run writes once; a second changes nothing. Returns the run."""
    sets = emulator.state.sets
    predicted = run(emulator, check_mode=True, **wanted)
    assert emulator.state.sets == sets
    result = run(emulator, **wanted)
    assert not result.get("failed"), result
    assert (predicted["diff"], predicted["changed_keys"]) == (result["diff"], result["changed_keys"])
    assert emulator.state.sets == sets + result["changed"]
    assert result["verified"]
    again = run(emulator, **wanted)
    assert not again.get("failed") and not again["changed"], again
    assert again["before"] == again["settings"] and again["diff"]["before"] == again["diff"]["after"]
    assert "warnings" not in again
    info = execute(read_settings, params(emulator), False)
    assert info["settings"] == again["settings"] and not info["changed"]
    return result


LAYOUTS = ["kv_colon", "kv_equals", "kv_blank", "repr", "json", "csv", "tuple"]


@pytest.mark.parametrize("warnings", ["before", "inline", "after", "none"])
@pytest.mark.parametrize("omitted", ["keep", "default", "clear"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_warnings_and_omission(emulator, layout, omitted, warnings):
    emulator.switches.update({"get_format": layout, "omitted": omitted, "warnings": warnings})
    result = contract(emulator, WANTED)
    assert result["settings"] == CANONICAL
    stored = emulator.state.settings
    assert (stored["message_template"], stored["status_template"]) == (MESSAGE, STATUS)
    before = emulator.state.settings
    contract(emulator, {"level": "INFO"})
    assert {**emulator.state.settings, "level": ""} == {**before, "level": ""}


SPELLINGS = [
    ({"socket_spelling": value}, {"socket_type": "tcp"}) for value in ("UDP", "SOCK_DGRAM", "datagram", "numeric")
]
SPELLINGS += [({"facility_spelling": value}, {"facility": "local5"}) for value in ("LOCAL0", "LOG_LOCAL0", "numeric")]
SPELLINGS += [({"level_spelling": value}, {"level": "warn"}) for value in ("INFO", "info", "numeric", "syslog")]
SPELLINGS += [
    ({"bool_spelling": value}, {"enabled": True, "host": "x.example"})
    for value in ("true", "1", "yes", "on", "enabled", "t")
]


@pytest.mark.parametrize("layout", ["kv_colon", "csv"])
@pytest.mark.parametrize("switches, wanted", SPELLINGS)
def test_spelling_of_the_cluster_is_written(emulator, switches, wanted, layout):
    emulator.switches.update({"get_format": layout, "accept_spelling": "own", **switches})
    contract(emulator, wanted)


@pytest.mark.parametrize("template", [MESSAGE, PRINTABLE])
@pytest.mark.parametrize("mangle", ["quoted", "single_quoted", "trailing_blank", "trimmed", "spanning", "folded"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_template_comes_back_changed(emulator, layout, mangle, template):
    emulator.switches.update({"get_format": layout, "template_mangle": mangle})
    contract(emulator, {"message_template": template, "status_template": STATUS})
    # A template that is not managed is written back as it is, not as it is shown.
    contract(emulator, {"port": 1514})
    assert emulator.state.settings["message_template"] == template


@pytest.mark.parametrize("switches", [
    {"line_end": "crlf", "bom": True}, {"charset": "latin-1"}, {"labels": "title"}, {"get_order": "sorted"},
    {"deprecated": True}, {"set_reply": "quotes"}, {"set_reply": "newline"}, {"translated": "unless_asked"},
    {"warn_when": "pinned"}, {"auth": "digest"}, {"native_types": False, "get_format": "json"}, {"lag_reads": 2},
    {"native_types": "long", "get_format": "repr"}, {"native_types": "long", "get_format": "tuple"},
])  # fmt: skip
def test_other_dialects(emulator, switches):
    emulator.state.pin(host="old.example.com")
    emulator.switches.update(switches)
    if "lag_reads" in switches:
        assert run(emulator, **WANTED)["verified"]
    else:
        contract(emulator, WANTED)


def test_host_can_be_removed(emulator):
    emulator.state.pin(host="old.example.com", enabled="True", port="1514")
    contract(emulator, {"host": "", "enabled": False})
    assert (emulator.state.settings["host"], emulator.state.settings["port"]) == ("", "1514")


@pytest.mark.parametrize("level", ["notice", "ALERT", "panic"])
def test_levels_of_syslog_are_passed_on(emulator, level):
    """Python has no such levels; a cluster that takes none of them says so, and is asked in its own words."""
    result = run(emulator, level=level)
    (write,) = emulator.journal.writes
    assert write["arguments"]["level"] == {"panic": "EMERG"}.get(level, level.upper())
    assert (result["failure_class"], result["changed"]) == ("bad_argument", False)
    emulator.state.pin(level=write["arguments"]["level"])
    assert not run(emulator, level=level)["changed"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_setting_that_the_reply_does_not_show(emulator, layout):
    """It cannot be compared, and would be written each time."""
    emulator.switches.update({"label_missing": "status_template", "get_format": layout})
    for wanted in (WANTED, {"level": "DEBUG"}):
        result = run(emulator, **wanted)
        assert (result["failure_class"], result["changed"]) == ("not_plaintext", False)
        assert "cannot be read with certainty" in result["msg"]
    assert emulator.journal.writes == []


def test_nothing_untouched_gets_pinned(emulator):
    emulator.state.pin(host="old.example.com", enabled="True")
    contract(emulator, {"level": "DEBUG"})
    assert set(emulator.state.pinned) == {"host", "enabled", "level"}


def test_foreign_value_survives_where_no_defaults_are_shown(emulator):
    emulator.set_switch("warnings", "none")
    emulator.state.pin(host="old.example.com", level="ERROR", message_template=PRINTABLE)
    contract(emulator, {"port": 1514})
    stored = emulator.state.settings
    assert (stored["level"], stored["message_template"]) == ("ERROR", PRINTABLE)


@pytest.mark.parametrize("how", [{"reset": ["level", "port"]}, {"level": "default", "port": "default"}])
def test_reset(emulator, how):
    emulator.state.pin(host="old.example.com", level="ERROR", port="1514")
    result = contract(emulator, how)
    sides = {side: result["diff"][side] for side in ("before", "after")}
    assert sides == {"before": {"level": "ERROR", "port": 1514}, "after": {"level": "INFO", "port": 514}}
    assert set(emulator.state.pinned) == {"host"}
    assert result["defaults"]["level"] == "INFO" and "host" not in result["defaults"]


def test_reset_of_everything(emulator):
    emulator.state.pin(host="old.example.com", level="ERROR")
    contract(emulator, {"reset": list(WANTED)})
    assert emulator.state.pinned == {}


def test_before_restores(emulator):
    emulator.state.pin(host="old.example.com", level="ERROR")
    before = run(emulator, **WANTED)["before"]
    restored = run(emulator, **before)
    assert restored["settings"] == before


@pytest.mark.parametrize("fault, failure_class", [
    ("unauthorized", "auth"), ("credential_text", "auth"), ("permission", "permission"), ("forbidden", "permission"),
    ("ip_restricted", "ip_restricted"), ("unknown_method", "unknown_method"), ("html", "not_plaintext"),
    ("login_page", "not_plaintext"), ("traceback", "not_plaintext"), ("sqlstate", "not_plaintext"),
    ("redirect", "not_plaintext"), ("cut", "not_plaintext"), ("empty", "not_plaintext"), ("dropped", "transport"),
    ("truncated", "transport"), ("server_error", "transport"), ("unavailable", "transport"),
])  # fmt: skip
def test_fault_while_reading(emulator, fault, failure_class):
    emulator.state.pin(host="old.example.com", level="ERROR")
    emulator.switches.update({"fault": fault})
    result = run(emulator, retries=0, **WANTED)
    assert (result["failed"], result["failure_class"], result["changed"]) == (True, failure_class, False)
    assert emulator.journal.writes == []


@pytest.mark.parametrize("fault", ["permission", "ip_restricted", "unknown_method", "credential_text", "unauthorized"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_refused_write_tells_what_holds(emulator, fault, when):
    emulator.switches.update({"fault": fault, "fault_calls": "api_set_*", "fault_when": when})
    result = run(emulator, **WANTED)
    assert result["failed"] and result["changed"] is (when == "after")
    assert len(emulator.journal.writes) == 1
    assert result["settings"] == (CANONICAL if when == "after" else result["before"])
    assert ("these took effect: none" in result["msg"]) is (when == "before")


@pytest.mark.parametrize("fault", ["dropped", "truncated", "server_error", "unavailable"])
def test_lost_answer_to_a_write_that_took_effect(emulator, fault):
    emulator.switches.update({"fault": fault, "fault_calls": "api_set_*", "fault_when": "after"})
    result = run(emulator, **WANTED)
    assert not result.get("failed") and result["changed"] and result["verified"]
    assert len(emulator.journal.writes) == 1


@pytest.mark.parametrize("late", [False, True])
def test_write_slower_than_the_timeout_that_takes_effect(emulator, monkeypatch, late):
    """Before the answer that nobody waits for, or only after a read found the old settings."""
    apply, told = emulator.state.apply, calls.get_reply
    begun, given_up, applied = threading.Event(), threading.Event(), threading.Event()

    def slow(*rest):
        begun.set()
        if not late:
            apply(*rest)
        assert given_up.wait(HANG)
        if late:
            apply(*rest)
        applied.set()

    def tell(*rest):
        text = told(*rest)
        if begun.is_set():
            # Nobody reads who still waits for the answer to a write.
            given_up.set()
            assert applied.wait(HANG)
        return text

    monkeypatch.setattr(emulator.state, "apply", slow)
    monkeypatch.setattr(calls, "get_reply", tell)
    result = run(emulator, timeout=2, retries=5, **WANTED)
    assert not result.get("failed") and result["changed"] and result["verified"], result
    assert result["settings"] == CANONICAL
    # A request is written down when it was answered.
    wait_for(lambda: emulator.journal.writes)
    assert len(emulator.journal.writes) == 1


def wait_for(condition):
    """Return when it holds; the limit is only for a test that hangs."""
    end = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


class Clock:
    """Stands in for the module time: it moves only by what is slept."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def test_cluster_that_shows_a_write_some_time_later(emulator, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(state, "time", clock)
    monkeypatch.setattr(deadline, "time", clock)
    emulator.set_switch("lag_s", 1.5)
    late = run(emulator, verify_retries=0, **WANTED)
    assert (late["failure_class"], late["changed"]) == ("verify", True) and "raise verify_retries" in late["msg"]
    clock.sleep(1.5)
    assert not run(emulator, **WANTED)["changed"]
    result = run(emulator, verify_retries=3, verify_delay=1, level="ERROR")
    assert (result["changed"], result["verified"], result["settings"]["level"]) == (True, True, "ERROR")
    assert len(emulator.journal.writes) == 2


def test_waiting_for_a_setting_ends_with_the_deadline(emulator, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(deadline, "time", clock)
    emulator.set_switch("ignore_set", "level")
    result = run(emulator, verify_retries=1000, verify_delay=60, deadline=300, level="ERROR")
    assert result["failure_class"] == "verify" and "level did not take effect" in result["msg"]
    assert "raise verify_retries and deadline" in result["msg"]
    # It was asked after the write, and after each pause that the time was enough for.
    assert clock.now == 100 + 4 * 60 and len(emulator.journal.requests) == 2 + 5


def test_reply_that_ends_within_a_line_is_read_twice(emulator):
    """It may be whole, which a second one proves."""
    emulator.switches.update({"last_line_end": False})
    contract(emulator, WANTED)
    emulator.journal.clear()
    assert run(emulator, port=6514)["verified"]
    calls = [re.sub("_remote.*", "", call) for call in emulator.journal.calls]
    assert calls == ["api_get"] * 2 + ["api_set"] + ["api_get"] * 2


def test_reply_cut_where_nothing_shows_it_is_not_believed(emulator):
    emulator.switches.update({"warnings": "before", "fault": "clipped", "fault_count": 1})
    result = run(emulator, **WANTED)
    assert (result["failure_class"], result["changed"]) == ("transport", False)
    assert "cut off" in result["msg"] and emulator.journal.writes == []


def test_lost_write_is_repeated_once_after_reading(emulator):
    emulator.switches.update({"fault": "dropped", "fault_calls": "api_set_*", "fault_count": 1})
    assert run(emulator, **WANTED)["verified"]
    calls = [re.sub("_remote.*", "", call) for call in emulator.journal.calls]
    assert calls == ["api_get", "api_set", "api_get", "api_get", "api_get", "api_set", "api_get"]


def test_lost_write_is_not_repeated_without_retries(emulator):
    emulator.switches.update({"fault": "dropped", "fault_calls": "api_set_*"})
    result = run(emulator, retries=0, **WANTED)
    assert (result["failure_class"], result["changed"], len(emulator.journal.writes)) == ("transport", True, 1)


def test_lost_write_is_not_repeated_over_another_writer(emulator):
    emulator.switches.update(
        {"fault": "dropped", "fault_calls": "api_set_*", "fault_when": "after", "ignore_set": "level"}
    )
    result = run(emulator, **WANTED)
    assert (result["failure_class"], len(emulator.journal.writes)) == ("transport", 1)
    assert result["changed"] and result["msg"].endswith(", and these did not: level")


def test_reset_that_nobody_can_see_is_not_called_verified(emulator):
    emulator.state.pin(host="old.example.com", level="ERROR")
    emulator.switches.update({"warnings": "none", "ignore_set": "all"})
    result = run(emulator, reset=["level"])
    assert (result["changed"], result["verified"], result["settings"]["level"]) == (True, False, "ERROR")
    emulator.set_switch("ignore_set", "")
    assert run(emulator, reset=["level"])["verified"], "the value changed, which shows"
    assert run(emulator, reset=["level"])["verified"] is False


def test_warnings_that_end_with_the_write_tell(emulator):
    emulator.set_switch("warn_when", "pinned")
    emulator.state.pin(level="INFO")
    assert run(emulator, reset=["level"])["verified"]
    assert emulator.state.pinned == {}


def test_lost_reset_that_nobody_can_see_is_repeated(emulator):
    emulator.state.pin(host="old.example.com", level="ERROR")
    emulator.switches.update({"warnings": "none", "fault": "dropped", "fault_calls": "api_set_*", "fault_count": 1})
    result = run(emulator, reset=["level"])
    assert not result.get("failed") and result["verified"]
    assert (len(emulator.journal.writes), emulator.state.settings["level"]) == (2, "INFO")


def test_reset_lost_twice_says_that_nothing_shows(emulator):
    emulator.state.pin(host="old.example.com", level="ERROR")
    emulator.switches.update({"warnings": "none", "fault": "dropped", "fault_calls": "api_set_*"})
    result = run(emulator, reset=["level"])
    assert (result["failure_class"], result["changed"], len(emulator.journal.writes)) == ("transport", True, 2)
    assert "took effect: none; the cluster does not show whether it reset level" in result["msg"]


def test_cluster_without_a_host_is_taken_for_untouched(emulator):
    """As documented, with the way out."""
    emulator.set_switch("warnings", "none")
    emulator.state.pin(level="ERROR")
    result = run(emulator, reset=["level"])
    assert (result["changed"], result["verified"], emulator.journal.writes) == (False, False, [])
    result = run(emulator, reset=["level"], force=True)
    assert (result["changed"], result["verified"], emulator.state.pinned.get("level")) == (True, True, None)


@pytest.fixture
def silent_about_templates(monkeypatch):
    """A cluster that warns of every setting but its templates."""
    told = calls.get_reply
    monkeypatch.setattr(
        calls,
        "get_reply",
        lambda *rest: "".join(
            line for line in told(*rest).splitlines(True) if not re.match("Warning.*template'", line)
        ),
    )


@pytest.mark.parametrize("fault", ["none", "traceback"])
def test_literal_that_the_cluster_does_not_warn_about(emulator, silent_about_templates, fault):
    emulator.state.pin(host="old.example.com", message_template=PRINTABLE)
    emulator.switches.update({"fault": fault, "fault_calls": "api_set_*", "fault_when": "after"})
    result = run(emulator, level="DEBUG")
    assert (result["failed"], result["changed"]) == (True, True)
    assert result["before"]["message_template"] == PRINTABLE
    assert "message_template" not in result["before_defaults"] and "status_template" in result["before_defaults"]
    assert "message_template was assumed to follow the product's default" in result["msg"]
    assert "but did not; restore it from before" in result["msg"]
    emulator.set_switch("fault", "none")
    options = restore_settings(result, "any")
    assert options["message_template"] == PRINTABLE
    assert run(emulator, **options)["verified"] and emulator.state.settings["message_template"] == PRINTABLE


def test_second_write_that_cannot_be_sent_follows_one_that_was(emulator, monkeypatch):
    emulator.switches.update({"fault": "dropped", "fault_calls": "api_set_*"})
    write, sent = Client.write, []

    def once(client, *rest, **arguments):
        if sent:
            raise TransportError("api_url cannot be reached")
        sent.append(rest)
        return write(client, *rest, **arguments)

    monkeypatch.setattr(Client, "write", once)
    result = run(emulator, **WANTED)
    assert (result["failure_class"], result["changed"], len(emulator.journal.writes)) == ("transport", True, 1)
    assert result["settings"] == result["before"]
    assert result["msg"].startswith("api_url cannot be reached; the write was sent; ")
    assert result["msg"].count("the write was sent") == 1


def test_node_failure_on_a_slow_cluster_waits_for_what_holds(emulator):
    emulator.switches.update({"node_fail": emulator.nodes[1], "lag_reads": 1})
    result = run(emulator, **WANTED)
    assert (result["failure_class"], result["settings"]) == ("node", CANONICAL)
    assert "took effect: host, port" in result["msg"]


@pytest.mark.parametrize("switches", [{"ignore_set": "level,port"}, {"lag_reads": 9}])
def test_setting_that_does_not_take(emulator, switches):
    emulator.switches.update(switches)
    result = run(emulator, level="DEBUG", port=1514, host="x.example", enabled=True)
    assert (result["failed"], result["failure_class"], result["changed"], result["verified"]) == (
        True,
        "verify",
        True,
        False,
    )
    assert "port" in result["msg"] and "level is 'INFO'" in result["msg"]
    assert result["settings"]["level"] == "INFO"


SECRET = "0123456789abcdefGHIJKLMNOPQRSTUV"


@pytest.mark.parametrize("offset", range(20, 64))
def test_secret_that_a_message_cuts_shows_no_piece(emulator, offset):
    """A value is quoted up to its 60th character, and one that cannot be read up to its 40th."""
    emulator.set_switch("ignore_set", "message_template")
    emulator.state.pin(message_template="x" * offset + SECRET + " %(id)s")
    refused = run(emulator, message_template="%(id)s", template_secrets=[SECRET], verify_retries=0)
    emulator.state.pin(level="x" * offset + SECRET + " y")
    unread = run(emulator, level="INFO", template_secrets=[SECRET])
    assert (refused["failure_class"], unread["failure_class"]) == ("verify", "not_plaintext")
    assert "message_template is 'xxx" in refused["msg"] and "shows level as 'xxx" in unread["msg"]
    for at in range(len(SECRET) - 7):
        assert SECRET[at : at + 8] not in refused["msg"] + unread["msg"]


def test_node_that_was_not_reached(emulator):
    emulator.set_switch("node_fail", emulator.nodes[1])
    result = run(emulator, **WANTED)
    assert (result["failure_class"], result["changed"]) == ("node", True)
    assert emulator.nodes[1] in result["msg"] and result["settings"] == CANONICAL
    assert "run again with force" in result["msg"]


def test_settings_that_cannot_be_read_again(emulator):
    emulator.switches.update({"fault": "html", "fault_calls": "api_get_*", "fault_skip": 1})
    result = run(emulator, **WANTED)
    assert (result["failure_class"], result["changed"]) == ("not_plaintext", True)
    assert "could not be read again" in result["msg"] and "settings" not in result


def test_without_verify_nothing_is_read_again(emulator):
    result = run(emulator, verify=False, **WANTED)
    assert result["changed"] and not result["verified"] and result["settings"] == CANONICAL
    assert len(emulator.journal.calls) == 2


@pytest.mark.parametrize("omitted", ["keep", "clear"])
@pytest.mark.parametrize("place", ["first", "after_template", "last"])
@pytest.mark.parametrize("layout", ["kv_colon", "kv_equals", "kv_blank", "json", "repr"])
def test_settings_of_a_newer_build(emulator, layout, place, omitted):
    """They are reported, they hide nothing, and the one who writes learns what became of them."""
    emulator.switches.update({"get_format": layout, "more_settings": "protocol=rfc3164,tls_ca=none"})
    emulator.switches.update({"more_place": place, "more_omitted": omitted})
    shown = {"protocol": "rfc3164", "tls_ca": "none"}
    left_out = "a write leaves out protocol, tls_ca, which this collection does not know, "
    predicted = run(emulator, check_mode=True, **WANTED)
    assert predicted["warnings"] == [left_out + "which may clear them"] and predicted["unknown_settings"] == shown
    result = run(emulator, **WANTED)
    assert result["verified"] and result["settings"] == CANONICAL
    if omitted == "keep":
        assert result["warnings"] == [left_out + "which did not change them"] and result["unknown_settings"] == shown
    else:
        fate = "and protocol was 'rfc3164' and is '' now, tls_ca was 'none' and is '' now: set it again on the cluster"
        assert result["warnings"] == [left_out + fate] and result["unknown_settings"] == dict.fromkeys(shown, "")
    again = run(emulator, **WANTED)
    assert not again["changed"] and "warnings" not in again
    info = execute(read_settings, params(emulator), False)
    assert info["settings"] == CANONICAL and info["unknown_settings"] == result["unknown_settings"]
    assert run(emulator, verify=False, port=1)["warnings"] == [left_out + "which may clear them"]
    assert emulator.state.settings["message_template"] == MESSAGE


def test_end_of_a_template_that_looks_like_a_setting(emulator):
    """Only who gives the template knows. A write of something else cuts it, and says so."""
    template = "x" * (WIDTH - 6) + "%(id)s" + "part: two"
    emulator.state.pin(message_template=template, status_template="%(id)s")
    emulator.set_switch("template_mangle", "spanning")
    for _turn in range(2):
        given = run(emulator, message_template=template, port=1514)
        assert given["verified"] and given["unknown_settings"] == {} and "warnings" not in given
        assert given["settings"]["message_template"] == emulator.state.settings["message_template"] == template
    assert not given["changed"]
    predicted = run(emulator, check_mode=True, port=1)
    assert predicted["unknown_settings"] == {"part": "two"}
    left_out = "a write leaves out part, which this collection does not know, "
    assert predicted["warnings"] == [left_out + "which may clear them"]
    cut = run(emulator, port=1)
    assert emulator.state.settings["message_template"] == template[:WIDTH]
    assert cut["changed_keys"] == ["port"] and "part was 'two' and is not shown any more" in cut["warnings"][0]
    assert cut["warnings"][0].endswith("was the end of a template over two lines, give that template again")


def test_failure_after_a_write_says_what_became_of_unknown_settings(emulator):
    emulator.switches.update({"more_settings": "tls=yes", "more_omitted": "clear", "ignore_set": "port"})
    result = run(emulator, **WANTED)
    assert result["failure_class"] == "verify" and "tls was 'yes' and is '' now" in result["warnings"][0]


@pytest.mark.parametrize("layout", ["csv", "tuple"])
def test_ninth_value_without_a_label_is_refused(emulator, layout):
    """Nobody can tell which of the nine it is."""
    emulator.switches.update({"get_format": layout, "more_settings": "protocol=rfc3164"})
    result = run(emulator, **WANTED)
    assert (result["failure_class"], result["changed"]) == ("not_plaintext", False) and emulator.journal.writes == []


def test_diff_has_a_line_for_each_field_and_no_secret(emulator):
    secret = "0123456789abcdef%(id)s"
    emulator.state.pin(message_template=f"{secret}|%(sender)s", status_template="%(id)s")
    result = run(emulator, message_template=MESSAGE, status_template="x", template_secrets=[secret], port=1)
    assert result["diff"] == {
        "before": {"port": 514, "message_template": "********|%(sender)s", "status_template": "%(id)s"},
        "after": {"port": 1, "message_template": MESSAGE.replace(",", ",\n").split("\n"), "status_template": "x"},
        "before_header": emulator.url,
        "after_header": emulator.url,
    }


ANSWERS = ("OK", "None", "True", "0")


@pytest.mark.parametrize("answer", ANSWERS)
def test_write_that_is_answered_by_an_unknown_word(emulator, answer):
    """The settings read afterwards decide; the word is returned."""
    emulator.switches.update({"set_reply": answer, "deprecated": True})
    assert answer in contract(emulator, WANTED)["api_messages"]
    emulator.set_switch("lag_reads", 1)
    assert run(emulator, port=1514)["verified"]
    emulator.set_switch("lag_reads", 0)
    # It changes nothing that could be seen, and all is as it should be.
    forced = run(emulator, force=True, port=1514)
    assert forced["changed"] and forced["verified"] and answer in forced["api_messages"]


@pytest.mark.parametrize("answer", ANSWERS)
def test_unknown_word_with_nothing_to_prove_it_is_a_failure(emulator, answer):
    emulator.switches.update({"set_reply": answer, "warnings": "none"})
    unread = run(emulator, verify=False, **WANTED)
    reset = run(emulator, reset=["facility"])
    emulator.set_switch("ignore_set", "port")
    ignored = run(emulator, port=1514, level="ERROR")
    emulator.switches.update({"ignore_set": "", "fault": "empty", "fault_calls": "api_get_*", "fault_skip": 1})
    blind = run(emulator, level="INFO")
    for result in (unread, ignored, blind):
        assert (result["failure_class"], result["changed"]) == ("not_plaintext", True)
        assert repr(answer) in result["msg"]
    assert not reset.get("failed") and reset["settings"]["facility"] == "local0"
    assert "these did not: port" in ignored["msg"]
    emulator.set_switch("fault", "none")
    # It already has the value of the default, so nothing shows whether it follows it now.
    again = run(emulator, reset=["facility"])
    assert again["failure_class"] == "not_plaintext" and "does not show whether it reset facility" in again["msg"]


@pytest.mark.parametrize("text", ["Error: 17", "host: OK\nport: failed", "Could not reach node2", "permission denied"])
def test_error_is_no_unknown_word_though_the_settings_took(emulator, monkeypatch, text):
    monkeypatch.setattr(calls.Calls, "_done", lambda _self, _language: text + "\n")
    result = run(emulator, **WANTED)
    assert result["failed"] and result["changed"]
    assert "these took effect: host, port" in result["msg"]


def test_unknown_field_warns_of_lost_records(emulator):
    (warning,) = run(emulator, message_template="%(subjet_header)s", port=1)["warnings"]
    assert "unknown field subjet_header: did you mean subject_header?" in warning
    assert "may lose every record" in warning


@pytest.mark.parametrize("bad, words", [
    ({"port": 70000}, "port must be between 1 and 65535"),
    ({"enabled": True}, "there is no host"),
    ({"level": "INFO", "reset": ["level"]}, "level has a value and is listed in reset"),
    ({"message_template": "100% %(id)s"}, "message_template: "),
    ({"message_template": "%(id"}, "message_template: "),
    ({"status_template": "a\nb"}, "status_template must not contain a line feed"),
    ({"message_template": "%(subject_heder)s", "validate_templates": "strict"}, "did you mean subject_header"),
    ({"message_template": "gr\u00fcn %(id)s", "validate_templates": "strict"}, "ASCII"),
    ({"message_template": "%(id)s\x1f%(status)s\x1e"}, "control character"),
    ({"verify_delay": -1}, "verify_delay must be 0 or more"),
])  # fmt: skip
def test_bad_option(emulator, bad, words):
    result = run(emulator, **bad)
    assert (result["failed"], result["failure_class"], result["changed"]) == (True, "bad_argument", False)
    assert words in result["msg"]
    assert emulator.journal.writes == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_no_web_server_takes_is_refused_in_check_mode_too(emulator, check_mode):
    result = run(emulator, check_mode, message_template="%(id)s" * 1200, validate_templates="off")
    assert (result["failed"], result["failure_class"], result["changed"]) == (True, "bad_argument", False)
    assert "message_template is too long" in result["msg"] and emulator.journal.writes == []


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("omitted", ["keep", "default", "clear"])
def test_empty_value_of_a_setting_that_is_not_managed(emulator, omitted, check_mode):
    """Whatever an empty argument means, nothing happens to it unsaid."""
    emulator.switches.update({"warnings": "none", "omitted": omitted})
    emulator.state.pin(host="old.example.com", level="")
    result = run(emulator, check_mode, port=1514)
    assert (result["failure_class"], result["changed"], emulator.journal.writes) == ("bad_argument", False, [])
    assert "level would not survive the write" in result["msg"] and "give a value, or" in result["msg"]
    assert not run(emulator, check_mode, port=514).get("failed")
    assert not run(emulator, check_mode, port=1514, level="INFO").get("failed")


def test_doubtful_templates_give_one_warning(emulator):
    doubtful = {"message_template": "%(subject_heder)s", "status_template": "gr\u00fcn"}
    result = run(emulator, **doubtful)
    assert result["changed"] and len(result["warnings"]) == 1
    assert "warnings" not in run(emulator, validate_templates="off", **doubtful)


def test_control_delimiter_is_no_fault(emulator):
    assert "warnings" not in contract(emulator, {"message_template": "x: M\x1f%(id)s\x1f%(status)s\x1fM"})


def test_missing_library(monkeypatch, emulator):
    monkeypatch.setattr(_module, "REQUESTS_IMPORT_ERROR", "Traceback ...")
    result = execute(apply_settings, params(emulator), False)
    assert result["failed"] and "requests" in result["msg"] and result["exception"] == "Traceback ..."
    assert (result["failure_class"], result["changed"]) == ("internal", False)


@pytest.mark.parametrize("broken, changed", [("read", False), ("write", True), ("_settle", True)])
def test_fault_of_ours_shows_no_secret(emulator, monkeypatch, broken, changed):
    """Its text and its traceback can hold what a request did."""

    def fail(*rest, **more):
        pair = base64.b64encode(f"{emulator.username}:{emulator.password}".encode()).decode()
        shown = [emulator.password, quote(emulator.password, safe=""), pair, {"p": emulator.password}, SECRET]
        raise KeyError(f"?call=api_set&message_template={SECRET} {shown}")

    if broken == "_settle":
        monkeypatch.setattr(Write, broken, fail)
    else:
        method = Client._get
        monkeypatch.setattr(
            Client, "_get", lambda client, url: fail() if ("api_set" in url) is changed else method(client, url)
        )
    result = run(emulator, template_secrets=[SECRET], **WANTED)
    assert (result["failed"], result["failure_class"], result["changed"]) == (True, "internal", changed)
    assert result["msg"].startswith("unexpected KeyError: ")
    assert ("a write was sent" in result["msg"]) is changed and ("nothing was written" in result["msg"]) is not changed
    assert "KeyError" in result["exception"] and "in fail" in result["exception"] and "********" in result["exception"]
    assert SECRET not in json.dumps(result)
