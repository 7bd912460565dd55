# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's own templates, rendered without a host: for tests, benchmarks and the documentation."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

import jinja2
import yaml
from ansible.plugins.filter.core import FilterModule
from ansible.plugins.test.core import TestModule

ROLE = pathlib.Path(__file__).resolve().parents[2] / "roles" / "rsyslog_receiver"


def defaults() -> dict[str, Any]:
    """The role's defaults, and those of its constants that a configuration needs."""
    variables = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text("utf-8"))
    constants = yaml.safe_load((ROLE / "vars" / "main.yml").read_text("utf-8"))
    wanted = (
        "config_dir",
        "work_dir",
        "canaries",
        "max_sessions",
        "queue_size",
        "queue_batch",
        "stats_interval",
        "handover",
        "user",
        "service",
        "socket_buffer",
    )
    variables.update({f"__rsyslog_receiver_{name}": constants[f"__rsyslog_receiver_{name}"] for name in wanted})
    variables["__rsyslog_receiver_conf"] = variables["__rsyslog_receiver_config_dir"] + "/receiver.conf"
    return {**variables, "__rsyslog_receiver_networks": [], "__rsyslog_receiver_senders": []}


def rendered(template: str, variables: Mapping[str, Any]) -> str:
    """One template of the role, as Ansible would render it with these variables."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROLE / "templates"),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    # Jinja's own filters stay: Ansible's variants of them need its templating engine.
    env.filters = {**FilterModule().filters(), **env.filters}
    env.tests.update(TestModule().tests())
    return env.get_template(template).render(variables)
