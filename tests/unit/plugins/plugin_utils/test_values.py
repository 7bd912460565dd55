# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values marked by Ansible reach our code unchanged, and our values never reach Ansible as templates."""

from __future__ import annotations

import ansible.template
import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._values import TEXT_STAYS_TEXT, plain, untrusted

DATA = {"text": "{{ 6 * 7 }}", "{{ 1 }}": [{"nested": "{% raw %}"}], "number": 1.5, "nothing": None, "plain": "a"}


def trusted(text):
    return getattr(ansible.template, "trust_as_template", str)(text)


def test_untrusted_is_the_same_and_not_a_template():
    assert untrusted(DATA) == DATA
    assert Templar(loader=DataLoader()).template(untrusted(DATA)) == DATA
    # The same text would be one where we had not said so.
    assert Templar(loader=DataLoader()).template(trusted("{{ 6 * 7 }}")) in (42, "42")


@pytest.mark.parametrize("text", ["[1,2]", '{"a":1}', "007", "True", "1e5"])
def test_text_stays_text(text):
    templar = Templar(loader=DataLoader(), variables={"secret": text})
    found = templar.template(trusted("{{ secret ~ '' }}"), **TEXT_STAYS_TEXT)
    assert found == text
    assert isinstance(found, str)


def test_plain_takes_marks_away():
    found = plain({trusted("key"): [trusted("value"), 1, 1.5, True, None]})
    assert found == {"key": ["value", 1, 1.5, True, None]}
    assert {type(item) for item in found["key"]} == {str, int, float, bool, type(None)}
    assert {type(key) for key in found} == {str}
