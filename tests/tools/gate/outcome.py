# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a step came to: counted from pytest's report and its exit status."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from xml.etree import ElementTree

from gate.plan import Step

MOST_REPEATED = 10  # failed tests of a step; with more it is broken, not flaky
WORDS = 200  # characters of a failure's first line that are shown with the test's name


@dataclasses.dataclass
class Case:
    """One test of a pytest report; ``verdict`` is passed, failed or skipped, ``why`` the first words of a failure."""

    name: str
    seconds: float
    verdict: str
    crashed: bool = False
    why: str = ""


@dataclasses.dataclass
class Outcome:
    """A step that ran, or could not: ``problem`` says why when it is not the tests that failed."""

    step: Step
    status: int | None = None
    problem: str = ""
    cases: dict[str, Case] = dataclasses.field(default_factory=dict)
    flaky: tuple[str, ...] = ()
    began: float = 0.0
    seconds: float = 0.0
    runtime: str = ""

    def count(self, verdict: str) -> int:
        return sum(case.verdict == verdict for case in self.cases.values())

    @property
    def failed_tests(self) -> list[str]:
        return [case.name for case in self.cases.values() if case.verdict == "failed"]

    @property
    def failed(self) -> int:
        return self.count("failed") + bool(self.problem)

    @property
    def skipped(self) -> int:
        return self.count("skipped")

    @property
    def passed(self) -> int:
        plain = not self.step.pytest and not self.step.prepares
        return self.count("passed") + (plain and not self.problem)

    @property
    def repeatable(self) -> bool:
        """Whether what failed may be repeated to see if it is flaky."""
        crashed = any(case.crashed for case in self.cases.values())
        return not self.problem and not crashed and 0 < len(self.failed_tests) <= MOST_REPEATED

    def repeated(self, again: Outcome) -> None:
        """Take what passed the second time as passed, and remember that it is flaky."""
        cured = [name for name in self.failed_tests if name in again.cases and again.cases[name].verdict == "passed"]
        for name in cured:
            self.cases[name].verdict = "passed"
        self.flaky = (*self.flaky, *cured)


def read_cases(report: pathlib.Path) -> dict[str, Case]:
    """The tests of a junit report of pytest's family xunit1. Raises OSError or ParseError when there is none."""
    cases: dict[str, Case] = {}
    for element in ElementTree.parse(report).getroot().iter("testcase"):
        name, problems = identifier(element), [*element.iter("failure"), *element.iter("error")]
        verdict = "failed" if problems else "skipped" if element.find("skipped") is not None else "passed"
        crashed = any("crashed while running" in (found.get("message") or "") for found in problems)
        case = cases.setdefault(name, Case(name, 0.0, verdict))
        # A test that fails and cannot be cleaned up either is reported twice.
        case.seconds += float(element.get("time", 0))
        case.crashed = case.crashed or crashed
        if problems:
            case.verdict = "failed"
            case.why = case.why or (problems[0].get("message") or "").strip().split("\n")[0][:WORDS]
    return cases


def identifier(element: ElementTree.Element) -> str:
    """The name by which pytest runs a test: FILE::CLASS::NAME."""
    file, classes, name = element.get("file", ""), element.get("classname", ""), element.get("name", "")
    module = file.removesuffix(".py").replace("/", ".")
    if not file:
        return "::".join(part for part in (classes, name) if part)
    inside = classes.removeprefix(module).strip(".").replace(".", "::")
    return "::".join(part for part in (file, inside, name) if part)


def judge(outcome: Outcome, report: pathlib.Path) -> None:
    """Fill an outcome from its exit status and report. No failure may be counted as none."""
    status = outcome.status
    if outcome.step.pytest:
        try:
            outcome.cases = read_cases(report)
        except (OSError, ElementTree.ParseError):
            outcome.problem = f"exit status {status} without a report"
            return
        if not outcome.cases:
            outcome.problem = f"no test ran (exit status {status})"
        elif status not in (0, 1) or (status == 1) != bool(outcome.failed_tests):
            outcome.problem = f"exit status {status}"
    elif status != 0:
        outcome.problem = f"exit status {status}"


class Record:
    """What failed in the last run, for `make test-failed`."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def write(self, steps: dict[str, bool], everything: bool) -> None:
        """Write the steps that failed, and whether each has to run whole because it was more than tests that failed."""
        self.path.write_text(json.dumps({"steps": steps, "everything": everything}) + "\n", encoding="utf-8")

    def read(self) -> tuple[dict[str, bool], bool]:
        """What was written, and whether that run included the tests of the matrix."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}, False
        return found["steps"], found["everything"]
