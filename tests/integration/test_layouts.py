# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings arrive, once, whatever the reply of the cluster looks like."""

from __future__ import annotations

import pytest
from integration.harness import GET, MODULE, SET, connection, one_play

WANTED = {
    "host": "logs.example.com", "port": 5514, "facility": "local3", "socket_type": "tcp", "level": "WARNING",
    "enabled": True, "message_template": '"%(id)s","%(sender)s, %(recipient)s; 100%% & more","%(status)s"',
    "status_template": '"%(id)s","%(status)s","%(delivery_data)s"',
}
LAYOUTS = {
    "colon": {},
    "equals": {"get_format": "kv_equals", "labels": "title", "warnings": "inline", "omitted": "clear",
               "socket_spelling": "numeric", "facility_spelling": "numeric", "level_spelling": "numeric",
               "bool_spelling": "1"},
    "blank": {"get_format": "kv_blank", "labels": "capital", "warnings": "after", "omitted": "default",
              "warn_when": "pinned", "socket_spelling": "SOCK_DGRAM", "facility_spelling": "LOG_LOCAL0",
              "bool_spelling": "enabled"},
    "repr": {"get_format": "repr", "native_types": False, "omitted": "clear", "bool_spelling": "yes",
             "level_spelling": "info"},
    "json": {"get_format": "json", "warnings": "none", "omitted": "default", "line_end": "crlf", "bom": True,
             "socket_spelling": "datagram", "facility_spelling": "LOCAL0"},
    "csv": {"get_format": "csv", "warnings": "inline", "omitted": "clear", "bool_spelling": "on",
            "socket_spelling": "UDP", "set_reply": "quotes"},
    "own": {"accept_spelling": "own", "deprecated": True, "translated": "unless_asked", "template_mangle": "quoted",
            "socket_spelling": "numeric", "facility_spelling": "LOG_LOCAL0", "level_spelling": "numeric",
            "bool_spelling": "yes", "set_reply": "newline"},
    "digest": {"get_format": "json", "get_order": "sorted", "auth": "digest", "template_mangle": "trailing_blank",
               "semicolon": "split"},
}


@pytest.fixture(scope="module")
def done(ansible, cluster):
    """All layouts in one run: a host each, with an emulator each."""
    clusters = {name: cluster(**switches) for name, switches in LAYOUTS.items()}
    for emulator in clusters.values():
        # Not all at the default, or nothing could be seen to have been kept or cleared.
        emulator.state.pin(host="192.0.2.1", port="1514")
    tasks = [
        {"name": "check", MODULE: WANTED, "check_mode": True},
        {"name": "real", MODULE: WANTED},
        {"name": "again", MODULE: WANTED},
        {"name": "info", f"{MODULE}_info": {}},
        # One setting alone: the other seven must survive, whatever an omitted argument means.
        {"name": "single", MODULE: {"port": 6514}},
    ]
    for task in tasks[:3] + tasks[4:]:
        task["diff"] = True
    defaults = {"group/spamexperts.local_cloud.api": {
        name: "{{ %s }}" % name for name in ("api_url", "api_username", "api_password", "ca_path")}}
    hosts = {name: connection(emulator) for name, emulator in clusters.items()}
    run = ansible.play(one_play(*tasks, module_defaults=defaults), hosts=hosts).assert_ok()
    return run, clusters


@pytest.fixture(params=list(LAYOUTS))
def layout(request, done):
    run, clusters = done
    return run, request.param, clusters[request.param]


def test_first_run_changes_and_names_each_setting(layout):
    run, name, _emulator = layout
    real = run.result("real", name)
    assert real["changed"] and real["verified"]
    assert real["settings"] == WANTED
    assert real["diff"]["after"] == WANTED
    assert set(real["changed_keys"]) == {key for key in WANTED if real["before"][key] != WANTED[key]} == set(WANTED)


def test_check_mode_predicts_the_same(layout):
    run, name, _emulator = layout
    check, real = run.result("check", name), run.result("real", name)
    for key in ("changed", "changed_keys", "before", "settings", "diff"):
        assert check[key] == real[key], key
    assert not check["verified"]


def test_second_run_changes_nothing(layout):
    run, name, _emulator = layout
    again = run.result("again", name)
    assert not again["changed"]
    assert again["before"] == again["settings"] == WANTED
    assert again["changed_keys"] == []
    assert run.result("info", name)["settings"] == WANTED


def test_exactly_one_write_each(layout):
    _run, name, emulator = layout
    # check: read. real: read, write, read. again: read. info: read. single: read, write, read.
    assert emulator.journal.calls == [GET, GET, SET, GET, GET, GET, GET, SET, GET]


def test_the_cluster_holds_the_templates_to_the_letter(layout):
    _run, _name, emulator = layout
    for key in ("host", "message_template", "status_template"):
        assert emulator.state.settings[key] == WANTED[key]
    for write in emulator.journal.writes:
        assert set(write["arguments"]) - {"api_language"} == set(WANTED)


def test_what_is_not_managed_stays(layout):
    run, name, _emulator = layout
    single = run.result("single", name)
    assert single["changed_keys"] == ["port"]
    assert single["settings"] == {**WANTED, "port": 6514}
    assert single["diff"] == {"before": {"port": 5514}, "after": {"port": 6514}}


def test_the_diff_is_shown(done):
    run, _clusters = done
    for key in WANTED:
        assert f'+    "{key}": ' in run.stdout
