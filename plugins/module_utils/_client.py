# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""HTTP to the Software API: session, authentication, TLS, timeouts, retries. Knows neither Ansible nor meanings."""

from __future__ import annotations

import dataclasses
import os
import traceback
import typing as t
import warnings
from urllib.parse import quote, urlsplit

from ._errors import ApiError, FaultAfterWrite, OptionError, TransportError, redactor, shorten

REQUESTS_IMPORT_ERROR: t.Optional[str] = None
try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.auth import HTTPBasicAuth, HTTPDigestAuth
    from urllib3.exceptions import ConnectTimeoutError, InsecureRequestWarning, NewConnectionError, ReadTimeoutError
    from urllib3.util.retry import Retry
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    Retry = object  # type: ignore[misc,assignment]

API_PATH = "/cgi-bin/api"
# Web servers refuse a request line of more than 8 kB, each with a page of its own. A clear message comes first.
_MAX_URL = 8000
_MAX_RETRY_AFTER_S = 60.0
_RETRY_STATUSES = (429, 502, 503, 504)


@dataclasses.dataclass(frozen=True)
class Connection:
    """Where and how to reach one cluster; timeout in seconds. Make it with :meth:`from_options`."""

    url: str
    username: str
    password: str = dataclasses.field(repr=False)
    # Other texts that must not appear in a message.
    secrets: t.Tuple[str, ...] = dataclasses.field(default=(), repr=False)
    verify: t.Union[bool, str] = True
    timeout: float = 60.0
    retries: int = 3
    use_proxy: bool = True

    @classmethod
    def from_options(cls, options: t.Mapping[str, t.Any]) -> Connection:
        """The connection that the options describe; raises OptionError or, for ca_path, TransportError."""
        for name in ("api_username", "api_password"):
            if not options.get(name):
                raise OptionError(f"{name} must not be empty; give the login of a Software API user")
        if ":" in options["api_username"]:
            raise OptionError("api_username must not contain a colon; HTTP authentication cannot carry one")
        if options["timeout"] <= 0:
            raise OptionError("timeout must be more than 0 seconds")
        if options["retries"] < 0:
            raise OptionError("retries must be 0 or more")
        ca_path = options.get("ca_path")
        verify: t.Union[bool, str] = bool(options["validate_certs"])
        if verify and ca_path:
            verify = os.path.expanduser(str(ca_path))
            if not os.access(verify, os.R_OK):
                raise TransportError(
                    f"ca_path {verify} cannot be read where this task runs; give the path of a PEM file there",
                    "tls",
                )
        return cls(
            url=api_address(str(options["api_url"])),
            # Values may be tagged subclasses of str, which older versions of requests refuse.
            username="".join(options["api_username"]),
            password="".join(options["api_password"]),
            secrets=tuple(options.get("template_secrets") or ()),
            verify=verify,
            timeout=float(options["timeout"]),
            retries=int(options["retries"]),
            use_proxy=bool(options["use_proxy"]),
        )


def api_address(text: str) -> str:
    """The URL that requests are sent to, however api_url is written; raises OptionError."""
    wanted = "give https://MASTER, the address of the cluster's master"
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise OptionError(f"api_url is not a valid URL; {wanted}") from None
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise OptionError("api_url must not contain credentials; use api_username and api_password")
    if parts.scheme.lower() != "https":
        raise OptionError(f"api_url must begin with https:// because every request carries the password; {wanted}")
    if not parts.hostname:
        raise OptionError(f"api_url names no host; {wanted}")
    if parts.query or parts.fragment:
        raise OptionError(f"api_url must not have a query or a fragment; {wanted}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/")
    path = path if path.endswith(API_PATH) else path + API_PATH
    return f"https://{host}{'' if port is None else f':{port}'}{path}"


class _ReadRetry(Retry):
    """Retries of a read; a server may ask for a pause, but not for hours."""

    def get_retry_after(self, response: t.Any) -> t.Optional[float]:
        after = super().get_retry_after(response)
        return None if after is None else min(float(after), _MAX_RETRY_AFTER_S)


class Client:
    """Calls methods of one cluster's Software API over one connection. Not for use by several threads."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.redact = redactor(connection.username, connection.password, connection.secrets)
        self._retry = _ReadRetry(
            total=connection.retries,
            backoff_factor=0.5,
            status_forcelist=_RETRY_STATUSES,
            raise_on_status=False,
        )
        # Asking again does not make a certificate valid.
        self._retry.other = 0
        self._no_retry = Retry(0, read=False)
        self._adapter = HTTPAdapter()
        self._session = requests.Session()
        self._session.mount("https://", self._adapter)
        # Redirects are never followed, and requests would fail on an invalid target.
        self._session.get_redirect_target = lambda _response: None  # type: ignore[method-assign,assignment]
        self._wrote = False
        # As bytes: requests would encode text as Latin-1 and fail on the rest.
        self._auth: t.Any = HTTPBasicAuth(connection.username.encode("utf-8"), connection.password.encode("utf-8"))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, _kind: t.Any, error: t.Any, _trace: t.Any) -> None:
        self._session.close()
        if self._wrote and isinstance(error, Exception) and not isinstance(error, ApiError):
            raise FaultAfterWrite from error

    def read(self, call: str, /, **arguments: str) -> str:
        """The reply to a call that changes nothing; repeated when the connection fails. Raises TransportError."""
        self._adapter.max_retries = self._retry
        return self._call(call, arguments)

    def write(self, call: str, /, **arguments: str) -> str:
        """The reply to a call that changes something; sent once. Raises TransportError; see its ``sent``."""
        self._adapter.max_retries = self._no_retry
        self._wrote = True
        return self._call(call, arguments)

    def url(self, call: str, arguments: t.Mapping[str, str]) -> str:
        """The URL of a call. Raises OptionError if it is too long for web servers."""
        pairs = [("call", call), *arguments.items(), ("api_language", "en")]
        # Everything outside the unreserved characters: an old CGI parser splits on ";", and some take "+" for a blank.
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
        url = f"{self.connection.url}?{query}"
        if len(url) > _MAX_URL:
            longest = max(arguments, key=lambda name: len(arguments[name]), default="api_url")
            raise OptionError(
                f"{longest} is too long: the request would have {len(url)} characters, and web servers accept"
                f" about {_MAX_URL}; use fewer fields"
            )
        return url

    def _call(self, call: str, arguments: t.Mapping[str, str]) -> str:
        url = self.url(call, arguments)
        response = self._get(url)
        offers = response.headers.get("WWW-Authenticate", "").lower()
        if response.status_code == 401 and "digest" in offers and isinstance(self._auth, HTTPBasicAuth):
            # A 401 means that the call was not carried out, so this is not a second call.
            self._auth = HTTPDigestAuth(self.connection.username, self.connection.password)
            response = self._get(url)
        self._check_status(response)
        try:
            return str(response.content.decode("utf-8")).lstrip("\ufeff")
        except UnicodeDecodeError:
            return str(response.content.decode("latin-1"))

    def _get(self, url: str) -> t.Any:
        try:
            with warnings.catch_warnings():
                # The user asked for it with validate_certs; the warning would appear in the output of every task.
                warnings.simplefilter("ignore", InsecureRequestWarning)
                return self._request(url)
        except (requests.exceptions.RequestException, OSError, UnicodeError) as error:
            # Not chained: the text of the original holds the whole URL.
            raise self._transport_error(error) from None

    def _request(self, url: str) -> t.Any:
        # All of these with each request: REQUESTS_CA_BUNDLE and the like override what a session holds.
        response = self._session.get(
            url,
            auth=self._auth,
            headers={"Accept": "text/plain"},
            verify=self.connection.verify,
            timeout=self.connection.timeout,
            proxies=None if self.connection.use_proxy else {"http": "", "https": "", "all": ""},
            allow_redirects=False,
        )
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and "Content-Encoding" not in response.headers and len(response.content) < int(length):
            raise TransportError(f"api_url {self.connection.url}: the reply was cut off; run again", sent=True)
        return response

    def _transport_error(self, error: Exception) -> TransportError:
        where = f"api_url {self.connection.url}"
        inner = error.args[0] if error.args else error
        cause = getattr(inner, "reason", None) or inner
        text = str(cause).rsplit("a new connection: ", 1)[-1].rsplit(">: ", 1)[-1]
        text = shorten(self.redact(text), 160)
        if isinstance(error, requests.exceptions.SSLError) and "EOF" not in text:
            remedy = "set ca_path to the CA that signed it, or correct the host name in api_url"
            return TransportError(f"{where}: the server's certificate or TLS was refused ({text}); {remedy}", "tls")
        if isinstance(error, requests.exceptions.ProxyError):
            return TransportError(f"{where}: the proxy failed ({text}); correct it, or set use_proxy to false")
        if isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(
            cause, (ConnectTimeoutError, NewConnectionError)
        ):
            return TransportError(f"{where} cannot be reached ({text}); check the address, the port and the firewall")
        if isinstance(error, requests.exceptions.ReadTimeout) or isinstance(cause, ReadTimeoutError):
            seconds = f"{self.connection.timeout:g}"
            return TransportError(f"{where} did not answer within {seconds} s; raise timeout or try later", sent=True)
        if isinstance(error, OSError) and "CA certificate" in str(error):
            return TransportError("ca_path contains no usable CA certificate; give a file in PEM format", "tls")
        return TransportError(f"{where}: the connection failed ({text}); try again", sent=True)

    def _check_status(self, response: t.Any) -> None:
        where, status = f"api_url {self.connection.url}", response.status_code
        if status == 200:
            return
        if status == 401:
            raise TransportError(
                f"{where} refused the login (HTTP 401); correct api_username and api_password, which must be those of a"
                " Software API user or a super administrator",
                "auth",
                sent=True,
            )
        if status == 403:
            raise TransportError(
                f"{where} denies access to this user or this address (HTTP 403); allow both on the cluster",
                "permission",
                sent=True,
            )
        if 300 <= status < 400:
            try:
                target = urlsplit(response.headers.get("Location", ""))
                location = shorten(self.redact(f"{target.hostname or ''}{target.path}")) or "nowhere"
            except ValueError:
                location = "an invalid URL"
            raise TransportError(
                f"{where} redirects to {location}, and redirects are refused because every request carries the"
                " password; set api_url to the master itself",
                "not_plaintext",
                sent=True,
            )
        remedy = "check that api_url is the cluster's master" if status == 404 else "try again later"
        raise TransportError(f"{where} answered HTTP {status}; {remedy}", sent=True)
