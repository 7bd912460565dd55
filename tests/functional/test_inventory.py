# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin cluster through the real ansible-inventory and ansible-playbook; the test valid_log_format."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from functional.harness import PASSWORD, ROOT, Run, connection, forms, one_play

from emulator import Emulator

CALL = "api_get_json_server_status"
EAST = ("node1.east.example", "node2.east.example")
WEST = ("node1.west.example", "node2.west.example", "node3.west.example")
# What only shows in a result when it was taken for a template.
TEMPLATE = "{{ 6 * 7 }}{{ lookup('ansible.builtin.pipe', 'touch executed') }}"
# A value like this in a cache file is read back as a template that is trusted.
TRUSTED = {"__ansible_type": "_AnsibleTaggedStr", "value": TEMPLATE, "tags": [{"__ansible_type": "TrustedAsTemplate"}]}
VAULTED = {"__ansible_vault": TEMPLATE}


@dataclasses.dataclass(frozen=True)
class Listing:
    """One run of ansible-inventory --list."""

    done: subprocess.CompletedProcess
    log: str

    @property
    def text(self) -> str:
        """All that was said, without the line breaks that the terminal's width makes."""
        return " ".join((self.done.stdout + self.done.stderr).split())

    @property
    def content(self) -> dict[str, Any]:
        assert self.done.returncode == 0, self.done.stderr
        return json.loads(self.done.stdout[self.done.stdout.index("{\n") :], object_hook=_plain)

    @property
    def variables(self) -> dict[str, dict[str, Any]]:
        """Host names and their variables."""
        return self.content["_meta"]["hostvars"]

    def hosts(self, group: str) -> list[str]:
        found = self.content.get(group, {})
        return found.get("hosts", []) + [host for child in found.get("children", []) for host in self.hosts(child)]


def _plain(value: dict[str, Any]) -> Any:
    # How ansible-inventory writes text that is not a template.
    return value["__ansible_unsafe"] if set(value) == {"__ansible_unsafe"} else value


@pytest.fixture(scope="module")
def east(cluster):
    return cluster(nodes=EAST)


@pytest.fixture(scope="module")
def west(cluster):
    return cluster(nodes=WEST)


@pytest.fixture(autouse=True)
def as_new(east, west):
    east.reset()
    west.reset()


@pytest.fixture
def source(tmp_path):
    """Writes an inventory source; returns its path."""

    def write(file: str = "test.spamexperts_cluster.yml", text: str = "", **options: Any) -> Path:
        path = tmp_path / file
        options = {"plugin": "spamexperts.local_cloud.cluster", **options}
        # JSON is YAML, and has no pitfalls of quoting.
        lines = [f"{key}: {json.dumps(value)}" for key, value in options.items()]
        path.write_text("\n".join([*lines, text, ""]), encoding="utf-8")
        return path

    return write


@pytest.fixture
def listed(ansible, tmp_path):
    """Runs ansible-inventory --list with everything said, and looks for the password in all of it."""

    def run(path: Path, *arguments: str, **env: str) -> Listing:
        log = tmp_path / "ansible.log"
        settings = {"ANSIBLE_LOG_PATH": str(log), "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", **env}
        done = ansible.command(
            "ansible-inventory", "-i", str(path), "--list", "-vvvv", *arguments, env=ansible.environment(**settings)
        )
        found = Listing(done, log.read_text(encoding="utf-8"))
        assert found.log, "there is no log to look into"
        for secret in forms("apiuser", PASSWORD):
            assert secret not in done.stdout + done.stderr + found.log
        assert "Traceback" not in done.stderr
        assert "[DEPRECATION" not in done.stderr
        return found

    return run


def two(east, west, **more: Any) -> dict[str, Any]:
    """Two clusters with one login."""
    login = connection(east)
    del login["api_url"]
    return {**login, "clusters": [{"name": "east", "api_url": east.url}, {"name": "west", "api_url": west.url}], **more}


def failed(listing: Listing, *words: str) -> None:
    """A source that failed: it says why, and gave no host."""
    assert listing.done.returncode != 0
    assert "node1" not in listing.done.stdout
    for word in words:
        assert word in listing.text, listing.text[-2000:]


# -- what is in it


def test_nodes_are_hosts_with_their_status(listed, source, east):
    found = listed(source(**connection(east, name="east")))
    assert "[WARNING]" not in found.done.stderr
    assert found.hosts("spamexperts_nodes") == found.hosts("spamexperts_cluster_east") == list(EAST)
    assert found.variables["node2.east.example"] == {
        "spamexperts_cluster": "east",
        "spamexperts_api_url": east.url,
        "spamexperts_node": {"load_1m": 0.35, "load_5m": 0.3, "queue_delivery": 3, "queue_submission": 1, "other": {}},
    }
    assert east.journal.calls == [CALL]


def test_several_clusters(ansible, source, east, west):
    path = source(**two(east, west))
    graph = ansible.command("ansible-inventory", "-i", str(path), "--graph")
    assert graph.stdout.split("|--@spamexperts_nodes:\n")[1] == "".join(
        f"  |  |--@spamexperts_cluster_{name}:\n" + "".join(f"  |  |  |--{node}\n" for node in nodes)
        for name, nodes in (("east", EAST), ("west", WEST))
    )


def test_a_cluster_has_options_of_its_own(listed, source, east, west, tmp_path):
    options = two(east, west, ca_path=str(tmp_path / "none.pem"), api_username="nobody", retries=0)
    for own in options["clusters"]:
        own.update(ca_path=east.ca_path, api_username=east.username)
    assert set(listed(source(**options)).variables) == {*EAST, *WEST}


def test_name_comes_from_the_address(listed, source, east):
    found = listed(source(**connection(east)))
    assert found.variables[EAST[0]]["spamexperts_cluster"] == east.host
    assert found.hosts("spamexperts_cluster_" + east.host.replace(".", "_")) == list(EAST)


def test_constructed(listed, source, east, west):
    found = listed(
        source(
            **two(
                east,
                west,
                strict=True,
                compose={"ansible_host": "'10.0.0.1' if 'node1' in inventory_hostname else '10.0.0.2'"},
                groups={"loaded": "spamexperts_node.load_1m > 0.3"},
                keyed_groups=[{"prefix": "site", "key": "spamexperts_cluster"}],
            )
        )
    )
    assert found.variables["node1.west.example"]["ansible_host"] == "10.0.0.1"
    assert found.hosts("loaded") == ["node2.east.example", "node2.west.example", "node3.west.example"]
    assert found.hosts("site_west") == list(WEST)


def test_strict_shows_a_mistake_in_an_expression(listed, source, east):
    path = source(**connection(east, strict=True, compose={"x": "not_there"}))
    failed(listed(path), "Could not set x for host node1")


def test_node_without_a_status_is_a_host_all_the_same(listed, source, east):
    east.set_switch(status_null=EAST[0], status_extra=True)
    found = listed(source(**connection(east))).variables
    assert found[EAST[0]]["spamexperts_node"]["load_1m"] is None
    assert found[EAST[1]]["spamexperts_node"]["other"]["mounts"] == {"/": {"free": 1234567}}


# -- where options come from


def test_login_from_the_environment(listed, source, east, west):
    env = {
        "SPAMEXPERTS_API_USERNAME": east.username,
        "SPAMEXPERTS_API_PASSWORD": PASSWORD,
        "SPAMEXPERTS_CA_PATH": east.ca_path,
        "SPAMEXPERTS_TIMEOUT": "7",
    }
    options = {"clusters": two(east, west)["clusters"]}
    assert set(listed(source(**options), **env).variables) == {*EAST, *WEST}
    # An empty one counts as not set.
    empty = ("VALIDATE_CERTS", "CA_FINGERPRINT", "TIMEOUT", "DEADLINE")
    env.update({f"SPAMEXPERTS_{name}": "" for name in empty}, SPAMEXPERTS_API_URL=west.url)
    assert set(listed(source(), **env).variables) == set(WEST)


def test_options_can_be_templates(ansible, listed, source, east, tmp_path):
    (tmp_path / "password").write_text(PASSWORD + "\n", encoding="utf-8")
    (tmp_path / "vars.json").write_text(json.dumps({"ca_folder": str(Path(east.ca_path).parent)}), encoding="utf-8")
    one = {
        "name": "{{ 'ea' ~ 'st' }}",
        "api_url": "{{ lookup('ansible.builtin.env', 'MASTER') }}",
        "api_password": "{{ lookup('ansible.builtin.file', '%s') }}" % (tmp_path / "password"),
        "ca_path": "{{ ca_folder }}/" + Path(east.ca_path).name,
    }
    for options in (one, {"clusters": [one]}):
        path = source(api_username=east.username, **options)
        found = listed(path, "-e", f"@{tmp_path / 'vars.json'}", MASTER=east.url)
        assert found.hosts("spamexperts_cluster_east") == list(EAST)


def test_password_that_looks_like_a_list(listed, source, certificates):
    """ansible-core 2.16 would turn the result of a template like that into one."""
    with Emulator(password="[1,2]", certificates=certificates) as odd:
        path = source(**connection(odd, api_password="{{ lookup('ansible.builtin.env', 'ODD') }}"))
        assert len(listed(path, ODD="[1,2]").variables) == 3


def test_password_from_a_vault(ansible, listed, source, east, tmp_path):
    (tmp_path / "vault").write_text("vault password\n", encoding="utf-8")
    options = connection(east)
    secret = ansible.command(
        "ansible-vault",
        "encrypt_string",
        "--vault-password-file",
        str(tmp_path / "vault"),
        options.pop("api_password"),
        "--name",
        "api_password",
    ).stdout
    path = source(text=secret, **options)
    assert set(listed(path, "--vault-password-file", str(tmp_path / "vault")).variables) == set(EAST)


# -- the cache


def cached(tmp_path: Path, **more: Any) -> dict[str, Any]:
    return {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(tmp_path / "cache"),
        **more,
    }


def refreshed(ansible, path: Path) -> Run:
    """A run that does not want what is in the cache."""
    play = one_play(
        {"name": "Nodes", "ansible.builtin.debug": {"msg": "{{ groups['spamexperts_nodes'] }}"}}, hosts="localhost"
    )
    return ansible.play(
        play, "-i", str(path), "--flush-cache", env={"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    )


def test_cache(ansible, listed, source, east, west, tmp_path):
    path = source(**two(east, west, **cached(tmp_path)))
    first = listed(path).content
    assert listed(path).content == first
    assert east.journal.calls == west.journal.calls == [CALL]
    (file,) = (tmp_path / "cache").iterdir()
    text = file.read_text(encoding="utf-8")
    assert EAST[0] in text
    assert not any(secret in text for secret in forms(east.username, PASSWORD))
    assert east.username not in text
    assert refreshed(ansible, path).assert_ok().result("Nodes")["msg"] == [*EAST, *WEST]
    assert east.journal.calls == west.journal.calls == [CALL, CALL]


def test_cache_of_other_clusters_is_not_used(listed, source, east, west, tmp_path):
    path = source(**connection(east, name="one", **cached(tmp_path)))
    assert set(listed(path).variables) == set(EAST)
    assert source(**connection(west, name="one", **cached(tmp_path))) == path
    assert set(listed(path).variables) == set(WEST)
    source(**two(east, west, **cached(tmp_path)))
    assert set(listed(path).variables) == {*EAST, *WEST}


def test_cache_is_used_while_the_cluster_is_away(ansible, listed, source, east, tmp_path):
    path = source(**connection(east, **cached(tmp_path)))
    listed(path)
    east.set_switch(fault="unauthorized")
    assert set(listed(path).variables) == set(EAST)
    run = refreshed(ansible, path).assert_hides(forms(east.username, PASSWORD))
    assert run.status != 0
    assert "correct api_username and api_password" in " ".join(run.stderr.split())


# -- failures


def test_one_failing_cluster_fails_all(listed, source, east, west):
    west.set_switch(fault="permission")
    path = source(**two(east, west))
    failed(listed(path), "cluster west:")
    # Ansible's own default goes on without a source that failed; it must not go on with half of it.
    lenient = listed(path, ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="false")
    assert lenient.variables == {}
    assert "cluster west:" in lenient.text


def test_failing_cluster_can_be_left_out(listed, source, east, west, tmp_path):
    west.set_switch(fault="html")
    path = source(**two(east, west, fail_on_errors=False, **cached(tmp_path)))
    found = listed(path)
    assert set(found.variables) == set(EAST)
    assert found.done.stderr.count("[WARNING]") == 1
    assert "cluster west:" in found.text and "its nodes are missing from this inventory" in found.text
    west.reset()
    assert set(listed(path).variables) == {*EAST, *WEST}


@pytest.mark.parametrize("name", ["", "a b", "node/1", TEMPLATE, "-oProxyCommand=id", "localhost", "all"])
def test_node_name_that_is_none(listed, source, east, monkeypatch, name):
    monkeypatch.setattr("emulator.calls.status_reply", lambda *unused: json.dumps({EAST[0]: {}, name: {}}))
    failed(listed(source(**connection(east, name="east"))), "cluster east:", "node")


@pytest.mark.parametrize("reply", [{}, {"error": "something of a new kind"}], ids=["empty", "text"])
def test_reply_without_nodes(listed, source, east, monkeypatch, reply):
    monkeypatch.setattr("emulator.calls.status_reply", lambda *unused: json.dumps(reply))
    failed(listed(source(**connection(east, name="east"))), "cluster east:", "report it")


def test_node_of_two_clusters(listed, source, cluster, east):
    path = source(**two(east, cluster(nodes=[EAST[1]])))
    failed(listed(path), "clusters east and west both have a node node2.east.example")


@pytest.mark.parametrize(
    "options, message",
    [
        ({"api_usrname": "x"}, "api_usrname: there is no such option"),
        ({"timeout": "soon"}, "timeout"),
        ({"api_password": {"a": PASSWORD}}, "api_password must be text"),
        ({"api_url": "http://master.example.com"}, "api_url must begin with https://"),
        ({"api_url": "https://apiuser:pass@master.example.com"}, "api_url must not contain credentials"),
        ({"api_username": "{{ not_there }}"}, "api_username: "),
        ({"clusters": [{"name": "{{ lookup('ansible.builtin.file', '/none') }}"}]}, "clusters: "),
        ({"ca_path": "/none.pem"}, "ca_path /none.pem cannot be read"),
    ],
    ids=str,
)
def test_bad_option(listed, source, east, options, message):
    given = connection(east)
    # Just before what is wrong, because Ansible may show the lines around that.
    given["api_password"] = given.pop("api_password")
    failed(listed(source(**{name: value for name, value in given.items() if name not in options}, **options)), message)


def test_missing_options(listed, source, east):
    failed(listed(source(api_url=east.url)), "missing required arguments: api_password, api_username")


def test_file_of_another_name_is_left_to_others(listed, source, east):
    failed(listed(source(file="cluster.yml", **connection(east))), "could not be verified by inventory plugin")


def test_missing_requests(listed, source, east, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "requests.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
    failed(listed(source(**connection(east)), PYTHONPATH=str(tmp_path / "lib")), "requests", "Python library")


# -- what a cluster says is data


def test_hostile_values_are_no_templates(ansible, source, east, monkeypatch, tmp_path):
    status = {
        "load one minute": TEMPLATE,
        "text": TEMPLATE,
        TEMPLATE: 1,
        "trusted": TRUSTED,
        "vaulted": VAULTED,
        "unsafe": {"__ansible_unsafe": TEMPLATE},
    }
    monkeypatch.setattr("emulator.calls.status_reply", lambda *unused: json.dumps({EAST[0]: status}))
    path = source(
        **connection(
            east,
            strict=True,
            compose={"copied": "spamexperts_node.other.text"},
            keyed_groups=[{"prefix": "by", "key": "copied"}],
            **cached(tmp_path),
        )
    )
    show = {"msg": ["{{ spamexperts_node.other }}", "{{ copied }}"]}
    play = one_play({"name": "Show", "ansible.builtin.debug": show}, hosts="spamexperts_nodes")
    # The second is from the cache.
    for _run in range(2):
        run = ansible.play(play, "-i", str(path)).assert_ok()
        other, copied = run.result("Show", EAST[0])["msg"]
        assert copied == other["text"] == TEMPLATE
        assert other[TEMPLATE] == 1
        assert json.dumps(other["trusted"]).count("6 * 7") == 1
        assert "42" not in run.stdout
        assert not list(ansible.folder.rglob("executed"))
    assert east.journal.calls == [CALL]


# -- what it is for


def documented() -> list[dict[str, Any]]:
    """The sources in docs/inventory.md and in the plugin's EXAMPLES."""
    text = (ROOT / "plugins" / "inventory" / "cluster.py").read_text(encoding="utf-8")
    examples = re.search(r'^EXAMPLES = r"""\n(.*?)^"""', text, re.MULTILINE | re.DOTALL).group(1)
    found = [*blocks(), *yaml.safe_load_all(examples)]
    return [source for source in found if isinstance(source, dict)]


def blocks() -> list[Any]:
    """The YAML in docs/inventory.md."""
    text = (ROOT / "docs" / "inventory.md").read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


@pytest.mark.parametrize("number", range(3))
def test_documented_source(listed, source, east, west, tmp_path, number):
    options = documented()[number]
    assert len(documented()) == 3
    # Only where and as whom is this test's.
    options.update({name: value for name, value in connection(east).items() if name != "api_url"})
    if "cache" in options:
        options["cache_connection"] = str(tmp_path / "cache")
    for place, emulator in zip(options.get("clusters", [options]), (east, west), strict=False):
        place["api_url"] = emulator.url
        place["ca_path"] = emulator.ca_path
    found = listed(source(**options))
    assert set(found.variables) == {*EAST, *(WEST if "clusters" in options else ())}
    if "groups" in options:
        assert found.hosts("spamexperts_busy") == []
    if "keyed_groups" in options:
        assert found.hosts("spamexperts_domain_west_example") == list(WEST)


def allow_list() -> list[dict[str, Any]]:
    """The playbook in docs/inventory.md: nodes are found by name, their addresses become an allow-list."""
    (book,) = (block for block in blocks() if isinstance(block, list))
    # Instead of the role, which would install a receiver here.
    value = book[1].pop("vars")["rsyslog_receiver_allowed_senders"]
    del book[1]["roles"]
    book[1].update(hosts="localhost", tasks=[{"name": "Show", "ansible.builtin.debug": {"msg": value}}])
    return book


def test_addresses_of_the_nodes(ansible, source, cluster):
    nodes = ("127.0.0.2", "127.0.0.3")
    run = ansible.play(allow_list(), "-i", str(source(**connection(cluster(nodes=nodes))))).assert_ok()
    assert sorted(run.result("Show")["msg"]) == list(nodes)


LOG_FORMAT_TEST = "spamexperts.local_cloud.valid_log_format"


@pytest.fixture(scope="module")
def without_source(ansible):
    """A run without an inventory source: the test plugin, and then the allow-list, which fails."""
    tests = one_play(
        {"name": "Good", "ansible.builtin.assert": {"that": f"good is {LOG_FORMAT_TEST}"}},
        {
            "name": "Bad",
            "ansible.builtin.assert": {"that": [f"bad is not {LOG_FORMAT_TEST}", f"'text' is not {LOG_FORMAT_TEST}"]},
        },
        {"name": "Fails", "ansible.builtin.assert": {"that": f"bad is {LOG_FORMAT_TEST}"}, "ignore_errors": True},
        {
            "name": "Undefined",
            "ansible.builtin.assert": {"that": f"not_there is not {LOG_FORMAT_TEST}"},
            "ignore_errors": True,
        },
        vars={"good": {"style": "csv"}, "bad": {"message_fields": ["subject_heder"]}},
    )
    return ansible.play(tests + allow_list()[1:])


def test_no_allow_list_without_the_nodes(without_source):
    """An empty list would let everybody send, so a source that failed must not lead to one."""
    assert without_source.status != 0
    assert "spamexperts_nodes" in without_source.result("Show")["msg"]


# -- the test plugin


def test_valid_log_format(without_source):
    run = without_source
    assert "[WARNING]" not in run.stdout + run.stderr
    assert not run.result("Good")["failed"] and not run.result("Bad")["failed"]
    assert run.result("Fails")["assertion"] == f"bad is {LOG_FORMAT_TEST}"
    assert "not_there" in run.result("Undefined")["msg"] and "undefined" in run.result("Undefined")["msg"]
