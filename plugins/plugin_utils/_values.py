# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Values on their way from Ansible to our code and back, the same on every supported ansible-core."""

from __future__ import annotations

import datetime
import typing as t

import ansible.template

# From ansible-core 2.19 on, only text that is marked as trusted is a template, and what we read is not. The module that
# older versions need for this is deprecated there, so it must not even be imported.
_TRUST_IS_MARKED = hasattr(ansible.template, "trust_as_template")

# For Templar.template: a password that looks like a list stays text. From 2.19 on it always does.
TEXT_STAYS_TEXT: t.Dict[str, t.Any] = {} if _TRUST_IS_MARKED else {"convert_data": False}


def plain(value: t.Any) -> t.Any:
    """An option as JSON would bring it to a module: without Ansible's own types, and decrypted."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, t.Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    # From its characters: str() alone may return one of these types again.
    return "".join(str(value))


def untrusted(value: t.Any) -> t.Any:
    """The same data, marked so that Ansible never treats it as a template."""
    if _TRUST_IS_MARKED:
        return value
    if isinstance(value, dict):
        return {untrusted(key): untrusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [untrusted(item) for item in value]
    # Other text is left alone: ansible-inventory prints what is wrapped as a dictionary.
    if isinstance(value, str) and "{" in value:
        from ansible.utils.unsafe_proxy import wrap_var

        return wrap_var(value)
    return value
