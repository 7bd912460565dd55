# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control endpoint: plain HTTP and JSON on a port of its own, which the real product does not have."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Dict, Tuple

from .serving import Server

if TYPE_CHECKING:
    from .cluster import Emulator


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ControlServer

    def _run(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        try:
            body = json.loads(self.rfile.read(length)) if length else {}
            if not isinstance(body, dict):
                raise ValueError("the body must be a JSON object")
            status, content = self.server.route(f"{self.command} {self.path}", body)
        except (ValueError, TypeError) as error:
            status, content = 400, {"error": str(error)}
        data = (json.dumps(content) + "\n").encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = _run

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


class ControlServer(Server):
    """Lets a test change switches, read the journal and start flows while the emulator runs."""

    def __init__(self, address: Tuple[str, int], emulator: Emulator) -> None:
        self._emulator = emulator
        super().__init__(address, _Handler)
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        self.url = f"http://{host}:{self.server_address[1]}"

    def route(self, request: str, body: Dict[str, Any]) -> Tuple[int, Any]:
        """Return status and content for a request such as `GET /state`."""
        emulator = self._emulator
        if request == "GET /":
            return 200, emulator.describe()
        if request == "GET /switches":
            return 200, emulator.switches.as_dict()
        if request == "POST /switches":
            emulator.switches.update(body)
            return 200, emulator.switches.as_dict()
        if request == "GET /state":
            return 200, emulator.state.as_dict()
        if request == "POST /state":
            emulator.state.pin(**body)
            return 200, emulator.state.as_dict()
        if request == "GET /journal":
            return 200, emulator.journal.entries
        if request == "DELETE /journal":
            emulator.journal.clear()
            return 200, []
        if request == "POST /flow":
            return 202, emulator.start_flow(**body).summary()
        if request.startswith("GET /flow/"):
            return 200, emulator.flow(int(request[len("GET /flow/") :])).summary()
        if request.startswith("DELETE /flow/"):
            emulator.flow(int(request[len("DELETE /flow/") :])).stop()
            return 200, {}
        if request == "POST /reset":
            emulator.reset()
            return 200, {}
        return 404, {"error": f"unknown: {request}"}
