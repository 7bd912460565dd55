# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test of the log format; it is documented in the YAML file of its name."""

from __future__ import annotations

import typing as t

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    TemplateError,
    log_format,
)


def valid_log_format(value: t.Any) -> bool:
    """Whether the filters of this collection take the value as a log format."""
    # Before ansible-core 2.19 an undefined variable gets as far as this; looking at its truth raises the usual error.
    bool(value)
    try:
        log_format(value)
    except TemplateError:
        return False
    return True


class TestModule:
    """Ansible's entry point."""

    __test__ = False  # pytest takes this name for one of its own

    def tests(self) -> t.Dict[str, t.Callable[[t.Any], bool]]:
        return {"valid_log_format": valid_log_format}
