# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the named groups of checks one after the other, stops at the first that fails, and counts.

    run_tests.py [--keep-going] GROUP...

A pytest step counts its tests; every other step counts as one. Everything a step prints is shown as it comes and kept
in .cache/reports/STEP.log; a step that is silent for long is said to be still running.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import threading
import time
from xml.etree import ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tests" / "tools"
NEWEST = ROOT / ".venv"
OLDEST = ROOT / ".cache" / "venv-oldest"
REPORTS = ROOT / ".cache" / "reports"
TREE = ROOT / ".cache" / "tree"
COLLECTION = "ansible_collections/spamexperts/local_cloud"
SIGN_OF_LIFE = 15.0  # seconds of silence
TAIL = 40  # lines of the log that a failure repeats
START = time.monotonic()


@dataclasses.dataclass(frozen=True)
class Step:
    """One command; ``cwd`` is where it runs, ``junit`` says that it is pytest and writes its counts.

    ``venv`` is the virtual environment whose programs it runs, and so its Python and its ansible-core.
    """

    name: str
    command: tuple[str, ...]
    cwd: pathlib.Path = ROOT
    junit: bool = False
    venv: pathlib.Path = NEWEST


@dataclasses.dataclass
class Outcome:
    """What a step came to: numbers of tests, and seconds."""

    step: Step
    passed: int
    failed: int
    skipped: int
    seconds: float


def named(name: str, venv: pathlib.Path) -> str:
    return name if venv == NEWEST else f"{name}-oldest"


def pytest_step(folder: str, venv: pathlib.Path = NEWEST) -> Step:
    name = named(f"pytest-{pathlib.Path(folder).name}", venv)
    return Step(name, ("pytest", folder, f"--junit-xml={REPORTS / name}.xml"), junit=True, venv=venv)


def ansible_test_step(command: str, venv: pathlib.Path = NEWEST) -> Step:
    name = named(f"ansible-test-{command}", venv)
    return Step(name, ("bash", str(TOOLS / "ansible_test.sh"), str(venv), command), venv=venv)


# mypy names a module by its path, so it has to see the files below ansible_collections/.
TYPED = tuple(
    f"{COLLECTION}/plugins/{folder}"
    for folder in ("module_utils", "plugin_utils")
    if any((ROOT / "plugins" / folder).glob("*.py"))
)

SCRIPTS = tuple(
    str(path.relative_to(ROOT)) for folder in sorted(ROOT.glob("[!.]*")) for path in sorted(folder.rglob("*.sh"))
)

GROUPS: dict[str, tuple[Step, ...]] = {
    "lint": (
        Step("ruff", ("ruff", "check", ".")),
        Step("markdown", ("rumdl", "check", "--quiet", ".")),
        Step("yamllint", ("yamllint", "--strict", ".")),
        Step("shellcheck", ("shellcheck", "--external-sources", ".ci/run", *SCRIPTS)),
        Step("mypy", ("mypy", f"--config-file={ROOT / 'pyproject.toml'}", *TYPED), cwd=TREE),
        Step("reuse", ("reuse", "lint", "--quiet")),
        Step("ansible-lint", ("ansible-lint", "--profile=production", "--strict", "--offline", "--nocolor")),
    ),
    "sanity": (ansible_test_step("sanity"),),
    "units": (ansible_test_step("units"),),
    "unit": (pytest_step("tests/unit"),),
    "receiver": (pytest_step("tests/receiver"),),
    "fault": (pytest_step("tests/fault"),),
    "fault-table": (Step("fault-table", ("pytest", "tests/fault", "--write-table")),),
    "soak": (
        Step("soak", ("python", "-m", "fault.soak", "--minutes", os.environ.get("MINUTES", "60")), cwd=ROOT / "tests"),
    ),
    "functional": (pytest_step("tests/functional"),),
    "sanity-oldest": (ansible_test_step("sanity", OLDEST),),
    "units-oldest": (ansible_test_step("units", OLDEST),),
    "unit-oldest": (pytest_step("tests/unit", OLDEST),),
    "functional-oldest": (pytest_step("tests/functional", OLDEST),),
    "molecule": (Step("molecule", ("molecule", "test", "--all")),),
    "e2e": (pytest_step("tests/e2e"),),
}


def say(text: str) -> None:
    print(f"[{time.monotonic() - START:5.0f}s] {text}", flush=True)


def versions(venv: pathlib.Path) -> str:
    """Say which ansible-core and Python a virtual environment has, asked of itself."""
    code = "import ansible.release, platform; print(ansible.release.__version__, platform.python_version())"
    try:
        said = subprocess.run([venv / "bin" / "python", "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    except (OSError, subprocess.CalledProcessError):
        raise SystemExit(f"{venv} is missing or broken: run 'make {named('venv', venv)}'") from None
    return "ansible-core {}, Python {}".format(*said.stdout.split())


def environment() -> dict[str, str]:
    """What every step sees: the collection's tree, and no configuration of the user's."""
    found = subprocess.run(["bash", TOOLS / "rsyslogd.sh"], check=True, stdout=subprocess.PIPE, text=True)
    env = dict(os.environ)
    env.update(
        PATH=os.pathsep.join([env["PATH"], found.stdout.strip()]),
        PYTHONPATH=str(TREE),
        PYTHONUNBUFFERED="1",
        ANSIBLE_COLLECTIONS_PATH=str(TREE),
        ANSIBLE_HOME=str(ROOT / ".cache" / "ansible"),
        ANSIBLE_NOCOLOR="1",
        NO_COLOR="1",
        CONTAINERS_CONF=str(TOOLS / "containers.conf"),
    )
    env.pop("ANSIBLE_CONFIG", None)
    return env


def follow(step: Step, env: dict[str, str]) -> int:
    """Run a step, show and keep its output. Returns its exit status."""
    env = {**env, "PATH": os.pathsep.join([str(step.venv / "bin"), env["PATH"]])}
    # Found here: Popen would look for it in this process's PATH.
    program = shutil.which(step.command[0], path=env["PATH"])
    if program is None:
        raise SystemExit(f"{step.command[0]} is missing: run 'make venv'")
    begin = time.monotonic()
    lines: queue.Queue[str | None] = queue.Queue()
    process = subprocess.Popen(
        [program, *step.command[1:]],
        cwd=step.cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    with (REPORTS / f"{step.name}.log").open("w", encoding="utf-8") as log:
        while True:
            try:
                line = lines.get(timeout=SIGN_OF_LIFE)
            except queue.Empty:
                say(f"{step.name} is still running ({time.monotonic() - begin:.0f} s)")
                continue
            if line is None:
                break
            log.write(line)
            sys.stdout.write(line)
            sys.stdout.flush()
    return process.wait()


def counted(step: Step, status: int) -> tuple[int, int, int]:
    """Return passed, failed and skipped of a step that ended with this exit status."""
    passed = failed = skipped = 0
    report = REPORTS / f"{step.name}.xml"
    if step.junit and report.exists():
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            count = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
            failed += count["failures"] + count["errors"]
            skipped += count["skipped"]
            passed += count["tests"] - count["failures"] - count["errors"] - count["skipped"]
    elif status == 0:
        passed = 1
    if status != 0:
        # Also a pytest that found no test, or died: no failure may be counted as none.
        failed = max(failed, 1)
    return passed, failed, skipped


def run(step: Step, env: dict[str, str], runtime: str) -> Outcome:
    say(f"==== {step.name} on {runtime}: {' '.join(step.command)}")
    (REPORTS / f"{step.name}.xml").unlink(missing_ok=True)
    begin = time.monotonic()
    status = follow(step, env)
    seconds = time.monotonic() - begin
    outcome = Outcome(step, *counted(step, status), seconds)
    if status != 0:
        log = REPORTS / f"{step.name}.log"
        say(f"==== {step.name} FAILED with exit status {status} after {seconds:.0f} s; the end of {log}:")
        print("\n".join(log.read_text(encoding="utf-8").splitlines()[-TAIL:]), flush=True)
    else:
        say(f"==== {step.name}: ok, {seconds:.0f} s")
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep-going", action="store_true", help="run the other steps after a failure")
    parser.add_argument("groups", nargs="+", choices=list(GROUPS), metavar="GROUP", help=", ".join(GROUPS))
    args = parser.parse_args()
    steps = [step for group in args.groups for step in GROUPS[group]]

    REPORTS.mkdir(parents=True, exist_ok=True)
    subprocess.run(["bash", TOOLS / "tree.sh", "link"], check=True, stdout=subprocess.DEVNULL)
    env = environment()
    runtimes = {venv: versions(venv) for venv in {step.venv for step in steps}}
    outcomes: list[Outcome] = []
    for step in steps:
        outcomes.append(run(step, env, runtimes[step.venv]))
        if outcomes[-1].failed and not args.keep_going:
            break

    say("==== summary")
    for outcome in outcomes:
        counts = f"{outcome.passed:5d} passed {outcome.failed:4d} failed {outcome.skipped:4d} skipped"
        print(f"  {outcome.step.name:26s}{counts} {outcome.seconds:6.0f} s  {runtimes[outcome.step.venv]}")
    for step in steps[len(outcomes) :]:
        print(f"  {step.name:26s}  not run")
    failed = sum(outcome.failed for outcome in outcomes)
    result = f"{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed"
    (REPORTS / "result.txt").write_text(result + "\n", encoding="utf-8")
    print(result, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
