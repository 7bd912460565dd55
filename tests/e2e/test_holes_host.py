# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An administrator's bad days: two runs at once, a full disk, others' firewall rules, and what a removal leaves."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time

from e2e.containers import ROOT
from e2e.site import DATA_DIR, on
from e2e.test_changes import NEW, NEXT, OLD, QUICK, prepare
from e2e.test_deployment import CONFIG, HANDOVER, daemons, untouched

LOCK = "/run/spamexperts-receiver.lock"
NEEDRESTART = "/etc/needrestart/conf.d"
FILES = ROOT / "roles/rsyslog_receiver/files"
# More than any disk has, so that every disk is nearly full.
NO_ROOM = {"__rsyslog_receiver_room": 10**18}
OTHERS = 'rule family="ipv4" source address="198.51.100.1/32" accept'
# Exit status 1 unless needrestart would leave the unit alone.
ASK_NEEDRESTART = """
our %nrconf; do $ARGV[0]; die $@ if $@;
exit !grep { $ARGV[1] =~ $_ and !$nrconf{override_rc}{$_} } keys %{$nrconf{override_rc}};
"""


@contextlib.contextmanager
def locked(receiver):
    """Somebody else's run, on another controller, is at work."""
    script = (FILES / "lock.py").read_text(encoding="utf-8")
    run = ["elsewhere.example", "boot pid", "4711", "4711"]
    request = {"path": LOCK, "wait": 0, "lease": 86400, "run": run, "host": "log1"}

    def ask(name: str, **request) -> str:
        call = f"\n{name}({json.dumps(json.dumps(request))})\n"
        return receiver.run("python3", "-", stdin=(script + call).encode()).strip()

    token = ask("take", **request)
    try:
        yield
    finally:
        ask("release", path=LOCK, token=token)


@on("debian12")
def test_two_runs_at_a_time(site, receiver, tmp_path):
    """Both wait for a third one; then one follows the other, and what each reports was in force at its end.

    On the way: a nearly full disk does not keep an administrator from changing the secret.
    """
    prepare(site, {"secret": OLD})
    runs = []
    with untouched(receiver), locked(receiver):
        refused = site.playbook(
            "receiver", fails=True, **site.variables({"secret": NEW}, "udp"), **QUICK, __rsyslog_receiver_lock_wait=0
        )
        assert "ansible-playbook on elsewhere.example, process 4711, since" in refused
        for secret in (NEW, NEXT):
            variables = {**site.variables({"secret": secret}, "udp"), **QUICK, **NO_ROOM}
            command, options = site.command("receiver", **variables, __rsyslog_receiver_lock_wait=86400)
            own = (site.folder / "vars.json").rename(tmp_path / f"{secret}.json")
            command[command.index(f"@{site.folder / 'vars.json'}")] = f"@{own}"
            log = (tmp_path / f"{secret}.log").open("w+", encoding="utf-8")
            runs.append((subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **options), log))
        # Until both wait; nothing else in the container is called so.
        while receiver.shell("pgrep -xfc '[^ ]*python3[^ ]* -I -' || true") != "2":
            assert [run.poll() for run, _log in runs] == [None, None]
            time.sleep(0.2)
    outputs = []
    for run, log in runs:
        run.wait()
        log.seek(0)
        outputs.append(log.read())
        log.close()
        assert run.returncode == 0, outputs[-1][-6000:]
        assert "WARNING: The file system of" in outputs[-1]
        assert site.changed(outputs[-1]) > 0
    rules = receiver.shell(f"cat {CONFIG}/records.rulebase")
    assert (NEW in rules) != (NEXT in rules)
    assert OLD not in rules
    assert daemons(receiver) == 1
    traces = f"{CONFIG}/previous {CONFIG}/candidate /run/systemd/system/{HANDOVER} {LOCK}"
    assert receiver.shell(f"ls -d {traces} 2>/dev/null || true") == ""


def rules(receiver) -> list[set[str]]:
    """What firewalld keeps, and what is in force."""
    return [
        {
            line
            for question in ("--list-rich-rules", "--list-ports")
            for line in receiver.run("firewall-cmd", *kept, question).splitlines()
        }
        for kept in (["--permanent"], [])
    ]


@on("debian12")
def test_others_keep_what_is_theirs(site, receiver):
    """A host with firewalld, needrestart and without /etc/sysctl.d; afterwards nothing is anybody's who is gone."""
    receiver.shell(
        "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends firewalld "
        f"netbase nftables python3-nftables && systemctl restart firewalld && mkdir -p {NEEDRESTART} && "
        "rm -r /etc/sysctl.d"
    )
    others = rules(receiver)
    receiver.run("firewall-cmd", "--add-port=9999/tcp")
    receiver.run("firewall-cmd", f"--add-rich-rule={OTHERS}")
    others[1] = rules(receiver)[1]
    assert others[0] != others[1]
    variables = {**site.variables({"secret": OLD}, "udp"), **QUICK}
    everywhere = [{"transport": transport, "port": 5514, "address": "::"} for transport in ("udp", "tcp")]
    site.playbook(
        "receiver",
        **variables,
        rsyslog_receiver_listeners=everywhere,
        rsyslog_receiver_manage_firewall=True,
        rsyslog_receiver_allowed_senders=[site.cluster.address],
        # More than this machine has, so that the role has something to set.
        __rsyslog_receiver_socket_buffer=2**25,
    )
    ours = {
        f'rule family="ipv4" source address="{site.cluster.address}/32" port port="5514" protocol="{transport}" accept'
        for transport in ("udp", "tcp")
    }
    assert rules(receiver) == [kept | ours for kept in others]
    assert "rmem_max = 33554432" in receiver.shell("cat /etc/sysctl.d/60-spamexperts-receiver.conf")
    for transport in ("-u", "-t"):
        sockets = receiver.run("ss", "-Hln", transport, "sport = :5514")
        assert "0.0.0.0:5514" in sockets and "[::]:5514" in sockets
    unit = "spamexperts-receiver.service"
    receiver.run("perl", "-e", ASK_NEEDRESTART, f"{NEEDRESTART}/spamexperts-receiver.conf", unit)
    site.configure({"secret": OLD}, "udp")
    before = receiver.position()
    site.cluster.flow(seed=site.seed(), messages=60)
    receiver.settle()
    assert len(receiver.since(before)["messages"]) == 60
    upgraded(receiver)

    receiver.shell(f"install -o spamexperts -g spamexperts -m 0600 /dev/null {DATA_DIR}/notes")
    removal = {**variables, "rsyslog_receiver_state": "absent", "rsyslog_receiver_purge_data": True}
    kept = site.playbook("receiver", **removal)
    assert "WARNING: the user spamexperts stays" in kept and f"{DATA_DIR}/notes" in kept
    assert rules(receiver) == others
    assert receiver.shell(f"find {NEEDRESTART} /etc/sysctl.d -type f") == ""
    assert ownerless(receiver) == ""
    receiver.shell(f"rm {DATA_DIR}/notes")
    site.playbook("receiver", **removal)
    assert receiver.shell("getent passwd spamexperts; getent group spamexperts; true") == ""
    assert ownerless(receiver) == ""
    receiver.run("systemctl", "disable", "--now", "firewalld")

    refused = site.playbook("receiver", fails=True, **variables, **NO_ROOM)
    assert "Or choose another rsyslog_receiver_data_dir" in refused
    assert receiver.shell(f"ls -d {CONFIG} {DATA_DIR} {LOCK} 2>/dev/null || true") == ""


def upgraded(receiver) -> None:
    """The health check names the command once the configuration is for another rsyslog, and Python's name is gone."""
    command = "/usr/local/bin/rsyslog_receiver_metrics"
    text = receiver.shell(f"cat {command}")
    for pattern, other in (
        (r"--configured-for 8\.2302\.0", "--configured-for 8.2102.0"),
        (r"(?m)^python=\S+", "python=/gone"),
    ):
        text, count = re.subn(pattern, other, text)
        assert count == 1, text
    receiver.run("tee", command, stdin=text.encode())
    receiver.run("systemctl", "restart", "spamexperts-receiver-metrics")
    line = receiver.run("rsyslog_receiver_health", check=False)
    assert "rsyslog is 8.2302.0 now, and the configuration is for 8.2102.0: run the playbook" in line


def ownerless(receiver) -> str:
    return receiver.shell(r"find / /var/log -xdev \( -nouser -o -nogroup \) -print")
