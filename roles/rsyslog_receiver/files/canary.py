# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send one marked record through each listener, as the cluster would, and wait until all of them are on disk.

Run by the role as root with the last line ``main("{...}")``; the request comes by standard input because it holds the
secret. The service's user owns the directory of the file, so it is read with that user's rights.
"""

import ipaddress
import json
import os
import pwd
import select
import signal
import socket
import stat
import sys
import time
import uuid

TAIL = 1 << 20  # bytes of the file that are looked at


def send(listener, record, deadline):
    kind = socket.SOCK_STREAM if listener["transport"] == "tcp" else socket.SOCK_DGRAM
    address = listener.get("address") or "127.0.0.1"
    if ipaddress.ip_address(address).is_unspecified:
        address = "::1" if ":" in address else "127.0.0.1"
    # Not getaddrinfo: it would load an encoding, and this interpreter may lie where only root can read.
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        try:
            with socket.socket(family, kind) as sock:
                sock.settimeout(3)
                sock.connect((address, int(listener["port"])))
                sock.sendall(record)
            return
        except OSError:
            # A service that has just started may not listen yet.
            if time.time() > deadline:
                return
            time.sleep(0.1)


def become(name):
    """Give up root's rights for good."""
    user = pwd.getpwnam(name)
    if os.getuid() == user.pw_uid:
        return
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def tail(path):
    """The end of a file; empty where there is none, or a link or a pipe in its place."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return b""
            file.seek(max(0, status.st_size - TAIL))
            return file.read(TAIL)
    except OSError:
        return b""


def main(text):
    request = json.loads(text)
    become(request["user"])
    deadline = time.time() + request["timeout"]
    waiting = {}
    for listener in request["listeners"]:
        nonce = uuid.uuid4().hex
        waiting[nonce] = (listener, ("<14>" + listener["canary"] + nonce + "\0").encode())
        send(listener, waiting[nonce][1], deadline)
    names = ["%s port %s" % (listener["transport"].upper(), listener["port"]) for listener, _record in waiting.values()]
    again = time.time() + 1
    while waiting and time.time() < deadline:
        there = tail(request["file"])
        waiting = {nonce: item for nonce, item in waiting.items() if nonce.encode() not in there}
        if waiting and time.time() > again:
            # A datagram that came before the socket was there is gone without a trace.
            again = time.time() + 1
            for listener, record in waiting.values():
                send(listener, record, deadline)
        time.sleep(0.05)
    if waiting:
        lost = ", ".join("%s port %s" % (item[0]["transport"].upper(), item[0]["port"]) for item in waiting.values())
        print("No record got through %s within %s s. Is another program on that port?" % (lost, request["timeout"]))
        sys.exit(1)
    print("A record got through %s to the disk." % ", ".join(names))


def complaint(request, patience):
    """Why a test record does not get through each listener; empty where it does.

    A process with the rights of the service's user proves it. That user may stop it, so it is not waited for for ever.
    """
    end, other = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(end)
            os.dup2(other, 1)
            main(json.dumps(request))
            sys.stdout.flush()
        except BaseException:
            sys.stdout.flush()
            os._exit(1)
        os._exit(0)
    os.close(other)
    deadline, text = time.monotonic() + patience, b""
    while select.select([end], [], [], max(0, deadline - time.monotonic()))[0]:
        part = os.read(end, 65536)
        if not part:
            break
        text += part
    else:
        os.kill(child, signal.SIGKILL)
    os.close(end)
    if os.waitpid(child, 0)[1] == 0:
        return ""
    return (
        text.decode("utf-8", "replace").strip()
        or "The test did not end by itself, so it was ended: did somebody stop it?"
    )
