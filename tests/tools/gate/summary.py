# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said at the end of a run: what failed, what is flaky, and the table of phases."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable

from gate.outcome import Outcome

TAIL = 40  # lines of a failed step's log
SLOWEST = 10


def failures(outcomes: Iterable[Outcome], reports: pathlib.Path) -> list[str]:
    """Every failure, and the end of the log of each step that failed."""
    lines = []
    for outcome in outcomes:
        if not outcome.failed:
            continue
        name = outcome.step.name
        log = reports / f"{name}.log"
        lines.append(f"==== FAILED {name}" + (f": {outcome.problem}" if outcome.problem else ""))
        lines += [f"  {told(outcome, test)}" for test in outcome.failed_tests]
        if outcome.status is not None and log.exists():
            lines.append(f"---- the end of {log}")
            lines += log.read_text(encoding="utf-8").splitlines()[-TAIL:]
            lines.append("----")
    return lines


def flaky(outcomes: Iterable[Outcome]) -> list[str]:
    """The tests that failed and passed when they were repeated."""
    return [f"{outcome.step.name}: {told(outcome, test)}" for outcome in outcomes for test in outcome.flaky]


def told(outcome: Outcome, test: str) -> str:
    """A failed test with the first words of its failure."""
    return f"{test}: {outcome.cases[test].why}".removesuffix(": ")


def table(outcomes: list[Outcome]) -> list[str]:
    """A row a phase, then the slowest tests of all."""
    width = max(len(outcome.step.name) for outcome in outcomes)
    lines = [f"  {'phase':{width}}  passed failed skipped  from s  takes s  runs on; slowest test"]
    for outcome in sorted(outcomes, key=lambda outcome: outcome.began):
        counts = f"{outcome.passed:6d} {outcome.failed:6d} {outcome.skipped:7d}"
        longest = max(outcome.cases.values(), key=lambda case: case.seconds, default=None)
        slowest = f"{longest.seconds:.0f} s {longest.name}" if longest else ""
        notes = "; ".join(filter(None, [outcome.runtime, slowest]))
        times = f"{outcome.began:6.0f}  {outcome.seconds:7.0f}"
        lines.append(f"  {outcome.step.name:{width}}  {counts}  {times}  {notes}".rstrip())
    every = [(outcome.step.name, case) for outcome in outcomes for case in outcome.cases.values()]
    if every:
        lines.append("slowest tests:")
    for name, case in sorted(every, key=lambda pair: -pair[1].seconds)[:SLOWEST]:
        lines.append(f"  {case.seconds:5.0f} s  {name}: {case.name}")
    return lines


def result(outcomes: Iterable[Outcome]) -> str:
    """The last line."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for outcome in outcomes:
        for word in counts:
            counts[word] += getattr(outcome, word)
    line = f"{counts['passed']} passed, {counts['failed']} failed"
    return line + (f", {counts['skipped']} skipped" if counts["skipped"] else "")
