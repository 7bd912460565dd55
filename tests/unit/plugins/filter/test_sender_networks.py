# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.spamexperts.local_cloud.plugins.filter.sender_networks import FilterModule

sender_networks = FilterModule().filters()["sender_networks"]


def test_networks_have_one_form_and_are_merged():
    given = ["192.0.2.7", "2001:DB8:0::/32", " 10.1.0.0/16", "192.0.2.7/32", "10.0.0.0/8", "::1", "2001:db8::7"]
    assert sender_networks(given) == ["10.0.0.0/8", "192.0.2.7/32", "::1/128", "2001:db8::/32"]
    assert sender_networks(["0.0.0.0/1", "128.0.0.0/1"]) == ["0.0.0.0/0"]
    assert sender_networks([]) == []


@pytest.mark.parametrize(
    ("sender", "right"),
    [
        ("10.0.0.1/8", "write 10.0.0.0/8 for the network"),
        ("node1.example.com", "write 192.0.2.1,"),
        ("10.0.0.0/33", "write 192.0.2.1,"),
        ("", "write 192.0.2.1,"),
        ("[::1]", "write 192.0.2.1,"),
        ('10.0.0.1"\nmodule(load="omprog")', "write 192.0.2.1,"),
    ],
)
def test_invalid_network_is_refused_with_the_right_form(sender, right):
    with pytest.raises(AnsibleFilterError, match=right):
        sender_networks(["192.0.2.1", sender])


def test_text_instead_of_a_list_is_refused():
    with pytest.raises(AnsibleFilterError, match="give a list"):
        sender_networks("192.0.2.1")
