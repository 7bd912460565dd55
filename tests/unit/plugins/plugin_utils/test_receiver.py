# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""What the role's table makes of a host, and the program that is sent there."""

from __future__ import annotations

import hashlib
import json
import pathlib
import subprocess
import sys

import pytest

from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils import _receiver

FILES = pathlib.Path(__file__).resolve().parents[4] / "roles" / "rsyslog_receiver" / "files"
FOUND = {
    "host": {"wrong": [], "taken": [], "foreign": [], "unsafe": [], "user_is_ours": True},
    "version": "rsyslogd  8.2302.0 (aka 2023.02) compiled with:",
    "pmnormalize": True,
    "written": [],
}


class Role:
    """A role of few variables; its templates show the job that they are for."""

    def __init__(self) -> None:
        job = {"command": "keep", "files": ["store.py"], "unit": "r-keep", "schedule": "daily", "proof": "/work/proof"}
        self.variables = {
            "wanted": {
                "directories": [{"path": "/lib"}, {"path": "/no", "when": False}],
                "files": [
                    {"path": "/etc/r/receiver.conf", "template": "receiver.conf.j2", "mode": "0640"},
                    {"path": "/etc/r/firewall.nft", "template": "firewall.nft.j2", "when": True},
                    {"path": "/etc/no", "content": "", "when": False},
                ],
                "rulebases": {"owner": "service", "mode": "0400"},
                "jobs": ["keep", "health"],
                "lnav": True,
                "links": [{"path": "/a.prom", "target": "/b.prom", "when": False}],
                "absent": ["/etc/r/candidate"],
                "installed": [],
                "units": ["r.service"],
                "user": {"name": "service"},
                "socket_buffer": "16",
                "nftables": {"table": "inet r", "file": "/etc/r/firewall.nft"},
                "firewalld": [],
            },
            "jobs": {"keep": job, "health": {"command": "health", "files": [], "schedule": ""}},
            "rulesets": [{"style": "csv"}],
            "rulebases": {"records": "rule with {{ braces }}"},
            "owned": ["/lib"],
            "lock_request": {"path": "/lock"},
            **{name: f"/{name}" for name in ("library", "commands", "units", "config_dir", "lnav_formats")},
            **{name: name for name in ("networks", "request", "manifest", "firewalld_list", "job")},
            **{name: name for name in ("sysctl_wanted", "firewall_wanted", "metrics_file", "firewall_rules")},
        }

    def value(self, name: str, once: bool = False):
        return self.variables.pop(name) if once else self.variables[name]

    def set(self, name: str, value) -> None:
        self.variables[name] = value

    def template(self, name: str) -> str:
        job = self.variables["job"]
        return name + (job["command"] if name.startswith("job.") else "")

    def file(self, name: str) -> bytes:
        return (FILES / name).read_bytes() if name.endswith(".py") else name.encode()

    def names(self, folder: str) -> list[str]:
        return [f"{folder}.json"]


@pytest.fixture
def role():
    return Role()


def test_each_file_is_wanted_with_its_digest(role):
    found = _receiver.wanted(role)
    contents = {
        "/etc/r/receiver.conf": b"receiver.conf.j2",
        "/etc/r/firewall.nft": b"firewall.nft.j2",
        "/config_dir/records.rulebase": b"rule with {{ braces }}",
        "/library/store.py": (FILES / "store.py").read_bytes(),
        "/commands/keep": b"job.sh.j2keep",
        "/units/r-keep.service": b"job.service.j2keep",
        "/units/r-keep.timer": b"job.timer.j2keep",
        "/commands/health": b"job.sh.j2health",
        "/lnav_formats/lnav.json": b"lnav/lnav.json",
    }
    assert {entry["path"]: entry["sha256"] for entry in found["files"]} == {
        path: hashlib.sha256(content).hexdigest() for path, content in contents.items()
    }
    modes = {entry["path"]: (entry["owner"], entry["mode"]) for entry in found["files"]}
    assert modes["/config_dir/records.rulebase"] == ("service", "0400")
    assert modes["/etc/r/receiver.conf"] == ("root", "0640")
    assert modes["/commands/keep"] == ("root", "0755")
    assert modes["/library/store.py"] == ("root", "0644")
    assert found["directories"] == [{"path": "/lib", "owner": "root", "group": "root", "mode": "0755"}]
    assert found["units"] == ["r.service", "r-keep.timer"]
    of = ["/library/store.py", "/commands/keep", "/units/r-keep.service"]
    assert found["proofs"] == [{"proof": "/work/proof", "of": of}]
    assert found["nftables"] == {"table": "inet r", "rules": "firewall.nft.j2"}
    assert (found["links"], found["socket_buffer"]) == ([], 16)


def test_no_content_goes_to_the_host(role):
    """A rulebase holds the secret, and a digest is enough."""
    assert "braces" not in json.dumps(_receiver.wanted(role))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, []),
        ({"host": {**FOUND["host"], "taken": ["UDP port 1"]}}, ["UDP port 1"]),
        ({"host": {**FOUND["host"], "user_is_ours": False}}, ["the user is another's"]),
        ({"version": "rsyslogd 8.2001.0"}, ["rsyslog: missing or too old"]),
        ({"version": ""}, ["rsyslog: missing or too old"]),
        ({"pmnormalize": False}, ["pmnormalize: missing"]),
    ],
)
def test_a_host_that_needs_a_closer_look(role, change, words):
    assert list(_receiver.refused(role, {**FOUND, **change})) == words


def test_the_variables_depend_on_what_was_found(role):
    _receiver.know(role, FOUND)
    assert (role.value("version"), role.value("pmnormalize"), role.value("written")) == ("8.2302.0", True, [])
    _receiver.know(role, {**FOUND, "version": ""})
    assert role.value("version") == "8.2102.0"


def test_the_program_runs_by_itself(role, tmp_path):
    """In a Python that finds nothing of ours; whatever a text holds."""
    request = {"lock": None, "facts": {"listeners": [], "user": "no-such-user'\\n", "group": "g"}, "manifest": "/none"}
    request["facts"].update(data_dir="/nonexistent/a", work_dir="/nonexistent/b", unit="/nonexistent/c")
    done = subprocess.run(
        [sys.executable, "-I", "-"],
        input=_receiver.script(role, "compare.look", request),
        capture_output=True,
        cwd=tmp_path,
        encoding="utf-8",
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["host"]["installed"] is False and found["written"] == []


def test_look_takes_no_lock_in_a_dry_run(role):
    assert _receiver.look_request(role, lock=False)["lock"] is None
    assert _receiver.look_request(role, lock=True)["lock"] == {"path": "/lock"}


DEPLOYS = {
    "config_dir": "/etc/r",
    "conf": "/etc/r/receiver.conf",
    "unit": "/units/r.service",
    "handover_unit": "/run/r-handover.service",
    "host_facts": {"rmem_max": 4096},
    "version": "8.2302.0",
    "pmnormalize": True,
    "written": ["/b", "/a"],
    "candidate_check": ["rsyslogd", "-N1"],
    "canary": {"listeners": []},
    "patience": "300",
    "lock_path": "/lock",
    "sysctl": "/sysctl",
    "handover": False,
}


class Deploying(Role):
    """A role whose templates show the variables that a handover sets."""

    def __init__(self, udp: bool, sysctl: bool) -> None:
        super().__init__()
        self.variables.update(DEPLOYS, has_udp=udp, sysctl_wanted=sysctl)
        self.variables["wanted"]["files"].append({"path": "/units/r.service", "template": "receiver.service.j2"})

    def value(self, name: str, once: bool = False):
        # The firewall is looked at only after a deployment.
        assert name != "wanted" or "firewalld_active" in self.variables
        return super().value(name, once)

    def template(self, name: str) -> str:
        shown = "/etc/r/records.rulebase" if name == "receiver.conf.j2" else self.variables["conf"]
        return f"{name} {shown} {self.variables['handover']}"


def test_the_candidate_and_the_handover_are_the_configuration_in_another_folder():
    request = _receiver.deploy_request(Deploying(udp=True, sysctl=False), "token")
    conf = request["files"]["/etc/r/receiver.conf"]
    assert conf == {
        "content": "receiver.conf.j2 /etc/r/records.rulebase False",
        "owner": "root",
        "group": "root",
        "mode": "0640",
    }
    assert request["candidate"]["receiver.conf"]["content"] == conf["content"].replace("/etc/r/", "/etc/r/candidate/")
    rules = {"content": "rule with {{ braces }}", "owner": "service", "mode": "0400"}
    assert request["candidate"]["records.rulebase"] == request["files"]["/etc/r/records.rulebase"] == rules
    assert request["handover"]["conf"]["path"] == "/etc/r/candidate/handover.conf"
    assert request["handover"]["conf"]["content"] == "receiver.conf.j2 /etc/r/candidate/records.rulebase True"
    assert request["handover"]["unit"]["path"] == request["handover_unit"] == "/run/r-handover.service"
    assert request["handover"]["unit"]["content"] == "receiver.service.j2 /etc/r/candidate/handover.conf True"
    assert (request["lock"], request["patience"]) == ({"path": "/lock", "token": "token"}, 300)


@pytest.mark.parametrize(
    ("sysctl", "listed", "rmem_max"), [(False, ["/a", "/b"], 0), (True, ["/a", "/b", "/sysctl"], 4096)]
)
def test_what_a_rollback_undoes_besides(sysctl, listed, rmem_max):
    request = _receiver.deploy_request(Deploying(udp=False, sysctl=sysctl), "token")
    assert request["handover"] is None
    assert json.loads(request["undo"]["list"]["content"]) == listed
    assert request["undo"]["rmem_max"] == rmem_max


def test_how_a_deployment_ended_is_told():
    failed = {"state": "restored", "step": "restart the receiver", "message": "no", "log": "line"}
    assert _receiver.told(failed) == (
        "The new configuration did not work, so the earlier one is in force again. "
        "What failed: restart the receiver: no The receiver's last log lines: line"
    )
    done = {"state": "deployed", "step": "", "message": "", "log": ""}
    assert _receiver.told_late(done).endswith("while it deployed a change. The new configuration is in force.")
    assert _receiver.told_late(None) == ""
