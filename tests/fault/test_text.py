# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records that are odd, broken or hostile. ``check`` compares them with what the reference parser says."""

from __future__ import annotations

import datetime
import re

import pytest
from fault.harness import HOST, SETTINGS, TEMPLATE, Account, Sender, account, wire
from receiver import expected, hostile
from receiver.test_differential import check, send

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.fields import FIELDS, KINDS
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    compile_template,
    log_format,
)

TRANSPORTS = ("tcp", "udp")
MIB = 1 << 20


def texts(daemon) -> list:
    """The untrusted text fields of a message."""
    return [field for field in daemon.fmt.fields("message") if field.untrusted and field.type == "text"]


def filled(size: int, number: object) -> bytes:
    """A good record of so many bytes, the closing NUL not counted."""
    rest = len(wire(number, subject_header="")) - 1
    return wire(number, subject_header="x" * (size - rest))


@pytest.mark.fault(
    3, 'LF, CR, tab, ESC, quotes, ",", backslash, #012, emoji in every text field', "nothing, not one byte"
)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_control_characters_and_quotes(start, transport):
    daemon = start()
    sender, wanted = Sender(daemon.port, transport), {}
    values = (
        "\n",
        "\r\n",
        "\t",
        "\x1b[31m",
        '"',
        "'",
        '","',
        "\\",
        "\\n",
        "#012",
        "🎉",
        'a\nb\rc\td\x1be"f","g\\h#012🎉ü',
    )
    for field in texts(daemon):
        for value in values:
            name = f"a:{len(wanted)}"
            wanted[name] = (field.key, f"<{value}>")
            sender.send(name, **{field.name: f"<{value}>"})
    daemon.settle(len(wanted))
    assert account(sender.sent, daemon.ids()) == Account(len(wanted), len(wanted), 0, 0, 0, 0)
    for record in daemon.records():
        key, value = wanted[record["email.local_id"]]
        assert record[key] == value


@pytest.mark.fault(
    4, "bytes that are not UTF-8, in the first and in the last field", "each such byte, for which a ? stands"
)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_utf8(start, transport):
    daemon = start()
    fields = daemon.fmt.fields("message")
    sender, wanted = Sender(daemon.port, transport, raw=True), []
    for field in (fields[0], fields[-1]):
        # 0xff, a lone surrogate, an overlong slash, a sequence that is cut; Python's way to write such bytes.
        for value in ("\udcff", "\ud800", "\udcc0\udcaf", "\udce2\udc82"):
            sender.send(f"a:{len(wanted)}", **{field.name: f"<{value}>"})
            size = len(value.encode("utf-8", "surrogatepass" if value == "\ud800" else "surrogateescape"))
            wanted.append((field.key, f"<{'?' * size}>"))
    daemon.settle(len(wanted))
    for record, (key, value) in zip(daemon.records(), wanted, strict=True):
        assert record[key] == value
    assert not daemon.lines_of("quarantine")


@pytest.mark.fault(4, "a lone surrogate in a sender of Python 3", "the record: the sender itself drops it")
def test_lone_surrogate(start):
    daemon = start()
    sender = Sender(daemon.port, "tcp")
    for number, value in enumerate(("before", "\ud800", "after")):
        sender.send(f"a:{number}", subject_header=value)
    daemon.settle(2)
    assert (sender.lost, daemon.ids()) == (["a:1"], ["a:0", "a:2"])


@pytest.mark.fault(
    5, "empty fields, all fields empty, an empty datagram", "nothing; a datagram without a record is quarantined"
)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_empty_fields(start, transport):
    daemon = start()
    frames = []
    for kind in KINDS:
        template = compile_template(daemon.fmt, kind)
        names = [field.name for field in daemon.fmt.fields(kind)]
        frames += [b"<158>" + hostile.encoded(template % dict(hostile.BASE, **{name: ""})) for name in names]
        frames.append(b"<158>" + hostile.encoded(template % dict.fromkeys(FIELDS, "")))
    filed = len(frames)
    frames.append(b"<158>")
    if transport == "udp":
        frames.append(b"")
    taken = check(daemon, send(daemon, transport, frames))
    assert (len(taken["messages"]) + len(taken["status"]), len(taken["quarantine"])) == (filed, len(frames) - filed)


@pytest.mark.fault(
    6,
    "whole forged records inside a field, behind LF, NUL, CR or an oversize head",
    "over TCP a record that holds a NUL or is too long is quarantined, in pieces; nothing forged is filed",
)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_forged_records(start, transport):
    daemon = start()
    frames = []
    for joint in ("\n", "\r", "\r\n", "\n<158>", "\r<158>", "\0", "\0<158>", "\0\n<158>"):
        for text in hostile.forged(daemon.fmt):
            for field in texts(daemon):
                frames.append(b"<158>" + hostile.encoded(TEMPLATE % dict(hostile.BASE, **{field.name: joint + text})))
    if transport == "tcp":
        for text in hostile.forged(daemon.fmt):
            # The forged record begins on the first byte that no longer fits.
            head = filled(expected.MAX_MESSAGE, "a:0")[
                : expected.MAX_MESSAGE - len(daemon.fmt.closing(daemon.fmt.marks[0]))
            ]
            head += b"x" * (expected.MAX_MESSAGE - len(head))
            frames += [head + b"<158>" + hostile.encoded(text), wire("a:1")[:-1]]
    taken = check(daemon, send(daemon, transport, frames))
    whole = taken["messages"] + taken["status"]
    # Over UDP a NUL inside a datagram ends nothing.
    assert whole and bool(taken["quarantine"]) == (transport == "tcp")
    assert all(record["email.local_id"] != "FORGED" and record["source.ip"] == "1.2.3.4" for record in whole)
    assert all(record["event.reason"] for record in taken["quarantine"])


@pytest.mark.fault(
    7,
    "a forged syslog header: date and host, RFC 5424, ../../ as tag, bad and huge priorities",
    "nothing; such text is quarantined, and host, time and path are the receiver's own",
)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_forged_header(start, transport):
    daemon = start()
    bodies = [
        "Oct 11 22:14:15 evilhost sshd[1]: hello",
        "1 2016-10-11T22:14:15Z evilhost app 1 - - hello",
        "../../etc: hello",
        "..: hello",
        "evilhost ../../tag: hello",
    ]
    frames = [
        f"{priority}{body}".encode() for priority in (*hostile.PRIORITIES, *hostile.ODD_PRIORITIES) for body in bodies
    ]
    before = datetime.datetime.now(datetime.timezone.utc)
    check(daemon, send(daemon, transport, frames))
    after = datetime.datetime.now(datetime.timezone.utc)
    records = daemon.records("quarantine")
    assert len(records) == len(frames)
    for record in records:
        assert record["observer.ip"] == HOST and "observer.hostname" not in record
        assert before <= datetime.datetime.fromisoformat(record["@timestamp"].replace("Z", "+00:00")) <= after
    days = {before.strftime("%Y-%m-%d"), after.strftime("%Y-%m-%d")}
    written = [path.relative_to(daemon.folder) for path in daemon.folder.rglob("*") if path.is_file()]
    records_in = {path.parts[1] for path in written if path.parts[0] == "data"}
    assert records_in <= days and all(
        re.match(r"[a-z]+[.](json|conf|rulebase|log)\Z|canary\Z", path.parts[-1]) for path in written
    )


@pytest.mark.fault(8, "text of the documented template in a subject", "nothing: no field moves")
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_documented_template_in_a_subject(start, transport):
    daemon = start()
    documented = compile_template(log_format(dict(SETTINGS, secret="SECRETSECRETSECRET")), "message") % hostile.BASE
    subjects = ["|", "][", "]|[", "]SECRET", "]SECRET|[", documented, "%(id)s", '","', f"a{documented}b{documented}c"]
    sender = Sender(daemon.port, transport)
    for number, subject in enumerate(subjects):
        sender.send(f"a:{number}", subject_header=subject)
    daemon.settle(len(subjects))
    assert [record["email.subject"] for record in daemon.records()] == subjects
    assert {record["source.ip"] for record in daemon.records()} == {hostile.BASE["sender_ip"]}
    assert not daemon.lines_of("quarantine")


@pytest.mark.fault(
    8, "the same with the vendor's CSV", 'a record with "," in a field is quarantined, never filed with moved fields'
)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_documented_csv_in_a_subject(start, transport):
    daemon = start(settings={"style": "csv"})
    template = compile_template(daemon.fmt, "message")
    subjects = ["plain", "a,b", 'a","b', '","' * 3, '"', template % hostile.BASE]
    frames = [b"<158>" + hostile.encoded(template % dict(hostile.BASE, subject_header=subject)) for subject in subjects]
    taken = check(daemon, send(daemon, transport, frames))
    assert [record["email.subject"] for record in taken["messages"]] == ["plain", "a,b", '"']
    assert len(taken["quarantine"]) == 3


@pytest.mark.fault(
    9,
    "8 kB, 64 kB, 128 KiB + 1 and 10 MB over TCP, then usual records",
    "what is beyond 128 KiB; that record is quarantined as truncated, once; the next ones are whole",
)
def test_sizes_over_tcp(start):
    daemon = start()
    sizes = [8192, 65536, expected.MAX_MESSAGE, expected.MAX_MESSAGE + 1, 10 * MIB]
    frames = [
        frame for number, size in enumerate(sizes) for frame in (filled(size, f"a:{number}"), wire(f"b:{number}"))
    ]
    daemon.send_tcp(b"".join(frames))
    daemon.settle(len(frames))
    assert daemon.ids() == ["a:0", "b:0", "a:1", "b:1", "a:2", "b:2", "b:3", "b:4"]
    assert [len(record["event.original"]) for record in daemon.records("quarantine")] == [expected.MAX_MESSAGE - 5] * 2
    assert {record["event.reason"] for record in daemon.records("quarantine")} == {"truncated"}


@pytest.mark.fault(
    9,
    "a datagram of 65,507 bytes, and a longer record over UDP",
    "a record longer than a datagram: the sender itself drops it",
)
def test_sizes_over_udp(start):
    daemon = start()
    sender = Sender(daemon.port, "udp")
    for number, size in enumerate((65507 - 1, 65507, 65507 + 1)):
        # The closing NUL counts.
        rest = len(wire(f"a:{number}", subject_header=""))
        sender.send(f"a:{number}", subject_header="x" * (size - rest))
        sender.send(f"b:{number}")
    daemon.settle(5)
    assert sender.lost == ["a:2"]
    assert daemon.ids() == sender.sent


@pytest.mark.fault(
    10,
    '007, 1e5, -1, nothing, 1,"x":1 and 20 digits where a number belongs',
    "nothing; what is not a number is kept as text under another key",
)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_numbers(start, transport):
    daemon = start()
    frames, wanted = [], set()
    for kind in KINDS:
        template = compile_template(daemon.fmt, kind)
        for field in (field for field in daemon.fmt.fields(kind) if field.type == "integer"):
            for value in ("007", "1e5", "-1", "", '1,"x":1', "9" * 20, "1}{", "NaN"):
                frames.append(b"<158>" + hostile.encoded(template % dict(hostile.BASE, **{field.name: value})))
                wanted.add(field.key)
    taken = check(daemon, send(daemon, transport, frames))
    assert len(taken["messages"] + taken["status"]) == len(frames)
    assert not [record for record in taken["messages"] + taken["status"] if "x" in record]


@pytest.mark.fault(
    11,
    "nodes that still send by an older template",
    "nothing; quarantined as wrong-secret, or filed while that secret is listed",
)
def test_other_template(start):
    old = dict(SETTINGS, secret=hostile.OLD_SECRET)
    daemon = start()
    sender = Sender(daemon.port, "tcp")
    template = compile_template(log_format(old), "message")
    for number in range(1000):
        sender.send(f"a:{number}", **({} if number % 2 else {"template": template}))
    daemon.settle(1000)
    assert daemon.ids() == sender.sent[1::2]
    assert [record["event.reason"] for record in daemon.records("quarantine")] == ["wrong-secret"] * 500
    daemon.stop()
    daemon.configure(settings=dict(SETTINGS, previous_secrets=[hostile.OLD_SECRET]))
    daemon.run()
    sender = Sender(daemon.port, "tcp")
    for number in range(1000):
        sender.send(f"b:{number}", **({} if number % 2 else {"template": template}))
    daemon.settle(2000)
    assert account(sender.sent, [name for name in daemon.ids() if name.startswith("b")]) == Account(
        1000, 1000, 0, 0, 0, 0
    )
    assert len(daemon.lines_of("quarantine")) == 500
