# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Reading a cluster's settings, and the write of a plan with all that can become of it."""

from __future__ import annotations

import dataclasses
import typing as t

from .._api.client import Client
from .._api.errors import REFUSALS, ApiError, Redact, ReplyError, TransportError, shorten
from .plan import Plan
from .reply import Reply, UnknownAnswer, check_write, parse_settings
from .result import omission, planned
from .settings import Settings

GET = "api_get_remote_syslog_server"
SET = "api_set_remote_syslog_server"

Messages = t.Tuple[str, ...]


def read(client: Client) -> t.Tuple[Settings, Messages]:
    """The settings and the cluster's messages. Raises ApiError."""
    text = client.read(GET)
    reply = parse_settings(text, client.redact)
    # A reply that ends within a line may have been cut off, but hardly twice at the same place.
    if not text.rstrip(" ").endswith(("\n", "}")) and client.read(GET) != text:
        raise TransportError("the cluster's reply seems to be cut off: a second one differs from it; run again")
    return _settings(reply, client.redact), reply.messages


def _settings(reply: Reply, redact: Redact) -> Settings:
    try:
        return Settings.from_api(reply)
    except ReplyError:
        # Its message quotes part of a value. Masking secrets does not make an invalid value valid.
        pinned = None if reply.pinned is None else {name: redact(text) for name, text in reply.pinned.items()}
        values = {name: redact(text) for name, text in reply.values.items()}
        return Settings.from_api(dataclasses.replace(reply, values=values, pinned=pinned))


def settle(
    client: Client, is_done: t.Callable[[Settings], bool], retries: int, delay: int
) -> t.Tuple[Settings, Messages]:
    """The settings, read until they are as somebody waits for, for a bounded time. ``delay``: seconds between reads."""
    for left in range(retries, -1, -1):
        settings, messages = read(client)
        if is_done(settings) or not left or not client.pause(delay):
            break
    return settings, messages


class Write:
    """The write of a plan, by a client that has read ``current``. Only what the cluster shows afterwards counts."""

    def __init__(self, client: Client, plan: Plan, current: Settings, params: t.Mapping[str, t.Any]) -> None:
        self._client = client
        self._plan = plan
        self._current = current
        self._params = params

    def carry_out(self) -> t.Tuple[t.Optional[Settings], Messages]:
        """Write and verify: (settings read afterwards, or None without verify; messages).

        Raises ApiError with the settings that hold now, if it could read them. A write that was lost on its way, and
        that left no trace, is sent once more.
        """
        shown: t.Optional[Settings] = None
        while True:
            try:
                notices = check_write(self._client.write(SET, **self._plan.payload), self._client.redact)
            except ApiError as error:
                if not error.sent:
                    # Of two, the first one was.
                    raise (error if shown is None else self._failure(error, shown)) from None
                may_repeat = shown is None and self._params["retries"] > 0
                shown, messages = self._look_after(error)
                if self._has_worked(error, shown):
                    return shown, (*(error.messages if isinstance(error, UnknownAnswer) else ()), *messages)
                if not (may_repeat and _is_lost(error) and shown.is_like(self._current)):
                    raise self._failure(error, shown) from None
            else:
                return self._verified(notices)

    def _verified(self, notices: Messages) -> t.Tuple[t.Optional[Settings], Messages]:
        """The outcome of a write that the cluster accepted."""
        if not self._params["verify"]:
            return None, notices
        try:
            settings, messages = self._settle(self._params["verify_retries"])
        except ApiError as error:
            raise self._failure(error, None) from None
        missing = self._plan.not_taken(settings)
        if missing:
            redact = self._client.redact
            shown = ", ".join(f"{name} is {shorten(redact(str(settings.values[name])), 60)!r}" for name in missing)
            # What is there now is not what was there before, so the write was not merely late.
            other = [name for name in missing if settings.values[name] != self._current.values[name]]
            remedy = (
                f"{', '.join(other)} had another value before and was changed by someone else, such as another job at"
                " the same time, or by the cluster itself; let one job at a time write to a cluster, then run again"
                if other
                else "raise verify_retries and deadline if it is slow, or look for another writer"
            )
            unverified = ApiError(
                f"{', '.join(missing)} did not take effect: the cluster accepted the write, but"
                f"{'' if other else ' still'} shows that {shown}; {remedy}",
                "verify",
                sent=True,
            )
            raise self._failure(unverified, settings)
        return settings, (*notices, *messages)

    def _look_after(self, error: ApiError) -> t.Tuple[Settings, Messages]:
        """The settings after a write without a good answer, which may have taken effect."""
        try:
            # What was refused will never show; anything else may take a while to show.
            return self._settle(0 if error.failure_class in REFUSALS else self._params["verify_retries"])
        except ApiError:
            raise self._failure(error, None) from None

    def _settle(self, retries: int) -> t.Tuple[Settings, Messages]:
        """The settings, read until they are as planned, for a bounded time."""
        return settle(
            self._client, lambda found: not self._plan.not_taken(found), retries, self._params["verify_delay"]
        )

    def _has_worked(self, error: ApiError, settings: Settings) -> bool:
        """Whether the write took effect, as the settings read after it show, although its answer does not say so."""
        plan = self._plan
        if plan.not_taken(settings):
            return False
        # A forced write that changes nothing leaves no trace, and neither do some resets.
        seen = bool(set(plan.changed_keys) - set(plan.unconfirmed_resets(self._current, settings)))
        if isinstance(error, UnknownAnswer):
            return bool(self._params["verify"]) and (seen or not plan.changed_keys)
        return seen and _is_lost(error)

    def _failure(self, error: ApiError, settings: t.Optional[Settings]) -> ApiError:
        """The error, with the fact that a write was sent and with the settings that hold now."""
        plan = self._plan
        result = {**planned(self._client, plan, self._current, settings), "changed": True, "verified": False}
        if settings is None:
            return error.extended("; the write was sent, but the settings could not be read again", result)
        result["changed"] = error.failure_class not in REFUSALS or not settings.is_like(self._current)
        result["settings"] = settings.to_output(plan.after)
        warnings = omission(plan, self._current, settings)
        if warnings:
            result["warnings"] = warnings
        missing, unsure = plan.not_taken(settings), plan.unconfirmed_resets(self._current, settings)
        took = [name for name in plan.changed_keys if name not in (*missing, *unsure)]
        more = f"; the write was sent; of the settings to change, these took effect: {', '.join(took) or 'none'}"
        more += f", and these did not: {', '.join(missing)}" if missing else ""
        if unsure:
            more += f"; the cluster does not show whether it reset {', '.join(unsure)}"
        literal = plan.wrong_default_assumptions(missing)
        if literal:
            result["before_defaults"] = [name for name in plan.before_defaults if name not in literal]
            more += (
                f"; {', '.join(literal)} was assumed to follow the product's default, because the cluster does not warn"
                " about it, but did not; restore it from before"
            )
        if error.failure_class == "node":
            more += "; run again with force, because the master may show settings that the node does not have"
        return error.extended(more, result)


def _is_lost(error: ApiError) -> bool:
    """Whether a call had no answer of the API at all."""
    return isinstance(error, TransportError) and error.failure_class == "transport"
