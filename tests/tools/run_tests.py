# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs groups of checks in lanes, goes on after a failure, and says at the end what failed, how long, and how many.

    run_tests.py GROUP...    one or more groups of steps
    run_tests.py failed      what failed in the last run, and nothing else

A pytest step counts its tests; every other step counts as one. Lines are shown with the seconds and the step; what a
step prints is whole in .cache/reports/STEP.log. Failed tests are repeated once, alone, after everything else: what
passes then is listed as flaky, and in .cache/reports/flaky.txt.
"""

from __future__ import annotations

import argparse
import functools
import os
import pathlib
import signal
import subprocess
import sys
import threading

from gate import plan, summary
from gate.outcome import Record
from gate.run import Runner

REPORTS = plan.CACHE / "reports"
ASKING = threading.Lock()


def versions(venv: pathlib.Path) -> str:
    """Say which ansible-core and Python a virtual environment has, asked of itself."""
    with ASKING:
        return ask_versions(venv)


@functools.cache
def ask_versions(venv: pathlib.Path) -> str:
    code = "import ansible.release, platform; print(ansible.release.__version__, platform.python_version())"
    command = [venv / "bin" / "python", "-c", code]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    return "ansible-core {}, Python {}".format(*said.stdout.split())


def environment() -> dict[str, str]:
    """What every step sees: the collection's tree, and no configuration of the user's."""
    found = subprocess.run(["bash", plan.TOOLS / "rsyslogd.sh"], check=True, stdout=subprocess.PIPE, text=True)
    env = dict(os.environ)
    env.update(
        PATH=os.pathsep.join([env["PATH"], found.stdout.strip()]),
        PYTHONPATH=str(plan.TREE),
        PYTHONUNBUFFERED="1",
        ANSIBLE_COLLECTIONS_PATH=str(plan.TREE),
        ANSIBLE_HOME=str(plan.CACHE / "ansible"),
        ANSIBLE_NOCOLOR="1",
        NO_COLOR="1",
        CONTAINERS_CONF=str(plan.TOOLS / "containers.conf"),
    )
    env.pop("ANSIBLE_CONFIG", None)
    return env


def load() -> str:
    return " ".join(f"{average:.1f}" for average in os.getloadavg())


def check(runner: Runner, record: Record, lanes: list[list[plan.Step]], only_failed: set[str]) -> int:
    """Run lanes, say how it went. Returns the exit status."""
    before = load()
    runner.run_lanes(lanes, only_failed)
    runner.repeat()
    outcomes = list(runner.outcomes.values())
    flaky = summary.flaky(outcomes)
    result = summary.result(outcomes)
    lines = ["==== phases", *summary.table(outcomes)]
    lines.append(f"{runner.elapsed():.0f} s in all; load average at the start {before}, at the end {load()}")
    if flaky:
        lines += ["==== flaky (passed only when repeated)", *(f"  {test}" for test in flaky)]
    print("\n".join([*summary.failures(outcomes, runner.reports), *lines, result]), flush=True)
    (runner.reports / "flaky.txt").write_text("".join(f"{test}\n" for test in flaky), encoding="utf-8")
    (runner.reports / "summary.txt").write_text("\n".join([*lines, result, ""]), encoding="utf-8")
    (runner.reports / "result.txt").write_text(result + "\n", encoding="utf-8")
    record.write(
        {outcome.step.name: bool(outcome.problem) for outcome in outcomes if outcome.failed}, runner.everything
    )
    return 1 if any(outcome.failed for outcome in outcomes) else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    groups = [*plan.GROUPS, "failed"]
    parser.add_argument("groups", nargs="+", choices=groups, metavar="GROUP", help=", ".join(groups))
    args = parser.parse_args()

    REPORTS.mkdir(parents=True, exist_ok=True)
    record = Record(REPORTS / "failed.json")
    only_failed: set[str] = set()
    everything = "matrix" in args.groups
    if args.groups == ["failed"]:
        failed, everything = record.read()
        wanted = [name for name in failed if name in plan.STEPS]
        only_failed = {name for name, whole in failed.items() if not whole}
        if not wanted:
            print("nothing failed in the last run\n0 passed, 0 failed")
            return 0
    else:
        wanted = [name for group in args.groups for name in plan.GROUPS[group]]
    subprocess.run(["bash", plan.TOOLS / "tree.sh", "link"], check=True, stdout=subprocess.DEVNULL)
    runner = Runner(plan.CACHE, environment(), versions, everything)
    # Also SIGINT: a shell ignores it for what it starts in the background, and the steps would inherit that.
    signal.signal(signal.SIGINT, runner.interrupt)
    signal.signal(signal.SIGTERM, runner.interrupt)
    return check(runner, record, plan.lanes_of(wanted), only_failed)


if __name__ == "__main__":
    sys.exit(main())
