# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""A probe's report in sentences for whoever runs the mail filter."""

from __future__ import annotations

import typing as t

from .._remote_syslog.write import GET, SET
from .words import HELP, STATUS

Facts = t.Mapping[str, t.Any]

_LAYOUTS = {
    "json": "an object in JSON",
    "repr": "a dictionary as Python prints one",
    "json list": "a list in JSON",
    "tuple": "a tuple as Python prints one",
    "colon": "a line a setting, as in port: 514",
    "equals": "a line a setting, as in port = 514",
    "blank": "a line a setting, as in port 514",
    "csv": "one comma-separated line",
}
_WARNINGS = {
    "before": "before the settings",
    "after": "after the settings",
    "around": "before and after the settings",
    "between": "between the settings",
    "inside": "inside the object",
}


def sentences(report: Facts, failures: t.Mapping[str, str]) -> t.List[str]:
    """What the module made of each reply and what it could not read. ``failures``: messages by call."""
    get, status, helped = (report["calls"][call] for call in (GET, STATUS, HELP))
    said = []
    if "read" in get:
        said += _settings(get["read"])
    else:
        said.append(f"The settings cannot be read: {failures[GET]}.")
    if "read" in helped:
        said += _help(helped["read"])
    else:
        said.append(f"The help cannot be read: {failures[HELP]}.")
    if "read" in status:
        said += _status(status["read"])
    else:
        said.append(f"The status of the nodes cannot be read: {failures[STATUS]}.")
    return said + _connection(report["connection"])


def _settings(read: Facts) -> t.List[str]:
    said = [f"The settings can be read with certainty. They come as {_LAYOUTS[read['layout']]}."]
    odd = [name for name, style in read["spellings"].items() if style == "unknown"]
    if odd:
        said.append(f"The spelling of {', '.join(odd)} is not known, and is kept as it is.")
    if read["warnings"] == "none":
        said.append(
            "There are no warnings about values that are not the product's default: either nothing was changed, or this"
            " cluster never warns, and then the module cannot see which settings follow the default."
        )
    else:
        said.append(f"Warnings about values that are not the product's default are {_WARNINGS[read['warnings']]}.")
        if not read["defaults_understood"]:
            said.append("Their words are not understood, so the module cannot see which settings follow the default.")
    if read["unknown_settings"]:
        said.append(
            f"There are {read['unknown_settings']} settings that this collection does not know, and that a write leaves"
            " out."
        )
    return said


def _help(read: Facts) -> t.List[str]:
    said = []
    for kind, call in (("get", GET), ("set", SET)):
        found = read[kind]
        if not found["listed"]:
            said.append(f"The help does not list {call}; the cluster may be too old, or the API user may not call it.")
        elif found["unknown_arguments"]:
            said.append(f"{call} takes {found['unknown_arguments']} arguments that this collection does not know.")
    known = read["set"]["arguments"]
    if read["set"]["signature"] and len(known) < 8:
        said.append(f"{SET} takes only {len(known)} of the 8 settings: {', '.join(known)}.")
    return said or ["The help lists both calls for the settings, with the arguments that are expected."]


def _status(read: Facts) -> t.List[str]:
    missing = 4 - len(read["shown"])
    more = f", but not {missing} of the 4 values that are expected" if missing else ""
    return [f"The status of {read['nodes']} nodes can be read{more}."]


def _connection(connection: Facts) -> t.List[str]:
    certificate = connection.get("certificate")
    if not certificate:
        return []
    kind = "self-signed" if certificate["self_signed"] else "signed by a CA"
    said = f"The certificate is {kind}, and of X.509 version {certificate['version']}"
    said += "" if certificate["alternative_names"] else ", and has no names that clients of today look at"
    said += {"expired": ", and has expired", "not yet": ", and is not valid yet"}.get(certificate["validity"], "")
    return [f"{said}."]


NOT_WRITTEN = (
    "Nothing was written, because a write leaves out the settings that this collection does not know, and could clear"
    " them."
)
_OMITTED = {
    "kept": "A set call keeps a setting that it leaves out.",
    "reset": "A set call gives a setting that it leaves out back to the product's default.",
    "cleared": "A set call empties a setting that it leaves out.",
    "refused": "A set call that leaves a setting out is refused.",
}
_CONTROL = {
    "kept": "Control characters in a template survive, so the log format's style fast may be used.",
    "removed": "Control characters in a template are removed, so the log format's style fast must not be used.",
    "changed": "Control characters in a template are changed, so the log format's style fast must not be used.",
    "refused": "Control characters in a template are refused, so the log format's style fast cannot be used.",
}


def write_sentences(writes: Facts, message: str) -> t.List[str]:
    """What the trial writes told. ``message``: why the first one failed."""
    if message:
        return [f"The first write failed, and the settings are as they were: {message}."]
    said = [
        _OMITTED.get(
            writes["omitted_argument"], "What becomes of a setting that a set call leaves out could not be found out."
        ),
        _CONTROL.get(
            writes["control_characters"], "Whether control characters in a template survive could not be found out."
        ),
        "Whether TCP senders connect again after a write cannot be seen through the API: compare the connections on the"
        " receiver before and after this run.",
        "The earlier settings were restored, and read again to be sure.",
    ]
    if not writes["defaults_shown"]:
        said.append(
            "This cluster does not show which settings follow the product's default. Those that did have the same"
            " values as before, but no longer follow it."
        )
    return said
