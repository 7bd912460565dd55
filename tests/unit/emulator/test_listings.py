# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Help, the status of the nodes, messages, and what a user may call."""

from __future__ import annotations

import csv
import json

import pytest

from emulator import Emulator
from emulator.listings import STRANGE

FIND = "api_find_messages"
STATUS = "api_get_json_server_status"
REPORT = "api_set_outgoing_report_recipient"


def test_only_allowed_methods_are_carried_out(emulator, client):
    emulator.set_switch(allowed_methods="api_get_*, api_help")
    assert client.get().startswith("host: ")
    assert "no permissions to execute 'api_set_remote_syslog_server'" in client.set(host="h")
    assert emulator.state.pinned == {}
    assert "unknown API method 'api_nothing'" in client.ask("api_nothing")


@pytest.mark.parametrize("filtered", [False, True])
def test_help_may_show_only_what_is_allowed(emulator, client, filtered):
    emulator.set_switch(allowed_methods="api_help", help_filtered=filtered)
    assert ("api_set_remote_syslog_server" in client.ask("api_help")) is not filtered


def test_help_layouts(emulator, client):
    one = "api_set_outgoing_report_recipient(recipient='') -> \"\"\n"
    assert one in client.ask("api_help")
    emulator.set_switch(help_layout="described")
    assert one + "    See also" in client.ask("api_help")
    emulator.set_switch(help_layout="wrapped")
    assert "(host='',\n    port=''," in client.ask("api_help")
    emulator.set_switch(help_layout="names")
    assert client.ask("api_help").split("\n").count(REPORT) == 1


def test_status_variants(emulator, client):
    plain = json.loads(client.ask(STATUS))
    assert plain[emulator.nodes[1]]["queue count delivery"] == 3
    emulator.set_switch(
        status_missing="load one minute,queue count delivery",
        status_numbers="text",
        status_extra=True,
        status_null=emulator.nodes[0],
    )
    odd = json.loads(client.ask(STATUS))
    assert odd[emulator.nodes[0]] is None
    assert odd[emulator.nodes[1]] == {
        "load five minutes": "0.3",
        "queue count submission": "1",
        "cpu count": 4,
        "mounts": {"/": {"free": 1234567}},
        "version": None,
    }


def test_status_of_other_builds(emulator, client):
    text = client.ask("api_get_server_status")
    assert text.startswith(f"{emulator.nodes[0]},0.25,") and len(text.splitlines()) == len(emulator.nodes)
    emulator.set_switch(status_format="text")
    assert client.ask(STATUS) == text
    emulator.set_switch(status_format="unknown")
    assert "unknown API method" in client.ask(STATUS) and STATUS not in client.ask("api_help")


def test_a_notice_may_stand_before_them(emulator, client):
    emulator.set_switch(deprecated=True, translated="always")
    for call in (STATUS, FIND, REPORT):
        assert client.ask(call).startswith("Waarschuwing: ")


def test_messages_hold_hostile_text(emulator, client):
    rows = list(csv.reader(client.ask(FIND).splitlines()))
    assert [row[4] for row in rows] == [text.replace("\ud800", "?") for text in STRANGE]
    assert len(list(csv.reader(client.ask(FIND, domain="other.example").splitlines()))) == len(STRANGE) // 2
    emulator.set_switch(find_format="json")
    assert [row["subject"] for row in json.loads(client.ask(FIND))] == list(STRANGE)
    emulator.set_switch(find_format="tab")
    assert client.ask(FIND).split("\n")[1].split("\t")[4] == STRANGE[1]
    emulator.set_switch(find_format="labelled")
    assert client.ask(FIND).startswith(f"subject: {STRANGE[0]}\nrecipient: ")


def test_the_recipient_of_the_report_is_kept_and_removed(tmp_path, client_of):
    with Emulator(data_dir=tmp_path) as emulator:
        assert client_of(emulator).ask(REPORT, recipient="admin@example.com") == ""
        assert [entry["call"] for entry in emulator.journal.writes] == [REPORT]
    with Emulator(data_dir=tmp_path) as emulator:
        assert emulator.state.report_recipient == "admin@example.com"
        client_of(emulator).ask(REPORT)
        assert emulator.state.report_recipient == ""
        client_of(emulator).ask(REPORT, recipient="again@example.com")
        emulator.reset()
        assert emulator.state.report_recipient == ""
