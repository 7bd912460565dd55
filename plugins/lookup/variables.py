# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: variables
author: spamexperts.local_cloud contributors (!UNKNOWN)
short_description: Check all variables of a playbook of this collection
version_added: 0.2.0
description:
  - Reads the C(spamexperts_) variables of the current host that a playbook of this collection uses, and checks them
    all. The playbooks use it before they do anything else.
  - An empty text and null count as not given, and text counts as the number, the boolean or the list that it spells.
  - A variable with a name that differs from one of the collection's in one or two letters is a problem, because it
    would have no effect.
  - The result holds the password and the secrets of the log format. Use C(no_log) where it could be shown.
options:
  _terms:
    description: Name of a playbook, such as V(configure).
    type: str
    required: true
    choices: [configure, audit, restore, status, probe, site, receiver, rotate_secret]
seealso:
  - plugin: spamexperts.local_cloud.variable
    plugin_type: lookup
    description: The value of one variable.
"""

EXAMPLES = r"""
- name: Show what would stop the playbook configure
  ansible.builtin.debug:
    msg: "{{ given.missing + given.problems }}"
  vars:
    given: "{{ lookup('spamexperts.local_cloud.variables', 'configure') }}"
"""

RETURN = r"""
_raw:
  description:
    - C(given), the values by name without C(spamexperts_), without those that are not given and have no default.
    - C(secret), the same for variables that hold a secret.
    - C(hidden), the list of texts that no output may show.
    - C(settings), for the playbooks C(configure) and C(audit) the options of the module
      M(spamexperts.local_cloud.remote_syslog_server) that they stand for; empty as long as anything is wrong.
    - C(missing), the names of the variables that the playbook needs and that are not given.
    - C(problems), one sentence for each variable that cannot be used.
  type: list
  elements: dict
"""

import dataclasses
import os
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._given import read
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._lookup import value_of
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._variables import PLAYBOOKS


class LookupModule(LookupBase):
    """Ansible's entry point."""

    def run(self, terms: t.Any, variables: t.Any = None, **kwargs: t.Any) -> t.List[t.Dict[str, t.Any]]:
        """One result for each playbook."""
        for term in terms:
            if term not in PLAYBOOKS:
                raise AnsibleError(f"variables: give the name of a playbook: {', '.join(PLAYBOOKS)}")
        known = variables or {}
        found = (
            read(term, known, lambda variable: value_of(self._templar, known, variable), os.environ) for term in terms
        )
        return [dataclasses.asdict(given) for given in found]
