# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: variable
author: spamexperts.local_cloud contributors (!UNKNOWN)
short_description: Read one variable of the playbooks of this collection
version_added: 0.2.0
description:
  - Reads a C(spamexperts_) variable as the playbooks of this collection understand it. An empty text and null count as
    not given, and text counts as the number, the boolean or the list that it spells.
  - It fails, naming the variable, for a value that the playbooks do not accept, and if there is a variable whose name
    differs from one of the collection's in one or two letters.
  - Some variables hold a secret. Use C(no_log) where such a value could be shown.
options:
  _terms:
    description: Name of a variable, such as V(spamexperts_receiver_port).
    type: str
    required: true
  default:
    description: The value if the variable is not given and has no default of its own.
    type: raw
seealso:
  - plugin: spamexperts.local_cloud.variables
    plugin_type: lookup
    description: All variables of a playbook.
"""

EXAMPLES = r"""
- name: Show the port that the cluster sends to
  ansible.builtin.debug:
    msg: "{{ lookup('spamexperts.local_cloud.variable', 'spamexperts_receiver_port') }}"
"""

RETURN = r"""
_raw:
  description: The value; null if there is none.
  type: list
  elements: raw
"""

import os
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._given import Problem, misspelt, value_or_default
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._lookup import value_of
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._variables import BY_NAME


class LookupModule(LookupBase):
    """Ansible's entry point."""

    def run(self, terms: t.Any, variables: t.Any = None, **kwargs: t.Any) -> t.List[t.Any]:
        """The value of each variable."""
        self.set_options(var_options=variables, direct=kwargs)
        known = variables or {}
        unknown = misspelt(known)
        if unknown:
            raise AnsibleError("; ".join(unknown))
        found = []
        for name in terms:
            if name not in BY_NAME:
                raise AnsibleError(f"{name} is not a variable of this collection")
            try:
                given = value_of(self._templar, known, BY_NAME[name])
                value = value_or_default(BY_NAME[name], given, os.environ)
            except Problem as problem:
                raise AnsibleError(f"{name} {problem}") from None
            found.append(self.get_option("default") if value is None else value)
        return found
