# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Basic and digest authentication, server side."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
from typing import List, Set
from urllib.request import parse_http_list, parse_keqv_list

REALM = "SpamExperts API"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8")).hexdigest()


class Authenticator:
    """Checks the Authorization header of one user."""

    def __init__(self, username: str, password: str) -> None:
        self._username, self._password = username, password
        self._nonces: Set[str] = set()
        self._lock = threading.Lock()

    def challenges(self, scheme: str) -> List[str]:
        """Return the WWW-Authenticate headers for `scheme` (basic, digest or both)."""
        offers = []
        if scheme in ("digest", "both"):
            nonce = secrets.token_hex(16)
            with self._lock:
                self._nonces.add(nonce)
            offers.append(f'Digest realm="{REALM}", qop="auth", algorithm=MD5, nonce="{nonce}"')
        if scheme in ("basic", "both"):
            offers.append(f'Basic realm="{REALM}"')
        return offers

    def passes(self, scheme: str, header: str, method: str, target: str) -> bool:
        """Return whether the header proves knowledge of the password for a request of `target`."""
        kind, _blank, rest = header.partition(" ")
        if kind.lower() == "basic" and scheme in ("basic", "both"):
            return self._basic(rest)
        if kind.lower() == "digest" and scheme in ("digest", "both"):
            return self._digest(rest, method, target)
        return False

    def _basic(self, token: str) -> bool:
        try:
            given = base64.b64decode(token.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, (f"{self._username}:{self._password}").encode())

    def _digest(self, text: str, method: str, target: str) -> bool:
        try:
            given = parse_keqv_list(parse_http_list(text))
            with self._lock:
                if given["nonce"] not in self._nonces:
                    return False
            if given["username"] != self._username or given["uri"] != target:
                return False
            secret = _md5(f"{self._username}:{REALM}:{self._password}")
            wanted = _md5(
                ":".join(
                    (
                        secret,
                        given["nonce"],
                        given["nc"],
                        given["cnonce"],
                        given["qop"],
                        _md5("{}:{}".format(method, given["uri"])),
                    )
                )
            )
            return hmac.compare_digest(wanted, given["response"])
        except (KeyError, ValueError):
            return False
