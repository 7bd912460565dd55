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
from e2e.conftest import DATA_DIR, podman
from e2e.test_changes import NEW, OLD, QUICK, prepare, under_load

CONFIG, UNITS = "/etc/rsyslog.d/spamexperts", "/etc/systemd/system"
SYSCTL = "/etc/sysctl.d/60-spamexperts-receiver.conf"
HANDOVER = "spamexperts-receiver-handover.service"
DEAF = 5599
STANDARD = [{"transport": "udp", "port": 5514}, {"transport": "tcp", "port": 5514}]
WITH_DEAF = [*STANDARD, {"transport": "tcp", "port": DEAF}]


def shell(receiver, script: str) -> str:
    return podman("exec", receiver.container, "sh", "-c", script).strip()


def files(receiver) -> str:
    """Everything that makes the receiver what it is, with owner, mode and content; the manifest apart."""
    return shell(
        receiver,
        f"find {CONFIG} {UNITS}/spamexperts-receiver* -not -name manifest.json -not -path {CONFIG} "
        "-exec stat -c '%n %a %U:%G' {} + -type f -exec sha256sum {} + 2>/dev/null | sort",
    )


def main_pid(receiver) -> int:
    return int(shell(receiver, "systemctl show -P MainPID spamexperts-receiver"))


def daemons(receiver) -> int:
    """How many rsyslogd the service's user runs."""
    return int(shell(receiver, "pgrep -c -u spamexperts rsyslogd || true"))


def arrives(site, receiver) -> None:
    before = receiver.counts()
    site.cluster.flow(seed=site.seed(), messages=60, rate=600)
    receiver.wait(before, 60)
    after = receiver.counts()
    assert {name: after[name] - before[name] for name in after} == {"messages": 60, "status": 0, "quarantine": 0}


@contextlib.contextmanager
def deaf(receiver):
    """The port is another program's, of the service's own user: only the record that has to get through finds it."""
    podman(
        "exec",
        receiver.container,
        "systemd-run",
        "--unit=deaf",
        "--uid=spamexperts",
        *("python3", "-m", "http.server", "--directory=/nonexistent", str(DEAF)),
    )
    try:
        yield
    finally:
        podman("exec", receiver.container, "systemctl", "stop", "deaf")


def prepared(site, release: str) -> tuple:
    """That receiver with the old secret in force and the cluster sending there, and the variables for a run of it."""
    receiver = site.receivers[release]
    prepare(site, receiver, {"secret": OLD})
    return receiver, {**site.variables(receiver, {"secret": OLD}, "udp"), **QUICK}


@contextlib.contextmanager
def untouched(receiver):
    """Its files are as they were, and the same process runs."""
    before = files(receiver), main_pid(receiver)
    yield
    assert (files(receiver), main_pid(receiver)) == before


def has_table(receiver) -> bool:
    return "spamexperts" in shell(receiver, "! command -v nft >/dev/null || nft list tables")


def test_dry_runs_tell_the_truth_and_touch_nothing(site):
    receiver = site.receivers["debian13"]
    variables = {**site.variables(receiver, {"secret": OLD}, "tcp"), **QUICK, "spamexperts_proof_timeout": 0}
    site.playbook("site", **variables, spamexperts_force=True)
    site.cluster.flow(seed=site.seed(), messages=30, rate=100)
    with untouched(receiver):
        unchanged = site.playbook("receiver", "--check", **variables)
        assert site.changed(unchanged) == {receiver.container: 0}
        assert "WARNING" not in unchanged

        cut = f"would cut the TCP connections of {site.cluster.address}"
        for change in (
            {"rsyslog_receiver_max_message_size": "256k"},
            # The sender is connected to a port that is no longer wanted.
            {"rsyslog_receiver_listeners": [{"transport": "tcp", "port": 5516}]},
        ):
            changed = site.playbook("receiver", "--check", **variables, **change)
            assert site.changed(changed)[receiver.container] > 0
            assert f"WARNING: the restart {cut}" in changed
        removed = site.playbook("receiver", "--check", **variables, rsyslog_receiver_state="absent")
        assert site.changed(removed)[receiver.container] > 0
        assert f"WARNING: the removal {cut}" in removed.replace("\n", " ")


def test_a_change_that_does_not_work_is_taken_back(site, release):
    receiver, variables = prepared(site, release)
    before = files(receiver)
    with deaf(receiver), under_load(site, receiver, f"{release} change that is taken back") as found:
        output = site.playbook("receiver", fails=True, **variables, rsyslog_receiver_listeners=WITH_DEAF)
    assert "the earlier one is in force again" in output
    assert f"No record got through TCP port {DEAF}" in output
    assert OLD not in output
    assert found["quarantine"] == []
    assert files(receiver) == before
    assert daemons(receiver) == 1
    arrives(site, receiver)
    assert site.changed(site.playbook("receiver", **variables))[receiver.container] == 0


def test_a_change_that_is_taken_back_leaves_the_firewall_as_it_was(site):
    receiver, variables = prepared(site, "debian13")
    before = files(receiver)
    with deaf(receiver):
        site.playbook(
            "receiver",
            fails=True,
            **variables,
            rsyslog_receiver_listeners=WITH_DEAF,
            rsyslog_receiver_manage_firewall=True,
            rsyslog_receiver_allowed_senders=["192.0.2.1"],
        )
    assert not has_table(receiver)
    assert files(receiver) == before
    arrives(site, receiver)


def test_without_a_second_daemon_the_first_goes_on(site):
    receiver, variables = prepared(site, "debian12")
    with untouched(receiver):
        shell(receiver, f"ln -s /dev/null {UNITS}/{HANDOVER} && systemctl daemon-reload")
        try:
            site.playbook("receiver", fails=True, **variables, rsyslog_receiver_max_message_size="256k")
        finally:
            shell(receiver, f"rm {UNITS}/{HANDOVER} && systemctl daemon-reload")
    arrives(site, receiver)


def test_a_configuration_that_rsyslogd_refuses_changes_nothing(site):
    receiver, variables = prepared(site, "debian12")
    with untouched(receiver):
        # No rsyslogd can make this out, and nothing before rsyslogd looks at it.
        output = site.playbook("receiver", fails=True, **variables, __rsyslog_receiver_max_sessions='1"nonsense="')
    assert "nothing of it is in force" in output


def test_a_first_deployment_that_does_not_work_leaves_nothing_running(site):
    receiver = site.receivers["debian13"]
    variables = {**site.variables(receiver, {"secret": OLD}, "udp"), **QUICK}
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
    left = shell(
        receiver,
        f"cd {CONFIG}; ls -d *.conf *.rulebase previous candidate {UNITS}/*spamexperts* {SYSCTL} "
        "/run/systemd/system/spamexperts* 2>/dev/null || true",
    )
    assert left == ""
    assert "spamexperts" not in shell(receiver, "systemctl list-units --all --no-legend --state=failed")
    prepare(site, receiver, {"secret": OLD})
    arrives(site, receiver)


def cut_short(site, receiver, log_format: dict) -> None:
    """Let a run die when it has written the rules and not yet restarted the service."""
    pid = main_pid(receiver)
    command, options = site.command("receiver", **site.variables(receiver, log_format, "udp"), **QUICK)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = subprocess.Popen(command, start_new_session=True, **quiet, **options)
    written = f"grep -q {log_format['secret']} {CONFIG}/records.rulebase"
    shell(receiver, f"timeout 100 sh -c 'until {written}; do sleep 0.1; done'")
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    time.sleep(1)
    assert main_pid(receiver) == pid
    assert daemons(receiver) == 2
    shell(receiver, f"test -f {CONFIG}/previous/records.rulebase")


@pytest.mark.parametrize("wanted", ["finished", "back", "removed"])
def test_a_run_that_was_cut_short(site, wanted):
    """The next one finishes it, or goes back, or removes everything; no second daemon stays."""
    receiver = site.receivers["debian12"]
    prepare(site, receiver, {"secret": OLD})
    cut_short(site, receiver, {"secret": NEW})
    if wanted == "removed":
        variables = site.variables(receiver, {"secret": NEW}, "udp")
        site.playbook("receiver", **variables, rsyslog_receiver_state="absent")
        assert daemons(receiver) == 0
        left = shell(
            receiver,
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
                **site.variables(receiver, {"secret": NEW}, "udp"),
                **QUICK,
                rsyslog_receiver_listeners=WITH_DEAF,
            )
        assert "the earlier one is in force again" in output
        rules = shell(receiver, f"cat {CONFIG}/records.rulebase")
        assert OLD in rules and NEW not in rules
        secret = OLD
    else:
        variables = {**site.variables(receiver, {"secret": NEW}, "udp"), **QUICK}
        dry = site.playbook("receiver", "--check", **variables)
        assert "was cut short" in dry
        assert site.changed(dry)[receiver.container] > 0
        site.configure(receiver, {"secret": NEW}, "udp")
        with under_load(site, receiver, "debian12 after a run that was cut short"):
            output = site.playbook("receiver", **variables)
        assert site.changed(output)[receiver.container] > 0
        assert site.changed(site.playbook("receiver", **variables))[receiver.container] == 0
        secret = NEW
    assert daemons(receiver) == 1
    traces = f"{CONFIG}/previous {CONFIG}/candidate /run/systemd/system/{HANDOVER}"
    assert shell(receiver, f"ls -d {traces} 2>/dev/null || true") == ""
    site.configure(receiver, {"secret": secret}, "udp")
    arrives(site, receiver)
