# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of plays and tasks make sense alone, as a log shows them."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDERS = ("roles/rsyslog_receiver/tasks", "playbooks", "extensions/molecule")
PARTS = ("pre_tasks", "tasks", "post_tasks", "handlers", "block", "rescue", "always")
PRONOUN = re.compile(r"\b(it|them|they|this|those)\b|\bthat$", re.IGNORECASE)


def names(items: list[dict]) -> Iterator[str]:
    """The names of plays or tasks and of all that they contain."""
    for item in items:
        yield item.get("name", "")
        for part in PARTS:
            yield from names(item.get(part, []))


def is_clear(name: str) -> bool:
    """Whether a name has three words or more and no pronoun for what another task did."""
    return len(name.split()) >= 3 and not PRONOUN.search(name)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_name_makes_sense_alone(folder):
    documents = {path: yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / folder).rglob("*.yml")}
    found = [(path.name, name) for path, items in documents.items() if isinstance(items, list) for name in names(items)]
    assert found
    assert not [entry for entry in found if not is_clear(entry[1])]


@pytest.mark.parametrize(
    "name", ["", "Report", "Read files", "Keep it", "Read them once more", "Say which node has that"]
)
def test_a_vague_name_is_found(name):
    assert not is_clear(name)


def test_names_of_nested_tasks_are_found():
    play = {"name": "a", "tasks": [{"name": "b", "block": [{"name": "c"}], "rescue": [{"name": "d"}]}]}
    assert list(names([play])) == ["a", "b", "c", "d"]
