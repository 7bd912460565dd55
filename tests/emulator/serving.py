# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server that leaves nothing behind when it stops: no connection, no thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Tuple, Type


class Server(ThreadingHTTPServer):
    """Serves each connection in a thread of its own; `stopping` is set when it stops."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: Tuple[str, int], handler: Type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.stopping = threading.Event()
        self._connections: Dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        super().__init__(address, handler)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Free the port, break the connections, and wait until the last request is dealt with."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._lock:
            connections = dict(self._connections)
        for connection in connections.values():
            self._break(connection)
        for thread in connections:
            thread.join()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Deal with a connection in a thread that `stop` waits for."""
        thread = threading.Thread(target=self._process, args=(request, client_address), daemon=True)
        with self._lock:
            self._connections[thread] = request
        thread.start()

    def use(self, connection: socket.socket) -> None:
        """Let `stop` break this connection instead of the one that the thread began with."""
        with self._lock:
            self._connections[threading.current_thread()] = connection
        if self.stopping.is_set():
            self._break(connection)

    def _process(self, request: Any, client_address: Any) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            with self._lock:
                del self._connections[threading.current_thread()]

    @staticmethod
    def _break(connection: socket.socket) -> None:
        # Not the method of a TLS connection: that is in the hands of its own thread.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
