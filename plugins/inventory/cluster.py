# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster
short_description: Use the filtering nodes of SpamExperts Local Cloud clusters as hosts
version_added: 0.2.0
author:
  - spamexperts.local_cloud contributors (!UNKNOWN)
description:
  - Asks one or more SpamExperts (N-able) Local Cloud clusters for their filtering nodes through the Software API, and
    adds each node as a host. It does not work with Hosted Cloud.
  - It reads only configuration files whose names end in C(spamexperts_cluster.yml) or C(spamexperts_cluster.yaml), such
    as C(production.spamexperts_cluster.yml).
  - A host has the name that the cluster gives the node. The plugin does not set how to connect to it; set
    C(ansible_host) with O(compose) if the name is not enough.
  - Every host is in the group C(spamexperts_nodes) and in the group C(spamexperts_cluster_NAME) of its cluster.
    Characters that are invalid in a group name become C(_).
  - Every host has the variables C(spamexperts_cluster), the cluster's name; C(spamexperts_api_url), the cluster's
    address without credentials; and C(spamexperts_node), the node's status with the same keys and types as in
    RV(spamexperts.local_cloud.server_status_info#module:nodes).
  - O(api_url), O(api_username), O(api_password), O(ca_path), O(ca_fingerprint), O(name) and everything in O(clusters)
    can be templates, for example with a lookup. They can use extra variables and no others.
  - Text from a cluster is data. It is never treated as a template.
  - Either all nodes of all clusters are added, or the source fails and adds nothing; see also O(fail_on_errors). The
    source also fails if a node's name is not a valid host name, if it is the name of the local host or of a group, and
    if two clusters have a node of the same name.
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices:
      - spamexperts.local_cloud.cluster
  name:
    description:
      - The cluster's name.
      - The default is the host name in O(api_url).
    type: str
  clusters:
    description:
      - The clusters, if there is more than one.
      - Each is a dictionary with its own O(name) and any of the options O(api_url), O(api_username), O(api_password),
        O(validate_certs), O(ca_path), O(ca_fingerprint), O(timeout), O(deadline), O(retries) and O(use_proxy). Options
        that it lacks are taken from the top of the file, then from the environment.
    type: list
    elements: dict
  fail_on_errors:
    description:
      - Whether the whole source fails if one cluster does not answer as expected. Ansible itself continues without a
        failed source, with a warning, unless its setting C(any_unparsed_is_failed) is on.
      - If V(false), such a cluster is left out with a warning.
      - Invalid options always fail the source.
    type: bool
    default: true
extends_documentation_fragment:
  - spamexperts.local_cloud._connection.plugins
  - spamexperts.local_cloud._connection
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
requirements:
  - requests >= 2.25.0, for the Python that runs Ansible
notes:
  - The cache holds the names and status of the nodes and the addresses of the clusters, and no credentials. It is used
    for a cluster only while the cluster's name and address stay the same.
  - With O(strict=false), Ansible silently ignores errors in O(compose), O(groups) and O(keyed_groups).
seealso:
  - module: spamexperts.local_cloud.server_status_info
"""

EXAMPLES = r"""
# all.spamexperts_cluster.yml: two clusters with the same user, whose password is in a file. For a single cluster, give
# its api_url here and leave out the list.
---
plugin: spamexperts.local_cloud.cluster
api_username: apiuser
api_password: "{{ lookup('ansible.builtin.file', '/etc/ansible/spamexperts_password') }}"
clusters:
  - name: east
    api_url: https://master.east.example.com
  - name: west
    api_url: https://master.west.example.com
    ca_path: /etc/ansible/west.pem
strict: true
keyed_groups:
  - prefix: spamexperts_domain
    key: inventory_hostname.split('.', 1)[1]
groups:
  spamexperts_busy: spamexperts_node.load_1m is number and spamexperts_node.load_1m > 4
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible_inventory
"""

import contextlib
import json
import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._clusters import (
    SPEC,
    Cluster,
    Nodes,
    clusters,
    read_nodes,
)
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._values import TEXT_STAYS_TEXT, plain, untrusted

Found = t.List[t.Tuple[Cluster, Nodes]]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Ansible's entry point."""

    NAME = "spamexperts.local_cloud.cluster"

    def verify_file(self, path: str) -> bool:
        """Whether the file is one of ours, by its name."""
        endings = ("spamexperts_cluster.yml", "spamexperts_cluster.yaml")
        return bool(super().verify_file(path)) and path.endswith(endings)

    def set_options(self, task_keys: t.Any = None, var_options: t.Any = None, direct: t.Any = None) -> None:
        """Take the options of a source; raises AnsibleParserError."""
        direct = direct or {}
        unknown = sorted(str(name) for name in direct if name not in self.option_definitions)
        if unknown:
            raise AnsibleParserError(f"{', '.join(unknown)}: there is no such option; correct or remove it")
        # Ansible's own message would quote it.
        if isinstance(direct.get("api_password"), (dict, list)):
            raise AnsibleParserError("api_password must be text; a template must be quoted")
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Add what the source describes; if it raises AnsibleParserError, nothing was added."""
        super().parse(inventory, loader, path, cache)
        found = self._find(clusters(self._options_of(path)), self.get_cache_key(path), cache)
        self._check(found)
        for cluster, nodes in found:
            self._add(cluster, nodes)

    def _options_of(self, path: str) -> t.Dict[str, t.Any]:
        config = self._read_config_data(path)
        self.templar.available_variables = self._vars
        resolved: t.Dict[str, t.Any] = {}
        # Not by get_option: that reads a template in ca_path as the name of a file.
        for name in (*SPEC, "clusters"):
            try:
                value = self.templar.template(config.get(name), fail_on_undefined=True, **TEXT_STAYS_TEXT)
                resolved[name] = plain(value)
            except AnsibleError as error:
                # Not chained: Ansible would show the lines around the template, and one may be a password.
                raise AnsibleParserError(f"{name}: {error.message}; correct its value") from None
        return resolved

    def _find(self, wanted: t.List[Cluster], key: str, cache: bool) -> Found:
        caching = self.get_option("cache")
        known: t.Dict[str, t.Any] = {}
        if caching and cache:
            # There may be no entry yet, or it may be too old.
            with contextlib.suppress(KeyError):
                known = self._cache[key]
        found: Found = []
        for cluster in wanted:
            entry = known.get(cluster.name, {})
            if entry.get("url") == cluster.url:
                found.append((cluster, json.loads(entry["nodes"])))
                continue
            try:
                found.append((cluster, read_nodes(cluster)))
            except AnsibleParserError as error:
                if self.get_option("fail_on_errors"):
                    raise
                self.display.warning(f"{error.message}; its nodes are missing from this inventory")
        if caching:
            # As text: reading its cache, Ansible makes trusted templates of dictionaries with certain keys.
            self._cache[key] = {
                cluster.name: {"url": cluster.url, "nodes": json.dumps(nodes)} for cluster, nodes in found
            }
        return found

    def _check(self, found: Found) -> None:
        owners: t.Dict[str, str] = {}
        groups = {*self.inventory.groups, "spamexperts_nodes", *(cluster.group for cluster, _nodes in found)}
        for cluster, nodes in found:
            for node in nodes:
                if node in groups:
                    raise AnsibleParserError(
                        f"cluster {cluster.name}: its node {node} has the name of a group; rename the group"
                    )
                if node in owners:
                    raise AnsibleParserError(
                        f"clusters {owners[node]} and {cluster.name} both have a node {node}; put them in separate"
                        " inventories"
                    )
                owners[node] = cluster.name

    def _add(self, cluster: Cluster, nodes: Nodes) -> None:
        parent, group = self.inventory.add_group("spamexperts_nodes"), self.inventory.add_group(cluster.group)
        self.inventory.add_child(parent, group)
        for node, status in nodes.items():
            self.inventory.add_host(node, group)
            self.inventory.set_variable(node, "spamexperts_cluster", untrusted(cluster.name))
            self.inventory.set_variable(node, "spamexperts_api_url", untrusted(cluster.params["api_url"]))
            self.inventory.set_variable(node, "spamexperts_node", untrusted(status))
            strict = self.get_option("strict")
            variables = self.inventory.get_host(node).get_vars()
            self._set_composite_vars(self.get_option("compose"), variables, node, strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, node, strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, node, strict)
