# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data in ``awx/`` runs: from the artifact, as jobs of ansible-runner, with nothing but what AWX hands on."""

from __future__ import annotations

import dataclasses
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from functional.controller import KINDS, Controller, links, load, named, survey_values
from functional.harness import PASSWORD, ROOT, SET, forms
from jinja2 import StrictUndefined, sandbox

from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._variables import BY_NAME, PLAYBOOKS

SECRET, OLDER_SECRET = "first-secret-0123456789", "older-secret-0123456789"
WORKFLOW = "SpamExperts change"


@pytest.fixture(scope="module")
def controller(ansible, tmp_path_factory):
    """An AWX whose project is the one in the artifact, and whose project update installed the artifact."""

    def galaxy(*words):
        done = ansible.command("ansible-galaxy", "collection", *words, env=env)
        assert done.returncode == 0, done.stdout + done.stderr

    folder = tmp_path_factory.mktemp("awx")
    collections = folder / "collections"
    # Not where this checkout already is.
    env = ansible.environment(ANSIBLE_COLLECTIONS_PATH=str(collections))
    galaxy("build", str(ROOT), "--output-path", str(folder))
    galaxy("install", str(next(folder.glob("*.tar.gz"))), "--collections-path", str(collections), "--offline")
    installed = collections / "ansible_collections" / "spamexperts" / "local_cloud"
    shutil.copytree(installed / "awx" / "project", folder / "project")
    (folder / "jobs").mkdir()
    return Controller(ansible, load(installed / "awx"), folder / "project", collections, folder / "jobs")


@pytest.fixture(scope="module")
def data():
    """The lists by their variable, as in the checkout."""
    return load(ROOT / "awx")


def test_the_data_refers_only_to_what_is_there(data):
    names = {kind: [item["name"] for item in items] for kind, items in data.items()}
    assert all(len(set(each)) == len(each) for each in names.values())
    templates, (workflow,) = data["controller_templates"], data["controller_workflows"]
    for template in templates:
        assert (ROOT / "awx" / "project" / template["playbook"]).is_file()
        assert template["project"] in names["controller_projects"]
        assert template["inventory"] in names["controller_inventories"]
        assert template["execution_environment"] in names["controller_execution_environments"]
        assert set(template["credentials"]) <= set(names["controller_credentials"])
        assert not template["allow_simultaneous"]
    launchable = {*names["controller_templates"], workflow["name"]}
    nodes = workflow["simplified_workflow_nodes"]
    identifiers = {node["identifier"] for node in nodes}
    for node in nodes:
        assert ("approval_node" in node) is (node.get("unified_job_template") not in launchable)
        assert {name for kind in ("success", "failure", "always") for name in links(node, kind)} <= identifiers
        assert node["identifier"] == "approval" or links(node, "always") == []
    # Nothing is changed that nobody has approved.
    assert [links(node, kind) for node in nodes[:2] for kind in ("success", "failure")] == [
        ["approval"],
        [],
        ["configure"],
        [],
    ]
    for schedule in data["controller_schedules"]:
        assert schedule["unified_job_template"] in launchable
        template = named(templates, schedule["unified_job_template"])
        assert survey_values(template, schedule["extra_data"])
    kinds = {*names["controller_credential_types"], "Machine"}
    assert {credential["credential_type"] for credential in data["controller_credentials"]} <= kinds


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_playbook_has_a_wrapper_in_the_project(playbook):
    (play,) = yaml.safe_load((ROOT / "awx" / "project" / f"{playbook}.yml").read_text("utf-8"))
    assert play["ansible.builtin.import_playbook"] == f"spamexperts.local_cloud.{playbook}"


def test_the_surveys_are_what_awx_accepts(data):
    """The rules of its API for the specification of a survey."""
    for template in data["controller_templates"]:
        survey = template["survey_spec"]
        assert template["survey_enabled"] and all(isinstance(survey[name], str) for name in ("name", "description"))
        asked = [question["variable"] for question in survey["spec"]]
        assert asked and len(set(asked)) == len(asked)
        for question in survey["spec"]:
            assert isinstance(question["question_name"], str) and question["required"] is False
            kind = KINDS[question["type"]]
            assert isinstance(question.get("default", kind()), kind)
            assert isinstance(question.get("min", 0), int) and not BY_NAME[question["variable"]].secret
            if question["type"] == "multiplechoice":
                assert question.get("default", "") in ("", *question["choices"].splitlines())


def test_the_credential_type_is_what_awx_accepts(data):
    """Every template of an injector knows its fields, and no variable is one that AWX refuses."""
    for kind in data["controller_credential_types"]:
        fields = {field["id"]: field for field in kind["inputs"]["fields"]}
        injectors = kind["injectors"]
        assert all(re.match(r"template\.[a-z_]+\Z", name) for name in injectors["file"])
        files = {name.split(".")[1]: "EXAMPLE" for name in injectors["file"]}
        known = {**dict.fromkeys(fields, "EXAMPLE"), "tower": {"filename": files}}
        strict = sandbox.ImmutableSandboxedEnvironment(undefined=StrictUndefined)
        for texts in injectors.values():
            assert "" not in {strict.from_string(text).render(known) for text in texts.values()}
        assert not any(name.startswith("ANSIBLE_") for name in injectors["env"])
        assert {name for name, field in fields.items() if field.get("secret")} == {
            name for name in fields if name.endswith(("password", "secret", "secrets"))
        }


@pytest.mark.parametrize(
    "given, restore",
    [
        ({"log_secret": SECRET}, SECRET),
        ({"log_secret": SECRET, "previous_log_secrets": OLDER_SECRET}, ""),
        ({"log_secret": SECRET, "previous_log_secrets": OLDER_SECRET, "restore_secret": OLDER_SECRET}, OLDER_SECRET),
        ({}, ""),
    ],
)
def test_a_credential_guesses_no_secret_and_names_no_file_that_is_empty(controller, tmp_path, given, restore):
    inputs = {"api_username": "apiuser", "api_password": PASSWORD, **given}
    env = controller.inject("SpamExperts Local Clouds", inputs, tmp_path)
    assert (env["SPAMEXPERTS_RESTORE_SECRET"], env["SPAMEXPERTS_CA_PATH"]) == (restore, "")
    assert env["SPAMEXPERTS_API_PASSWORD"] == PASSWORD


def test_the_project_installs_this_collection():
    """From where galaxy.yml says it is."""
    about = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))
    text = (ROOT / "awx" / "project" / "collections" / "requirements.yml").read_text("utf-8")
    (collection,) = yaml.safe_load(text)["collections"]
    assert (collection["type"], collection["name"]) == ("git", f"{about['repository']}.git")


@pytest.fixture
def world(cluster):
    """Two clusters with settings of their own, what the inventory says of them, and the credential."""
    two = {name: cluster(warn_when="pinned") for name in ("east", "west")}
    for emulator in two.values():
        emulator.state.pin(host="old.example.com", port="1514", message_template=f"{OLDER_SECRET} %(id)s")
        # What Ansible must not evaluate.
        emulator.state.pin(status_template="{{ 7 * 7 }} %(id)s")
    hosts = {
        name: {"spamexperts_api_url": emulator.url, "spamexperts_receiver_host": "logs.example.com"}
        for name, emulator in two.items()
    }
    inputs = {
        "api_username": two["east"].username,
        "api_password": PASSWORD,
        "ca_certificates": Path(two["east"].ca_path).read_text("utf-8"),
        "log_secret": SECRET,
        "previous_log_secrets": OLDER_SECRET,
        "restore_secret": OLDER_SECRET,
    }
    return World(two, hosts, {"SpamExperts Local Clouds": inputs, "SpamExperts receivers": {}})


@dataclasses.dataclass(frozen=True)
class World:
    """What jobs meet."""

    emulators: dict
    hosts: dict
    credentials: dict

    def held(self):
        """The settings of each cluster, and which of them follow no default."""
        return {name: (dict(each.state.settings), set(each.state.pinned)) for name, each in self.emulators.items()}

    def written(self):
        """How often each cluster was written to."""
        return {name: len(each.journal.writes) for name, each in self.emulators.items()}


def assert_hides(jobs):
    """No job's events, artifacts or output show a secret, in any form."""
    secrets = {SECRET, OLDER_SECRET, *forms("apiuser", PASSWORD)}
    for job in jobs:
        assert job.events and job.stdout
        assert [secret for secret in secrets if secret in job.records] == [], job.template


def test_what_fails_its_verification_is_restored(controller, world):
    """Someone changes a setting after configure. The artifact brings back what was there before the workflow."""
    before, seen = world.held(), []

    def between(node):
        seen.append((node, world.written()))
        if node == "verify":
            world.emulators["east"].state.pin(port="9999")
        return True

    jobs = controller.walk(WORKFLOW, between, world.hosts, world.credentials)
    statuses = {name: job.status for name, job in jobs.items()}
    assert statuses == {"audit": 0, "configure": 0, "verify": 2, "restore": 0}, jobs["restore"].stdout
    untouched, once, twice = ({"east": count, "west": count} for count in range(3))
    assert seen == [
        ("audit", untouched),
        ("approval", untouched),
        ("configure", untouched),
        ("verify", once),
        ("restore", once),
    ]
    assert (world.written(), world.held()) == (twice, before)
    assert {name: report["state"] for name, report in jobs["audit"].artifacts["spamexperts_report"].items()} == {
        "east": "drift",
        "west": "drift",
    }
    assert jobs["verify"].artifacts["spamexperts_report"] == {
        "east": {"state": "drift", "settings": {"port": {"is": 9999, "should_be": 5514}}},
        "west": {"state": "ok", "settings": {}},
    }
    # Nothing but the artifact had what was restored, and it has no secret.
    assert set(jobs["configure"].artifacts) == {"spamexperts_backup"}
    assert jobs["configure"].artifacts["spamexperts_backup"]["east"]["before"]["message_template"] == "******** %(id)s"
    assert all("********" in job.records for job in jobs.values())
    assert_hides(jobs.values())


def test_what_could_not_be_configured_everywhere_is_restored(controller, world):
    """West refuses the write, so east, which took it, gets its settings back as well."""
    before = world.held()
    world.emulators["west"].set_switch(fault="permission", fault_calls=SET)
    jobs = controller.walk(WORKFLOW, lambda node: True, world.hosts, world.credentials)
    assert {name: job.status for name, job in jobs.items()} == {"audit": 0, "configure": 2, "restore": 0}
    assert world.held() == before
    assert world.written()["east"] == 2
    assert_hides(jobs.values())


def test_two_jobs_on_one_cluster_at_the_same_time_are_told_apart(controller, world):
    """Both have read before either writes, and both have written before either reads again."""
    del world.hosts["west"]
    east = world.emulators["east"]
    east.set_switch("together", 2)

    def launch(port):
        hosts = {"east": {**world.hosts["east"], "spamexperts_receiver_port": int(port)}}
        return port, controller.launch("SpamExperts configure", hosts, world.credentials)

    with ThreadPoolExecutor(2) as pool:
        jobs = dict(pool.map(launch, ("6001", "6002")))
    held = east.state.settings["port"]
    (lost,) = set(jobs) - {held}
    assert {port: job.status for port, job in jobs.items()} == {held: 0, lost: 2}
    assert f"shows that port is '{held}'; port had another value before" in jobs[lost].stdout
    assert "another job at the same time" not in jobs[held].stdout
    # In the cluster's own log as well.
    assert {entry["arguments"]["port"]: entry["agent"] for entry in east.journal.writes} == {
        port: f"spamexperts.local_cloud (job {job.ident})" for port, job in jobs.items()
    }
    assert_hides(jobs.values())


def test_status(controller, world):
    job = controller.launch("SpamExperts status", world.hosts, world.credentials, {"spamexperts_max_queue": 0})
    assert set(job.artifacts["spamexperts_report"]) == {"east", "west"}
    assert job.status == 2 and "A queue holds" in job.stdout
    assert_hides([job])
