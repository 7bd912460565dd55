# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The end of the playbook probe: its file, which names no cluster, and the sentences for each cluster."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._report import failure, visible

Result = t.Mapping[str, t.Any]

_ROOT = pathlib.Path(__file__).resolve().parents[2]


def probe_report(results: t.Mapping[str, Result]) -> t.Dict[str, t.Any]:
    """The file, the lines to show and the state of each cluster, from results of cluster_probe."""
    reports: t.List[t.Any] = []
    lines: t.List[str] = []
    clusters: t.Dict[str, t.Any] = {}
    for name, result in results.items():
        state: t.Dict[str, t.Any] = {"state": "ok"}
        if "report" in result:
            reports.append(result["report"])
            lines += [f"{name}: {line}" for line in result["lines"]]
            if not result["answered"]:
                state = {"state": "failed", "msg": result["lines"][0]}
        if result.get("failure_class") or "report" not in result:
            state = failure(result)
            lines.append(f"{name}: {state['msg']}")
        clusters[name] = state
    return {
        "file": {"collection": _version(), "clusters": reports},
        "lines": [*map(visible, lines)],
        "clusters": clusters,
    }


def _version() -> str:
    """The collection's version: an installed one has a manifest, a checkout has not."""
    manifest = _ROOT / "MANIFEST.json"
    if manifest.exists():
        return str(json.loads(manifest.read_text("utf-8"))["collection_info"]["version"])
    match = re.search(r"(?m)^version: *(\S+)", (_ROOT / "galaxy.yml").read_text("utf-8"))
    return match[1] if match else "unknown"
