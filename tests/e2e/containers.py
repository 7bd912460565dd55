# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers with systemd, which are entered with nsenter, and the machine's limit of socket buffers."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from plugins.connection.nsenter import ENVIRONMENT, inside

ROOT = Path(__file__).resolve().parents[2]
# Two checkouts on one machine have different names; the same as in tests/tools/lib.sh.
PREFIX = f"spamexperts-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
RMEM_MAX = Path("/proc/sys/net/core/rmem_max")
RMEM_WANTED = 16 * 1024 * 1024  # bytes: what the role asks for


def podman(*arguments: str, check: bool = True) -> str:
    """Run podman; return its stdout; raise AssertionError with its stderr when it fails."""
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True, encoding="utf-8", check=False)
    if check and done.returncode:
        raise AssertionError(f"podman {' '.join(arguments)[:200]}: {done.stderr}")
    return done.stdout


class Container:
    """A container with systemd on a network."""

    def __init__(self, name: str, suite: str, network: str) -> None:
        self.name = name
        podman(
            # For nftables in the container's own network.
            *("run", "--detach", "--systemd=always", "--cap-add=NET_ADMIN"),
            *(f"--name={name}", f"--hostname={name}", f"--network={network}"),
            *(f"localhost/spamexperts-test:{suite}", "/lib/systemd/systemd"),
        )
        form = "{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        pid, self.address = podman("inspect", "-f", form, name).split()
        self.pid = int(pid)
        while self.run("systemctl", "is-system-running", "--wait", check=False).strip() not in ("running", "degraded"):
            time.sleep(0.1)

    def run(self, *command: str | Path, stdin: bytes = b"", check: bool = True) -> str:
        """Run a command in the container; return its stdout."""
        done = subprocess.run(
            [*inside(self.pid), *command], input=stdin, capture_output=True, env=ENVIRONMENT, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"{self.name}: {' '.join(map(str, command))[:200]}: {done.stderr.decode()}")
        return done.stdout.decode()

    def shell(self, script: str) -> str:
        """Run a shell script in the container, which must succeed; return its stdout without blanks at its ends."""
        return self.run("sh", "-c", script).strip()

    def path(self, path: str | Path) -> Path:
        """Where this machine finds a file of the container. Only for paths without links."""
        return Path(f"/proc/{self.pid}/root", str(path).lstrip("/"))


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
