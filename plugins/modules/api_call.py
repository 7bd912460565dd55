#!/usr/bin/python
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: api_call
short_description: Call any method of the Software API of a SpamExperts Local Cloud
version_added: 0.2.0
author:
  - spamexperts.local_cloud contributors (!UNKNOWN)
description:
  - Calls one method of the Software API of a SpamExperts (N-able) Local Cloud cluster and returns the reply. It does
    not work with Hosted Cloud.
  - It is for what no other module of this collection does. It does not know what a method means, so it can neither
    compare nor verify. Prefer M(spamexperts.local_cloud.remote_syslog_server) for the remote syslog settings.
  - Reads are C(api_get_*), C(api_list_*), C(api_find_*) and C(api_help). All other methods count as writes.
extends_documentation_fragment:
  - spamexperts.local_cloud._connection
  - spamexperts.local_cloud._attributes
  - spamexperts.local_cloud._attributes.actiongroup_api
  - spamexperts.local_cloud._attributes.template_secrets
attributes:
  check_mode:
    support: full
    details:
      - Reads are carried out. A write is not sent and reports a change, because what it would do is not known.
  diff_mode:
    support: none
    details:
      - What a call changes is not known.
  idempotent:
    support: partial
    details:
      - A read reports no change. A write is sent each time, and reports a change each time.
options:
  method:
    description:
      - Name of the method in full, such as V(api_get_remote_syslog_server). It begins with C(api_) and holds lower-case
        letters, digits and underscores only.
      - M(spamexperts.local_cloud.api_help_info) lists the methods that a cluster knows.
    type: str
    required: true
  arguments:
    description:
      - The arguments of the method by name. Values are sent as text, booleans as C(True) and C(False).
      - An argument whose value is null is not sent. The product takes an empty text for an argument that was not given.
      - Nested values are refused, and so are C(call) and C(api_language), which every call carries.
      - Put a secret that is among the values into O(template_secrets) too, which masks it in the result. The cluster
        keeps a log of all calls with their arguments.
    type: dict
    default: {}
  allow_write:
    description:
      - Whether O(method) may be another one than C(api_get_*), C(api_list_*), C(api_find_*) and C(api_help).
    type: bool
    default: false
notes:
  - The product answers errors as text with HTTP status 200. A reply is taken for an error when its first line, warnings
    aside, is a web page or a traceback, or reads like a sentence with a wording that is known of the product's errors.
    Other lines do not count, so that text of strangers further down, such as the subject of a mail, cannot pass for an
    error. An error in a wording that is not known is a success here. A listing whose first line begins with the text
    of a stranger can be taken for an error. In both cases use C(failed_when) on RV(text), which is returned on failure
    as well.
  - A write is sent once and never repeated. When its answer is lost, the task fails with C(changed=true), and it is
    unknown whether the write took effect.
seealso:
  - module: spamexperts.local_cloud.api_help_info
"""

EXAMPLES = r"""
- name: Find the messages of a domain
  spamexperts.local_cloud.api_call:
    api_url: https://master.example.com
    api_username: apiuser
    api_password: "{{ vault_api_password }}"
    method: api_find_messages
    arguments:
      domain: example.com
  delegate_to: localhost
  register: found

- name: Say who gets the report on outgoing mail
  spamexperts.local_cloud.api_call:
    # The connection comes from module_defaults or from the environment.
    method: api_set_outgoing_report_recipient
    arguments:
      recipient: postmaster@example.com
    allow_write: true
  delegate_to: localhost
"""

RETURN = r"""
text:
  description:
    - The reply as text, with the password masked. Empty when a write was not sent in check mode.
    - Treat it as foreign text; senders of mail may have written parts of it.
  returned: success, and failure by what the reply says
  type: str
  sample: "2\n"
lines:
  description: The lines of the reply, without empty ones at its end.
  returned: success, and failure by what the reply says
  type: list
  elements: str
  sample:
    - "2"
json:
  description:
    - The reply parsed, where it is a JSON object or a JSON list with nothing but warnings around it; else null.
    - NaN and infinite numbers, which JSON does not have, become text.
  returned: success, and failure by what the reply says
  type: raw
  sample: null
api_messages:
  description: Warnings at the beginning of the reply.
  returned: success, and failure by what the reply says
  type: list
  elements: str
  sample:
    - "Warning: this call is deprecated"
msg:
  description: On success, that the write was not sent.
  returned: failure, and check mode of a write
  type: str
  sample: api_set_outgoing_report_recipient was not sent, because this is check mode
failure_class:
  description:
    - What kind of failure it was, for C(rescue) blocks and reports.
    - One of V(auth), V(permission), V(ip_restricted), V(unknown_method), V(bad_argument), V(not_plaintext),
      V(transport), V(tls), V(node) and V(internal).
    - C(changed) is V(true) in a failure when a write went out and the cluster did not refuse it.
  returned: failure
  type: str
  sample: permission
"""

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api_call import call_method
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._args import connection_spec, secrets_spec
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._module import ModuleDefinition, run_module

DEFINITION = ModuleDefinition(
    spec={
        **connection_spec(),
        **secrets_spec(),
        "method": {"type": "str", "required": True},
        "arguments": {"type": "dict", "default": {}},
        "allow_write": {"type": "bool", "default": False},
    },
    run=call_method,
)


def main() -> None:
    """Run as a module."""
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
