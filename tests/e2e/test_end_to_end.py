# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the settings of a cluster to records on disk: every record, every field.

What is expected here is written down once more, from the documented schema: nothing is taken from the code under test.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from datetime import datetime, timezone

import pytest
from e2e.site import on

KEYS = {
    "message": {
        "id": ("email.local_id", "text"),
        "filtering_host": ("observer.hostname", "text"),
        "domain": ("spamexperts.domain", "text"),
        "sender": ("spamexperts.envelope.from", "text"),
        "recipient": ("spamexperts.envelope.to", "text"),
        "timestamp": ("spamexperts.timestamp", "text"),
        "sender_host": ("source.domain", "text"),
        "sender_ip": ("source.ip", "ip"),
        "sender_location": ("spamexperts.sender_location", "text"),
        "incoming_size": ("spamexperts.size.incoming", "integer"),
        "outgoing_size": ("spamexperts.size.outgoing", "integer"),
        "bandwidth": ("spamexperts.size.bandwidth", "integer"),
        "from_header": ("spamexperts.header.from", "text"),
        "to_header": ("spamexperts.header.to", "text"),
        "cc_header": ("spamexperts.header.cc", "text"),
        "subject_header": ("email.subject", "text"),
        "status": ("spamexperts.status", "text"),
        "classification": ("spamexperts.classification.main", "text"),
        "classification_details": ("spamexperts.classification.details", "text"),
        "classification_code": ("spamexperts.classification.code", "text"),
        "main_class": ("spamexperts.class.main", "text"),
        "sub_class": ("spamexperts.class.sub", "text"),
        "extra_class": ("spamexperts.class.extra", "text"),
        "helo": ("spamexperts.helo", "text"),
        "auth_user": ("user.name", "text"),
        "identity": ("spamexperts.identity", "text"),
    },
    "status": {
        "id": ("email.local_id", "text"),
        "status": ("spamexperts.status", "text"),
        "filtering_host": ("observer.hostname", "text"),
        "domain": ("spamexperts.domain", "text"),
        "recipient": ("spamexperts.envelope.to", "text"),
        "delivery_date": ("spamexperts.delivery.date", "text"),
        "delivery_ip": ("destination.ip", "ip"),
        "delivery_fqdn": ("destination.domain", "text"),
        "delivery_port": ("destination.port", "integer"),
        "delivery_data": ("spamexperts.delivery.response", "text"),
    },
}
OUTCOMES = {"delivered": "success", "released": "success"}
OUTCOMES.update(dict.fromkeys(("bounced", "not-accepted", "queue-expired", "rejected"), "failure"))
SECRET, WRONG_SECRET = "e2e-secret-0123456789", "e2e-secret-9876543210"
FORMAT = {"message_fields": list(KEYS["message"]), "status_fields": list(KEYS["status"]), "secret": SECRET}
MESSAGES, STATUSES, PORTIONS = 10000, 2000, 10
CLASSES = (
    *(
        "other_format",
        "other_template",
        "missing_field",
        "surplus_field",
        "cut",
        "delimiter",
        "forged_lf",
        "forged_nul",
    ),
    *(
        "forged_cr",
        "forged_crlf",
        "forged_nul_lf",
        "forged_plain",
        "forged_status",
        "number",
        "address",
        "format_string",
    ),
    *("json_text", "syslog_header", "rfc5424_header", "control", "nul", "bidi", "path", "oversize", "empty"),
)
DELIMITERS = ('","', "\x1f", "|", "]", "\t", " ")
SETTINGS = ("host", "port", "socket_type", "enabled", "message_template", "status_template")


def typed(name: str, key: str, kind: str, text: str) -> dict:
    """The key and value of a field's text by the schema."""
    if kind == "text":
        return {key: text}
    if text == "":
        return {}
    if kind == "integer":
        return {key: int(text)} if re.fullmatch("[0-9]{1,15}", text) else {"spamexperts.invalid." + name: text}
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return {"spamexperts.invalid." + name: text}
    return {key: text}


def on_disk(entry: dict, source: str) -> dict:
    """What a record that the cluster sent has to be on disk, but for the time of its receipt."""
    kind, fields = entry["kind"], entry["fields"]
    record = {
        "event.kind": "event",
        "event.category": ["email"],
        "event.action": kind,
        "event.dataset": "spamexperts." + kind,
        "event.outcome": OUTCOMES.get(fields["status"], "unknown"),
        "observer.ip": source,
    }
    assert set(fields) == set(KEYS[kind])
    for name, (key, kind_of_value) in KEYS[kind].items():
        record.update(typed(name, key, kind_of_value, fields[name]))
    return record


def canonical(record: dict) -> str:
    """One text for a record, in which 1 and "1" differ."""
    return json.dumps({key: value for key, value in record.items() if key != "@timestamp"}, sort_keys=True)


def same(expected: list[dict], found: list[dict], what: str) -> None:
    """Fail unless both hold the same records, each as often."""
    want, have = Counter(map(canonical, expected)), Counter(map(canonical, found))
    missing, surplus = list((want - have).elements()), list((have - want).elements())
    assert not missing and not surplus, (
        f"{what}: {len(missing)} of {len(expected)} missing, {len(surplus)} too many; the first ones:\n"
        + "\n".join(f"- {text[:2000]}" for text in missing[:2])
        + "\n"
        + "\n".join(f"+ {text[:2000]}" for text in surplus[:2])
    )


def run(site, portions: int = 1, **options) -> tuple[list[dict], dict[str, list[dict]]]:
    """Send flows one after the other; return what was sent and what was added on disk, once all is there.

    One portion fits into the receiver's socket buffer and its queue, however slow the machine is.
    """
    before, begin = site.receiver.position(), datetime.now(timezone.utc)
    entries = []
    for _portion in range(portions):
        entries += site.cluster.flow(seed=site.seed(), **options)
        site.receiver.settle()
    found, end = site.receiver.since(before), datetime.now(timezone.utc)
    for record in found["messages"] + found["status"] + found["quarantine"]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}(Z|\+00:00)", record["@timestamp"])
        assert begin <= datetime.fromisoformat(record["@timestamp"].replace("Z", "+00:00")) <= end
    return entries, found


def install(site, style: str) -> dict:
    """Have the receiver take that style; return the log format."""
    log_format = {**FORMAT, "style": style}
    if site.style != style:
        assert site.changed(site.playbook("receiver", spamexperts_log_format=log_format)) > 0
        site.style = style
    return log_format


@on("debian12")
def test_settings_change_once(site, receiver):
    """A dry run writes nothing, the first run names each setting, the second changes nothing."""
    before = site.cluster.ask("GET", "/state")
    dry = site.configure({}, "tcp", "--check", "--diff")
    assert site.changes(dry)["localhost"] == 1
    assert site.cluster.set_calls() == 0
    assert site.cluster.ask("GET", "/state") == before
    first = site.configure({}, "tcp", "--diff")
    assert site.changes(first)["localhost"] == 1
    for output in (dry, first):
        for name in SETTINGS:
            # A template is a list of its fields, of which only those that change begin with a sign.
            sign = "[+ ]" if name.endswith("_template") else "[+]"
            assert re.search(rf'(?m)^{sign} *"{name}": ', output), f"the diff does not name {name}:\n{output}"
    assert receiver.address in first
    assert site.cluster.set_calls() == 1
    after = site.cluster.ask("GET", "/state")
    second = site.configure({}, "tcp", "--diff")
    assert site.changes(second)["localhost"] == 0
    assert site.cluster.set_calls() == 1
    assert site.cluster.ask("GET", "/state") == after


def test_every_record_arrives(site, transport):
    """12,000 records of three nodes: each on disk exactly once, every field equal, nothing quarantined."""
    site.configure(install(site, "printable"), transport)
    entries, found = run(site, PORTIONS, messages=MESSAGES // PORTIONS, statuses=STATUSES // PORTIONS)
    site.report(
        f"{transport}: sent {len(entries)}; on disk {len(found['messages'])} messages, "
        f"{len(found['status'])} statuses, {len(found['quarantine'])} quarantined"
    )
    assert [entry for entry in entries if entry["result"] != "sent"] == []
    assert len(entries) == MESSAGES + STATUSES
    assert len({entry["node"] for entry in entries}) == 3
    features = {feature for entry in entries for feature in entry["features"]}
    assert {
        "null_sender",
        "utf8",
        "commas",
        "quotes",
        "backslashes",
        "tabs",
        "line_feed",
        "long_header",
        "ipv6",
    } <= features
    assert found["quarantine"] == []
    for kind, name in (("message", "messages"), ("status", "status")):
        expected = [on_disk(entry, site.cluster.address) for entry in entries if entry["kind"] == kind]
        assert len(expected) == {"message": MESSAGES, "status": STATUSES}[kind]
        same(expected, found[name], f"{transport} {kind}")


def verdict(
    entry: dict, style: str, transport: str, forged_reason: str, forged: str
) -> tuple[bool, list[tuple[str, str]]]:
    """Whether a hostile record stays a record, and what of it is quarantined: reasons with the id that shows."""
    kind, text_id = entry.get("hostile", ""), entry["fields"]["id"]
    if not kind:
        return True, []
    shapes = {
        "missing_field": "field-count",
        "surplus_field": "field-count",
        "cut": "truncated",
        "oversize": "truncated",
    }
    shapes["other_template"] = forged_reason
    if kind in shapes:
        return False, [(shapes[kind], text_id)]
    if kind in ("other_format", "empty"):
        return False, [("no-marker", "")]
    if "nul" in kind or kind == "forged_status":
        if transport == "udp":
            # rsyslog writes "#000" for a NUL in a datagram and loses control characters after it, also the delimiter.
            return (True, []) if style == "printable" else (False, [("truncated", text_id)])
        # The rest is a frame of its own: with a priority it is judged as a record, without one it is a piece.
        rest = {"nul": ("framing", ""), "forged_nul_lf": ("framing", entry["detail"].get("forged_id", ""))}
        return False, [("truncated", text_id), rest.get(kind, (forged_reason, entry["detail"].get("forged_id", "")))]
    # Only here does the fast style's delimiter get into a field.
    inside = (
        kind == "control"
        or entry["detail"].get("delimiter") == "\x1f"
        or (kind.startswith("forged_") and "\x1f" in forged)
    )
    return (False, [("field-count", text_id)]) if style == "fast" and inside else (True, [])


def shown_id(record: dict) -> str:
    """The id by which a quarantined record can be told: the trusted one that was read, else a forger's, else any."""
    text = record["event.original"]
    found = re.search(r"FORGED-\d{6}", text) or re.search(r"\b1[0-9A-Za-z]{5}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}\b", text)
    return record.get("email.local_id") or (found.group() if found else "")


def tame(record: dict) -> dict:
    """A record as a NUL in its datagram leaves it."""
    return {
        key: re.sub(r"[\x01-\x1f]", "", value.replace("\0", "#000")) if isinstance(value, str) else value
        for key, value in record.items()
        if key != "@timestamp"
    }


@pytest.mark.parametrize("style", ["printable", "fast"], scope="session")
def test_nothing_is_forged(site, style, transport):
    """Attacks by forgers who know the vendor's format, ours without its secret, or ours with a wrong one."""
    site.configure(install(site, style), transport)
    ours = site.cluster.settings()["message_template"]
    assert SECRET in ours
    forgeries = {
        "vendor's format": ("", "no-marker"),
        "no secret": (ours.replace(SECRET, "spamexperts"), "wrong-secret"),
        "wrong secret": (ours.replace(SECRET, WRONG_SECRET), "wrong-secret"),
    }
    reasons: Counter[str] = Counter()
    kept = attacks = 0
    for what, (forged, reason) in forgeries.items():
        entries, found = run(
            site, messages=150, statuses=30, hostile=6 * len(CLASSES), hostile_classes=list(CLASSES),
            forge_template=forged, delimiters=list(DELIMITERS),
        )  # fmt: skip
        lost = [entry for entry in entries if entry["result"] != "sent"]
        # A datagram cannot be so long; a stream can.
        assert {entry["hostile"] for entry in lost} == ({"oversize"} if transport == "udp" else set())
        records: dict[str, list[dict]] = {"message": [], "status": []}
        quarantined: Counter[tuple[str, str]] = Counter()
        for entry in entries:
            if entry["result"] == "sent":
                stays, pieces_of_it = verdict(entry, style, transport, reason, forged)
                quarantined.update(pieces_of_it)
                if stays:
                    records[entry["kind"]].append(on_disk(entry, site.cluster.address))
        label = f"{style} {transport}, {what}"
        have = Counter((record["event.reason"], shown_id(record)) for record in found["quarantine"])
        assert have == quarantined, f"{label}: missing {quarantined - have}, surplus {have - quarantined}"
        for kind, name in (("message", "messages"), ("status", "status")):
            assert not [record for record in found[name] if "FORGED" in record["email.local_id"]]
            # On TCP none has a NUL: it would have ended the record.
            exact = [record for record in records[kind] if "\\u0000" not in canonical(record)]
            known = set(map(canonical, exact))
            same(exact, [record for record in found[name] if canonical(record) in known], f"{label}, {kind}")
            same(
                [tame(record) for record in records[kind] if canonical(record) not in known],
                [tame(record) for record in found[name] if canonical(record) not in known],
                f"{label}, {kind} with a NUL",
            )
        reasons.update(record["event.reason"] for record in found["quarantine"])
        kept += len(found["messages"]) + len(found["status"])
        attacks += sum(bool(entry.get("hostile")) for entry in entries)
    site.report(f"{style} {transport}: {attacks} attacks; {kept} records kept; quarantined {dict(reasons)}")
