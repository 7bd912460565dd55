# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs steps in lanes, and shows what they do while they do it."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

from gate.outcome import Outcome, judge
from gate.plan import Step

SIGN_OF_LIFE = 30.0  # seconds
PERCENT = re.compile(r"\[ *(\d+)%\]")
# Of pytest's output the terminal gets the failures and the last line; the log has everything.
PYTEST_SHOWS = re.compile(r"(^|\s)(FAILED|ERROR)\s|^=+ .* in [\d.]+s|^ERROR:")


class Runner:
    """Runs steps; ``everything`` includes the tests that only the matrix runs."""

    def __init__(
        self,
        cache: pathlib.Path,
        environment: dict[str, str],
        versions: Callable[[pathlib.Path], str],
        everything: bool = False,
    ) -> None:
        self.reports = cache / "reports"
        self.caches = cache / "pytest"
        self.reports.mkdir(parents=True, exist_ok=True)
        self.environment = environment
        self.versions = versions
        self.everything = everything
        self.outcomes: dict[str, Outcome] = {}
        self.interrupted = False
        self._terminated = False
        self._start = time.monotonic()
        self._printing = threading.RLock()  # the signal may come while its thread prints
        self._running: dict[str, tuple[subprocess.Popen[str], float]] = {}
        self._percent: dict[str, str] = {}

    def elapsed(self) -> float:
        return time.monotonic() - self._start

    def say(self, text: str, phase: str = "") -> None:
        with self._printing:
            print(f"[{self.elapsed():5.0f}s {phase or 'gate'}] {text}", flush=True)

    def log_of(self, name: str) -> pathlib.Path:
        return self.reports / f"{name}.log"

    def run_lanes(self, lanes: list[list[Step]], only_failed: set[str] = frozenset()) -> None:
        """Run lanes side by side; of the steps in ``only_failed`` only the tests that failed last time."""
        done = {step.name: threading.Event() for lane in lanes for step in lane}

        def run_lane(lane: list[Step]) -> None:
            for step in lane:
                for need in step.needs:
                    done[need].wait()
                try:
                    self.outcomes[step.name] = self._run_or_say_why_not(step, step.name in only_failed)
                finally:
                    done[step.name].set()

        self._run_all([functools.partial(run_lane, lane) for lane in lanes])

    def repeat(self) -> None:
        """Run what failed once more, alone: what passes now is flaky."""
        for name, outcome in self.outcomes.items():
            if outcome.repeatable and not self.interrupted:
                self.say(f"repeating what failed: {', '.join(outcome.failed_tests)}", name)
                again = Outcome(outcome.step)
                self._run_all([functools.partial(self._run, again, True, f"{name}.repeated")])
                outcome.repeated(again)

    def _run_all(self, jobs: list[Callable[[], None]]) -> None:
        with self._signs_of_life(), concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
            futures = [pool.submit(job) for job in jobs]
        for future in futures:
            future.result()

    def interrupt(self, number: int, _frame: object) -> None:
        """Handle SIGINT and SIGTERM: start nothing more, and let what runs clean up and end."""
        self.interrupted = True
        self.say("interrupted: waiting for what still runs")
        if number == signal.SIGTERM:  # the terminal sends SIGINT to the steps as well
            self._terminated = True
            for process, _began in list(self._running.values()):
                process.send_signal(signal.SIGINT)

    @contextlib.contextmanager
    def _signs_of_life(self) -> Iterator[None]:
        over = threading.Event()

        def tell() -> None:
            while not over.wait(SIGN_OF_LIFE):
                now = time.monotonic()
                running = [
                    f"{name} {self._percent.get(name, '')}({now - began:.0f} s)"
                    for name, (_process, began) in list(self._running.items())
                ]
                self.say(f"running: {', '.join(running)}")

        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _run_or_say_why_not(self, step: Step, only_failed: bool) -> Outcome:
        outcome = Outcome(step, began=self.elapsed())
        failed = [need for need in step.needs if self.outcomes[need].failed]
        if self.interrupted:
            outcome.problem = "not run: interrupted"
        elif failed:
            outcome.problem = f"not run: {', '.join(failed)} failed"
        else:
            try:
                self._run(outcome, only_failed, step.name)
            except Exception as error:  # whatever it is, the other lanes go on and the step counts as failed
                outcome.problem = f"could not run: {error!r}"
        verdict = "ok"
        if outcome.failed:
            tests = len(outcome.failed_tests)
            verdict = "FAILED: " + (outcome.problem or f"{tests} test{'s' if tests > 1 else ''}")
        self.say(f"==== {verdict}, {outcome.seconds:.0f} s", step.name)
        return outcome

    def _run(self, outcome: Outcome, only_failed: bool, name: str) -> None:
        """Run a step's command; its log and its report are called ``name``."""
        step, report = outcome.step, self.reports / f"{name}.xml"
        report.unlink(missing_ok=True)
        command = list(step.command)
        if step.pytest:
            cache = self.caches / step.name
            if not only_failed:
                shutil.rmtree(cache, ignore_errors=True)
            command += self._pytest_options(step, report, cache, only_failed)
        if not step.prepares:
            outcome.runtime = self.versions(step.venv)
        self.say(f"==== {' '.join(command)}" + (f"  ({outcome.runtime})" if outcome.runtime else ""), step.name)
        began = time.monotonic()
        outcome.status = self._follow(step, command, name)
        outcome.seconds = time.monotonic() - began
        judge(outcome, report)

    def _pytest_options(self, step: Step, report: pathlib.Path, cache: pathlib.Path, only_failed: bool) -> list[str]:
        # pytest itself remembers in its cache what failed; xunit1 has the path of a test's file.
        options = ["-v", f"--junit-xml={report}", "-o", "junit_family=xunit1", "-o", f"cache_dir={cache}"]
        if not self.everything:
            options += ["-m", "not matrix"]
        if only_failed:
            options.append("--last-failed")
        elif step.workers:
            options += ["-n", str(step.workers), "--dist", "loadfile"]
        return options

    def _follow(self, step: Step, command: list[str], name: str) -> int:
        """Run a command, keep its output, show what matters of it. Returns its exit status."""
        env = {**self.environment, "PATH": os.pathsep.join([str(step.venv / "bin"), self.environment["PATH"]])}
        # Found here: Popen would look for it in this process's PATH.
        program = shutil.which(command[0], path=env["PATH"])
        if program is None:
            raise FileNotFoundError(f"{command[0]} is missing: run 'make venv'")
        shows = PYTEST_SHOWS if step.pytest else re.compile(step.shows)
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with (
            self.log_of(name).open("w", encoding="utf-8") as log,
            subprocess.Popen(
                [program, *command[1:]], cwd=step.cwd, env=env, text=True, errors="replace", **pipes
            ) as process,
        ):
            self._running[step.name] = process, time.monotonic()
            if self._terminated:  # while it was started
                process.send_signal(signal.SIGINT)
            try:
                for line in process.stdout or ():
                    log.write(line)
                    log.flush()
                    if found := PERCENT.search(line):
                        self._percent[step.name] = f"{found[1]} % "
                    if shows.search(line):
                        self.say(line.rstrip(), step.name)
                return process.wait()
            finally:
                del self._running[step.name]
