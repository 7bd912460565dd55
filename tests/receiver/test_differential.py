# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rsyslog runs against the reference parser: one definition, two implementations."""

from __future__ import annotations

import collections
import itertools
import json
import logging
import random
import re
import socket
from logging.handlers import SysLogHandler

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from receiver import expected, hostile
from receiver.conftest import HOST, RELEASES, finish, rsyslogd_of

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    STYLES,
    compile_template,
)
from emulator.stream import Handler

EXAMPLES = 80  # lists of 10 to 30 records, for each style, transport and release
UDP_MAX = 65507
TRANSPORTS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
RECEPTION = {
    "@timestamp": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(\+00:00|Z)\Z"),
    "event.kind": re.compile(r"event\Z"),
    "observer.ip": re.compile(r"127\.0\.0\.1\Z"),
}
FILES = {"messages": "message", "status": "status", "quarantine": "quarantine"}


def settings(style: str) -> dict:
    if style == "csv":
        return {"style": style}
    return {"style": style, "secret": hostile.SECRET, "previous_secrets": [hostile.OLD_SECRET]}


@pytest.fixture(scope="module", params=itertools.product(STYLES, RELEASES), ids=" on ".join)
def receiver(start, request):
    style, release = request.param
    return start(settings(style), program=rsyslogd_of(RELEASES[release]))


def send(receiver, transport: str, frames: list[bytes]) -> list[bytes]:
    """Send the records as Python's SysLogHandler does. Returns the frames that rsyslog makes of them."""
    wire = [frame + b"\0" for frame in frames if transport == "tcp" or len(frame) < UDP_MAX]
    if transport == "tcp":
        receiver.send_tcp(b"".join(wire))
        return expected.tcp_frames(b"".join(wire))
    receiver.send_udp(wire)
    return [expected.udp_frame(datagram) for datagram in wire]


def check(receiver, frames: list[bytes], *transports: str) -> dict[str, list[dict]]:
    """Take the records and compare each with what the reference parser says of its frame. Returns what was taken."""
    wanted = expected.records(frames, receiver.fmt)
    taken = receiver.take(transports=transports or tuple(TRANSPORTS))
    got = []
    for name, found in taken.items():
        for record in found:
            assert record["event.action"] == FILES[name]
            got.append(without_reception(record))
    missing, surplus = difference(wanted, got)
    if missing or surplus:
        pairs = itertools.islice(itertools.zip_longest(missing, surplus), 5)
        shown = "\n".join(f"reference {brief(one)}\nrsyslog   {brief(other)}" for one, other in pairs)
        pytest.fail(f"{len(missing)} of {len(wanted)} differ, {len(surplus)} surplus:\n{shown}", pytrace=False)
    return taken


def brief(record: str | None) -> str:
    """A record for reading: without what is as in the base, and long values shortened."""
    usual = {
        repr(value) for value in (*hostile.BASE.values(), 12, 13, 25, 0, "success", "message", "spamexperts.message")
    }
    items = {key: repr(value) for key, value in json.loads(record or "{}").items()}
    return str(
        {
            key: value if len(value) < 400 else value[:200] + "..." + value[-200:]
            for key, value in items.items()
            if value not in usual
        }
    )


def without_reception(record: dict) -> dict:
    """The record without the keys that only reception gives, which have to be right."""
    record = dict(record)
    for key, pattern in RECEPTION.items():
        assert pattern.match(record.pop(key)), key
    if record["event.action"] == "quarantine":
        assert re.match(r"[0-9]{1,3}\Z|invld\Z", record.pop("log.syslog.priority"))
    else:
        assert record.pop("event.category") == ["email"]
    return record


def difference(wanted: list[dict], got: list[dict]) -> tuple[list[str], list[str]]:
    """Records of the one and not of the other, each as often as it is too many; 1 and "1" differ."""
    one, other = (collections.Counter(json.dumps(record, sort_keys=True) for record in side) for side in (wanted, got))
    return list((one - other).elements()), list((other - one).elements())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_listed_hostile_records(receiver, transport):
    frames = [b"<158>" + hostile.encoded(record) for record in hostile.listed(receiver.fmt)]
    taken = check(receiver, send(receiver, transport, frames))
    assert all(taken[name] for name in FILES), "a list that fills only some of the files tests little"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_whatever_hypothesis_thinks_of(receiver, transport):
    """Sent by Python's own SysLogHandler, as the emulated cluster sends; a disagreement is shrunk to its core."""
    seen: collections.Counter = collections.Counter()

    @examples(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(hostile.damaged(receiver.fmt), min_size=10, max_size=30))
    def both_agree(records: list[str]) -> None:
        handler, frames = Handler((HOST, receiver.port), SysLogHandler.LOG_LOCAL3, TRANSPORTS[transport]), []
        for record in records:
            receiver.drain()
            handler.begin(raw=True)
            handler.handle(logging.LogRecord("remote_syslog", logging.INFO, __file__, 0, record, (), None))
            assert handler.error is None
            frames.append(b"<158>" + hostile.encoded(record) + b"\0")
        if transport == "tcp":
            finish(handler.socket)
        handler.close()
        made = expected.tcp_frames(b"".join(frames)) if transport == "tcp" else map(expected.udp_frame, frames)
        taken = check(receiver, list(made), transport)
        seen.update({name: len(found) for name, found in taken.items()})

    both_agree()
    assert receiver.take() == {name: [] for name in FILES}
    assert sum(seen.values()) > 10 * EXAMPLES
    assert min(seen[name] for name in FILES) > sum(seen.values()) / 10, seen


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_nul_inside_a_record(receiver, transport):
    """On TCP it splits the record, on UDP it becomes text; the pieces are accounted for."""
    rnd, records = random.Random(5), hostile.some(hostile.damaged(receiver.fmt), 300)
    frames = []
    for record in records:
        cut = rnd.randrange(len(record) + 1)
        joint = rnd.choice(("\0", "\0\0", "\0<158>", "\0\n", "\t\0\t", "\x1b\0"))
        frames.append(b"<158>" + hostile.encoded(record[:cut] + joint + record[cut:]))
    check(receiver, send(receiver, transport, frames))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_odd_priorities(receiver, transport):
    good = compile_template(receiver.fmt, "message") % hostile.BASE
    frames = [
        (priority + text).encode()
        for priority in (*hostile.PRIORITIES, *hostile.ODD_PRIORITIES)
        for text in (good, "hello", good[:-1])
    ]
    check(receiver, send(receiver, transport, frames))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_short_sequence_of_bytes(receiver, transport):
    """Bytes at the edges of UTF-8's ranges in all orders: what is not UTF-8 becomes one question mark a byte."""
    edges = [
        bytes([byte]) for byte in (0x61, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC3, 0xE0, 0xED, 0xF0, 0xF4, 0xF8)
    ]
    frames = []
    template = compile_template(receiver.fmt, "message") % dict(hostile.BASE, subject_header="SUBJECT")
    for before, two, after in itertools.product(edges, repeat=3):
        values = b" ".join(before + two + after + last for last in edges)
        frames.append(b"<158>" + template.encode().replace(b"SUBJECT", b"-" + values + b"-"))
    taken = check(receiver, send(receiver, transport, frames[:: 1 if transport == "tcp" else 7]))
    assert not taken["quarantine"]


@pytest.mark.parametrize("text", ["x", "ü", "xü", "€", "\udcff", ']|\x1f","'])
def test_oversize_is_cut_and_its_rest_is_nothing(receiver, text):
    template = compile_template(receiver.fmt, "message")
    filling = text * (140000 // len(hostile.encoded(text)))
    tail = template % dict(hostile.BASE, subject_header="TAIL")
    frames = [
        b"<158>" + hostile.encoded(template % dict(hostile.BASE, subject_header=filling)),
        b"<158>" + hostile.encoded(template % dict(hostile.BASE, subject_header=filling + "<158>" + tail)),
        b"<158>" + hostile.encoded(template % dict(hostile.BASE, subject_header="after")),
    ]
    taken = check(receiver, send(receiver, "tcp", frames))
    assert [record["email.subject"] for record in taken["messages"]] == ["after"]
    assert len(taken["quarantine"]) == 2


def test_quarantine_shows_the_priority(receiver):
    receiver.send_tcp(b"".join(b"<%d>hello\0" % priority for priority in (0, 22, 191)))
    taken = receiver.take(3)["quarantine"]
    assert [record["log.syslog.priority"] for record in taken] == ["0", "22", "191"]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("style", ["printable", "fast"])
def test_nothing_forged_is_filed(start, style, transport):
    """Whole forged records in every untrusted field: inside it or in quarantine, nowhere else."""
    receiver = start(settings(style))
    fmt, frames = receiver.fmt, []
    for kind in ("message", "status"):
        template = compile_template(fmt, kind)
        for field in (field for field in fmt.fields(kind) if field.untrusted):
            for joint in (
                "",
                "\n",
                "\r\n",
                "\0",
                "\0\n",
                "\0\0",
                "]",
                '"',
                fmt.delimiter,
                "\0<158>",
                "\n<158>",
                "<158>",
            ):
                for text in hostile.forged(fmt):
                    values = dict(hostile.BASE, **{field.name: f"a{joint}{text}{joint}b"})
                    frames.append(b"<158>" + hostile.encoded(template % values))
    taken = check(receiver, send(receiver, transport, frames))
    keys = {field.key for kind in ("message", "status") for field in fmt.fields(kind) if field.untrusted}
    assert len(taken["messages"] + taken["status"]) > 200
    for record in taken["messages"] + taken["status"]:
        holding = [key for key, value in record.items() if "FORGED" in str(value)]
        assert len(holding) == 1 and holding[0] in keys
        assert record[holding[0]].startswith("a") and record[holding[0]].endswith("b")


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("style", ["printable", "fast"])
def test_without_pmnormalize(start, style, transport):
    """Where rsyslog lacks that module its usual parser reads the beginning; well-formed text comes out the same.

    Only well-formed text: mmutf8fix does not reach what that parser takes for a syslog tag. In the csv style such a tag
    can end in the middle of a character, so even that cannot be promised.
    """
    receiver = start(settings(style), pmnormalize=False)
    made = [*hostile.listed(receiver.fmt), *hostile.some(hostile.damaged(receiver.fmt), 500)]
    frames = [b"<158>" + hostile.encoded(record) for record in made if not re.search("[\udc80-\udcff]", record)]
    check(receiver, send(receiver, transport, frames))


@pytest.mark.parametrize("style", ["printable", "fast"])
def test_other_choices_of_a_log_format(start, style):
    """Few fields, another tag and delimiter, a name the table lacks, no secret, more than one older secret."""
    choices = [
        {"tag": "Mail.log-1", "message_fields": ["subject_header"], "status_fields": ["id"]},
        {"message_fields": ["sender_ip"], "status_fields": ["delivery_port", "delivery_ip"], "secret": "-" * 16},
        {
            "message_fields": ["extra_stuff", "bandwidth", "identity"],
            "allow_unknown_fields": True,
            "secret": "a-_-" * 16,
            "previous_secrets": ["a-_-" * 15, "b" * 16],
            "delimiter": {"printable": "$", "fast": "\x01"}[style],
        },
    ]
    base = dict(hostile.BASE, extra_stuff="more")
    for choice in choices:
        receiver = start({"style": style, **choice})
        fmt = receiver.fmt
        values = hostile.some(hostile.texts(fmt), 200)
        frames = []
        for kind, value in itertools.product(("message", "status"), values):
            for field in fmt.fields(kind):
                frames.append(
                    b"<158>" + hostile.encoded(compile_template(fmt, kind) % dict(base, **{field.name: value}))
                )
        taken = check(receiver, send(receiver, "tcp", frames))
        assert taken["messages"] and taken["status"] and taken["quarantine"]


def test_a_first_and_a_last_field_that_csv_has_to_look_at(start):
    """The first field of a csv record begins with its quote, and the last ends with one."""
    fields = {
        "message_fields": ["incoming_size", "sender_ip", "subject_header"],
        "status_fields": ["delivery_port", "id"],
    }
    receiver = start({"style": "csv", **fields})
    values = [*hostile.NUMBERS, *hostile.ADDRESSES, *hostile.TEXTS, *hostile.some(hostile.texts(receiver.fmt), 100)]
    frames = []
    for kind in ("message", "status"):
        template = compile_template(receiver.fmt, kind)
        for name in fields[kind + "_fields"]:
            for value in values:
                frames.append(b"<158>" + hostile.encoded(template % dict(hostile.BASE, **{name: value})))
    taken = check(receiver, send(receiver, "tcp", frames))
    assert taken["messages"] and taken["status"] and taken["quarantine"]
