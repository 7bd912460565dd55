# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which clusters an inventory source names, and what counts as a node."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleParserError

from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._clusters import clusters, read_nodes
from emulator import Emulator

PASSWORD = "Ge heim/42+&"
LOGIN = {"api_username": "apiuser", "api_password": PASSWORD}
EAST = {"name": "east", "api_url": "https://east.example.com"}
WEST = {"name": "west", "api_url": "https://west.example.com"}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("URL", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"SPAMEXPERTS_API_{name}", raising=False)
    for name in ("VALIDATE_CERTS", "CA_PATH", "TIMEOUT"):
        monkeypatch.delenv(f"SPAMEXPERTS_{name}", raising=False)


@pytest.fixture(scope="module")
def emulator():
    with Emulator() as running:
        yield running


def test_one_cluster():
    (found,) = clusters({**LOGIN, "api_url": "https://Master.example.com/"})
    assert (found.name, found.group) == ("master.example.com", "spamexperts_cluster_master_example_com")
    assert found.url == "https://master.example.com/cgi-bin/api"
    assert found.params["timeout"] == 60
    assert PASSWORD not in repr(found)


def test_own_options_win_over_shared_ones_and_those_over_the_environment(monkeypatch):
    monkeypatch.setenv("SPAMEXPERTS_TIMEOUT", "5")
    assert clusters({**LOGIN, **EAST})[0].params["timeout"] == 5
    east, west = clusters({**LOGIN, "timeout": 6, "clusters": [{**EAST, "timeout": "7"}, {**WEST, "timeout": None}]})
    assert (east.params["timeout"], west.params["timeout"]) == (7, 6)
    assert (east.name, west.name) == ("east", "west")


@pytest.mark.parametrize(
    "options, message",
    [
        ({}, "the cluster: missing required arguments: api_url"),
        ({"clusters": []}, "clusters must be a list"),
        ({"clusters": "east"}, "clusters must be a list"),
        ({"clusters": ["east"]}, "clusters must be a list"),
        ({"clusters": [EAST], "name": "x"}, "name cannot be combined with clusters"),
        ({"clusters": [EAST, {"name": "west"}]}, "cluster west: missing required arguments: api_url"),
        ({"clusters": [EAST, {"api_username": "x"}]}, "cluster 2: missing required arguments: api_url"),
        ({"clusters": [{**EAST, "api_usrname": "x"}]}, "cluster east: api_usrname"),
        ({"clusters": [{**EAST, "clusters": [WEST]}]}, "cluster east: clusters"),
        ({"clusters": [{**EAST, "timeout": 0}]}, "cluster east: timeout must be from 1 to 86400 seconds"),
        ({"clusters": [{**EAST, "retries": "many"}]}, "cluster east: argument 'retries'"),
        ({"clusters": [EAST, {**WEST, "name": "east"}]}, "clusters east and east would share the group"),
        ({"clusters": [{**EAST, "name": "a-b"}, {**WEST, "name": "a.b"}]}, "clusters a-b and a.b would share the"),
        ({"clusters": [EAST, {"name": "x", "api_url": "https://EAST.example.com/cgi-bin/api"}]}, "the same api_url"),
        ({"clusters": [EAST, {"name": "x", "api_url": "https://east.example.com:443"}]}, "the same api_url"),
    ],
    ids=str,
)
def test_bad_options(options, message):
    with pytest.raises(AnsibleParserError) as caught:
        clusters({**LOGIN, **options})
    assert message in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_messages_do_not_quote_the_password():
    """A user's list can have the password in place of a number."""
    with pytest.raises(AnsibleParserError) as caught:
        clusters({"clusters": [{**EAST, **LOGIN, "timeout": PASSWORD}]})
    assert "timeout" in str(caught.value) and PASSWORD not in str(caught.value)


def nodes_of(emulator, monkeypatch, reply):
    monkeypatch.setattr("emulator.calls.status_reply", lambda *unused: json.dumps(reply))
    options = {"api_username": emulator.username, "api_password": emulator.password, "ca_path": emulator.ca_path}
    (found,) = clusters({"name": "east", "api_url": emulator.url, **options})
    return read_nodes(found)


@pytest.mark.parametrize(
    "name", ["node1.example.com", "mx", "10.0.0.1", "a" * 63 + ".example", "N-1.EXAMPLE", "mx_1.example"]
)
def test_node_names(emulator, monkeypatch, name):
    assert list(nodes_of(emulator, monkeypatch, {name: {}})) == [name]
    assert list(nodes_of(emulator, monkeypatch, {name: None})) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "a b", "a/b", "../a", "{{ a }}", "{% a %}", "-a", "a-", "a.-b", ".a", "a.", "a..b", "a,b",
        "a:b", "a\n", "a\x00", "[1:9]", "*", "!a", "a@b", "$(id)", "ü.example", "a" * 64, ".".join(["a" * 63] * 5),
        "localhost", "127.0.0.1", "::1",
    ],
    ids=ascii,
)  # fmt: skip
def test_invalid_node_names(emulator, monkeypatch, name):
    with pytest.raises(AnsibleParserError, match="cluster east: its reply has .* where a node's host name should be"):
        nodes_of(emulator, monkeypatch, {"node1.example.com": {}, name: {}})


@pytest.mark.parametrize("status", ["text", 1, True, ["list"]])
def test_entry_with_another_status_is_not_a_node(emulator, monkeypatch, status):
    with pytest.raises(AnsibleParserError, match="cluster east: its reply has 'message'"):
        nodes_of(emulator, monkeypatch, {"node1.example.com": {}, "message": status})


def test_failure_names_the_cluster(emulator):
    options = {"api_username": "nobody", "api_password": PASSWORD, "ca_path": emulator.ca_path}
    with pytest.raises(AnsibleParserError, match="cluster east: api_url .* refused the login") as caught:
        read_nodes(clusters({"name": "east", "api_url": emulator.url, **options})[0])
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None
