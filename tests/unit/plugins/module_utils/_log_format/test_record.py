# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reference parser: what fits comes back exactly, and what was cut, changed or forged does not fit."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.fields import (
    FIELDS,
    KINDS,
    invalid_key,
)
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.record import parse_record, typed
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    compile_template,
    log_format,
)

SECRET, OLD_SECRET, WRONG_SECRET = "0123456789abcdef", "ffffffffffffffff", "eeeeeeeeeeeeeeee"
MARKED = {
    style: log_format({"style": style, "secret": SECRET, "previous_secrets": [OLD_SECRET]})
    for style in ("printable", "fast")
}
CSV = log_format({"style": "csv"})
FORMATS = dict(MARKED, csv=CSV)
BASE = dict({name: "v-" + name for name in FIELDS}, sender_ip="1.2.3.4", incoming_size="12", outgoing_size="13")
BASE.update(delivery_ip="2001:db8::1", delivery_port="25", status="Delivered")
GOOD = {(style, kind): compile_template(fmt, kind) % BASE for style, fmt in FORMATS.items() for kind in KINDS}
PIECES = [
    "|",
    "\x1f",
    "[",
    "]",
    '"',
    '","',
    "]" + WRONG_SECRET,
    WRONG_SECRET + ".",
    "\n",
    "\r\n",
    "<158>",
    "spamexperts: ",
    "%s",
    "\\",
    *GOOD["csv", "message"].split(" "),
    compile_template(log_format({}), "message") % BASE,
    compile_template(log_format({"secret": WRONG_SECRET}), "status") % BASE,
]
TEXT = st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_characters="\0"), max_size=8), max_size=4).map(
    "".join
)


def expected(fmt, kind, values):
    record = {"event.action": kind, "event.dataset": "spamexperts." + kind}
    for field in fmt.fields(kind):
        record.update(typed(field, values[field.name]))
    return record


def values_for(fmt, kind, data):
    """Any value in an untrusted field; in a trusted one, any that lacks what the wire form reserves."""
    values = {}
    for field in fmt.fields(kind):
        if field.type == "integer":
            values[field.name] = str(data.draw(st.integers(0, field.maximum)))
        elif field.type == "ip":
            values[field.name] = str(data.draw(st.ip_addresses()))
        else:
            value = data.draw(TEXT)
            if fmt.style == "csv":
                # The quotes around a value can make a separator with what it holds.
                assume(fmt.delimiter not in '"' + value + '"')
            elif fmt.style == "fast" or not field.untrusted:
                value = value.replace(fmt.delimiter, "")
            values[field.name] = value
    return values


@pytest.mark.parametrize("style", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.data())
def test_round_trip(style, kind, data):
    fmt = FORMATS[style]
    values = values_for(fmt, kind, data)
    record = compile_template(fmt, kind) % values
    for sent in (record, "<158>" + record, "<158>" + record + "\0"):
        parsed = parse_record(sent, fmt)
        parsed.pop("event.outcome")
        assert parsed == expected(fmt, kind, values)


@pytest.mark.parametrize("style", MARKED)
@pytest.mark.parametrize("kind", KINDS)
def test_cut_anywhere_is_never_good(style, kind):
    good = GOOD[style, kind]
    assert parse_record("<1>" + good, FORMATS[style])["event.action"] == kind
    for end in range(len(good)):
        assert parse_record("<1>" + good[:end], FORMATS[style])["event.action"] == "quarantine", good[:end]
        if end:
            assert parse_record("<1>" + good[end:], FORMATS[style])["event.action"] == "quarantine", good[end:]


def test_cut_csv_passes_only_where_its_form_cannot_tell():
    """A message cut at the closing quote of as many fields as a status has reads as a status."""
    good = GOOD["csv", "message"]
    passed = [end for end in range(len(good)) if parse_record("<1>" + good[:end], CSV)["event.action"] != "quarantine"]
    assert passed == [len('","'.join(good.split('","')[:10])) + 1]


@pytest.mark.parametrize("style", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
@given(tail=TEXT.filter(bool))
def test_appended_is_never_good(style, kind, tail):
    # In csv a quoted end makes the last field longer.
    assume(style != "csv" or not tail.endswith('"'))
    assert parse_record("<1>" + GOOD[style, kind] + tail, FORMATS[style])["event.action"] == "quarantine"


@pytest.mark.parametrize("style", MARKED)
@pytest.mark.parametrize("kind", KINDS)
@given(tail=st.sampled_from([GOOD["printable", "message"], GOOD["fast", "status"], SECRET, "]" + SECRET, SECRET + "."]))
def test_appended_with_the_secret_is_never_good(style, kind, tail):
    assert parse_record("<1>" + GOOD[style, kind] + tail, FORMATS[style])["event.action"] == "quarantine"


@pytest.mark.parametrize("style", MARKED)
@pytest.mark.parametrize("kind", KINDS)
def test_secrets(style, kind):
    fmt, good = FORMATS[style], GOOD[style, kind]
    assert parse_record("<1>" + good.replace(SECRET, OLD_SECRET), fmt) == parse_record("<1>" + good, fmt)
    for wrong in (WRONG_SECRET, "spamexperts", "", SECRET[:-1], SECRET + "0", SECRET.upper()):
        parsed = parse_record("<1>" + good.replace(SECRET, wrong), fmt)
        assert parsed["event.action"] == "quarantine" and parsed["event.reason"] == "wrong-secret"
    mixed = good.replace(SECRET, OLD_SECRET, 1)
    assert parse_record("<1>" + mixed, fmt)["event.action"] == "quarantine"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("<1>hello", "no-marker"),
        ("hello", "framing"),
        ("", "framing"),
        ("<1>", "no-marker"),
        ("<1234>hello", "no-marker"),
        ("<>hello", "framing"),
        ("<1>" + GOOD["csv", "message"], "no-marker"),
        ("<1> " + GOOD["printable", "message"], "no-marker"),
        ("<1>" + GOOD["printable", "message"].replace("|message|", "|massage|"), "kind"),
        ("<1>" + GOOD["printable", "message"].replace("|1|", "|2|", 1), "kind"),
        ("<1>" + GOOD["printable", "message"].replace("v-id|", ""), "field-count"),
        ("<1>" + GOOD["printable", "message"].replace("[v-sender]" + SECRET, ""), "field-count"),
        ("<1>" + GOOD["printable", "message"].replace("[v-helo]", "[a]" + SECRET + "[b]"), "field-count"),
        ("<1>" + GOOD["printable", "message"][:-1], "truncated"),
        ("<1>" + GOOD["printable", "message"] + "x", "truncated"),
    ],
)
def test_reasons(record, reason):
    parsed = parse_record(record, MARKED["printable"])
    assert parsed["event.action"] == "quarantine" and parsed["event.reason"] == reason
    assert record.endswith(parsed["event.original"])


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("<1>hello", "no-marker"),
        ('<1>"', "truncated"),
        ('<1>""', "field-count"),
        ('<1>"a","b"', "field-count"),
        ("<1>" + GOOD["csv", "message"][:-1], "truncated"),
        ("<1>" + GOOD["csv", "message"].replace("v-helo", 'x","y'), "field-count"),
        ("<1>" + '","'.join(GOOD["csv", "message"].split('","')[:10]) + '","', "field-count"),
    ],
)
def test_csv_reasons(record, reason):
    assert parse_record(record, CSV)["event.reason"] == reason


def test_quarantine_keeps_the_clusters_own_leading_fields():
    parsed = parse_record("<1>" + GOOD["printable", "message"][:-30], MARKED["printable"])
    assert parsed == {
        "event.action": "quarantine",
        "event.reason": "truncated",
        "event.original": GOOD["printable", "message"][:-30],
        "email.local_id": "v-id",
        "observer.hostname": "v-filtering_host",
        "spamexperts.timestamp": "v-timestamp",
        "spamexperts.status": "Delivered",
    }


@pytest.mark.parametrize("style", MARKED)
@pytest.mark.parametrize("kind", KINDS)
def test_forged_records_stay_inside_their_field(style, kind):
    """Whole records and ends of fields in each field, by somebody who knows everything but the secret."""
    fmt, template, forged = FORMATS[style], compile_template(FORMATS[style], kind), dict.fromkeys(FIELDS, "FORGED")
    texts = [
        compile_template(log_format(dict(value, style=style)), other) % forged
        for value in ({"secret": WRONG_SECRET}, {})
        for other in KINDS
    ]
    texts += ["]" + WRONG_SECRET + "[FORGED]" + WRONG_SECRET, "|FORGED|", "\x1fFORGED\x1f", '","FORGED","']
    stayed = 0
    for field in (field for field in fmt.fields(kind) if field.untrusted):
        for text in texts:
            for joint in ("", "\n", "\0", "]", "|", "\x1f", "<158>"):
                value = "a" + joint + text + joint + "b"
                record = template % dict(BASE, **{field.name: value})
                parsed = parse_record("<158>" + record, fmt)
                if parsed["event.action"] == "quarantine":
                    assert style == "fast" and fmt.delimiter in value
                    continue
                stayed += 1
                assert parsed == dict(parse_record("<158>" + GOOD[style, kind], fmt), **{field.key: value})
                for piece in record.split("\0")[1:]:
                    assert parse_record(piece, fmt)["event.action"] == "quarantine"
    assert stayed > 50


@pytest.mark.parametrize(
    ("name", "text", "record"),
    [
        ("incoming_size", "", {}),
        ("incoming_size", "0", {"spamexperts.size.incoming": 0}),
        ("incoming_size", "0013", {"spamexperts.size.incoming": 13}),
        ("incoming_size", "9" * 15, {"spamexperts.size.incoming": 10**15 - 1}),
        ("delivery_port", "65535", {"destination.port": 65535}),
        ("sender_ip", "", {}),
        ("sender_ip", "10.0.0.1", {"source.ip": "10.0.0.1"}),
        ("sender_ip", "001:db8::1", {"source.ip": "001:db8::1"}),
        ("sender_ip", "::ffff:1.2.3.4", {"source.ip": "::ffff:1.2.3.4"}),
        ("subject_header", "", {"email.subject": ""}),
        ("subject_header", "12", {"email.subject": "12"}),
    ],
)
def test_typed(name, text, record):
    assert typed(FIELDS[name], text) == record


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("incoming_size", text)
        for text in ("9" * 16, "0" * 16, "-1", "+1", " 1", "1\n", "1.0", "1e3", "x", "١٢", "²", "1_0")
    ]
    + [("delivery_port", "65536")]
    + [
        ("sender_ip", text)
        for text in ("dead", "1.2.3", "01.2.3.4", "1.2.3.04", "::ffff:1.2.3.04", "::ffff:01.2.3.4", "256.1.1.1")
    ]
    + [
        ("sender_ip", text)
        for text in ("fe80::1%eth0", "1.2.3.4\n", " ::1", "1:2:3:4:5:6:7:8:9", "1.2.3.4:25", "12345", "::g")
    ],
)
def test_the_text_of_a_wrong_type_is_kept(name, text):
    assert typed(FIELDS[name], text) == {invalid_key(FIELDS[name]): text}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("Delivered", "success"),
        ("RELEASED", "success"),
        ("bounced", "failure"),
        ("Not-accepted", "failure"),
        ("", "unknown"),
        ("quarantined", "unknown"),
        ("delivered ", "unknown"),
    ],
)
def test_outcome(status, outcome):
    record = compile_template(MARKED["printable"], "message") % dict(BASE, status=status)
    assert parse_record(record, MARKED["printable"])["event.outcome"] == outcome


def test_canary_is_neither_record_nor_quarantine():
    nonce = "0123456789abcdef" * 2
    marked = "<1>spamexperts: %s|canary "
    assert parse_record(marked % SECRET + nonce, MARKED["printable"]) == {"event.action": "canary"}
    assert parse_record(marked % WRONG_SECRET + nonce, MARKED["printable"])["event.reason"] == "wrong-secret"
    assert parse_record("<1>spamexperts-canary: " + nonce, CSV) == {"event.action": "canary"}


@pytest.mark.parametrize(
    "nonce", ["", "1", "0" * 31, "0" * 33, "0" * 31 + "g", "0" * 32 + "\n", "0" * 31 + "\u0663", "A" * 32]
)
def test_a_canary_has_exactly_one_form(nonce):
    """Or anyone who knows the log format could make the file of test records grow."""
    marked = parse_record("<1>spamexperts: %s|canary %s" % (SECRET, nonce), MARKED["printable"])
    assert (marked["event.action"], marked["event.reason"]) == ("quarantine", "kind")
    record = parse_record("<1>spamexperts-canary: " + nonce, CSV)
    assert (record["event.action"], record["event.reason"]) == ("quarantine", "no-marker")
