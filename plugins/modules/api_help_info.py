#!/usr/bin/python
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: api_help_info
short_description: List the methods of the Software API of a SpamExperts Local Cloud
version_added: 0.2.0
author:
  - spamexperts.local_cloud contributors (!UNKNOWN)
description:
  - Reads the help of the Software API of a SpamExperts (N-able) Local Cloud cluster, and returns its methods with their
    arguments. It does not work with Hosted Cloud.
  - Use it to find out what the cluster's build supports before a task relies on it.
  - The layout of the help is undocumented. Methods are recognised by their names and signatures at the start of a line,
    and the task fails if it finds none.
extends_documentation_fragment:
  - spamexperts.local_cloud._connection
  - spamexperts.local_cloud._attributes
  - spamexperts.local_cloud._attributes.actiongroup_api
  - spamexperts.local_cloud._attributes.info_module
notes:
  - It is not known whether the help lists methods that the user may not call. The product hides deprecated methods, at
    least in the help of its web pages. So a method that is missing here may still exist.
seealso:
  - module: spamexperts.local_cloud.api_call
"""

EXAMPLES = r"""
- name: Read what the cluster's build supports
  spamexperts.local_cloud.api_help_info:
    api_url: https://master.example.com
    api_username: apiuser
    api_password: "{{ vault_api_password }}"
  delegate_to: localhost
  register: help

- name: Stop unless the build knows status_template
  ansible.builtin.assert:
    that: "'status_template' in (help.methods.api_set_remote_syslog_server | default({'arguments': []})).arguments"
"""

RETURN = r"""
methods:
  description: The methods by name.
  returned: success
  type: dict
  contains:
    arguments:
      description: Names of the arguments in the order of the signature. Also empty if the help shows no signature.
      type: list
      elements: str
      returned: always
    defaults:
      description: Default values by argument, as the help shows them but without quotes.
      type: dict
      returned: always
    signature:
      description: The signature on one line, without the return value; null if the help shows none.
      type: str
      returned: always
    returns:
      description: The text after the arrow of the signature; null if there is none.
      type: str
      returned: always
  sample:
    api_help:
      arguments: []
      defaults: {}
      signature: api_help()
      returns: '""'
    api_set_outgoing_report_recipient:
      arguments:
        - recipient
      defaults:
        recipient: ''
      signature: api_set_outgoing_report_recipient(recipient='')
      returns: '""'
raw:
  description: The lines of the reply.
  returned: success
  type: list
  elements: str
  sample:
    - api_help() -> ""
    - api_set_outgoing_report_recipient(recipient='') -> ""
failure_class:
  description:
    - The kind of failure, for C(rescue) blocks and reports.
    - One of V(auth), V(permission), V(ip_restricted), V(unknown_method), V(bad_argument), V(not_plaintext),
      V(transport), V(tls), V(node) and V(internal).
  returned: failure
  type: str
  sample: permission
"""

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.help import read_help
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._args import connection_spec
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._module import ModuleDefinition, run_module

DEFINITION = ModuleDefinition(spec=connection_spec(), run=read_help)


def main() -> None:
    """Run as a module."""
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
