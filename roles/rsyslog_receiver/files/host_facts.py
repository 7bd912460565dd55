# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of this host that matter to the receiver: ports, senders, user, data directory and free space.

Run by the role with the last line ``main("{...}")``; prints one JSON object. It refuses nothing: the role does.
taken: the listeners whose port another program uses. wrong: what is wrong with the listeners themselves, in sentences.
connected: addresses of the service's TCP senders, on whatever port. foreign: what in the data directory is not ours.
user_is_ours: whether the service's user is one that this role would create, or does not exist. free: bytes.
installed: whether the service's unit is there. needrestart: whether the program of that name reads such a directory.
rmem_max: the largest socket buffer that the kernel allows, in bytes.
"""

import errno
import ipaddress
import itertools
import json
import os
import pwd
import re
import socket
import struct

ESTABLISHED, LISTENING, UNCONNECTED = "01", "0A", "07"
RECORDS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
FIRST_ORDINARY_USER = 1000
NEEDRESTART = "/etc/needrestart/conf.d"


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


def probe(listener, text):
    """Listen for a moment where the receiver would; return the number of the error, or 0."""
    kind = socket.SOCK_STREAM if listener["transport"] == "tcp" else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    try:
        with socket.socket(family, kind) as sock:
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if kind == socket.SOCK_STREAM:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((text, int(listener["port"])))
            if kind == socket.SOCK_STREAM:
                sock.listen(1)
    except OSError as error:
        return error.errno
    return 0


def is_free(listener):
    """Whether the receiver could listen there, were it not running already."""
    # Without an address the receiver listens on all, IPv6 and IPv4; a host without IPv6 is none of our business.
    texts = (listener["address"],) if listener.get("address") else ("::", "0.0.0.0")  # noqa: S104
    return errno.EADDRINUSE not in [probe(listener, text) for text in texts]


def name(listener):
    return "%s port %s" % (listener["transport"].upper(), listener["port"]) + (
        " of " + listener["address"] if listener.get("address") else ""
    )


def collide(one, other):
    """Whether two listeners want the same datagrams or connections."""
    if one["transport"] != other["transport"] or int(one["port"]) != int(other["port"]):
        return False
    first, second = (ipaddress.ip_address(item["address"]) if item.get("address") else None for item in (one, other))
    if first == second:
        return True
    if first is None or second is None:
        # No address is all of both families. Of UDP sockets the one with an address has those of its own.
        return one["transport"] == "tcp" or (first or second).is_unspecified
    if first.version != second.version:
        return False
    return one["transport"] == "tcp" and (first.is_unspecified or second.is_unspecified)


def mistakes(listeners):
    """Yield what is wrong with the listeners, whoever else listens."""
    usable = []
    for listener in listeners:
        try:
            ipaddress.ip_address(listener.get("address") or "::")
        except ValueError:
            yield "%s: not an IP address" % name(listener)
            continue
        usable.append(listener)
        if listener.get("address") and probe(listener, listener["address"]) == errno.EADDRNOTAVAIL:
            yield "%s: this host has no such address" % name(listener)
    for one, other in itertools.combinations(usable, 2):
        if collide(one, other):
            yield "%s and %s cannot both listen" % (name(one), name(other))


def user(text):
    """The number of that user, or -1, and whether it is a system user who cannot log in."""
    try:
        found = pwd.getpwnam(text)
    except KeyError:
        return -1, True
    can_log_in = os.path.basename(found.pw_shell) not in ("nologin", "false")
    return found.pw_uid, found.pw_uid < FIRST_ORDINARY_USER and not can_log_in


def foreign(folder, ours):
    """The first few names in a directory that are not the receiver's. A directory that its user owns is its own."""
    try:
        if os.stat(folder).st_uid == ours:
            return []
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        return [folder]
    # A file system of its own has lost+found; records that were moved from another host may have that one's user.
    return [entry for entry in names if entry not in (".receiver", "lost+found") and not RECORDS.match(entry)][:5]


def room(folder):
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def rmem_max():
    """In a container of an older kernel there is no such file."""
    try:
        with open("/proc/sys/net/core/rmem_max") as file:
            return int(file.read())
    except OSError:
        return 0


def main(text):
    request = json.loads(text)
    ours, user_is_ours = user(request["user"])
    connected = {str(row[2]) for row in sockets("tcp") if row[3] == ESTABLISHED and row[4] == ours}
    wrong = list(mistakes(request["listeners"]))
    taken = []
    for listener in [] if wrong else request["listeners"]:
        open_now = [row for row in sockets(listener["transport"]) if row[1] == int(listener["port"])]
        owners = {row[4] for row in open_now if row[3] in (LISTENING, UNCONNECTED)}
        if ours not in owners and not is_free(listener):
            taken.append(name(listener))
    found = {
        "taken": taken,
        "wrong": wrong,
        "connected": sorted(connected),
        "foreign": foreign(request["data_dir"], ours),
        "user_is_ours": user_is_ours,
        "free": room(request["data_dir"]),
        "installed": os.path.exists(request["unit"]),
        "needrestart": os.path.isdir(NEEDRESTART),
        "rmem_max": rmem_max(),
    }
    print(json.dumps(found))
