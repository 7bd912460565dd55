# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many runs at once: against one cluster, and against many."""

from __future__ import annotations

import contextlib
import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest
from functional.harness import GET, MODULE, PASSWORD, SET, Ansible, Run, connection, one_play

from emulator import Emulator

# In the signature's order, which is also the messages'.
ONE = {
    "host": "one.example.com",
    "port": 1001,
    "facility": "local1",
    "socket_type": "tcp",
    "message_template": "one|%(id)s|%(sender)s|one",
    "enabled": True,
    "level": "ERROR",
    "status_template": "one|%(id)s|%(status)s|one",
}
TWO = {
    "host": "two.example.com",
    "port": 2002,
    "facility": "local2",
    "socket_type": "udp",
    "message_template": "two|%(id)s|%(sender)s|two",
    "enabled": False,
    "level": "WARNING",
    "status_template": "two|%(id)s|%(status)s|two",
}
RUNS, CLUSTERS = 50, 200
PORTS = [{"port": 3000 + number} for number in range(8)]


def text(wanted):
    """Settings as the emulator holds them."""
    return {name: str(value) for name, value in wanted.items()}


def assert_writes_are_whole(emulator, *allowed):
    """Every write carried one of the complete states."""
    for write in emulator.journal.writes:
        arguments = {name: value for name, value in write["arguments"].items() if name != "api_language"}
        assert arguments in [text(wanted) for wanted in allowed]


def assert_true(result, wanted):
    """Fail unless a task said either that all holds, or what does not, and that a write was sent."""
    if not result["failed"]:
        assert result["verified"] and result["settings"] == wanted
        return "verified"
    assert result["failure_class"] == "verify", result
    assert result["changed"] and not result["verified"]
    other = [name for name in wanted if result["settings"][name] != wanted[name]]
    assert other and result["msg"].startswith(f"{', '.join(other)} did not take effect"), result
    return "beaten"


def hosts(name, *choices, count):
    """So many hosts that all lead to the same cluster, with the choices in turn."""
    return {f"{name}{number}": {"wanted": choices[number % len(choices)]} for number in range(count)}


def task(emulator, **more):
    return {
        "name": "set",
        MODULE: {**connection(emulator), **{name: "{{ wanted.%s }}" % name for name in ONE}, **more},
        "ignore_errors": True,
    }


@dataclasses.dataclass(frozen=True)
class Crowd:
    """One run with a crowd of hosts on each of three clusters."""

    run: Run
    agreed: Emulator
    fought: Emulator
    shared: Emulator


@pytest.fixture(scope="module")
def crowd(ansible, cluster):
    """Fifty that agree, fifty that fight, and eight that manage one setting each, one crowd after the other."""
    agreed, fought, shared = cluster(), cluster(together=RUNS), cluster()
    shared.state.pin(**text(ONE))
    one = {"name": "set", MODULE: {**connection(shared), "port": "{{ wanted.port }}", "verify_retries": 0}}
    plays = [
        *one_play(task(agreed), hosts="agree*"),
        # The timeout ends a run that hangs.
        *one_play(task(fought, verify_retries=0, timeout=600), hosts="fight*"),
        *one_play({**one, "ignore_errors": True}, hosts="share*"),
    ]
    each = {
        **hosts("agree", ONE, count=RUNS),
        **hosts("fight", ONE, TWO, count=RUNS),
        **hosts("share", *PORTS, count=len(PORTS)),
    }
    return Crowd(ansible.play(plays, "--forks", str(RUNS), hosts=each).assert_ok(), agreed, fought, shared)


def test_fifty_runs_that_agree(crowd):
    for number in range(RUNS):
        assert assert_true(crowd.run.result("set", f"agree{number}"), ONE) == "verified"
    assert crowd.agreed.state.settings == text(ONE)
    assert_writes_are_whole(crowd.agreed, ONE)
    assert 1 <= len(crowd.agreed.journal.writes) <= RUNS


def test_fifty_runs_that_fight(crowd):
    """All have read before the first one writes, and all have written before the first one reads again."""
    settings = crowd.fought.state.settings
    assert settings in (text(ONE), text(TWO))
    for number in range(RUNS):
        wanted = (ONE, TWO)[number % 2]
        # Whoever another run overwrote was told so, and nobody else.
        end = "verified" if text(wanted) == settings else "beaten"
        assert assert_true(crowd.run.result("set", f"fight{number}"), wanted) == end
    writes = crowd.fought.journal.writes
    assert len(writes) == RUNS
    assert_writes_are_whole(crowd.fought, ONE, TWO)
    assert {write["arguments"]["host"] for write in writes} == {ONE["host"], TWO["host"]}


def test_runs_that_manage_one_setting_each_send_whole_states(crowd):
    """Nothing locks a cluster between two runs, as the documentation says: a write can carry what another one has
    just replaced. Who notices, fails by name; nobody is told that something holds which it did not see."""
    for number, wanted in enumerate(PORTS):
        result = crowd.run.result("set", f"share{number}")
        assert result["failed"] or result["settings"] == {**ONE, **wanted}
        assert not result["failed"] or result["failure_class"] == "verify"
    assert {**crowd.shared.state.settings, "port": "1001"} == text(ONE)


def test_three_processes_at_once(tmp_path, emulator):
    """Another ansible-playbook knows nothing of the first."""
    play = one_play(task(emulator))
    with ThreadPoolExecutor(3) as pool:
        started = [
            pool.submit(Ansible(tmp_path / str(number)).play, play, hosts=hosts("run", ONE, count=3))
            for number in range(3)
        ]
        runs = [future.result() for future in started]
    for run in runs:
        run.assert_ok()
        assert [assert_true(run.result("set", f"run{number}"), ONE) for number in range(3)] == ["verified"] * 3
    assert emulator.state.settings == text(ONE)
    assert_writes_are_whole(emulator, ONE)


@pytest.fixture(scope="module")
def clusters(certificates):
    """200 clusters, each with a server, a state and a journal of its own."""
    with ThreadPoolExecutor(50) as pool, contextlib.ExitStack() as stack:
        started = [
            Emulator(password=PASSWORD, certificates=certificates, nodes=1).start() for _number in range(CLUSTERS)
        ]
        # One after the other they would take a minute of waiting to end.
        stack.callback(lambda: list(pool.map(lambda emulator: emulator.stop(), started)))
        yield started


def test_one_play_over_200_clusters(ansible, clusters):
    each = {
        f"cluster{number}": {**connection(emulator), "own_port": 1000 + number}
        for number, emulator in enumerate(clusters)
    }
    options = {name: "{{ %s }}" % name for name in connection(clusters[0])}
    wanted = {**ONE, "port": "{{ own_port }}"}
    play = one_play({"name": "set", MODULE: {**options, **wanted}}, {"name": "again", MODULE: {**options, **wanted}})
    run = ansible.play(play, "--forks", "8", hosts=each).assert_ok()
    results = {(entry["host"], entry["task"]): entry["result"] for entry in run.results}
    assert len(results) == 2 * CLUSTERS
    for number, emulator in enumerate(clusters):
        expected = {**ONE, "port": 1000 + number}
        for name, changed in (("set", True), ("again", False)):
            result = results[f"cluster{number}", name]
            assert (result["changed"], result["verified"], result["settings"]) == (changed, True, expected)
        assert emulator.journal.calls == [GET, SET, GET, GET]
        assert emulator.state.settings == text(expected)
        # No request of another cluster's task came here.
        assert_writes_are_whole(emulator, expected)
