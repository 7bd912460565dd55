# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What only a write can tell: three of them, each to status_template, and a fourth that puts everything back."""

from __future__ import annotations

import contextlib
import typing as t

from .._api.client import Client, Connection
from .._api.errors import REFUSALS, ApiError
from .._remote_syslog.apply import apply_settings
from .._remote_syslog.plan import make_plan, restoring
from .._remote_syslog.reply import UnknownAnswer, check_write
from .._remote_syslog.settings import NAMES
from .._remote_syslog.write import SET, read, settle

Params = t.Mapping[str, t.Any]
Facts = t.Dict[str, t.Any]
Result = t.Dict[str, t.Any]

# What is written to, because the fewest records are made from it.
SETTING = "status_template"
PRINTABLE = "probe: %(id)s, %(status)s"
# As in the style fast: between the fields and at the end.
CONTROL = "probe:\x1f%(id)s\x1f%(status)s\x1f"
_OPTIONS: Result = {**dict.fromkeys(NAMES), "reset": [], "force": False, "verify": True, "validate_templates": "off"}
# What a kind of failure says of a write that was tried.
_OUTCOMES = {**dict.fromkeys(REFUSALS, "refused"), "verify": "changed"}
_BEFORE = ("before", "before_defaults", "before_untouched", "changed_keys")
_AFTER = ("settings", "verified")


def plan(params: Params) -> Result:
    """What :func:`trial` would find and change. Raises ApiError."""
    found = apply_settings({**params, **_OPTIONS, SETTING: PRINTABLE}, True)
    return {**{name: found[name] for name in _BEFORE}, "settings": found["before"], "verified": False}


def trial(params: Params) -> t.Tuple[Facts, Result, str]:
    """What the writes told, what there was before them and is after them, and why the first one failed.

    Raises ApiError if what was there could not be restored.
    """
    try:
        first = apply_settings({**params, **_OPTIONS, SETTING: PRINTABLE}, False)
    except ApiError as error:
        written = error.result.get("changed")
        result = {**error.result, **_restored(params, error.result)} if written else error.result
        kept = {name: result[name] for name in (*_BEFORE, *_AFTER) if name in result}
        return {"failure": error.failure_class}, {**kept, "changed": bool(written)}, error.message
    facts: Facts = {"defaults_shown": bool(first["before_defaults"]) or first["before_untouched"]}
    try:
        facts["omitted_argument"] = _omitted(params)
        facts["control_characters"] = _control(params)
    finally:
        # With a deadline of its own: that of the others may have passed.
        restored = _restored(params, first)
    return facts, {**{name: first[name] for name in _BEFORE}, **restored, "changed": True}, ""


def _omitted(params: Params) -> str:
    """What becomes of an argument that a set call leaves out: it is kept, reset or cleared."""
    with Client(Connection.from_options(params)) as client:
        try:
            payload = dict(make_plan(read(client)[0], {SETTING: PRINTABLE}, force=True).payload)
            del payload[SETTING]
            _send(client, payload)
            # A cluster may take a while to show what a write did.
            found, _messages = settle(
                client,
                lambda settings: not settings.holds(SETTING, PRINTABLE),
                params["verify_retries"],
                params["verify_delay"],
            )
        except ApiError as error:
            return _OUTCOMES.get(error.failure_class, "unknown")
    if found.holds(SETTING, PRINTABLE):
        return "kept"
    return "reset" if found.values[SETTING] else "cleared"


def _send(client: Client, payload: t.Mapping[str, str]) -> None:
    # Of an answer such as OK, what can be read afterwards decides.
    with contextlib.suppress(UnknownAnswer):
        check_write(client.write(SET, **payload), client.redact)


def _control(params: Params) -> str:
    """What becomes of control characters in a template: they are kept, removed, changed or refused."""
    try:
        apply_settings({**params, **_OPTIONS, SETTING: CONTROL}, False)
        return "kept"
    except ApiError as error:
        shown = error.result.get("settings", {}).get(SETTING)
        if error.failure_class == "verify" and shown == CONTROL.replace("\x1f", ""):
            return "removed"
        return _OUTCOMES.get(error.failure_class, "unknown")


def _restored(params: Params, first: t.Mapping[str, t.Any]) -> Result:
    """The settings after putting back what was there before the first write. Raises ApiError."""
    try:
        result = apply_settings({**params, **_OPTIONS, **restoring(first)}, False)
    except ApiError as error:
        kept = {name: first[name] for name in _BEFORE if name in first}
        remedy = (
            "; this was to restore what was there before a trial write: run the playbook restore with this run's backup"
        )
        raise error.extended(remedy, {**kept, "changed": True}) from None
    return {name: result[name] for name in _AFTER}
