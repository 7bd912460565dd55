# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""From a ``run()`` to a result: what a module and, in the controller's process, an action plugin have in common."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ._client import REQUESTS_IMPORT_ERROR
from ._errors import ApiError

Result = t.Dict[str, t.Any]
# (validated options, check mode) -> result; raises ApiError.
Run = t.Callable[[t.Mapping[str, t.Any], bool], Result]


def execute(run: Run, params: t.Mapping[str, t.Any], check_mode: bool) -> Result:
    """The task's result; a failure has ``failed``, ``msg`` and ``failure_class``."""
    if REQUESTS_IMPORT_ERROR is not None:
        return {"failed": True, "msg": missing_required_lib("requests"), "exception": REQUESTS_IMPORT_ERROR}
    try:
        return run(params, check_mode)
    except ApiError as error:
        failure = {"failed": True, "msg": error.message, "failure_class": error.failure_class, "changed": False}
        return {**failure, **error.result}


def run_module(module: AnsibleModule, run: Run) -> t.NoReturn:
    """Run, and end the module with the result."""
    result = execute(run, module.params, module.check_mode)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
