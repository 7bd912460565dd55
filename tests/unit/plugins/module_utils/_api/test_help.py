# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The help: methods and arguments in any layout, and refused when there is none."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import ReplyError
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.help import parse_help

METHODS = {"api_get_x": [], "api_set_x": ["host", "port"], "api_help": []}
SIGNED = {"api_get_x": "api_get_x()", "api_set_x": "api_set_x(host='', port='')", "api_help": "api_help()"}


def described(text):
    return "".join(f'{signature} -> ""\n{text}\n' for signature in SIGNED.values())


LAYOUTS = {
    "signatures": "\n".join(f'{text} -> ""' for text in SIGNED.values()),
    "without returns": "\n".join(SIGNED.values()),
    "crlf and bom": "\ufeff" + "\r\n".join(SIGNED.values()),
    "bullets": "Methods:\n" + "\n".join(f" * {text}: does it" for text in SIGNED.values()),
    "numbers": "\n".join(f"{number}. {text}" for number, text in enumerate(SIGNED.values())),
    "python": "\n".join(f"def {text}:\n    pass" for text in SIGNED.values()),
    "wrapped": "\n".join(text.replace(", ", ",\n      ").replace("(", "(\n  ") for text in SIGNED.values()),
    "described": described("    Like api_nothing(a=''), see api_none.\n    Options of api_nothing below."),
    "wrapped descriptions": described("    This is not\napi_nothing at all.\n"),
    "after a warning": "Warning: this call is deprecated.\n\n" + "\n".join(SIGNED.values()),
}
NAMES = {
    "names": "\n".join(METHODS),
    "names with bullets": "\n".join(f"- {name}:" for name in METHODS),
    "names on a line": ", ".join(METHODS),
    "names on lines": "api_get_x api_set_x\n  api_help\n",
    "names with text": "\n".join(f"{name} - see api_nothing" for name in METHODS),
    "names with indented text": "\n".join(f"{name}\n    of api_nothing" for name in METHODS),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_signatures(layout):
    methods = parse_help(LAYOUTS[layout])
    assert {name: method["arguments"] for name, method in methods.items()} == METHODS
    assert methods["api_set_x"]["defaults"] == {"host": "", "port": ""}
    assert methods["api_get_x"]["signature"] == "api_get_x()"


@pytest.mark.parametrize("layout", NAMES)
def test_names_only(layout):
    nothing = {"arguments": [], "defaults": {}, "signature": None, "returns": None}
    assert parse_help(NAMES[layout]) == dict.fromkeys(METHODS, nothing)


@pytest.mark.parametrize("signature, arguments, defaults, returns", [
    ("api_x(a='1, 2)', b=\"it's\", c=514) -> \"\"", ["a", "b", "c"], {"a": "1, 2)", "b": "it's", "c": "514"}, '""'),
    ("api_x(a, b=None, *rest, **more)", ["a", "b", "rest", "more"], {"b": "None"}, None),
    ("api_x(a: str = 'x', [b], <c>)", ["a", "b", "c"], {"a": "x"}, None),
    ("api_x(from='', a=(1, 2), d='\\'')", ["from", "a", "d"], {"from": "", "a": "(1, 2)", "d": "\\'"}, None),
    ("api_x (\n\ta = '' ,\n\tb = ''\n)\n -> list of dict", ["a", "b"], {"a": "", "b": ""}, "list of dict"),
    ("api_x(a, )", ["a"], {}, None),
])  # fmt: skip
def test_signature(signature, arguments, defaults, returns):
    method = parse_help(f"{signature}\napi_y()\n")["api_x"]
    assert (method["arguments"], method["defaults"], method["returns"]) == (arguments, defaults, returns)
    assert "\n" not in method["signature"]


def test_a_signature_that_never_ends_is_known_by_name():
    methods = parse_help("api_x(a='', b='\napi_y(c='') -> \"\"\n")
    assert methods["api_x"]["signature"] is None and methods["api_y"]["arguments"] == ["c"]
    assert parse_help("api_x(a,\napi_y(c)\n)\n")["api_x"]["signature"] is None


@pytest.mark.parametrize("text, failure_class", [
    ("", "not_plaintext"), ("Nothing here", "not_plaintext"), ("<html>api_x()</html>", "not_plaintext"),
    ("Error: unknown API method 'api_help'.", "unknown_method"),
    ("You have no permissions to execute 'api_help'.", "permission"), ("api_help: permission denied", "permission"),
    ("Traceback (most recent call last):\n  File \"api_x()\"", "not_plaintext"),
])  # fmt: skip
def test_help_without_methods_is_refused(text, failure_class):
    with pytest.raises(ReplyError) as caught:
        parse_help(text)
    assert caught.value.failure_class == failure_class


@given(st.lists(st.sampled_from(["api_", *"x()'\",= \n\\\u00e9", "->"])).map("".join))
def test_any_text_is_read_or_refused(text):
    try:
        methods = parse_help(text)
    except ReplyError:
        return
    assert methods and all(name.startswith("api_") for name in methods)


@pytest.mark.parametrize(
    "piece", ["api_x", "api_x ", "api_x,", "api_x(", "api_x('", "api_x(a,", "(", "'", "\\'", "\n", " "]
)
def test_no_text_takes_long(piece):
    """Eight times the text takes about eight times the CPU time, not sixty-four times."""

    def cost(count):
        times = []
        for _turn in range(3):
            begin = time.thread_time()
            for text in ("api_y(" + piece * count + "!", piece * count + "!"):
                with contextlib.suppress(ReplyError):
                    parse_help(text)
            times.append(time.thread_time() - begin)
        return min(times)

    assert cost(16_000) < 32 * cost(2_000)
