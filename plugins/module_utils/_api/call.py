# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What api_call does: one call of any method, whatever the method means."""

from __future__ import annotations

import re
import typing as t

from .answer import json_in, lines_of, refusal_in, warnings_in
from .client import Client, Connection
from .errors import REFUSALS, ApiError, OptionError, Redact, redacted

Params = t.Mapping[str, t.Any]
Result = t.Dict[str, t.Any]

_READS = re.compile(r"api_(?:get|list|find)_\w+\Z|api_help\Z")
# Nobody's word makes a read of these.
_WRITES = re.compile(r"api_(?:set|add|create|update|remove|delete)_")
# Every call carries these two anyway.
_RESERVED = ("call", "api_language")


def call_method(params: Params, check_mode: bool) -> Result:
    """The result of api_call. Raises ApiError, with ``changed`` in its result if a write may have taken effect."""
    method, arguments = _method(params["method"]), _arguments(params.get("arguments") or {})
    reads = bool(_READS.match(method)) or params["read_only"]
    if params["read_only"] and _WRITES.match(method):
        raise OptionError(f"method {method} changes the cluster, as its name says; remove read_only")
    if params["read_only"] and params["allow_write"]:
        raise OptionError("read_only and allow_write contradict each other; remove one of them")
    if not reads and not params["allow_write"]:
        raise OptionError(
            f"method {method} may change the cluster, as may any method other than api_get_*, api_list_*, api_find_*"
            " and api_help; set read_only to true if you know that it changes nothing, or allow_write if it may"
        )
    connection = Connection.from_options(params)
    with Client(connection) as client:
        client.url(method, arguments)
        if check_mode and not reads:
            return {**_result("", str), "changed": True, "msg": f"{method} was not sent because this is check mode"}
        try:
            text = (client.read if reads else client.write)(method, **arguments)
            error = refusal_in(text, client.redact)
            if error:
                raise error.extended("", _result(text, client.redact))
        except ApiError as error:
            raise error if reads or not error.sent else _written(error, method) from None
        return {**_result(text, client.redact), "changed": not reads}


def _method(method: str) -> str:
    if not re.match(r"api_[a-z0-9_]{1,100}\Z", method):
        raise OptionError("method must be the full name of an API method, such as api_get_remote_syslog_server")
    return method


def _arguments(arguments: Params) -> t.Dict[str, str]:
    texts = {}
    for name, value in arguments.items():
        if not re.match(r"[A-Za-z_][A-Za-z0-9_]*\Z", str(name)):
            raise OptionError(f"arguments contains the invalid name {str(name)!r}; use letters, digits and underscores")
        if name in _RESERVED:
            raise OptionError(f"arguments must not contain {name}, which is always sent; remove it")
        if value is None:
            continue
        if not isinstance(value, (str, bool, int, float)):
            raise OptionError(f"{name} in arguments must be text, a number or a boolean; convert it to one of these")
        texts[str(name)] = str(value)
    return texts


def _result(text: str, redact: Redact) -> Result:
    lines = "\n".join(lines_of(text)).rstrip("\n")
    return {
        "text": redacted(text, redact),
        "lines": redacted(lines.split("\n") if lines else [], redact),
        "json": redacted(json_in(text), redact),
        "api_messages": warnings_in(text, redact),
    }


def _written(error: ApiError, method: str) -> ApiError:
    """The error, with what is known about the write."""
    if error.failure_class in REFUSALS:
        return error
    return error.extended(
        f"; {method} was sent once, and it is unknown whether it took effect: check the cluster before you run this"
        " again",
        {"changed": True},
    )
