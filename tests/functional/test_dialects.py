# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings arrive, once, whatever the cluster's replies look like: every pair of switches of the emulator."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from functional.dialects import ROWS, allowed, covered, pairs, shows_defaults, switches
from functional.harness import GET, MODULE, SET, Run, connection, one_play

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import template_lines
from emulator import Emulator

# Nothing in it is the product's default. The first template has at 72 characters, where a spanning one is broken,
# a blank of its own, and one at its end; the second has a delimiter that Python counts as white space, also at its end.
WANTED = {
    "host": "logs.example.com",
    "port": 5514,
    "facility": "local3",
    "socket_type": "tcp",
    "level": "WARNING",
    "enabled": True,
    "message_template": '"%(id)s","%(sender)s, %(recipient)s; 100%% &  + #1 = level: x, port 25",'
    ' "%(subject_header)s" ,"%(from_header)s","%(to_header)s","%(status)s", end ',
    "status_template": "spamexperts: \x1f%(id)s\x1f%(status)s\x1f%(delivery_data)s\x1f",
}
TEMPLATES = ("message_template", "status_template")
# What another administrator left: three settings pinned, the others at the product's default.
FOREIGN = {"host": "192.0.2.1", "port": "1514", "message_template": '%(id)s|Größe "%(incoming_size)s"|%(sender)s'}
TASKS = {
    # One setting alone: the other seven must survive, whatever an omitted argument means.
    "single": ({"port": 6514}, False),
    "check": (WANTED, True),
    "real": (WANTED, False),
    "again": (WANTED, False),
    "one of all": ({"port": 6514}, False),
    "check reset": ({"reset": ["level"]}, True),
    "reset": ({"reset": ["level"]}, False),
    "reset again": ({"reset": ["level"]}, False),
    "word": ({"facility": "default", "port": "default"}, False),
    "word again": ({"facility": "default", "port": "default"}, False),
}


def test_every_pair_of_switches_is_in_some_row():
    rows = list(ROWS.values())
    assert all(allowed(row) for row in rows)
    assert pairs() - covered(rows) == set()


@dataclasses.dataclass(frozen=True)
class Dialect:
    """A row of switches, the results by task, and the emulator."""

    row: dict[str, Any]
    results: dict[str, dict[str, Any]]
    emulator: Emulator


@dataclasses.dataclass(frozen=True)
class Done:
    run: Run
    dialects: dict[str, Dialect]


@pytest.fixture(scope="module")
def done(ansible, cluster):
    """All dialects in one run: a host each, with an emulator each."""
    clusters = {name: cluster(**switches(row)) for name, row in ROWS.items()}
    for emulator in clusters.values():
        emulator.state.pin(**FOREIGN)
    tasks = [
        {"name": name, MODULE: options, "check_mode": check, "diff": True} for name, (options, check) in TASKS.items()
    ]
    tasks.insert(4, {"name": "info", f"{MODULE}_info": {}})
    defaults = {
        "group/spamexperts.local_cloud.api": {
            name: "{{ %s }}" % name for name in ("api_url", "api_username", "api_password", "ca_path")
        }
    }
    hosts = {name: connection(emulator) for name, emulator in clusters.items()}
    run = ansible.play(one_play(*tasks, module_defaults=defaults), hosts=hosts).assert_ok()
    results: dict[str, dict] = {name: {} for name in ROWS}
    for entry in run.results:
        results[entry["host"]][entry["task"]] = entry["result"]
    dialects = {name: Dialect(row, results[name], clusters[name]) for name, row in ROWS.items()}
    return Done(run, dialects)


@pytest.fixture(params=list(ROWS))
def dialect(request, done):
    return done.dialects[request.param]


def held(emulator, number):
    """The eight arguments of the n-th write."""
    return {key: value for key, value in emulator.journal.writes[number]["arguments"].items() if key != "api_language"}


def sides(result):
    """A diff without its headers."""
    return {side: result["diff"][side] for side in ("before", "after")}


def test_first_run_changes_and_names_each_setting(dialect):
    results = dialect.results
    real = results["real"]
    assert real["changed"] and real["verified"]
    assert real["settings"] == WANTED
    after = real["diff"]["after"]
    assert {name: "".join(value) if name in TEMPLATES else value for name, value in after.items()} == WANTED
    assert [len(after[name]) for name in TEMPLATES] == [7, 3]
    assert real["diff"]["before_header"] == real["diff"]["after_header"] == dialect.emulator.url
    assert set(real["changed_keys"]) == {key for key in WANTED if real["before"][key] != WANTED[key]} == set(WANTED)


def test_check_mode_predicts_the_same(dialect):
    results = dialect.results
    for check, real in (("check", "real"), ("check reset", "reset")):
        for key in ("changed", "changed_keys", "before", "diff"):
            assert results[check][key] == results[real][key], (check, key)
        assert not results[check]["verified"]
    assert results["check"]["settings"] == results["real"]["settings"]


def test_second_run_changes_nothing(dialect):
    results = dialect.results
    again = results["again"]
    assert not again["changed"]
    assert again["changed_keys"] == []
    assert again["before"] == again["settings"] == WANTED
    # If nothing says what is wanted, blanks at the end of a template cannot be told from the layout's.
    expected = {**WANTED, "message_template": WANTED["message_template"].rstrip(" ")}
    assert {
        key: text.rstrip(" ") if key in TEMPLATES else text for key, text in results["info"]["settings"].items()
    } == expected


def test_exactly_one_write_each(dialect):
    row, emulator = dialect.row, dialect.emulator
    writes = [GET, SET, GET]
    # A reset that cannot be seen to have been made is made each time, as documented.
    reset_again = [GET] if shows_defaults(row) else writes
    assert emulator.journal.calls == [
        *writes,
        GET,
        *writes,
        GET,
        GET,
        *writes,
        GET,
        *writes,
        *reset_again,
        *writes,
        *reset_again,
    ]


def test_the_cluster_holds_what_was_wanted_to_the_letter(dialect):
    emulator = dialect.emulator
    sent = held(emulator, 1)
    for key in ("host", *TEMPLATES):
        assert sent[key] == WANTED[key]
    for number in range(len(emulator.journal.writes)):
        assert set(held(emulator, number)) == set(WANTED)
        assert "" not in held(emulator, number).values()


def test_what_is_not_managed_stays(dialect):
    row, results, emulator = dialect.row, dialect.results, dialect.emulator
    single = results["single"]
    assert single["changed_keys"] == ["port"]
    assert sides(single) == {"before": {"port": 1514}, "after": {"port": 6514}}
    assert single["before"]["message_template"] == FOREIGN["message_template"]
    first = held(emulator, 0)
    assert (first["host"], first["message_template"]) == (FOREIGN["host"], FOREIGN["message_template"])
    # What is seen to follow the product's default goes on doing so.
    untouched = {key: first[key] for key in set(WANTED) - set(FOREIGN)}
    assert (set(untouched.values()) == {"default"}) == shows_defaults(row)
    # The same with all eight settings pinned.
    assert results["one of all"]["settings"] == {**results["info"]["settings"], "port": 6514}
    third = held(emulator, 2)
    for key in ("host", *TEMPLATES):
        assert third[key] == WANTED[key].rstrip(" ")


def test_reset_gives_back_one_setting_and_no_other(dialect):
    row, results, emulator = dialect.row, dialect.results, dialect.emulator
    reset, again = results["reset"], results["reset again"]
    assert reset["changed_keys"] == ["level"]
    assert reset["before"]["level"] == "WARNING"
    assert {**results["one of all"]["settings"], "level": "INFO"} == reset["settings"] == again["settings"]
    sent = held(emulator, 3)
    assert [key for key, value in sent.items() if value == "default"] == ["level"]
    assert again["changed"] != shows_defaults(row)
    if shows_defaults(row):
        assert sides(reset) == {"before": {"level": "WARNING"}, "after": {"level": "INFO"}}
        assert reset["defaults"] == again["defaults"] == {"level": "INFO"}
    else:
        assert results["check reset"]["settings"]["level"] == "default"
        assert reset["defaults"] == {}


def test_the_word_default_is_a_reset(dialect):
    row, results, emulator = dialect.row, dialect.results, dialect.emulator
    word, again = results["word"], results["word again"]
    assert word["changed_keys"] == ["port", "facility"]
    assert word["settings"]["facility"] == "local0"
    assert word["settings"]["port"] == 514
    assert again["changed"] != shows_defaults(row)
    # A default that is shown is never written as a literal; one that is not can only be written as it is.
    given_back = {"port", "facility"} | ({"level"} if shows_defaults(row) else set())
    assert set(emulator.state.pinned) == set(WANTED) - given_back
    assert {key for key, value in held(emulator, -1).items() if value == "default"} == given_back


def test_the_diff_is_shown(done):
    for key in WANTED:
        assert f'    "{key}": ' in done.run.stdout
        assert key in TEMPLATES or f'+    "{key}": ' in done.run.stdout
    # A line for each field of a template.
    added = {line[1:].strip(" ,") for line in done.run.stdout.splitlines() if line.startswith("+")}
    for name in TEMPLATES:
        assert {json.dumps(line) for line in template_lines(WANTED[name])} <= added
