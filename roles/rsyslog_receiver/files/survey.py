# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of this host matters to the receiver: who has its ports, who is connected to them, how much room there is.

Run by the role with the last line ``main("{...}")``; prints one JSON object:
taken: the listeners whose port another program has. connected: addresses of the TCP senders. free: bytes.
"""

import ipaddress
import json
import os
import pwd
import socket
import struct

ESTABLISHED = "01"


def sockets(transport):
    """Yield (local address, local port, remote address, state, uid) of every socket of the host."""
    for family, name in ((4, transport), (6, transport + "6")):
        try:
            with open("/proc/net/" + name) as table:
                lines = table.read().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            local, port = words[1].split(":")
            remote = words[2].split(":")[0]
            yield address(local, family), int(port, 16), address(remote, family), words[3], int(words[7])


def address(text, family):
    """An address of /proc/net: groups of 32 bits, each in the host's byte order."""
    words = [int(text[i : i + 8], 16) for i in range(0, len(text), 8)]
    packed = b"".join(struct.pack("=I", word) for word in words)
    found = ipaddress.ip_address(packed)
    return (found.ipv4_mapped or found) if family == 6 else found


def is_free(listener):
    """Whether the receiver could listen there, were it not running already."""
    kind = socket.SOCK_STREAM if listener["transport"] == "tcp" else socket.SOCK_DGRAM
    # Without an address the receiver listens on all, IPv6 and IPv4.
    for text in (listener["address"],) if listener.get("address") else ("::", "0.0.0.0"):  # noqa: S104
        family = socket.AF_INET6 if ":" in text else socket.AF_INET
        try:
            with socket.socket(family, kind) as probe:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((text, int(listener["port"])))
                if kind == socket.SOCK_STREAM:
                    probe.listen(1)
        except OSError as error:
            # A host without IPv6, or without that address, is rsyslogd's to complain about.
            if error.errno == 98:
                return False
    return True


def main(text):
    request = json.loads(text)
    try:
        ours = pwd.getpwnam(request["user"]).pw_uid
    except KeyError:
        ours = -1
    taken, connected = [], set()
    for listener in request["listeners"]:
        port = int(listener["port"])
        owners = set()
        for _local, local_port, remote, state, uid in sockets(listener["transport"]):
            if local_port != port:
                continue
            if listener["transport"] == "tcp" and state == ESTABLISHED and uid == ours:
                connected.add(str(remote))
            elif state in ("0A", "07"):
                owners.add(uid)
        if not is_free(listener) and ours not in owners:
            taken.append("%s port %s" % (listener["transport"].upper(), port))
    folder = request["data_dir"]
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    room = os.statvfs(folder)
    print(json.dumps({"taken": taken, "connected": sorted(connected), "free": room.f_bavail * room.f_frsize}))
