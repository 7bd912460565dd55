# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter of the receiver's allowed senders; documented in the YAML file of its name."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible.errors import AnsibleFilterError


def sender_networks(senders: t.Sequence[t.Any]) -> t.List[str]:
    if isinstance(senders, str) or not isinstance(senders, t.Sequence):
        raise AnsibleFilterError("sender_networks: give a list of addresses and networks")
    networks = [_network(str(sender).strip()) for sender in senders]
    # nftables refuses a set in which one network is part of another.
    four = ipaddress.collapse_addresses(network for network in networks if isinstance(network, ipaddress.IPv4Network))
    six = ipaddress.collapse_addresses(network for network in networks if isinstance(network, ipaddress.IPv6Network))
    return [network.with_prefixlen for family in (four, six) for network in family]


def _network(sender: str) -> t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]:
    try:
        return ipaddress.ip_network(sender)
    except ValueError as exc:
        problem = f"sender_networks: {sender!r} is not an IP address or network"
        try:
            meant = ipaddress.ip_network(sender, strict=False).with_prefixlen
        except ValueError:
            raise AnsibleFilterError(f"{problem}; write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32") from exc
        raise AnsibleFilterError(f"{problem}; write {meant} for the network") from exc


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> t.Dict[str, t.Callable[..., t.Any]]:
        return {"sender_networks": sender_networks}
