# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of this host that matter to the receiver: ports, senders, user, data directory and free space.

Run by the role with sockets.py before it and the last line ``main("{...}")``; prints one JSON object. It refuses
nothing: the role does.
taken: the listeners whose port another program uses. wrong: what is wrong with the listeners themselves, in sentences.
connected: addresses of the service's TCP senders, on whatever port. foreign: what in the data directory is not ours.
unsafe: what lets another user than root replace the service's directories, in sentences. user_exists: whether the
service's user does. user_is_ours: whether it is one that this role would create, or does not exist. free: bytes.
installed: whether the service's unit is there. needrestart: whether the program of that name reads such a directory.
rmem_max: the largest socket buffer that the kernel allows, in bytes.
"""

import contextlib
import errno
import grp
import ipaddress
import itertools
import json
import os
import pwd
import re
import socket
import stat
import struct

from sockets import ESTABLISHED, LISTENING, UNCONNECTED, foreign_sockets, sockets

RECORDS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
FIRST_ORDINARY_USER = 1000
ACL_NAMES = (2, 8)  # the tags of an ACL's entries for a user and for a group
NEEDRESTART = "/etc/needrestart/conf.d"


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


def user_name(number):
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def others_may_write(path, status, gids):
    """Whether another user than root may, of those that matter: all, the service, and anybody whom an ACL names."""
    if status.st_mode & stat.S_IWOTH or status.st_mode & stat.S_IWGRP and status.st_gid in gids:
        return True
    if not status.st_mode & stat.S_IWGRP:
        # With an ACL this bit is its mask: nobody whom it names may write then.
        return False
    try:
        acl = os.getxattr(path, "system.posix_acl_access")
    except OSError:
        return False
    # Four bytes of a version, then entries. Nobody names root, who may write anyway.
    return any(tag in ACL_NAMES and rights & 2 for tag, rights, _number in struct.iter_unpack("<HHI", acl[4:]))


def unsafe(path, gids):
    """What lets another user than root put something else in the place of a directory, in a sentence, or nothing.

    gids: of the groups that the service is a member of. The directory itself need not be there.
    """
    place, rest, links = "/", [part for part in path.split("/") if part not in ("", ".")], 0
    while rest:
        above, name = os.stat(place), rest.pop(0)
        if above.st_uid:
            return "%s does not belong to root" % place
        if others_may_write(place, above, gids):
            return "others than root may write to %s" % place
        if name == "..":
            place = os.path.dirname(place)
            continue
        below = os.path.join(place, name)
        try:
            link = stat.S_ISLNK(os.lstat(below).st_mode)
        except FileNotFoundError:
            return ""
        if not link:
            place = below
            continue
        links += 1
        if not rest or links > 40:
            return "%s is a link" % below
        target = os.readlink(below)
        place = "/" if target.startswith("/") else place
        rest[:0] = [part for part in target.split("/") if part not in ("", ".")]
    return ""


def groups(name, group):
    """The numbers of the groups that the service will be a member of."""
    found = {entry.gr_gid for entry in grp.getgrall() if group == entry.gr_name or name in entry.gr_mem}
    with contextlib.suppress(KeyError):
        found.add(pwd.getpwnam(name).pw_gid)
    return found


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


def facts(request):
    ours, user_is_ours = user(request["user"])
    connected = {str(row.remote) for row in sockets("tcp") if row.state == ESTABLISHED and row.uid == ours}
    gids = groups(request["user"], request["group"])
    wrong = list(mistakes(request["listeners"]))
    taken = []
    for listener in [] if wrong else request["listeners"]:
        open_now = [row for row in sockets(listener["transport"]) if row.port == int(listener["port"])]
        owners = {row.uid for row in open_now if row.state in (LISTENING, UNCONNECTED)}
        thieves = sorted({user_name(row.uid) for row in foreign_sockets(listener, ours)})
        if thieves:
            # Also beside the service's own socket: the last that is bound gets the datagrams.
            taken.append("%s (as user %s)" % (name(listener), ", ".join(thieves)))
        elif ours not in owners and not is_free(listener):
            taken.append(name(listener))
    return {
        "taken": taken,
        "wrong": wrong,
        "connected": sorted(connected),
        "foreign": foreign(request["data_dir"], ours),
        "unsafe": list(filter(None, (unsafe(request[name], gids) for name in ("data_dir", "work_dir")))),
        "user_exists": ours >= 0,
        "user_is_ours": user_is_ours,
        "free": room(request["data_dir"]),
        "installed": os.path.exists(request["unit"]),
        "needrestart": os.path.isdir(NEEDRESTART),
        "rmem_max": rmem_max(),
    }


def main(text):
    print(json.dumps(facts(json.loads(text))))
