# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rsyslog 8.2302 and 8.2504 do to bytes before they are a record; then the reference parser."""

from __future__ import annotations

import codecs

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.record import parse_record
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import LogFormat

MAX_MESSAGE = 128 * 1024  # bytes, priority included


def _each_byte(error: UnicodeError) -> tuple[str, int]:
    return "?" * (error.end - error.start), error.end


codecs.register_error("each-byte", _each_byte)


def utf8(data: bytes) -> str:
    """mmutf8fix: one question mark for each byte that is not part of a well-formed character (Unicode, table 3-7)."""
    return data.decode("utf-8", "each-byte")


def tcp_frames(stream: bytes) -> list[bytes]:
    """imtcp: a NUL ends a frame, as closing does; empty frames are nothing; an oversized frame is cut."""
    return [frame[:MAX_MESSAGE] for frame in stream.split(b"\0") if frame]


def udp_frame(datagram: bytes) -> bytes:
    """imudp: one closing NUL goes, any other becomes ``#000``.

    A defect of rsyslog: with such a NUL, control characters are lost from the one just before it to the end.
    """
    datagram = datagram[:-1] if datagram.endswith(b"\0") else datagram
    nul = datagram.find(b"\0")
    if nul < 0:
        return datagram
    start = max(nul - 1, 0)
    rest = b"".join(b"#000" if byte == 0 else bytes([byte]) if byte >= 32 else b"" for byte in datagram[start:])
    return datagram[:start] + rest


def records(frames: list[bytes], fmt: LogFormat) -> list[dict]:
    """What has to be on disk; canaries go elsewhere."""
    parsed = [parse_record(utf8(frame), fmt) for frame in frames]
    return [record for record in parsed if record["event.action"] != "canary"]
