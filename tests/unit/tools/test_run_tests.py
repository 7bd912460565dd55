# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner of the check, with small steps of its own: real pytest and real shells."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import run_tests
from gate import plan, summary
from gate.outcome import MOST_REPEATED, Record
from gate.run import Runner

ROOT = Path(__file__).resolve().parents[3]

# Passes from the second run on.
FLAKY = """
import pathlib
def test_flaky():
    mark = pathlib.Path(__file__).with_name("ran")
    ran = mark.exists()
    mark.touch()
    assert ran
"""
# Notes each run, so that a test can see what ran how often.
NOTES = """
import pathlib
def note(name):
    with pathlib.Path(__file__).with_name("notes").open("a") as notes:
        notes.write(name + "\\n")
def test_good():
    note("good")
def test_bad():
    note("bad")
    assert pathlib.Path(__file__).with_name("mended").exists()
"""


class Gate:
    """A runner with its own cache, and the steps to give it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pytest.ini").write_text("[pytest]\nmarkers = matrix\n", "utf-8")
        self.reports = folder / "cache" / "reports"

    def shell(self, name: str, script: str, **more: object) -> plan.Step:
        return plan.Step(name, ("sh", "-c", script), cwd=self.folder, **more)

    def pytest(self, name: str, text: str, **more: object) -> plan.Step:
        (self.folder / name).mkdir(exist_ok=True)
        (self.folder / name / f"test_{name}.py").write_text(text, "utf-8")
        return plan.Step(name, (sys.executable, "-m", "pytest", name), cwd=self.folder, pytest=True, **more)

    def notes(self, name: str) -> list[str]:
        return (self.folder / name / "notes").read_text("utf-8").split()

    def run(self, *lanes: list[plan.Step], only_failed: set[str] = frozenset(), everything: bool = False) -> Runner:
        # Not the options of the pytest that runs this test.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # they take most of its time
        runner = Runner(self.folder / "cache", environment, lambda venv: f"core of {venv.name}", everything)
        self.status = run_tests.check(runner, Record(self.reports / "failed.json"), list(lanes), only_failed)
        return runner


@pytest.fixture
def gate(tmp_path):
    return Gate(tmp_path)


def last_line(capsys) -> str:
    return capsys.readouterr().out.splitlines()[-1]


def test_lanes_run_side_by_side(gate, capsys):
    # Either would wait for ever for the other if they ran one after the other.
    os.mkfifo(gate.folder / "meet")
    gate.run([gate.shell("writes", "echo met > meet")], [gate.shell("reads", "read said < meet && [ $said = met ]")])
    assert gate.status == 0
    assert last_line(capsys) == "2 passed, 0 failed"


def test_the_steps_of_a_lane_run_in_order(gate):
    gate.run([gate.shell("first", "touch made"), gate.shell("second", "[ -e made ]")])
    assert gate.status == 0


def test_a_step_waits_for_what_it_needs_in_another_lane(gate, capsys):
    os.mkfifo(gate.folder / "go")
    gate.run(
        [gate.shell("starts", "echo go > go"), gate.shell("uses", "[ -e made ]", needs=("makes",))],
        [gate.shell("makes", "read said < go; touch made", prepares=True)],
    )
    # What prepares counts as no test.
    assert last_line(capsys) == "2 passed, 0 failed"


def test_what_needs_a_failed_step_is_not_run_and_failed(gate, capsys):
    runner = gate.run(
        [gate.shell("uses", "touch ran", needs=("makes",))], [gate.shell("makes", "exit 4", prepares=True)]
    )
    assert not (gate.folder / "ran").exists()
    assert runner.outcomes["uses"].problem == "not run: makes failed"
    assert gate.status == 1
    assert last_line(capsys) == "0 passed, 2 failed"


def test_a_failure_stops_neither_its_lane_nor_the_others(gate, capsys):
    gate.run(
        [gate.shell("bad", "echo why it failed; exit 3"), gate.shell("after", "touch after")],
        [gate.shell("beside", "touch beside")],
    )
    assert (gate.folder / "after").exists() and (gate.folder / "beside").exists()
    assert gate.status == 1
    said = capsys.readouterr().out
    assert "==== FAILED bad: exit status 3" in said
    assert said.split("---- the end of")[1].splitlines()[1] == "why it failed"
    assert said.splitlines()[-1] == "2 passed, 1 failed"
    assert (gate.reports / "result.txt").read_text("utf-8") == "2 passed, 1 failed\n"


def test_tests_are_counted_and_named(gate, capsys):
    text = """
import pytest
def test_good(): pass
class TestThings:
    @pytest.mark.parametrize("one", ["a::b", "c/d"])
    def test_bad(self, one): assert one == "c/d"
@pytest.mark.skip
def test_skipped(): pass
@pytest.fixture
def broken():
    yield
    raise OSError
def test_failed_twice(broken): assert False
@pytest.mark.matrix
def test_slow(): assert False
"""
    runner = gate.run([gate.pytest("counted", text)])
    file = "counted/test_counted.py"
    assert runner.outcomes["counted"].failed_tests == [
        f"{file}::TestThings::test_bad[a::b]",
        f"{file}::test_failed_twice",
    ]
    assert gate.status == 1
    said = capsys.readouterr().out
    assert f"  {file}::TestThings::test_bad[a::b]" in said
    assert said.splitlines()[-1] == "2 passed, 2 failed, 1 skipped"


@pytest.mark.parametrize("everything, expected", [(False, "1 passed, 0 failed"), (True, "2 passed, 0 failed")])
def test_only_the_matrix_runs_what_is_marked(gate, capsys, everything, expected):
    text = "import pytest\ndef test_quick(): pass\n@pytest.mark.matrix\ndef test_slow(): pass\n"
    gate.run([gate.pytest("marked", text)], everything=everything)
    assert last_line(capsys) == expected


@pytest.mark.parametrize(
    "text, problem",
    [
        ("import os\ndef test_good(): pass\ndef test_dies(): os._exit(0)\n", "exit status 0 without a report"),
        ("import os, signal\ndef test_dies(): os.kill(os.getpid(), 9)\n", "exit status -9 without a report"),
        ("", "no test ran (exit status 5)"),
        ("import nothing_of_this_name\n", "exit status 2"),
    ],
)
def test_a_step_that_dies_or_finds_nothing_has_failed(gate, text, problem):
    step = gate.pytest("dies", text)
    gate.reports.mkdir(parents=True)
    # The report of an earlier run.
    (gate.reports / "dies.xml").write_text("<testsuites><testsuite><testcase name='old'/></testsuite></testsuites>")
    runner = gate.run([step])
    assert runner.outcomes["dies"].problem == problem
    assert runner.outcomes["dies"].failed >= 1
    assert gate.status == 1


def test_a_program_that_is_missing_is_a_failure(gate, capsys):
    gate.run([plan.Step("missing", ("no-such-program",))], [gate.shell("good", "true")])
    assert gate.status == 1
    assert last_line(capsys) == "1 passed, 1 failed"


def test_what_passes_when_repeated_is_flaky_and_said(gate, capsys):
    always = "def test_always_bad(): assert False\n"
    gate.run([gate.pytest("flaky", FLAKY), gate.pytest("bad", always)])
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "1 passed, 1 failed"
    found = said.index("==== flaky (passed only when repeated)")
    assert said[found + 1] == "  flaky: flaky/test_flaky.py::test_flaky: assert False"
    assert (gate.reports / "flaky.txt").read_text("utf-8") == "flaky: flaky/test_flaky.py::test_flaky: assert False\n"
    assert Record(gate.reports / "failed.json").read() == ({"bad": False}, False)


def test_what_failed_is_repeated_once_and_nothing_else(gate):
    gate.run([gate.pytest("noted", NOTES)])
    assert gate.notes("noted") == ["good", "bad", "bad"]


def test_a_step_with_many_failures_is_broken_and_not_repeated(gate, capsys):
    text = NOTES + "".join(f"def test_bad_{number}(): test_bad()\n" for number in range(MOST_REPEATED))
    gate.run([gate.pytest("broken", text)])
    assert gate.notes("broken").count("bad") == MOST_REPEATED + 1
    assert last_line(capsys) == f"1 passed, {MOST_REPEATED + 1} failed"


def test_a_crash_is_never_flaky(gate, capsys):
    crash = FLAKY.replace("assert ran", "if not ran:\n        import os\n        os._exit(1)")
    step = gate.pytest("crash", crash, workers=2)
    gate.run([dataclasses.replace(step, command=(*step.command, "-p", "xdist"))])
    assert gate.status == 1
    assert last_line(capsys) == "0 passed, 1 failed"


def test_only_what_failed_runs_again(gate, capsys):
    steps = [gate.pytest("noted", NOTES), gate.shell("good", "touch again"), gate.shell("bad", "[ -e mended ]")]
    gate.run(steps)
    assert last_line(capsys) == "2 passed, 2 failed"
    record = Record(gate.reports / "failed.json")
    assert record.read() == ({"noted": False, "bad": True}, False)

    (gate.folder / "noted" / "notes").unlink()
    (gate.folder / "mended").touch()
    gate.run([steps[0], steps[2]], only_failed={"noted"})
    assert gate.notes("noted") == ["bad", "bad"]
    assert last_line(capsys) == "1 passed, 1 failed"
    assert record.read() == ({"noted": False}, False)

    (gate.folder / "noted" / "mended").touch()
    gate.run([steps[0]], only_failed={"noted"})
    assert last_line(capsys) == "1 passed, 0 failed"
    assert record.read() == ({}, False)


def test_failed_selects_from_the_record(gate, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(run_tests, "REPORTS", gate.folder)
    monkeypatch.setattr(run_tests, "environment", lambda: {"PATH": os.environ["PATH"]})
    monkeypatch.setattr(run_tests, "check", lambda runner, _record, lanes, only: asked.append((runner, lanes, only)))
    monkeypatch.setattr(run_tests.subprocess, "run", lambda *_, **__: None)
    monkeypatch.setattr(run_tests.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["run_tests.py", "failed"])

    assert run_tests.main() == 0
    assert capsys.readouterr().out == "nothing failed in the last run\n0 passed, 0 failed\n"
    Record(gate.folder / "failed.json").write({"unit": False, "functional-2.18": True}, everything=True)
    run_tests.main()
    ((runner, lanes, only_failed),) = asked
    assert [[step.name for step in lane] for lane in lanes] == [["unit"], ["venv-2.18", "functional-2.18"]]
    assert only_failed == {"unit"}
    assert runner.everything


def test_the_table_names_phases_counts_versions_and_the_slowest_tests(gate):
    text = "import time\n" + "".join(f"def test_{number}(): time.sleep({number / 100})\n" for number in range(12))
    runner = gate.run([gate.pytest("slow", text), gate.shell("plain", "true", venv=Path("other"))])
    lines = (gate.reports / "summary.txt").read_text("utf-8").splitlines()
    (slow,) = [line for line in lines if line.startswith("  slow ")]
    assert slow.split()[:4] == ["slow", "12", "0", "0"]
    assert "core of .venv" in slow and "slow/test_slow.py::test_" in slow
    (plain,) = [line for line in lines if line.startswith("  plain ")]
    assert plain.split()[:4] == ["plain", "1", "0", "0"]
    assert plain.endswith("core of other")
    tests = lines[lines.index("slowest tests:") + 1 :][: summary.SLOWEST]
    assert all(" s  slow: slow/test_slow.py::test_" in line for line in tests)
    expected = sorted((case.seconds for case in runner.outcomes["slow"].cases.values()), reverse=True)
    assert [line.split(" s ")[0].strip() for line in tests] == [f"{found:.0f}" for found in expected[: len(tests)]]
    assert "load average at the start" in lines[-2]
    assert lines[-1] == "13 passed, 0 failed"


def test_printed_lines_have_their_step_and_logs_have_everything(gate, capsys):
    gate.run([gate.shell("talks", "echo one; echo two", shows="^two"), gate.pytest("good", "def test_it(): pass\n")])
    said = capsys.readouterr().out
    assert "s talks] two\n" in said and "one" not in said.replace("echo one", "")
    assert (gate.reports / "talks.log").read_text("utf-8") == "one\ntwo\n"
    assert "PASSED" not in said
    assert "= 1 passed in " in said
    assert "good/test_good.py::test_it PASSED" in (gate.reports / "good.log").read_text("utf-8")


INTERRUPTED = """
import os, pathlib, signal, sys
import run_tests
from gate.outcome import Record
from gate.plan import Step
from gate.run import Runner
# Without an interrupt it would wait for an hour.
# It asks for the interrupt itself, once it runs: a Python that only starts may swallow it.
script = f"import os, time; os.kill({os.getpid()}, {int(signal.SIGTERM)}); time.sleep(3600)"
runner = Runner(pathlib.Path("cache"), dict(os.environ), str)
signal.signal(signal.SIGTERM, runner.interrupt)
signal.signal(signal.SIGINT, runner.interrupt)
lanes = [[Step("long", (sys.executable, "-c", script)), Step("later", ("touch", "ran"))]]
sys.exit(run_tests.check(runner, Record(pathlib.Path("cache/reports/failed.json")), lanes, set()))
"""


def test_an_interrupt_ends_what_runs_and_leaves_the_rest_to_the_next_run(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "tools")}
    command = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "0 passed, 2 failed"
    assert Record(tmp_path / "cache" / "reports" / "failed.json").read()[0] == {"long": True, "later": True}


@pytest.mark.parametrize("group", sorted(plan.GROUPS))
def test_every_group_can_run_to_its_end(group, tmp_path):
    """No step of the plan waits for one that never comes."""
    runner = Runner(tmp_path, {"PATH": os.environ["PATH"]}, str)
    steps = {name: plan.Step(name, ("true",), needs=step.needs) for name, step in plan.STEPS.items()}
    runner.run_lanes(plan.lanes_of(list(plan.GROUPS[group]), steps))
    assert set(runner.outcomes) >= set(plan.GROUPS[group])
    assert not any(outcome.failed for outcome in runner.outcomes.values())


def test_the_matrix_has_all_of_the_gate_and_nothing_is_in_two_lanes():
    assert set(plan.GROUPS["matrix"]) > set(plan.GROUPS["gate"])
    placed = [name for lane in plan.LANES for name in lane]
    assert sorted(placed) == sorted(set(placed))
    assert set(placed) >= set(plan.GROUPS["matrix"])
    assert set(placed) <= set(plan.STEPS)


def test_what_the_oldest_core_leaves_out_is_in_the_matrix():
    for path in plan.MEET_THE_CORE:
        assert (ROOT / path).is_file()
        assert path in plan.STEPS["functional-oldest"].command
        assert f"--ignore={path}" in plan.STEPS["functional-oldest-rest"].command
