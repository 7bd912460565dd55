# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries the module of the same name."""

from __future__ import annotations

from ansible_collections.spamexperts.local_cloud.plugins.modules.api_call import JOB
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._carrier import Carrier


class ActionModule(Carrier):
    """Runs the module's job here where it can, else the module where the task says."""

    job = JOB
