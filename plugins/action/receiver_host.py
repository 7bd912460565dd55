# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares a host with what the role rsyslog_receiver wants, in two remote executions."""

from __future__ import annotations

import json
import os
import shlex
import typing as t
from pathlib import Path

import ansible.template
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils import _receiver
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._values import TEXT_STAYS_TEXT, plain, untrusted

# From ansible-core 2.19 on, only text that is marked as trusted is a template.
_trusted = getattr(ansible.template, "trust_as_template", str)
OLDEST_PYTHON = (3, 8)
SETTINGS = "rsyslog_receiver_"
FACTS = ("distribution", "os_family", "python", "service_mgr")
# Of the other variables, by how their names begin.
NEEDED = ("ansible_check_mode", "ansible_managed", "ansible_search_path", "inventory_hostname", "role_path")

# It goes on when the connection is lost.
DETACHED = "systemd-run --quiet --wait --pipe --collect --unit=spamexperts-receiver-deployment "

Result = t.Dict[str, t.Any]


class _Role:
    """The role of a task: its variables for the host, and its files.

    The role's settings may name anything that Ansible knows, and are evaluated once. Its internal variables name only
    those and a few facts; without all the others a template takes a fraction of the time.
    """

    def __init__(self, action: ActionBase, variables: t.Mapping[str, t.Any]) -> None:
        self._action = action
        self._variables = variables
        settings = {name: self._evaluated(variables[name]) for name in variables if name.startswith(SETTINGS)}
        facts = {name: plain(value) for name, value in variables["ansible_facts"].items() if name in FACTS}
        self._variables = {
            **{name: _literal(variables[name]) for name in variables if name.startswith((_receiver.PREFIX, *NEEDED))},
            **{name: untrusted(plain(value)) for name, value in settings.items()},
            "ansible_facts": untrusted(facts),
        }

    def _evaluated(self, value: t.Any, **options: t.Any) -> t.Any:
        self._action._templar.available_variables = self._variables
        return self._action._templar.template(value, **options)

    def value(self, name: str, once: bool = False) -> t.Any:
        value = plain(self._evaluated(self._variables[_receiver.PREFIX + name]))
        if once:
            # Ansible copies all variables for each template.
            del self._variables[_receiver.PREFIX + name]
        return value

    def set(self, name: str, value: t.Any) -> None:
        self._variables[_receiver.PREFIX + name] = untrusted(value)

    def template(self, name: str) -> str:
        text = _trusted("{{ lookup('ansible.builtin.template', '%s') }}" % name)
        return plain(self._evaluated(text, **TEXT_STAYS_TEXT))

    def file(self, name: str) -> bytes:
        return Path(self._action._find_needle("files", name)).read_bytes()

    def names(self, folder: str) -> t.List[str]:
        return sorted(os.listdir(self._action._find_needle("files", folder)))


def _literal(value: t.Any) -> t.Any:
    """The same without Ansible's types, unless it is a template: copies of it are cheap then."""
    return value if "{{" in str(value) or "{%" in str(value) else plain(value)


class _NotComparedError(Exception):
    """Why the host could not be compared."""


class ActionModule(ActionBase):
    """Says whether anything differs. Where nothing does, the lock of the host is given up again."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: t.Optional[t.Dict[str, t.Any]] = None) -> Result:
        """The task's result: ``differs`` in words, and the ``token`` of the lock where the run has to go on."""
        result: Result = super().run(tmp, task_vars)
        variables = task_vars or {}
        if self._task.args.get("deploy"):
            return {**result, **self._deployed(_Role(self, variables), variables["ansible_facts"])}
        result.update(changed=False, token="", host={})
        try:
            result["differs"] = self._compared(_Role(self, variables), variables["ansible_facts"], result)
        except AnsibleConnectionFailure:
            raise
        except BlockingIOError as error:
            return {**result, "failed": True, "msg": str(error)}
        except _NotComparedError as error:
            result["differs"] = [f"not compared: {error}"]
        except AnsibleError:
            # A setting that is wrong. Other tasks say which; this message could show where a secret is written.
            result["differs"] = ["not compared: the settings cannot be evaluated"]
        return result

    def _compared(self, role: _Role, facts: t.Mapping[str, t.Any], result: Result) -> t.List[str]:
        python = facts["python"]
        supported = facts["os_family"] in role.value("packages") and facts["service_mgr"] == "systemd"
        if not supported or (python["version"]["major"], python["version"]["minor"]) < OLDEST_PYTHON:
            return ["the host is not supported"]
        real = not self._task.check_mode
        found = self._call(role, python["executable"], "compare.look", _receiver.look_request(role, lock=real))
        if "refused" in found:
            raise BlockingIOError(found["refused"])
        result.update(token=found["token"], host=found["host"])
        result["earlier"] = _receiver.told_late(found["earlier"])
        _receiver.know(role, found)
        differs = list(_receiver.refused(role, found))
        if differs:
            return differs
        # What the run says at its end where nothing differs.
        role.set("compared", {"differs": [], "host": found["host"], "earlier": result["earlier"]})
        result["setup"] = role.value("setup", once=True)
        request = {
            "want": _receiver.wanted(role),
            "canary": role.value("canary") if real else None,
            "patience": role.value("patience"),
            "lock": {"path": role.value("lock_path"), "token": found["token"]} if real else None,
        }
        return self._call(role, python["executable"], "compare.compare", request)["differs"]

    def _deployed(self, role: _Role, facts: t.Mapping[str, t.Any]) -> Result:
        request = _receiver.deploy_request(role, role.value("lock_held")["token"])
        try:
            outcome = self._call(role, facts["python"]["executable"], "transaction.deploy", request, DETACHED)
        except _NotComparedError as error:
            return {"failed": True, "msg": f"The deployment was cut short: {error}. Run this again to finish it."}
        result: Result = {"state": outcome["state"], "msg": _receiver.told(outcome)}
        result["changed"] = outcome["state"] != "refused"
        if outcome["state"] != "deployed":
            result["failed"] = True
            if facts["os_family"] == "RedHat":
                result["msg"] += " " + role.value("selinux_hint")
        return result

    def _call(self, role: _Role, python: str, name: str, request: Result, before: str = "") -> Result:
        text = _receiver.script(role, name, request)
        done = self._run(before + shlex.quote(python), text.encode())
        if done["rc"] != 0:
            raise _NotComparedError(done["stderr"].strip().rpartition("\n")[2])
        return json.loads(done["stdout"].strip().rpartition("\n")[2])

    def _run(self, python: str, text: bytes) -> Result:
        """Run a program by standard input if the connection can do that, because arguments can be seen by others.

        Isolated: it imports nothing from the directory that it starts in.
        """
        if self._is_pipelining_enabled("new"):
            return self._low_level_execute_command(f"{python} -I -", in_data=text)
        folder = self._make_tmp_path()
        try:
            path = self._connection._shell.join_path(folder, "receiver.py")
            self._transfer_data(path, text)
            self._fixup_perms2((folder, path), execute=False)
            return self._low_level_execute_command(f"{python} -I {shlex.quote(path)}")
        finally:
            self._remove_tmp_path(folder)
