# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machine's limit of socket buffers, raised while anything needs it.

room_for_datagrams.py COMMAND...    run a command with the raised limit
"""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

RMEM_MAX = Path("/proc/sys/net/core/rmem_max")
RMEM_WANTED = 16 * 1024 * 1024  # bytes: what the role asks for


@contextlib.contextmanager
def room_for_datagrams(setting: Path = RMEM_MAX, folder: Path = Path("/run")) -> Iterator[None]:
    """Raise the machine's limit of socket buffers, which holds in containers too, so the role cannot raise it there.

    The last user on this machine puts it back. After a user was killed, the next one does, or whoever is still there:
    what was set before is kept in a file, and a lock that the kernel releases tells whether anybody lives.
    """
    original = folder / "spamexperts-test-rmem_max"
    with (folder / f"{original.name}.gate").open("w") as gate, (folder / f"{original.name}.users").open("w") as users:

        def put_back() -> bool:
            """Put back what was set before unless somebody uses it; the gate must be held."""
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if original.exists():
                setting.write_text(original.read_text())
                original.unlink()
            return True

        fcntl.flock(gate, fcntl.LOCK_EX)
        if put_back() and int(setting.read_text()) < RMEM_WANTED:
            original.write_text(setting.read_text())
            setting.write_text(str(RMEM_WANTED))
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(gate, fcntl.LOCK_EX)
            put_back()


if __name__ == "__main__":
    with room_for_datagrams():
        sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)
