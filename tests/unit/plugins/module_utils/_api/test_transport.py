# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client and a server, or a proxy, that means no good: no end, no TLS, no certificate that fits."""

from __future__ import annotations

import contextlib
import hashlib
import select
import socket
import ssl
import sys
import threading
import tracemalloc
import types
import urllib.request
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api import client as _client
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api import deadline as _deadline
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api import transport as _transport
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.client import Client, Connection
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import ApiError, TransportError
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.trust import Trust
from emulator import Emulator

GET = "api_get_remote_syslog_server"
SET = "api_set_remote_syslog_server"
MIB = 1024 * 1024
# Only against a test that hangs.
HANG = 600


@pytest.fixture(scope="module")
def running():
    with Emulator(drip_s=0) as emulator:
        yield emulator


@pytest.fixture
def emulator(running, monkeypatch):
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    running.switches.reset()
    running.set_switch("drip_s", 0)
    running.state.reset()
    running.journal.clear()
    return running


def client(emulator, **more):
    options = {
        "api_url": emulator.url,
        "api_username": emulator.username,
        "api_password": emulator.password,
        "validate_certs": True,
        "ca_path": emulator.ca_path,
        "ca_fingerprint": None,
        "timeout": HANG,
        "deadline": HANG,
        "retries": 0,
        "use_proxy": False,
        **more,
    }
    return Client(Connection.from_options(options))


def failure(emulator, call="read", **more):
    with client(emulator, **more) as api, pytest.raises(TransportError) as error:
        getattr(api, call)(GET if call == "read" else SET)
    return error.value


# -- time and size


class Timer:
    """Stands in for threading.Timer: the time is up when `up` is set."""

    up = threading.Event()

    def __init__(self, _seconds, function):
        self._function, self._off = function, False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        self.up.wait()
        if not self._off:
            self._function()

    def start(self):
        self._thread.start()

    def cancel(self):
        self._off = True
        self.up.set()

    def join(self):
        self._thread.join()


@pytest.fixture
def up(monkeypatch):
    """An event: when it is set, the time is up."""
    monkeypatch.setattr(Timer, "up", threading.Event())
    monkeypatch.setattr(_deadline, "threading", types.SimpleNamespace(Timer=Timer, Lock=threading.Lock))
    return Timer.up


@pytest.mark.parametrize("call", ["read", "write"])
@pytest.mark.parametrize("fault, slow", [("drip", 0), ("none", threading.TIMEOUT_MAX)])
def test_deadline_ends_what_has_no_end(emulator, up, fault, slow, call):
    emulator.set_switch(fault=fault, slow_s=slow)
    with client(emulator, deadline=300, retries=3) as api:
        wait_then(lambda: emulator.journal.requests or (slow and api._deadline._watched), up.set)
        with pytest.raises(TransportError) as error:
            getattr(api, call)(GET)
        assert "no complete answer within the deadline of 300 s" in error.value.message
        assert error.value.sent and error.value.failure_class == "transport"
        # Not even a try: the time of the whole task is up.
        count = len(emulator.journal.requests)
        emulator.switches.reset()
        with pytest.raises(TransportError) as error:
            api.write(SET)
        assert "deadline" in error.value.message and not error.value.sent
        assert len(emulator.journal.writes) <= 1 and len(emulator.journal.requests) == count


@pytest.mark.parametrize("call", ["read", "write"])
def test_handshake_without_an_answer_ends_at_the_deadline(emulator, up, call):
    """The limit of the connection is then what is left of the task, even if that is noticed before the timer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = failure(emulator, call, api_url=f"https://127.0.0.1:{silent.getsockname()[1]}", deadline=1)
    assert "no complete answer within the deadline of 1 s" in error.message


def wait_then(condition, function):
    """Call the function as soon as the condition holds."""
    pause = threading.Event()

    def run():
        while not condition():
            pause.wait(0.01)
        function()

    threading.Thread(target=run, daemon=True).start()


def test_connection_broken_by_the_deadline_is_no_end_of_a_reply(emulator, up, monkeypatch):
    """Without a length, the end of the connection is the end of the reply."""
    emulator.set_switch(fault="drip_body")
    load = _transport.load

    def late(response):
        # The head is there, and some of the body.
        assert response.raw.read(3, decode_content=False)
        up.set()
        load(response)

    monkeypatch.setattr(_client, "load", late)
    assert "no complete answer within the deadline" in failure(emulator).message


def test_no_thread_is_left(emulator):
    before = threading.active_count()
    with client(emulator) as api:
        api.read(GET)
        mine = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
        assert len(mine) == 1
    assert not mine[0].is_alive() and before > 0


@pytest.mark.parametrize("fault", ["endless", "bomb"])
@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_body_without_end_takes_no_memory(emulator, fault, auth):
    emulator.set_switch(auth=auth, fault=fault)
    tracemalloc.start()
    try:
        error = failure(emulator)
        assert tracemalloc.get_traced_memory()[1] < 80 * MIB
    finally:
        tracemalloc.stop()
    assert "sent more than 16 MiB; check that api_url" in error.message and error.failure_class == "not_plaintext"


# -- certificates


def fingerprint(emulator, variant):
    text = emulator.certificates.path(variant).read_text()
    der = ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") :])
    return hashlib.sha256(der).hexdigest()


CAUSES = {
    "expired": ("the server's certificate has expired; renew it on the cluster, or give its SHA-256 fingerprint",),
    "wrong_name": ("certificate is for another name (", "use a name that it contains in api_url"),
    "unknown_ca": ("lacks the CA that signed the server's certificate (", "put its certificate into that file"),
    "self_signed": ("certificate is self-signed and not in ca_path /", "give its SHA-256 fingerprint"),
    "version_1": ("certificate is self-signed and not in ca_path /", "give its SHA-256 fingerprint"),
    "none": ("does not speak TLS at this port (", "give the port of HTTPS in api_url"),
}


@pytest.mark.parametrize("tls", CAUSES)
def test_each_cause_has_its_remedy(emulator, tls):
    emulator.set_switch("tls", tls)
    error = failure(emulator, "write", retries=3)
    assert error.failure_class == "tls" and not error.sent and emulator.journal.requests == []
    assert [part for part in CAUSES[tls] if part not in error.message] == [], error.message


@pytest.mark.parametrize("tls", CAUSES)
def test_ca_path_that_was_not_given_is_not_blamed(emulator, tls):
    emulator.set_switch("tls", tls)
    error = failure(emulator, ca_path=None)
    assert error.failure_class == "tls" and not error.sent
    assert ("ca_path" in error.message) == ("give its certificate in ca_path, or" in error.message), error.message
    assert ("ca_path" in error.message) == (tls in ("unknown_ca", "expired", "wrong_name"))


def test_certificate_of_version_1_that_ca_path_holds(emulator):
    """What follows depends on Python and urllib3: the oldest take its common name, others have their reasons not to."""
    emulator.set_switch("tls", "version_1")
    with client(emulator, ca_path=str(emulator.certificates.path("version_1"))) as api:
        try:
            api.read(GET)
        except TransportError as error:
            assert "cannot be checked, as with X.509 version 1 (" in error.message
            assert "give its SHA-256 fingerprint" in error.message and "ca_path" not in error.message


@pytest.mark.parametrize(
    "text", ["", "no certificate\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_ca_path_without_a_certificate(emulator, tmp_path, text):
    (tmp_path / "ca.pem").write_text(text)
    error = failure(emulator, ca_path=str(tmp_path / "ca.pem"))
    assert f"ca_path {tmp_path / 'ca.pem'} contains no certificate; give a PEM file" in error.message
    assert error.failure_class == "tls" and not error.sent


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_ca_certificates_of_the_environment(emulator, monkeypatch, tmp_path, variable):
    monkeypatch.setenv(variable, emulator.ca_path)
    with client(emulator, ca_path=None) as api:
        assert "host" in api.read(GET)
    (tmp_path / "ca.pem").touch()
    monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
    assert f"{variable} {tmp_path / 'ca.pem'} contains no certificate" in failure(emulator, ca_path=None).message
    with client(emulator) as api:
        assert "host" in api.read(GET), "ca_path comes first"
    monkeypatch.setenv(variable, "/nonexistent")
    with pytest.raises(TransportError, match=f"{variable} /nonexistent cannot be read"):
        client(emulator, ca_path=None)
    monkeypatch.setenv(variable, "")
    assert "this host does not know the CA that signed" in failure(emulator, ca_path=None).message
    monkeypatch.setenv(variable, requests.certs.where())
    assert f"{variable} {requests.certs.where()} lacks the CA that signed" in failure(emulator, ca_path=None).message


PINNED = ("self_signed", "version_1", "expired", "wrong_name", "unknown_ca", "good")


@pytest.mark.parametrize("more", [{}, {"validate_certs": False}, {"ca_path": None}])
@pytest.mark.parametrize("tls", PINNED)
def test_pinned_certificate_is_accepted_and_no_other(emulator, tls, more):
    emulator.set_switch("tls", tls)
    shown = fingerprint(emulator, tls)
    colons = ":".join(shown[place : place + 2] for place in range(0, 64, 2)).upper()
    for spelling in (shown, colons):
        with client(emulator, ca_fingerprint=spelling, **more) as api:
            assert "host" in api.read(GET)
    emulator.journal.clear()
    error = failure(emulator, "write", ca_fingerprint=shown[::-1], retries=3, **more)
    assert f"has the SHA-256 fingerprint {shown}, not ca_fingerprint's" in error.message
    assert error.failure_class == "tls" and not error.sent
    # The password did not leave this process.
    assert emulator.journal.requests == []


# -- proxies


class Proxy:
    """Takes CONNECT, passes on what follows, and keeps what it was told first."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.heads = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                near, _address = self._socket.accept()
                threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near):
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(65536)
        self.heads.append(head)
        host, port = head.split()[1].decode().rsplit(":", 1)
        with contextlib.suppress(OSError), near, socket.create_connection((host, int(port))) as far:
            near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                for side in select.select([near, far], [], [])[0]:
                    data = side.recv(65536)
                    if not data:
                        return
                    (far if side is near else near).sendall(data)

    def close(self):
        self._socket.close()


@pytest.fixture
def proxy():
    proxy = Proxy()
    yield proxy
    proxy.close()


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_proxy_of_the_environment_is_used(emulator, proxy, monkeypatch, variable):
    monkeypatch.setenv(variable, f"http://user:p%40ss@127.0.0.1:{proxy.port}")
    with client(emulator, use_proxy=True) as api:
        assert "host" in api.read(GET)
    assert len(proxy.heads) == 1 and b"Proxy-Authorization: Basic dXNlcjpwQHNz" in proxy.heads[0]
    monkeypatch.setenv("NO_PROXY", "example.com,127.0.0.0/8")
    for more in ({"use_proxy": True}, {"use_proxy": False}):
        with client(emulator, **more) as api:
            api.read(GET)
    assert len(proxy.heads) == 1


def test_pin_and_deadline_hold_through_a_proxy(emulator, proxy, monkeypatch, up):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    emulator.set_switch("tls", "self_signed")
    shown = fingerprint(emulator, "self_signed")
    with client(emulator, use_proxy=True, ca_fingerprint=shown) as api:
        assert "host" in api.read(GET)
    up.clear()
    emulator.journal.clear()
    assert "not ca_fingerprint's" in failure(emulator, use_proxy=True, ca_fingerprint=shown[::-1]).message
    assert emulator.journal.requests == [] and len(proxy.heads) == 2
    up.clear()
    emulator.set_switch("fault", "drip")
    wait_then(lambda: emulator.journal.requests, up.set)
    assert "deadline" in failure(emulator, use_proxy=True, ca_fingerprint=shown).message


def test_system_is_not_asked_for_its_proxies(emulator, monkeypatch):
    """macOS ends a forked process that asks."""
    asked = []

    def ask(*words):
        asked.append(words)
        return {}

    for module in (urllib.request, requests.utils, requests.compat, _transport):
        for name in ("getproxies", "proxy_bypass"):
            monkeypatch.setattr(module, name, ask, raising=False)
    with contextlib.suppress(requests.RequestException):
        requests.get(emulator.url, proxies={"https": ""})
    assert asked, "the usual way asks"
    asked.clear()
    for use_proxy in (True, False):
        with client(emulator, use_proxy=use_proxy) as api:
            api.read(GET)
    assert asked == []


SECRETS = (
    "pa#s5word",
    "pa/s5word",
    "pa?s5word",
    "#s5word",
    "12/s5word",
    "12?s5word",
    "pa s5word",
    "[s5word",
    "pas5word",
)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.0.0.1:port", "[::1", "", "127.0.0.1:99999", "no.invalid"])
@pytest.mark.parametrize("secret", [*SECRETS, "pa@s5word"])
def test_password_of_a_proxy_is_in_no_error(emulator, monkeypatch, secret, host):
    for scheme in ("http://", "", "https://", "ftp://", "socks5://", "http:/"):
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}user:{secret}@{host}")
        with pytest.raises(ApiError) as error, client(emulator, use_proxy=True) as api:
            api.read(GET)
        assert "s5word" not in error.value.message, error.value.message
        assert "use_proxy to false" in error.value.message


def test_failure_of_tls_after_the_handshake_may_have_come_after_the_write():
    """Then the settings have to be read again; what is known to be of the handshake comes before."""
    known, unknown = ssl.SSLError(1, "x"), ssl.SSLError(1, "x")
    known.reason, unknown.reason = "WRONG_VERSION_NUMBER", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"
    found = [Trust().failure("here", [error], "text") for error in (known, unknown)]
    assert [(error.failure_class, error.sent) for error in found] == [("tls", False), ("tls", True)]
