# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what the documents have from the code: tables of variables and fields, templates, outcomes and metrics.

    gen_docs.py [--check]

With --check it changes nothing and exits with 1 where a document is out of date.
"""

from __future__ import annotations

import importlib
import pathlib
import re
import sys
import types

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "plugins" / "module_utils")]
DOCS = ROOT / "docs"
TYPES = {"text": "string", "integer": "integer", "ip": "IP address"}


def log_format_module(name: str) -> types.ModuleType:
    """A file of module_utils/_log_format, without Ansible and without a tree that is named like the collection."""
    return importlib.import_module(f"_log_format.{name}")


def field_table() -> str:
    lines = ["| field | kinds | key on disk | type | trusted |", "|---|---|---|---|---|"]
    for field in log_format_module("fields").FIELDS.values():
        trusted = "no" if field.untrusted else "yes"
        kinds = ", ".join(field.kinds)
        lines.append(f"| `{field.name}` | {kinds} | `{field.key}` | {TYPES[field.type]} | {trusted} |")
    return "\n".join(lines)


def default_templates(style: str) -> str:
    """The templates of a style's defaults; the word SECRET stands where the secret goes."""
    template = log_format_module("template")
    value = {"style": style} if style == "csv" else {"style": style, "secret": "S" * 16}
    fmt = template.log_format(value)
    texts = [template.compile_template(fmt, kind).replace("S" * 16, "SECRET") for kind in ("message", "status")]
    return "```text\n" + "\n\n".join(texts).replace("\x1f", "␟") + "\n```"


def outcomes() -> str:
    found = log_format_module("record").OUTCOMES
    lines = ["| status, in any case | `event.outcome` |", "|---|---|"]
    lines += [f"| `{status}` | `{outcome}` |" for status, outcome in found.items()]
    return "\n".join([*lines, "| any other | `unknown` |"])


def metrics() -> str:
    """The schema in the script that the role puts on the receiver."""
    sys.path.insert(0, str(ROOT / "roles" / "rsyslog_receiver" / "files"))
    script = importlib.import_module("metrics")
    lines = ["| metric | type | label | meaning |", "|---|---|---|---|"]
    for metric in script.SCHEMA:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        lines.append(f"| `{script.PREFIX}{metric.name}` | {metric.type} | {labels} | {metric.help} |")
    return "\n".join(lines)


def plugin_utils(name: str) -> types.ModuleType:
    """A file of plugins/plugin_utils, in the same way."""
    package = types.ModuleType("plugins")
    package.__path__ = [str(ROOT / "plugins")]
    sys.modules.setdefault(package.__name__, package)
    return importlib.import_module(f"{package.__name__}.plugin_utils.{name}")


def variables() -> str:
    """The playbooks' variables, and which playbooks read each of them."""
    table = plugin_utils("_variables")
    lines = ["| variable | default | playbooks | meaning |", "|---|---|---|---|"]
    for variable in table.VARIABLES:
        default = variable.shown_default or ("none" if variable.default in (None, []) else shown(variable.default))
        if variable.needed_by:
            default = f"`{variable.environment}`, required" if variable.environment else "none, required"
        elif variable.environment:
            default = f"`{variable.environment}`, else {default}"
        named = " ".join(f"`{name}`" for name in variable.playbooks)
        playbooks = "all five" if variable.playbooks == table.CLUSTER_PLAYBOOKS else named
        lines.append(f"| `{variable.name}` | {default} | {playbooks} | {variable.meaning} |")
    return "\n".join(lines)


def shown(value: object) -> str:
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def configuration() -> str:
    """What the role writes with its defaults and a secret on Debian 12; the long address expressions are cut."""
    rendering = importlib.import_module("receiver.rendering")
    defaults = rendering.defaults()
    rulesets = plugin_utils("_rulebase").rulesets(defaults["rsyslog_receiver_listeners"], {"secret": "S" * 16})
    text = rendering.rendered(
        "receiver.conf.j2",
        {
            **defaults,
            "__rsyslog_receiver_rulesets": rulesets,
            "__rsyslog_receiver_version": "8.2302.0",
            "__rsyslog_receiver_pmnormalize": True,
        },
    )
    return "```text\n" + re.sub(r"(?m)^(.{150}).+$", r"\1 ...", text).rstrip() + "\n```"


def documents() -> dict[str, dict[str, str]]:
    """The generated parts of each document."""
    templates = {f"templates-{style}": default_templates(style) for style in log_format_module("template").STYLES}
    return {
        "clusters.md": {"variables": variables()},
        "log-format.md": {**templates, "fields": field_table(), "outcomes": outcomes()},
        "monitoring.md": {"metrics": metrics()},
        "receiver-configuration.md": {"configuration": configuration()},
    }


def generated(name_of_document: str, text: str, parts: dict[str, str]) -> str:
    """The document with every part between its two marks as the code has it."""
    for name, part in parts.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{name_of_document} lacks the mark <!-- generated: {name} -->")
        text = pattern.sub(lambda match, part=part: f"{match[1]}\n{part}\n\n{match[2]}", text)
    return text


def main() -> int:
    sys.dont_write_bytecode = True
    status = 0
    for name, parts in documents().items():
        before = (DOCS / name).read_text("utf-8")
        after = generated(name, before, parts)
        if "--check" not in sys.argv[1:]:
            (DOCS / name).write_text(after, "utf-8")
        elif before != after:
            print(f"docs/{name} is out of date: run 'make docs'")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
