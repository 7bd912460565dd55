# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings: options in, replies in, canonical form, spellings out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import OptionError, ReplyError
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.settings import (
    RESET,
    Reply,
    Settings,
    option,
)
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.spellings import SPELLINGS

TEXT = {
    "host": "syslog.example.com",
    "port": "514",
    "facility": "local0",
    "socket_type": "udp",
    "message_template": "M|%(id)s|M",
    "enabled": "True",
    "level": "INFO",
    "status_template": "S|%(id)s|S",
}


def settings(pinned=None, **values):
    return Settings.from_api(Reply({**TEXT, **values}, pinned, ()))


@pytest.mark.parametrize(
    "name, value, canonical",
    [
        ("host", "Syslog.Example.COM.", "syslog.example.com"),
        ("host", "[2001:DB8:0:0::1]", "2001:db8::1"),
        ("host", "", ""),
        ("host", "192.0.2.1", "192.0.2.1"),
        *(("host", host, host) for host in ("log_server.example.com", "a-b.c1", "1.example", "1.2.3.4a", "db8::1")),
        ("host", "00fe::1", "fe::1"),
        ("port", 514, 514),
        ("port", "65535", 65535),
        ("facility", "LOG_LOCAL0", "local0"),
        ("facility", "16", "local0"),
        ("facility", "Mail", "mail"),
        ("socket_type", "SOCK_STREAM", "tcp"),
        ("socket_type", "2", "udp"),
        ("level", "warn", "WARNING"),
        ("level", 30, "WARNING"),
        ("level", "debug", "DEBUG"),
        ("level", "informational", "INFO"),
        *(
            ("level", number, name)
            for number, name in enumerate(["EMERG", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"])
        ),
        ("enabled", True, True),
        ("enabled", "no", False),
        ("enabled", 0, False),
        ("message_template", ' "%(id)s" ', ' "%(id)s" '),
        *((name, "default", RESET) for name in TEXT),
    ],
)
def test_option(name, value, canonical):
    result = option(name, value)
    assert result == canonical and type(result) is type(canonical)


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("port", 0, "port must be between 1 and 65535"),
        ("port", 70000, "port must be between 1 and 65535"),
        ("port", "5l4", "port must be between 1 and 65535"),
        ("port", True, "port must be between 1 and 65535"),
        ("port", "", "port must be between 1 and 65535, or default, not ''"),
        ("level", 8, "level must be one of"),
        ("facility", "local8", "facility must be one of"),
        ("level", "loud", "level must be one of"),
        ("enabled", "maybe", "enabled must be one of true, false"),
        ("host", "syslog.example.com:514", "host must be a single name"),
        ("host", "https://x", "host must be a single name"),
        ("host", "two names", "host must be a single name"),
        *(
            ("host", host, "host must be a single name or IP address")
            for host in (
                *(
                    "256.1.1.1",
                    "1.2.3.04",
                    "1.2.3",
                    "514",
                    "0x7f000001",
                    "0x7f.1",
                    "a..b",
                    "a..",
                    ".",
                    "..",
                    ".a",
                    "[]",
                ),
                *("-a.example", "a-.example", "a" * 64 + ".example", ".".join(["a" * 63] * 4), "a.1"),
            )
        ),
        ("host", "bücher.example", "write xn--bcher-kva.example"),
        ("message_template", "a\nb", "message_template must not contain a line feed"),
        ("status_template", "a\0b", "status_template must not contain"),
        ("status_template", " ", "status_template must not be empty"),
    ],
)
def test_option_is_refused(name, value, words):
    with pytest.raises(OptionError) as error:
        option(name, value)
    assert words in error.value.message
    assert error.value.failure_class == "bad_argument" and not error.value.sent


@pytest.mark.parametrize(
    "name, text, canonical",
    [
        ("host", "Syslog.example.com.", "syslog.example.com"),
        ("host", "None", ""),
        ("port", '"514"', 514),
        ("host", "Log_Server.Example.COM.", "log_server.example.com"),
        # Wrong, but there: it has to be seen to be put right.
        *(("host", host, host) for host in ("256.1.1.1", "1.2.3.04", "a..b")),
        *(("enabled", text, text == "t") for text in "tf"),
        ("port", "514L", 514),
        ("level", "6", "INFO"),
        ("host", "bücher.example", "bücher.example"),
        ("host", "", ""),
        ("port", "", None),
        ("enabled", "1", True),
        ("enabled", "", False),
        ("facility", "LOCAL7", "local7"),
        ("facility", "made-up", "made-up"),
        ("level", "", ""),
        ("message_template", "M|%(id)s|M  ", "M|%(id)s|M"),
        ("message_template", '"M|%(id)s|M"', "M|%(id)s|M"),
        ("message_template", "'M|%(id)s|M'", "M|%(id)s|M"),
        ("message_template", '"%(id)s","%(status)s"', '"%(id)s","%(status)s"'),
        ("message_template", '""%(id)s","%(status)s""', '"%(id)s","%(status)s"'),
        ("message_template", '"","%(status)s",""', '"","%(status)s",""'),
        ("message_template", '"%(id)s"', '"%(id)s"'),
        ("message_template", '""%(id)s", x "', '"%(id)s", x'),
        ("message_template", '"x "%(id)s""', 'x "%(id)s"'),
        ("message_template", '"%(id)s|"%(status)s"|%(sender)s"', '%(id)s|"%(status)s"|%(sender)s'),
        ("message_template", '"a","b"', '"a","b"'),
        ("message_template", '"","a",""', '"","a",""'),
        ("message_template", "M\x1f%(id)s\x1f", "M\x1f%(id)s\x1f"),
        ("message_template", "\x1f%(id)s\x0b  ", "\x1f%(id)s\x0b"),
        ("message_template", "M|%(\nid)s|M", "M|%(id)s|M"),
        ("message_template", "M|%(\n    id)s|M", "M|%(id)s|M"),
        ("message_template", "M|\n %(id)s|M", "M| %(id)s|M"),
    ],
)
def test_reply_value(name, text, canonical):
    assert settings(**{name: text}).values[name] == canonical


@pytest.mark.parametrize(
    "name, text",
    [
        ("port", "many"),
        ("enabled", "maybe"),
        ("level", "INFO (see manual)"),
        ("host", "old.example.com (default: '')"),
        ("host", "a b"),
        ("host", "a.example.com,b.example.com"),
        ("host", "[2001:db8::1]:514"),
        ("host", "-"),
    ],
)
def test_reply_value_is_refused(name, text):
    with pytest.raises(ReplyError, match=f"the cluster shows {name} as"):
        settings(**{name: text})


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("style", range(4))
def test_value_is_spelled_as_the_cluster_does(name, style):
    rows = list(SPELLINGS[name]._rows.items())
    (_first, shown), (value, expected) = rows[0], rows[1]
    assert settings(**{name: shown[style]}).to_api(name, value) == expected[style]


def test_own_spelling_goes_back():
    current = settings(host="Syslog.Example.com.", facility="LOG_LOCAL0", level="20", enabled="on")
    assert [current.to_api(name, current.values[name]) for name in ("host", "facility", "level", "enabled")] == [
        "Syslog.Example.com.",
        "LOG_LOCAL0",
        "20",
        "on",
    ]


@given(
    st.text(st.characters(blacklist_characters="\r\n\0", codec="utf-8")).filter(lambda text: text.strip() == text != "")
)
def test_template_is_recognised_in_every_disguise(template):
    for shown in (template, template + "  ", f'"{template}"', f"'{template}'"):
        assert settings(message_template=shown).holds("message_template", template)
    pieces = "\n".join(template[i : i + 5] for i in range(0, len(template), 5))
    assert settings(message_template=pieces).holds("message_template", template)


@given(st.text("ab%()s\"' ,", min_size=1), st.text("ab%()s\"' ,", min_size=1))
def test_different_templates_stay_different(one, other):
    if one.strip("\"' ") != other.strip("\"' "):
        assert not settings(message_template=one).holds("message_template", other)


def test_template_is_shown_as_given_where_that_can_be_meant():
    read = settings(message_template='"x" %(id)s  ')
    assert read.to_output({"message_template": '"x" %(id)s '})["message_template"] == '"x" %(id)s '
    # A delimiter at the end does not count as a blank: without it, the template is a different one.
    for other in ('"x" %(id)s\x1f', "y %(id)s", RESET):
        assert read.to_output({"message_template": other}) == read.to_output() == dict(read.values)


def test_two_readings_of_the_same_settings():
    assert settings(message_template="M|%(id)s|M").is_like(settings(message_template="M|%(\n    id)s|M"))
    assert not settings(message_template="M|%(id)s|M").is_like(settings(message_template="M|%(id)s|N"))
    assert not settings(port="514").is_like(settings(port="515"))
    assert not settings().is_like(settings(pinned={"port": "514"}))


def test_output_is_valid_input():
    output = settings(pinned={}).to_output()
    assert {name: option(name, value) for name, value in output.items()} == output


def test_defaults():
    assert settings().at_default() == ()
    assert set(settings(pinned={"host": "", "level": "20"}).at_default()) == set(TEXT) - {"host", "level"}
    assert settings(pinned={"level": "20"}).pinned == {"level": "INFO"}
