# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the questions of the surveys in awx/job_templates.yml, from the table of the playbooks' variables.

    gen_awx.py [--check]

With --check it changes nothing and exits with 1 where the file is out of date.
"""

from __future__ import annotations

import json
import re
import sys
import typing as t

from gen_docs import ROOT, plugin_utils

PATH = ROOT / "awx" / "job_templates.yml"
# A variable's type as a survey's; all others are text.
TYPES = {"int": "integer", "saved": "textarea"}
# The groups in awx/inventories.yml.
DEFAULTS = {"spamexperts_clusters": "local_clouds"}


def questions(playbook: str) -> list[dict[str, t.Any]]:
    """The questions of a playbook's survey, in the order of the table."""
    return [question(variable) for variable in plugin_utils("_variables").VARIABLES if playbook in variable.survey]


def question(variable: t.Any) -> dict[str, t.Any]:
    """A question as AWX has it. None has to be answered, because a schedule asks nobody."""
    choices = ("true", "false") if variable.type == "bool" else variable.choices
    found = {
        "question_name": variable.question,
        "question_description": re.sub("[`*]", "", variable.meaning),
        "variable": variable.name,
        "type": "multiplechoice" if choices else TYPES.get(variable.type, "text"),
        "required": False,
    }
    if choices:
        found["choices"] = "\n".join(choices)
    if variable.type == "int":
        found["min"] = variable.minimum
    default = DEFAULTS.get(variable.name, variable.default)
    if default not in (None, []):
        found["default"] = str(default).lower() if isinstance(default, bool) else default
    return found


def survey(playbook: str) -> str:
    """The questions as YAML, as they stand in the file."""
    lines = ["      spec:"]
    for each in questions(playbook):
        # JSON is YAML. A line that is too long is folded between words, which means the same.
        for at, (key, value) in enumerate(each.items()):
            start = f"        {'  ' if at else '- '}{key}: "
            lines += folded(start, json.dumps(value), " " * 12)
    return "\n".join(lines)


def folded(start: str, text: str, indent: str) -> list[str]:
    lines = [start]
    for word in re.split("(?<=[^ ]) (?=[^ ])", text):
        if lines[-1].strip() and len(f"{lines[-1]} {word}") > 120:
            lines.append(indent)
        lines[-1] += word if lines[-1].endswith(" ") else f" {word}"
    return lines


def generated(text: str) -> str:
    """The file with all its surveys as the table has them."""
    pattern = r"(      # generated: (\w+)\n).*?(      # end\n)"
    return re.sub(pattern, lambda match: f"{match[1]}{survey(match[2])}\n{match[3]}", text, flags=re.DOTALL)


def main() -> int:
    sys.dont_write_bytecode = True
    before = PATH.read_text("utf-8")
    after = generated(before)
    if "--check" not in sys.argv[1:]:
        PATH.write_text(after, "utf-8")
    elif before != after:
        print(f"{PATH.relative_to(ROOT)} is out of date: run 'make docs'")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
