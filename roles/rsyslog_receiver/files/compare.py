# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything on this host that a run of the role might change, compared with what the role wants.

Run by the action plugin receiver_host as root, in two turns: ``look`` takes the lock and says what the wanted files
depend on, ``compare`` names what differs. Neither changes anything. No directory that is looked at is below one that a
less trusted user owns, apart from those of links, which link.py enters.
"""

import glob
import grp
import hashlib
import ipaddress
import json
import os
import pwd
import re
import stat
import subprocess
from collections import Counter

import canary
import host_facts
import link
import lock

NFT = "/usr/sbin/nft"
RSYSLOGD = "/usr/sbin/rsyslogd"
RMEM_MAX = "/proc/sys/net/core/rmem_max"
MODULES = ("/usr/lib*/rsyslog/", "/usr/lib*/*/rsyslog/")


def output(*command):
    """The standard output of a command, or nothing where it fails or is not there."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    try:
        return subprocess.run(command, check=True, **streams).stdout.decode()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""


def read_list(path):
    """The list in a JSON file; an empty one where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return []


def look(request):
    """Take the lock, if there is one to take, and print what the wanted files depend on."""
    try:
        token = lock.acquire(request["lock"]) if request["lock"] else ""
    except BlockingIOError as error:
        print(json.dumps({"refused": str(error)}))
        return
    found = {
        "token": token,
        "earlier": lock.ended(request["lock"], token) if token else None,
        "host": host_facts.facts(request["facts"]),
        "version": output(RSYSLOGD, "-v"),
        "pmnormalize": any(glob.glob(folder + "pmnormalize.so") for folder in MODULES),
        "written": read_list(request["manifest"]),
    }
    print(json.dumps(found))


def number(find, name, field):
    try:
        return getattr(find(name), field)
    except KeyError:
        return -1


def faults(path, want, kind):
    """What is wrong with a file or directory, in words."""
    try:
        status = os.lstat(path)
    except OSError:
        return ["missing"]
    if stat.S_IFMT(status.st_mode) != kind:
        return ["of another kind"]
    found = []
    if stat.S_IMODE(status.st_mode) != int(want["mode"], 8):
        found.append("mode")
    if status.st_uid != number(pwd.getpwnam, want["owner"], "pw_uid"):
        found.append("owner")
    if status.st_gid != number(grp.getgrnam, want["group"], "gr_gid"):
        found.append("group")
    if "sha256" in want:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            if hashlib.sha256(file.read()).hexdigest() != want["sha256"]:
                found.append("content")
    return found


def compare_paths(want):
    for kind, entries in ((stat.S_IFDIR, want["directories"]), (stat.S_IFREG, want["files"])):
        for entry in entries:
            found = faults(entry["path"], entry, kind)
            if found:
                yield "%s: %s" % (entry["path"], ", ".join(found))
    for patterns in want["installed"]:
        if not any(glob.glob(pattern) for pattern in patterns):
            yield "%s: missing" % patterns[0]
    for path in want["absent"]:
        if os.path.lexists(path):
            yield "%s: there" % path


def compare_links(want):
    for entry in want["links"]:
        folder, name = os.path.split(entry["path"])
        try:
            fd = link.enter(folder)
        except OSError as error:
            yield "%s: %s" % (entry["path"], error)
            continue
        try:
            if link.there(name, fd) != entry["target"]:
                yield "%s: another target" % entry["path"]
        finally:
            os.close(fd)


def compare_user(want):
    """As useradd would make it; an existing group of any number will do."""
    wanted = want["user"]
    try:
        found = pwd.getpwnam(wanted["name"])
    except KeyError:
        yield "user %s: missing" % wanted["name"]
        return
    is_as_wanted = (found.pw_gid, found.pw_gecos, found.pw_dir, found.pw_shell) == (
        number(grp.getgrnam, wanted["group"], "gr_gid"),
        wanted["comment"],
        wanted["home"],
        wanted["shell"],
    )
    if not is_as_wanted:
        yield "user %s: differs" % wanted["name"]


def states(names):
    """What systemd says of units, by name."""
    text = output("systemctl", "show", "--property=Id,ActiveState,UnitFileState,NeedDaemonReload", *names)
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in text.strip().split("\n\n")]
    return {block.get("Id"): block for block in blocks}


def compare_units(want, found):
    for name in want["units"]:
        state = found.get(name, {})
        if (state.get("ActiveState"), state.get("UnitFileState")) != ("active", "enabled"):
            yield "%s: %s and %s" % (name, state.get("ActiveState"), state.get("UnitFileState") or "not there")
        if state.get("NeedDaemonReload") != "no":
            yield "%s: systemd has to read it again" % name


def compare_proofs(want):
    """A job has to complete after each change of what it is made of."""
    for entry in want["proofs"]:
        try:
            proved = os.lstat(entry["proof"]).st_mtime_ns
            if all(os.lstat(path).st_mtime_ns <= proved for path in entry["of"]):
                continue
        except OSError:
            pass
        yield "%s: older than its job" % entry["proof"]


def compare_socket_buffer(want):
    """A limit that cannot be raised, as in a container, is what the role reports, and not a difference."""
    wanted = want["socket_buffer"]
    if wanted and host_facts.rmem_max() < wanted and os.access(RMEM_MAX, os.W_OK):
        yield "%s: below %d" % (RMEM_MAX, wanted)


def rules(text):
    """What a text of nft decides, however it is laid out: its verdicts, ports and networks."""
    text = re.sub("#.*", "", text)
    ports, networks = set(), []
    for transport, words in re.findall(r"(tcp|udp) dport (\{[^}]*\}|\S+)", text):
        ports.update((transport, word) for word in re.findall("[0-9]+", words))
    for words in re.findall(r"saddr (\{[^}]*\}|[0-9a-f]\S*)", text):
        networks += map(ipaddress.ip_network, re.findall(r"[^\s{},]+", words))
    of_each = [[entry for entry in networks if entry.version == version] for version in (4, 6)]
    verdicts = Counter(re.findall(r"\b(?:accept|goto senders|drop|log prefix)\b", text))
    return verdicts, ports, [list(ipaddress.collapse_addresses(entries)) for entries in of_each]


def compare_nftables(want):
    if not want["nftables"]:
        return
    in_force = output(NFT, "--terse", "list", "table", *want["nftables"]["table"].split())
    try:
        if rules(in_force) == rules(want["nftables"]["rules"]):
            return
    except ValueError:
        pass
    yield "nftables: other rules are in force"


def compare_firewalld(want, found):
    """Its rules cannot say whose they are, so ours are on a list."""
    ours = set(read_list(want["firewalld"]["list"]))
    wanted = set()
    if found.get("firewalld.service", {}).get("ActiveState") == "active":
        wanted = set(want["firewalld"]["rules"])
    if ours - wanted:
        yield "firewalld: surplus rules"
    for kept in (["--permanent"], []) if wanted else ():
        if wanted - set(output("firewall-cmd", *kept, "--list-rich-rules").splitlines()):
            yield "firewalld: missing rules"


def compare_list(want):
    if set(read_list(want["manifest"]["path"])) != set(want["manifest"]["files"]):
        yield "%s: content" % want["manifest"]["path"]


def compared(want):
    """Yield everything that differs, in words that say nothing secret."""
    found = states([*want["units"], "firewalld.service"])
    yield from compare_paths(want)
    yield from compare_links(want)
    yield from compare_user(want)
    yield from compare_units(want, found)
    yield from compare_proofs(want)
    yield from compare_socket_buffer(want)
    yield from compare_nftables(want)
    yield from compare_firewalld(want, found)
    yield from compare_list(want)


def compare(request):
    """Print what differs. Where nothing does, prove that records arrive, and give up the lock."""
    differs = list(compared(request["want"]))
    if not differs and request["canary"]:
        differs += filter(None, [canary.complaint(request["canary"], request["patience"])])
    if not differs and request["lock"]:
        lock.release(json.dumps(request["lock"]))
    print(json.dumps({"differs": differs}))
