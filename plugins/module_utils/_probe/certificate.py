# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What kind of certificate a server shows: nothing of what it says, such as its names."""

from __future__ import annotations

import datetime
import typing as t

Facts = t.Dict[str, t.Any]

_SEQUENCE, _VERSION, _EXTENSIONS, _UTC_TIME = 0x30, 0xA0, 0xA3, 0x17
_ALTERNATIVE_NAMES = b"\x06\x03\x55\x1d\x11"
_KEYS = {
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01": "rsa",
    b"\x2a\x86\x48\xce\x3d\x02\x01": "ec",
    b"\x2b\x65\x70": "ed25519",
}


def connection_facts(response: t.Any, now: t.Optional[datetime.datetime] = None) -> Facts:
    """TLS and the certificate of the connection of a response of requests whose body has not been read yet."""
    raw = response.raw
    sock = getattr(getattr(raw, "connection", None) or getattr(raw, "_connection", None), "sock", None)
    if sock is None or not hasattr(sock, "getpeercert"):
        return {}
    return {"tls": sock.version(), "certificate": certificate_facts(sock.getpeercert(True) or b"", now)}


def certificate_facts(der: bytes, now: t.Optional[datetime.datetime] = None) -> Facts:
    """The kind of a certificate in DER; nothing if it cannot be read."""
    try:
        return _facts(der, now or datetime.datetime.now(datetime.timezone.utc))
    except (IndexError, ValueError):
        return {}


def _facts(der: bytes, now: datetime.datetime) -> Facts:
    parts = list(_items(_inner(_inner(der))))
    version = 1
    if parts[0][0] == _VERSION:
        version = _inner(parts.pop(0)[1])[2] + 1
    _serial, _algorithm, issuer, validity, subject, key = (part for _tag, part in parts[:6])
    begins, ends = (_time(tag, _inner(part)) for tag, part in _items(_inner(validity)))
    oid = _inner(next(_items(_inner(next(_items(_inner(key)))[1])))[1])
    named = any(tag == _EXTENSIONS and _ALTERNATIVE_NAMES in part for tag, part in parts[6:])
    return {
        "version": version,
        "self_signed": issuer == subject,
        "validity": "not yet" if now < begins else "expired" if now > ends else "valid",
        "alternative_names": named,
        "key": _KEYS.get(oid, "other"),
    }


def _items(data: bytes) -> t.Iterator[t.Tuple[int, bytes]]:
    """The tag of each item in a sequence's content, and the whole item."""
    while data:
        size, start = _size(data)
        yield data[0], data[: start + size]
        data = data[start + size :]


def _inner(item: bytes) -> bytes:
    size, start = _size(item)
    return item[start : start + size]


def _size(item: bytes) -> t.Tuple[int, int]:
    """The size of an item's content and where it starts."""
    if item[1] < 0x80:
        size, start = item[1], 2
    else:
        start = 2 + (item[1] & 0x7F)
        size = int.from_bytes(item[2:start], "big")
    if start + size > len(item):
        raise ValueError("the certificate is cut off")
    return size, start


def _time(tag: int, text: bytes) -> datetime.datetime:
    digits = text.decode("ascii").rstrip("Z")
    if tag == _UTC_TIME:
        # Two digits of a year are from 1950 to 2049.
        digits = ("20" if digits[:2] < "50" else "19") + digits
    return datetime.datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=datetime.timezone.utc)
