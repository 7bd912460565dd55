# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What the remote_syslog_server modules do: read, plan, write, verify. The same in a module and in an action plugin."""

from __future__ import annotations

import dataclasses
import typing as t

from ._client import API_PATH, Client, Connection
from ._errors import REFUSALS, ApiError, OptionError, ReplyError, TransportError, shorten
from ._layouts import NAMES, TEMPLATES
from ._plan import Plan, make_plan
from ._reply import Reply, UnknownAnswer, check_write, parse_settings
from ._settings import RESET, Settings, Value, option
from ._template import template_faults, template_lines

Params = t.Mapping[str, t.Any]
Result = t.Dict[str, t.Any]

_GET = "api_get_remote_syslog_server"
_SET = "api_set_remote_syslog_server"


def read_settings(params: Params, check_mode: bool) -> Result:
    """The result of remote_syslog_server_info. Raises ApiError."""
    with Client(Connection.from_options(params)) as client:
        settings, messages = _read(client, {})
    return {
        "changed": False,
        "settings": settings.to_output(),
        "unknown_settings": dict(settings.unknown),
        "defaults": settings.at_default(),
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
        current, messages = _read(client, wanted)
        after = None
        plan = make_plan(current, wanted, params["force"])
        if plan.changed:
            # In check mode as well: a request that cannot be sent must not count as a change.
            client.url(_SET, plan.payload)
        settings, defaults = dict(plan.after), current.at_default()
        verified = not plan.changed and not plan.unconfirmed_resets(current, current)
        if plan.changed and not check_mode:
            after, messages = _write(client, plan, current, params, may_repeat=params["retries"] > 0)
            if after is not None:
                settings, defaults = after.to_output(), after.at_default()
                verified = not plan.unconfirmed_resets(current, after)
    result = {
        **_planned(client, plan, current, after),
        "changed": plan.changed,
        "settings": settings,
        "unknown_settings": dict((after or current).unknown),
        "defaults": defaults,
        "api_messages": list(messages),
        "verified": verified,
    }
    if plan.changed:
        warnings = warnings + _omission(current, after)
    return {**result, "warnings": warnings} if warnings else result


def _planned(client: Client, plan: Plan, current: Settings, after: t.Optional[Settings]) -> Result:
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


def _omission(current: Settings, after: t.Optional[Settings]) -> t.List[str]:
    """The warning about settings that a write leaves out, because this collection does not know them."""
    if not current.unknown:
        return []
    fate = "which may clear them"
    if after is not None:
        changed = [
            f"{name} was {shorten(text, 60)!r} and is {shorten(after.unknown[name], 60)!r} now"
            if name in after.unknown
            else f"{name} was {shorten(text, 60)!r} and is not shown any more"
            for name, text in current.unknown.items()
            if after.unknown.get(name) != text
        ]
        fate = f"and {', '.join(changed)}: set it again on the cluster" if changed else "which did not change them"
        if not set(current.unknown) <= set(after.unknown):
            fate += "; if what is not shown any more was the end of a template over two lines, give that template again"
    return [f"a write leaves out {', '.join(current.unknown)}, which this collection does not know, {fate}"]


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


def _read(client: Client, expected: t.Mapping[str, Value]) -> t.Tuple[Settings, t.Tuple[str, ...]]:
    text = client.read(_GET)
    reply = parse_settings(text, client.redact)
    # A reply that ends within a line may have been cut off, but hardly twice at the same place.
    if not text.rstrip(" ").endswith(("\n", "}")) and client.read(_GET) != text:
        raise TransportError("the cluster's reply seems to be cut off: a second one differs from it; run again")
    return _settings(reply, client.redact).read_as(expected), reply.messages


def _settings(reply: Reply, redact: t.Callable[[str], str]) -> Settings:
    try:
        return Settings.from_api(reply)
    except ReplyError:
        # Its message quotes part of a value. Masking secrets does not make an invalid value valid.
        pinned = None if reply.pinned is None else {name: redact(text) for name, text in reply.pinned.items()}
        values = {name: redact(text) for name, text in reply.values.items()}
        return Settings.from_api(dataclasses.replace(reply, values=values, pinned=pinned))


def _settle(client: Client, plan: Plan, params: Params) -> t.Tuple[Settings, t.Tuple[str, ...], t.Tuple[str, ...]]:
    """Read until the plan holds, for a bounded time: (settings, messages, settings that are not as planned)."""
    for left in range(params["verify_retries"], -1, -1):
        settings, messages = _read(client, plan.after)
        missing = plan.not_taken(settings)
        if not missing or not left or not client.pause(params["verify_delay"]):
            break
    return settings, messages, missing


def _write(
    client: Client, plan: Plan, current: Settings, params: Params, may_repeat: bool
) -> t.Tuple[t.Optional[Settings], t.Tuple[str, ...]]:
    """Write and verify: (settings read afterwards, or None without verify; messages)."""
    try:
        notices = check_write(client.write(_SET, **plan.payload), client.redact)
    except ApiError as error:
        if not error.sent:
            raise
        return _after_failure(client, plan, current, params, may_repeat, error)
    if not params["verify"]:
        return None, notices
    try:
        settings, messages, missing = _settle(client, plan, params)
    except ApiError as error:
        raise _failed(client, error, plan, current, None) from None
    if missing:
        shown = ", ".join(f"{name} is {_show(settings.values[name], client.redact)}" for name in missing)
        unverified = ApiError(
            f"{', '.join(missing)} did not take effect: the cluster accepted the write, but still shows that {shown};"
            " raise verify_retries and deadline if it is slow, or look for another writer",
            "verify",
            sent=True,
        )
        raise _failed(client, unverified, plan, current, settings)
    return settings, (*notices, *messages)


def _after_failure(
    client: Client, plan: Plan, current: Settings, params: Params, may_repeat: bool, error: ApiError
) -> t.Tuple[t.Optional[Settings], t.Tuple[str, ...]]:
    """A write without a good answer may have taken effect: read before anything else."""
    lost = isinstance(error, TransportError) and error.failure_class == "transport"
    try:
        # What was refused will never show; anything else may take a while to show.
        patience = {**params, "verify_retries": 0} if error.failure_class in REFUSALS else params
        settings, messages, missing = _settle(client, plan, patience)
    except ApiError:
        raise _failed(client, error, plan, current, None) from None
    # A forced write that changes nothing leaves no trace, and neither do some resets.
    seen = not missing and set(plan.changed_keys) - set(plan.unconfirmed_resets(current, settings))
    if lost and seen:
        return settings, messages
    if isinstance(error, UnknownAnswer) and params["verify"] and (seen or not (missing or plan.changed_keys)):
        return settings, (*error.messages, *messages)
    if lost and may_repeat and settings.values == current.values and settings.pinned == current.pinned:
        try:
            return _write(client, plan, current, params, may_repeat=False)
        except ApiError as second:
            # If the second one was not sent, its error does not say yet that the first one was.
            raise second if second.result else _failed(client, second, plan, current, settings) from None
    failed = _failed(client, error, plan, current, settings)
    if error.failure_class in REFUSALS and settings.values == current.values and settings.pinned == current.pinned:
        failed.result["changed"] = False
    raise failed from None


def _failed(client: Client, error: ApiError, plan: Plan, current: Settings, settings: t.Optional[Settings]) -> ApiError:
    """The same error, extended by the fact that a write was sent and by the settings that hold now."""
    error.result = {**_planned(client, plan, current, settings), "changed": True, "verified": False}
    if settings is None:
        error.message += "; the write was sent, but the settings could not be read again"
        return error
    error.result["settings"] = settings.to_output()
    omission = _omission(current, settings)
    if omission:
        error.result["warnings"] = omission
    missing, unsure = plan.not_taken(settings), plan.unconfirmed_resets(current, settings)
    took = [name for name in plan.changed_keys if name not in (*missing, *unsure)]
    error.message += f"; the write was sent; of the settings to change, these took effect: {', '.join(took) or 'none'}"
    error.message += f", and these did not: {', '.join(missing)}" if missing else ""
    if unsure:
        error.message += f"; the cluster does not show whether it reset {', '.join(unsure)}"
    literal = plan.wrong_default_assumptions(missing)
    if literal:
        kept = [name for name in plan.before_defaults if name not in literal]
        error.result["before_defaults"] = kept
        error.message += (
            f"; {', '.join(literal)} was assumed to follow the product's default, because the cluster does not warn"
            " about it, but did not; restore it from before"
        )
    if error.failure_class == "node":
        error.message += "; run again with force, because the master may show settings that the node does not have"
    return error


def _show(value: Value, redact: t.Callable[[str], str]) -> str:
    return repr(shorten(redact(str(value)), 60))
