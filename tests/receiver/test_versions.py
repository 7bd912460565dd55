# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver's configuration for every supported release: nothing newer than its rsyslog, nothing known to be bad."""

from __future__ import annotations

import pathlib
import subprocess

import pytest
import yaml
from allpairspy import AllPairs
from receiver import hostile
from receiver.conftest import RELEASES, render, rsyslogd_of, rsyslogd_version
from receiver.rendering import ROLE
from receiver.versions import TABLE, Object, faults, late_types, parts, rule_uses, too_new, uses, version

PACKAGES = yaml.safe_load((ROLE / "vars" / "main.yml").read_text("utf-8"))["__rsyslog_receiver_packages"]
TARGETS = [(target, rsyslog) for target in TABLE["targets"] for rsyslog in target["rsyslog"]]
STYLES = {
    "printable": {"secret": hostile.SECRET},
    "printable, no secret": {},
    "printable, older secret": {"secret": hostile.SECRET, "previous_secrets": [hostile.OLD_SECRET]},
    "fast": {"style": "fast", "secret": hostile.SECRET},
    "fast, older secret": {"style": "fast", "secret": hostile.SECRET, "previous_secrets": [hostile.OLD_SECRET]},
    "csv": {"style": "csv"},
    "no typed field": {"message_fields": ["id", "subject_header"], "status_fields": ["id", "delivery_data"]},
}
TRANSPORTS = {
    "tcp": [{"transport": "tcp", "port": 514}],
    "udp": [{"transport": "udp", "port": 5514, "address": "::1"}],
    "both": [{"transport": "udp", "port": 5514}, {"transport": "tcp", "port": 5514}],
    "two clusters": [
        {"transport": "udp", "port": 5514},
        {"transport": "tcp", "port": 5514, "log_format": STYLES["fast"], "address": "127.0.0.1"},
        {"transport": "tcp", "port": 5515, "log_format": STYLES["printable, older secret"]},
    ],
}
SENDERS = {"anybody": [], "a list": ["127.0.0.1", "[::1]", "192.0.2.0/24"]}


def cases(pmnormalize: list[bool]) -> list[tuple]:
    """Style, transports, overload policy, senders, handover, pmnormalize: every pair of their values occurs."""
    # The handover is for UDP alone; without pmnormalize the role refuses the csv style.
    return list(
        AllPairs(
            [list(STYLES), list(TRANSPORTS), ["drop", "block"], list(SENDERS), [False, True], pmnormalize],
            filter_func=lambda row: (
                not (len(row) > 4 and row[4] and row[1] == "tcp")
                and not (len(row) > 5 and not row[5] and row[0] == "csv")
            ),
        )
    )


def write(folder: pathlib.Path, rsyslog: str, case: tuple) -> str:
    """The configuration of a case for that version of rsyslog, with its rules beside it."""
    style, transports, overload, senders, handover, pmnormalize = case
    folder.mkdir()
    render(
        folder,
        STYLES[style],
        0,
        pmnormalize,
        __rsyslog_receiver_version=rsyslog + ".0",
        rsyslog_receiver_listeners=TRANSPORTS[transports],
        rsyslog_receiver_on_overload=overload,
        rsyslog_receiver_allowed_senders=SENDERS[senders],
        __rsyslog_receiver_senders=SENDERS[senders],
        __rsyslog_receiver_handover=handover,
    )
    return (folder / "receiver.conf").read_text("utf-8")


def family_cases(family: str) -> list[tuple]:
    return cases(
        [True, False]
        if "pmnormalize" in {name for name, entry in TABLE["modules"].items() if family in entry}
        else [False]
    )


@pytest.mark.parametrize("target, rsyslog", TARGETS, ids=[f"{target['name']}, {number}" for target, number in TARGETS])
def test_a_release_gets_only_what_it_has(tmp_path, target, rsyslog):
    used = set()
    for number, case in enumerate(family_cases(target["family"])):
        text = write(tmp_path / str(number), rsyslog, case)
        assert not too_new(uses(text), rsyslog), case
        assert not faults(text, rsyslog), case
        modules = {part.kind for part in parts(text) if isinstance(part, Object) and part.name == "module"}
        packages = {TABLE["modules"][module].get(target["family"]) for module in modules}
        assert packages <= set(PACKAGES[target["family"]]), case
        used |= {name.lower() for name, _first in uses(text)}
        for rulebase in (tmp_path / str(number)).glob("*.rulebase"):
            rules = rulebase.read_text("utf-8")
            assert not too_new(rule_uses(rules), target["liblognorm"]), case
            assert not late_types(rules), case
    # The cases reach what the table allows, so that it says what is used and no more.
    assert not unused(used, rsyslog, target["family"])


def unused(used: set[str], rsyslog: str, family: str) -> set[str]:
    """Parameters and functions that the table allows to a release and no case has."""
    allowed = {f"function {name}" for name in TABLE["functions"]} | {f"word {name}" for name in TABLE["words"]}
    for kind, entries in TABLE["objects"].items():
        if "pmnormalize" in kind and family not in TABLE["modules"]["pmnormalize"]:
            continue
        if len(kind.split()) == 2:
            allowed |= {
                f"{name} of {kind}".lower()
                for name, first in entries.items()
                if name != "source" and version(first) <= version(rsyslog)
            }
    return {name for name in allowed - used if not name.endswith(" source")}


def test_what_must_not_be_is_found(tmp_path):
    """Each line, put into a configuration for that version, is told by its name; without it nothing is."""
    case = ("printable", "both", "drop", "anybody", False, True)
    for number, (rsyslog, before, after, told) in enumerate(
        [
            (
                "8.2412",
                'keepAlive="on"',
                'keepAlive="on" workerThreads="1"',
                ["imtcp has workerThreads=1", "workerThreads of module imtcp needs 8.2504"],
            ),
            ("8.2504", 'workerThreads="1"', 'workerThreads="2"', ["imtcp has workerThreads=2"]),
            ("8.2508", 'keepAlive="on"', 'keepAlive="on" workerThreads="1"', ["imtcp has workerThreads=1"]),
            (
                "8.2302",
                'ioBufferSize="1m"',
                'rotation.sizeLimit="1m"',
                ["rotation.sizeLimit of action omfile is not in the table"],
            ),
            ("8.2302", 'format="json"', 'format="jsonr"', ["format=jsonr is not in the table"]),
            ("8.2302", "re_match($.address", "re_match_i($.address", ["function re_match_i is not in the table"]),
            (
                "8.2302",
                "tolower($!spamexperts.status)",
                'replace($!spamexperts.status, "a", "b")',
                ["function replace is not in the table"],
            ),
            (
                "8.2302",
                'load="imudp"',
                'load="imptcp"',
                ["batchSize of module imptcp is not in the table", "module imptcp is not in the table"],
            ),
            (
                "8.2302",
                'module(load="mmutf8fix")',
                'module(load="mmpstrucdata")',
                ["module mmpstrucdata is not in the table"],
            ),
            (
                "8.2302",
                'supportOctetCountedFraming="off"',
                'supportOctetCountedFraming="on"',
                ["an input takes digits at the beginning as an octet count (CVE-2022-24903)"],
            ),
            ("8.2302", 'disableLFDelimiter="on"', "", ["imtcp lacks disableLFDelimiter=on"]),
            (
                "8.2302",
                'module(load="mmutf8fix")',
                '$FileCreateMode 0640\nmodule(load="mmutf8fix")',
                ["directive FileCreateMode is not in the table"],
            ),
            ("8.2302", "    unset $!event.tags;", "    stop\n", ["word stop is not in the table"]),
            (
                "8.2302",
                'ruleset(name="quarantine")',
                'ruleset(name="quarantine" queue.type="Direct")',
                ["the ruleset quarantine is called and has a queue"],
            ),
            (
                "8.2302",
                'constant(value="/messages.json")',
                'property(name="hostname")',
                ["a path is made of hostname", "property hostname is not in the table"],
            ),
            ("8.2302", "if $parsesuccess", "if $programname", ["property programname is not in the table"]),
        ]
    ):
        text = write(tmp_path / str(number), rsyslog, ("csv", *case[1:]) if "parsesuccess" in before else case)
        assert before in text, before
        assert too_new(uses(text), rsyslog) + faults(text, rsyslog) == []
        text = text.replace(before, after, 1)
        assert sorted(set(too_new(uses(text), rsyslog) + faults(text, rsyslog))) == told
    assert too_new(rule_uses('rule=:%{"name": "a", "type": "number", "format": "number"}%'), "2.0.3") == [
        "parameter format needs 2.0.4"
    ]
    assert too_new(rule_uses("rule=:%a:checkpoint-lea%\nannotate=a:+b\n"), "2.0.6") == [
        "line annotate is not in the table",
        "type checkpoint-lea is not in the table",
    ]
    assert late_types("version=2\ntype=@a:x\nrule=:%.:@a%\ntype=@b:y\n") == ["@b"]


@pytest.mark.parametrize("suite", RELEASES.values())
def test_rsyslogd_takes_the_configuration_of_every_release(tmp_path, suite):
    """What rsyslogd of both Debian releases says to all of them, save for parameters that it does not have."""
    program = rsyslogd_of(suite)
    own, checked = ".".join(rsyslogd_version(program).split(".")[:2]), set()
    for rsyslog in sorted({number for _target, number in TARGETS}):
        for number, case in enumerate(cases([True, False])):
            place = tmp_path / f"{rsyslog}-{number}"
            text = write(place, rsyslog, case)
            if text.replace(str(place), "") in checked or too_new(uses(text), own):
                continue
            checked.add(text.replace(str(place), ""))
            done = subprocess.run(
                [program, "-N1", "-f", place / "receiver.conf"], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, (rsyslog, case, done.stderr)
            # A warning of rsyslogd's is a line of its own.
            assert "error" not in done.stderr and "warning" not in done.stderr.lower(), done.stderr
    assert len(checked) >= len(cases([True, False]))
