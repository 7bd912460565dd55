# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line, and that the documentation is whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from emulator import SWITCHES
from emulator.__main__ import main
from emulator.hostile import CLASSES

TESTS = Path(__file__).resolve().parents[2]
PACKAGE = TESTS / "emulator"


@pytest.fixture
def served(tmp_path):
    config = tmp_path / "switches"
    config.write_text("# a comment\nget_format=json\nwarnings=after\n")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "emulator",
            "serve",
            "--data-dir",
            str(tmp_path / "data"),
            "--nodes",
            "x.example,y.example",
            "--name",
            "cluster.example",
            "--config",
            str(config),
            "--switch",
            "warnings=none",
        ],
        cwd=TESTS,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield json.loads(process.stdout.readline())
    process.terminate()
    assert process.wait() == 0


def test_serve_flow_set_and_get(served, receiver, capsys):
    control = ["--control", served["control_url"]]
    assert served["nodes"] == ["x.example", "y.example"]
    assert served["url"].startswith("https://cluster.example:")
    assert len(Path(served["password_file"]).read_text().strip()) >= 20
    assert "BEGIN CERTIFICATE" in Path(served["ca_path"]).read_text()

    assert main(["get", "switches", *control]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["get_format"], shown["warnings"]) == ("json", "none")
    assert main(["set", "warnings=inline", *control]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == "inline"
    assert main(["set", "warnings=nosuch", *control]) == 1
    assert "nosuch" in capsys.readouterr().err

    assert main(["flow", "--messages", "10", *control]) == 1
    assert json.loads(capsys.readouterr().out)["suppressed"] == 10
    taker = receiver("udp")
    import urllib.request

    body = json.dumps({"host": "127.0.0.1", "port": taker.port, "enabled": "true"}).encode()
    urllib.request.urlopen(urllib.request.Request(served["control_url"] + "/state", body, method="POST")).close()
    assert main(["flow", "--messages", "10", "--statuses", "2", "--rate", "500", *control]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["sent"], summary["done"]) == (12, True)
    assert len(Path(served["sent_file"]).read_text().splitlines()) == 22


def test_it_also_runs_as_a_script(tmp_path):
    shown = subprocess.check_output([sys.executable, str(PACKAGE), "switches"], cwd=tmp_path, text=True)
    assert "get_format (kv_colon, " in shown


def test_wrong_switches_are_told_in_one_line(capsys):
    assert main(["serve", "--switch", "nosuch=1"]) == 1
    assert capsys.readouterr().err == "emulator: unknown switch: nosuch\n"
    assert main(["serve", "--switch", "warnings"]) == 1
    assert "NAME=VALUE" in capsys.readouterr().err


def test_every_switch_value_and_hostile_class_is_in_the_readme():
    readme = (PACKAGE / "README.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*)$", readme, re.MULTILINE))
    for switch in SWITCHES:
        assert switch.name in rows
        for word in switch.kind if isinstance(switch.kind, tuple) else ():
            assert f"`{word}`" in rows[switch.name], (switch.name, word)
    assert not {name for name in CLASSES if f"`{name}`" not in readme}


def test_it_stands_alone_and_its_files_are_short():
    for file in PACKAGE.glob("*.py"):
        text = file.read_text()
        assert len(text.splitlines()) < 300
        for module in re.findall(r"^(?:from|import) ([\w.]+)", text, re.MULTILINE):
            assert module.startswith(".") or module.split(".")[0] in sys.stdlib_module_names, (file.name, module)
