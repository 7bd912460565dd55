# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What a task's result, or its failure, says about a plan and the settings before and after."""

from __future__ import annotations

import typing as t

from .._api.client import API_PATH, Client
from .._api.errors import shorten
from .._log_format.template import template_lines
from .plan import Plan
from .settings import TEMPLATES, Settings

Result = t.Dict[str, t.Any]


def planned(client: Client, plan: Plan, current: Settings, after: t.Optional[Settings]) -> Result:
    """What every result says about a plan. ``after``: the settings read after the write, if there was one."""
    return {
        "before": dict(plan.before),
        "before_defaults": list(plan.before_defaults),
        # If the cluster warns about settings now and did not before, it had nothing to warn about then.
        "before_untouched": current.pinned is None and after is not None and after.pinned is not None,
        "changed_keys": list(plan.changed_keys),
        "diff": _diff(client, plan),
    }


def _diff(client: Client, plan: Plan) -> t.Dict[str, t.Any]:
    """The plan's diff as Ansible shows it: whose it is, and a line for each field of a template."""
    # Masked first, because a secret that is split is not recognised.
    sides = {
        side: {
            name: _lines(client.redact(str(value))) if name in TEMPLATES else value for name, value in values.items()
        }
        for side, values in plan.diff.items()
    }
    where = client.connection.url[: -len(API_PATH)]
    return {**sides, "before_header": where, "after_header": where}


def _lines(template: str) -> t.Union[str, t.List[str]]:
    lines = template_lines(template)
    return lines if len(lines) > 1 else template


def omission(plan: Plan, current: Settings, after: t.Optional[Settings]) -> t.List[str]:
    """The warning about settings that a write leaves out, because this collection does not know them."""
    unknown = current.further(plan.before)
    if not unknown:
        return []
    fate = "which may clear them"
    if after is not None:
        shown = after.further(plan.after)
        changed = [
            f"{name} was {shorten(text, 60)!r} and is {shorten(shown[name], 60)!r} now"
            if name in shown
            else f"{name} was {shorten(text, 60)!r} and is not shown any more"
            for name, text in unknown.items()
            if shown.get(name) != text
        ]
        fate = f"and {', '.join(changed)}: set it again on the cluster" if changed else "which did not change them"
        if not set(unknown) <= set(shown):
            fate += "; if what is not shown any more was the end of a template over two lines, give that template again"
    return [f"a write leaves out {', '.join(unknown)}, which this collection does not know, {fate}"]
