# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be said of a text: known words, and the shape of everything else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._probe.lines import (
    MOST,
    error_lines,
    help_lines,
    settings_lines,
    status_lines,
)
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._probe.shape import sentence, shape, value
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._probe.words import KEYS, LITERALS, METHODS, PROSE
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.settings import NAMES

LAYOUTS = (None, "json", "repr", "json list", "tuple", "colon", "equals", "blank", "csv")
KNOWN = {
    word
    for text in (*PROSE, *KEYS, *METHODS, *NAMES, *LITERALS)
    for word in re.findall("[a-z]+", text.lower().replace("_", " "))
}


def other(text):
    """Another text of the same shape."""
    letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
    for signs in (letters, letters.upper(), digits):
        half = len(signs) // 2
        text = text.translate(str.maketrans(signs, signs[half:] + signs[:half]))
    return text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("logs.example.com", "<x4 .1 x7 .1 x3>"),
        ("Ab1_ \t", "<X1 x1 91 _1 b1 t1>"),
        # A long word may be a secret.
        ("0123abcd4567efgh", "<w16>"),
        ("%(id)s|\x1f", "<%(1 x2 )s1 .1 c1>"),
        ("Größe\u202e", "<X1 x1 u2 x1 o1>"),
    ],
)
def test_a_shape_has_the_kinds_of_characters(text, said):
    assert shape(text) == said


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("host", "192.0.2.1", "<ip4>"),
        ("host", "[2001:db8::1]", "[<ip6>]"),
        ("host", '"logs"', '"<x4>"'),
        ("host", "None", "None"),
        ("port", "5514", "<number>"),
        ("port", "5514L", "<number>L"),
        ("facility", "LOG_LOCAL3", "<like LOG_LOCAL0>"),
        ("facility", "19", "<like 16>"),
        ("level", "warning", "<like info>"),
        ("socket_type", "SOCK_STREAM", "<like SOCK_DGRAM>"),
        ("enabled", "off", "<like on>"),
        ("enabled", "perhaps", "<x7>"),
        ("message_template", "default", "<x7>"),
    ],
)
def test_a_value_is_its_style(name, text, said):
    assert value(name, text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Warning: the value of 'host' is not the default. The default value is: 'logs'",
            "Warning: the value of 'host' is not the default. The default value is: '<x4>'",
        ),
        ("Error: node1.example.com timed out (30 s)", "Error: <x4 91 .1 x7 .1 x3> timed out (<92> <x1>)"),
        ("Waarschuwing: 'level'", "<w12>: 'level'"),
        ("<title>Acme</title>", "<lt>title<gt><X1 x3><lt>/title<gt>"),
        # Which letters are large could tell something.
        ("the hOsT is", "the <x1 X1 x1 X1> is"),
        ("The default is %(id)s the end", "The default is <%(1 x2 )s1 b1 x3 b1 x3>"),
    ],
)
def test_a_sentence_keeps_known_words(text, said):
    assert sentence(text) == said


def known_only(line):
    """Whether a line holds nothing but shapes, known words and marks."""
    rest = re.sub("<[^<>]*>", " ", line)
    return {word.lower() for word in re.findall("[^\\W\\d_]+", rest)} <= KNOWN and not re.search("[0-9]", rest)


TEXTS = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            ("Warning: ", "host", ": ", "port = ", '"', "'", "{", "}", "%(id)s", "\n", ",", "acme.example", "5514", "é")
            + ("api_set_remote_syslog_server(", "message_template ", "default is: ", "\x1f", "<", ">", "\\", "0x4142")
        ),
        max_size=30,
    ).map("".join),
)


@given(TEXTS)
def test_nothing_else_is_ever_said(text):
    said = [*error_lines(text), *status_lines(text), *help_lines(text)]
    for layout in LAYOUTS:
        said += settings_lines(text, layout)
    assert [line for line in said if not known_only(line)] == []


@given(st.text("abcxyzABC0189_.:-|@ \x1f\u202eß", max_size=60))
def test_texts_of_one_shape_cannot_be_told_apart(text):
    # Unless one of them is a known word, an address or a number.
    assert shape(text) == shape(other(text))
    assert value("message_template", text) == value("message_template", other(text))


def test_a_long_reply_is_cut():
    lines = error_lines("\n".join(["x"] * (MOST + 5)))
    assert len(lines) == MOST + 1 and lines[-1] == "<5 more lines>"


def test_help_is_about_the_two_calls():
    text = (
        "api_get_bandwidth(domain='acme')\n  of acme\n"
        "api_set_remote_syslog_server(host='', dscp=46) -> \"\"\n  Set it for acme, see api_help().\napi_zzz()\n"
    )
    assert help_lines(text) == [
        "<2 other lines>",
        "api_set_remote_syslog_server(host='', <x4>=<92>) -<gt> \"\"",
        "  Set it for <x4>, see api_help().",
        "<1 other lines>",
        "",
    ]
