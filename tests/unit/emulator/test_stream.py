# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail flows, and the nodes that send them."""

from __future__ import annotations

import functools
import itertools
import json
import socket
import threading
import time
import types

import pytest

from emulator import Emulator, flow
from emulator.hostile import CLASSES, VENDOR_TEMPLATE, Hostile
from emulator.mailflow import FEATURES, START, MailFlow
from emulator.record import MESSAGE_FIELDS, STATUS_FIELDS
from emulator.stream import Node, Outcome

ALL = {
    "message": "m|" + "|".join(f"%({name})s" for name in MESSAGE_FIELDS),
    "status": "s|" + "|".join(f"%({name})s" for name in STATUS_FIELDS),
}
NODES = ("a", "b", "c")


def wait_for(condition):
    """Wait until it holds. Only what never comes takes the minutes until this gives up."""
    end = time.monotonic() + 120
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def enable(emulator, taker, transport, **more):
    emulator.state.pin(
        **{
            "host": "127.0.0.1",
            "port": taker.port,
            "socket_type": transport,
            "enabled": "true",
            "message_template": ALL["message"],
            "status_template": ALL["status"],
            **more,
        }
    )


def test_the_same_seed_gives_the_same_records_and_another_seed_others():
    first, second, other = (list(MailFlow(seed, NODES).records(300, 60)) for seed in (7, 7, 8))
    assert first == second
    assert not {record.fields["id"] for record in first} & {record.fields["id"] for record in other}


def test_counts_fields_and_join_key():
    records = list(MailFlow(1, NODES).records(500, 100))
    messages = [record for record in records if record.kind == "message"]
    statuses = [record for record in records if record.kind == "status"]
    assert (len(messages), len(statuses)) == (500, 100)
    assert all(set(record.fields) == set(MESSAGE_FIELDS) for record in messages)
    assert all(set(record.fields) == set(STATUS_FIELDS) for record in statuses)
    assert len({record.fields["id"] for record in messages}) == 500
    assert {record.fields["id"] for record in statuses} <= {record.fields["id"] for record in messages}
    assert {record.node for record in records} == set(NODES)
    assert [record.kind for record in records[:12]].count("status") == 2
    assert len(list(MailFlow(1, NODES).records(0, 5))) == 5


def test_the_first_messages_hold_everything_that_is_hard():
    records = list(itertools.islice(MailFlow(1, NODES).records(100, 0), len(FEATURES)))
    assert [record.features[0] for record in records] == [name for name, _change in FEATURES]
    text = "\x1e".join(str(value) for record in records for value in record.fields.values())
    for hard in (",", '"', "\\", "\t", "\n", "\r", "\x1b", "%", "ü", "東", "🎉", "2001:db8::25"):
        assert hard in text
    assert any(record.fields["sender"] == "" for record in records)
    assert max(len(str(record.fields["cc_header"])) for record in records) == 20480
    assert "\x00" not in text


def test_time_formats():
    shown = {style: MailFlow(1, NODES, style).message().fields["timestamp"] for style in ("text", "epoch", "iso")}
    assert shown["text"].startswith("2026-01-01 00:00:0") and shown["iso"].startswith("2026-01-01T00:00:0")
    assert 0 <= int(shown["epoch"]) - START <= 2


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_what_arrives_is_what_was_written_down(emulator, receiver, transport):
    taker = receiver(transport)
    enable(emulator, taker, transport, facility="local3", level="WARNING")
    # In parts that the smallest receive buffer holds, however slowly it is emptied.
    for part in range(1, 11):
        summary = emulator.run_flow(messages=30, statuses=6, seed=part)
        assert (summary["sent"], summary["messages"], summary["statuses"], summary["lost"]) == (36, 30, 6, 0)
        assert set(summary["by_node"]) == set(emulator.nodes)
        assert wait_for(functools.partial(taker.holds, 36 * part))
    sent = emulator.sent()
    assert sorted(taker.records) == sorted(f"<156>{ALL[entry['kind']] % entry['fields']}".encode() for entry in sent)
    assert all(entry["source"][0] == "127.0.0.1" and entry["source"][1] > 0 for entry in sent)
    assert len({tuple(entry["source"]) for entry in sent}) == 3


def test_the_rate_is_kept(emulator, receiver, monkeypatch):
    """On a clock that only the pauses of the one sending node move."""
    taker, clock, moments = receiver("udp"), types.SimpleNamespace(now=100.0), []

    class Pauses(threading.Event):
        def wait(self, timeout=None):
            clock.now += timeout

    monkeypatch.setattr(flow, "time", types.SimpleNamespace(monotonic=lambda: clock.now, time=time.time))
    monkeypatch.setattr(flow, "threading", types.SimpleNamespace(**{**vars(threading), "Event": Pauses}))
    monkeypatch.setattr(Node, "send", lambda _node, _record: moments.append(clock.now) or Outcome("sent"))
    enable(emulator, taker, "udp")
    summary = emulator.run_flow(messages=200, rate=400, nodes=[emulator.nodes[0]])
    assert moments == [pytest.approx(100 + number / 400) for number in range(200)]
    assert summary["seconds"] == pytest.approx(199 / 400, abs=0.001)


def test_nothing_is_sent_unless_enabled(emulator, receiver):
    taker = receiver("udp")
    enable(emulator, taker, "udp", enabled="off")
    summary = emulator.run_flow(messages=5)
    assert (summary["sent"], summary["suppressed"]) == (0, 5)
    assert taker.records == []


def test_a_level_can_be_a_threshold(emulator, receiver):
    taker = receiver("udp")
    emulator.set_switch(level_meaning="threshold")
    enable(emulator, taker, "udp", level="DEBUG")
    assert emulator.run_flow(messages=2)["sent"] == 2
    assert wait_for(lambda: len(taker.records) == 2) and taker.records[0].startswith(b"<134>")
    enable(emulator, taker, "udp", level="ERROR")
    assert emulator.run_flow(messages=2)["suppressed"] == 2


@pytest.mark.parametrize(
    "template, error", [("%(nothing)s", "KeyError"), ("100%", "ValueError"), ("%(sender)d", "TypeError")]
)
def test_a_template_that_python_cannot_render_loses_the_record_and_the_journal_counts_it(
    emulator, receiver, template, error
):
    taker = receiver("udp")
    enable(emulator, taker, "udp", message_template=template)
    summary = emulator.run_flow(messages=9, statuses=1)
    assert (summary["lost"], summary["sent"]) == (9, 1)
    assert all(text.startswith(error) for text in summary["errors"])
    assert emulator.journal.lost == 9


def test_each_node_follows_the_settings_that_reached_it(emulator, receiver):
    taker = receiver("udp")
    enable(emulator, taker, "udp")
    emulator.state.apply({"message_template": "new %(id)s"}, failed_nodes=[emulator.nodes[0]])
    emulator.run_flow(messages=60)
    assert wait_for(lambda: len(taker.records) == 60)
    old = [entry for entry in emulator.sent() if entry["node"] == emulator.nodes[0]]
    assert 0 < sum(record.startswith(b"<134>m|") for record in taker.records) == len(old) < 60


@pytest.mark.parametrize("how, sent_again", [("on_set", True), ("on_change", False)])
def test_a_broken_connection_stays_broken_until_a_set(emulator, receiver, how, sent_again):
    taker = receiver("tcp")
    emulator.set_switch(sender_reconnects=how)
    enable(emulator, taker, "tcp")
    assert emulator.run_flow(messages=30)["sent"] == 30
    assert wait_for(lambda: len(taker.records) == 30)
    taker.drop()
    # Some look sent until TCP learns from them that nobody is there.
    assert wait_for(lambda: emulator.run_flow(messages=30)["sent"] == 0)
    summary = emulator.run_flow(messages=30)
    assert summary["sent"] == 0 and summary["lost"] == 30
    emulator.state.pin(enabled="true")
    assert (emulator.run_flow(messages=30)["sent"] == 30) is sent_again


def test_a_receiver_that_does_not_read_makes_the_nodes_wait_but_not_the_end():
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        with Emulator() as emulator:
            emulator.state.pin(
                host="127.0.0.1",
                port=str(deaf.getsockname()[1]),
                socket_type="tcp",
                enabled="1",
                message_template="%(id)s " + "x" * 50000,
            )
            running = emulator.start_flow(messages=2000)
            seen = [-1] * 50
            # What a node sends beyond the buffers waits.
            while len(set(seen[-50:])) > 1 or seen[-1] < 1:
                time.sleep(0.01)
                seen.append(running.summary()["sent"])
            assert not running.summary()["done"] and running.summary()["sent"] < 2000
        assert running.summary()["done"]


def test_one_flow_at_a_time_and_wrong_options(emulator):
    with pytest.raises(ValueError, match="nosuch"):
        emulator.run_flow(messages=1, nodes=["nosuch"])
    with pytest.raises(ValueError, match="hostile class"):
        emulator.run_flow(hostile=1, hostile_classes=["nosuch"])
    with pytest.raises(ValueError, match="messages"):
        emulator.run_flow(messages=-1)
    emulator.start_flow(messages=100, rate=10)
    with pytest.raises(ValueError, match="still running"):
        emulator.start_flow(messages=1)


def test_every_hostile_class_is_there_and_says_what_it_is():
    records = list(Hostile(MailFlow(1, NODES)).records(2 * len(CLASSES)))
    assert [record.hostile for record in records] == list(CLASSES) * 2
    by_class = {record.hostile: record for record in records[: len(CLASSES)]}
    forged = by_class["forged_nul"]
    assert f'\x00<134>"{forged.detail["forged_id"]}",' in forged.fields[forged.detail["field"]]
    assert '\n<134>"FORGED' in by_class["forged_lf"].fields["subject_header"]
    assert "\x00<134>" in by_class["forged_status"].fields["delivery_data"]
    assert '","' in by_class["delimiter"].fields["subject_header"]
    assert by_class["number"].fields["incoming_size"] == "007"
    assert by_class["address"].fields["sender_ip"] == "unknown"


def test_hostile_lines_on_the_wire(emulator, receiver):
    taker = receiver("tcp")
    enable(emulator, taker, "tcp")
    shapes = ["other_template", "missing_field", "surplus_field", "cut", "other_format", "empty", "forged_nul"]
    summary = emulator.run_flow(messages=20, hostile=7, hostile_classes=shapes, nodes=[emulator.nodes[0]])
    assert (summary["sent"], summary["hostile"]) == (27, 7)
    assert wait_for(lambda: len(taker.records) == 28)  # a receiver that frames on NUL sees the forged one as well
    hostile = {entry["hostile"]: entry for entry in emulator.sent() if "hostile" in entry}
    assert set(hostile) == set(shapes)
    count = ALL["message"].count("|")

    def line(name):
        return (ALL["message"] % hostile[name]["fields"]).encode()

    assert f"<134>{VENDOR_TEMPLATE % hostile['other_template']['fields']}".encode() in taker.records
    assert b"<134>" + line("missing_field").rpartition(b"|")[0] in taker.records
    surplus = line("surplus_field")
    assert b"<134>" + surplus + b"|" + surplus.rpartition(b"|")[2] in taker.records
    assert surplus.count(b"|") >= count
    whole = ALL["message"] % hostile["cut"]["fields"]
    assert f"<134>{whole[: len(whole) // 2]}".encode() in taker.records
    assert b"<134>" in taker.records
    assert sum(record.startswith(b'<134>"FORGED-') for record in taker.records) == 1


def test_text_that_is_no_utf8_is_lost_or_sent_as_bytes(emulator, receiver):
    taker = receiver("udp")
    enable(emulator, taker, "udp")
    options = {"hostile": 2, "hostile_classes": ["surrogate", "invalid_utf8"]}
    assert emulator.run_flow(**options)["lost"] == 2
    emulator.set_switch(sender_text="bytes")
    assert emulator.run_flow(**options)["sent"] == 2
    assert wait_for(lambda: len(taker.records) == 2)
    text = b"".join(taker.records)
    assert b"lone \xed\xa0\x80 surrogate" in text and b"bytes \xff\xfe\xc0\x80 that" in text


def test_the_sent_file_is_json_lines(emulator, receiver):
    enable(emulator, receiver("udp"), "udp")
    emulator.run_flow(messages=3)
    lines = [json.loads(line) for line in emulator.sent_path.read_text().splitlines()]
    assert len(lines) == 3
    assert all(isinstance(value, str) for line in lines for value in line["fields"].values())
