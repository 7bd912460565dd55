# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Which of the inventory hosts that belong to one cluster writes to it."""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.settings import option

Item = t.Mapping[str, t.Any]
_NAMED = 10  # hosts in a sentence


def cluster_fingerprint(settings: t.Union[Item, str, None], api_url: str) -> t.Dict[str, t.Optional[str]]:
    """The URL that requests are sent to, and a SHA-256 hash of the canonical settings; None for each that is missing.

    Raises OptionError for a URL or a value that the module does not accept.
    """
    # Ansible loads all filters of the collection for any one of them, and this takes longer than all the rest.
    from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.client import api_address

    address = api_address(api_url) if api_url else None
    # Before ansible-core 2.19 a variable whose template yields null is an empty text.
    if settings is None or isinstance(settings, str):
        return {"address": address, "fingerprint": None}
    reset = sorted(settings.get("reset", ()))
    canonical = {name: option(name, value) for name, value in sorted(settings.items()) if name != "reset"}
    text = json.dumps([canonical, reset])
    return {"address": address, "fingerprint": hashlib.sha256(text.encode()).hexdigest()}


def cluster_writers(hosts: t.Iterable[Item]) -> t.Dict[str, t.Any]:
    """The writer of each cluster, which is its first host with managed settings, the writer of each host, and problems.

    A problem is a sentence.
    hosts: dictionaries with ``name``, ``missing`` (names of variables), if there are any ``problems`` (sentences), and
    the result of cluster_fingerprint.
    """
    found: t.Dict[t.Tuple[str, str], t.List[str]] = {}
    clusters: t.Dict[str, t.List[Item]] = {}
    for host in hosts:
        if host["fingerprint"] is None:
            continue
        # What stands before the hosts' names, and what after them.
        sentences = [(f"Set {', '.join(host['missing'])} for ", ".")] if host["missing"] else []
        sentences += [(f"{problem} (", ").") for problem in host.get("problems", ())]
        for sentence in sentences:
            found.setdefault(sentence, []).append(host["name"])
        if not sentences:
            clusters.setdefault(host["address"] or "", []).append(host)
    problems = [before + _names(names) + after for (before, after), names in found.items()]
    writers = [members[0]["name"] for address, members in clusters.items() if address]
    for address, members in clusters.items():
        if address and len({member["fingerprint"] for member in members}) > 1:
            names = _names([member["name"] for member in members])
            problems.append(
                f"{names} are one cluster, because they have the same api_url; give them the same settings."
            )
    writer_of = {member["name"]: members[0]["name"] for members in clusters.values() for member in members}
    return {"writers": writers, "writer_of": writer_of, "problems": problems}


def _names(hosts: t.Sequence[str]) -> str:
    more = len(hosts) - _NAMED
    return ", ".join(hosts[:_NAMED]) + (f" and {more} more" if more > 0 else "")
