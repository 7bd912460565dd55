# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What the remote_syslog_server modules do: read, plan, write, verify. The same in a module and in an action plugin."""

from __future__ import annotations

import typing as t

from .._api.client import Client, Connection
from .._api.errors import OptionError
from .._log_format.template import template_faults
from .plan import make_plan
from .result import omission, planned
from .settings import NAMES, RESET, TEMPLATES, Value, option
from .write import SET, Write, read

Params = t.Mapping[str, t.Any]
Result = t.Dict[str, t.Any]


def read_settings(params: Params, check_mode: bool) -> Result:
    """The result of remote_syslog_server_info. Raises ApiError."""
    with Client(Connection.from_options(params)) as client:
        settings, messages = read(client)
    return {
        "changed": False,
        "settings": settings.to_output(),
        "unknown_settings": dict(settings.unknown),
        "defaults": {name: settings.values[name] for name in settings.at_default()},
        "api_messages": list(messages),
    }


def apply_settings(params: Params, check_mode: bool) -> Result:
    """The result of remote_syslog_server. Raises ApiError, with ``changed`` in its result once a write went out."""
    wanted = _wanted(params)
    warnings = _template_warnings(wanted, params["validate_templates"])
    for name in ("verify_retries", "verify_delay"):
        if params[name] < 0:
            raise OptionError(f"{name} must be 0 or more")
    with Client(Connection.from_options(params)) as client:
        current, messages = read(client)
        after = None
        plan = make_plan(current, wanted, params["force"])
        if plan.changed:
            # In check mode as well: a request that cannot be sent must not count as a change.
            client.url(SET, plan.payload)
        settings, defaults = dict(plan.after), {name: plan.before[name] for name in current.at_default()}
        verified = not plan.changed and not plan.unconfirmed_resets(current, current)
        if plan.changed and not check_mode:
            after, messages = Write(client, plan, current, params).carry_out()
            if after is not None:
                settings = after.to_output(plan.after)
                defaults = {name: settings[name] for name in after.at_default()}
                verified = not plan.unconfirmed_resets(current, after)
    result = {
        **planned(client, plan, current, after),
        "changed": plan.changed,
        "settings": settings,
        "unknown_settings": current.further(plan.before) if after is None else after.further(plan.after),
        "defaults": defaults,
        "api_messages": list(messages),
        "verified": verified,
    }
    if plan.changed:
        warnings = warnings + omission(plan, current, after)
    return {**result, "warnings": warnings} if warnings else result


def _wanted(params: Params) -> t.Dict[str, Value]:
    wanted = {name: option(name, params[name]) for name in NAMES if params.get(name) is not None}
    for name in params.get("reset") or ():
        if wanted.get(name, RESET) != RESET:
            raise OptionError(f"{name} has a value and is listed in reset; remove one of them")
        wanted[name] = RESET
    return wanted


def _template_warnings(wanted: t.Mapping[str, Value], validate: str) -> t.List[str]:
    if validate == "off":
        return []
    remarks = []
    for name in TEMPLATES:
        template = wanted.get(name, RESET)
        if not isinstance(template, str) or template == RESET:
            continue
        # One control character can be a log format's delimiter; a second one is a mistake.
        controls = sorted({char for char in template if ord(char) < 32 and char != "\t"})
        faults, doubts = template_faults(template, name.split("_", 1)[0], controls[0] if len(controls) == 1 else "")
        if doubts:
            # Python's % operator fails for a name that it is not given.
            doubts.append("a cluster that has no such field may lose every record of this kind")
        if not template.isascii():
            doubts.append("characters outside ASCII may not survive the cluster's API")
        if faults or (doubts and validate == "strict"):
            way_out = "correct it, or set validate_templates to " + ("off" if faults else "warn")
            raise OptionError(f"{name}: {'; '.join(faults + doubts)}; {way_out}")
        remarks += [f"{name}: {doubt}" for doubt in doubts]
    # All in one line: each warning is shown in the job's output.
    return ["; ".join(remarks)] if remarks else []
