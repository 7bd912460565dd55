# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API over HTTPS: calls, state, authentication, faults."""

from __future__ import annotations

import contextlib
import http.client
import json
import queue
import socket
import ssl
import threading
import time
import types
import urllib.error
import urllib.request

import pytest

from emulator import Emulator, state
from emulator.values import DEFAULTS, SETTINGS

GET = "api_get_remote_syslog_server"
SET = "api_set_remote_syslog_server"
VENDOR = (
    '"%(id)s","%(filtering_host)s","%(sender)s","%(recipient)s","%(domain)s","%(timestamp)s","%(sender_host)s",'
    '"%(helo)s","%(sender_ip)s","%(incoming_size)s","%(outgoing_size)s","%(status)s","%(classification)s",'
    '"%(classification_details)s","%(from_header)s","%(to_header)s","%(cc_header)s","%(subject_header)s"'
)
NASTY = "%(id)s;a&b=c+d #e%%f \"q\" 's' \\ ~ ü <x>"


def test_what_is_set_is_stored_byte_for_byte_and_a_literal_pins(emulator, client):
    assert client.get() == "".join(f"{name}: {DEFAULTS[name]}\n" for name in SETTINGS)
    assert client.set(host="logs.example", port="514", message_template=VENDOR, status_template=NASTY) == ""
    assert emulator.state.settings["message_template"] == VENDOR
    assert emulator.state.settings["status_template"] == NASTY
    assert set(emulator.state.pinned) == {"host", "port", "message_template", "status_template"}
    assert f"\nmessage_template: {VENDOR}\n" in client.get()


def test_default_gives_back_and_an_empty_argument_is_an_omitted_one(emulator, client):
    client.set(host="logs.example", level="DEBUG")
    client.set(level="default", host="")
    assert emulator.state.pinned == {"host": "logs.example"}
    assert emulator.state.settings["level"] == "INFO"


def test_meaning_of_omission(emulator, client):
    client.set(host="h", level="DEBUG")
    emulator.set_switch(omitted="default")
    client.set(host="h2")
    assert emulator.state.pinned == {"host": "h2"}
    emulator.set_switch(omitted="clear")
    client.set(host="h3")
    assert emulator.state.settings == {**dict.fromkeys(SETTINGS, ""), "host": "h3"}


@pytest.mark.parametrize(
    "arguments",
    [
        {"port": "70000"},
        {"port": "0"},
        {"port": "x"},
        {"facility": "nosuch"},
        {"facility": "24"},
        {"socket_type": "sctp"},
        {"level": "loud"},
        {"enabled": "perhaps"},
        {"nosuch": "1"},
    ],
)
def test_bad_values_answer_a_text_with_200_and_change_nothing(emulator, client, arguments):
    status, _headers, body = client.reply(SET, host="h", **arguments)
    assert status == 200
    assert next(iter(arguments)) in body.decode()
    assert emulator.state.pinned == {}


def test_only_the_spelling_that_is_shown_may_be_the_one_taken(emulator, client):
    emulator.set_switch(socket_spelling="SOCK_DGRAM", accept_spelling="own")
    assert "socket_type" in client.set(socket_type="tcp")
    assert client.set(socket_type="SOCK_STREAM") == ""
    assert emulator.state.settings["socket_type"] == "SOCK_STREAM"


def test_a_bare_semicolon_splits_or_is_data(emulator, client):
    assert "unknown argument" in client.reply(SET, raw=f"call={SET}&message_template=a;b")[2].decode()
    emulator.set_switch(semicolon="data")
    assert client.reply(SET, raw=f"call={SET}&message_template=a;b+c%2Bd")[2] == b""
    assert emulator.state.settings["message_template"] == "a;b c+d"


def test_the_other_calls(emulator, client):
    helped = client.ask("api_help")
    assert "status_template=''" in helped and "api_get_json_server_status() -> " in helped
    assert set(json.loads(client.ask("api_get_json_server_status"))) == set(emulator.nodes)
    assert "unknown API method 'api_nothing'" in client.ask("api_nothing")
    assert "GET" in client.reply(GET, method="POST")[2].decode()
    emulator.set_switch(without_status_template=True)
    assert "status_template" not in client.ask("api_help")
    assert "status_template" in client.set(status_template="x")


def test_prose_is_dutch_unless_english_is_asked_for(emulator, client):
    emulator.set_switch(translated="unless_asked")
    assert "onbekende" in client.ask("api_nothing")
    assert "unknown" in client.ask("api_nothing", api_language="en")
    emulator.set_switch(translated="always")
    assert "onbekende" in client.ask("api_nothing", api_language="en")


def test_set_replies(emulator, client):
    emulator.set_switch(set_reply="quotes", deprecated=True)
    text = client.set(host="h")
    assert text.startswith("Warning: this call is deprecated") and text.endswith('\n""\n')
    emulator.set_switch(max_argument=5)
    assert "maximum of 5" in client.set(host="longer.example")


def test_basic_authentication_and_the_journal_without_password(emulator, client):
    assert client.reply(GET, password="wrong")[0] == 401
    client.reply(GET, leak=emulator.password)
    client.set(host="h")
    entries = emulator.journal.requests
    assert [entry["status"] for entry in entries] == [401, 200, 200]
    assert entries[0]["authenticated"] is False
    assert entries[1]["password_seen"] and "password_seen" not in entries[2]
    assert emulator.journal.calls == [GET, SET]
    assert [entry["arguments"] for entry in emulator.journal.writes] == [{"host": "h"}]
    on_disk = (emulator.data_dir / "journal.jsonl").read_text()
    assert emulator.password not in on_disk and len(on_disk.splitlines()) == 3


def test_digest_authentication(emulator, client):
    emulator.set_switch(auth="digest")
    assert client.reply(GET)[0] == 401
    for password, wanted in ((emulator.password, 200), ("wrong", 401)):
        manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        manager.add_password(None, emulator.url, emulator.username, password)
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=client.context), urllib.request.HTTPDigestAuthHandler(manager)
        )
        try:
            status = opener.open(f"{emulator.api_url}?call={GET}").status
        except (urllib.error.HTTPError, ValueError) as error:
            status = getattr(error, "code", 401)
        assert status == wanted


@pytest.mark.parametrize(
    "fault, status, part",
    [
        ("unauthorized", 401, "401"),
        ("credential_text", 200, "credential is invalid"),
        ("permission", 200, GET),
        ("forbidden", 403, "403"),
        ("ip_restricted", 200, "127.0.0.1"),
        ("unknown_method", 200, "unknown API method"),
        ("html", 200, "<html>"),
        ("login_page", 200, "type='password'"),
        ("traceback", 200, "Traceback"),
        ("sqlstate", 200, "SQLSTATE"),
        ("server_error", 500, "500"),
        ("unavailable", 503, "503"),
        ("redirect", 302, ""),
    ],
)
def test_faults_that_answer(emulator, client, fault, status, part):
    emulator.set_switch("fault", fault)
    code, _headers, body = client.reply(GET)
    assert code == status and part in body.decode()


def test_faults_that_break_off(emulator, client):
    whole = client.get()
    emulator.set_switch(fault="cut")
    assert client.get() == whole[: len(whole) // 2]
    emulator.set_switch(fault="empty")
    assert client.get() == ""
    emulator.set_switch(fault="truncated")
    with pytest.raises(http.client.IncompleteRead):
        client.get()
    emulator.set_switch(fault="dropped")
    with pytest.raises(OSError):
        client.get()


def test_a_fault_can_be_for_one_call_start_late_and_end(emulator, client):
    emulator.set_switch(fault="unavailable", fault_calls="api_get_*", fault_skip=1, fault_count=2, retry_after=3)
    assert client.reply("api_help")[0] == 200
    replies = [client.reply(GET) for _i in range(4)]
    assert [reply[0] for reply in replies] == [200, 503, 503, 200]
    assert replies[1][1]["Retry-After"] == "3"


@pytest.mark.parametrize("when, host", [("before", ""), ("after", "h")])
def test_a_fault_comes_before_or_after_the_write(emulator, client, when, host):
    emulator.set_switch(fault="unavailable", fault_when=when)
    assert client.reply(SET, host="h")[0] == 503
    assert emulator.state.settings["host"] == host


def test_ignored_sets_and_lagging_reads(emulator, client):
    emulator.set_switch(ignore_set="port", lag_reads=2)
    assert client.set(host="h", port="1") == ""
    assert ["host: h\n" in client.get() for _i in range(4)] == [False, False, True, True]
    assert emulator.state.settings["port"] == "514"
    emulator.set_switch(ignore_set="all", lag_reads=0)
    assert client.set(host="h2") == "" and emulator.state.settings["host"] == "h"


def test_reads_that_lag_by_seconds(emulator, client, monkeypatch):
    clock = types.SimpleNamespace(now=100.0)
    monkeypatch.setattr(state, "time", types.SimpleNamespace(monotonic=lambda: clock.now))
    emulator.set_switch(lag_s=0.5)
    client.set(host="h")
    clock.now += 0.4
    assert "host: h\n" not in client.get()
    clock.now += 0.2
    assert "host: h\n" in client.get()


def test_a_node_that_fails_keeps_its_settings_and_the_reply_names_it(emulator, client):
    emulator.set_switch(node_fail=emulator.nodes[1])
    assert emulator.nodes[1] in client.set(host="h")
    assert [emulator.state.node(node)[1]["host"] for node in emulator.nodes] == ["h", "", "h"]
    assert emulator.state.settings["host"] == "h"


@pytest.mark.parametrize(
    "variant, part",
    [("wrong_name", "match"), ("expired", "expired"), ("self_signed", "self"), ("unknown_ca", "issuer")],
)
def test_certificates_that_must_be_refused(emulator, client, variant, part):
    emulator.set_switch(tls=variant)
    with pytest.raises(urllib.error.URLError) as caught:
        client.get()
    assert isinstance(caught.value.reason, ssl.SSLCertVerificationError) and part in str(caught.value)
    emulator.set_switch(tls="good")
    assert "host" in client.get()


def test_slow(emulator, client):
    emulator.set_switch(slow_s=0.3)
    begin = time.monotonic()
    client.get()
    assert time.monotonic() - begin >= 0.3


def test_stop_waits_for_what_is_being_answered(client_of):
    """A handler writes into the data directory; only then is that removed."""
    emulator = Emulator().start()
    add, remove = emulator.journal.add, emulator._temporary.cleanup
    inside, events, first = threading.Event(), queue.Queue(), []

    def slow(*arguments, **entry):
        handler = threading.current_thread()
        join = handler.join
        handler.join = lambda: events.put("waited for") or join()
        inside.set()
        first.append(events.get())
        add(*arguments, **entry)

    emulator.journal.add = slow
    emulator._temporary.cleanup = lambda: events.put("removed") or remove()

    def ask():
        with contextlib.suppress(OSError, http.client.HTTPException):
            client_of(emulator).get()

    asking = threading.Thread(target=ask)
    asking.start()
    inside.wait()
    emulator.stop()
    asking.join()
    assert first == ["waited for"]
    assert len(emulator.journal.requests) == 1
    assert not emulator.data_dir.exists()


def test_stop_ends_connections_that_wait(client_of):
    """Of one that has not said anything yet, one before its first request and one after it; and of a slow answer."""
    with Emulator(control_port=0) as emulator:
        client = client_of(emulator)
        silent = socket.create_connection(("127.0.0.1", emulator.port))
        greeted = client.context.wrap_socket(
            socket.create_connection(("127.0.0.1", emulator.port)), server_hostname="127.0.0.1"
        )
        idle = http.client.HTTPConnection("127.0.0.1", int(emulator.control_url.rpartition(":")[2]))
        idle.request("GET", "/switches")
        idle.getresponse().read()
        emulator.set_switch(slow_s=threading.TIMEOUT_MAX)
        greeted.sendall(b"GET / HTTP/1.1\r\n\r\n")
    for connection in (silent, greeted, idle.sock):
        with contextlib.suppress(OSError):
            while connection.recv(1000):
                pass
        connection.close()


def test_fifty_at_once_and_the_state_survives_a_restart(tmp_path, client_of):
    with Emulator(data_dir=tmp_path, password="a long password") as emulator:
        client = client_of(emulator)
        threads = [threading.Thread(target=client.set, kwargs={"host": f"h{n}", "port": n + 1}) for n in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(emulator.journal.writes) == 50
        settings = emulator.state.settings
        assert settings["host"] == f"h{int(settings['port']) - 1}"
        trusted = (tmp_path / "tls" / "ca.pem").read_bytes()
    with Emulator(data_dir=tmp_path) as again:
        assert again.state.settings == settings
        assert (tmp_path / "tls" / "ca.pem").read_bytes() == trusted
        assert again.password != "a long password"


def test_unknown_switches_and_values_are_refused(emulator):
    with pytest.raises(ValueError, match="nosuch"):
        emulator.set_switch(nosuch=1)
    with pytest.raises(ValueError, match="get_format"):
        emulator.set_switch(get_format="xml", warnings="after")
    assert emulator.switches["warnings"] == "none"
