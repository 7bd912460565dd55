# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin of the module of the same name."""

from __future__ import annotations

from ansible_collections.spamexperts.local_cloud.plugins.modules.cluster_probe import DEFINITION
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._action import InProcessAction


class ActionModule(InProcessAction):
    """Runs the module in Ansible's own process if possible, otherwise on the host of the task."""

    definition = DEFINITION
