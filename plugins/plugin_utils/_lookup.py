# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The value of a variable, its template resolved, for the lookup plugins."""

from __future__ import annotations

import re
import typing as t

from ansible.errors import AnsibleError

from ._given import Problem
from ._values import TEXT_STAYS_TEXT, plain
from ._variables import Variable

# Those whose template may yield a dictionary or a list, which older versions make of its text.
_STRUCTURED = ("hosts", "list", "log_format", "saved")


def value_of(templar: t.Any, variables: t.Mapping[str, t.Any], variable: Variable) -> t.Any:
    """What a host has for a variable, None if nothing; raises Problem, never with a secret in it."""
    value = variables.get(variable.name)
    # What was saved of many clusters is large, and its parts need not be looked at here.
    if variable.type == "saved" and not isinstance(value, str):
        return value
    try:
        made = templar.template(value, **({} if variable.type in _STRUCTURED else TEXT_STAYS_TEXT))
        # What omit is before ansible-core 2.19.
        if isinstance(made, str) and made == variables.get("omit"):
            return None
        return made if variable.type == "saved" else plain(made)
    except AnsibleError as error:
        if type(error).__name__ == "AnsibleValueOmittedError":
            return None
        # Not chained, and no more of its text: it can have the template and the lines around it.
        known = re.search(r"'[\w.]+' is undefined|no attribute '\w+'|no vault secrets", str(error))
        detail = f" ({known.group()})" if known else ""
        raise Problem(f"cannot be resolved{detail}; correct its template") from None
