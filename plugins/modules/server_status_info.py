#!/usr/bin/python
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: server_status_info
short_description: Read the load and mail queues of the servers of a SpamExperts Local Cloud
version_added: 0.2.0
author:
  - spamexperts.local_cloud contributors (!UNKNOWN)
description:
  - Reads the status of each server of a SpamExperts (N-able) Local Cloud cluster through the call
    C(api_get_json_server_status) of its Software API. It does not work with Hosted Cloud.
  - The call was introduced in build 58598 of 2013. On earlier builds the task fails with
    RV(failure_class=unknown_method).
extends_documentation_fragment:
  - spamexperts.local_cloud._connection
  - spamexperts.local_cloud._attributes
  - spamexperts.local_cloud._attributes.actiongroup_api
  - spamexperts.local_cloud._attributes.info_module
seealso:
  - name: Nagios plugin script
    description: The vendor's own check, which reads the same four keys.
    link: https://github.com/SpamExperts/sekb/blob/master/docs/3-Integration_Automation/4-Nagios-Plugin-Script.rst
"""

EXAMPLES = r"""
- name: Read the status of all servers
  spamexperts.local_cloud.server_status_info:
    api_url: https://master.example.com
    api_username: apiuser
    api_password: "{{ vault_api_password }}"
  delegate_to: localhost
  register: status

- name: Fail if a delivery queue is long or not shown
  ansible.builtin.assert:
    that:
      - item.value.queue_delivery is not none
      - item.value.queue_delivery < 1000
  loop: "{{ status.nodes | dict2items }}"
  loop_control:
    label: "{{ item.key }}"
"""

RETURN = r"""
nodes:
  description:
    - The status of each server by host name, always with these keys.
    - A value that the cluster does not show, or that is not a number, is null. If the cluster shows no status for a
      server, all its values are null.
  returned: success
  type: dict
  contains:
    load_1m:
      description: Load average over one minute, a float; C(load one minute) in the reply.
      type: float
      returned: always
    load_5m:
      description: Load average over five minutes, a float; C(load five minutes) in the reply.
      type: float
      returned: always
    queue_delivery:
      description: Number of messages in the delivery queue; C(queue count delivery) in the reply.
      type: int
      returned: always
    queue_submission:
      description: Number of messages in the submission queue; C(queue count submission) in the reply.
      type: int
      returned: always
    other:
      description: Everything else that the cluster shows about the server, unchanged. Its keys are undocumented.
      type: dict
      returned: always
  sample:
    node1.example.com:
      load_1m: 0.25
      load_5m: 0.2
      queue_delivery: 3
      queue_submission: 0
      other: {}
raw:
  description: The object in the reply, unchanged.
  returned: success
  type: dict
  sample:
    node1.example.com:
      load one minute: 0.25
      load five minutes: 0.2
      queue count delivery: 3
      queue count submission: 0
api_messages:
  description: Lines of the cluster's reply that are not the status, such as warnings.
  returned: success
  type: list
  elements: str
  sample: []
failure_class:
  description:
    - The kind of failure, for C(rescue) blocks and reports.
    - One of V(auth), V(permission), V(ip_restricted), V(unknown_method), V(bad_argument), V(not_plaintext),
      V(transport), V(tls), V(node) and V(internal).
  returned: failure
  type: str
  sample: permission
"""

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.server_status import read_status
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._args import connection_spec
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._module import ModuleDefinition, run_module

DEFINITION = ModuleDefinition(spec=connection_spec(), run=read_status)


def main() -> None:
    """Run as a module."""
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
