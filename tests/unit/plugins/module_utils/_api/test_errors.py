# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets in texts that are cut, folded or quoted before anybody sees them."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.answer import error_in
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import TransportError, redactor

SECRET = "0123456789abcdefGHIJKLMNOPQRSTUV"
PIECES = [SECRET[at : at + 8] for at in range(len(SECRET) - 7)]
REDACT = redactor("user", "pass word", [SECRET, ""])


def shown(text):
    return [piece for piece in PIECES if piece in text]


@pytest.mark.parametrize("offset", range(165, 190))
def test_cut_of_a_message_leaves_no_piece(offset):
    """The beginning of a reply is shown up to its 200th character."""
    assert shown(error_in("x" * offset + SECRET, str).message), "nothing to hide here"
    assert shown(error_in("x" * offset + SECRET + "y" * 300, REDACT).message) == []


@pytest.mark.parametrize("at", range(1, len(SECRET)))
def test_secret_that_a_reply_folds_or_cuts_off(at):
    assert shown(error_in(f"a {SECRET[:at]}\n    {SECRET[at:]} b", REDACT).message) == []
    assert shown(error_in(f"status: 1\nmessage_template: x{SECRET[:at]}\n", REDACT).message) == []


def test_rest_of_a_text_stays():
    assert REDACT(f"a {SECRET} b\n{SECRET[:7]}") == f"a ******** b\n{SECRET[:7]}"


@pytest.mark.parametrize("secret", ['p"w\\s\tü', "it's\\n", "100%/+ &;"])
def test_forms_of_a_text_in_programs(secret):
    for redact in (redactor("user", secret), redactor("user", "other", [secret])):
        for form in (secret, repr(secret)[1:-1], json.dumps(secret), json.dumps(secret, ensure_ascii=False)):
            assert redact(f"before {form} after").replace('"', "") == "before ******** after"


def test_password_with_its_user_in_base64():
    pair = base64.b64encode(b"user:pass word").decode()
    assert REDACT(f"Basic {pair}") == "Basic ********"


def test_an_error_that_says_more_is_a_new_one():
    first = TransportError("the connection failed", sent=True)
    more = first.extended("; the write was sent", {"changed": True})
    assert (str(first), first.message, dict(first.result)) == ("the connection failed", "the connection failed", {})
    assert (str(more), dict(more.result)) == ("the connection failed; the write was sent", {"changed": True})
    assert (more.message, more.failure_class, more.sent) == (str(more), "transport", True)
    last = more.extended("", {"verified": False})
    assert (str(last), dict(last.result)) == (str(more), {"changed": True, "verified": False})
    with pytest.raises(AttributeError):
        first.message = "something else"
