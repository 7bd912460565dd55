# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The definition of a module and its execution, shared by the module itself and its action plugin."""

from __future__ import annotations

import dataclasses
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ._api.client import REQUESTS_IMPORT_ERROR
from ._api.errors import ApiError, FaultAfterWrite, masked, redactor
from ._args import Spec

Params = t.Mapping[str, t.Any]
Result = t.Dict[str, t.Any]
# (validated options, check mode) -> result; raises ApiError.
Run = t.Callable[[Params, bool], Result]
_INTERNAL: Result = {"failed": True, "failure_class": "internal", "changed": False}


@dataclasses.dataclass(frozen=True)
class ModuleDefinition:
    """A module: its options, and the function that turns them into a result."""

    spec: Spec
    run: Run


def execute(run: Run, params: Params, check_mode: bool) -> Result:
    """The task's result; a failure has ``failed``, ``msg`` and ``failure_class``."""
    if REQUESTS_IMPORT_ERROR is not None:
        msg = missing_required_lib("requests")
        return {**_INTERNAL, "msg": msg, "exception": REQUESTS_IMPORT_ERROR}
    secrets = params.get("template_secrets") or ()
    try:
        return t.cast(Result, masked(run(params, check_mode), secrets))
    except ApiError as error:
        failure = {"failed": True, "msg": error.message, "failure_class": error.failure_class, "changed": False}
        return t.cast(Result, masked({**failure, **error.result}, secrets))
    except Exception as error:  # pylint: disable=broad-exception-caught
        # A bug. Ansible would show its traceback unchanged, and the text of an exception can contain a URL.
        redact = redactor(str(params.get("api_username")), str(params.get("api_password")), secrets)
        wrote = isinstance(error, FaultAfterWrite)
        fault = error.__cause__ if wrote else error
        known = "a write was sent, and what it changed is unknown" if wrote else "nothing was written"
        msg = redact(f"unexpected {type(fault).__name__}: {fault}; {known}; please report this")
        return {**_INTERNAL, "msg": msg, "changed": wrote, "exception": redact(traceback.format_exc())}


def run_module(definition: ModuleDefinition) -> t.NoReturn:
    """Read the options, run the module and exit with its result."""
    module = AnsibleModule(argument_spec=definition.spec, supports_check_mode=True)
    result = execute(definition.run, module.params, module.check_mode)
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
