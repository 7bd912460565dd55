# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments that do not get to their end: taken back where they do not work, finished where they were cut short."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

import pytest
from e2e.site import DATA_DIR, on
from e2e.test_changes import NEW, OLD, QUICK, prepare, under_load

CONFIG, UNITS = "/etc/rsyslog.d/spamexperts", "/etc/systemd/system"
SYSCTL = "/etc/sysctl.d/60-spamexperts-receiver.conf"
HANDOVER = "spamexperts-receiver-handover.service"
DEAF = 5599
STANDARD = [{"transport": "udp", "port": 5514}, {"transport": "tcp", "port": 5514}]
WITH_DEAF = [*STANDARD, {"transport": "tcp", "port": DEAF}]


def files(receiver) -> str:
    """Everything that makes the receiver what it is, with owner, mode and content; the manifest apart."""
    return receiver.shell(
        f"find {CONFIG} {UNITS}/spamexperts-receiver* -not -name manifest.json -not -path {CONFIG} "
        "-exec stat -c '%n %a %U:%G' {} + -type f -exec sha256sum {} + 2>/dev/null | sort",
    )


def main_pid(receiver) -> int:
    return int(receiver.shell("systemctl show -P MainPID spamexperts-receiver"))


def daemons(receiver) -> int:
    """How many rsyslogd the service's user runs."""
    return int(receiver.shell("pgrep -c -u spamexperts rsyslogd || true"))


def arrives(site) -> None:
    before = site.receiver.position()
    site.cluster.flow(seed=site.seed(), messages=60)
    site.receiver.settle()
    found = site.receiver.since(before)
    assert {name: len(records) for name, records in found.items()} == {"messages": 60, "status": 0, "quarantine": 0}


@contextlib.contextmanager
def deaf(receiver):
    """The port is another program's, of the service's own user: only the record that has to get through finds it."""
    receiver.shell(f"systemd-run --unit=deaf --uid=spamexperts python3 -m http.server --directory=/nonexistent {DEAF}")
    try:
        while receiver.shell(f"ss -Hltn sport = :{DEAF}") == "":
            receiver.run("systemctl", "is-active", "deaf")
            time.sleep(0.1)
        yield
    finally:
        receiver.run("systemctl", "stop", "deaf")


def prepared(site) -> dict:
    """The receiver with the old secret in force and the cluster sending there; return the variables for a run of it."""
    prepare(site, {"secret": OLD})
    return {**site.variables({"secret": OLD}, "udp"), **QUICK}


@contextlib.contextmanager
def untouched(receiver):
    """Its files are as they were, and the same process runs."""
    before = files(receiver), main_pid(receiver)
    yield
    assert (files(receiver), main_pid(receiver)) == before


def has_table(receiver) -> bool:
    return "spamexperts" in receiver.shell("! command -v nft >/dev/null || nft list tables")


@on("debian13")
def test_dry_runs_tell_the_truth_and_touch_nothing(site, receiver):
    variables = {**site.variables({"secret": OLD}, "tcp"), **QUICK, "spamexperts_proof_timeout": 0}
    site.playbook("site", **variables, spamexperts_force=True)
    site.cluster.flow(seed=site.seed(), messages=30)
    with untouched(receiver):
        unchanged = site.playbook("receiver", "--check", **variables)
        assert site.nothing_to_do(unchanged)
        assert "WARNING" not in unchanged

        cut = f"would cut the TCP connections of {site.cluster.address}"
        for change in (
            {"rsyslog_receiver_max_message_size": "256k"},
            # The sender is connected to a port that is no longer wanted.
            {"rsyslog_receiver_listeners": [{"transport": "tcp", "port": 5516}]},
        ):
            changed = site.playbook("receiver", "--check", **variables, **change)
            assert site.changed(changed) > 0
            assert f"WARNING: the restart {cut}" in changed
        removed = site.playbook("receiver", "--check", **variables, rsyslog_receiver_state="absent")
        assert site.changed(removed) > 0
        assert f"WARNING: the removal {cut}" in removed.replace("\n", " ")


def test_a_change_that_does_not_work_is_taken_back(site, receiver):
    """On one of the releases with the firewall, which has to be as it was, too."""
    variables = prepared(site)
    before = files(receiver)
    change = {"rsyslog_receiver_listeners": WITH_DEAF}
    if receiver.release == "debian13":
        change["rsyslog_receiver_manage_firewall"] = True
        change["rsyslog_receiver_allowed_senders"] = [site.cluster.address]
    with deaf(receiver), under_load(site, "change that is taken back") as found:
        output = site.playbook("receiver", fails=True, **variables, **change)
    assert "the earlier one is in force again" in output
    assert f"No record got through TCP port {DEAF}" in output
    assert OLD not in output
    assert found["quarantine"] == []
    assert files(receiver) == before
    assert not has_table(receiver)
    assert daemons(receiver) == 1
    arrives(site)
    assert site.nothing_to_do(site.playbook("receiver", **variables))
    site.known = {"secret": OLD}


@on("debian12")
def test_without_a_second_daemon_the_first_goes_on(site, receiver):
    variables = prepared(site)
    with untouched(receiver):
        receiver.shell(f"ln -s /dev/null {UNITS}/{HANDOVER} && systemctl daemon-reload")
        try:
            site.playbook("receiver", fails=True, **variables, rsyslog_receiver_max_message_size="256k")
        finally:
            receiver.shell(f"rm {UNITS}/{HANDOVER} && systemctl daemon-reload")
    arrives(site)
    site.known = {"secret": OLD}


@on("debian12")
def test_a_configuration_that_rsyslogd_refuses_changes_nothing(site, receiver):
    variables = prepared(site)
    with untouched(receiver):
        # No rsyslogd can make this out, and nothing before rsyslogd looks at it.
        output = site.playbook("receiver", fails=True, **variables, __rsyslog_receiver_max_sessions='1"nonsense="')
    assert "nothing of it is in force" in output
    site.known = {"secret": OLD}


@on("debian13")
def test_a_first_deployment_that_does_not_work_leaves_nothing_running(site, receiver):
    variables = {**site.variables({"secret": OLD}, "udp"), **QUICK}
    site.playbook("receiver", **variables, rsyslog_receiver_state="absent")
    with deaf(receiver):
        output = site.playbook(
            "receiver",
            fails=True,
            **variables,
            rsyslog_receiver_listeners=WITH_DEAF,
            rsyslog_receiver_manage_firewall=True,
            rsyslog_receiver_allowed_senders=["192.0.2.1"],
        )
    assert "the receiver was taken off again" in output
    assert daemons(receiver) == 0
    assert not has_table(receiver)
    left = receiver.shell(
        f"cd {CONFIG}; ls -d *.conf *.rulebase previous candidate {UNITS}/*spamexperts* {SYSCTL} "
        "/run/systemd/system/spamexperts* 2>/dev/null || true",
    )
    assert left == ""
    assert "spamexperts" not in receiver.shell("systemctl list-units --all --no-legend --state=failed")
    prepare(site, {"secret": OLD})
    arrives(site)


@contextlib.contextmanager
def before_the_restart(receiver, script: str):
    """Whatever restarts the receiver runs this first, when the new files are written."""
    wrapper = f"""#!/bin/sh
if [ "$*" = "restart spamexperts-receiver.service" ]; then
    {script}
fi
exec /usr/bin/systemctl "$@"
"""
    receiver.run("tee", "/usr/local/bin/systemctl", stdin=wrapper.encode())
    receiver.run("chmod", "0755", "/usr/local/bin/systemctl")
    try:
        yield
    finally:
        receiver.run("rm", "/usr/local/bin/systemctl")


def cut_short(site, log_format: dict) -> None:
    """Let a deployment die when it has written the rules and not yet restarted the service."""
    receiver = site.receiver
    pid = main_pid(receiver)
    with before_the_restart(receiver, "kill -KILL $PPID; exit 1"):
        output = site.playbook("receiver", fails=True, **site.variables(log_format, "udp"), **QUICK)
    assert "The deployment was cut short" in output
    assert main_pid(receiver) == pid
    assert daemons(receiver) == 2
    assert log_format["secret"] in receiver.shell(f"cat {CONFIG}/records.rulebase")
    receiver.shell(f"test -f {CONFIG}/previous/records.rulebase")


@on("debian12")
@pytest.mark.parametrize("works", [True, False])
def test_a_deployment_ends_although_the_connection_is_lost(site, receiver, works):
    """One way or the other; and the next run says how."""
    variables = prepared(site)
    change = {"rsyslog_receiver_max_message_size": "256k"}
    if not works:
        change["rsyslog_receiver_listeners"] = WITH_DEAF
    before = files(receiver)
    command, options = site.command("receiver", **variables, **change)
    wait = "touch /run/waits; while [ ! -e /run/goes ]; do sleep 0.1; done"
    with contextlib.ExitStack() as meanwhile:
        if not works:
            meanwhile.enter_context(deaf(receiver))
        with before_the_restart(receiver, wait):
            run = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True, **options)
            while receiver.shell("ls /run/waits 2>/dev/null || true") == "":
                assert run.poll() is None
                time.sleep(0.2)
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
            receiver.shell("touch /run/goes")
            while "active" in receiver.shell("systemctl is-active spamexperts-receiver-deployment || true").split():
                time.sleep(0.2)
            receiver.shell("rm /run/waits /run/goes")
    assert (files(receiver) == before) != works
    assert daemons(receiver) == 1
    wanted = {**variables, **({"rsyslog_receiver_max_message_size": "256k"} if works else {})}
    output = site.playbook("receiver", **wanted)
    assert "An earlier run lost its connection while it deployed a change." in output
    assert ("The new configuration is in force." if works else "the earlier one is in force again") in output
    arrives(site)
    site.known = {"secret": OLD}


@on("debian12")
@pytest.mark.parametrize("wanted", ["back", "finished", "removed"])
def test_a_run_that_was_cut_short(site, receiver, wanted):
    """The next one finishes it, or goes back, or removes everything; no second daemon stays."""
    # The last one begins where the one before it ended.
    before, after = (NEW, OLD) if wanted == "removed" else (OLD, NEW)
    prepare(site, {"secret": before})
    cut_short(site, {"secret": after})
    if wanted == "removed":
        variables = site.variables({"secret": after}, "udp")
        site.playbook("receiver", **variables, rsyslog_receiver_state="absent")
        assert daemons(receiver) == 0
        left = receiver.shell(
            f"find / -xdev -iname '*spamexperts*' -not -path '/proc/*' -not -path '{DATA_DIR}*'; "
            "systemctl list-units --all --no-legend 'spamexperts*'; ls /run/systemd/system",
        )
        assert "spamexperts" not in left
        return
    if wanted == "back":
        # What fails after that goes back to what worked before the first of both runs.
        with deaf(receiver):
            output = site.playbook(
                "receiver",
                fails=True,
                **site.variables({"secret": NEW}, "udp"),
                **QUICK,
                rsyslog_receiver_listeners=WITH_DEAF,
            )
        assert "the earlier one is in force again" in output
        rules = receiver.shell(f"cat {CONFIG}/records.rulebase")
        assert OLD in rules and NEW not in rules
        secret = OLD
    else:
        variables = {**site.variables({"secret": NEW}, "udp"), **QUICK}
        dry = site.playbook("receiver", "--check", **variables)
        assert "was cut short" in dry
        assert site.changed(dry) > 0
        site.configure({"secret": NEW}, "udp")
        with under_load(site, "after a run that was cut short"):
            output = site.playbook("receiver", **variables)
        assert site.changed(output) > 0
        assert site.nothing_to_do(site.playbook("receiver", **variables))
        secret = NEW
    assert daemons(receiver) == 1
    traces = f"{CONFIG}/previous {CONFIG}/candidate /run/systemd/system/{HANDOVER}"
    assert receiver.shell(f"ls -d {traces} 2>/dev/null || true") == ""
    site.configure({"secret": secret}, "udp")
    arrives(site)
    site.known = {"secret": secret}
