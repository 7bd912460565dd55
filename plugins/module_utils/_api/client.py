# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""HTTP to the Software API: session, authentication, timeouts, retries. Knows neither Ansible nor meanings."""

from __future__ import annotations

import dataclasses
import os
import re
import time
import typing as t
import warnings
from urllib.parse import quote, urlsplit

from .deadline import Deadline
from .errors import ApiError, FaultAfterWrite, OptionError, TransportError, redactor, shorten
from .transport import REQUESTS_IMPORT_ERROR, Adapter, BodyError, Digest, causes_of, load, proxy_for, proxy_redactor
from .trust import Trust

if REQUESTS_IMPORT_ERROR is None:
    import requests
    from requests.auth import HTTPBasicAuth
    from urllib3.exceptions import (
        ConnectTimeoutError,
        HTTPError,
        NewConnectionError,
        ProxyError,
        ReadTimeoutError,
        SecurityWarning,
    )
    from urllib3.util.retry import Retry

API_PATH = "/cgi-bin/api"
# Web servers refuse a request line of more than 8 kB, each with a page of its own. A clear message comes first.
_MAX_URL = 8000
# More is a mistake, and more than some libraries can wait.
_MAX_SECONDS = 86400
_MAX_PAUSE_S = 60.0
_RETRY_STATUSES = (429, 502, 503, 504)


@dataclasses.dataclass(frozen=True)
class Connection:
    """Where and how to reach one cluster; timeout and deadline in seconds. Make it with :meth:`from_options`."""

    url: str
    username: str
    password: str = dataclasses.field(repr=False)
    # Other texts that must not appear in a message.
    secrets: t.Tuple[str, ...] = dataclasses.field(default=(), repr=False)
    trust: Trust = Trust()
    timeout: float = 60.0
    deadline: float = 300.0
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
        for name in ("timeout", "deadline"):
            if not 0 < options[name] <= _MAX_SECONDS:
                raise OptionError(f"{name} must be from 1 to {_MAX_SECONDS} seconds")
        if options["retries"] < 0:
            raise OptionError("retries must be 0 or more")
        return cls(
            url=api_address(str(options["api_url"])),
            # Values may be tagged subclasses of str, which older versions of requests refuse.
            username="".join(options["api_username"]),
            password="".join(options["api_password"]),
            secrets=tuple(options.get("template_secrets") or ()),
            trust=Trust.from_options(options),
            timeout=float(options["timeout"]),
            deadline=float(options["deadline"]),
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
    return f"https://{host}{'' if port in (None, 443) else f':{port}'}{path}"


def user_agent(environment: t.Mapping[str, str]) -> str:
    """How requests name their sender. AWX sets JOB_ID, by which the cluster's access log tells its jobs apart."""
    job = environment.get("JOB_ID", "")
    return f"spamexperts.local_cloud (job {job})" if re.match(r"[0-9]{1,18}\Z", job) else "spamexperts.local_cloud"


class Client:
    """Calls methods of one cluster's Software API over one connection. Not for use by several threads."""

    def __init__(self, connection: Connection, seen: t.Optional[t.Callable[[t.Any], None]] = None) -> None:
        """``seen`` gets each response of requests before its body is read, while its connection is still there."""
        self.connection = connection
        self._seen = seen
        self.redact = redactor(connection.username, connection.password, connection.secrets)
        self._deadline = Deadline(connection.deadline)
        # For the message of a failure: how often the call was sent, and since when.
        self._tries, self._begun = 0, 0.0
        self._proxy: t.Optional[str] = None if connection.use_proxy else ""
        self._session = requests.Session()
        # No certificates and proxies but those that we name, and no ~/.netrc.
        self._session.trust_env = False
        self._session.headers["User-Agent"] = user_agent(os.environ)
        self._session.mount("https://", Adapter(self._deadline, connection.trust.fingerprint))
        # Redirects are never followed, and requests would fail on an invalid target.
        self._session.get_redirect_target = lambda _response: None  # type: ignore[method-assign,assignment]
        self._wrote = False
        # As bytes: requests would encode text as Latin-1 and fail on the rest.
        self._auth: t.Any = HTTPBasicAuth(connection.username.encode("utf-8"), connection.password.encode("utf-8"))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, _kind: t.Any, error: t.Any, _trace: t.Any) -> None:
        self._deadline.close()
        self._session.close()
        if self._wrote and isinstance(error, Exception) and not isinstance(error, ApiError):
            raise FaultAfterWrite from error

    def read(self, call: str, /, **arguments: str) -> str:
        """The reply to a call that changes nothing; repeated when the connection fails. Raises TransportError."""
        self._tries, self._begun = 0, time.monotonic()
        while True:
            try:
                return self._call(call, arguments)
            except TransportError as error:
                # The first time at once, then after 1, 2, 4 seconds and so on.
                pause = 2.0 ** (self._tries - 2) if self._tries > 1 else 0.0
                if error.retry_after is None or self._tries > self.connection.retries:
                    raise
                if not self._deadline.pause(min(max(error.retry_after, pause), _MAX_PAUSE_S)):
                    raise

    def write(self, call: str, /, **arguments: str) -> str:
        """The reply to a call that changes something; sent once. Raises TransportError; see its ``sent``."""
        self._tries, self._begun = 0, time.monotonic()
        self._wrote = True
        return self._call(call, arguments)

    def pause(self, seconds: float) -> bool:
        """Sleep; or return False at once if the deadline would have passed by then."""
        return self._deadline.pause(seconds)

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
        self._tries += 1
        response = self._get(url)
        offers = response.headers.get("WWW-Authenticate", "").lower()
        if response.status_code == 401 and "digest" in offers and isinstance(self._auth, HTTPBasicAuth):
            # A 401 means that the call was not carried out, so this is not a second call.
            self._auth = Digest(self.connection.username, self.connection.password)
            response = self._get(url)
        self._check_status(response)
        try:
            return str(response.content.decode("utf-8")).lstrip("\ufeff")
        except UnicodeDecodeError:
            return str(response.content.decode("latin-1"))

    def _get(self, url: str) -> t.Any:
        if self._proxy is None:
            self._proxy = proxy_for(url)
        left = self._deadline.left()
        if not left:
            raise self._late(sent=False)
        try:
            with warnings.catch_warnings():
                # The user asked for it with validate_certs; the warning would appear in the output of every task.
                warnings.simplefilter("ignore", SecurityWarning)
                response = self._request(url, left)
        except (requests.exceptions.RequestException, HTTPError, BodyError, OSError, UnicodeError) as error:
            # Not chained: the text of the original holds the whole URL.
            raise self._late() if self._deadline.passed else self._transport_error(error, left) from None
        # A connection that was broken can look like the end of a reply.
        if self._deadline.passed:
            raise self._late()
        return response

    def _request(self, url: str, left: float) -> t.Any:
        response = self._session.get(
            url,
            auth=self._auth,
            headers={"Accept": "text/plain", "Accept-Encoding": "identity"},
            verify=self.connection.trust.verify,
            timeout=(min(self.connection.timeout, left), self.connection.timeout),
            proxies={"https": self._proxy} if self._proxy else {},
            allow_redirects=False,
            stream=True,
        )
        if self._seen is not None:
            self._seen(response)
        try:
            load(response)
        except Exception:
            response.close()
            raise
        return response

    def _spent(self) -> str:
        total = time.monotonic() - self._begun
        return f", {self._tries} times in {total:.0f} s" if self._tries > 1 else ""

    def _late(self, sent: bool = True) -> TransportError:
        where, seconds = f"api_url {self.connection.url}", f"{self._deadline.seconds:g} s"
        return TransportError(
            f"{where} gave no complete answer within the deadline of {seconds}, which is for the whole task;"
            " raise deadline or try later",
            sent=sent,
        )

    def _transport_error(self, error: Exception, left: float) -> TransportError:
        where, spent = f"api_url {self.connection.url}", self._spent()
        causes = causes_of(error)
        text = str(causes[-1]).rsplit("a new connection: ", 1)[-1].rsplit(">: ", 1)[-1]
        text = shorten(self.redact(proxy_redactor(self._proxy or "")(text)), 160)
        if isinstance(error, BodyError):
            if error.cut:
                return TransportError(f"{where} {error}{spent}; run again", sent=True, retry_after=0)
            remedy = "check that api_url is the cluster's master"
            return TransportError(f"{where} {error}; {remedy}", "not_plaintext", sent=True)
        # An invalid scheme: support for this kind of proxy is not installed.
        if any(isinstance(one, (ProxyError, requests.exceptions.InvalidSchema)) for one in causes):
            remedy = "correct it, or set use_proxy to false"
            return TransportError(f"{where}: the proxy failed ({text}){spent}; {remedy}", retry_after=0)
        refused = self.connection.trust.failure(where, causes, text)
        if refused:
            return refused
        if any(isinstance(one, (ConnectTimeoutError, NewConnectionError)) for one in causes):
            if left < self.connection.timeout and not any(isinstance(one, NewConnectionError) for one in causes):
                return self._late(sent=False)
            remedy = "check the address, the port and the firewall"
            return TransportError(f"{where} cannot be reached ({text}){spent}; {remedy}", retry_after=0)
        if any(isinstance(one, ReadTimeoutError) for one in causes):
            # In the handshake the time to connect counts, which is at most what is left.
            if not self._deadline.left():
                return self._late()
            problem = f"did not answer within {self.connection.timeout:g} s{spent}"
            return TransportError(f"{where} {problem}; raise timeout or try later", sent=True, retry_after=0)
        return TransportError(f"{where}: the connection failed ({text}){spent}; try again", sent=True, retry_after=0)

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
        again = _retry_after(response) if status in _RETRY_STATUSES else None
        raise TransportError(f"{where} answered HTTP {status}{self._spent()}; {remedy}", sent=True, retry_after=again)


def _retry_after(response: t.Any) -> float:
    """The pause that the server asks for, in seconds."""
    try:
        return float(Retry().parse_retry_after(response.headers.get("Retry-After", "0")))
    except HTTPError:
        return 0.0
