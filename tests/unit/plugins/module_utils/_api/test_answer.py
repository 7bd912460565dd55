# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replies of any method: which text is an error and which only talks about one, and JSON in a reply."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.answer import (
    json_in,
    refusal_in,
    warnings_in,
)
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import redacted, redactor

# Without pytest's configuration, as in ansible-test, nobody has said where the emulator is.
sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from emulator.faults import _HTML, _LOGIN, _SQLSTATE, _TRACEBACK
from emulator.listings import STRANGE, find_reply
from emulator.prose import _TEXTS

ERRORS = {
    "Supplied credential is invalid.": "auth",
    "Authentication failed: no such user": "auth",
    "You have no access to this API, current IP address: 192.0.2.1.": "ip_restricted",
    "IP 2001:db8::1 is not allowed": "ip_restricted",
    "You have no permissions to execute 'api_x'.": "permission",
    "[ERROR] api_x: permission denied": "permission",
    'The user "bob" has status \'inactive\'': "permission",
    "Error: unknown API method 'api_x'.": "unknown_method",
    "Incorrect usage of API: unknown argument 'name'.\napi_x(a='', b='') -> \"\"": "bad_argument",
    "Error: the command could not be executed on node2: connection timed out.": "node",
    "\ufeff\r\nWarning: this call is deprecated.\r\nError: unknown API method 'api_x'.\r\n": "unknown_method",
    "PDOException: SQLSTATE[HY000]": "not_plaintext",
    ": SQLSTATE[HY000]": "not_plaintext",
    _HTML: "not_plaintext", _LOGIN: "not_plaintext", _TRACEBACK: "not_plaintext", _SQLSTATE: "not_plaintext",
}  # fmt: skip
LOUD = [*STRANGE, *(text for text in ERRORS if "\n" not in text)]
UNTRUSTED = st.one_of(st.sampled_from(LOUD), st.text(), st.builds("{} {}".format, st.text(), st.sampled_from(LOUD)))
ROW_IDS = st.from_regex(r"1[A-Za-z0-9]{5}-[0-9]{6}-[0-9A-Z]{2}", fullmatch=True)


@pytest.mark.parametrize("text", ERRORS)
def test_errors_are_recognised(text):
    error = refusal_in(text)
    assert error is not None and error.failure_class == ERRORS[text]


@pytest.mark.parametrize("name", sorted(set(_TEXTS) - {"not_default", "deprecated", "method"}))
def test_every_error_of_the_emulator_is_recognised(name):
    gaps = {"call": "api_x", "name": "host", "limit": 9, "nodes": "node2", "client": "192.0.2.1"}
    assert refusal_in(_TEXTS[name][0].format(**gaps))


@pytest.mark.parametrize("layout", ["csv", "tab", "json", "labelled"])
def test_listings_of_the_emulator_are_not_errors(layout):
    assert refusal_in(find_reply("", layout)) is None


@given(st.lists(st.tuples(ROW_IDS, UNTRUSTED, UNTRUSTED), min_size=1))
@example([("1ZPhsl-000000-99", "Error", "Access denied")])
@example([("1ZPhsl-000000-99", "access denied", "<html>")])
def test_untrusted_text_after_an_id_is_not_an_error(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    assert refusal_in(text.getvalue()) is None
    assert refusal_in(json.dumps(rows)) is None
    assert refusal_in("".join(" ".join(row) + "\n" for row in rows)) is None


@given(st.lists(st.tuples(UNTRUSTED, ROW_IDS), min_size=1))
@example([("Error", "access denied")])
@example([("Warning: access denied", "Access denied")])
@example([("api_help", "Permission denied")])
def test_quoted_untrusted_text_at_the_beginning_is_not_an_error(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    # A line feed inside a quoted field makes lines of its own, but never the first.
    assert refusal_in(text.getvalue()) is None
    objects = [{"subject": subject, "id": number} for subject, number in rows]
    assert refusal_in(json.dumps(objects)) is None and refusal_in(json.dumps(objects, indent=1)) is None


@given(UNTRUSTED)
def test_labelled_untrusted_text_is_not_an_error(text):
    assert refusal_in(f"subject: {' '.join(text.split())}\nid: 1\n") is None


@pytest.mark.parametrize("text", ["access denied\n1\n", "Re: no permission\n", "Access denied,1ZPhsl-000000-99\n"])
def test_documented_limit_of_error_detection(text):
    """A first line that begins with untrusted text can be taken for an error, unless it has a separator before."""
    assert (refusal_in(text) is None) is text.startswith("Re: ")


@pytest.mark.parametrize("first", ["betreff: the 'host'", "Re: 'level' and 'port'", "subject: 'status_template'"])
def test_a_line_that_quotes_a_setting_hides_no_other(first):
    """What follows untrusted text is untrusted too; only where settings are read can such a line be a warning."""
    assert refusal_in(f"{first}\nAccess denied\n") is None
    assert warnings_in(f"{first}\n1\n") == []


def test_known_words_across_separators_are_not_a_sentence():
    assert refusal_in("Call,me,not found\n") is None and refusal_in("Function\tnot found\n") is None
    assert refusal_in("Function api_x, as called, not found\n")


def test_error_further_down_does_not_count():
    assert refusal_in("2 messages\nError: unknown API method 'api_x'.\n" + _TRACEBACK + _HTML) is None


@pytest.mark.parametrize("text", ["", "\n", "2\n", "ok", "Fout: onbekende API-methode 'api_x'.\n"])
def test_unknown_texts_are_not_errors(text):
    assert refusal_in(text) is None


def test_an_error_shows_its_first_line_without_the_password():
    error = refusal_in("Error: invalid value for argument 'x': s3cret/word\nmore\n", redactor("u", "s3cret/word"))
    assert "********" in error.message and "s3cret" not in error.message and "more" not in error.message


@pytest.mark.parametrize("text, content", [
    ('{"a": 1}\n', {"a": 1}), ("[1, 2]", [1, 2]),
    ('\ufeff{\r\n "note": "x",\r\n "b": []\r\n}\r\n', {"note": "x", "b": []}),
    ('Warning: deprecated.\n{"a": 1}\n', {"a": 1}), ("Waarschuwing: deze aanroep is verouderd\n[]\n", []),
    ('{"a": NaN, "b": -Infinity}', {"a": "NaN", "b": "-Infinity"}),
    ("514", None), ('"text"', None), ("null", None), ("", None), ("{not json}", None), ("{'a': 1}", None),
    ('1ZPhsl-1\n{"a": 1}\n', None), ('{"a": 1}\n2 rows\n', None), ("[" * 100000 + "]" * 100000, None),
    ('{"a": 1, "a": 2}', None), ('[{"n": {"b": 1, "b": 1}}]', None),
])  # fmt: skip
def test_json(text, content):
    assert json_in(text) == content


def test_warnings_at_the_beginning():
    assert warnings_in("\nWarning: a\r\nnote: b\n1\nWarning: c\n") == ["Warning: a", "note: b"]


@given(st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
                    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
                    max_leaves=9))  # fmt: skip
def test_redaction_keeps_everything_else(value):
    assert redacted(value, redactor("u", "not in any of these texts")) == value


def test_redaction_reaches_keys_and_half_characters():
    value = {"s3cret": ["a s3cret", {"x": "\ud800"}], "n": 1}
    assert redacted(value, redactor("u", "s3cret")) == {"********": ["a ********", {"x": "?"}], "n": 1}
