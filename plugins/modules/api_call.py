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
  - Use it for what the other modules of this collection do not cover. It does not know what a method means, so it can
    neither compare nor verify. Prefer M(spamexperts.local_cloud.remote_syslog_server) for the remote syslog settings.
  - The methods C(api_get_*), C(api_list_*), C(api_find_*) and C(api_help) are reads. All others count as writes, unless
    O(read_only) says otherwise.
extends_documentation_fragment:
  - spamexperts.local_cloud._connection
  - spamexperts.local_cloud._attributes
  - spamexperts.local_cloud._attributes.actiongroup_api
  - spamexperts.local_cloud._attributes.template_secrets
attributes:
  check_mode:
    support: full
    details:
      - Reads are carried out. A write is not sent and reports a change, because its effect is not known.
  diff_mode:
    support: none
    details:
      - The effect of a call is not known.
  idempotent:
    support: partial
    details:
      - A read never reports a change. A write is sent, and reports a change, every time.
options:
  method:
    description:
      - Full name of the method, such as V(api_get_remote_syslog_server). It begins with C(api_) and contains only
        lower-case letters, digits and underscores.
      - M(spamexperts.local_cloud.api_help_info) lists the methods that a cluster knows.
    type: str
    required: true
  arguments:
    description:
      - Arguments of the method, by name. Values are sent as text, booleans as C(True) and C(False).
      - An argument whose value is null is not sent. The product treats an empty text as an argument that was not given.
      - Nested values are refused, and so are C(call) and C(api_language), which are part of every call.
      - If a value is secret, list it in O(template_secrets) too, which masks it in the result. The cluster logs all
        calls with their arguments.
    type: dict
    default: {}
  allow_write:
    description:
      - Whether O(method) may be anything other than C(api_get_*), C(api_list_*), C(api_find_*) and C(api_help).
      - It cannot be V(true) together with O(read_only).
    type: bool
    default: false
  read_only:
    description:
      - Your word that O(method) changes nothing although its name does not say so, as with C(api_delivery_queue).
      - The call is then a read. It is also sent in check mode, repeated if the connection fails, and never reports a
        change.
      - It is refused for methods that change the cluster by their names, such as C(api_set_*).
    type: bool
    default: false
    version_added: 0.2.0
notes:
  - The product reports errors as text with HTTP status 200. A reply counts as an error if its first line, after any
    warnings, is a web page or a traceback, or reads like a sentence with the known wording of one of the product's
    errors. Other lines do not count, so that untrusted text further down, such as the subject of a mail, cannot pass
    for an error.
  - An error with unknown wording counts as a success. A listing whose first line begins with untrusted text can be
    mistaken for an error. In both cases use C(failed_when) on RV(text), which is returned on failure too.
  - A write is sent once and never repeated. If its answer is lost, the task fails with C(changed=true), and it is
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

- name: Look at the delivery queue, also in check mode
  spamexperts.local_cloud.api_call:
    method: api_delivery_queue
    read_only: true
  delegate_to: localhost

- name: Set who receives the report on outgoing mail
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
    - The reply as text, with the password masked. Empty if a write was not sent because of check mode.
    - Treat it as untrusted text; senders of mail may have written parts of it.
  returned: success, and failure that the reply reports
  type: str
  sample: "2\n"
lines:
  description: The lines of the reply, without empty lines at its end.
  returned: success, and failure that the reply reports
  type: list
  elements: str
  sample:
    - "2"
json:
  description:
    - The parsed reply if it is a JSON object or list with nothing but warnings around it; otherwise null. It is also
      null if an object has a key twice.
    - NaN and infinite numbers, which JSON lacks, become text.
  returned: success, and failure that the reply reports
  type: raw
  sample: null
api_messages:
  description: Warnings at the beginning of the reply.
  returned: success, and failure that the reply reports
  type: list
  elements: str
  sample:
    - "Warning: this call is deprecated"
msg:
  description: On failure, the problem and its remedy; in check mode, that the write was not sent.
  returned: failure, and check mode of a write
  type: str
  sample: api_set_outgoing_report_recipient was not sent because this is check mode
failure_class:
  description:
    - The kind of failure, for C(rescue) blocks and reports.
    - One of V(auth), V(permission), V(ip_restricted), V(unknown_method), V(bad_argument), V(not_plaintext),
      V(transport), V(tls), V(node) and V(internal).
    - C(changed) is V(true) on failure if a write was sent and the cluster did not refuse it.
  returned: failure
  type: str
  sample: permission
"""

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.call import call_method
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._args import connection_spec, secrets_spec
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._module import ModuleDefinition, run_module

DEFINITION = ModuleDefinition(
    spec={
        **connection_spec(),
        **secrets_spec(),
        "method": {"type": "str", "required": True},
        "arguments": {"type": "dict", "default": {}},
        "allow_write": {"type": "bool", "default": False},
        "read_only": {"type": "bool", "default": False},
    },
    run=call_method,
)


def main() -> None:
    """Run as a module."""
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
