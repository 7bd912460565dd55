# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
  diff_mode:
    description: Will return details on what has changed, or possibly needs changing in check mode, when in diff mode.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
      - This assumes that the system controlled or queried by the module has not changed in a relevant way.
"""

    # Should be used together with the standard fragment.
    ACTIONGROUP_API = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/spamexperts.local_cloud.api) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - spamexperts.local_cloud.api
requirements:
  - requests >= 2.25.0, on the host where the task runs
notes:
  - The Software API exists on Local Cloud only. Hosted Cloud has the Control Panel API instead, which this collection
    does not support.
  - Run the task on a host that can reach the master, usually with C(delegate_to=localhost) or C(connection=local).
  - The cluster carries out every call on all its servers. Address the master, and let only one task at a time write to
    a cluster; C(run_once) and C(throttle=1) help.
"""

    # Should be used together with the standard fragment.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This action does not modify state.
  diff_mode:
    support: N/A
    details:
      - This action does not modify state.
  idempotent:
    support: full
    details:
      - This action does not modify state.
"""

    TEMPLATE_SECRETS = r"""
options:
  template_secrets:
    description:
      - Texts inside templates that must not be shown, such as the current and the previous secrets of the log format.
      - They are replaced with asterisks in everything that the task returns, including its diff.
    type: list
    elements: str
"""
