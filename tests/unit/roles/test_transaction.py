# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deployment that fails goes back, and one that is killed at any point is finished by the next; systemd is played."""

from __future__ import annotations

import getpass
import grp
import os

import pytest
import transaction

MINE = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}
SERVICE, HANDOVER = "r.service", "r-handover.service"
REAL = {name: getattr(transaction, name) for name in ("write", "remove")}
WORKS = {"receiver.conf", "records.rulebase", SERVICE}


class Killed(BaseException):
    """The process is gone."""


class Host:
    """A folder for the configuration and one for units, and a systemd that knows what runs with what."""

    def __init__(self, folder) -> None:
        self.folder = folder
        # What a run has changed before it deploys.
        for name in ("list", "sysctl", "rmem_max"):
            (folder / name).write_text("new", "utf-8")
        self.conf, self.units, self.runtime = (folder / name for name in ("conf", "units", "runtime"))
        for path in (self.conf, self.units, self.runtime):
            path.mkdir()
        self.commands: list[tuple[str, ...]] = []
        # What each service was started with; by name.
        self.running: dict[str, dict[str, str]] = {}
        self.enabled: set[str] = set()
        self.refuses = lambda command: False
        self.proves = True
        self.dies_at = -1

    def deploy_with(self, monkeypatch) -> None:
        """Play the commands, with points to die at on both sides of each and of all that is written and removed."""
        monkeypatch.setattr(transaction, "run", self.run)
        monkeypatch.setattr(transaction, "RMEM_MAX", str(self.folder / "rmem_max"))
        for name in ("write", "remove"):
            monkeypatch.setattr(transaction, name, self.stepped(REAL[name]))

    def stepped(self, real):

        def call(*arguments):
            self.step()
            result = real(*arguments)
            self.step()
            return result

        return call

    def run(self, *command: str) -> tuple[int, str]:
        """Play one command, and die before or behind it when it is time."""
        self.step()
        self.commands.append(command)
        code = 1 if self.refuses(command) else 0
        if command[0] == "systemctl" and not code:
            self.systemctl(*command[1:])
        self.step()
        return code, "refused" if code else ""

    def step(self) -> None:
        self.dies_at -= 1
        if self.dies_at == 0:
            raise Killed

    def systemctl(self, verb: str, *words: str) -> None:
        name = words[-1] if words else ""
        if verb in ("stop", "disable"):
            self.running.pop(name, None)
            self.enabled.discard(name)
        elif verb == "restart" or (verb == "start" and name not in self.running):
            self.running[name] = self.files() if name == SERVICE else {}

    def files(self) -> dict[str, str]:
        """What is installed: content and mode by name."""
        paths = [*self.conf.glob("*.*"), *self.units.glob("*")]
        return {path.name: f"{path.stat().st_mode & 0o777:o} {path.read_text('utf-8')}" for path in paths}

    def traces(self) -> list[str]:
        return sorted(
            [path.name for path in self.conf.iterdir() if path.is_dir()]
            + [path.name for path in self.runtime.iterdir()]
        )

    def request(self, version: str, names=("receiver.conf", "records.rulebase"), handover: bool = True) -> dict:
        entry = {"mode": "0640", **MINE}
        candidate = {name: {"content": f"{name} {version} candidate", **entry} for name in names}
        files = {str(self.conf / name): {"content": f"{name} {version}", **entry} for name in names}
        files[str(self.units / SERVICE)] = {"content": f"unit {version}", **entry}
        return {
            "folder": str(self.conf),
            "unit": str(self.units / SERVICE),
            "handover_unit": str(self.runtime / HANDOVER),
            "candidate_folder": {"mode": "0750", **MINE},
            "candidate": candidate,
            "files": files,
            "handover": {
                "conf": {"path": str(self.conf / "candidate" / "handover.conf"), "content": version, **entry},
                "unit": {"path": str(self.runtime / HANDOVER), "content": "handover", **entry},
            }
            if handover
            else None,
            "check": ["rsyslogd", "-N1"],
            "undo": {
                "list": {"path": str(self.folder / "list"), "content": "as before", **entry},
                "sysctl": str(self.folder / "sysctl"),
                "rmem_max": 4096,
            },
        }

    def prove(self) -> None:
        self.step()
        if not self.proves:
            raise transaction.Failed("prove that records arrive", "none arrived")

    def deploy(self, version: str, **more) -> dict:
        self.commands.clear()
        return transaction.Deployment(self.request(version, **more), self.prove).deploy()

    def is_deployed(self, version: str) -> bool:
        """Whether all files are of that version, the service runs with them, and nothing else is left."""
        wanted = {name: f"640 {name} {version}" for name in WORKS - {SERVICE}} | {SERVICE: f"640 unit {version}"}
        return self.files() == wanted and self.running == {SERVICE: wanted} and self.traces() == []


@pytest.fixture
def host(tmp_path, monkeypatch):
    made = Host(tmp_path)
    made.deploy_with(monkeypatch)
    return made


@pytest.fixture
def installed(host):
    assert host.deploy("1")["state"] == "deployed"
    return host


def test_a_first_deployment_has_no_handover(host):
    assert host.deploy("1")["state"] == "deployed"
    assert host.is_deployed("1")
    assert not [command for command in host.commands if HANDOVER in command]


def test_a_change_hands_the_ports_over_before_it_writes(installed):
    assert installed.deploy("2")["state"] == "deployed"
    assert installed.is_deployed("2")
    names = [command[1:] for command in installed.commands if command[0] == "systemctl"]
    assert names == [
        ("daemon-reload",),
        ("restart", HANDOVER),
        ("daemon-reload",),
        ("restart", SERVICE),
        ("stop", HANDOVER),
    ]
    assert installed.deploy("3", handover=False)["state"] == "deployed"
    assert not [command for command in installed.commands if HANDOVER in command]


def test_a_candidate_that_is_refused_changes_nothing(installed):
    installed.refuses = lambda command: command[0] == "rsyslogd"
    outcome = installed.deploy("2")
    assert (outcome["state"], outcome["message"]) == ("refused", "refused")
    assert installed.is_deployed("1")
    assert [command[0] for command in installed.commands] == ["rsyslogd"]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("fails", ["restart", "proof"])
def test_what_does_not_work_is_taken_back(host, first, fails):
    if not first:
        host.deploy("1")
    once = iter([True])
    if fails == "proof":
        host.proves = False
    else:
        host.refuses = lambda command: command[1:] == ("restart", SERVICE) and next(once, False)
    outcome = host.deploy("2", names=("receiver.conf", "records.rulebase", "more.rulebase"))
    assert outcome["state"] == ("taken off" if first else "restored")
    assert outcome["step"] == ("prove that records arrive" if fails == "proof" else "restart the receiver")
    if first:
        assert (host.files(), host.running, host.traces()) == ({}, {}, [])
        assert not (host.folder / "sysctl").exists()
        assert (host.folder / "rmem_max").read_text("utf-8") == "4096"
    else:
        assert host.is_deployed("1")
        assert (host.folder / "list").read_text("utf-8") == "as before"
        assert (host.folder / "sysctl").exists()


def test_without_a_second_daemon_the_first_goes_on(installed):
    installed.refuses = lambda command: command[1:] == ("restart", HANDOVER)
    assert installed.deploy("2")["state"] == "restored"
    assert installed.is_deployed("1")
    assert ("systemctl", "restart", SERVICE) not in installed.commands


def test_what_worked_stays_known_where_nothing_runs(installed):
    installed.refuses = lambda command: command[1:] == ("restart", SERVICE)
    assert installed.deploy("2")["state"] == "stopped"
    assert "previous" in installed.traces()
    installed.refuses = lambda command: False
    installed.proves = False
    assert installed.deploy("3")["state"] == "restored"
    assert installed.is_deployed("1")


@pytest.mark.parametrize("after", ["finished", "back", "other"])
def test_a_deployment_that_is_killed_at_any_point(tmp_path, monkeypatch, after):
    """The next one finishes it, goes back to what worked before both, or deploys something else."""
    points = 0
    while True:
        points += 1
        (tmp_path / str(points)).mkdir()
        host = Host(tmp_path / str(points))
        host.deploy_with(monkeypatch)
        host.deploy("1")
        host.dies_at = points
        try:
            host.deploy("2")
        except Killed:
            pass
        else:
            break
        host.dies_at = -1
        unfinished = host.traces() != []
        if after == "back":
            host.proves = False
            assert host.deploy("2")["state"] == "restored"
            # Once everything was proved and put away, there is no going back behind it.
            assert host.is_deployed("1") or (host.is_deployed("2") and not unfinished)
        else:
            version = "2" if after == "finished" else "3"
            assert host.deploy(version)["state"] == "deployed"
            assert host.is_deployed(version)
    assert points > 40
