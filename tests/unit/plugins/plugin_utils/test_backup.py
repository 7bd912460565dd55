# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backup in every state of a run: what it holds, and that the oldest settings that can be needed are in it."""

from __future__ import annotations

import pytest

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import OptionError
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._backup import (
    backup_settings,
    cluster_results,
    earlier_backup,
)


def state(port):
    return {"before": {"port": port}, "before_defaults": [], "before_untouched": False}


def found(port, *changed):
    return {**state(port), "settings": {}, "changed_keys": list(changed), "changed": bool(changed)}


def entry(port, finished=True, **more):
    return {**state(port), "finished": finished, **more}


DONE = {**found(1, "port"), "before_untouched": True}
FAILED = {**found(1, "port"), "failure_class": "verify"}
REFUSED = {**found(1, "port"), "failure_class": "permission", "changed": False}
NOT_SENT = {"failed": True, "failure_class": "transport", "changed": False}
UNKNOWN = {"failed": True, "failure_class": "internal", "changed": True}
# What force writes although nothing differs.
FORCED = {**found(1), "changed": True}
SKIPPED = {"skipped": True, "changed": False}


@pytest.mark.parametrize(
    ("kept", "plan", "result", "expected", "replaces"),
    [
        # Before the write.
        (None, found(1, "port"), {}, entry(1, False), False),
        (entry(0), found(1, "port"), {}, entry(1, False), True),
        (entry(1), found(1, "port"), {}, entry(1, False), False),
        (entry(0, False), found(1, "port"), {}, entry(0, False, later=[state(1)]), False),
        (entry(0, False), found(0, "port"), {}, entry(0, False), False),
        (entry(0, False, later=[state(1)]), found(1, "port"), {}, entry(0, False, later=[state(1)]), False),
        (None, found(1), {}, None, False),
        (entry(0), found(1), {}, entry(0), False),
        (entry(0, False), found(1), SKIPPED, entry(0), False),
        (None, FORCED, {}, None, False),
        (entry(0), FORCED, {}, entry(0), False),
        (None, NOT_SENT, SKIPPED, None, False),
        (entry(0, False), NOT_SENT, SKIPPED, entry(0, False), False),
        # After it.
        (None, found(1, "port"), DONE, {**entry(1), "before_untouched": True}, False),
        (entry(0, False), found(1, "port"), DONE, entry(0, later=[{**state(1), "before_untouched": True}]), False),
        (entry(0), FORCED, FORCED, entry(0), False),
        (None, found(1, "port"), FAILED, entry(1, False), False),
        (None, found(1, "port"), UNKNOWN, entry(1, False), False),
        (None, found(1, "port"), REFUSED, None, False),
        (entry(0), found(1, "port"), REFUSED, entry(0), False),
        (entry(0), found(1, "port"), NOT_SENT, entry(0), False),
        (entry(0, False), found(1, "port"), found(1), entry(0), False),
    ],
)
def test_entries(kept, plan, result, expected, replaces):
    earlier = {"other": entry(7), **({"one": kept} if kept else {})}
    made = backup_settings(earlier, {"one": plan}, {"one": result})
    assert made["clusters"].get("one") == expected
    assert made["clusters"]["other"] == entry(7)
    assert made["differs"] == (expected != kept)
    assert made["replaces"] == replaces


def test_results_are_of_what_was_done():
    results = cluster_results({"a": found(1), "b": found(2, "port"), "c": {}}, {"a": SKIPPED, "b": DONE})
    assert results == {"a": found(1), "b": DONE, "c": {}}


def test_an_earlier_backup_is_a_backup():
    assert earlier_backup("") == earlier_backup("{}\n") == {}
    for text in ("{", "[]", '{"east": 1}', "text"):
        with pytest.raises(OptionError, match="^/backup is not a backup"):
            earlier_backup(text, "/backup")
