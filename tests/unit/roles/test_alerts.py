# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents speak of the metrics that there are."""

from __future__ import annotations

import pathlib
import re

import health
import metrics
import yaml

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs"
NAMES = {metrics.PREFIX + metric.name: metric for metric in metrics.SCHEMA}


def test_every_metric_of_the_alerts_exists_and_has_the_labels_they_name():
    (group,) = yaml.safe_load((DOCS / "receiver-alerts.yml").read_text("utf-8"))["groups"]
    recorded = {rule["record"] for rule in group["rules"] if "record" in rule}
    used = set()
    for rule in group["rules"]:
        found = set(re.findall(r"spamexperts_\w[\w:]*", rule["expr"]))
        assert found <= NAMES.keys() | recorded, f"{rule}: these metrics do not exist"
        used |= found
        labels = {"instance"}.union(*(NAMES[name].labels for name in found & NAMES.keys()))
        if found & recorded:
            labels.add("node")
        named = set(re.findall(r"\$labels\.(\w+)", str(rule.get("annotations"))))
        named |= {name for names in re.findall(r"by \(([^)]*)\)", rule["expr"]) for name in names.split(", ")}
        assert named <= labels, f"{rule}: these labels do not exist"
    assert recorded <= used


def test_every_fault_of_the_health_check_has_an_alert():
    """What a Nagios user is told of, a Prometheus user is told of as well."""
    text = (DOCS / "receiver-alerts.yml").read_text("utf-8")
    source = pathlib.Path(health.__file__).read_text("utf-8")
    examined = {name for name in NAMES if f'"{name[len(metrics.PREFIX) :]}"' in source}
    missing = {name for name in examined if name not in text}
    # Alerts use the counters behind these, and the silence that is recorded.
    assert missing <= {metrics.PREFIX + name for name in ("recent_seconds", "recent_records")}


def test_every_metric_and_every_option_is_documented():
    text = (DOCS / "monitoring.md").read_text("utf-8")
    for name, metric in NAMES.items():
        assert f"| `{name}` | {metric.type} |" in text
    options = vars(health.arguments(["--metrics", "-"]))
    limits = {name: value for name, value in options.items() if isinstance(value, tuple)}
    assert len(limits) > 8
    for name, (warning, critical) in limits.items():
        assert f"| `--{name.replace('_', '-')}` | `{warning:g},{critical:g}` |" in text
