# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Which hosts a pattern means, and which receivers clusters send to."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible import context
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager, split_host_pattern
from ansible.parsing.dataloader import DataLoader

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import OptionError


def existing_hosts(pattern: t.Any, groups: t.Mapping[str, t.Sequence[str]], variable: str) -> t.Any:
    """The pattern, if each of its parts and all of it match a host. Raises OptionError that names the variable."""
    if context.CLIARGS.get("syntax"):
        # There may be no inventory.
        return pattern
    inventory = InventoryManager(DataLoader(), parse=False)
    for group, hosts in groups.items():
        inventory.add_group(group)
        for host in hosts:
            inventory.add_host(host, group=group)
    parts = split_host_pattern(pattern)
    lost = [part for part in parts if not _matches(inventory, part.lstrip("!&"))]
    if lost or not _matches(inventory, pattern):
        named = ", ".join(sorted(set(groups) - {"all", "ungrouped"})) or "none"
        what = ", ".join(lost) if lost else pattern
        raise OptionError(f"no host matches {what}; set {variable} to a group with hosts (the groups are: {named})")
    return pattern


def _matches(inventory: InventoryManager, pattern: t.Any) -> bool:
    try:
        return bool(inventory.get_hosts(pattern, ignore_limits=True))
    except AnsibleError:
        # So it is where host_pattern_mismatch is set to error in Ansible's configuration.
        return False


def pointed_receivers(receivers: t.Mapping[str, t.Iterable[t.Any]], targets: t.Iterable[t.Any]) -> t.Dict[str, t.Any]:
    """``receivers``, those that clusters send to, and ``certain``: every target is a receiver's name or address.

    If one is not, such as an alias or the address of a load balancer, any receiver can be meant, and all are returned.
    receivers: the names and addresses of each receiver. targets: where the clusters send.
    """
    known = {name: {_canonical(text) for text in (name, *texts) if text} for name, texts in receivers.items()}
    wanted = {_canonical(target) for target in targets if target}
    if wanted and wanted <= set().union(*known.values()):
        return {"receivers": [name for name, texts in known.items() if texts & wanted], "certain": True}
    return {"receivers": list(known), "certain": False}


def _canonical(text: t.Any) -> str:
    text = str(text).strip().rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text
