#!/usr/bin/python
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remote_syslog_server_info
short_description: Read where a SpamExperts Local Cloud sends its mail logs
version_added: 0.1.0
author:
  - spamexperts.local_cloud contributors (!UNKNOWN)
description:
  - Reads the remote syslog settings of a SpamExperts (N-able) Local Cloud cluster through its Software API. It does
    not work with Hosted Cloud.
  - The returned settings have the names and types of the options of M(spamexperts.local_cloud.remote_syslog_server), so
    they are valid input for that module.
extends_documentation_fragment:
  - spamexperts.local_cloud._connection
  - spamexperts.local_cloud._attributes
  - spamexperts.local_cloud._attributes.actiongroup_api
  - spamexperts.local_cloud._attributes.template_secrets
  - spamexperts.local_cloud._attributes.info_module
seealso:
  - module: spamexperts.local_cloud.remote_syslog_server
"""

EXAMPLES = r"""
- name: Read the remote syslog settings
  spamexperts.local_cloud.remote_syslog_server_info:
    api_url: https://master.example.com
    api_username: apiuser
    api_password: "{{ vault_api_password }}"
  delegate_to: localhost
  register: syslog

- name: Show where the logs go
  ansible.builtin.debug:
    msg: "{{ syslog.settings.host }}:{{ syslog.settings.port }}/{{ syslog.settings.socket_type }}"
"""

RETURN = r"""
settings:
  description: The eight settings that the cluster holds, in canonical form.
  returned: success
  type: dict
  contains:
    host:
      description: Name or address that the logs are sent to; empty if there is none.
      type: str
      returned: always
    port:
      description: Port that the logs are sent to; null if the cluster shows none.
      type: int
      returned: always
    facility:
      description: Syslog facility.
      type: str
      returned: always
    socket_type:
      description: Transport, V(udp) or V(tcp).
      type: str
      returned: always
    message_template:
      description: Template of the record that is sent after a message was processed.
      type: str
      returned: always
    enabled:
      description: Whether logs are sent.
      type: bool
      returned: always
    level:
      description: Level of the records.
      type: str
      returned: always
    status_template:
      description: Template of the record that is sent when the status of a message changes.
      type: str
      returned: always
  sample:
    enabled: true
    facility: local0
    host: syslog.example.com
    level: INFO
    message_template: '"%(id)s","%(status)s"'
    port: 514
    socket_type: udp
    status_template: '"%(id)s","%(status)s","%(delivery_data)s"'
unknown_settings:
  description:
    - Settings that the cluster shows and this collection does not know, as text by name. Usually empty.
  returned: success
  type: dict
  version_added: 0.2.0
  sample: {}
defaults:
  description:
    - The settings that are known to follow the product's default, with their values.
    - Empty if the cluster prints no warnings about settings, because then nothing is known.
  returned: success
  type: dict
  sample:
    facility: local0
    level: INFO
api_messages:
  description: Lines of the cluster's replies that are not settings, such as warnings.
  returned: success
  type: list
  elements: str
  sample:
    - "Warning: the value of 'host' is not the default. The default value is: ''"
failure_class:
  description:
    - The kind of failure, for C(rescue) blocks and reports.
    - One of V(auth), V(permission), V(ip_restricted), V(unknown_method), V(bad_argument), V(not_plaintext),
      V(transport), V(tls), V(node), V(verify) and V(internal).
  returned: failure
  type: str
  sample: auth
"""

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._args import connection_spec, secrets_spec
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._module import ModuleDefinition, run_module
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.apply import read_settings

DEFINITION = ModuleDefinition(spec={**connection_spec(), **secrets_spec()}, run=read_settings)


def main() -> None:
    """Run as a module."""
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
