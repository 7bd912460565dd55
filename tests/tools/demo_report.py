# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""demo_report.py FOLDER: what the demo did, from the files that demo.sh fetched; exits 1 when a record is missing.

demo_report.py FOLDER forge: prints the message template in force with a wrong secret, as somebody would guess it who
lacks the secret.
"""

from __future__ import annotations

import json
import pathlib
import re
import sys
from collections import Counter

LONGEST = 150  # characters of a setting that are shown


def settings(path: pathlib.Path, secret: str) -> dict[str, str]:
    """The cluster's settings as lines of text, without the secret."""
    values = json.loads(path.read_text(encoding="utf-8"))["settings"]
    shown = {}
    for name, value in values.items():
        text = str(value).replace(secret, "********")
        shown[name] = text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"
    return shown


def lines(path: pathlib.Path) -> list[dict]:
    """The objects of a file with one JSON object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def secret_of(folder: pathlib.Path) -> str:
    """The secret of this demo's log format; it is never printed."""
    found = re.search(r'(?m)^  secret: "(.+)"$', (folder / "vars.yml").read_text(encoding="utf-8"))
    if not found:
        raise SystemExit("vars.yml holds no secret")
    return found.group(1)


def main() -> int:
    """Print the report; return the exit status."""
    folder = pathlib.Path(sys.argv[1])
    secret = secret_of(folder)
    if sys.argv[2:] == ["forge"]:
        template = json.loads((folder / "after.json").read_text(encoding="utf-8"))["settings"]["message_template"]
        print(template.replace(secret, "f" * len(secret)))
        return 0
    before, after = (settings(folder / name, secret) for name in ("before.json", "after.json"))
    print("\nThe cluster's settings, before (-) and after (+):\n")
    for name in after:
        if before[name] == after[name]:
            print(f"    {name}: {after[name]}")
        else:
            print(f"  - {name}: {before[name]}\n  + {name}: {after[name]}")

    sent = [entry for entry in lines(folder / "sent.jsonl") if entry["result"] == "sent"]
    attacks = Counter(entry["hostile"] for entry in sent if "hostile" in entry)
    messages, statuses, quarantine = (lines(folder / f"{name}.json") for name in ("messages", "status", "quarantine"))
    kept = len(messages) + len(statuses) + len(quarantine)
    reasons = Counter(record["event.reason"] for record in quarantine)
    forged = [record for record in messages + statuses if record["email.local_id"].startswith("FORGED")]
    why = ", ".join(f"{reason}: {count}" for reason, count in sorted(reasons.items()))
    print(f"""
Records sent by the cluster:  {len(sent):6}   ({sum(attacks.values())} of them made by attackers)
Received, in messages.json:   {len(messages):6}
Received, in status.json:     {len(statuses):6}
Quarantined:                  {len(quarantine):6}   ({why})
Attacks without effect:       {sum(attacks.values()) - len(quarantine):6}   (what they forged stays text inside a field)
Forged records let in:        {len(forged):6}
""")
    print("Three of them:\n")
    for record in (messages[-1], statuses[-1], quarantine[-1]):
        # Quarantined text that was cut holds the secret.
        print(json.dumps(record, indent=2, ensure_ascii=False).replace(secret, "********") + "\n")
    if kept != len(sent) or forged:
        print(f"ERROR: {len(sent)} records sent, {kept} on disk, {len(forged)} of them forged", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
