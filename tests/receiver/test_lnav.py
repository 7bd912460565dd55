# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lnav of both Debian releases reads what rsyslogd wrote, and each query of the role answers rightly."""

from __future__ import annotations

import csv
import gzip
import io
import os
import pathlib
import shutil
import subprocess
import time

import pytest
from receiver import hostile

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.fields import FIELDS
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    compile_template,
    log_format,
)

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMATS = ROOT / "roles" / "rsyslog_receiver" / "files" / "lnav"
LOG_FORMAT = {
    "secret": hostile.SECRET,
    "message_fields": [field.name for field in FIELDS.values() if "message" in field.kinds],
    "status_fields": [field.name for field in FIELDS.values() if "status" in field.kinds],
}
SUBJECT = 'He said "it\'s {\\"a\\": \\"ü\\"}", 雪 \U0001f600\nline 2; ]\\'
RECIPIENT = "ü'o@example.com"
# kind, and what differs from hostile.BASE; in the order of arrival.
MAIL = (
    ("message", {"id": "1a", "filtering_host": "node1", "sender": "bad@example.net", "recipient": RECIPIENT,
                 "status": "Quarantined", "subject_header": SUBJECT}),
    ("message", {"id": "1a", "filtering_host": "node1", "sender": "bad@example.net", "recipient": "b@example.com",
                 "status": "quarantined", "subject_header": SUBJECT}),
    ("message", {"id": "1b", "filtering_host": "node2", "sender": "odd@example.net", "recipient": RECIPIENT.upper(),
                 "status": "quarantined", "subject_header": "1e3"}),
    ("message", {"id": "1c", "filtering_host": "node2", "sender": "good@example.net", "recipient": "c@example.com",
                 "status": "queued", "subject_header": "", "sender_ip": "nonsense"}),
    ("status", {"id": "1a", "filtering_host": "node1", "recipient": RECIPIENT, "status": "released",
                "delivery_fqdn": "mx.example.com", "delivery_data": '250 "ok"'}),
    ("status", {"id": "1c", "filtering_host": "node1", "recipient": "c@example.com", "status": "bounced",
                "delivery_fqdn": "mx.example.com", "delivery_data": "550 ☹"}),
)  # fmt: skip


def record(kind: str, values: dict) -> bytes:
    template = compile_template(log_format(LOG_FORMAT), kind)
    return f"<158>{template % {**hostile.BASE, **values}}\0".encode()


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def lnav(request, tmp_path_factory):
    """Runs that release's lnav (arguments) with the role's formats, and returns what it prints."""
    command = ["bash", ROOT / "tests" / "tools" / "lnav.sh", request.param]
    folder = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(FORMATS, home / "etc" / "formats" / "spamexperts")
    # lnav writes its samples and its state into the home; 0.12 shows times in the zone of the reader.
    env = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "TZ": "UTC", "LANG": "C.UTF-8"}

    def run(*arguments: object) -> str:
        done = subprocess.run([f"{folder}/lnav", "-I", home / "etc", *arguments], capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, env=env)  # fmt: skip
        output = (done.stdout + done.stderr).decode()
        assert done.returncode == 0, output
        return done.stdout.decode()

    return run


@pytest.fixture(scope="module")
def receiver(start):
    """One with the records above, a malformed record of each of three kinds, and every text of hostile as a subject."""
    receiver = start(LOG_FORMAT)
    malformed = (b'<158>hello "you"\0', b"no priority\0", record("message", {})[:-9] + b"\0", b"<158>once more\0")
    for sent in (*(record(*mail) for mail in MAIL), *malformed):
        receiver.send_tcp(sent)
        # lnav 0.12 mixes up the lines of records of one and the same time.
        time.sleep(0.01)
    receiver.records = receiver.take()
    assert [len(receiver.records[name]) for name in ("messages", "status", "quarantine")] == [4, 2, 4]
    return receiver


def paths(receiver) -> list[pathlib.Path]:
    return sorted(receiver.folder.glob("data/*/*.json"))


def query(lnav, files: list[pathlib.Path], command: str) -> list[dict]:
    text = lnav("-n", "-c", command, "-c", ":write-csv-to -", *files)
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{key: None if value == "<NULL>" else value for key, value in row.items()} for row in rows]


def columns(rows: list[dict], *names: str) -> list[tuple]:
    return [tuple(row[name] for name in names) for row in rows]


def seconds(record: dict) -> str:
    """A record's time as lnav shows it."""
    return record["@timestamp"].replace("T", " ")[:23]


def test_lnav_finds_no_fault_in_the_formats(lnav):
    assert lnav("-C").strip() == ""


@pytest.mark.parametrize("name", ["messages", "status", "quarantine"])
def test_every_key_is_a_column_with_its_value(lnav, receiver, name):
    rows = query(lnav, paths(receiver), f";SELECT * FROM spamexperts_{name}")
    assert len(rows) == len(receiver.records[name])
    for row, written in zip(rows, receiver.records[name], strict=True):
        assert row["log_time"] == seconds(written)
        values = {key: value for key, value in row.items() if not key.startswith("log_") or key in written}
        assert {key: value for key, value in values.items() if value is not None} == {
            key: '["email"]' if key == "event.category" else str(value)
            for key, value in written.items()
            if key != "@timestamp"
        }


def test_any_text_comes_out_as_it_is_on_disk(lnav, start):
    receiver = start({**LOG_FORMAT, "message_fields": ["id", "filtering_host", "status", "subject_header"],
                      "status_fields": ["id", "filtering_host", "status"]})  # fmt: skip
    template = compile_template(receiver.fmt, "message")
    for text in hostile.TEXTS:
        sent = f"<158>{template % dict(hostile.BASE, subject_header=text)}\0"
        receiver.send_tcp(sent.encode("utf-8", "surrogateescape"))
    subjects = [written["email.subject"] for written in receiver.take(len(hostile.TEXTS))["messages"]]
    assert len(subjects) > len(hostile.TEXTS) / 2
    rows = query(lnav, paths(receiver), ';SELECT log_line, hex("email.subject") AS subject FROM spamexperts_messages')
    assert [bytes.fromhex(row["subject"]).decode() for row in rows] == subjects


def test_a_record_is_one_line_and_has_a_level(lnav, receiver):
    shown = lnav("-n", *paths(receiver))
    assert f" node1 1a Quarantined from=bad@example.net to={RECIPIENT} ip=1.2.3.4 subject={SUBJECT}\n" in shown
    assert f' node1 1a released to={RECIPIENT} via=mx.example.com reply=250 "ok"\n' in shown
    assert ' 127.0.0.1 no-marker hello "you"\n' in shown
    # Of all that is printed only the subject's second lines are not lines of their own.
    assert len(shown.splitlines()) == 10 + 2
    levels = ("SELECT log_level FROM spamexperts_messages UNION ALL SELECT log_level FROM spamexperts_status "
              "UNION ALL SELECT log_level FROM spamexperts_quarantine")  # fmt: skip
    assert columns(query(lnav, paths(receiver), ";" + levels), "log_level") == [
        *[("info",)] * 5, ("error",), *[("warning",)] * 4]  # fmt: skip


def test_changes(lnav, receiver):
    rows = query(lnav, paths(receiver), "|spamexperts-changes")
    found = columns(rows, "id", "recipient", "sender", "subject", "status", "server", "reply")
    mx = "mx.example.com"
    assert sorted(found, key=str) == sorted([
        ("1a", RECIPIENT, "bad@example.net", SUBJECT, "Quarantined", None, None),
        ("1a", RECIPIENT, "bad@example.net", SUBJECT, "released", mx, '250 "ok"'),
        ("1a", "b@example.com", "bad@example.net", SUBJECT, "quarantined", None, None),
        ("1b", RECIPIENT.upper(), "odd@example.net", "1e3", "quarantined", None, None),
        ("1c", "c@example.com", "good@example.net", "", "queued", None, None),
        ("1c", "c@example.com", "good@example.net", "", "bounced", mx, "550 ☹"),
    ], key=str)  # fmt: skip
    # Each message beside its changes, in the order of time.
    keys = columns(rows, "since", "id", "recipient", "time")
    assert keys == sorted(keys)
    assert columns(rows, "since", "time")[-1] == tuple(
        seconds(receiver.records[name][-1]) for name in ("messages", "status"))  # fmt: skip


def test_recipient(lnav, receiver):
    rows = query(lnav, paths(receiver), '|spamexperts-recipient "C@example.com"')
    assert columns(rows, "id", "status", "sender", "server", "reply") == [
        ("1c", "queued", "good@example.net", None, None),
        ("1c", "bounced", None, "mx.example.com", "550 ☹"),
    ]
    rows = query(lnav, paths(receiver), f'|spamexperts-recipient "{RECIPIENT}"')
    assert columns(rows, "id", "status") == [("1a", "Quarantined"), ("1a", "released")]


def test_quarantined_senders(lnav, receiver):
    rows = query(lnav, paths(receiver), "|spamexperts-quarantined-senders")
    assert columns(rows, "sender", "quarantined", "recipients") == [
        ("bad@example.net", "2", "2"), ("odd@example.net", "1", "1")]  # fmt: skip
    times = [seconds(written) for written in receiver.records["messages"]]
    assert columns(rows, "first", "last") == [(times[0], times[1]), (times[2], times[2])]


def test_malformed(lnav, receiver):
    rows = query(lnav, paths(receiver), "|spamexperts-malformed")
    assert columns(rows, "reason", "address", "records") == [
        ("no-marker", "127.0.0.1", "2"), ("framing", "127.0.0.1", "1"), ("truncated", "127.0.0.1", "1")]  # fmt: skip


def test_silent_nodes(lnav, receiver, tmp_path):
    """Hours are between the records of a copy, and one of its days is compressed."""
    for name, hour in (("messages", "03"), ("status", "05")):
        text = "".join(path.read_text("utf-8") for path in receiver.folder.glob(f"data/*/{name}.json"))
        lines = [f'{{"@timestamp":"2026-01-01T{hour}:00:{number:02}.000000+00:00"{line[line.index(","):]}\n'
                 for number, line in enumerate(text.splitlines())]  # fmt: skip
        (tmp_path / f"{name}.json").write_text("".join(lines), "utf-8")
    (tmp_path / "messages.json.gz").write_bytes(gzip.compress((tmp_path / "messages.json").read_bytes()))
    (tmp_path / "messages.json").unlink()
    rows = query(lnav, sorted(tmp_path.iterdir()), "|spamexperts-silent-nodes")
    assert columns(rows, "node", "records", "silent_seconds") == [("node2", "2", "7198"), ("node1", "4", "0")]
