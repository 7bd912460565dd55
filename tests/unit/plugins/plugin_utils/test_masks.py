# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A template that the collection made comes back from its masked form, whatever its style, fields and secrets."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import OptionError, masked
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.fields import FIELDS, KINDS
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    compile_template,
    log_format,
)
from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._masks import unmasked

DELIMITERS = {"printable": "|;,!^~*$@=", "fast": "\x01\x02\x07\x0b\x1b\x1c\x1d\x1e\x1f"}
SECRETS = st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True)


@pytest.mark.parametrize(
    ("style", "delimiter"), [(style, delimiter) for style, all_of in DELIMITERS.items() for delimiter in all_of]
)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20)
@given(
    secrets=st.lists(SECRETS, min_size=1, max_size=4, unique=True),
    extended=st.booleans(),
    fields=st.randoms(use_true_random=False),
)
def test_round_trip(style, delimiter, kind, secrets, extended, fields):
    names = [name for name, field in FIELDS.items() if kind in field.kinds]
    names = fields.sample(names, fields.randint(1, len(names)))
    if extended:
        # Secrets that contain each other are masked whole.
        secrets = [*secrets, (secrets[0] + "-2")[-64:]]
    secrets = list(dict.fromkeys(secrets))
    fmt = {"style": style, "delimiter": delimiter, f"{kind}_fields": names}
    bare = compile_template(log_format(fmt), kind)
    assume(not any(secret in bare for secret in secrets))
    for secret in secrets:
        template = compile_template(log_format({**fmt, "secret": secret}), kind)
        hidden = masked(template, random.Random(0).sample(secrets, len(secrets)))
        assert not any(secret in hidden for secret in secrets)
        assert unmasked("message_template", hidden, secret) == template


@pytest.mark.parametrize(
    ("text", "restored"),
    [
        ("a ******** b", "a S b"),
        ("****************", "SS"),
        ("a ******* b", "a ******* b"),
        ("no mask", "no mask"),
    ],
)
def test_texts_of_other_origin(text, restored):
    assert unmasked("message_template", text, "S") == restored


@pytest.mark.parametrize("text", ["*********", "%(id)s*********%(domain)s", ("*" * 12 + " ") * 40])
def test_what_cannot_be_told_apart_is_refused(text):
    with pytest.raises(OptionError, match="cannot be told apart"):
        unmasked("message_template", text, "S")


def test_a_mask_needs_the_secret():
    with pytest.raises(OptionError, match="set spamexperts_restore_secret"):
        unmasked("message_template", "********", "")
