# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of playbooks for many clusters; each is documented in the YAML file of its name."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import OptionError
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils import (
    _backup,
    _cluster_writers,
    _probe,
    _receivers,
    _report,
    _restore,
)
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._values import untrusted

_FUNCTIONS: t.Tuple[t.Callable[..., t.Any], ...] = (
    _cluster_writers.cluster_fingerprint,
    _cluster_writers.cluster_writers,
    _backup.backup_settings,
    _backup.cluster_results,
    _backup.earlier_backup,
    _probe.probe_report,
    _receivers.existing_hosts,
    _receivers.pointed_receivers,
    _restore.restore_settings,
    _report.change_report,
    _report.drift_report,
    _report.stop_report,
    _report.status_report,
)


def _filter(function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    @functools.wraps(function)
    def wrapped(*args: t.Any, **kwargs: t.Any) -> t.Any:
        try:
            return untrusted(function(*args, **kwargs))
        except OptionError as exc:
            raise AnsibleFilterError(f"{function.__name__}: {exc.message}") from exc

    return wrapped


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> t.Dict[str, t.Callable[..., t.Any]]:
        return {function.__name__: _filter(function) for function in _FUNCTIONS}
