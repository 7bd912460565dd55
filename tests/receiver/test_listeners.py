# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listeners with log formats, overload policies and senders of their own, in one rsyslogd."""

from __future__ import annotations

import json
import socket
import time

import pytest
from receiver import hostile
from receiver.conftest import PATIENCE, RELEASES, finish, free_port, rsyslogd_of

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    compile_template,
    log_format,
)

FORMATS = {
    "printable": {"secret": hostile.SECRET},
    "fast": {"style": "fast", "secret": hostile.OLD_SECRET},
    "csv": {"style": "csv"},
}


def records(value: dict, count: int, mark: str) -> list[bytes]:
    template = compile_template(log_format(value), "message")
    return [
        (f"<158>{template % dict(hostile.BASE, subject_header=f'{mark} {number}')}\0").encode()
        for number in range(count)
    ]


@pytest.mark.parametrize("overload", ["drop", "block"])
def test_each_listener_reads_its_own_log_format(start, overload):
    """All write into the same files at once: every line is whole, and what comes to another's port does not fit."""
    ports = {name: free_port() for name in FORMATS}
    listeners = [
        {"transport": transport, "port": ports[name], "address": "127.0.0.1", "log_format": value}
        for name, value in FORMATS.items()
        for transport in ("tcp", "udp")
    ]
    receiver = start(
        FORMATS["printable"],
        rsyslog_receiver_listeners=listeners,
        rsyslog_receiver_on_overload=overload,
        port=ports["printable"],
    )
    # Fewer than a queue holds.
    count = 1000
    links = {name: socket.create_connection(("127.0.0.1", port)) for name, port in ports.items()}
    sent = {name: records(value, count, name) for name, value in FORMATS.items()}
    for number in range(0, count, 50):
        for name, link in links.items():
            link.sendall(b"".join(sent[name][number : number + 50]))
    for link in links.values():
        finish(link)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for name, other in (("printable", "fast"), ("fast", "printable"), ("printable", "csv")):
            sender.sendto(records(FORMATS[name], 1, f"{name} to {other}")[0], ("127.0.0.1", ports[other]))
    taken = receiver.take(3 * count + 3)
    subjects = [record["email.subject"] for record in taken["messages"]]
    assert sorted(subjects) == sorted(f"{name} {number}" for name in FORMATS for number in range(count))
    # Over one connection the order stays.
    for name in FORMATS:
        own = [subject for subject in subjects if subject.startswith(name + " ")]
        assert own == [f"{name} {number}" for number in range(count)]
    assert sorted(record["event.reason"] for record in taken["quarantine"]) == [
        "no-marker",
        "wrong-secret",
        "wrong-secret",
    ]


def test_only_allowed_senders_are_heard(start):
    receiver = start(
        FORMATS["printable"],
        rsyslog_receiver_allowed_senders=["any"],
        __rsyslog_receiver_senders=["127.0.0.1", "127.1.0.0/16", "[::1]"],
    )
    for source in ("127.0.0.1", "127.0.0.2", "127.1.2.3", "127.2.0.1"):
        (datagram,) = records(FORMATS["printable"], 1, f"{source} by udp")
        (stream,) = records(FORMATS["printable"], 1, f"{source} by tcp")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((source, 0))
            sender.sendto(datagram, ("127.0.0.1", receiver.port))
        with socket.create_connection(("127.0.0.1", receiver.port), source_address=(source, 0)) as link:
            link.sendall(stream)
    taken = receiver.take(4)
    assert sorted((record["email.subject"], record["observer.ip"]) for record in taken["messages"]) == sorted(
        (f"{source} by {way} 0", source) for source in ("127.0.0.1", "127.1.2.3") for way in ("udp", "tcp")
    )
    assert not taken["quarantine"]


@pytest.mark.parametrize("address", [{}, {"address": "::"}, {"address": "0:0::0"}], ids=["none", "::", "0:0::0"])
@pytest.mark.parametrize("release", RELEASES)
def test_ipv6(start, release, address):
    """Without an address, or with that of all, a listener serves both families; a sender's is written as it is."""
    port = free_port()
    listeners = [{"transport": transport, "port": port, **address} for transport in ("tcp", "udp")]
    receiver = start(
        FORMATS["printable"],
        port=port,
        program=rsyslogd_of(RELEASES[release]),
        rsyslog_receiver_listeners=listeners,
        rsyslog_receiver_allowed_senders=["any"],
        __rsyslog_receiver_senders=["127.0.0.1", "[::1]"],
    )
    for address in ("127.0.0.1", "::1"):
        family = socket.getaddrinfo(address, port)[0][0]
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.sendto(records(FORMATS["printable"], 1, f"{address} by udp")[0], (address, port))
        with socket.create_connection((address, port)) as link:
            link.sendall(records(FORMATS["printable"], 1, f"{address} by tcp")[0])
    taken = receiver.take(4)
    assert sorted((record["email.subject"], record["observer.ip"]) for record in taken["messages"]) == sorted(
        (f"{address} by {way} 0", address) for address in ("127.0.0.1", "::1") for way in ("udp", "tcp")
    )


def test_the_counters_are_written(start):
    """The metrics are made from them: by reason, by filtering node, and of each queue and output."""
    receiver = start(FORMATS["printable"], rsyslog_receiver_on_overload="drop")
    receiver.send_tcp(b"".join(records(FORMATS["printable"], 7, "x")) + b"<14>hello\0")
    receiver.wait_for_lines(8)
    path, give_up, found = receiver.folder / "impstats.json", time.monotonic() + PATIENCE, {}
    while time.monotonic() < give_up and found.get("messages", {}).get("processed") != 7:
        time.sleep(0.1)
        # Each line has the time before its object, and the last one may not be whole yet.
        lines = path.read_text("utf-8").split("\n")[:-1] if path.exists() else []
        found = {entry["name"]: entry for entry in (json.loads(line[line.index("{") :]) for line in lines)}
    assert found["nodes"]["values"] == {hostile.BASE["filtering_host"]: 7}
    assert found["quarantined"]["values"] == {"no-marker": 1}
    assert found["records-tcp"]["discarded.full"] == 0
    assert (found["messages"]["processed"], found["quarantine"]["processed"]) == (7, 1)
