# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Runs a module in the controller's own process, because starting a Python for it would take far longer than its work.

This happens if the task would run as this user on this machine anyway: its connection is local and it does not become
another user. Otherwise Ansible executes the module as usual. The result is the same either way.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.client import REQUESTS_IMPORT_ERROR
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._module import ModuleDefinition, Result, execute
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._values import plain

# The first TLS context of a process makes OpenSSL set itself up. Here that happens once, in the process that Ansible
# forks its workers from, and not in every worker.
ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class InProcessAction(ActionBase):
    """Base of all action plugins of this collection; a subclass only names the definition of its module."""

    definition: ModuleDefinition
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: t.Any = None, task_vars: t.Optional[t.Dict[str, t.Any]] = None) -> Result:
        """The task's result."""
        result: Result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        run = self._run_here if self._is_here() else self._run_module
        return {**result, **run(task_vars)}

    def _is_here(self) -> bool:
        # Without requests the task's interpreter, which need not be ours, may still have it.
        usable = REQUESTS_IMPORT_ERROR is None and not self._task.async_val
        return usable and self._connection.transport == "local" and not self._connection.become

    def _run_here(self, task_vars: t.Dict[str, t.Any]) -> Result:
        internal: t.Dict[str, t.Any] = {}
        self._update_module_args(self._task.action, internal, task_vars)
        with _environment(self._task_environment()):
            valid = ArgumentSpecValidator(self.definition.spec).validate(plain(self._task.args))
            if valid.error_messages:
                msg = valid.errors.msg
                if isinstance(valid.errors[0], UnsupportedError):
                    msg = f"Unsupported parameters for ({self._task.action}) module: {msg}"
                result: Result = {"failed": True, "msg": msg}
            else:
                result = execute(self.definition.run, valid.validated_parameters, internal["_ansible_check_mode"])
        # Only ansible-core 2.21 and later let the user choose.
        if internal.get("_ansible_inject_invocation", True):
            result["invocation"] = {"module_args": valid.validated_parameters}
        return _masked(result, valid._no_log_values)

    def _run_module(self, task_vars: t.Dict[str, t.Any]) -> Result:
        args, wrap_async, original = dict(self._task.args), self._task.async_val, self._task.environment
        environment = self._task_environment()
        # Ansible puts a task's environment on a command line, where -vvv and the process list show the password.
        for name, option in self.definition.spec.items():
            for variable in option.get("fallback", (None, ()))[1]:
                value = environment.pop(variable, "")
                if value:
                    args.setdefault(name, value)
        self._task.environment = [environment]
        try:
            return self._execute_module(module_args=args, task_vars=task_vars, wrap_async=wrap_async)
        finally:
            self._task.environment = original
            if not wrap_async:
                self._remove_tmp_path(self._connection._shell.tmpdir)

    def _task_environment(self) -> t.Dict[str, str]:
        environment: t.Dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        return {name: str(value) for name, value in environment.items()}


def _masked(result: Result, secrets: t.Set[str]) -> Result:
    # As AnsibleModule does: a password such as "True" must not turn what is true into text.
    preserved = {name: value for name, value in result.items() if value is None or isinstance(value, bool)}
    return {**remove_values(result, secrets), **preserved}


@contextlib.contextmanager
def _environment(more: t.Mapping[str, str]) -> t.Iterator[None]:
    """The task's ``environment`` as the module sees it: in the options' fallbacks, and for proxies."""
    if not more:
        yield
        return
    before = dict(os.environ)
    os.environ.update(more)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
