# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTPS server in front of the calls."""

from __future__ import annotations

import functools
import ssl
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler
from typing import Any, Tuple

from .auth import Authenticator
from .calls import Calls
from .dialect import encode
from .faults import ENDLESS, Faults, Reply, faulty
from .journal import Journal
from .prose import say
from .query import arguments
from .serving import Server
from .switches import Switches
from .tls import Certificates
from .together import Together

PATH = "/cgi-bin/api"
_BOMB = 256 * 1024 * 1024
_HANDSHAKE_S = 10.0
_IDLE_S = 60.0


@functools.lru_cache(maxsize=1)
def bomb() -> bytes:
    """Return a small text in gzip that unpacks to a very long one."""
    press = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    piece = b"x" * 65536
    return b"".join(press.compress(piece) for _number in range(_BOMB // len(piece))) + press.flush()


class Api:
    """Answers one HTTP request: authentication, faults, the call, the journal."""

    def __init__(self, calls: Calls, switches: Switches, journal: Journal, authenticator: Authenticator) -> None:
        self._calls, self._switches, self._journal, self._auth = calls, switches, journal, authenticator
        self._faults = Faults(switches)
        self._together = Together(switches)

    def answer(
        self, method: str, target: str, authorization: str, client: str, agent: str, stopping: threading.Event
    ) -> Reply:
        """Return the reply to a request for `target` (path and query), and write it down."""
        path, _mark, query = target.partition("?")
        pairs = arguments(query, self._switches["semicolon"])
        call = dict(pairs).get("call", "")
        passed = self._auth.passes(self._switches["auth"], authorization, method, target)
        language = self._calls.language(pairs)
        fault = "none"
        if path != PATH:
            reply = Reply("<html><body><h1>404 Not Found</h1></body></html>\n", 404, html=True)
        elif not passed:
            reply = self._unauthorized()
        elif method != "GET":
            reply = Reply(say(language, "method") + "\n")
        else:
            fault = self._faults.take(call)
            reply = self._fault(fault, call, pairs, client, language)
        self._journal.add(
            "request",
            method=method,
            path=path,
            query=query,
            call=call,
            arguments={name: value for name, value in pairs if name != "call"},
            client=client,
            agent=agent,
            authenticated=passed,
            status=reply.status,
            fault=fault,
            reply=reply.text[:4096],
        )
        if passed:
            self._together.wait(call, stopping)
        return reply

    def _unauthorized(self) -> Reply:
        headers = [("WWW-Authenticate", offer) for offer in self._auth.challenges(self._switches["auth"])]
        return Reply("<html><body><h1>401 Authorization Required</h1></body></html>\n", 401, headers, html=True)

    def _fault(self, fault: str, call: str, pairs: Any, client: str, language: str) -> Reply:
        if fault == "none":
            return self._calls.replayed(call) or Reply(self._calls.run(call, pairs))
        # Half a reply is only there after the call has run.
        late = self._switches["fault_when"] == "after" or fault in ("truncated", "cut", "clipped")
        reply = Reply(self._calls.run(call, pairs)) if late else Reply()
        if fault == "unauthorized":
            return self._unauthorized()
        return faulty(fault, reply, call, client, language, self._switches)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Apache"
    sys_version = ""
    disable_nagle_algorithm = True
    server: ApiServer

    def _any(self) -> None:
        # A body is read and thrown away, or it would be taken for the next request of the connection.
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.stopping.wait(self.server.switches["slow_s"])
        authorization, client = self.headers.get("Authorization", ""), str(self.client_address[0])
        agent = self.headers.get("User-Agent", "")
        reply = self.server.api.answer(self.command, self.path, authorization, client, agent, self.server.stopping)
        if reply.transmit == "dropped":
            self.close_connection = True
            return
        if reply.transmit in ENDLESS:
            self.close_connection = True
            self._without_end(reply.transmit)
            return
        body = encode(reply.text, self.server.switches) if reply.body is None else reply.body
        self.send_response_only(reply.status)
        self.send_header("Server", reply.server or self.server_version)
        self.send_header("Content-Type", reply.content_type or ("text/html" if reply.html else "text/plain"))
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        if reply.transmit == "truncated":
            body = body[: len(body) // 2]
            self.close_connection = True
        if self.command != "HEAD":
            self.wfile.write(body)

    def _without_end(self, how: str) -> None:
        coding = "Content-Encoding: gzip\r\n" if how == "bomb" else ""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{coding}Connection: close\r\n\r\n".encode()
        if how == "drip":
            self._drip(head)
        else:
            self.wfile.write(head)
        if how == "bomb":
            self.wfile.write(bomb())
            return
        while not self.server.stopping.is_set():
            if how == "endless":
                self.wfile.write(b"x: y\n" * 10000)
            else:
                self._drip(b"x: y\n")

    def _drip(self, text: bytes) -> None:
        for number in range(len(text)):
            self.wfile.write(text[number : number + 1])
            if self.server.stopping.wait(self.server.switches["drip_s"]):
                return

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _any

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the journal has it."""


class ApiServer(Server):
    """Listens on `address`; TLS starts in each connection's own thread, so no client can hold up another."""

    def __init__(self, address: Tuple[str, int], api: Api, switches: Switches, certificates: Certificates) -> None:
        self.api, self.switches, self._certificates = api, switches, certificates
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Do the TLS handshake, then the requests of this connection."""
        request.settimeout(_HANDSHAKE_S)
        if self.switches["tls"] == "none":
            request.recv(65536)
            request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        context = self._certificates.context(self.switches["tls"])
        with context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as secured:
            self.use(secured)
            secured.do_handshake()
            secured.settimeout(_IDLE_S)
            _Handler(secured, client_address, self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Swallow what clients do to connections; anything else is a defect of the emulator and is shown."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ssl.SSLError, OSError)):
            super().handle_error(request, client_address)
