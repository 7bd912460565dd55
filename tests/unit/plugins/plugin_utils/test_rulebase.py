# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the receiver's configuration is rendered from; tests/receiver runs it in rsyslogd."""

from __future__ import annotations

import ipaddress
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.fields import FIELDS, KINDS
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    TemplateError,
    compile_template,
    log_format,
)
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._rulebase import (
    IPV4,
    IPV6,
    parser,
    rulebases,
    rulesets,
)

SECRET, OLD_SECRET = "0123456789abcdef", "ffffffffffffffff"
STYLES = [{"secret": SECRET}, {}, {"style": "fast", "secret": SECRET}, {"style": "fast"}, {"style": "csv"}]


@pytest.mark.parametrize(
    ("address", "left"),
    [("::", None), ("0:0::0", None), ("0.0.0.0", "0.0.0.0"), ("::1", "::1"), ("", None), (None, None), ("x", "x")],
)
def test_the_address_of_all(address, left):
    """rsyslogd takes both families only when it is given no address; what is not an address is refused elsewhere."""
    (found,) = rulesets([{"transport": "udp", "port": 1, "address": address}], {})
    assert found["listeners"][0].get("address") == left


@given(st.ip_addresses(v=6))
def test_ipv6_takes_every_address(address):
    for text in (str(address), address.exploded, str(address).upper()):
        assert re.match(IPV6, text)
        assert not re.match(IPV4, text)


@given(st.ip_addresses(v=4))
def test_ipv4_takes_every_address(address):
    assert re.match(IPV4, str(address))
    assert re.match(IPV6, "::ffff:%s" % address) and re.match(IPV6, "1:2:3:4:5:6:%s" % address)


@given(st.text(alphabet="0123456789abcdefg:.%", max_size=20))
def test_no_pattern_accepts_an_invalid_address(text):
    try:
        version = ipaddress.ip_address(text).version if "%" not in text else 0
    except ValueError:
        version = 0
    assert bool(re.match(IPV4, text)) == (version == 4)
    assert bool(re.match(IPV6, text)) == (version == 6)


@pytest.mark.parametrize("value", STYLES)
def test_rules_are_one_line_each_and_their_fields_are_json(value):
    for text in rulebases(log_format(value)).values():
        lines = text.splitlines()
        assert lines[0] == "version=2"
        for line in lines[1:]:
            assert re.match(r"(#.*|rule=[a-z-]*:.+|type=@\w+:.+|)\Z", line)
            for found in re.findall(r"%(\{.*?\})%", line):
                assert {"name", "type"} <= set(json.loads(found))
        assert all(ord(char) >= 32 or char == "\n" for char in text)


@pytest.mark.parametrize("value", STYLES)
def test_every_field_of_the_templates_has_its_key_in_the_rules(value):
    fmt = log_format(value)
    text = "".join(rulebases(fmt).values())
    for kind in KINDS:
        for field in fmt.fields(kind)[: -1 if fmt.style == "csv" else None]:
            assert '"%s"' % field.key in text
    if fmt.style == "csv":
        assert parser(fmt)["last_keys"] == {"message": "email.subject", "status": "spamexperts.delivery.response"}


def test_old_secrets_are_accepted_after_the_one_in_force():
    text = rulebases(log_format({"secret": SECRET, "previous_secrets": [OLD_SECRET]}))["records"]
    assert 0 < text.index(SECRET) < text.index(OLD_SECRET)
    assert OLD_SECRET not in rulebases(log_format({"secret": SECRET}))["records"]


def test_csv_tries_the_longer_list_first():
    assert list(rulebases(log_format({"style": "csv"}))) == ["message", "status"]
    short = log_format({"style": "csv", "message_fields": ["helo"]})
    assert list(rulebases(short)) == ["status", "message"]


@pytest.mark.parametrize("value", STYLES)
@pytest.mark.parametrize(
    "fields", [None, ["incoming_size", "sender_ip", "bandwidth", "helo"], ["helo", "bandwidth", "sender"]]
)
def test_the_place_of_integers_is_where_the_delimiter_puts_them(value, fields):
    """rsyslog's field() counts from 1 over the whole text."""
    fmt = log_format(dict(value, message_fields=fields) if fields else value)
    found = parser(fmt)
    separator = found["separator"] if isinstance(found["separator"], str) else chr(found["separator"])
    assert separator == fmt.delimiter
    for kind in KINDS:
        sent = (compile_template(fmt, kind) % {name: "=" + name for name in FIELDS}).split(separator)
        integers = [field.name for field in fmt.fields(kind) if field.type == "integer"]
        places = [item["place"] for item in found["integer_fields"] if item["kind"] == kind]
        assert [sent[place - 1].lstrip('"') for place in places] == ["=" + name for name in integers]


def test_canary_has_the_secret_and_fits_no_kind():
    assert parser(log_format({"secret": SECRET}))["canary"] == "spamexperts: %s|canary " % SECRET
    assert parser(log_format({"style": "csv"}))["canary"] == "spamexperts-canary: "


def test_listeners_of_one_log_format_share_a_ruleset():
    udp, tcp = {"transport": "udp", "port": 5514}, {"transport": "tcp", "port": 5514, "address": "::1"}
    (only,) = rulesets([udp, tcp, dict(udp, port=5515, log_format={"secret": SECRET})], {"secret": SECRET})
    assert only["name"] == "records" and list(only["rulebases"]) == ["records"]
    canary = "spamexperts: %s|canary " % SECRET
    assert only["listeners"] == [dict(place, canary=canary) for place in (udp, tcp, dict(udp, port=5515))]


def test_another_log_format_has_a_ruleset_of_its_own():
    listeners = [
        {"transport": "udp", "port": 5514},
        {"transport": "udp", "port": 5515, "log_format": {"style": "csv"}},
        {"transport": "udp", "port": 5516, "log_format": {"secret": OLD_SECRET}},
    ]
    found = rulesets(listeners, {"secret": SECRET})
    assert [made["name"] for made in found] == ["records", "records-2", "records-3"]
    assert [list(made["rulebases"]) for made in found] == [["records"], ["message-2", "status-2"], ["records-3"]]
    assert SECRET not in str(found[1:]) and OLD_SECRET not in str(found[:2])
    assert [made["listeners"][0]["port"] for made in found] == [5514, 5515, 5516]


def test_a_faulty_log_format_of_a_listener_says_whose_it_is():
    good, bad = {"transport": "udp", "port": 1}, {"transport": "udp", "port": 2, "log_format": {"style": "cvs"}}
    with pytest.raises(TemplateError, match="^listener 2: style must be one of"):
        rulesets([good, bad], {})
    with pytest.raises(TemplateError, match="^style must be one of"):
        rulesets([good], {"style": "cvs"})
