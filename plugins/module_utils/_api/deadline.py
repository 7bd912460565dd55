# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The time that a task has. A timeout alone does not end it: it starts again with each byte that arrives."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import typing as t


class Deadline:
    """Breaks the connection that it watches when the time is up, whatever somebody is waiting for on it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        # Whether it has broken a connection: what was read from that one may lack its end.
        self.passed = False
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._timer: t.Optional[threading.Timer] = None
        self._watched: t.Optional[socket.socket] = None

    def left(self) -> float:
        """The seconds that are left; 0 when the time is up."""
        return 0.0 if self.passed else max(0.0, self._end - time.monotonic())

    def pause(self, seconds: float) -> bool:
        """Sleep; or return False at once if the time would be up by then."""
        if seconds >= self.left():
            return False
        time.sleep(seconds)
        return True

    def watch(self, connection: socket.socket) -> socket.socket:
        """Watch this connection instead of the last one, and return it."""
        with self._lock:
            self._forget()
            # A duplicate: TLS takes the original's place, and it may be closed and its number used for another file.
            self._watched = connection.dup()
            if self._timer is None:
                self._timer = threading.Timer(self.left(), self._break)
                self._timer.daemon = True
                self._timer.start()
            elif self.passed:
                self._shut()
        return connection

    def close(self) -> None:
        """Watch nothing any more; no thread is left."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        with self._lock:
            self._forget()

    def _break(self) -> None:
        with self._lock:
            self.passed = True
            self._shut()

    def _shut(self) -> None:
        if self._watched is not None:
            with contextlib.suppress(OSError):
                self._watched.shutdown(socket.SHUT_RDWR)

    def _forget(self) -> None:
        if self._watched is not None:
            self._watched.close()
            self._watched = None
