# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every play of the collection's playbooks has to say."""

from __future__ import annotations

import pathlib

import pytest
import yaml

PLAYBOOKS = sorted((pathlib.Path(__file__).resolve().parents[3] / "playbooks").glob("*.yml"))


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_no_play_depends_on_the_strategy_of_the_configuration(playbook):
    plays = [play for play in yaml.safe_load(playbook.read_text("utf-8")) if "hosts" in play]
    assert [play["name"] for play in plays if play.get("strategy") != "linear"] == []
