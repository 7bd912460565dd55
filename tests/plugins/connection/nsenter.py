# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enters a container of this machine as `podman exec` does, for a fifteenth of its CPU time. For tests, run by root."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any, BinaryIO

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: nsenter
short_description: Enter a container of this machine by its first process
description:
  - For tests. Runs commands in the namespaces and control groups of a container, with its capabilities and a clean
    environment.
  - There is no timeout, and no prompt of become is answered.
author: spamexperts.local_cloud contributors (!UNKNOWN)
options:
  pid:
    description:
      - Number of the container's first process, as this machine counts; see C(podman inspect -f {{.State.Pid}}).
    type: int
    required: true
    vars:
      - name: ansible_nsenter_pid
extends_documentation_fragment:
  - connection_pipelining
"""

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
CGROUPS = Path("/sys/fs/cgroup")


def inside(pid: int) -> list[str]:
    """Words before a command that run it in the container whose first process is `pid`, with ENVIRONMENT."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        groups = Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii")
    except FileNotFoundError:
        raise ProcessLookupError(f"the container is not running: there is no process {pid}") from None
    if not re.search(r"(?m)^NSpid:.*\s1$", status) or pid == 1:
        raise ProcessLookupError(f"the container is not running: process {pid} is not the first process of a container")
    # systemd in the container should see a process of the container, and nothing is left in the caller's groups.
    lists = [cgroup(*line.split(":", 2)[1:]) / "cgroup.procs" for line in groups.splitlines()]
    found = re.search(r"(?m)^CapBnd:\s*([0-9a-f]+)$", status)
    assert found, status
    allowed = int(found.group(1), 16)
    capabilities = ",".join(["-all", *(f"+cap_{number}" for number in range(64) if allowed >> number & 1)])
    return [
        *("/bin/sh", "-c", 'for list in $0; do echo $$ >"$list" || exit; done; exec "$@"', " ".join(map(str, lists))),
        *("nsenter", f"--target={pid}", "--all", "setpriv", f"--bounding-set={capabilities}"),
    ]


def cgroup(controllers: str, path: str) -> Path:
    """The folder of a control group that /proc/PID/cgroup names: of version 1, 2, or 2 beside 1."""
    name = controllers.removeprefix("name=") or ("unified" if (CGROUPS / "unified").is_dir() else "")
    return CGROUPS / name / path.lstrip("/")


class Connection(ConnectionBase):
    """A container, entered by its first process."""

    transport = "nsenter"
    has_pipelining = True

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def close(self) -> None:
        """Nothing is kept open."""
        self._connected = False

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a shell command; return its exit status, stdout and stderr."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        done = self._run(cmd, input=in_data or b"")
        return done.returncode, done.stdout, done.stderr

    # Through the container's own programs, because /proc/PID/root would follow its links out of it.
    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file into the container."""
        super().put_file(in_path, out_path)
        with self._opened(in_path, "rb") as file:
            self._copy(f"cat >{shlex.quote(out_path)}", out_path, stdin=file)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file out of the container."""
        super().fetch_file(in_path, out_path)
        with self._opened(out_path, "wb") as file:
            self._copy(f"cat <{shlex.quote(in_path)}", in_path, stdin=subprocess.DEVNULL, stdout=file)

    @staticmethod
    def _opened(path: str, mode: str) -> BinaryIO:
        try:
            return open(path, mode)  # type: ignore[return-value]
        except OSError as error:
            raise AnsibleError(f"{path}: {error.strerror}") from error

    def _copy(self, command: str, path: str, **options: Any) -> None:
        done = self._run(command, **options)
        if done.returncode:
            raise AnsibleError(f"{path} in the container: {done.stderr.decode(errors='replace').strip()}")

    def _run(self, command: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
        try:
            entry = inside(self.get_option("pid"))
        except ProcessLookupError as error:
            raise AnsibleConnectionFailure(str(error)) from error
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.run([*entry, "/bin/sh", "-c", command], env=ENVIRONMENT, check=False, **streams)
