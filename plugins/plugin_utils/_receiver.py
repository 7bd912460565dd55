# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What the role rsyslog_receiver wants of a host, from the role's table of it; and the scripts that look at the host.

Each rulebase and template is rendered once, although the role's variables name them many times.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import typing as t

OLDEST = (8, 2102)
PREFIX = "__rsyslog_receiver_"
# In the order in which they import each other.
SCRIPTS = ("sockets", "host_facts", "lock", "link", "canary", "compare", "transaction")
START = """\
import sys, types
def load(name, text):
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name + ".py", "exec"), module.__dict__)
"""
ROOTS = {"owner": "root", "group": "root"}

Entry = t.Dict[str, t.Any]


class Role(t.Protocol):
    """The role's variables and files, as Ansible finds them for a host."""

    def value(self, name: str, once: bool = False) -> t.Any:
        """The value of one of its internal variables, given without its prefix; ``once``: nothing else needs it."""

    def set(self, name: str, value: t.Any) -> None:
        """Have what is evaluated from now on find that value."""

    def template(self, name: str) -> str:
        """Its template, rendered."""

    def file(self, name: str) -> bytes:
        """The content of one of its files."""

    def names(self, folder: str) -> t.List[str]:
        """What is in a folder of its files."""


def script(role: Role, call: str, request: Entry) -> str:
    """The text of a program that calls a function of one of the scripts, such as ``compare.look``."""
    loads = [f"load({name!r}, {role.file(name + '.py').decode()!r})\n" for name in SCRIPTS]
    module, _dot, function = call.partition(".")
    return f"{START}{''.join(loads)}sys.modules[{module!r}].{function}({request!r})\n"


def look_request(role: Role, lock: bool) -> Entry:
    """What compare.look asks for. Evaluates the log formats and the senders, which are wrong where this raises."""
    for name in ("rulesets", "networks"):
        role.set(name, role.value(name))
    return {
        "lock": role.value("lock_request") if lock else None,
        "facts": role.value("request"),
        "manifest": role.value("manifest"),
    }


def know(role: Role, found: Entry) -> None:
    """Have the role's variables depend on what was found on the host."""
    role.set("host_facts", found["host"])
    role.set("version", version(found["version"]) or "8.2102.0")
    role.set("pmnormalize", found["pmnormalize"])
    role.set("written", found["written"])
    # Whether it runs is seen only when the host is compared.
    role.set("firewalld_active", True)
    # Named by many others.
    for name in ("sysctl_wanted", "firewall_wanted", "metrics_file", "firewall_rules", "manifest"):
        role.set(name, role.value(name))


def version(text: str) -> str:
    found = re.search(r"8\.[0-9]+\.[0-9]+", text)
    return found.group() if found else ""


def refused(role: Role, found: Entry) -> t.Iterator[str]:
    """Why this host, as it was found, needs the tasks that look more closely."""
    host = found["host"]
    for name in ("wrong", "taken", "foreign", "unsafe"):
        yield from host[name]
    if not host["user_is_ours"]:
        yield "the user is another's"
    if tuple(map(int, (version(found["version"]) or "0.0").split(".")))[:2] < OLDEST:
        yield "rsyslog: missing or too old"
    if not found["pmnormalize"] and "csv" in [rules["style"] for rules in role.value("rulesets")]:
        yield "pmnormalize: missing"


def _counts(entries: t.Iterable[Entry]) -> t.Iterator[Entry]:
    for entry in entries:
        if entry.get("when", True):
            yield {name: value for name, value in entry.items() if name != "when"}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _jobs(role: Role, table: Entry) -> t.Iterator[t.Tuple[Entry, t.List[Entry]]]:
    """Each job and its files."""
    folders = {name: role.value(name) for name in ("library", "commands", "units")}
    jobs = role.value("jobs", once=True)
    for job in (jobs[name] for name in table["jobs"]):
        role.set("job", job)
        files = [{"path": f"{folders['library']}/{name}", "source": name} for name in job["files"]]
        path = f"{folders['commands']}/{job['command']}"
        files.append({"path": path, "content": role.template("job.sh.j2"), "mode": "0755"})
        for kind in ("service", "timer") if job["schedule"] else ():
            path = f"{folders['units']}/{job['unit']}.{kind}"
            files.append({"path": path, "content": role.template(f"job.{kind}.j2")})
        yield job, files


def wanted(role: Role) -> Entry:
    """What compare.compare compares the host with."""
    table = role.value("wanted", once=True)
    files = list(_counts(table["files"]))
    units, proofs = list(table["units"]), []
    folder = role.value("config_dir")
    for name, text in role.value("rulebases").items():
        files.append({**table["rulebases"], "path": f"{folder}/{name}.rulebase", "content": text})
    for job, its_files in _jobs(role, table):
        files += its_files
        if job["schedule"]:
            units.append(job["unit"] + ".timer")
            of = [entry["path"] for entry in its_files if not entry["path"].endswith(".timer")]
            proofs.append({"proof": job["proof"], "of": of})
    if table["lnav"]:
        folder = role.value("lnav_formats")
        files += [{"path": f"{folder}/{name}", "source": f"lnav/{name}"} for name in role.names("lnav")]
    nftables = None
    for entry in files:
        if "source" in entry:
            content = role.file(entry.pop("source"))
        else:
            text = entry.pop("content", None)
            content = (role.template(entry.pop("template")) if text is None else text).encode()
        entry["sha256"] = _digest(content)
        if table["nftables"] and entry["path"] == table["nftables"]["file"]:
            nftables = {"table": table["nftables"]["table"], "rules": content.decode()}
    return {
        "directories": [{**ROOTS, "mode": "0755", **entry} for entry in _counts(table["directories"])],
        "files": [{**ROOTS, "mode": "0644", **entry} for entry in files],
        "links": list(_counts(table["links"])),
        "proofs": proofs,
        "units": units,
        "nftables": nftables,
        "firewalld": {"list": role.value("firewalld_list"), "rules": table["firewalld"]},
        "manifest": {"path": role.value("manifest"), "files": role.value("owned")},
        "socket_buffer": int(table["socket_buffer"]),
        **{name: table[name] for name in ("absent", "installed", "user")},
    }


def deploy_request(role: Role, token: str) -> Entry:
    """What transaction.deploy puts in force: the configuration, its rulebases and the unit."""
    for name in ("rulesets", "networks", "host_facts", "version", "pmnormalize", "written"):
        role.set(name, role.value(name))
    # The table asks for it, but what is deployed does not depend on it.
    role.set("firewalld_active", False)
    table, folder, conf, unit = (role.value(name) for name in ("wanted", "config_dir", "conf", "unit"))
    entries = {entry["path"]: {**ROOTS, "mode": "0644", **entry} for entry in table["files"]}

    def entry(path: str, text: str) -> Entry:
        return {"content": text, **{name: entries[path][name] for name in ("owner", "group", "mode")}}

    def in_candidate(text: str) -> str:
        return text.replace(f"{folder}/", f"{folder}/candidate/")

    text = role.template("receiver.conf.j2")
    rulebases = {
        f"{name}.rulebase": {"content": rules, **table["rulebases"]} for name, rules in role.value("rulebases").items()
    }
    request = {
        "folder": folder,
        "unit": unit,
        "handover_unit": role.value("handover_unit"),
        "candidate_folder": {"owner": "root", "group": entries[conf]["group"], "mode": "0750"},
        "candidate": {"receiver.conf": entry(conf, in_candidate(text)), **rulebases},
        "files": {
            conf: entry(conf, text),
            unit: entry(unit, role.template("receiver.service.j2")),
            **{f"{folder}/{name}": rules for name, rules in rulebases.items()},
        },
        "check": role.value("candidate_check"),
        "canary": role.value("canary"),
        "patience": int(role.value("patience")),
        "lock": {"path": role.value("lock_path"), "token": token},
        "undo": _undo(role),
    }
    request["handover"] = _handover(role, entry, in_candidate, conf, unit) if role.value("has_udp") else None
    return request


def _handover(role: Role, entry: t.Any, in_candidate: t.Any, conf: str, unit: str) -> Entry:
    role.set("handover", True)
    path = posixpath.join(posixpath.dirname(conf), "candidate", "handover.conf")
    role.set("conf", path)
    text = in_candidate(role.template("receiver.conf.j2"))
    return {
        "conf": {"path": path, **entry(conf, text)},
        "unit": {"path": role.value("handover_unit"), **entry(unit, role.template("receiver.service.j2"))},
    }


def _undo(role: Role) -> Entry:
    """Of what a run adds to the list, only the socket buffer setting is written before a deployment."""
    sysctl, wanted_too = role.value("sysctl"), role.value("sysctl_wanted")
    names = {*role.value("written"), *([sysctl] if wanted_too else [])}
    return {
        "list": {
            "path": role.value("manifest"),
            "content": json.dumps(sorted(names), indent=4) + "\n",
            **ROOTS,
            "mode": "0644",
        },
        "sysctl": sysctl,
        "rmem_max": int(role.value("host_facts")["rmem_max"]) if wanted_too else 0,
    }


ENDS = {
    "deployed": "The new configuration is in force.",
    "refused": "The new configuration failed its check, so nothing of it is in force.",
    "taken off": "The new configuration did not work, so the receiver was taken off again.",
    "restored": "The new configuration did not work, so the earlier one is in force again.",
    "stopped": "The new configuration did not work, so the earlier one was put back, BUT IT DOES NOT RUN.",
}


def told(outcome: Entry) -> str:
    """How a deployment ended."""
    text = ENDS[outcome["state"]]
    if outcome["step"]:
        text += f" What failed: {outcome['step']}: {outcome['message']}"
    if outcome["log"]:
        text += f" The receiver's last log lines: {outcome['log']}"
    return text


def told_late(outcome: t.Optional[Entry]) -> str:
    """The same for the run after the one that should have said it."""
    return f"An earlier run lost its connection while it deployed a change. {told(outcome)}" if outcome else ""
