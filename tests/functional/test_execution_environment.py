# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution environment: its definition, and that what it installs is enough for every playbook."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml
from ansible.release import __version__
from functional.harness import GET, PASSWORD, ROOT, SET, clusters, forms

from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._variables import PLAYBOOKS

PROJECT = ROOT / "awx" / "project"


@pytest.fixture(scope="module")
def required(ansible, tmp_path_factory):
    """The Python libraries that ansible-builder finds, as a file for pip; it has found no package of the system."""
    path = tmp_path_factory.mktemp("introspected") / "requirements.txt"
    words = ("introspect", str(ansible.tree), "--write-pip", str(path))
    done = ansible.command("ansible-builder", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    (said,) = [part for part in yaml.safe_load_all(done.stdout) if part]
    assert said["system"] == []
    return path


def test_the_collection_says_what_it_needs(required):
    lines = [line.split("#")[0].strip() for line in required.read_text("utf-8").splitlines()]
    wanted = (ROOT / "meta" / "ee-requirements.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if line] == [line for line in wanted if line and not line.startswith("#")]


def test_the_definition_makes_a_build_context(ansible, tmp_path):
    definition = ROOT / "awx" / "execution-environment.yml"
    words = ("create", "--file", str(definition), "--context", str(tmp_path), "--output-filename", "Containerfile")
    done = ansible.command("ansible-builder", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    text = (PROJECT / "collections" / "requirements.yml").read_text("utf-8")
    assert yaml.safe_load((tmp_path / "_build" / "requirements.yml").read_text("utf-8")) == yaml.safe_load(text)
    assert "requirements.yml --collections-path" in (tmp_path / "Containerfile").read_text("utf-8")


@pytest.mark.matrix
def test_its_libraries_are_enough_for_every_playbook(ansible, cluster, required, tmp_path):
    """A virtual environment with nothing else: the clusters' playbooks run, those of the receivers are parsed."""
    venv = tmp_path / "venv"
    python = str(venv / "bin" / "python")
    libraries = [f"ansible-core=={__version__}", "-r", str(required)]
    for command in ([sys.executable, "-m", "venv", str(venv)], [python, "-m", "pip", "install", "-q", *libraries]):
        subprocess.run(command, check=True)
    two = {name: cluster() for name in ("east", "west")}
    inventory = tmp_path / "inventory.yml"
    groups = {"local_clouds": clusters(two), "spamexperts_receivers": {"logs": {}}}
    inventory.write_text(yaml.safe_dump({name: {"hosts": hosts} for name, hosts in groups.items()}), "utf-8")
    given = {
        "clusters": "local_clouds",
        "receiver_host": "logs.example.com",
        "backup_path": str(tmp_path / "kept"),
    }
    extra = [word for name, text in given.items() for word in ("-e", f"spamexperts_{name}={text}")]

    def playbook(*words):
        env = ansible.environment(VIRTUAL_ENV=str(venv), PATH=f"{venv / 'bin'}:/usr/bin:/bin")
        command = [str(venv / "bin" / "ansible-playbook"), "-i", str(inventory), *words]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    playbook("--syntax-check", *(str(PROJECT / f"{name}.yml") for name in PLAYBOOKS))
    books = [str(PROJECT / f"{name}.yml") for name in ("audit", "configure", "status", "restore")]
    said = playbook("-v", *extra, *books)
    assert [each.journal.calls.count(SET) for each in two.values()] == [2, 2] and GET in two["east"].journal.calls
    assert not [text for text in forms("apiuser", PASSWORD) if text in said]
