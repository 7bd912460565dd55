# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status of the nodes: fixed keys whatever comes, and nothing but an object read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import ReplyError, redactor
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.server_status import nodes_of, parse_status

FULL = {"load one minute": 0.25, "load five minutes": 1, "queue count delivery": 3, "queue count submission": 0}
SAME = {"load_1m": 0.25, "load_5m": 1.0, "queue_delivery": 3, "queue_submission": 0, "other": {}}
NONE = {**dict.fromkeys(SAME), "other": {}}
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers(), max_size=2))
STATUS = st.one_of(VALUES, st.dictionaries(st.one_of(st.sampled_from(list(FULL)), st.text()), VALUES, max_size=5))


@pytest.mark.parametrize("status, node", [
    (FULL, SAME),
    ({name: str(value) for name, value in FULL.items()}, SAME),
    ({name.title().replace(" ", "_"): value for name, value in FULL.items()}, SAME),
    ({**FULL, "cpu count": 4, "mounts": {"/": 1}}, {**SAME, "other": {"cpu count": 4, "mounts": {"/": 1}}}),
    ({"load one minute": " 0.25 ", "queue count delivery": "3.0"}, {**NONE, "load_1m": 0.25, "queue_delivery": 3}),
    ({"load one minute": True, "load five minutes": "1,5", "queue count delivery": 0.5}, NONE),
    ({"load one minute": "NaN", "load five minutes": "1_0", "queue count delivery": "9" * 400}, NONE),
    ({"load one minute": None, "queue count delivery": [], "queue count submission": {}}, NONE),
    ({"load one minute": "n/a", "load_one_minute": 2}, {**NONE, "load_1m": 2.0}),
    ({"load one minute": 2, "load_one_minute": "n/a"}, {**NONE, "load_1m": 2.0}),
    ({}, NONE), (None, NONE), ("down", NONE), ([1], NONE), (7, NONE),
])  # fmt: skip
def test_node(status, node):
    found = nodes_of({"n": status})["n"]
    assert found == node
    assert [type(value) for value in found.values()] == [type(value) for value in node.values()]


@given(st.dictionaries(st.text(), STATUS, max_size=3))
def test_any_object_gives_the_same_keys_for_all_its_nodes(content):
    nodes = nodes_of(content)
    assert list(nodes) == list(content)
    for node in nodes.values():
        assert set(node) == set(SAME)
        assert all(node[name] is None or isinstance(node[name], float) for name in ("load_1m", "load_5m"))
        assert all(node[name] is None or isinstance(node[name], int) for name in ("queue_delivery", "queue_submission"))


@pytest.mark.parametrize("before, after, messages", [
    ("", "", []), ("\ufeff", "\n", []), ("Warning: deprecated.\n", "\n", ["Warning: deprecated."]),
    ("[Warning] old\r\n", "\r\n\r\n", ["[Warning] old"]), ("", "\nWaarschuwing: oud\n", ["Waarschuwing: oud"]),
])  # fmt: skip
@pytest.mark.parametrize("indent", [None, 1])
def test_lines_around_it(before, after, messages, indent):
    text = before + json.dumps({"n": FULL}, indent=indent) + after
    assert parse_status(text) == ({"n": FULL}, messages)
    assert parse_status(text.replace("\r", "").replace("\n", "\r\n")) == ({"n": FULL}, messages)


@pytest.mark.parametrize("text, failure_class", [
    ("", "not_plaintext"), ("\n", "not_plaintext"), ("node1.example.com,0.25,3\n", "not_plaintext"),
    ("[]", "not_plaintext"), ("514", "not_plaintext"),
    ('{"n": {"load', "not_plaintext"), ("{'n': {}}", "not_plaintext"),
    ("<html><form>log in</form></html>", "not_plaintext"), ("Traceback (most recent call last):", "not_plaintext"),
    ("Error: unknown API method 'api_get_json_server_status'.", "unknown_method"),
    ("You have no permissions to execute it.", "permission"), ('{"error": "Access denied"}', "permission"),
    ('{"n":' * 9999, "not_plaintext"), ('{"n": {}, "n": {}}', "not_plaintext"),
    ('{"n": {"load one minute": 1, "load one minute": 9}}', "not_plaintext"),
])  # fmt: skip
def test_anything_else_is_refused(text, failure_class):
    with pytest.raises(ReplyError) as caught:
        parse_status(text)
    assert caught.value.failure_class == failure_class


def test_cluster_whose_only_node_lacks_a_status_is_accepted():
    assert parse_status('{"node1.example.com": null}') == ({"node1.example.com": None}, [])
    assert parse_status("{}") == ({}, [])


def test_the_password_is_masked_in_keys_values_and_messages():
    text = 'Warning: s3cret\n{"s3cret.example": {"s3cret": "a s3cret"}}'
    content, messages = parse_status(text, redactor("u", "s3cret"))
    assert content == {"********.example": {"********": "a ********"}} and messages == ["Warning: ********"]
