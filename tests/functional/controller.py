# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX makes of the data in ``awx/``: jobs for ansible-runner, and workflows of them.

As awx/main does it (tasks/jobs.py, models/credential.py, models/mixins.py, models/workflow.py): survey answers and
artifacts are text that Ansible must not evaluate, and what comes later wins.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
from pathlib import Path
from typing import Any, Callable, Mapping

import yaml
from jinja2 import sandbox

PREFIXES = ("awx", "tower")  # of the variables that say which job it is
KINDS = {"text": str, "textarea": str, "password": str, "multiplechoice": str, "integer": int}
VERBOSITY = 4


class Loader(yaml.SafeLoader):
    """Data as infra.aap_configuration gets it: Ansible does not evaluate what is unsafe."""


class Unsafe(yaml.SafeDumper):
    """Every text is one that Ansible must not evaluate, also as the name of a variable."""

    def represent_data(self, data: Any) -> yaml.Node:
        return self.represent_scalar("!unsafe", data) if isinstance(data, str) else super().represent_data(data)


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def load(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The lists of all files of a folder, by variable; a text that is a template of the user's own stays one."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("*.yml")):
        data = yaml.load(path.read_text("utf-8"), Loader)
        found.update({name: value for name, value in data.items() if name.startswith("controller_")})
    return found


def named(items: list[dict[str, Any]], name: str, key: str = "name") -> dict[str, Any]:
    """The one item of that name."""
    (found,) = [item for item in items if item[key] == name]
    return found


@dataclasses.dataclass(frozen=True)
class Job:
    """A job that ended. ``records`` is everything that AWX or a person could see of it."""

    ident: int
    template: str
    status: int
    stdout: str
    records: str
    artifacts: dict[str, Any]
    events: list[dict[str, Any]]

    @property
    def successful(self) -> bool:
        return self.status == 0

    def messages(self, task: str) -> list[Any]:
        """What a task said on each host, in the order of the events."""
        return [
            event["event_data"]["res"].get("msg")
            for event in self.events
            if event["event_data"].get("task") == task and "res" in event["event_data"]
        ]


class Controller:
    """An AWX with this data, a project, and the collections that its project update installed."""

    def __init__(self, ansible: Any, data: Mapping[str, Any], project: Path, collections: Path, folder: Path) -> None:
        self._ansible, self._data, self._project, self._collections = ansible, data, project, collections
        self._folder = folder
        self._idents = itertools.count(1)

    def launch(
        self,
        template_name: str,
        hosts: Mapping[str, Mapping[str, Any]],
        credentials: Mapping[str, Mapping[str, str]],
        answers: Mapping[str, Any] | None = None,
        handed_on: Mapping[str, Any] | None = None,
    ) -> Job:
        """Run the job of a template. credentials: inputs, by the credential's name. handed_on: earlier artifacts."""
        template = named(self._data["controller_templates"], template_name)
        ident = next(self._idents)
        folder = self._folder / str(ident)
        for name in ("env", "inventory"):
            (folder / name).mkdir(parents=True)
        (folder / "project").symlink_to(self._project)
        self._write_inventory(folder, template, hosts)
        # The template's variables, the survey's defaults, the answers, and then what a workflow hands on.
        variables = {**template.get("extra_vars", {}), **survey_values(template, answers or {}), **(handed_on or {})}
        meta = {f"{prefix}_job_id": ident for prefix in PREFIXES}
        meta.update({f"{prefix}_job_template_name": template_name for prefix in PREFIXES})
        write(folder / "env" / "extravars", dump({**variables, **meta}))
        environment = {"JOB_ID": str(ident)}
        for credential in template["credentials"]:
            environment.update(self.inject(credential, credentials.get(credential), folder / "env"))
        done = self._ansible.command(
            *("ansible-runner", "run", str(folder), "--playbook", template["playbook"], "--ident", str(ident)),
            *("--omit-env-files", "-" + "v" * VERBOSITY),
            env=self._environment(folder, environment),
        )
        return self._ended(folder, ident, template_name, done)

    def walk(
        self,
        workflow_name: str,
        between: Callable[[str], bool],
        hosts: Mapping[str, Mapping[str, Any]],
        credentials: Mapping[str, Mapping[str, str]],
    ) -> dict[str, Job]:
        """The jobs of a workflow by the identifier of their node. Only artifacts pass from one to the next.

        between: called before each node with its identifier; at an approval, its answer counts.
        """
        nodes = named(self._data["controller_workflows"], workflow_name)["simplified_workflow_nodes"]
        followers = {name for node in nodes for kind in ("success", "failure", "always") for name in links(node, kind)}
        waiting = [(node["identifier"], {}) for node in nodes if node["identifier"] not in followers]
        jobs: dict[str, Job] = {}
        while waiting:
            name, handed_on = waiting.pop(0)
            node = named(nodes, name, "identifier")
            successful = between(name)
            if "approval_node" not in node:
                jobs[name] = self.launch(
                    node["unified_job_template"], hosts, credentials, node.get("extra_data"), handed_on
                )
                successful = jobs[name].successful
                handed_on = {**handed_on, **jobs[name].artifacts}
            next_ones = (*links(node, "success" if successful else "failure"), *links(node, "always"))
            waiting += [(follower, handed_on) for follower in next_ones]
        return jobs

    def _write_inventory(
        self, folder: Path, template: Mapping[str, Any], hosts: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """The script that AWX writes. All hosts are in the group of the clusters."""
        inventory = named(self._data["controller_inventories"], template["inventory"])
        groups: dict[str, dict[str, Any]] = {group["name"]: {"hosts": []} for group in self._data["controller_groups"]}
        groups["local_clouds"]["hosts"] = list(hosts)
        groups["all"] = {"vars": inventory["variables"]}
        text = json.dumps({**groups, "_meta": {"hostvars": {name: dict(more) for name, more in hosts.items()}}})
        script = f"#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint({text!r})\n"
        write(folder / "inventory" / "hosts", script, 0o700)

    def inject(self, credential_name: str, inputs: Mapping[str, str] | None, folder: Path) -> dict[str, str]:
        """The environment variables that a credential yields; its files are written."""
        credential = named(self._data["controller_credentials"], credential_name)
        if credential["credential_type"] == "Machine":
            return {}
        kind = named(self._data["controller_credential_types"], credential["credential_type"])
        inputs = {} if inputs is None else inputs
        assert set(inputs) <= {field["id"] for field in kind["inputs"]["fields"]}
        assert set(kind["inputs"]["required"]) <= set(inputs)
        namespace: dict[str, Any] = {name: text for name, text in inputs.items() if text}
        jinja = sandbox.ImmutableSandboxedEnvironment()
        files = {}
        for label, text in kind["injectors"].get("file", {}).items():
            name = label.split(".")[1]
            files[name] = str(folder / f"{credential_name}-{name}".replace(" ", "-"))
            write(Path(files[name]), jinja.from_string(text).render(**namespace))
        namespace["tower"] = {"filename": files}
        assert set(kind["injectors"]) <= {"env", "file"}
        return {name: jinja.from_string(text).render(**namespace) for name, text in kind["injectors"]["env"].items()}

    def _environment(self, folder: Path, more: Mapping[str, str]) -> dict[str, str]:
        env = {name: text for name, text in self._ansible.environment().items() if not name.startswith("ANSIBLE_")}
        return {
            **env,
            "HOME": str(folder),
            "AWX_PRIVATE_DATA_DIR": str(folder),
            "ANSIBLE_COLLECTIONS_PATH": str(self._collections),
            "ANSIBLE_FORCE_COLOR": "True",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "MAX_EVENT_RES": "700000",
            **more,
        }

    def _ended(self, folder: Path, ident: int, template: str, done: Any) -> Job:
        artifacts = folder / "artifacts" / str(ident)
        events = [json.loads(path.read_text("utf-8")) for path in (artifacts / "job_events").glob("*.json")]
        events.sort(key=lambda event: event["counter"])
        # All but how runner was started, whose environment AWX shows with the injected values masked.
        paths = [path for path in artifacts.rglob("*") if path.is_file() and path.name != "command"]
        records = [path.read_text("utf-8") for path in paths]
        (wrapup,) = [event for event in events if event["event"] == "playbook_on_stats"]
        return Job(
            ident,
            template,
            done.returncode,
            done.stdout,
            "\n".join((done.stdout, done.stderr, *records)),
            wrapup["event_data"].get("artifact_data", {}),
            events,
        )


def survey_values(template: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """What a survey makes of answers: those that it does not ask for are refused, and defaults fill the gaps."""
    values = {}
    questions = {question["variable"]: question for question in template["survey_spec"]["spec"]}
    assert set(answers) <= set(questions), f"{template['name']} does not ask for {set(answers) - set(questions)}"
    for name, question in questions.items():
        value = answers.get(name, question.get("default"))
        if value is not None:
            assert isinstance(value, KINDS[question["type"]]) and not isinstance(value, bool), f"{name}: {value!r}"
            assert question["type"] != "multiplechoice" or value in question["choices"].splitlines()
            values[name] = value
    return values


def links(node: Mapping[str, Any], kind: str) -> list[str]:
    return node.get(f"{kind}_nodes", [])


def dump(variables: Mapping[str, Any]) -> str:
    return yaml.dump(dict(variables), Dumper=Unsafe, default_flow_style=False)


def write(path: Path, text: str, mode: int = 0o600) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, mode), "w", encoding="utf-8") as file:
        file.write(text)
