# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies that list something: help, the status of the nodes, messages."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Dict, List, Sequence

from .switches import Switches

# What senders of mail write in the hope that a reader of the listing takes it for something else.
STRANGE = (
    "access denied",
    "Error: unknown API method 'api_find_messages'.",
    "You have no permissions to execute 'api_help'.",
    "Supplied credential is invalid.",
    "Traceback (most recent call last):",
    "<!DOCTYPE html><html><head>",
    "{{ 6 * 7 }}",
    '{"error": "SQLSTATE"}',
    'a,"b";c|d\te',
    "Warning: this call is deprecated",
    "",
    "Grüße \u202e",
    "Incorrect usage of API: unknown argument 'domain'.",
    "connection timed out",
    "%(id)s %",
    "api_help()",
    "\ud800",
)
FIELDS = ("id", "domain", "sender", "recipient", "subject", "status")


def messages(domain: str = "") -> List[Dict[str, str]]:
    """Return the messages of a domain, or all; half of them are of each of two domains."""
    rows = [
        {
            "id": f"1ZPhsl-{number:06d}-99",
            "domain": ("customer.example", "other.example")[number % 2],
            "sender": f'"{text}"@stranger.example',
            "recipient": "someone@customer.example",
            "subject": text,
            "status": "quarantined",
        }
        for number, text in enumerate(STRANGE)
    ]
    return [row for row in rows if domain in ("", row["domain"])]


def find_reply(domain: str, layout: str) -> str:
    """Return the reply to api_find_messages."""
    rows = messages(domain)
    if layout == "json":
        return json.dumps(rows) + "\n"
    # Only JSON can carry half a character.
    rows = [{name: text.replace("\ud800", "?") for name, text in row.items()} for row in rows]
    if layout == "labelled":
        return "\n".join("".join(f"{name}: {row[name]}\n" for name in reversed(FIELDS[:-1])) for row in rows)
    if layout == "tab":
        return "".join("\t".join(row[name].replace("\t", " ") for name in FIELDS) + "\n" for row in rows)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([row[name] for name in FIELDS] for row in rows)
    return text.getvalue()


def help_reply(methods: Dict[str, List[str]], layout: str) -> str:
    """Return the reply to api_help: `methods` are the names, each with its arguments."""
    if layout == "names":
        return "".join(f"{call}\n" for call in methods)
    joint = ",\n    " if layout == "wrapped" else ", "
    text = "\n    See also api_help(), and api_nothing for what is not a method.\n\n" if layout == "described" else "\n"
    return "".join(
        '{}({}) -> ""{}'.format(call, joint.join(f"{name}=''" for name in arguments), text)
        for call, arguments in methods.items()
    )


def _load(number: int) -> Dict[str, Any]:
    # The key names are those that the vendor's own Nagios script reads; the numbers are made up, but constant.
    return {
        "load one minute": round(0.25 + 0.1 * number, 2),
        "load five minutes": round(0.2 + 0.1 * number, 2),
        "queue count delivery": 3 * number,
        "queue count submission": number,
    }


def status_text(nodes: Sequence[str]) -> str:
    """Return the reply to api_get_server_status: a node a line, its host name and load first."""
    return "".join(f"{node},{_load(number)['load one minute']},{3 * number}\n" for number, node in enumerate(nodes))


def queue_text(nodes: Sequence[str]) -> str:
    """Return the reply to api_delivery_queue, whose real layout is unknown: a node a line, and how much it holds."""
    return "".join(f"{node},{_load(number)['queue count delivery']}\n" for number, node in enumerate(nodes))


def status_reply(nodes: Sequence[str], switches: Switches) -> str:
    """Return the reply to api_get_json_server_status."""
    content: Dict[str, Any] = {}
    for number, node in enumerate(nodes):
        status = {key: value for key, value in _load(number).items() if key not in switches.names("status_missing")}
        if switches["status_numbers"] == "text":
            status = {key: str(value) for key, value in status.items()}
        if switches["status_extra"]:
            status.update({"cpu count": 4, "mounts": {"/": {"free": 1234567}}, "version": None})
        content[node] = None if node in switches.names("status_null") else status
    return json.dumps(content) + "\n"
