# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of the role would change is what the comparison names, on real files; systemd and others are stand-ins."""

from __future__ import annotations

import getpass
import grp
import hashlib
import json
import os
import pwd
import signal
import time

import compare
import pytest

ME = pwd.getpwuid(os.getuid())
MY_GROUP = grp.getgrgid(os.getgid()).gr_name
RULE = 'rule family="ipv4" source address="192.0.2.1/32" port port="5514" protocol="udp" accept'
NFT = """\
table inet spamexperts_receiver
delete table inet spamexperts_receiver
table inet spamexperts_receiver {
    # Sources that were refused: drop accept
    chain input {
        type filter hook input priority -5; policy accept;
        iif "lo" accept
        udp dport { 5514 } goto senders
        tcp dport { 5514, 5515 } goto senders
    }
    chain senders {
        ip saddr { 192.0.2.1/32, 198.51.100.0/25, 198.51.100.128/25 } accept
        ip6 saddr { 2001:db8::/32 } accept
        ip saddr @refused_ip counter drop
        add @refused_ip { ip saddr } log prefix "spamexperts-receiver refused: " level warn
        counter drop
    }
}
"""
# As nft prints it.
IN_FORCE = """\
table inet spamexperts_receiver {
\tset refused_ip {
\t\ttype ipv4_addr
\t\tsize 65536
\t\tflags dynamic,timeout
\t}
\tchain input {
\t\ttype filter hook input priority filter - 5; policy accept;
\t\tiif "lo" accept
\t\tudp dport 5514 goto senders
\t\ttcp dport { 5514, 5515 } goto senders
\t}
\tchain senders {
\t\tip saddr { 192.0.2.1, 198.51.100.0/24 } accept
\t\tip6 saddr 2001:db8::/32 accept
\t\tip saddr @refused_ip counter packets 3 bytes 99 drop
\t\tadd @refused_ip { ip saddr } log prefix "spamexperts-receiver refused: "
\t\tcounter packets 0 bytes 0 drop
\t}
}
"""


class Host:
    """A host that is as wanted, with something of everything."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.path("file").write_text("text", "utf-8")
        self.path("file").chmod(0o640)
        self.path("folder").mkdir(0o750)
        self.path("script").write_text("script", "utf-8")
        self.path("proof").write_text("", "utf-8")
        os.utime(self.path("script"), ns=(10**18, 10**18))
        self.path("link").symlink_to("/target")
        self.write_list("manifest", ["/one", "/two"])
        self.write_list("ours", [])
        mine = {"owner": getpass.getuser(), "group": MY_GROUP}
        self.want = {
            "directories": [{"path": str(self.path("folder")), "mode": "0750", **mine}],
            "files": [
                {
                    "path": str(self.path("file")),
                    "mode": "0640",
                    "sha256": hashlib.sha256(b"text").hexdigest(),
                    **mine,
                }
            ],
            "links": [{"path": str(self.path("link")), "target": "/target"}],
            "proofs": [{"proof": str(self.path("proof")), "of": [str(self.path("script"))]}],
            "absent": [str(self.path("candidate"))],
            "installed": [[str(self.path("nowhere/*")), str(self.path("f*"))]],
            "units": ["one.service", "two.timer"],
            "user": {
                "name": ME.pw_name,
                "group": grp.getgrgid(ME.pw_gid).gr_name,
                "comment": ME.pw_gecos,
                "home": ME.pw_dir,
                "shell": ME.pw_shell,
            },
            "socket_buffer": 1,
            "nftables": {"table": "inet spamexperts_receiver", "rules": NFT},
            "firewalld": {"list": str(self.path("ours")), "rules": [RULE]},
            "manifest": {"path": str(self.path("manifest")), "files": ["/two", "/one"]},
        }
        self.units = {name: ["active", "enabled", "no"] for name in ("one.service", "two.timer")}
        self.units["firewalld.service"] = ["inactive", "disabled", "no"]
        self.nft = IN_FORCE
        self.rules = {"--permanent": [RULE], "": [RULE]}

    def path(self, name: str):
        return self.folder / name

    def write_list(self, name: str, entries: list[str]) -> None:
        self.path(name).write_text(json.dumps(entries), "utf-8")

    def output(self, program: str, *arguments: str) -> str:
        """What systemctl, nft and firewall-cmd print."""
        if program == "systemctl":
            return "\n".join(
                f"Id={name}\nActiveState={active}\nUnitFileState={enabled}\nNeedDaemonReload={old}\n"
                for name, (active, enabled, old) in self.units.items()
            )
        if program == "firewall-cmd":
            return "".join(f"{rule}\n" for rule in self.rules["--permanent" if "--permanent" in arguments else ""])
        return self.nft

    def differs(self) -> list[str]:
        return [line.replace(f"{self.folder}/", "") for line in compare.compared(self.want)]


@pytest.fixture
def host(tmp_path, monkeypatch):
    made = Host(tmp_path)
    monkeypatch.setattr(compare, "output", made.output)
    return made


def test_a_host_that_is_as_wanted(host):
    assert host.differs() == []


CHANGES = {
    "content": (lambda host: host.path("file").write_text("other", "utf-8"), "file: content"),
    "mode": (lambda host: host.path("file").chmod(0o644), "file: mode"),
    "mode of a directory": (lambda host: host.path("folder").chmod(0o755), "folder: mode"),
    "owner": (lambda host: host.want["files"][0].update(owner="nobody"), "file: owner"),
    "group": (lambda host: host.want["directories"][0].update(group="nowhere"), "folder: group"),
    "no file": (lambda host: host.path("file").unlink(), "file: missing"),
    "a link for a directory": (
        lambda host: (host.path("folder").rmdir(), host.path("folder").symlink_to("/tmp")),
        "folder: of another kind",
    ),
    "link elsewhere": (lambda host: host.want["links"][0].update(target="/other"), "link: another target"),
    "link that is a file": (
        lambda host: (host.path("link").unlink(), host.path("link").touch()),
        "link: another target",
    ),
    "a run cut short": (lambda host: host.path("candidate").mkdir(), "candidate: there"),
    "a link left": (lambda host: host.path("candidate").symlink_to("/nowhere"), "candidate: there"),
    "package": (lambda host: host.want["installed"].append(["/nowhere/*"]), "/nowhere/*: missing"),
    "no user": (lambda host: host.want["user"].update(name="no-such-user"), "user no-such-user: missing"),
    "user": (lambda host: host.want["user"].update(shell="/bin/other"), f"user {ME.pw_name}: differs"),
    "stopped": (
        lambda host: host.units["one.service"].__setitem__(0, "failed"),
        "one.service: failed and enabled",
    ),
    "disabled": (
        lambda host: host.units["two.timer"].__setitem__(1, ""),
        "two.timer: active and not there",
    ),
    "not reloaded": (
        lambda host: host.units["one.service"].__setitem__(2, "yes"),
        "one.service: systemd has to read it again",
    ),
    "script changed": (lambda host: os.utime(host.path("script")), "proof: older than its job"),
    "no proof": (lambda host: host.path("proof").unlink(), "proof: older than its job"),
    "table flushed": (lambda host: setattr(host, "nft", ""), "nftables: other rules are in force"),
    "rule deleted": (
        lambda host: setattr(host, "nft", host.nft.replace("\t\ttcp dport { 5514, 5515 } goto senders\n", "")),
        "nftables: other rules are in force",
    ),
    "sender added": (
        lambda host: setattr(host, "nft", host.nft.replace("192.0.2.1,", "192.0.2.1, 203.0.113.9,")),
        "nftables: other rules are in force",
    ),
    "port added": (
        lambda host: setattr(host, "nft", host.nft.replace("udp dport 5514", "udp dport 5515")),
        "nftables: other rules are in force",
    ),
    "all admitted": (
        lambda host: setattr(host, "nft", host.nft.replace("counter packets 0 bytes 0 drop", "accept")),
        "nftables: other rules are in force",
    ),
    "surplus rule of firewalld": (lambda host: host.write_list("ours", [RULE]), "firewalld: surplus rules"),
    "list of files": (lambda host: host.write_list("manifest", ["/one"]), "manifest: content"),
    "no list of files": (lambda host: host.path("manifest").unlink(), "manifest: content"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_difference_is_named(host, change):
    make, words = CHANGES[change]
    host.path("proof").touch()
    make(host)
    if change == "script changed":
        os.utime(host.path("script"), ns=(time.time_ns() + 10**12,) * 2)
    assert host.differs() == [words]


def test_a_script_as_old_as_its_proof_is_proved(host):
    os.utime(host.path("proof"), ns=(10**18, 10**18))
    assert host.differs() == []


@pytest.mark.parametrize("lost", ["--permanent", ""])
def test_firewalld_that_runs_has_to_have_the_rules_kept_and_in_force(host, lost):
    host.units["firewalld.service"][0] = "active"
    host.write_list("ours", [RULE])
    assert host.differs() == []
    host.rules[lost] = []
    assert host.differs() == ["firewalld: missing rules"]


def test_a_socket_buffer_counts_where_it_can_be_raised(host, monkeypatch, tmp_path):
    host.want["socket_buffer"] = 1 << 60
    limit = tmp_path / "rmem_max"
    limit.write_text("1000", "utf-8")
    monkeypatch.setattr(compare, "RMEM_MAX", str(limit))
    for may_write in (True, False):
        monkeypatch.setattr(compare.os, "access", lambda path, mode, answer=may_write: answer)
        assert len(host.differs()) == may_write


def test_a_record_has_to_arrive(monkeypatch):
    def die(_request):
        os._exit(1)

    for main, arrives in ((len, True), (die, False)):
        monkeypatch.setattr(compare.canary, "main", main)
        assert (compare.canary.complaint({}, 60) == "") == arrives


def test_whoever_is_stopped_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(compare.canary, "main", lambda text: os.kill(os.getpid(), signal.SIGSTOP))
    assert "did not end by itself" in compare.canary.complaint({}, 0.2)


@pytest.fixture
def run(host, monkeypatch, tmp_path, capsys):
    """Look and compare as the action plugin has it done; return what each prints."""
    lock = tmp_path / "lock"
    asked = {"path": str(lock), "wait": 0, "lease": 60, "host": "log1", "run": ["ctl", "boot", "1", "1"]}
    monkeypatch.setattr(compare.canary, "main", lambda text: None)
    monkeypatch.setattr(compare.host_facts, "facts", lambda request: request)

    def both(facts):
        compare.look({"lock": asked, "facts": facts, "manifest": str(host.path("manifest"))})
        found = json.loads(capsys.readouterr().out)
        if "refused" in found:
            return found, None
        held = {"path": str(lock), "token": found["token"]}
        compare.compare({"want": host.want, "canary": {}, "patience": 60, "lock": held})
        return found, json.loads(capsys.readouterr().out)

    both.lock = lock
    return both


def test_the_lock_is_given_up_where_nothing_differs(run):
    found, compared = run({"free": 1})
    assert found["host"] == {"free": 1} and found["written"] == ["/one", "/two"]
    assert compared == {"differs": []}
    assert not run.lock.exists()


def test_the_lock_is_kept_where_something_has_to_change(run, host):
    host.path("file").unlink()
    found, compared = run({})
    assert compared["differs"]
    assert found["token"] in run.lock.read_text("utf-8")


def test_another_run_is_named(run, monkeypatch):
    run.lock.write_text(
        json.dumps(
            {
                "node": "elsewhere",
                "controller": "other",
                "process": "7",
                "host": "log1",
                "token": "x",
                "since": "then",
                "until": compare.lock.clock() + 1000,
            }
        ),
        "utf-8",
    )
    found, _compared = run({})
    assert "ansible-playbook on elsewhere, process 7, since then" in found["refused"]
