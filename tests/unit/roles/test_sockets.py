# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who else has a socket on the receiver's ports; they are real, and nobody's."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import socket

import host_facts
import impstats
import metrics
import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="binds as another user")
NOBODY = pwd.getpwnam("nobody").pw_uid
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@contextlib.contextmanager
def bound(transport: str, address: str, port: int = 0, user: int = NOBODY):
    """A socket of a user, as rsyslog makes them."""
    os.seteuid(user)
    try:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, KINDS[transport])
    finally:
        os.seteuid(0)
    with sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        if transport == "tcp":
            sock.listen(5)
        yield sock


@pytest.fixture
def ask(capsys, tmp_path):
    """The foreign sockets that the metrics count, and the listeners that the role refuses to share."""

    def asked(transport, port, address="", user="root"):
        listener = {"transport": transport, "port": port, "address": address}
        values = {}
        metrics.read_sockets([metrics.listener(f"{transport}/{port}/{address}")], impstats.State("/nowhere"), values, 0)
        request = {
            "listeners": [listener],
            "user": user,
            "group": "root",
            "data_dir": "/var/log/x",
            "work_dir": "/var/x",
            "unit": "/var/x.service",
        }
        host_facts.main(json.dumps(request))
        return values["foreign_sockets"], json.loads(capsys.readouterr().out)["taken"]

    return asked


@pytest.mark.parametrize(("ours", "theirs"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("", "::1")])
def test_a_second_socket_on_a_udp_port_gets_the_records_and_is_told(ask, ours, theirs):
    with bound("udp", ours or "::", user=0) as receiver:
        port = receiver.getsockname()[1]
        assert ask("udp", port, ours) == ({f"udp/{port}": 0}, [])
        with bound("udp", theirs, port) as thief, socket.socket(thief.family, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"secret", (theirs, port))
            assert thief.recv(100) == b"secret"
            found, taken = ask("udp", port, ours)
            assert found == {f"udp/{port}": 1}
            assert len(taken) == 1 and taken[0].endswith("(as user nobody)")
            # The other transport's port of that number is another port.
            assert ask("tcp", port, ours) == ({f"tcp/{port}": 0}, [])
        assert ask("udp", port, ours) == ({f"udp/{port}": 0}, [])


def test_a_connected_socket_is_told_too(ask):
    """It gets what its peer sends, which may be a filtering node."""
    with bound("udp", "127.0.0.1") as thief:
        port = thief.getsockname()[1]
        thief.connect(("127.0.0.1", 9))
        assert ask("udp", port)[0] == {f"udp/{port}": 1}


def test_a_listening_tcp_socket_is_told_and_a_connection_is_not(ask):
    with bound("tcp", "127.0.0.1") as thief:
        port = thief.getsockname()[1]
        assert ask("tcp", port)[0] == {f"tcp/{port}": 1}
    with bound("tcp", "127.0.0.1", user=0) as receiver, bound("tcp", "127.0.0.2") as other:
        port, source = receiver.getsockname()[1], other.getsockname()[1]
        with socket.create_connection(receiver.getsockname()):
            assert ask("tcp", port)[0] == {f"tcp/{port}": 0}
        assert ask("tcp", source, "127.0.0.1")[0] == {f"tcp/{source}": 0}, "another address does no harm"


def test_the_sockets_of_a_host_without_the_service_are_all_foreign(ask):
    with bound("udp", "127.0.0.1", user=0) as other:
        port = other.getsockname()[1]
        assert ask("udp", port, user="nobody-of-this-name")[1] == [f"UDP port {port} (as user root)"]
