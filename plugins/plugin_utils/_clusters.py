# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The clusters that an inventory source names, and the filtering nodes of one."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from urllib.parse import urlsplit

from ansible.constants import LOCALHOST
from ansible.errors import AnsibleParserError
from ansible.inventory.group import to_safe_group_name
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.client import Connection
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import ApiError, shorten
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.server_status import read_status
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._args import connection_spec
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._module import execute

Nodes = t.Dict[str, t.Dict[str, t.Any]]

# The same at the top of an inventory source and for each of its clusters.
SPEC = {"name": {"type": "str"}, **connection_spec()}
# The underscore is not in the standard, but in the names of many hosts.
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z")


@dataclasses.dataclass(frozen=True)
class Cluster:
    """One cluster of an inventory source; ``url`` is the address that its requests are sent to."""

    name: str
    group: str
    url: str
    params: t.Mapping[str, t.Any] = dataclasses.field(repr=False)


def clusters(options: t.Mapping[str, t.Any]) -> t.List[Cluster]:
    """The clusters that the options describe, templates resolved; raises AnsibleParserError."""
    shared = _given(options, SPEC)
    listed = options.get("clusters")
    if listed is None:
        return [_cluster("the cluster", shared)]
    if not isinstance(listed, list) or not listed or not all(isinstance(item, t.Mapping) for item in listed):
        raise AnsibleParserError("clusters must be a list with one dictionary for each cluster, such as {name: east}")
    if "name" in shared:
        raise AnsibleParserError("name cannot be combined with clusters; give each cluster its own name")
    found = []
    for number, item in enumerate(listed, 1):
        found.append(_cluster(f"cluster {item.get('name') or number}", {**shared, **_given(item, item)}))
        for other in found[:-1]:
            if other.group == found[-1].group:
                raise AnsibleParserError(
                    f"clusters {other.name} and {found[-1].name} would share the group {other.group}; rename one"
                )
            if other.url == found[-1].url:
                raise AnsibleParserError(
                    f"clusters {other.name} and {found[-1].name} have the same api_url; correct or remove one"
                )
    return found


def _given(options: t.Mapping[str, t.Any], names: t.Iterable[str]) -> t.Dict[str, t.Any]:
    return {name: options[name] for name in names if options.get(name) is not None}


def _cluster(who: str, options: t.Mapping[str, t.Any]) -> Cluster:
    valid = ArgumentSpecValidator(SPEC).validate(options)
    if valid.error_messages:
        # A message can quote the value in question.
        raise AnsibleParserError(f"{who}: {remove_values(valid.errors.msg, valid._no_log_values)}")
    params = valid.validated_parameters
    try:
        url = Connection.from_options(params).url
    except ApiError as error:
        raise AnsibleParserError(f"{who}: {error.message}") from None
    name = params["name"] or urlsplit(url).hostname or ""
    group = to_safe_group_name(f"spamexperts_cluster_{name}", force=True, silent=True)
    return Cluster(name, group, url, params)


def read_nodes(cluster: Cluster) -> Nodes:
    """Ask a cluster for its filtering nodes; raises AnsibleParserError that names the cluster."""
    result = execute(read_status, cluster.params, True)
    if result.get("failed"):
        raise AnsibleParserError(f"cluster {cluster.name}: {result['msg']}")
    nodes: Nodes = result["nodes"]
    remedy = "check that api_url is the cluster's master, and report it"
    if not nodes:
        raise AnsibleParserError(f"cluster {cluster.name}: its reply names no node; {remedy}")
    for node in nodes:
        # These names end up in commands and paths, and skipping a bad one would go unnoticed. A node may lack a status,
        # but an entry with anything other than a dictionary is not a node.
        status = result["raw"][node]
        if not _HOST_NAME.match(node) or node in LOCALHOST or not (status is None or isinstance(status, dict)):
            raise AnsibleParserError(
                f"cluster {cluster.name}: its reply has {shorten(node)!r} where a node's host name should be; {remedy}"
            )
    return nodes
