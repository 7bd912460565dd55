# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What a task changes, decided here and nowhere else: check mode, the diff and the result all come from one Plan."""

from __future__ import annotations

import dataclasses
import typing as t

from .._api.errors import OptionError
from .settings import NAMES, RESET, Settings, Value


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a task changes and writes. Make it with :func:`make_plan`.

    before, after: all eight settings in canonical form; RESET in ``after`` means a product default that is unknown.
    changed_keys: names of the settings that change. payload: the eight arguments of the write, as text.
    managed: names of the settings that the task manages. reset: names of the settings to reset.
    before_defaults: names of the settings known to have followed the product's default. forced: write in any case.
    """

    before: t.Mapping[str, Value]
    after: t.Mapping[str, Value]
    changed_keys: t.Tuple[str, ...]
    payload: t.Mapping[str, str]
    managed: t.Tuple[str, ...]
    reset: t.FrozenSet[str]
    before_defaults: t.Tuple[str, ...] = ()
    forced: bool = False

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.forced or bool(self.changed_keys)

    @property
    def diff(self) -> t.Dict[str, t.Dict[str, Value]]:
        """Before and after of the settings that the task manages."""
        return {
            "before": {name: self.before[name] for name in self.managed},
            "after": {name: self.after[name] for name in self.managed},
        }

    def not_taken(self, current: Settings) -> t.Tuple[str, ...]:
        """Names of the settings that are not as planned, given the settings read after the write."""
        missing = []
        for name in NAMES:
            if name in self.reset:
                met = current.pinned is None or name not in current.pinned
            else:
                met = current.holds(name, self.after[name])
            if not met:
                missing.append(name)
        return tuple(missing)

    def unconfirmed_resets(self, before: Settings, current: Settings) -> t.Tuple[str, ...]:
        """Names of the settings to reset for which the replies do not show whether they were.

        A cluster that warned about a setting's value before, and no longer does, has confirmed its reset.
        """
        if before.pinned is not None or current.pinned is not None:
            return ()
        return tuple(name for name in NAMES if name in self.reset and current.holds(name, before.values[name]))

    def wrong_default_assumptions(self, missing: t.Iterable[str]) -> t.Tuple[str, ...]:
        """Those of the settings that are not as planned which were wrongly assumed to follow the product's default.

        They were written as ``default`` and changed by it, so they held a literal that the cluster does not warn about.
        """
        return tuple(name for name in missing if name in self.before_defaults and name not in self.managed)


def make_plan(current: Settings, wanted: t.Mapping[str, Value], force: bool = False) -> Plan:
    """The plan that turns ``current`` into ``wanted``, a dictionary of canonical values or RESET by setting.

    A setting that ``wanted`` lacks is not managed and stays as it is. Raises OptionError if logs would be sent without
    a host, and if a setting that is not managed could not be kept.
    """
    before = current.to_output(wanted)
    reset = frozenset(name for name, value in wanted.items() if value == RESET)
    changed = tuple(name for name in NAMES if name in wanted and not _is_met(current, name, wanted[name]))
    after = dict(before)
    for name in changed:
        after[name] = _default(current, name) if name in reset else wanted[name]
    concerned = "host" in wanted or wanted.get("enabled") is True
    if concerned and after["enabled"] is True and after["host"] in ("", RESET):
        raise OptionError("enabled is true, but there is no host to send to; set host, or set enabled to false")
    payload = {name: _argument(current, wanted, name) for name in NAMES}
    managed = tuple(name for name in NAMES if name in wanted)
    plan = Plan(before, after, changed, payload, managed, reset, current.at_default(), force)
    empty = [name for name in NAMES if payload[name] == ""]
    if plan.changed and empty:
        # The cluster could keep it, clear it or reset it; which one is documented nowhere.
        raise OptionError(
            f"{' and '.join(empty)} would not survive the write: the cluster shows no value there, and what it does"
            " with an empty argument is unknown; give a value, or list it in reset"
        )
    return plan


def restoring(result: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    """Options of remote_syslog_server that restore the ``before`` of one of its results.

    Empty values cannot be sent, except for an empty host; such settings are reset to the product's default.
    """
    before = result["before"]
    reset = list(NAMES if result.get("before_untouched") else result.get("before_defaults") or ())
    reset += [name for name in NAMES if name not in (*reset, "host") and before[name] in ("", None)]
    return {**{name: before[name] for name in NAMES if name not in reset}, "reset": reset}


def _is_met(current: Settings, name: str, value: Value) -> bool:
    if value != RESET:
        return current.holds(name, value)
    if current.pinned is None:
        # Without a host the cluster looks untouched, and an untouched cluster has nothing to warn about.
        return current.values["host"] == "" and not current.values["enabled"]
    return name not in current.pinned


def _default(current: Settings, name: str) -> Value:
    default = (current.pinned or {}).get(name, RESET)
    # A literal that equals the default is still pinned. RESET shows that it changes; its value alone would not.
    return RESET if current.holds(name, default) else default


def _argument(current: Settings, wanted: t.Mapping[str, Value], name: str) -> str:
    """The argument as text; empty for a value that cannot be sent, because an empty argument counts as left out."""
    value = wanted.get(name, current.values[name])
    # No host is the product's default.
    if value == RESET or (name == "host" and value == "") or (name not in wanted and name in current.at_default()):
        return RESET
    text = current.to_api(name, value)
    # A cluster may show false as nothing at all.
    return str(value) if not text and isinstance(value, bool) else text
