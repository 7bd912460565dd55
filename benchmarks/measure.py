# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a command and prints, as JSON, what it took: ``measure.py COMMAND...``. Linux only.

cpu_s counts user and system time of the command and of everything that it started, as the kernel accounts it. This
process adopts what the command leaves behind, so that nothing escapes the count; each measurement needs a new one.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Run, wait for all, print."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    start = time.monotonic()
    done = subprocess.run(
        sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    wall = time.monotonic() - start
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    json.dump(
        {
            "status": done.returncode,
            "cpu_s": used.ru_utime + used.ru_stime,
            "wall_s": wall,
            "output": done.stdout[-4000:],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
