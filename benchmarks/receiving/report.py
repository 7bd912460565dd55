# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of run.py as a table."""

from __future__ import annotations

import pathlib

HEADER = """<!--
Copyright (c) 2026, spamexperts.local_cloud contributors
GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->

"""
DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- receiving: begin -->\n", "<!-- receiving: end -->\n"
# Keys of our records that tell of the reception.
RECEPTION = {"@timestamp", "event.kind", "event.category", "event.dataset", "observer.ip"}
_COLUMNS = (
    "receiver", "bytes sent a record", "CPU us a record, 1 TCP", "over raw", "over syslog-ng", "CPU us, 4 TCP",
    "over raw", "k records/s, 1 TCP", "RSS MB", "wrong fields", "lost", "UDP loss-free k/s", "over syslog-ng",
)  # fmt: skip


def table(result: dict) -> str:
    """Markdown: a sentence on what was measured where, and a row for each receiver."""
    about, found = result["about"], result["receivers"]
    low, high = about["load"]
    lines = [
        f"{about['date']}, collection at {about['collection']}, rsyslog {about['rsyslog']}, "
        f"syslog-ng {about['syslog-ng']}, Linux {about['kernel']}; {about['machine']}; {about['records']} records "
        f"a run, medians of {about['rounds']} interleaved rounds; load of the machine {low:.1f} to {high:.1f}.",
        "",
        "| " + " | ".join(_COLUMNS) + " |",
        "|---|" + "--:|" * (len(_COLUMNS) - 1),
    ]
    raw, peer = found["rsyslog raw"], found["syslog-ng"]
    for name, row in found.items():
        one, four = row["tcp"][1], row["tcp"][4]
        style = name.split(",")[0] if name.split(",")[0] in result["record_bytes"] else "csv"
        udp, other = row.get("udp_rate"), peer.get("udp_rate")
        cells = (
            name, f"{result['record_bytes'][style]:.0f}", f"{one['cpu']:.2f}",
            f"{one['cpu'] / raw['tcp'][1]['cpu']:.2f}",
            f"{one['cpu'] / peer['tcp'][1]['cpu']:.2f}", f"{four['cpu']:.2f}",
            f"{four['cpu'] / raw['tcp'][4]['cpu']:.2f}", f"{one['rate'] / 1000:.0f}",
            f"{max(one['rss'], four['rss']) / 1e6:.0f}", f"{one['wrong_fields'] + four['wrong_fields']}",
            f"{one['lost'] + four['lost']}", f"{udp / 1000:.0f}" if udp else "", f"{udp / other:.2f}" if udp else "",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def publish(text: str) -> None:
    """Put the table between its marks in the documentation."""
    before, begin, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    _old, end, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")
