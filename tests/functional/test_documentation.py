# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation shows works: the vendor's example, and every playbook in README.md and docs/."""

from __future__ import annotations

import dataclasses
import json
import re
from urllib.parse import unquote

import pytest
import yaml
from functional.harness import MODULE, ROOT, connection, one_play

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import FAILURE_CLASSES
from emulator import Emulator

# From the vendor's page, "Send Email Logs to Remote Syslog server", to the letter.
MESSAGE_TEMPLATE = (
    '"%(id)s","%(filtering_host)s","%(sender)s","%(recipient)s","%(domain)s","%(timestamp)s","%(sender_host)s",'
    '"%(helo)s","%(sender_ip)s","%(incoming_size)s","%(outgoing_size)s","%(status)s","%(classification)s",'
    '"%(classification_details)s","%(from_header)s","%(to_header)s","%(cc_header)s","%(subject_header)s"'
)
STATUS_TEMPLATE = (
    '"%(id)s","%(filtering_host)s","%(domain)s","%(recipient)s","%(status)s","%(delivery_date)s","%(delivery_ip)s",'
    '"%(delivery_port)s","%(delivery_fqdn)s","%(delivery_data)s"'
)
EXAMPLE = "The example call of the vendor's documentation"
# The groups that documented playbooks are for.
GROUPS = ("spamexperts_receivers", "spamexperts_nodes")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^( *)```ya?ml\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """Every YAML block: where it is, and its text."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            line = text[: match.start()].count("\n") + 1
            found.append((f"{page.relative_to(ROOT)}:{line}", match.group(2)))
    return found


def playbooks() -> dict[str, list[dict]]:
    """The blocks that are playbooks."""
    found = {}
    for place, text in blocks():
        content = yaml.safe_load(text)
        if isinstance(content, list) and all(
            "hosts" in play or "import_playbook" in play or "ansible.builtin.import_playbook" in play
            for play in content
        ):
            found[place] = content
    return found


def example_of_module() -> dict:
    """The task in the module's own EXAMPLES."""
    text = (ROOT / "plugins" / "modules" / "remote_syslog_server.py").read_text(encoding="utf-8")
    examples = yaml.safe_load(re.search(r'^EXAMPLES = r"""\n(.*?)^"""', text, re.MULTILINE | re.DOTALL).group(1))
    return next(task for task in examples if task["name"] == EXAMPLE)


def example_of_readme() -> dict:
    """The one task of the README's play of that name."""
    plays = [play for place, book in playbooks().items() if place.startswith("README.md") for play in book]
    return next(play for play in plays if play["name"] == EXAMPLE)["tasks"][0]


EXAMPLES = {"EXAMPLES": example_of_module, "README": example_of_readme}


@dataclasses.dataclass(frozen=True)
class Sent:
    """What became of one example: the result of its task, and the cluster that it was sent to."""

    result: dict
    emulator: Emulator


@pytest.fixture(scope="module")
def sent(ansible, cluster):
    """Each example, to a cluster of its own."""
    emulators, plays = {name: cluster() for name in EXAMPLES}, []
    for name, example in EXAMPLES.items():
        task = example()
        # Only where and as whom it is sent is this test's.
        task[MODULE].update(connection(emulators[name]))
        plays += one_play({**task, "name": name}, hosts=name)
    run = ansible.play(plays, hosts={name: {} for name in EXAMPLES}).assert_ok()
    return {name: Sent(run.result(name), emulators[name]) for name in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES)
def test_vendors_example_arrives_to_the_letter(sent, example):
    emulator = sent[example].emulator
    assert sent[example].result["changed"]
    (write,) = emulator.journal.writes
    assert write["arguments"]["host"] == "remote.example.com"
    assert write["arguments"]["enabled"] == "True"
    # From the bytes of the query, so as not to rely on the emulator's own reading of it.
    query = dict(pair.split("=", 1) for pair in write["query"].split("&"))
    for name, template in (("message_template", MESSAGE_TEMPLATE), ("status_template", STATUS_TEMPLATE)):
        assert unquote(query[name]) == template
        assert emulator.state.settings[name] == template
    assert "+" not in write["query"]
    assert ";" not in write["query"]


def test_every_failure_class_is_documented(ansible):
    (table,) = re.findall(r"^## Failures$(.*?)^## ", (ROOT / "docs" / "modules.md").read_text("utf-8"), re.M | re.S)
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == {"failure_class", *FAILURE_CLASSES}
    # The part of the role rsyslog_receiver calls no cluster.
    names = {path.stem for path in (ROOT / "plugins" / "modules").glob("[!_]*.py")} - {"receiver_host"}
    done = ansible.command("ansible-doc", "--json", *(f"spamexperts.local_cloud.{name}" for name in names))
    for name, documented in json.loads(done.stdout).items():
        (text,) = [line for line in documented["return"]["failure_class"]["description"] if line.startswith("One of")]
        # Only what writes settings can find that they did not take effect.
        assert {*re.findall(r"V\((\w+)\)", text), "verify"} == set(FAILURE_CLASSES), name


def test_every_yaml_block_is_yaml():
    assert len(blocks()) >= 4
    for place, text in blocks():
        assert yaml.safe_load(text) is not None, place


def test_every_playbook_passes_the_syntax_check(ansible, tmp_path):
    books = playbooks()
    assert any(place.startswith("README.md") for place in books)
    files = []
    for place, text in blocks():
        if place in books:
            files.append(tmp_path / (re.sub(r"\W", "_", place) + ".yml"))
            files[-1].write_text(text, encoding="utf-8")
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({group: {"hosts": {"localhost": {}}} for group in GROUPS}), encoding="utf-8")
    shipped = [f"spamexperts.local_cloud.{path.stem}" for path in sorted((ROOT / "playbooks").glob("*.yml"))]
    done = ansible.command("ansible-playbook", "--syntax-check", "-i", str(inventory), *map(str, files), *shipped)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WARNING]" not in done.stdout + done.stderr, done.stderr


def tasks_of(content) -> list[dict]:
    """Every task in a YAML document, at any depth."""
    found = []
    for item in content if isinstance(content, list) else []:
        found.append(item)
        for value in item.values() if isinstance(item, dict) else ():
            found += tasks_of(value)
    return found


def test_documented_tasks_use_options_that_exist(ansible):
    """The syntax check does not look at them."""
    modules = [f"spamexperts.local_cloud.{path.stem}" for path in (ROOT / "plugins" / "modules").glob("[!_]*.py")]
    done = ansible.command("ansible-doc", "--json", "--type", "module", *modules)
    documents = json.loads(done.stdout)
    known = {name: set(documents[name]["doc"]["options"]) for name in modules}
    sources = {place: yaml.safe_load(text) for place, text in blocks()}
    sources.update((f"EXAMPLES of {name}", yaml.safe_load(documents[name]["examples"])) for name in modules)
    looked_at = 0
    for place, content in sources.items():
        for task in tasks_of(content):
            for name in set(task) & set(modules) if isinstance(task, dict) else ():
                looked_at += 1
                assert set(task[name] or {}) <= known[name], place
    assert looked_at >= 3


def test_no_constant_has_an_escaped_bracket():
    """ansible-doc ends C(...) at the first bracket; V(...) and the like can escape one."""
    sources = [path for path in (ROOT / "plugins").rglob("*") if path.suffix in (".py", ".yml")]
    sources += (ROOT / "roles").glob("*/meta/argument_specs.yml")
    bad = [
        f"{path.name}: {text}"
        for path in sources
        for text in re.findall(r"\b[CBIU]\([^)]*\\\)", path.read_text("utf-8"))
    ]
    assert len(sources) > 50 and bad == []
