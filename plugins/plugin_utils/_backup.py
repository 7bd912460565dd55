# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The backup: for each cluster, the settings from before the last change. Made before that change is written.

An entry is what restore_settings takes, and ``finished``, which says whether the change after it succeeded. While it
did not, later runs leave the entry alone and add what they find to its list ``later``.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import OptionError

Item = t.Mapping[str, t.Any]
Entries = t.Dict[str, t.Dict[str, t.Any]]

_KEYS = ("before", "before_defaults", "before_untouched")


def earlier_backup(text: str, source: str = "the backup") -> Entries:
    """The entries in the text of a backup file; none if it is empty. Raises OptionError that names the source."""
    try:
        entries = json.loads(text) if text.strip() else {}
    except ValueError:
        entries = None
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise OptionError(f"{source} is not a backup of earlier settings; move it away, or choose another path")
    return entries


def cluster_results(found: Item, results: Item) -> t.Dict[str, Item]:
    """For each cluster the result of the task that set it; where nothing was to be set, of the one that read it."""
    return {name: _given(results.get(name)) or _given(result) for name, result in found.items()}


def backup_settings(kept: Item, found: Item, results: Item) -> t.Dict[str, t.Any]:
    """The backup as ``clusters``, whether it ``differs`` from ``kept``, and whether it ``replaces`` an entry of it.

    kept: the earlier entries. found: results of remote_syslog_server in check mode, by cluster. results: those of the
    real run; a cluster that is not in it is about to be written to.
    """
    entries = dict(kept)
    for name, plan in found.items():
        result = _given(results.get(name))
        if not _given(plan).get("changed_keys"):
            # It is as wanted, so a change that an earlier run left unfinished is done.
            if "settings" in plan and name in kept:
                entries[name] = {**kept[name], "finished": True}
        elif not result:
            entries[name] = _entry(kept.get(name), plan, False)
        elif result.get("changed"):
            # Only a write shows some of what was before it.
            source = result if "before" in result else plan
            entries[name] = _entry(kept.get(name), source, not _failed(result))
        elif not _failed(result) and name in kept:
            entries[name] = {**kept[name], "finished": True}
    pending = [name for name in kept if not _given(results.get(name))]
    replaces = any(_replaced(kept[name], entries[name]) for name in pending)
    return {"clusters": entries, "differs": entries != dict(kept), "replaces": replaces}


def _entry(kept: t.Optional[Item], result: Item, finished: bool) -> t.Dict[str, t.Any]:
    new = {key: result[key] for key in _KEYS if key in result}
    if not kept or kept.get("finished", True):
        return {**new, "finished": finished}
    later = list(kept.get("later", ()))
    if new["before"] not in [kept.get("before"), *(item.get("before") for item in later)]:
        later.append(new)
    return {**kept, "finished": finished, **({"later": later} if later else {})}


def _replaced(kept: Item, entry: Item) -> bool:
    return any(kept.get(key) != entry.get(key) for key in _KEYS)


def _given(result: t.Optional[Item]) -> Item:
    """The result of a task that ran, else nothing."""
    return {} if not result or result.get("skipped") else result


def _failed(result: Item) -> bool:
    return bool(result.get("failure_class")) or "settings" not in result
