# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an untrusted sender tries, in the rsyslogd of each release."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import socket
import subprocess
import uuid

import pytest
from receiver import hostile
from receiver.conftest import RELEASES, rsyslogd_of

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import log_format

FORMATS = [{"secret": hostile.SECRET}, {"style": "fast"}, {"style": "csv"}]
CLONE_NEWNET = 0x40000000


@pytest.fixture(params=sorted(RELEASES))
def program(request):
    return rsyslogd_of(RELEASES[request.param])


def written(receiver) -> list[str]:
    path = receiver.folder / "canary"
    return path.read_text("utf-8").splitlines() if path.exists() else []


@pytest.mark.parametrize("value", FORMATS, ids=lambda value: value.get("style", "printable"))
def test_nobody_makes_the_file_of_test_records_grow(start, program, value):
    receiver = start(value, program=program, __rsyslog_receiver_canaries=100)
    fmt = log_format(value)
    begin = "<14>" + fmt.canary(fmt.marks[0])
    long = [(begin + "\x1b" * 9000 + str(number)).encode() for number in range(150)]
    near = [(begin + text).encode() for text in ("0" * 31, "0" * 33, "0" * 31 + "g", "0" * 32 + "\n")]
    own = uuid.uuid4().hex
    receiver.send_udp([*long, *near, (begin + own).encode()])
    found = receiver.take(len(long) + len(near))
    assert own in written(receiver), "what came before does not count against it"
    assert all(re.fullmatch("[0-9a-f]{32}", line) for line in written(receiver))
    reason = "no-marker" if fmt.style == "csv" else "kind"
    assert {record["event.reason"] for record in found["quarantine"]} == {reason}
    assert all("canary" not in record for record in found["quarantine"]), "the text is there once"
    assert len(found["quarantine"]) == len(long) + len(near)
    # Of the exact form, too, and over the turn of a minute.
    receiver.send_tcp(b"".join((begin + uuid.uuid4().hex + "\0").encode() for _number in range(1000)))
    receiver.wait_for_lines(790)
    assert len(written(receiver)) <= 210


@pytest.fixture
def elsewhere():
    """Run in a network of our own with a link-local address, whose name is returned."""
    if os.geteuid() != 0:
        pytest.fail("needs root for a network of its own")
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as home:
        assert libc.unshare(CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        try:
            for command in ("link set lo up", "link add hole type veth peer name far", "link set hole up",
                            "link set far up", "address add fe80::5e/64 dev hole nodad"):  # fmt: skip
                subprocess.run(["ip", *command.split()], check=True)
            yield "fe80::5e%hole"
        finally:
            libc.setns(home.fileno(), CLONE_NEWNET)


def test_the_address_of_a_sender_has_no_zone(elsewhere, start, program):
    """observer.ip is an address in good records and in quarantine, which an index must take."""
    receiver = start(
        {"secret": hostile.SECRET},
        program=program,
        rsyslog_receiver_listeners=[{"transport": "tcp", "port": 5514}, {"transport": "udp", "port": 5514}],
        port=5514,
    )
    from fault.harness import wire

    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with contextlib.closing(socket.socket(socket.AF_INET6, kind)) as sender:
            sender.connect(socket.getaddrinfo(elsewhere, 5514, type=kind)[0][4])
            sender.sendall(wire("1"))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"<14>nonsense", socket.getaddrinfo(elsewhere, 5514, type=socket.SOCK_DGRAM)[0][4])
    found = receiver.take(3)
    receiver.process.terminate()
    assert receiver.process.wait(timeout=30) == 0
    assert [record["observer.ip"] for record in found["messages"]] == ["fe80::5e"] * 2
    assert [record["observer.ip"] for record in found["quarantine"]] == ["fe80::5e"]
