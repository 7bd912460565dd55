# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test valid_log_format, called as Ansible calls it."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.exceptions import UndefinedError

from ansible_collections.spamexperts.local_cloud.plugins.filter.log_format import FilterModule
from ansible_collections.spamexperts.local_cloud.plugins.test.valid_log_format import TestModule

TESTS = TestModule().tests()
valid = TESTS["valid_log_format"]
message_template = FilterModule().filters()["message_template"]
FOLDER = pathlib.Path(__file__).resolve().parents[4] / "plugins" / "test"
SECRET = "s3cr3t-s3cr3t-s3cr3t"

KEYS = st.sampled_from(["message_fields", "status_fields", "style", "tag", "secret", "previous_secrets", "delimiter"])
TEXTS = st.text(max_size=20) | st.sampled_from(["id", "status", "csv", "fast", "|", SECRET, "subject_header"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def test_every_test_is_documented():
    documented = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in FOLDER.glob("*.yml")}
    assert {name: text["DOCUMENTATION"]["name"] for name, text in documented.items()} == {name: name for name in TESTS}


@pytest.mark.parametrize(
    "value", [{}, None, {"style": "csv"}, {"secret": SECRET}, {"message_fields": ["id", "sender"], "style": "fast"}]
)
def test_true(value):
    assert valid(value) is True


@pytest.mark.parametrize(
    "value",
    [
        {"message_fields": ["subject_heder"]},
        {"secret": "short"},
        {"style": "csv", "secret": SECRET},
        {"unknown_key": 1},
        {"message_fields": "id"},
        "printable",
        ["id"],
        1,
        True,
    ],
    ids=str,
)
def test_false(value):
    assert valid(value) is False


@given(VALUES | st.dictionaries(KEYS, VALUES, max_size=4))
def test_it_is_true_exactly_for_what_the_filter_takes(value):
    try:
        message_template(value)
        taken = True
    except AnsibleFilterError:
        taken = False
    assert valid(value) is taken


def test_undefined_is_an_error():
    with pytest.raises(UndefinedError):
        valid(StrictUndefined(name="spamexperts_log_format"))
