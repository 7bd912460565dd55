# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host patterns that match nothing, and the receivers that clusters send to."""

from __future__ import annotations

import pytest

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import OptionError
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._receivers import (
    existing_hosts,
    pointed_receivers,
)

GROUPS = {"all": ["east", "west", "logs"], "ungrouped": [], "clouds": ["east", "west"], "none": []}
RECEIVERS = {"logs1": ["10.0.0.1", "Logs1.Example.com"], "logs2": ["2001:db8::2", ""]}


@pytest.mark.parametrize(
    "pattern", ["clouds", "east,logs", "all:!west", "clouds:&east", "e*", "~e.st", "localhost", ["east", "west"]]
)
def test_patterns_that_match(pattern):
    assert existing_hosts(pattern, GROUPS, "x") == pattern


@pytest.mark.parametrize(
    ("pattern", "lost"),
    [
        ("cluods", "cluods"),
        ("east,wset", "wset"),
        ("clouds:!wset", "!wset"),
        ("none", "none"),
        ("east:&west", "east:&west"),
    ],
)
def test_patterns_that_match_nothing(pattern, lost):
    with pytest.raises(OptionError) as caught:
        existing_hosts(pattern, GROUPS, "x")
    assert caught.value.message == (
        f"no host matches {lost}; set x to a group with hosts (the groups are: clouds, none)"
    )


@pytest.mark.parametrize(
    ("targets", "receivers", "certain"),
    [
        (["logs1"], ["logs1"], True),
        (["LOGS1.example.COM.", ""], ["logs1"], True),
        (["2001:DB8:0::2"], ["logs2"], True),
        (["10.0.0.1", "logs2"], ["logs1", "logs2"], True),
        (["10.0.0.1", "alias"], ["logs1", "logs2"], False),
        ([""], ["logs1", "logs2"], False),
    ],
)
def test_receivers_that_clusters_send_to(targets, receivers, certain):
    assert pointed_receivers(RECEIVERS, targets) == {"receivers": receivers, "certain": certain}
