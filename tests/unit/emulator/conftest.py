# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: an emulator, and a client that has nothing of the product's own."""

from __future__ import annotations

import base64
import socket
import ssl
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from emulator import Emulator

GET = "api_get_remote_syslog_server"
SET = "api_set_remote_syslog_server"


class Client:
    """Asks an emulator over HTTPS; `ask` returns the text, `reply` status, headers and bytes."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.context = ssl.create_default_context(cafile=emulator.ca_path)

    def reply(self, call, method="GET", password=None, raw=None, **arguments):
        query = raw if raw is not None else urllib.parse.urlencode({"call": call, **arguments})
        request = urllib.request.Request(f"{self.emulator.api_url}?{query}", method=method)
        secret = self.emulator.password if password is None else password
        token = base64.b64encode(f"{self.emulator.username}:{secret}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")

        class NoRedirect(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_args):
                return None

        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=self.context), NoRedirect, urllib.request.ProxyHandler({})
        )
        try:
            with opener.open(request) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def ask(self, call, **arguments):
        return self.reply(call, **arguments)[2].decode()

    def get(self):
        return self.ask(GET)

    def set(self, **arguments):
        return self.ask(SET, **arguments)


@pytest.fixture
def emulator():
    with Emulator(warnings="none") as running:
        yield running


@pytest.fixture
def client(emulator):
    return Client(emulator)


@pytest.fixture
def client_of():
    return Client


class Receiver:
    """Takes what the nodes send, framed as they frame it: a datagram each, or NUL on a stream."""

    def __init__(self, transport):
        self.records = []
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self._socket = socket.socket(socket.AF_INET, kind)
        self._socket.bind(("127.0.0.1", 0))
        self._connections = []
        self.port = self._socket.getsockname()[1]
        if transport == "udp":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        else:
            self._socket.listen()
        threading.Thread(target=self._udp if transport == "udp" else self._tcp, daemon=True).start()

    def _udp(self):
        while True:
            data = self._socket.recv(70000)
            assert data.endswith(b"\x00")
            self.records.append(data[:-1])

    def _tcp(self):
        while True:
            connection, _address = self._socket.accept()
            self._connections.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection):
        rest = b""
        while data := connection.recv(65536):
            *whole, rest = (rest + data).split(b"\x00")
            self.records.extend(whole)

    def holds(self, count):
        return len(self.records) == count

    def drop(self):
        for connection in self._connections:
            connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._connections = []


@pytest.fixture
def receiver():
    return Receiver
