# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Errors as data, and how secrets are kept out of their messages."""

from __future__ import annotations

import base64
import json
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
    "internal",
)
# With these, the cluster says that it did not carry out the call.
REFUSALS = ("auth", "permission", "ip_restricted", "unknown_method", "bad_argument")

Redact = t.Callable[[str], str]

# What Ansible, too, puts in place of a secret.
MASK = "********"
# Fewer characters from the beginning of a secret than this reveal nothing, and may be something else.
_LEAST = 8


class ApiError(Exception):
    """An error with a message for the user: the problem and its remedy. It stays as it was made.

    failure_class: one of FAILURE_CLASSES.
    sent: whether the request may have reached the cluster; after a write, the caller must then read again.
    result: more keys for the task's result, such as ``changed`` once a write was sent.
    """

    def __init__(
        self,
        message: str,
        failure_class: str,
        sent: bool = False,
        result: t.Optional[t.Mapping[str, t.Any]] = None,
    ) -> None:
        super().__init__(message)
        self.failure_class = failure_class
        self.sent = sent
        self.result: t.Mapping[str, t.Any] = result or {}

    @property
    def message(self) -> str:
        """The text of the error."""
        return str(self)

    def extended(self, more: str, result: t.Mapping[str, t.Any]) -> ApiError:
        """A new error that says more than this one, at the end of its message and in its result."""
        return ApiError(self.message + more, self.failure_class, self.sent, {**self.result, **result})


class OptionError(ApiError):
    """An option that cannot be used; found before anything was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "bad_argument")


class TransportError(ApiError):
    """No reply of the API: a failure of the network or of TLS, or an HTTP error status.

    retry_after: seconds after which the same request may succeed; None if that is not to be expected.
    """

    def __init__(
        self,
        message: str,
        failure_class: str = "transport",
        sent: bool = False,
        retry_after: t.Optional[float] = None,
    ) -> None:
        super().__init__(message, failure_class, sent)
        self.retry_after = retry_after


class ReplyError(ApiError):
    """A reply that is an error text of the API, or that cannot be read with certainty."""

    def __init__(self, message: str, failure_class: str) -> None:
        super().__init__(message, failure_class, sent=True)


class FaultAfterWrite(Exception):
    """Wraps any other exception, its cause, that was raised after a write may have reached the cluster."""


def masked(value: t.Any, secrets: t.Sequence[str]) -> t.Any:
    """Data with a mask in place of each secret.

    Ansible masks in any order. Where one secret contains another, that could leave the rest of the longer one.
    """
    if isinstance(value, t.Mapping):
        return {name: masked(item, secrets) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(item, secrets) for item in value]
    if isinstance(value, str):
        for secret in sorted(secrets, key=len, reverse=True):
            value = value.replace(secret, MASK) if secret else value
    return value


def redacted(value: t.Any, redact: Redact) -> t.Any:
    """The same value with secrets masked in all texts and keys, and without characters that cannot be output."""
    if isinstance(value, str):
        return redact(value.encode("utf-8", "replace").decode("utf-8"))
    if isinstance(value, dict):
        return {redacted(name, redact): redacted(item, redact) for name, item in value.items()}
    return [redacted(item, redact) for item in value] if isinstance(value, list) else value


def redactor(username: str, password: str, secrets: t.Iterable[str] = ()) -> Redact:
    """A function that masks the password, in every encoding that is sent, and the secrets of templates in a text.

    Ansible masks only whole secrets, so this has to come before a text is shortened.
    """
    forms = _forms(password)
    for encoding in ("utf-8", "latin-1"):
        for text in (password, f"{username}:{password}"):
            forms.add(base64.b64encode(text.encode(encoding, "replace")).decode("ascii"))
    patterns = {form: re.escape(form) for form in forms}
    secrets = [secret for secret in secrets if secret]
    for secret in secrets:
        patterns.update((form, re.escape(form)) for form in _forms(secret))
        # A cluster may show a template in several lines.
        patterns[secret] = r"(?:\s*\n\s*)?".join(map(re.escape, secret))
    # Longest first, or a short form would leave the rest of a longer one behind.
    ordered = [patterns[form] for form in sorted(patterns, key=len, reverse=True) if form]
    pattern = re.compile("|".join(ordered), re.IGNORECASE) if ordered else None

    def redact(text: str) -> str:
        text = pattern.sub(MASK, text) if pattern else text
        for secret in secrets:
            # A reply that was cut off can end within a secret.
            whole = text.rstrip()
            sizes = range(len(secret) - 1, _LEAST - 1, -1)
            size = next((size for size in sizes if whole.endswith(secret[:size])), 0)
            text = whole[:-size] + MASK if size else text
        return text

    return redact


def _forms(text: str) -> t.Set[str]:
    return {
        *(text, quote(text), quote(text, safe=""), quote_plus(text), escape(text)),
        *(quoted[1:-1] for quoted in (repr(text), json.dumps(text), json.dumps(text, ensure_ascii=False))),
    }


def shorten(text: str, limit: int = 80) -> str:
    """The beginning of a text on one line, for use in a message."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."
