# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/faults.md says what the tests claim."""

from __future__ import annotations

import importlib
import pathlib
import re

import pytest
from fault.conftest import RELEASES

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "faults.md"
PART = re.compile(r"(<!-- generated: faults -->\n).*?(<!-- end -->\n)", re.DOTALL)


def table(results: dict) -> str:
    words = {True: "held", False: "FAILED", None: "not run"}
    lines = [
        "| # | fault | what may be lost | " + " | ".join(RELEASES) + " |",
        "|---|---|---|" + "---|" * len(RELEASES),
    ]
    for (number, what, loss), cells in sorted(results.items()):
        verdicts = " | ".join(words[cells.get(release)] for release in RELEASES)
        lines.append(f"| {number} | {what} | {loss} | {verdicts} |")
    return "\n".join(lines) + "\n"


def claims() -> dict:
    """Every fault that has a test, as if all held. A test that fails says so itself."""
    found = {}
    for path in pathlib.Path(__file__).parent.glob("test_*.py"):
        for value in vars(importlib.import_module(f"fault.{path.stem}")).values():
            for mark in getattr(value, "pytestmark", ()):
                if mark.name == "fault":
                    found[mark.args] = dict.fromkeys(RELEASES, True)
    return found


@pytest.mark.table
def test_the_table(results, request):
    """Compared with the claims, since a process of pytest-xdist has only the results of its own tests."""
    write, text = request.config.getoption("--write-table"), DOCUMENT.read_text("utf-8")
    made = PART.sub(lambda found: found[1] + table(results if write else claims()) + found[2], text)
    if write:
        DOCUMENT.write_text(made, "utf-8")
    else:
        assert text == made, "docs/faults.md is out of date: run 'make fault-table' and read what changed"
