# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The options that put back the settings that an earlier run changed."""

from __future__ import annotations

import typing as t

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import OptionError
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.plan import restoring
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.settings import NAMES, TEMPLATES
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._masks import unmasked

Item = t.Mapping[str, t.Any]


def restore_settings(saved: Item, host: str, secret: str = "") -> t.Optional[t.Dict[str, t.Any]]:
    """Options that restore what was saved for a host, see ``restoring``; None if nothing was saved.

    saved: a result of the module, its ``before`` alone, or a dictionary of either by inventory host.
    Raises OptionError for anything else, and if a secret is needed and missing.
    """
    if not isinstance(saved, t.Mapping):
        raise OptionError("what to restore must be a result of remote_syslog_server, its before, or either by host")
    if "before" not in saved and not set(NAMES) <= set(saved):
        if host not in saved:
            return None
        saved = saved[host]
    result = saved if isinstance(saved, t.Mapping) and "before" in saved else {"before": saved}
    before = result["before"]
    if not isinstance(before, t.Mapping) or not set(NAMES) <= set(before):
        raise OptionError(f"what to restore for {host} lacks settings; give the whole before of an earlier run")
    options = restoring(result)
    for name in set(TEMPLATES) & set(options):
        options[name] = unmasked(name, str(options[name]), secret)
    return options
