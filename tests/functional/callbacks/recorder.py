# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes every task's result as a line of JSON, so that tests compare values and not what a display makes of them.

The last line says how much memory was needed: by this process, and by the largest of its workers, in bytes.
"""

from __future__ import annotations

import json
import os
import re
import resource
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: recorder
type: notification
short_description: Writes results as JSON lines to the file that RECORDER_FILE names
description: For the tests of this collection only.
author: spamexperts.local_cloud contributors (!UNKNOWN)
"""


class CallbackModule(CallbackBase):
    """One line a result: host, task, outcome (ok, failed or unreachable), result."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "recorder"

    def _record(self, outcome, result):
        # Not by _dump_results, which leaves out the diff.
        line = {
            "host": result._host.get_name(),
            "task": result._task.get_name(),
            "outcome": outcome,
            "result": result._result,
        }
        self._write(line)

    @staticmethod
    def _write(line):
        with open(os.environ["RECORDER_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result):
        self._record("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._record("failed", result)

    def v2_runner_on_unreachable(self, result):
        self._record("unreachable", result)

    def v2_playbook_on_stats(self, stats):
        status = Path("/proc/self/status")
        if status.exists():
            # Not by getrusage, which counts what this process was before it became Ansible.
            own = re.search(r"^VmHWM:\s+([0-9]+) kB", status.read_text(encoding="utf-8"), re.MULTILINE)
            workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            self._write({"peaks": [int(own.group(1)) * 1024, workers * 1024]})
