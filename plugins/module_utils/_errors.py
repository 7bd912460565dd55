# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What can go wrong, as data, and how secrets are kept out of the sentences that say so."""

from __future__ import annotations

import base64
import re
import typing as t
from html import escape
from urllib.parse import quote, quote_plus

FAILURE_CLASSES = (
    "auth",
    "permission",
    "ip_restricted",
    "unknown_method",
    "bad_argument",
    "not_plaintext",
    "transport",
    "tls",
    "node",
    "verify",
)
# With these the cluster says that it did not even try.
REFUSALS = ("auth", "permission", "ip_restricted", "unknown_method", "bad_argument")


class ApiError(Exception):
    """One sentence for the user, with the remedy.

    failure_class: one of FAILURE_CLASSES.
    sent: whether the request may have reached the cluster; a caller that wrote must then read before it goes on.
    result: more keys for the task's result, such as ``changed`` once a write went out.
    """

    def __init__(self, message: str, failure_class: str, sent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.failure_class = failure_class
        self.sent = sent
        self.result: t.Dict[str, t.Any] = {}


class OptionError(ApiError):
    """An option that cannot be used; found before anything was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "bad_argument")


class TransportError(ApiError):
    """No reply: the network, TLS, or an HTTP status that is no answer of the API."""

    def __init__(self, message: str, failure_class: str = "transport", sent: bool = False) -> None:
        super().__init__(message, failure_class, sent)


class ReplyError(ApiError):
    """A reply that is an error text of the API, or that cannot be read with certainty."""

    def __init__(self, message: str, failure_class: str) -> None:
        super().__init__(message, failure_class, sent=True)


def redactor(username: str, password: str) -> t.Callable[[str], str]:
    """A function that takes the password, in every form it travels in, out of a text."""
    forms = {password, quote(password), quote(password, safe=""), quote_plus(password), escape(password)}
    for encoding in ("utf-8", "latin-1"):
        for text in (password, f"{username}:{password}"):
            forms.add(base64.b64encode(text.encode(encoding, "replace")).decode("ascii"))
    # Longest first, or a short form would leave the rest of a longer one behind.
    ordered = sorted((form for form in forms if form), key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(form) for form in ordered), re.IGNORECASE) if ordered else None
    return lambda text: pattern.sub("********", text) if pattern else text


def shorten(text: str, limit: int = 80) -> str:
    """The beginning of a text on one line, for use in a message."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."
