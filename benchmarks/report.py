# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts the figures of benchmarks/results into docs/performance.md, between the marks there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"
LABELS = {
    "start": "starting Ansible, no task",
    "nothing": "a task that does nothing in a worker (`debug`)",
    "in-process": "**`remote_syslog_server`, connection local**",
    "ping": "`ansible.builtin.ping`",
    "module": "`remote_syslog_server`, any other connection",
    "uri": "three tasks of `ansible.builtin.uri`",
}


def table(result: dict[str, Any]) -> str:
    """One run's figures as Markdown. Net means without what the run without a task took."""
    rows = {(row["clusters"], row["way"]): row for row in result["rows"]}
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    loads = result["load_before"]
    lines = [
        f"#### ansible-core {result['versions']['ansible-core']}",
        "",
        f"{result['date']}, collection at {result['commit']}, {versions}; {result['cores']} cores of "
        f"{result['processor']}; {result['forks']} forks; load of the machine before the rounds "
        f"{min(loads):g} to {max(loads):g}.",
        "",
        "| clusters | what | rounds | CPU s | wall s | net CPU ms a cluster | of `uri` | of `ping` |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for (count, way), row in rows.items():
        net = {
            name: rows[count, name]["cpu_s"] - rows[count, "start"]["cpu_s"] for name in LABELS if (count, name) in rows
        }
        shares = [f"{net[way] / net[peer]:.3f}" if way != "start" and peer in net else "" for peer in ("uri", "ping")]
        each = "" if way == "start" else f"{1000 * net[way] / count:.0f}"
        lines.append(
            f"| {count} | {LABELS[way]} | {len(row['rounds'])} | {row['cpu_s']:.2f} | {row['wall_s']:.2f} | "
            f"{each} | {shares[0]} | {shares[1]} |"
        )
    return "\n".join(lines) + "\n"


def figures() -> str:
    """The figures of all runs on file, newest ansible-core first."""
    files = sorted((ROOT / "benchmarks" / "results").glob("api-*.json"), reverse=True)
    return "\n" + "\n".join(table(json.loads(file.read_text(encoding="utf-8"))) for file in files) + "\n"


def main() -> None:
    """Replace what is between the marks."""
    before, _mark, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    DOCUMENT.write_text(before + BEGIN + figures() + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
