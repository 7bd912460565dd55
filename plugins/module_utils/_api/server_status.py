# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What server_status_info does: load and queues of each node."""

from __future__ import annotations

import re
import typing as t

from .answer import error_in, parse_json
from .client import Client, Connection
from .errors import Redact, redacted

Content = t.Dict[str, t.Any]

# The vendor's own Nagios script reads these keys; any others are undocumented.
_KEYS = {
    "load one minute": "load_1m",
    "load five minutes": "load_5m",
    "queue count delivery": "queue_delivery",
    "queue count submission": "queue_submission",
}
_LOADS = ("load_1m", "load_5m")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?\Z")


def read_status(params: t.Mapping[str, t.Any], check_mode: bool) -> t.Dict[str, t.Any]:
    """The result of server_status_info. Raises ApiError."""
    with Client(Connection.from_options(params)) as client:
        content, messages = parse_status(client.read("api_get_json_server_status"), client.redact)
    return {"changed": False, "nodes": nodes_of(content), "raw": content, "api_messages": messages}


def parse_status(text: str, redact: Redact = str) -> t.Tuple[Content, t.List[str]]:
    """The object of the reply, and the lines around it. Raises ReplyError for any other reply."""
    content, around = parse_json(text, "{", "}") or (None, [])
    if not isinstance(content, dict):
        raise error_in(text, redact)
    if content and not any(isinstance(node, dict) for node in content.values()):
        # It holds no node at all, so it may be an error in JSON.
        error = error_in(text, redact)
        if error.failure_class != "not_plaintext":
            raise error
    messages = [redact(line.strip()) for line in around if line.strip()]
    return redacted(content, redact), messages


def nodes_of(content: Content) -> t.Dict[str, t.Dict[str, t.Any]]:
    """The status of each node with the same keys for all; None for values that are not numbers."""
    return {name: _node(status if isinstance(status, dict) else {}) for name, status in content.items()}


def _node(status: Content) -> t.Dict[str, t.Any]:
    node: t.Dict[str, t.Any] = dict.fromkeys(_KEYS.values())
    other = {}
    for key, value in status.items():
        name = _KEYS.get(" ".join(re.split(r"[\s_-]+", key.strip().lower())))
        if name is None:
            other[key] = value
        elif node[name] is None:
            node[name] = _number(value, whole=name not in _LOADS)
    return {**node, "other": other}


def _number(value: t.Any, whole: bool) -> t.Union[int, float, None]:
    text = str(value).strip()
    if not _NUMBER.match(text):
        return None
    if not whole:
        return float(text)
    return int(text.split(".", 1)[0]) if float(text).is_integer() else None
