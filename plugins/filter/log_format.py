# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of the log format; each is documented in the YAML file of its name."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format import record as _record
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format import template as _template
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils import _rulebase


def _filter(function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    @functools.wraps(function)
    def wrapped(*args: t.Any, **kwargs: t.Any) -> t.Any:
        try:
            return function(*args, **kwargs)
        except _template.TemplateError as exc:
            raise AnsibleFilterError("%s: %s" % (function.__name__, exc)) from exc

    return wrapped


@_filter
def message_template(log_format: t.Mapping[str, t.Any]) -> str:
    return _template.compile_template(_template.log_format(log_format), "message")


@_filter
def status_template(log_format: t.Mapping[str, t.Any]) -> str:
    return _template.compile_template(_template.log_format(log_format), "status")


@_filter
def parse_record(record: str, log_format: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    return _record.parse_record(record, _template.log_format(log_format))


@_filter
def template_fields(template: str) -> t.List[str]:
    return _template.template_fields(template)


@_filter
def receiver_parser(log_format: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    return _rulebase.parser(_template.log_format(log_format))


@_filter
def receiver_rulesets(
    listeners: t.Sequence[t.Mapping[str, t.Any]], log_format: t.Mapping[str, t.Any]
) -> t.List[t.Dict[str, t.Any]]:
    return _rulebase.rulesets(listeners, log_format)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> t.Dict[str, t.Callable[..., t.Any]]:
        return {
            "message_template": message_template,
            "status_template": status_template,
            "parse_record": parse_record,
            "template_fields": template_fields,
            "receiver_parser": receiver_parser,
            "receiver_rulesets": receiver_rulesets,
        }
