# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reply to the get call in every layout."""

from __future__ import annotations

import ast
import csv
import itertools
import json

import pytest

from emulator.dialect import encode, get_reply
from emulator.state import State
from emulator.switches import BY_NAME, Switches
from emulator.values import DEFAULTS, SETTINGS

TEMPLATE = 'tag: |%(id)s|"%(subject_header)s",' + "%(helo)s|" * 20 + " "


@pytest.fixture
def state():
    state = State(["n1"])
    state.pin(host="logs.example", port="5514", enabled="true", message_template=TEMPLATE)
    return state


def reply(state, **switches):
    return get_reply(state.visible(), state.defaults, Switches(**switches), "en")


def test_labelled_lines_are_in_signature_order_and_exact(state):
    wanted = {**DEFAULTS, "host": "logs.example", "port": "5514", "enabled": "true", "message_template": TEMPLATE}
    for layout, mark in (("kv_colon", ": "), ("kv_equals", " = "), ("kv_blank", " ")):
        text = reply(state, get_format=layout, warnings="none")
        assert text == "".join(f"{name}{mark}{wanted[name]}\n" for name in SETTINGS)


def test_objects_and_csv_hold_the_same(state):
    wanted = {**DEFAULTS, "host": "logs.example", "port": 5514, "enabled": True, "message_template": TEMPLATE}
    assert json.loads(reply(state, get_format="json", warnings="none")) == wanted
    assert ast.literal_eval(reply(state, get_format="repr", warnings="none")) == wanted
    texts = json.loads(reply(state, get_format="json", warnings="none", native_types=False))
    assert (texts["port"], texts["enabled"]) == ("5514", "true")
    (row,) = csv.reader([reply(state, get_format="csv", warnings="none").rstrip("\n")])
    assert row == [str(texts[name]) for name in SETTINGS]


def test_warnings_stand_where_they_are_told(state):
    def places(**switches):
        lines = reply(state, **switches).splitlines()
        return [index for index, line in enumerate(lines) if line.startswith("Warning")], len(lines)

    assert places(warnings="before") == ([0, 1, 2, 3], 12)
    assert places(warnings="after") == ([8, 9, 10, 11], 12)
    assert places(warnings="none") == ([], 8)
    assert places(warnings="inline") == ([1, 3, 7, 9], 12)
    assert places(warnings="inline", get_format="csv") == ([0, 1, 3, 4], 5)
    assert len(json.loads(reply(state, warnings="inline", get_format="json"))["warnings"]) == 4


def test_a_warning_names_the_default_and_may_tell_pinned_from_default(state):
    state.pin(level="INFO")
    assert "'level'" not in reply(state)
    assert "the value of 'level' is not the default. The default value is: 'INFO'" in reply(state, warn_when="pinned")
    assert "The default value is: '514'" in reply(state)


def test_labels_and_missing_ones(state):
    assert "\nSocket Type: udp\n" in reply(state, labels="title")
    assert "\nSocket_type: udp\n" in reply(state, labels="capital")
    text = reply(state, label_missing="level, port")
    assert "level:" not in text and "port:" not in text and "host:" in text
    assert "status_template" not in reply(state, without_status_template=True)


@pytest.mark.parametrize(
    "how, undo",
    [
        ("quoted", lambda text: text[1:-1]),
        ("single_quoted", lambda text: text[1:-1]),
        ("trailing_blank", lambda text: text[:-2]),
        ("trimmed", lambda text: text + " "),
        ("spanning", lambda text: text.replace("\n", "")),
        ("folded", lambda text: text.replace("\n    ", "")),
    ],
)
def test_mangling_changes_templates_in_the_way_named(state, how, undo):
    shown = json.loads(reply(state, get_format="json", warnings="none", template_mangle=how))
    assert shown["message_template"] != TEMPLATE
    assert undo(shown["message_template"]) == TEMPLATE
    assert shown["host"] == "logs.example"


@pytest.mark.parametrize(
    "switch, style, name, wanted",
    [
        ("socket_spelling", "SOCK_DGRAM", "socket_type", "SOCK_DGRAM"),
        ("socket_spelling", "numeric", "socket_type", "2"),
        ("facility_spelling", "LOG_LOCAL0", "facility", "LOG_LOCAL0"),
        ("facility_spelling", "numeric", "facility", "16"),
        ("level_spelling", "numeric", "level", "20"),
        ("level_spelling", "info", "level", "info"),
        ("bool_spelling", "yes", "enabled", "yes"),
        ("bool_spelling", "1", "enabled", "1"),
    ],
)
def test_spellings(state, switch, style, name, wanted):
    assert f"\n{name}: {wanted}\n" in reply(state, **{switch: style})


def test_every_combination_of_layout_gives_a_reply_that_names_the_host(state):
    names = ("get_format", "warnings", "template_mangle", "labels", "get_order")
    for words in itertools.product(*(BY_NAME[name].kind for name in names)):
        assert "logs.example" in reply(state, **dict(zip(names, words, strict=True)))


def test_encoding():
    assert encode("a\nb\n", Switches(line_end="crlf", bom=True)) == b"\xef\xbb\xbfa\r\nb\r\n"
    assert encode("", Switches(bom=True)) == b""
    assert encode("é", Switches(charset="latin-1")) == b"\xe9"
