# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client against the emulator: what it sends, and what it makes of the replies."""

from __future__ import annotations

import dataclasses
import sys
import threading
from pathlib import Path
from urllib.parse import unquote

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api import client as _client
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api import deadline as _deadline
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.client import Client, Connection
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import (
    ApiError,
    OptionError,
    TransportError,
    redactor,
)
from emulator import Emulator

GET = "api_get_remote_syslog_server"
SET = "api_set_remote_syslog_server"


@pytest.fixture(scope="module")
def running():
    with Emulator(password="p&ss: wörd/+%") as emulator:
        yield emulator


@pytest.fixture
def emulator(running):
    running.switches.reset()
    running.state.reset()
    running.journal.clear()
    return running


def options(emulator, **more):
    return {
        "api_url": emulator.url,
        "api_username": emulator.username,
        "api_password": emulator.password,
        "validate_certs": True,
        "ca_path": emulator.ca_path,
        "timeout": 120,
        "deadline": 86400,
        "retries": 0,
        "use_proxy": False,
        **more,
    }


def client(emulator, **more):
    return Client(Connection.from_options(options(emulator, **more)))


def failure(emulator, call="read", **more):
    with client(emulator, **more) as api, pytest.raises(TransportError) as error:
        getattr(api, call)(GET if call == "read" else SET)
    return error.value


def test_every_character_arrives(emulator):
    template = "".join(map(chr, range(32, 127))) + "\x1f\tü€ %% &amp; a+b;c#d"
    with client(emulator) as api:
        assert api.write(SET, message_template=template) == ""
    assert emulator.state.settings["message_template"] == template
    query = emulator.journal.requests[-1]["query"]
    assert "+" not in query and " " not in query and ";" not in query
    assert query.startswith(f"call={SET}&") and query.endswith("&api_language=en")


@pytest.mark.parametrize("scheme", ["basic", "digest", "both"])
def test_authentication(emulator, scheme):
    emulator.set_switch("auth", scheme)
    sets = emulator.state.sets
    with Client(Connection.from_options(options(emulator, retries=0))) as api:
        assert "host" in api.read(GET)
        assert api.write(SET, level="DEBUG") == ""
    assert len(emulator.journal.writes) == 1
    assert emulator.state.sets == sets + 1


def test_wrong_password(emulator):
    error = failure(emulator, api_password="other")
    assert error.failure_class == "auth" and "api_username or" not in error.message and "api_password" in error.message


@pytest.mark.parametrize("charset, bom", [("utf-8", False), ("utf-8", True), ("latin-1", False)])
def test_reply_is_decoded(emulator, charset, bom):
    emulator.state.pin(message_template="Gr\u00fc\u00dfe")
    emulator.switches.update({"charset": charset, "bom": bom})
    with client(emulator) as api:
        text = api.read(GET)
    assert "Gr\u00fc\u00dfe" in text and not text.startswith("\ufeff")


@pytest.mark.parametrize("fault", ["dropped", "unavailable"])
def test_read_is_repeated_and_write_is_not(emulator, fault):
    emulator.switches.update({"fault": fault, "fault_count": 1})
    with client(emulator, retries=2) as api:
        assert "host" in api.read(GET)
        assert len(emulator.journal.requests) == 2
        emulator.switches.update({"fault": fault, "fault_count": 1})
        with pytest.raises(TransportError) as error:
            api.write(SET, level="DEBUG")
    assert error.value.sent and error.value.failure_class == "transport"
    assert len(emulator.journal.writes) == 1


def test_reply_that_is_cut_off(emulator):
    emulator.set_switch("fault", "truncated")
    error = failure(emulator)
    assert error.failure_class == "transport" and error.sent


class Clock:
    """Stands in for the module time: it moves only by what is slept."""

    def __init__(self):
        self.now, self.slept = 100.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.slept.append(seconds)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_client, "time", clock)
    monkeypatch.setattr(_deadline, "time", clock)
    return clock


@pytest.mark.parametrize("asked, slept", [(-1, [0, 1, 2, 4]), (3, [3, 3, 3, 4]), (7200, [60, 60, 60, 60])])
def test_pauses_between_tries(emulator, clock, asked, slept):
    """As long as the server asks for, but not for hours; and the message says what it took in all."""
    emulator.switches.update({"fault": "unavailable", "retry_after": asked})
    error = failure(emulator, retries=4)
    assert clock.slept == slept and len(emulator.journal.requests) == 5
    assert f"HTTP 503, 5 times in {sum(slept)} s; try again later" in error.message


def test_no_pause_goes_beyond_the_deadline(emulator, clock):
    """It would be for nothing; the error itself says more than that the time is up."""
    emulator.switches.update({"fault": "unavailable", "retry_after": 60})
    error = failure(emulator, retries=4, deadline=100)
    assert clock.slept == [60] and "HTTP 503, 2 times in 60 s" in error.message


def test_environment_does_not_overrule_the_options(emulator, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/ca.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    for more in ({}, {"validate_certs": False, "ca_path": None}):
        with client(emulator, **more) as api:
            assert "host" in api.read(GET)


@pytest.mark.parametrize("job, shown", [("42", " (job 42)"), ("", ""), ("42\n", ""), ("build-42", ""), ("1" * 19, "")])
def test_requests_name_the_job(emulator, monkeypatch, job, shown):
    """AWX sets JOB_ID; what is not a number is not AWX's."""
    monkeypatch.setenv("JOB_ID", job)
    with client(emulator) as connected:
        connected.read(GET)
    assert emulator.journal.requests[-1]["agent"] == f"spamexperts.local_cloud{shown}"


def test_proxy_of_the_environment_is_used(emulator, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert "use_proxy" in failure(emulator, use_proxy=True).message


def test_no_warning_where_the_user_switched_checks_off(emulator, recwarn):
    with client(emulator, validate_certs=False) as api:
        api.read(GET)
    assert [warning for warning in recwarn if "InsecureRequest" in warning.category.__name__] == []


@pytest.mark.parametrize("fault, target", [("redirect", "/index.php"), ("bad_redirect", "an invalid URL")])
def test_redirect_is_refused(emulator, fault, target):
    emulator.set_switch("fault", fault)
    error = failure(emulator)
    assert (
        f"redirects to {target}, and redirects are refused" in error.message and error.failure_class == "not_plaintext"
    )
    assert len(emulator.journal.requests) == 1


def test_slow_server(emulator):
    with client(emulator) as api:
        api.read(GET)
        emulator.set_switch("slow_s", threading.TIMEOUT_MAX)
        # Only now, so that connecting may take as long as this machine wants.
        api.connection = dataclasses.replace(api.connection, timeout=1.0)
        with pytest.raises(TransportError) as error:
            api.write(SET)
        assert "did not answer within 1 s; raise timeout" in error.value.message and error.value.sent
        api.connection = dataclasses.replace(api.connection, retries=1)
        with pytest.raises(TransportError, match="did not answer within 1 s, 2 times in [0-9]+ s; raise timeout"):
            api.read(GET)


@pytest.mark.parametrize("url, words", [("https://127.0.0.1:1", "refused"), ("https://master.invalid", "resolve")])
def test_unreachable(emulator, url, words):
    error = failure(emulator, "write", api_url=url)
    assert words in error.message.lower() or "name" in error.message.lower()
    assert error.failure_class == "transport" and not error.sent


@pytest.mark.parametrize(
    "url, wanted",
    [
        ("https://master.example.com", "https://master.example.com/cgi-bin/api"),
        ("https://master.example.com/", "https://master.example.com/cgi-bin/api"),
        ("HTTPS://Master.example.com:8443/cgi-bin/api/", "https://master.example.com:8443/cgi-bin/api"),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]/cgi-bin/api"),
        ("https://master.example.com:443", "https://master.example.com/cgi-bin/api"),
        ("https://[2001:db8::1]:443/", "https://[2001:db8::1]/cgi-bin/api"),
        ("https://proxy.example.com/cluster", "https://proxy.example.com/cluster/cgi-bin/api"),
    ],
)
def test_api_url(emulator, url, wanted):
    assert Connection.from_options(options(emulator, api_url=url)).url == wanted


@pytest.mark.parametrize(
    "more, words",
    [
        ({"api_url": "http://master.example.com"}, "api_url must begin with https://"),
        ({"api_url": "master.example.com"}, "api_url must begin with https://"),
        ({"api_url": "https://user:s3cret@master.example.com"}, "api_url must not contain credentials"),
        ({"api_url": "https://s3cret@master.example.com"}, "api_url must not contain credentials"),
        ({"api_url": "https://"}, "api_url names no host"),
        ({"api_url": "https://x:y/"}, "api_url is not a valid URL"),
        ({"api_url": "https://x/?call=1"}, "api_url must not have a query"),
        ({"api_password": ""}, "api_password must not be empty"),
        ({"api_username": "a:b"}, "api_username must not contain a colon"),
        ({"timeout": 0}, "timeout must be from 1"),
        ({"deadline": 0}, "deadline must be from 1"),
        ({"deadline": 10**9}, "deadline must be from 1 to 86400 seconds"),
        ({"ca_fingerprint": "ab:cd"}, "ca_fingerprint must be a SHA-256 fingerprint: 64 hexadecimal digits"),
        ({"retries": -1}, "retries must be 0 or more"),
        ({"ca_path": "/nonexistent"}, "ca_path /nonexistent cannot be read"),
    ],
)
def test_option_is_refused(emulator, more, words):
    with pytest.raises(ApiError) as error:
        Connection.from_options(options(emulator, **more))
    assert words in error.value.message and "s3cret" not in error.value.message and not error.value.sent


def test_request_that_no_web_server_takes(emulator):
    with client(emulator) as api, pytest.raises(OptionError, match="status_template is too long"):
        api.write(SET, host="x", status_template="%(id)s" * 1000)
    assert emulator.journal.requests == []


def test_redaction_of_every_form():
    password = "p&ss: w\u00f6rd/+%"
    redact = redactor("user", password)
    forms = [
        password,
        "p%26ss%3A%20w%C3%B6rd/%2B%25",
        "p%26ss%3a+w%c3%b6rd%2f%2b%25",
        "p&amp;ss: w\u00f6rd/+%",
        "cCZzczogd8O2cmQvKyU=",
        "dXNlcjpwJnNzOiB3w7ZyZC8rJQ==",
    ]
    for form in forms:
        assert unquote(redact(f"before {form} after")) == "before ******** after"


def test_connection_does_not_show_the_password(emulator):
    assert emulator.password not in repr(Connection.from_options(options(emulator)))
