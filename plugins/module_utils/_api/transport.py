# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What the client needs of requests and urllib3: connections with a deadline and a pin, proxies, bounded bodies."""

from __future__ import annotations

import functools
import traceback
import typing as t
import zlib
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment

from .deadline import Deadline
from .errors import TransportError, redactor

REQUESTS_IMPORT_ERROR: t.Optional[str] = None
try:
    from requests.adapters import HTTPAdapter
    from requests.auth import HTTPDigestAuth
    from requests.utils import select_proxy, should_bypass_proxies
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    HTTPAdapter = HTTPDigestAuth = object  # type: ignore[misc,assignment]

# The longest reply known, a listing of messages, has some hundred bytes for each.
MAX_BODY = 16 * 1024 * 1024
_CHUNK = 65536
_PROXIES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


class Adapter(HTTPAdapter):
    """Connects within a deadline; with a fingerprint only to the server whose certificate has it."""

    def __init__(self, deadline: Deadline, fingerprint: str) -> None:
        self._deadline, self._fingerprint = deadline, fingerprint
        super().__init__()

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Prepare direct connections."""
        super().init_poolmanager(*args, **self._pinned(kwargs))
        self._watch(self.poolmanager)

    def proxy_manager_for(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Prepare connections through a proxy."""
        known = len(self.proxy_manager)
        manager = super().proxy_manager_for(*args, **self._pinned(kwargs))
        if len(self.proxy_manager) > known:
            self._watch(manager)
        return manager

    def _pinned(self, kwargs: t.Dict[str, t.Any]) -> t.Dict[str, t.Any]:
        return {**kwargs, "assert_fingerprint": self._fingerprint} if self._fingerprint else kwargs

    def _watch(self, manager: t.Any) -> None:
        kind = manager.pool_classes_by_scheme["https"]

        def pool(*args: t.Any, **kwargs: t.Any) -> t.Any:
            made = kind(*args, **kwargs)
            made.ConnectionCls = functools.partial(self._connection, made.ConnectionCls)
            return made

        manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": pool}

    def _connection(self, kind: t.Callable[..., t.Any], *args: t.Any, **kwargs: t.Any) -> t.Any:
        connection = kind(*args, **kwargs)
        connect = connection._new_conn
        connection._new_conn = lambda: self._deadline.watch(connect())
        return connection


class Digest(HTTPDigestAuth):
    """Digest authentication that does not read the body of a refusal without a limit."""

    def handle_401(self, r: t.Any, **kwargs: t.Any) -> t.Any:
        """Answer the server's challenge."""
        load(r)
        return super().handle_401(r, **kwargs)


class BodyError(Exception):
    """A body that is not the reply that the server meant to send; ``cut`` if some of it is missing."""

    def __init__(self, message: str, cut: bool = False) -> None:
        super().__init__(message)
        self.cut = cut


def load(response: t.Any) -> None:
    """Read the body of a streamed response, for ``content`` to return. Raises BodyError."""
    if response._content_consumed:
        return
    body = bytearray()
    # Not by requests, which decompresses whatever it is sent.
    while len(body) <= MAX_BODY:
        piece = response.raw.read(_CHUNK, decode_content=False)
        if not piece:
            break
        body += piece
    else:
        raise BodyError(f"sent more than {MAX_BODY >> 20} MiB")
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and len(body) < int(length):
        raise BodyError("sent only a part of the reply", cut=True)
    response._content = _decompressed(bytes(body), response.headers.get("Content-Encoding", ""))
    response._content_consumed = True


def _decompressed(body: bytes, encoding: str) -> bytes:
    """The request asks for text as it is, but not every server heeds that."""
    encoding = encoding.strip().lower()
    if not body or encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise BodyError("sent a reply in a compression that it was not asked for")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        text = inflate.decompress(body, MAX_BODY + 1)
    except zlib.error:
        raise BodyError("sent a reply that cannot be decompressed") from None
    if len(text) > MAX_BODY:
        raise BodyError(f"sent more than {MAX_BODY >> 20} MiB")
    if not inflate.eof:
        raise BodyError("sent only a part of the reply", cut=True)
    return text


def causes_of(error: BaseException) -> t.List[BaseException]:
    """The error and all that it was made of, the first cause last: each library wraps the errors of the one below."""
    found: t.List[BaseException] = []
    following: t.List[t.Any] = [error]
    for item in following:
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            following += [getattr(item, "reason", None), *item.args, item.__cause__, item.__context__]
    return found


def proxy_for(url: str) -> str:
    """The proxy that the environment names for a URL, or nothing. Raises TransportError for an invalid one."""
    # Only the environment's: asking macOS for the system's, in a process that was forked, ends that process.
    proxies = getproxies_environment()
    if not proxies or should_bypass_proxies(url, no_proxy=None):
        return ""
    proxy = (select_proxy(url, proxies) or "").strip()
    if not proxy:
        return ""
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(proxy)
        valid = parts.scheme.lower() in _PROXIES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    # Of a URL that is misread, any part may be the password.
    if not valid or "@" in parts.path + parts.query + parts.fragment or not proxy.isprintable() or " " in proxy:
        raise TransportError(
            "the proxy's URL in https_proxy or all_proxy is not valid; give http://HOST:PORT, write # as %23, / as %2F,"
            " ? as %3F and % as %25 in its user name and password, or set use_proxy to false"
        )
    return proxy


def proxy_redactor(proxy: str) -> t.Callable[[str], str]:
    """A function that masks the password of a proxy's URL."""
    userinfo = proxy.rpartition("@")[0].rpartition("://")[2]
    username, _colon, password = userinfo.partition(":")
    return redactor(unquote(username), unquote(password), (password,)) if password else str
