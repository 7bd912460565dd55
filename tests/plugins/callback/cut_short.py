# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kills its own ansible-playbook between two tasks, at a state of the host instead of after some time. For tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: cut_short
type: aggregate
short_description: Kill ansible-playbook once a file holds a text
description: For tests. The environment variables CUT_SHORT_FILE and CUT_SHORT_TEXT name both.
author: spamexperts.local_cloud contributors (!UNKNOWN)
options: {}
"""


class CallbackModule(CallbackBase):
    """Looks before each task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "cut_short"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task, is_conditional) -> None:
        """Die when the text is there."""
        if os.environ["CUT_SHORT_TEXT"] in Path(os.environ["CUT_SHORT_FILE"]).read_text(encoding="utf-8"):
            os.kill(os.getpid(), signal.SIGKILL)
