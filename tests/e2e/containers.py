# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers with systemd, which are entered with nsenter."""

from __future__ import annotations

import hashlib
import subprocess
import time
from pathlib import Path

from plugins.connection.nsenter import ENVIRONMENT, inside

ROOT = Path(__file__).resolve().parents[2]
# Two checkouts on one machine have different names; the same as in tests/tools/lib.sh.
PREFIX = f"spamexperts-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"


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
