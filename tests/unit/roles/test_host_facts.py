# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role asks of a host before it begins, on real sockets and folders."""

from __future__ import annotations

import grp
import json
import os
import pathlib
import pwd
import random
import socket
import struct
import tempfile

import host_facts
import pytest

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
ME = pwd.getpwuid(os.getuid())


@pytest.fixture
def ask(capsys, tmp_path):
    """Return the facts of this host."""

    def asked(listeners=(), user="nobody-of-this-name", data_dir=tmp_path):
        request = {"listeners": list(listeners), "user": user, "group": "no-group", "data_dir": str(data_dir)}
        host_facts.main(
            json.dumps({**request, "work_dir": "/var/log/spamexperts-receiver", "unit": str(tmp_path / "unit")})
        )
        return json.loads(capsys.readouterr().out)

    return asked


@pytest.fixture
def taken():
    """Returns the number of a port that is taken by a socket of this process, and by none of the other transport.

    It is below those that the kernel gives to whoever asks for any, so nobody comes to have the other transport's.
    """
    sockets = []

    def bound(transport, address, port):
        sock = socket.socket(socket.AF_INET, KINDS[transport])
        try:
            sock.bind((address, port))
        except OSError:
            sock.close()
            return None
        return sock

    def take(transport, address="127.0.0.1"):
        while True:
            port = random.randrange(10000, 16000)
            sock, other = (bound(name, address, port) for name in (transport, {"tcp": "udp"}.get(transport, "tcp")))
            if other:
                other.close()
            if sock and other:
                break
            if sock:
                sock.close()
        sockets.append(sock)
        if transport == "tcp":
            sock.listen(5)
        return port

    yield take
    for sock in sockets:
        sock.close()


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("address", [None, "127.0.0.1"])
def test_a_port_of_another_program(ask, taken, transport, address):
    listener = {"transport": transport, "port": taken(transport)}
    if address:
        listener["address"] = address
    found = ask([listener])
    assert len(found["taken"]) == 1
    assert found["taken"][0].startswith(f"{transport.upper()} port {listener['port']}")
    # The other transport's port of that number is free, and so is the service's own.
    assert ask([{**listener, "transport": "udp" if transport == "tcp" else "tcp"}])["taken"] == []
    assert ask([listener], user=ME.pw_name)["taken"] == []


def test_senders_are_found_on_whatever_port(ask, taken):
    port = taken("tcp")
    other = {"transport": "tcp", "port": port + 1 if port < 65535 else port - 1}
    with socket.create_connection(("127.0.0.1", port), source_address=("127.7.7.7", 0)):
        assert "127.7.7.7" in ask([other], user=ME.pw_name)["connected"]
        # Also where the receiver is to be removed.
        assert "127.7.7.7" in ask(user=ME.pw_name)["connected"]
        assert ask([other])["connected"] == []


TCP, UDP = {"transport": "tcp", "port": 1}, {"transport": "udp", "port": 1}


@pytest.mark.parametrize(
    ("one", "other", "collision"),
    [
        (TCP, TCP, True),
        (TCP, {**TCP, "port": "1"}, True),
        (TCP, UDP, False),
        (TCP, {**TCP, "port": 2}, False),
        (TCP, {**TCP, "address": ""}, True),
        (TCP, {**TCP, "address": "127.0.0.1"}, True),
        (UDP, {**UDP, "address": "127.0.0.1"}, False),
        (UDP, {**UDP, "address": "0.0.0.0"}, True),
        ({**TCP, "address": "0.0.0.0"}, {**TCP, "address": "127.0.0.1"}, True),
        ({**TCP, "address": "::"}, {**TCP, "address": "::1"}, True),
        ({**TCP, "address": "::"}, {**TCP, "address": "127.0.0.1"}, False),
        ({**UDP, "address": "0.0.0.0"}, {**UDP, "address": "127.0.0.1"}, False),
        ({**TCP, "address": "127.0.0.1"}, {**TCP, "address": "127.0.0.2"}, False),
        ({**UDP, "address": "::1"}, {**UDP, "address": "0:0::1"}, True),
    ],
)
def test_listeners_that_collide(one, other, collision):
    assert host_facts.collide(one, other) == host_facts.collide(other, one) == collision


def test_listeners_that_cannot_work_are_named(ask):
    listeners = [
        {**TCP, "address": "localhost"},
        {**UDP, "address": "192.0.2.77"},
        {**UDP, "address": "127.0.0.1\n"},
        {**TCP, "port": 2},
        {**TCP, "port": 2, "address": "127.0.0.1"},
    ]
    wrong = ask(listeners)["wrong"]
    assert [sentence.split(": ")[-1] for sentence in wrong[:-1]] == [
        "not an IP address", "this host has no such address", "not an IP address",
    ]  # fmt: skip
    assert wrong[-1] == "TCP port 2 and TCP port 2 of 127.0.0.1 cannot both listen"
    assert ask([{**TCP, "port": 0, "address": "127.0.0.1"}, {**UDP, "port": 0, "address": "127.0.0.1"}])["wrong"] == []


def test_a_folder_of_somebody_else(ask, tmp_path):
    assert ask(data_dir=tmp_path / "not" / "there")["foreign"] == []
    assert ask()["foreign"] == []
    for name in ("2026-01-31", ".receiver", "lost+found"):
        (tmp_path / name).mkdir()
    assert ask()["foreign"] == []
    (tmp_path / "syslog").write_text("", "utf-8")
    (tmp_path / "2026-01-31x").mkdir()
    assert ask()["foreign"] == ["2026-01-31x", "syslog"]
    assert ask(user=ME.pw_name)["foreign"] == []
    assert ask(data_dir=tmp_path / "syslog")["foreign"] == [str(tmp_path / "syslog")]


@pytest.fixture
def tree(monkeypatch):
    """A root directory of its own, where tests put what must not be followed; it looks as if root owned it."""
    with tempfile.TemporaryDirectory(dir="/var/log") as folder:
        pathlib.Path(folder).chmod(0o755)
        yield pathlib.Path(folder)


ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="gives directories to other users")


@ROOT_ONLY
@pytest.mark.parametrize(
    ("prepare", "path", "said"),
    [
        (lambda at: None, "data", ""),
        (lambda at: None, "not/there/yet", ""),
        (lambda at: (at / "data").mkdir(), "data", ""),
        # The directory itself is the service's.
        (lambda at: (at / "data").mkdir() or os.chown(at / "data", 4711, 4711), "data", ""),
        (lambda at: (at / "data").symlink_to("/root"), "data", "{at}/data is a link"),
        (lambda at: (at / "a").mkdir() or os.chown(at / "a", 4711, 0), "a/data", "{at}/a does not belong to root"),
        (lambda at: (at / "a").mkdir() or (at / "a").chmod(0o1777), "a/data", "others than root may write to {at}/a"),
        (lambda at: (at / "a").mkdir() or (at / "a").chmod(0o775), "a/data", ""),
        # Root's own link, and where it leads.
        (lambda at: (at / "a").mkdir() or (at / "b").symlink_to("a"), "b/data", ""),
        (lambda at: (at / "a").mkdir() or (at / "b").symlink_to(at / "a"), "b/data", ""),
        (lambda at: (at / "b").symlink_to("/tmp"), "b/data", "others than root may write to /tmp"),
        (lambda at: (at / "b").symlink_to("b"), "b/data", "{at}/b is a link"),
    ],
)
def test_who_else_could_replace_a_directory(tree, prepare, path, said):
    prepare(tree)
    found = host_facts.unsafe(str(tree / path), {4711})
    assert found == said.format(at=tree)


@ROOT_ONLY
def test_the_groups_of_the_service_may_not_write_above_its_directories(tree, ask, monkeypatch):
    """Whatever its primary group is, by the role's variable or on the host, or a further one."""
    os.chown(tree, 0, grp.getgrnam("daemon").gr_gid)
    tree.chmod(0o775)
    assert ask(data_dir=tree / "data")["unsafe"] == []
    entry = grp.struct_group(("daemon", "x", grp.getgrnam("daemon").gr_gid, ["nobody-of-this-name"]))
    for change in (
        ("getgrall", lambda: [entry]),
        ("getpwnam", lambda name: pwd.struct_passwd((name, "x", 999, entry.gr_gid, "", "/", "/bin/false"))),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(grp if change[0] == "getgrall" else pwd, *change)
            assert ask(data_dir=tree / "data")["unsafe"] == [f"others than root may write to {tree}"]
    with monkeypatch.context() as patch:
        patch.setattr(grp, "getgrall", lambda: [grp.struct_group(("no-group", "x", entry.gr_gid, []))])
        assert ask(data_dir=tree / "data")["unsafe"] == [f"others than root may write to {tree}"]


@pytest.mark.parametrize(
    ("number", "shell", "ours"),
    [(999, "/usr/sbin/nologin", True), (999, "/sbin/nologin", True), (999, "/bin/false", True),
     (999, "/bin/sh", False), (999, "", False), (1000, "/usr/sbin/nologin", False)],
)  # fmt: skip
def test_a_user_of_somebody_else(monkeypatch, number, shell, ours):
    entry = pwd.struct_passwd(("spamexperts", "x", number, 999, "", "/nonexistent", shell))
    monkeypatch.setattr(host_facts.pwd, "getpwnam", lambda name: entry)
    assert host_facts.user("spamexperts") == (number, ours)


def test_no_user_is_nobody_else(ask):
    assert ask()["user_is_ours"]


def test_room(ask, tmp_path):
    """Of the file system where the folder will be; a nearly full one shows as such."""
    found = os.statvfs(tmp_path)
    for folder in (tmp_path, tmp_path / "not" / "there"):
        assert abs(ask(data_dir=folder)["free"] - found.f_bavail * found.f_frsize) < 1 << 30


def test_a_full_file_system(ask, monkeypatch):
    real = os.statvfs("/")
    full = os.statvfs_result((*real[:3], 10, 3, *real[5:]))
    monkeypatch.setattr(host_facts.os, "statvfs", lambda folder: full)
    # Space that only root may use does not count.
    assert ask()["free"] == 3 * real.f_frsize


def test_an_installed_receiver(ask, tmp_path):
    assert not ask()["installed"]
    (tmp_path / "unit").touch()
    assert ask()["installed"]


def test_needrestart(ask, tmp_path, monkeypatch):
    monkeypatch.setattr(host_facts, "NEEDRESTART", str(tmp_path / "conf.d"))
    assert not ask()["needrestart"]
    (tmp_path / "conf.d").mkdir()
    assert ask()["needrestart"]


def test_the_largest_socket_buffer(ask):
    assert ask()["rmem_max"] > 0


@ROOT_ONLY
@pytest.mark.parametrize(
    ("tag", "rights", "mask", "refused"),
    [
        (2, 7, 7, True),
        (8, 7, 7, True),
        (2, 5, 7, False),
        (2, 7, 5, False),
    ],
)
def test_an_acl_lets_another_user_replace_the_directory(tag, rights, mask, refused):
    """For a user (2) or a group (8) with that number; what they may do is bounded by the mask."""
    entries = sorted([(1, 7, -1), (tag, rights, 4711), (4, 5, -1), (0x10, mask, -1), (0x20, 5, -1)])
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry[:2], entry[2] & 0xFFFFFFFF) for entry in entries)
    with tempfile.TemporaryDirectory(dir="/var/lib") as folder:
        os.chmod(folder, 0o755)
        os.setxattr(folder, "system.posix_acl_access", acl)
        said = host_facts.unsafe(f"{folder}/records", set())
    assert said == (f"others than root may write to {folder}" if refused else "")
