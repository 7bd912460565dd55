# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sockets of this host, and which of them could get what is sent to the receiver."""

import ipaddress
import struct
import typing

ESTABLISHED, LISTENING, UNCONNECTED = "01", "0A", "07"


class Socket(typing.NamedTuple):
    """A row of /proc/net: remote is an address, uid the owner's, drops the datagrams that the kernel dropped."""

    address: typing.Any
    port: int
    remote: typing.Any
    state: str
    uid: int
    inode: str
    drops: int


def sockets(transport):
    """Yield every socket of the host, of both families."""
    for family, name in ((4, transport), (6, transport + "6")):
        try:
            with open("/proc/self/net/" + name) as table:
                lines = table.read().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            local, port = words[1].split(":")
            ends = address(local, family), int(port, 16), address(words[2].split(":")[0], family)
            yield Socket(*ends, words[3], int(words[7]), words[9], int(words[-1]) if transport == "udp" else 0)


def address(text, family):
    """An address of /proc/net: groups of 32 bits, each in the host's byte order."""
    words = [int(text[i : i + 8], 16) for i in range(0, len(text), 8)]
    packed = b"".join(struct.pack("=I", word) for word in words)
    found = ipaddress.ip_address(packed)
    return (found.ipv4_mapped or found) if family == 6 else found


def foreign_sockets(listener, uid):
    """The other users' sockets that get what is sent to a listener, or would while it restarts.

    Of two UDP sockets on one port, whosever they are, Linux gives a datagram to the one that was bound last or to the
    one whose address fits more closely.
    """
    wanted = ipaddress.ip_address(listener["address"]) if listener.get("address") else None
    found = []
    for row in sockets(listener["transport"]):
        if row.port != int(listener["port"]) or row.uid == uid:
            continue
        if listener["transport"] == "tcp" and row.state != LISTENING:
            continue
        if wanted is None or wanted.is_unspecified or row.address.is_unspecified or row.address == wanted:
            found.append(row)
    return found
