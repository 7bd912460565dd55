# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's test record: it is waited for with the service's rights, whatever that put in the file's place."""

from __future__ import annotations

import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "roles" / "rsyslog_receiver" / "files" / "canary.py"
USER = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
MARK = "spamexperts: a-secret-of-nobody|canary "


@pytest.fixture
def folder():
    """The service's work directory, below directories that it may enter."""
    made = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp"))
    shutil.chown(made, USER)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def port(folder):
    """A receiver that does with a test record what rsyslogd does."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def receive():
            while text := sock.recv(1000).decode():
                with os.fdopen(os.open(folder / "written", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), "a") as file:
                    file.write(text.partition("canary ")[2].rstrip("\0") + "\n")

        thread = threading.Thread(target=receive)
        thread.start()
        yield sock.getsockname()[1]
        sock.connect(sock.getsockname())
        sock.send(b"")
        thread.join()


def wait(port: int, file: pathlib.Path, timeout: float) -> subprocess.CompletedProcess:
    listener = {"transport": "udp", "port": port, "canary": MARK}
    request = {"listeners": [listener], "file": str(file), "timeout": timeout, "user": USER}
    program = SCRIPT.read_text("utf-8") + f"\nmain({json.dumps(json.dumps(request))})\n"
    return subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=False)


def test_a_record_that_arrives(port, folder):
    # What was there before, and more of it than is looked at.
    (folder / "written").write_bytes(b"x" * (3 << 20))
    (folder / "written").chmod(0o666)
    done = wait(port, folder / "written", 60)
    assert (done.returncode, done.stdout) == (0, f"A record got through UDP port {port} to the disk.\n")


@pytest.mark.parametrize("kind", ["nothing", "link", "pipe", "directory", "unreadable"])
def test_what_the_service_put_in_its_place(port, folder, kind):
    path = folder / "canary"
    {
        "nothing": lambda: None,
        "link": lambda: path.symlink_to(folder / "written"),
        "pipe": lambda: os.mkfifo(path),
        "directory": path.mkdir,
        "unreadable": lambda: path.symlink_to("/etc/shadow"),
    }[kind]()
    done = wait(port, path, 2)
    assert done.returncode == 1
    assert f"No record got through UDP port {port} within 2 s" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="has root's rights to give up")
def test_roots_rights_are_gone(folder, port):
    program = SCRIPT.read_text("utf-8") + "\nbecome('nobody')\nprint(os.getresuid(), os.getresgid(), os.getgroups())\n"
    done = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=True)
    user = pwd.getpwnam("nobody")
    assert done.stdout == f"{(user.pw_uid,) * 3} {(user.pw_gid,) * 3} {[user.pw_gid]}\n"
