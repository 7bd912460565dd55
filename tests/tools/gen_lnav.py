# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the formats that let lnav read the records, from the table of fields.

    gen_lnav.py [--check]

With --check it changes nothing and exits with 1 where the file is out of date.
"""

from __future__ import annotations

import json
import sys

from gen_docs import ROOT, log_format_module

PATH = ROOT / "roles" / "rsyslog_receiver" / "files" / "lnav" / "spamexperts.json"
KINDS = {"text": "string", "ip": "string", "integer": "integer"}
RECEIVED = {"event.kind": "string", "event.action": "string", "observer.ip": "string"}
ACCEPTED = {**RECEIVED, "event.category": "json", "event.dataset": "string", "event.outcome": "string"}
QUARANTINED = {**RECEIVED, "event.reason": "string", "event.original": "string", "log.syslog.priority": "string"}
OUTCOME = {"level-field": "event.outcome", "level": {"error": "^failure$", "info": "^(success|unknown)$"}}
# Each file: the kinds of record whose fields it can hold, the keys that the receiver adds, its line, and lnav's level.
# A line has labels and names of fields or keys. lnav 0.11 knows no label that goes away with its value.
FILES = {
    "messages": (
        ("message",),
        ACCEPTED,
        "{filtering_host} {id} {status} from={sender} to={recipient} ip={sender_ip} subject={subject_header}",
        OUTCOME,
    ),
    "status": (
        ("status",),
        ACCEPTED,
        "{filtering_host} {id} {status} to={recipient} via={delivery_fqdn} reply={delivery_data}",
        OUTCOME,
    ),
    "quarantine": (
        ("message", "status"),
        QUARANTINED,
        "{observer.ip} {event.reason} {event.original}",
        {"level-field": "event.action", "level": {"warning": "^quarantine$"}},
    ),
}


def values(kinds: tuple[str, ...], added: dict[str, str]) -> dict[str, dict]:
    """Each key of a record, with what lnav has to know of it."""
    table = log_format_module("fields")
    fields = [field for field in table.FIELDS.values() if set(kinds) & set(field.kinds)]
    found: dict[str, dict] = {key: {"kind": kind} for key, kind in added.items()}
    for field in fields:
        found[field.key] = {"kind": KINDS[field.type]}
        if field.type == "ip":
            found[field.key]["collate"] = "ipaddress"
    found.update({table.invalid_key(field): {"kind": "string"} for field in fields if field.type != "text"})
    # A number that is not to be added up.
    found.get("destination.port", {})["foreign-key"] = True
    # Coloured alike wherever the same text stands.
    for key in ("email.local_id", "observer.hostname"):
        found[key]["identifier"] = True
    return found


def line(form: str) -> list:
    """What lnav shows of a record."""
    fields = log_format_module("fields").FIELDS
    parts: list = [{"field": "__timestamp__"}]
    for word in form.split():
        label, _brace, name = word.rstrip("}").partition("{")
        parts += [" " + label, {"field": fields[name].key if name in fields else name}]
    return parts


def log_format(name: str) -> dict:
    """The format of one file."""
    kinds, added, form, level = FILES[name]
    shown = line(form)
    columns = values(kinds, added)
    on_line = {part["field"] for part in shown if isinstance(part, dict)}
    for key in columns.keys() - on_line:
        columns[key]["hidden"] = True
    return {
        "title": f"SpamExperts {name}",
        "description": f"{name}.json of the role spamexperts.local_cloud.rsyslog_receiver",
        "json": True,
        "file-pattern": rf"(^|/){name}\.json",
        "timestamp-field": "@timestamp",
        **level,
        "line-format": shown,
        "value": columns,
    }


def main() -> int:
    sys.dont_write_bytecode = True
    formats = {f"spamexperts_{name}": log_format(name) for name in FILES}
    made = json.dumps({"$schema": "https://lnav.org/schemas/format-v1.schema.json", **formats}, indent=2) + "\n"
    if "--check" not in sys.argv[1:]:
        PATH.write_text(made, "utf-8")
    elif PATH.read_text("utf-8") != made:
        print(f"{PATH.relative_to(ROOT)} is out of date: run 'make docs'")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
