# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send one marked record through each listener, as the cluster would, and wait until all of them are on disk.

Run by the role with the last line ``main("{...}")``; the request comes by standard input because it holds the secret.
"""

import ipaddress
import json
import socket
import sys
import time
import uuid


def send(listener, record, deadline):
    kind = socket.SOCK_STREAM if listener["transport"] == "tcp" else socket.SOCK_DGRAM
    address = listener.get("address") or "127.0.0.1"
    if ipaddress.ip_address(address).is_unspecified:
        address = "::1" if ":" in address else "127.0.0.1"
    while True:
        try:
            family, _kind, proto, _name, target = socket.getaddrinfo(address, int(listener["port"]), type=kind)[0]
            with socket.socket(family, kind, proto) as sock:
                sock.settimeout(3)
                sock.connect(target)
                sock.sendall(record)
            return
        except OSError:
            # A service that has just started may not listen yet.
            if time.time() > deadline:
                return
            time.sleep(0.1)


def main(text):
    request = json.loads(text)
    deadline = time.time() + request["timeout"]
    waiting = {}
    for listener in request["listeners"]:
        nonce = uuid.uuid4().hex
        waiting[nonce] = (listener, ("<14>" + listener["canary"] + nonce + "\0").encode())
        send(listener, waiting[nonce][1], deadline)
    names = ["%s port %s" % (listener["transport"].upper(), listener["port"]) for listener, _record in waiting.values()]
    again = time.time() + 1
    while waiting and time.time() < deadline:
        try:
            with open(request["file"]) as lines:
                text = lines.read()
        except OSError:
            text = ""
        waiting = {nonce: item for nonce, item in waiting.items() if nonce not in text}
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
