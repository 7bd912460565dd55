#!/usr/bin/python
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_probe
short_description: Describe how a SpamExperts Local Cloud answers, without what it answers
version_added: 0.2.0
author:
  - spamexperts.local_cloud contributors (!UNKNOWN)
description:
  - A part of the playbook C(spamexperts.local_cloud.probe), which also takes the backup and writes the file.
  - Calls C(api_get_remote_syslog_server), C(api_help) and C(api_get_json_server_status) of the Software API of a
    SpamExperts (N-able) Local Cloud cluster once each, and reports how the replies are laid out. It does not work with
    Hosted Cloud.
  - The report holds no host name, address, password, template or other value of the cluster. It is made of words that
    this collection knows; of everything else it has only the kinds of characters and how many there are.
  - A reply that cannot be read is described as well, so the task succeeds. It fails for options that cannot be used.
options:
  writes:
    description:
      - Also write to the cluster, to find out what only a write can tell, if its settings can be read with certainty.
      - Three writes set O(spamexperts.local_cloud.remote_syslog_server#module:status_template) to other texts and leave
        it out. A fourth one restores all settings, also if one of the others fails, and is verified.
      - Records of status changes that the cluster sends between these writes do not fit the log format.
      - If the cluster does not warn about values that are not the product's default, settings that followed the default
        hold the same value afterwards but no longer follow it.
    type: bool
    default: false
  verify_retries:
    description: How often the settings are read again after a write until they show what was written; 0 or more.
    type: int
    default: 5
  verify_delay:
    description: Seconds between these reads; 0 or more.
    type: int
    default: 2
extends_documentation_fragment:
  - spamexperts.local_cloud._connection
  - spamexperts.local_cloud._attributes
  - spamexperts.local_cloud._attributes.actiongroup_api
  - spamexperts.local_cloud._attributes.template_secrets
attributes:
  check_mode:
    support: full
    details:
      - With O(writes), nothing is written in check mode.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - Without O(writes) it does not modify state. With O(writes) it writes each time, and restores what it found.
"""

EXAMPLES = r"""
- name: Describe how the cluster answers
  spamexperts.local_cloud.cluster_probe:
    api_url: https://master.example.com
    api_username: apiuser
    api_password: "{{ vault_api_password }}"
  delegate_to: localhost
  register: probe

- name: Show what could be read, and what could not
  ansible.builtin.debug:
    msg: "{{ probe.lines }}"
"""

RETURN = r"""
report:
  description:
    - How the cluster answers. The file of the playbook C(spamexperts.local_cloud.probe) is a list of these, which the
      emulator of this collection can replay.
    - C(connection) has the kind of certificate; C(calls) has for each call its headers, line ends and lines, and in
      C(read) what this collection made of them.
    - C(writes) has what the writes told.
  returned: success
  type: dict
  sample:
    format: 1
    connection: {tls: TLSv1.3, checked: ca_path}
    calls: {}
lines:
  description: The same in sentences. They can quote the beginning of a reply that cannot be read.
  returned: success
  type: list
  elements: str
  sample:
    - "The settings can be read with certainty. They come as a line a setting, as in port: 514."
answered:
  description: Whether the cluster answered the call for its settings with HTTP status 200.
  returned: success
  type: bool
  sample: true
before:
  description: The settings before the first write, as M(spamexperts.local_cloud.remote_syslog_server) returns them.
  returned: O(writes), if the settings can be read
  type: dict
  sample: {host: logs.example.com, port: 514}
before_defaults:
  description: Names of the settings that are known to have followed the product's default before the first write.
  returned: O(writes), if the settings can be read
  type: list
  elements: str
  sample: [level]
before_untouched:
  description: Whether all settings followed the product's default before the first write.
  returned: O(writes), if the settings can be read
  type: bool
  sample: false
changed_keys:
  description: Names of the settings that the first write changes.
  returned: O(writes), if the settings can be read
  type: list
  elements: str
  sample: [status_template]
settings:
  description: The settings after the last write.
  returned: O(writes), if the settings can be read
  type: dict
  sample: {host: logs.example.com, port: 514}
verified:
  description: Whether the settings that were read after the last write are those from before the first one.
  returned: O(writes), if the settings can be read
  type: bool
  sample: true
failure_class:
  description:
    - The kind of failure, for C(rescue) blocks and reports.
    - One of V(auth), V(permission), V(ip_restricted), V(unknown_method), V(bad_argument), V(not_plaintext),
      V(transport), V(tls), V(node), V(verify) and V(internal).
  returned: failure
  type: str
  sample: verify
"""

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._args import cluster_probe_spec
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._module import ModuleDefinition, run_module
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._probe.report import run_probe

DEFINITION = ModuleDefinition(spec=cluster_probe_spec(), run=run_probe)


def main() -> None:
    """Run as a module."""
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
