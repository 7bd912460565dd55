# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many runs at once: against one cluster, and against many."""

from __future__ import annotations

import contextlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from functional.harness import GET, MODULE, PASSWORD, SET, Ansible, connection, one_play

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
    assert other and result["msg"].startswith(f"{', '.join(other)} did not take"), result
    return "beaten"


def hosts(*choices, count=RUNS):
    """So many hosts that all lead to the same cluster, with the choices in turn."""
    return {f"run{number}": {"wanted": choices[number % len(choices)]} for number in range(count)}


def task(emulator, **more):
    return {
        "name": "set",
        MODULE: {**connection(emulator), **{name: "{{ wanted.%s }}" % name for name in ONE}, **more},
        "ignore_errors": True,
    }


def test_fifty_runs_that_agree(ansible, emulator):
    run = ansible.play(one_play(task(emulator)), "--forks", str(RUNS), hosts=hosts(ONE)).assert_ok()
    for number in range(RUNS):
        assert assert_true(run.result("set", f"run{number}"), ONE) == "verified"
    assert emulator.state.settings == text(ONE)
    assert_writes_are_whole(emulator, ONE)
    assert 1 <= len(emulator.journal.writes) <= RUNS


def test_fifty_runs_that_fight(ansible, emulator):
    # Slow enough that they all read before the first one writes.
    emulator.set_switch(slow_s=0.05)
    play = one_play(task(emulator, verify_retries=0))
    run = ansible.play(play, "--forks", str(RUNS), hosts=hosts(ONE, TWO))
    ends = Counter(assert_true(run.result("set", f"run{number}"), (ONE, TWO)[number % 2]) for number in range(RUNS))
    # They did fight: whoever another run overwrote was told so.
    assert ends["beaten"] > 0 and ends["verified"] > 0, ends
    # The last writer's state, whole; what others were told they saw at their time.
    last = emulator.journal.writes[-1]["arguments"]
    assert emulator.state.settings in (text(ONE), text(TWO))
    assert emulator.state.settings == {name: last[name] for name in ONE}
    assert_writes_are_whole(emulator, ONE, TWO)
    assert {write["arguments"]["host"] for write in emulator.journal.writes} == {ONE["host"], TWO["host"]}


def test_runs_that_manage_one_setting_each_send_whole_states(ansible, emulator):
    """Nothing locks a cluster between two runs, as the documentation says: a write can carry what another one has
    just replaced. Who notices, fails by name; nobody is told that something holds which it did not see."""
    emulator.state.pin(**text(ONE))
    ports = [{"port": 3000 + number} for number in range(8)]
    play = one_play(
        {
            "name": "set",
            MODULE: {**connection(emulator), "port": "{{ wanted.port }}", "verify_retries": 0},
            "ignore_errors": True,
        }
    )
    run = ansible.play(play, "--forks", "8", hosts=hosts(*ports, count=8))
    for number, wanted in enumerate(ports):
        result = run.result("set", f"run{number}")
        assert result["failed"] or result["settings"] == {**ONE, **wanted}
        assert not result["failed"] or result["failure_class"] == "verify"
    assert {**emulator.state.settings, "port": "1001"} == text(ONE)


def test_five_processes_at_once(tmp_path, emulator):
    """Another ansible-playbook knows nothing of the first."""
    play = one_play(task(emulator))
    with ThreadPoolExecutor(5) as pool:
        started = [
            pool.submit(Ansible(tmp_path / str(number)).play, play, hosts=hosts(ONE, count=2)) for number in range(5)
        ]
        runs = [future.result() for future in started]
    for run in runs:
        run.assert_ok()
        assert [assert_true(run.result("set", host), ONE) for host in ("run0", "run1")] == ["verified"] * 2
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
