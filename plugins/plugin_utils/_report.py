# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Reports on many clusters: as data, and as lines of text in columns."""

from __future__ import annotations

import typing as t

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import shorten
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.reply import names_a_setting
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.settings import TEMPLATES

Result = t.Mapping[str, t.Any]
Report = t.Dict[str, t.Any]
Row = t.Sequence[str]

_WIDTH = 40  # of a template in a table, in characters
_NAMES = 3  # of clusters in one line
_STATUS = {
    "load_1m": "LOAD 1 MIN",
    "load_5m": "LOAD 5 MIN",
    "queue_delivery": "DELIVERY QUEUE",
    "queue_submission": "SUBMISSION QUEUE",
}


def drift_report(results: t.Mapping[str, Result]) -> Report:
    """Where clusters differ from their wanted settings, from results of remote_syslog_server in check mode."""
    clusters: t.Dict[str, t.Any] = {}
    rows: t.List[Row] = []
    for name, result in results.items():
        if "changed_keys" not in result:
            clusters[name] = failure(result)
            rows.append((name, *_failure_cells(clusters[name])))
            continue
        before, after = result["before"], result["settings"]
        drift = {key: {"is": before[key], "should_be": after[key]} for key in result["changed_keys"]}
        clusters[name] = {"state": "drift" if drift else "ok", "settings": drift}
        cells: t.List[Row] = [(key, *_pair(key, before[key], after[key])) for key in drift]
        rows += _block(name, clusters[name]["state"], cells or [()])
    return _report(clusters, results, _table(("CLUSTER", "STATE", "SETTING", "IS", "SHOULD BE"), rows))


def status_report(results: t.Mapping[str, Result]) -> Report:
    """Load and queues of every node, from results of server_status_info."""
    clusters: t.Dict[str, t.Any] = {}
    rows: t.List[Row] = []
    for name, result in results.items():
        if "nodes" not in result:
            clusters[name] = failure(result)
            rows.append((name, *_failure_cells(clusters[name])))
            continue
        nodes = {node: {key: status[key] for key in _STATUS} for node, status in result["nodes"].items()}
        queues = [status[key] or 0 for status in nodes.values() for key in _STATUS if key.startswith("queue_")]
        clusters[name] = {"state": "ok", "nodes": nodes, "longest_queue": max(queues, default=0)}
        cells = [(node, *("-" if v is None else str(v) for v in row.values())) for node, row in nodes.items()]
        rows += _block(name, "ok", cells or [("no nodes",)])
    return _report(clusters, results, _table(("CLUSTER", "STATE", "NODE", *_STATUS.values()), rows))


def change_report(results: t.Mapping[str, Result], check_mode: bool = False) -> Report:
    """What changed on each cluster, or would change in check mode, from results of remote_syslog_server."""
    clusters: t.Dict[str, t.Any] = {}
    lines = []
    for name, result in results.items():
        if result.get("failure_class") or "settings" not in result:
            clusters[name] = {**failure(result), "changed": bool(result.get("changed"))}
            lines.append(f"{name}: {': '.join(_failure_cells(clusters[name]))}")
            continue
        # With force, the task writes and reports a change although no setting differs.
        changed = list(result["changed_keys"])
        state = "changed" if result["changed"] else "unchanged"
        clusters[name] = {"state": state, "changed_keys": changed}
        said = _change(result, check_mode)
        if not check_mode:
            clusters[name]["verified"] = bool(result.get("verified", True))
            if result["changed"] and not clusters[name]["verified"]:
                said += "; the cluster does not show whether all of it took effect"
        lines.append(f"{name}: {_sends(result['settings'], check_mode)}; {said}.")
    return _report(clusters, results, [visible(line) for line in lines])


def _change(result: Result, check_mode: bool) -> str:
    names = ", ".join(result["changed_keys"])
    if not result["changed"]:
        return "nothing would change" if check_mode else "nothing was changed"
    if check_mode:
        return f"would change: {names}" if names else "would be written again"
    return f"changed: {names or 'written again'}"


def _report(clusters: t.Dict[str, t.Any], results: t.Mapping[str, Result], lines: t.List[str]) -> Report:
    """The report, with a line more for each notice of clusters, however many gave it."""
    by_notice: t.Dict[str, t.List[str]] = {}
    for name, result in results.items():
        notices = _notices(result)
        if notices:
            clusters[name]["notices"] = notices
        for notice in notices:
            by_notice.setdefault(notice, []).append(name)
    for notice, names in by_notice.items():
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        lines.append(visible(f"Notice of {', '.join(names[:_NAMES])}{more}: {notice}"))
    return {"clusters": clusters, "lines": lines}


def _notices(result: Result) -> t.List[str]:
    """What a cluster says besides its settings, such as that a call is deprecated; each text once."""
    said = [
        shorten(str(message), 200) for message in result.get("api_messages") or () if not names_a_setting(str(message))
    ]
    unknown = ", ".join(result.get("unknown_settings") or ())
    said += [f"this collection does not know the settings {unknown}"] if unknown else []
    return list(dict.fromkeys(said))


def stop_report(results: t.Mapping[str, Result], wave: t.Sequence[str], hosts: t.Sequence[str]) -> str:
    """Why a run stops after a wave, and what it did; empty if no cluster failed or none is left.

    results: of remote_syslog_server by cluster. wave: the hosts of the wave. hosts: those of all waves, in order.
    """
    left = [name for name in hosts[hosts.index(wave[-1]) + 1 :] if name in results]
    clusters = change_report({name: result for name, result in results.items() if name not in left})["clusters"]
    failed = [name for name, cluster in clusters.items() if cluster["state"] == "failed"]
    if not failed or not left:
        return ""
    written = [name for name in clusters if results[name].get("changed")]
    parts = {"Failed": failed, "Written to": written, "Not reached": left}
    return "Stopped after a wave with failures. " + " ".join(
        f"{what}: {', '.join(names) or 'none'}." for what, names in parts.items()
    )


def _sends(settings: Result, check_mode: bool) -> str:
    if not settings["enabled"] or settings["enabled"] == "default":
        return "would send no mail logs" if check_mode else "sends no mail logs"
    verb = "would send" if check_mode else "sends"
    transport = str(settings["socket_type"]).upper()
    return f"{verb} its mail logs to {settings['host']} port {settings['port']} by {transport}"


def failure(result: Result) -> t.Dict[str, t.Any]:
    """The state of a cluster whose task failed."""
    message = result.get("msg") or "the task returned no result; its error is above"
    return {"state": "failed", "failure_class": result.get("failure_class"), "msg": message}


def _failure_cells(state: Result) -> t.Tuple[str, str]:
    kind = state["failure_class"]
    return "failed", f"{kind}: {state['msg']}" if kind else state["msg"]


def _block(name: str, state: str, rows: t.Sequence[Row]) -> t.List[Row]:
    """The rows of one cluster; the first one names it."""
    return [(name, state, *rows[0]), *(("", "", *row) for row in rows[1:])]


def _pair(name: str, one: t.Any, other: t.Any) -> t.Tuple[str, str]:
    """Two values as texts for a table; long templates are cut to the part where they begin to differ."""
    if one == other:
        # Both are masked, or a literal equals the default that it is reset to.
        return ("with another secret", "with this secret") if name in TEMPLATES else (_text(one), _text(other))
    first, second = _text(one), _text(other)
    if max(len(first), len(second)) > _WIDTH:
        at = next((at for at, (a, b) in enumerate(zip(first, second)) if a != b), min(len(first), len(second)))
        first, second = _window(first, at), _window(second, at)
    # At the end of a cell nobody sees a blank.
    if (first, second) != (first.strip(), second.strip()):
        first, second = f"'{first}'", f"'{second}'"
    return first, second


def _window(text: str, at: int) -> str:
    start = max(0, min(at - _WIDTH // 4, len(text) - _WIDTH))
    end = start + _WIDTH
    return ("..." if start else "") + text[start:end] + ("..." if end < len(text) else "")


def _text(value: t.Any) -> str:
    if value in ("", None):
        return "(none)"
    return str(value).lower() if isinstance(value, bool) else str(value)


def visible(text: str) -> str:
    """The text with escapes in place of characters that a terminal would act on."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _table(head: Row, rows: t.Sequence[Row]) -> t.List[str]:
    """Lines of aligned columns. The last cell of a row can have any width."""
    shown = [[visible(cell) for cell in row] for row in (head, *rows)]
    # Only cells with another one to their right count: a long failure message must not widen its column.
    widths = [max((len(row[n]) for row in shown if len(row) > n + 1), default=0) for n in range(len(head))]
    return ["  ".join([*(c.ljust(w) for c, w in zip(row[:-1], widths)), row[-1]]).rstrip() for row in shown]
