#!/usr/bin/python
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: receiver_host
short_description: Compare a host with what the role rsyslog_receiver wants, and deploy its configuration
version_added: 0.2.0
author:
  - spamexperts.local_cloud contributors (!UNKNOWN)
description:
  - A part of the role P(spamexperts.local_cloud.rsyslog_receiver#role), of no use outside it. It can change in any
    release.
  - Compares everything that a run of the role might change with what the role's variables ask for. Where nothing
    differs, it sends a test record through every listener.
  - Outside check mode it first takes the lock that lets one run at a time change the host, and keeps it where something
    differs.
  - With O(deploy) it puts the configuration in force instead, in one process on the host that goes on when the
    connection is lost, and goes back to the earlier one where the new one does not work.
extends_documentation_fragment:
  - spamexperts.local_cloud._attributes
attributes:
  check_mode:
    support: partial
    details:
      - A comparison does not modify state. The role deploys nothing in check mode.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  deploy:
    description: Whether to put the configuration in force.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Run the role, which uses this module
  ansible.builtin.include_role:
    name: spamexperts.local_cloud.rsyslog_receiver
"""

RETURN = r"""
differs:
  description: What differs, a sentence each, with no secret. Empty if a run of the role would change nothing.
  returned: success
  type: list
  elements: str
  sample: ["/etc/rsyslog.d/spamexperts/receiver.conf: content"]
token:
  description: What the lock is known by.
  returned: success
  type: str
  sample: 0123456789abcdef0123456789abcdef
host:
  description: Facts of the host that the role's next tasks need.
  returned: success
  type: dict
  sample: {}
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """The action plugin of the same name does everything."""
    module = AnsibleModule(argument_spec={"deploy": {"type": "bool", "default": False}}, supports_check_mode=True)
    module.fail_json(msg="receiver_host is a part of the role rsyslog_receiver and works only there.")


if __name__ == "__main__":
    main()
