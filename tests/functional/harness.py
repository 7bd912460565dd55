# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the real ansible-playbook in an environment of its own, and collects what it did and said."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping
from urllib.parse import quote, quote_plus

ROOT = Path(__file__).resolve().parents[2]
MODULE = "spamexperts.local_cloud.remote_syslog_server"
GET, SET = "api_get_remote_syslog_server", "api_set_remote_syslog_server"
# Every form of it looks different: plain, in a URL, as a form value, in JSON and in base64.
PASSWORD = 'Ge heim/42+&"%:#x~'

# Where a task runs: in Ansible's own process, or as a module that Ansible sends and starts.
PLACES = {"process": "local", "module": "elsewhere"}
# A host for each of them.
BOTH = {place: {"ansible_connection": plugin} for place, plugin in PLACES.items()}

# In place of the receiver's role: it only notes how many secrets the receiver takes.
STAND_IN = """
- name: Take the log format
  ansible.builtin.copy:
    content: "{{ 1 + (rsyslog_receiver_log_format | default(spamexperts_log_format)).previous_secrets | length }}"
    dest: "{{ rsyslog_receiver_data_dir }}/secrets"
    mode: "0600"
"""

# Only against a run that hangs; no verdict depends on how long one takes.
HANG = 1800
_HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


def program(name: str) -> str:
    """The path of one of Ansible's commands: beside this Python, else in PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is not installed"
    return found


def forms(username: str, password: str) -> set[str]:
    """A password in every form in which it could show."""
    pair = f"{username}:{password}"
    coded = {base64.b64encode(text.encode()).decode().rstrip("=") for text in (password, pair)}
    return {
        password,
        quote(password),
        quote(password, safe=""),
        quote_plus(password),
        json.dumps(password)[1:-1],
        json.dumps(json.dumps(password))[3:-3],
        *coded,
    }


def connection(emulator: Any, **more: Any) -> dict[str, Any]:
    """The connection options that reach an emulator."""
    return {
        "api_url": emulator.url,
        "api_username": emulator.username,
        "api_password": emulator.password,
        "ca_path": emulator.ca_path,
        **more,
    }


def clusters(emulators: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Inventory hosts, each with the variables that reach its emulator."""
    return {
        name: {f"spamexperts_{option}": value for option, value in connection(emulator).items()}
        for name, emulator in emulators.items()
    }


def receiver(folder: Path) -> dict[str, Any]:
    """The variables of a host on which the stand-in for the role keeps what it notes."""
    (folder / "2026-01-01").mkdir(parents=True)
    return {"rsyslog_receiver_data_dir": str(folder)}


def secrets(hosts: Mapping[str, Mapping[str, Any]], name: str) -> int:
    """How many secrets a receiver with the stand-in takes; 0 if it was not touched."""
    path = Path(hosts[name]["rsyslog_receiver_data_dir"]) / "secrets"
    return int(path.read_text("utf-8")) if path.exists() else 0


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of ansible-playbook; ``log`` is what ANSIBLE_LOG_PATH got.

    ``peaks``: the most memory that ansible-playbook itself had, and the most that one of its workers had, in bytes.
    """

    status: int
    stdout: str
    stderr: str
    log: str
    results: list[dict[str, Any]]
    peaks: tuple[int, int] | None = None

    @property
    def output(self) -> str:
        """Everything that a person could see of the run."""
        return "\n".join((self.stdout, self.stderr, self.log, json.dumps(self.results)))

    def every(self, task: str, host: str | None = None) -> list[dict[str, Any]]:
        """All results of a task, in their order; ``failed`` is always there."""
        return [
            {**entry["result"], "failed": entry["outcome"] != "ok"}
            for entry in self.results
            if entry["task"] == task and host in (None, entry["host"])
        ]

    def result(self, task: str, host: str | None = None) -> dict[str, Any]:
        """The one result of a task."""
        found = self.every(task, host)
        assert len(found) == 1, f"{len(found)} results of {task!r}:\n{self.stdout}\n{self.stderr}"
        return found[0]

    def failed(self, task: str) -> list[str]:
        """The hosts on which a task failed, sorted."""
        return sorted(entry["host"] for entry in self.results if entry["task"] == task and entry["outcome"] != "ok")

    def shown(self, task: str) -> str:
        """What was printed of a task, of each of its plays."""
        parts = re.split(r"^(?:TASK|PLAY) \[", self.stdout, flags=re.MULTILINE)
        return "".join(part for part in parts if part.startswith(f"{task}]"))

    def assert_ok(self) -> Run:
        """Fail with the whole output unless the run succeeded without a warning."""
        assert self.status == 0, self.stdout + self.stderr
        assert "[WARNING]" not in self.stdout + self.stderr, self.stdout + self.stderr
        assert "[DEPRECATION" not in self.stdout + self.stderr, self.stdout + self.stderr
        return self

    def assert_hides(self, secrets: Iterable[str]) -> Run:
        """Fail when a secret is anywhere, in any form that is given."""
        assert self.log, "there is no log to look into"
        for secret in secrets:
            assert secret not in self.output, [line for line in self.output.splitlines() if secret in line][:3]
        return self


class Ansible:
    """Runs playbooks in a folder of its own, against nothing but what a test gives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0
        self.tree = folder / "tree"
        link = self.tree / "ansible_collections" / "spamexperts" / "local_cloud"
        link.parent.mkdir(parents=True)
        link.symlink_to(ROOT)
        (folder / "ansible.cfg").touch()

    def replace_role(self, name: str, tasks: str) -> Ansible:
        """Have the collection with these tasks in place of a role."""
        collection = self.tree / "ansible_collections" / "spamexperts" / "local_cloud"
        collection.unlink()
        role = collection / "roles" / name / "tasks"
        role.mkdir(parents=True)
        (role / "main.yml").write_text(tasks, "utf-8")
        for entry in ROOT.iterdir():
            if entry.name != "roles" and not entry.name.startswith("."):
                (collection / entry.name).symlink_to(entry)
        return self

    def environment(self, **more: str) -> dict[str, str]:
        """Nothing of the user's or the build's that could change a result."""
        foreign = ("ANSIBLE_", "SPAMEXPERTS_", "PYTHONPATH")
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(foreign) and not name.lower().endswith("_proxy")
        }
        return {
            **env,
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.tree),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_LOCAL_TEMP": str(self.folder / "tmp"),
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "tmp"),
            "ANSIBLE_PIPELINING": "true",
            # What a module was given shows in its result, as it always did before ansible-core 2.21.
            "ANSIBLE_INJECT_INVOCATION": "true",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORKS": "4",
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callbacks"),
            "ANSIBLE_CONNECTION_PLUGINS": str(Path(__file__).parent / "connections"),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder",
            "LC_ALL": "C.UTF-8",
            **more,
        }

    def command(
        self, *words: str, env: Mapping[str, str] | None = None, interrupt: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one of Ansible's commands. It is killed, with all that it started, when ``interrupt`` returns."""
        command = [program(words[0]), *words[1:]]
        with subprocess.Popen(
            command,
            env=env or self.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                if interrupt:
                    interrupt()
                    os.killpg(process.pid, signal.SIGKILL)
                stdout, stderr = process.communicate(timeout=HANG)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)

    def play(
        self,
        plays: Any,
        *arguments: str,
        hosts: Mapping[str, Mapping[str, Any]] | None = None,
        extra: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        interrupt: Callable[[], None] | None = None,
    ) -> Run:
        """Run plays, or a playbook by its name. ``hosts``: each with its variables; all are this machine."""
        self._count += 1
        folder = self.folder / str(self._count)
        folder.mkdir()
        # JSON is YAML, and has no pitfalls of quoting.
        inventory = {
            "all": {"hosts": {host: dict(more) for host, more in (hosts or {"localhost": {}}).items()}, "vars": _HERE}
        }
        (folder / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
        if not isinstance(plays, str):
            (folder / "play.yml").write_text(json.dumps(plays), encoding="utf-8")
            plays = str(folder / "play.yml")
        words = ["ansible-playbook", "-i", str(folder / "inventory.json"), plays, *arguments]
        if extra:
            (folder / "extra.json").write_text(json.dumps(extra), encoding="utf-8")
            words += ["-e", f"@{folder / 'extra.json'}"]
        record, log = folder / "results.jsonl", folder / "ansible.log"
        done = self.command(
            *words,
            env=self.environment(RECORDER_FILE=str(record), ANSIBLE_LOG_PATH=str(log), **(env or {})),
            interrupt=interrupt,
        )
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        entries = [json.loads(line) for line in lines]
        peaks = [tuple(entry["peaks"]) for entry in entries if "peaks" in entry]
        return Run(
            done.returncode,
            done.stdout,
            done.stderr,
            log.read_text(encoding="utf-8") if log.exists() else "",
            [entry for entry in entries if "task" in entry],
            peaks[0] if peaks else None,
        )


def books(name: str, *variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A playbook that runs another one several times, each time with other variables."""
    return [{"import_playbook": name, "vars": dict(more)} for more in variables]


def one_play(*tasks: Mapping[str, Any], hosts: str = "all", **more: Any) -> list[dict[str, Any]]:
    """A playbook of one play that gathers no facts."""
    return [{"name": "Test", "hosts": hosts, "gather_facts": False, "tasks": list(tasks), **more}]
