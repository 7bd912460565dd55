# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each room imports only what it may know, as the table of layers in CONTRIBUTING.md says."""

from __future__ import annotations

import ast
import graphlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog import settings

COLLECTION = "ansible_collections.spamexperts.local_cloud.plugins."
# The checkout itself, or the copy that ansible-test runs.
UTILS = Path(settings.__file__).parents[1]
# Room: the other rooms that it may import, and the packages besides Python's standard library.
ROOMS = {
    "_api": (set(), {"requests", "urllib3"}),
    "_log_format": (set(), set()),
    "_remote_syslog": ({"_api", "_log_format"}, set()),
    "_probe": ({"_api", "_remote_syslog"}, set()),
    "_receiver": ({"_log_format"}, set()),
}
FILES = sorted(UTILS.rglob("*.py"))


def name_of(path):
    """The name of a file below module_utils, with dots."""
    return ".".join(path.relative_to(UTILS).with_suffix("").parts).replace(".__init__", "")


def imports_of(path, name):
    """What a file imports, wherever in it: names below module_utils begin with a dot, others are as written."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module)
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= len(package) + 1, f"{name} imports from outside module_utils"
            above = package[: len(package) - node.level + 1]
            modules = [node.module] if node.module else [alias.name for alias in node.names]
            found.update("." + ".".join([*above, module]) for module in modules)
    own = COLLECTION + "module_utils"
    return {text[len(own) :] if text.startswith(own + ".") else text for text in found}


def strange(name, imported):
    """What a file imports, although its room must not."""
    room = name.split(".")[0]
    if room not in ROOMS:
        return set()
    rooms, packages = ROOMS[room]
    own = {text for text in imported if text.startswith(".")}
    return {text for text in own if text.split(".")[1] not in {room, *rooms}} | {
        text for text in imported - own if text.split(".")[0] not in {*sys.stdlib_module_names, *packages}
    }


def test_every_room_is_in_the_table():
    rooms = {path.parent.name for path in FILES if path.parent != UTILS}
    assert {"_api", "_log_format", "_remote_syslog"} <= rooms <= set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_room_imports_only_what_it_may_know(path):
    assert strange(name_of(path), imports_of(path, name_of(path))) == set()


def test_nothing_imports_in_a_circle():
    names = {name_of(path) for path in FILES}
    graph = {}
    for path in FILES:
        imported = {text[1:] for text in imports_of(path, name_of(path)) if text.startswith(".")}
        assert imported <= names
        graph[name_of(path)] = imported
    assert set(graphlib.TopologicalSorter(graph).static_order()) == names


@pytest.mark.parametrize(
    "name, line, found",
    [
        ("_api.client", "from .._remote_syslog.settings import NAMES", {"._remote_syslog.settings"}),
        ("_api.client", "from .errors import ApiError", set()),
        ("_api.client", "def f():\n    import ansible.module_utils.basic", {"ansible.module_utils.basic"}),
        ("_api.client", "import requests.auth, ssl", set()),
        ("_remote_syslog.plan", "import requests", {"requests"}),
        ("_remote_syslog.plan", "from .._api import errors", set()),
        ("_log_format.record", f"from {COLLECTION}module_utils._api.errors import shorten", {"._api.errors"}),
        ("_log_format.record", f"from {COLLECTION}plugin_utils import _report", {f"{COLLECTION}plugin_utils"}),
        ("_log_format.record", "from .. import _module", {"._module"}),
        ("_module", "from ansible.module_utils.basic import AnsibleModule", set()),
    ],
)
def test_what_must_not_be_imported_is_found(tmp_path, name, line, found):
    path = tmp_path / (name.split(".")[-1] + ".py")
    path.write_text(line)
    assert strange(name, imports_of(path, name)) == found


def test_the_api_knows_no_setting():
    # The other names are ordinary words.
    names = [name for name in settings.NAMES if "_" in name] + ["facility"]
    for path in (UTILS / "_api").glob("*.py"):
        texts = [node.value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                 if isinstance(node, ast.Constant) and isinstance(node.value, str)]  # fmt: skip
        assert [(path.name, text) for text in texts for name in names if name in text] == []


def test_the_log_format_runs_alone(tmp_path):
    """A receiver's host gets that folder and nothing else."""
    shutil.copytree(UTILS / "_log_format", tmp_path / "_log_format")
    program = f"""
import sys
sys.path[:] = [{str(tmp_path)!r}, *(path for path in sys.path if "site-packages" not in path)]
from _log_format.record import parse_record
from _log_format.template import compile_template, log_format
fmt = log_format({{"secret": "0123456789abcdef"}})
template = compile_template(fmt, "status")
fields = [field.name for field in fmt.fields("status")]
record = parse_record("<14>" + template % dict(dict.fromkeys(fields, ""), id="1ZPhsl-000000-99") + "\\0", fmt)
assert record["email.local_id"] == "1ZPhsl-000000-99" and record["event.action"] == "status", record
assert not [name for name in sys.modules if name.split(".")[0].startswith("ansible")]
print("read")
"""
    run = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "read\n"), run.stderr


def test_a_setting_is_in_three_files():
    """And its option in a fourth, which only declares it."""
    files = {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    naming = {
        name for name, tree in files.items()
        if any(isinstance(node, ast.Constant) and node.value in settings.NAMES for node in ast.walk(tree))
    }  # fmt: skip
    own = {f"_remote_syslog.{name}" for name in ("settings", "spellings", "plan")}
    assert {name for name in naming if name.startswith("_remote_syslog") or name == "_args"} == {*own, "_args"}
    assert {name for name in naming if name.startswith(("_api", "_log_format"))} == set()


def test_a_ninth_setting_is_a_row_and_its_words():
    """Read in every layout, compared, planned and written as the cluster spells it."""
    program = f"""
import json, sys
sys.path.append({str(UTILS.parent)!r})
from module_utils._remote_syslog import settings, spellings
words = {{name: (name, name.upper()) for name in ("rfc3164", "rfc5424")}}
spellings.SPELLINGS["protocol"] = spellings.Spelling(words, {{}})
settings.KINDS["protocol"] = settings.KINDS["level"]
settings.NAMES = tuple(settings.KINDS)
from module_utils._remote_syslog.plan import make_plan
from module_utils._remote_syslog.reply import parse_settings
shown = dict(host="a.example", port="514", facility="local0", socket_type="udp", message_template="M|%(id)s|M",
             enabled="True", level="INFO", status_template="S|%(id)s|S", protocol="RFC3164")
for text in ("\\n".join(map(": ".join, shown.items())), "\\n".join(map(" ".join, shown.items())),
             json.dumps(shown), repr(tuple(shown.values())), ",".join(shown.values())):
    current = settings.Settings.from_api(parse_settings(text + "\\n"))
    plan = make_plan(current, {{"protocol": settings.option("protocol", "rfc5424")}})
    assert plan.changed_keys == ("protocol",) and plan.payload["protocol"] == "RFC5424", (text, plan)
    assert not make_plan(current, {{"protocol": settings.option("protocol", "Rfc3164")}}).changed, text
print("planned")
"""
    run = subprocess.run([sys.executable, "-I", "-B", "-c", program], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "planned\n"), run.stderr
