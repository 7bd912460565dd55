# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of the check: what each one runs, what it needs, and in which lane."""

from __future__ import annotations

import dataclasses
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
TOOLS = ROOT / "tests" / "tools"
CACHE = ROOT / ".cache"
TREE = CACHE / "tree"
COLLECTION = "ansible_collections/spamexperts/local_cloud"
NEWEST = ROOT / ".venv"

# What a step without tests of its own prints on the terminal; its log has everything.
EVERYTHING = r"\S"
PROBLEMS = r"^(Running |ERROR|FATAL|CRITICAL|WARNING|FAILED|fatal:|failed:|PLAY \[)"


@dataclasses.dataclass(frozen=True)
class Step:
    """One command. It counts as one test, unless it is pytest (counts its tests) or only prepares (counts nothing)."""

    name: str
    command: tuple[str, ...]
    venv: pathlib.Path = NEWEST  # its programs are used, and so its Python and its ansible-core
    cwd: pathlib.Path = ROOT
    needs: tuple[str, ...] = ()  # steps that have to succeed first
    pytest: bool = False
    workers: int = 0  # of pytest-xdist
    prepares: bool = False
    shows: str = EVERYTHING


def pytest_step(name: str, *arguments: str, core: str = "", workers: int = 0, needs: tuple[str, ...] = ()) -> Step:
    return Step(
        name, ("pytest", *arguments), venv_of(core), needs=(*needs_of(core), *needs), pytest=True, workers=workers
    )


def ansible_test_step(name: str, command: str, core: str = "") -> Step:
    run = ("bash", str(TOOLS / "ansible_test.sh"), str(venv_of(core)), command)
    return Step(name, run, venv_of(core), needs=needs_of(core), shows=PROBLEMS)


def prepare_step(name: str, script: str, *arguments: str) -> Step:
    return Step(name, ("bash", str(TOOLS / script), *arguments), prepares=True)


def venv_of(core: str) -> pathlib.Path:
    return CACHE / f"venv-{core}" if core else NEWEST


def needs_of(core: str) -> tuple[str, ...]:
    return (f"venv-{core}",) if core else ()


# mypy names a module by its path, so it has to see the files below ansible_collections/.
TYPED = tuple(
    f"{COLLECTION}/plugins/{folder}"
    for folder in ("module_utils", "plugin_utils")
    if any((ROOT / "plugins" / folder).glob("*.py"))
)
SCRIPTS = tuple(
    str(path.relative_to(ROOT)) for folder in sorted(ROOT.glob("[!.]*")) for path in sorted(folder.rglob("*.sh"))
)
# The functional tests that meet ansible-core. The others meet only our Python, whose unit tests run on the oldest core
# in any case (units-oldest); they run there in the matrix.
MEET_THE_CORE = tuple(
    f"tests/functional/test_{name}.py"
    for name in (
        "audit",
        "awx",
        "backup",
        "configure",
        "contract",
        "dependent_steps",
        "documentation",
        "in_process",
        "inventory",
        "playbook",
        "receiver_settings",
        "restore",
        "status",
        "variables",
    )
)
BETWEEN = ("2.18", "2.19", "2.20")  # the ansible-cores between the oldest and the newest

LINT = (
    Step("ruff", ("ruff", "check", ".")),
    Step("ruff-format", ("ruff", "format", "--check", ".")),
    Step("markdown", ("rumdl", "check", "--quiet", ".")),
    Step("prose", ("python", "tests/tools/check_prose.py")),
    Step("yamllint", ("yamllint", "--strict", ".")),
    Step("shellcheck", ("shellcheck", "--external-sources", ".ci/run", *SCRIPTS)),
    Step("mypy", ("mypy", f"--config-file={ROOT / 'pyproject.toml'}", *TYPED), cwd=TREE),
    Step("reuse", ("reuse", "lint", "--quiet")),
    Step("ansible-lint", ("ansible-lint", "--profile=production", "--strict", "--offline", "--nocolor")),
)
PREPARE = (
    prepare_step("images", "images.sh"),
    *(prepare_step(f"venv-{core}", "venv.sh", core) for core in ("oldest", *BETWEEN)),
)
TESTS = (
    ansible_test_step("sanity", "sanity"),
    ansible_test_step("units", "units"),
    pytest_step("unit", "tests/unit", workers=2),
    pytest_step("functional", "tests/functional", workers=2),
    pytest_step("receiver", "tests/receiver"),
    pytest_step("fault", "tests/fault"),
    # It must not see the limit of socket buffers change, which end to end puts back at its end.
    Step(
        "molecule",
        ("python", str(TOOLS / "room_for_datagrams.py"), "molecule", "test", "--all"),
        needs=("images",),
        shows=PROBLEMS,
    ),
    pytest_step("e2e-debian12", "tests/e2e", "--release=debian12", needs=("images",)),
    pytest_step("e2e-debian13", "tests/e2e", "--release=debian13", needs=("images",)),
    ansible_test_step("sanity-oldest", "sanity", "oldest"),
    ansible_test_step("units-oldest", "units", "oldest"),
    pytest_step("functional-oldest", *MEET_THE_CORE, core="oldest", workers=2),
)
MATRIX = (
    pytest_step("unit-oldest", "tests/unit", core="oldest", workers=2),
    pytest_step(
        "functional-oldest-rest",
        "tests/functional",
        *(f"--ignore={path}" for path in MEET_THE_CORE),
        core="oldest",
        workers=2,
    ),
    *(
        step
        for core in BETWEEN
        for step in (
            ansible_test_step(f"sanity-{core}", "sanity", core),
            ansible_test_step(f"units-{core}", "units", core),
            pytest_step(f"functional-{core}", "tests/functional", core=core, workers=2),
        )
    ),
)
OTHERS = (
    Step("fault-table", ("pytest", "tests/fault", "--write-table")),
    Step("soak", ("python", "-m", "fault.soak", "--minutes", os.environ.get("MINUTES", "60")), cwd=ROOT / "tests"),
)


def names(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(step.name for step in steps)


STEPS = {step.name: step for step in (*LINT, *PREPARE, *TESTS, *MATRIX, *OTHERS)}

# Lanes run side by side, the steps of a lane one after the other; a step also waits for what it needs. The first lane
# computes, the second and the third wait for containers, the fourth for clocks and queues. For two cores.
LANES: tuple[tuple[str, ...], ...] = (
    (*names(LINT), "functional", "unit", "sanity", "units", "sanity-oldest", "units-oldest", "functional-oldest"),
    ("images", "e2e-debian12"),
    ("e2e-debian13", "molecule", "unit-oldest", "functional-oldest-rest"),
    (
        *("venv-oldest", "receiver", "fault"),
        *(f"{kind}-{core}" for core in BETWEEN for kind in ("venv", "sanity", "units", "functional")),
    ),
)

GROUPS: dict[str, tuple[str, ...]] = {
    "lint": names(LINT),
    "gate": names((*LINT, *TESTS)),
    "matrix": names((*LINT, *TESTS, *MATRIX)),
    "sanity": ("sanity", "units"),
    "oldest": ("sanity-oldest", "units-oldest", "functional-oldest"),
    "e2e": ("e2e-debian12", "e2e-debian13"),
    **{name: (name,) for name in ("unit", "functional", "receiver", "fault", "fault-table", "soak", "molecule")},
}


def lanes_of(
    wanted: list[str],
    steps: dict[str, Step] | None = None,
    lanes: tuple[tuple[str, ...], ...] = LANES,
) -> list[list[Step]]:
    """The lanes with only the wanted steps and what they need. A step that is in no lane gets its own."""
    steps = STEPS if steps is None else steps
    chosen: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in chosen:
            chosen.add(name)
            waiting += steps[name].needs
    placed = {name for lane in lanes for name in lane}
    every = (*lanes, *((name,) for name in steps if name not in placed))
    return [found for lane in every if (found := [steps[name] for name in lane if name in chosen])]
