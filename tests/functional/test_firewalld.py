# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's rules in a firewalld that is three scripts: it keeps rules, has others in force, and can be stopped."""

from __future__ import annotations

import json
import os

import pytest
from functional.harness import one_play

ROLE = "spamexperts.local_cloud.rsyslog_receiver"
PORT = 'port port="5514" protocol="{}" accept'
UDP, TCP = (f"rule {PORT.format(transport)}" for transport in ("udp", "tcp"))
ONE, TWO = (
    [
        f'rule family="ipv4" source address="192.0.2.{number}/32" {PORT.format(transport)}'
        for transport in ("udp", "tcp")
    ]
    for number in (1, 2)
)
# As the role of 0.1.0 made them.
FORMER = 'rule family="ipv4" source address="192.0.2.1/32" service name="spamexperts-receiver" accept'
USERS = 'rule family="ipv4" source address="198.51.100.1/32" accept'
FIREWALL = """#!/bin/sh
cd "$STATE"
rules=runtime
for argument; do
    echo "$argument" >> calls
    case $argument in
        --permanent) rules=permanent ;;
        --list-rich-rules) cat $rules ;;
        --add-rich-rule=*) grep -qxF "${argument#*=}" $rules || echo "${argument#*=}" >> $rules ;;
        --remove-rich-rule=*) grep -vxF "${argument#*=}" $rules > rest; mv rest $rules ;;
        *) exit 2 ;;
    esac
done
"""
SCRIPTS = {
    "firewall-cmd": FIREWALL.replace('cd "$STATE"', 'cd "$STATE"\n[ -f stopped ] && exit 252'),
    "firewall-offline-cmd": FIREWALL.replace('cd "$STATE"', 'cd "$STATE"\n[ -f stopped ] || exit 1').replace(
        "rules=runtime", "rules=permanent"
    ),
    "systemctl": '#!/bin/sh\n[ ! -f "$STATE/stopped" ]\n',
}

pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="the role gives its files to root"),
    pytest.mark.matrix,
]


class Firewalld:
    def __init__(self, folder, ansible) -> None:
        self.folder, self.ansible = folder, ansible
        (folder / "bin").mkdir()
        for name, text in SCRIPTS.items():
            (folder / "bin" / name).write_text(text, "utf-8")
            (folder / "bin" / name).chmod(0o755)
        for name in ("permanent", "runtime"):
            (folder / name).write_text(USERS + "\n", "utf-8")

    def run(self, *arguments: str, senders=(), **more):
        """Run the role's part that is about firewalls; return how many tasks changed something."""
        extra = {
            # Not on this machine.
            "__rsyslog_receiver_firewall_wanted": False,
            "__rsyslog_receiver_firewalld_list": str(self.folder / "ours.json"),
            "rsyslog_receiver_manage_firewall": True,
            "rsyslog_receiver_allowed_senders": list(senders),
            **{f"rsyslog_receiver_{name}": value for name, value in more.items()},
        }
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        env = self.ansible.environment(PATH=path, STATE=str(self.folder))
        (self.folder / "calls").write_text("", "utf-8")
        tasks = {"ansible.builtin.include_role": {"name": ROLE, "tasks_from": "firewall"}}
        run = self.ansible.play(one_play(tasks), *arguments, extra=extra, env=env).assert_ok()
        return sum(bool(entry["result"].get("changed")) for entry in run.results)

    def rules(self, name="permanent") -> list[str]:
        return sorted((self.folder / name).read_text("utf-8").splitlines())

    def ours(self) -> list[str]:
        return json.loads((self.folder / "ours.json").read_text("utf-8"))


@pytest.fixture
def firewalld(tmp_path, ansible):
    return Firewalld(tmp_path, ansible)


def test_rules_come_and_go(firewalld):
    assert firewalld.run("--check", senders=["192.0.2.1"]) > 0
    assert firewalld.rules() == firewalld.rules("runtime") == [USERS]
    assert firewalld.run(senders=["192.0.2.1"]) > 0
    assert firewalld.rules() == firewalld.rules("runtime") == sorted([USERS, *ONE])
    assert firewalld.run(senders=["192.0.2.1"]) == 0
    assert firewalld.run("--check", senders=["192.0.2.1"]) == 0

    assert firewalld.run(senders=["192.0.2.2"]) > 0
    assert firewalld.rules() == firewalld.rules("runtime") == sorted([USERS, *TWO])
    assert firewalld.run() > 0
    assert firewalld.rules() == firewalld.rules("runtime") == sorted([USERS, UDP, TCP])
    assert firewalld.run(manage_firewall=False) > 0
    assert firewalld.rules() == firewalld.rules("runtime") == [USERS]
    assert firewalld.run(manage_firewall=False) == 0


def test_a_rule_that_was_there_stays(firewalld):
    for name in ("permanent", "runtime"):
        (firewalld.folder / name).write_text("\n".join([USERS, *ONE, ""]), "utf-8")
    firewalld.run(senders=["192.0.2.1", "192.0.2.2"])
    assert firewalld.ours() == sorted(TWO)
    firewalld.run(state="absent")
    assert firewalld.rules() == sorted([USERS, *ONE])


@pytest.mark.parametrize("lost", ["permanent", "runtime"])
def test_what_was_cut_short_is_finished(firewalld, lost):
    firewalld.run(senders=["192.0.2.1"])
    # Of a rule that is to come, and of one that is to go, only one half was done.
    (firewalld.folder / lost).write_text("\n".join([USERS, *TWO, ""]), "utf-8")
    (firewalld.folder / "ours.json").write_text(json.dumps([*ONE, *TWO]), "utf-8")
    assert firewalld.run("--check", senders=["192.0.2.1"]) > 0
    assert firewalld.run(senders=["192.0.2.1"]) > 0
    assert firewalld.rules() == firewalld.rules("runtime") == sorted([USERS, *ONE])
    assert firewalld.run(senders=["192.0.2.1"]) == 0


def test_the_rules_of_the_first_version_go(firewalld):
    for name in ("permanent", "runtime"):
        (firewalld.folder / name).write_text(f"{USERS}\n{FORMER}\n", "utf-8")
    (firewalld.folder / "ours.json").write_text(json.dumps([FORMER]), "utf-8")
    firewalld.run(senders=["192.0.2.1"])
    assert firewalld.rules() == firewalld.rules("runtime") == sorted([USERS, *ONE])


def test_a_firewalld_that_is_stopped_keeps_no_rule_of_ours(firewalld):
    firewalld.run(senders=["192.0.2.1"])
    (firewalld.folder / "stopped").touch()
    assert firewalld.run("--check", state="absent") > 0
    assert firewalld.run(state="absent") > 0
    assert firewalld.rules() == [USERS]
    assert firewalld.ours() == []
    # Nor is it asked where nothing of ours is.
    firewalld.run(state="absent")
    assert (firewalld.folder / "calls").read_text("utf-8") == ""
