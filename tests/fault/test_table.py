# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/faults.md says what the tests claim."""

from __future__ import annotations

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


def disagreements(text: str, results: dict) -> list[str]:
    """The rows of the tests there are that the table lacks, where only some tests were chosen."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PART.search(text)[0].splitlines()]
    said = {tuple(row[:2]): dict(zip(RELEASES, row[3:], strict=False)) for row in rows}
    return [
        f"{number} {what}, {release}"
        for (number, what, _), cells in results.items()
        for release, held in cells.items()
        if not held or said.get((str(number), what), {}).get(release) != "held"
    ]


@pytest.mark.table
def test_the_table(results, claims, request):
    """Each process of pytest-xdist knows all tests, but only the results of its own."""
    write, text = request.config.getoption("--write-table"), DOCUMENT.read_text("utf-8")
    if request.config.getoption("lf") and not write:
        assert disagreements(text, claims) == []
        return
    made = PART.sub(lambda found: found[1] + table(results if write else claims) + found[2], text)
    if write:
        DOCUMENT.write_text(made, "utf-8")
    else:
        assert text == made, "docs/faults.md is out of date: run 'make fault-table' and read what changed"
