# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Templates: what a log format compiles to, and what is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.fields import FIELDS, KINDS
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    STYLES,
    TemplateError,
    compile_template,
    log_format,
    template_faults,
    template_fields,
    template_lines,
)

SECRET = "0123456789abcdef"
# Copied from the vendor's page.
VENDOR_MESSAGE = (
    '"%(id)s","%(filtering_host)s","%(sender)s","%(recipient)s","%(domain)s","%(timestamp)s","%(sender_host)s",'
    '"%(helo)s","%(sender_ip)s","%(incoming_size)s","%(outgoing_size)s","%(status)s","%(classification)s",'
    '"%(classification_details)s","%(from_header)s","%(to_header)s","%(cc_header)s","%(subject_header)s"'
)
VENDOR_STATUS = (
    '"%(id)s","%(filtering_host)s","%(domain)s","%(recipient)s","%(status)s","%(delivery_date)s","%(delivery_ip)s",'
    '"%(delivery_port)s","%(delivery_fqdn)s","%(delivery_data)s"'
)


@st.composite
def formats(draw, styles=STYLES):
    """Any log format that is accepted, as a user would write it."""
    style = draw(st.sampled_from(styles))
    value = {"style": style}
    for kind in KINDS:
        names = [name for name, field in FIELDS.items() if kind in field.kinds]
        value[kind + "_fields"] = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    if style == "csv":
        # The last is a text, and the lengths differ.
        value["message_fields"] = [name for name in value["message_fields"] if name != "helo"] + ["helo"]
        value["status_fields"] = [name for name in value["status_fields"] if name != "delivery_data"] + [
            "delivery_data"
        ]
        assume(len(value["message_fields"]) != len(value["status_fields"]))
        return value
    value["tag"] = draw(st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,30}", fullmatch=True))
    value["secret"] = draw(st.just("") | st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True))
    delimiters = "|;,!^~*$@=" if style == "printable" else "\x01\x02\x07\x0b\x1b\x1c\x1d\x1e\x1f"
    value["delimiter"] = draw(st.none() | st.sampled_from(delimiters))
    return value


def test_csv_defaults_are_the_vendors_templates():
    fmt = log_format({"style": "csv"})
    assert compile_template(fmt, "message") == VENDOR_MESSAGE
    assert compile_template(fmt, "status") == VENDOR_STATUS


def test_printable_is_the_default():
    expected = (
        "spamexperts: %(mark)s|status|1|%%(id)s|%%(filtering_host)s|%%(status)s|%%(delivery_date)s|%%(delivery_ip)s|"
        "%%(delivery_port)s|[%%(domain)s]%(mark)s[%%(recipient)s]%(mark)s[%%(delivery_fqdn)s]%(mark)s"
        "[%%(delivery_data)s]%(mark)s%(mark)s."
    )
    assert compile_template(log_format({"secret": SECRET}), "status") == expected % {"mark": SECRET}
    assert compile_template(log_format({}), "status") == expected % {"mark": "spamexperts"}
    assert log_format(None) == log_format({})


def test_fast():
    value = {
        "style": "fast",
        "secret": SECRET,
        "tag": "mx",
        "message_fields": ["subject_header", "id"],
        "delimiter": "\x01",
    }
    assert compile_template(log_format(value), "message") == (
        "mx: {0}\x01message\x011\x01%(id)s\x01%(subject_header)s\x01{0}".format(SECRET)
    )


@given(formats(), st.sampled_from(KINDS))
def test_compiled_templates_list_their_own_fields_and_have_no_fault(value, kind):
    fmt = log_format(value)
    template = compile_template(fmt, kind)
    names = template_fields(template)
    assert names == [field.name for field in fmt.fields(kind)]
    assert sorted(names) == sorted(value[kind + "_fields"])
    assert template_faults(template, kind, fmt.delimiter) == ([], [])
    assert bool(template_faults(template, kind, "")[0]) == (fmt.style == "fast")


@pytest.mark.parametrize("text", ["false", "False", " no ", "off", "n", "f", "0", 0, 0.0, False, "", None])
def test_unknown_fields_are_refused_however_false_is_written(text):
    with pytest.raises(TemplateError, match="unknown field new_field"):
        log_format({"message_fields": ["new_field"], "allow_unknown_fields": text})


@pytest.mark.parametrize("text", ["true", "True", " yes ", "on", "y", "t", "1", 1, 1.0, True])
def test_unknown_fields_are_accepted_however_true_is_written(text):
    made = log_format({"message_fields": ["new_field"], "allow_unknown_fields": text})
    assert made.message_fields == ("new_field",)


@given(formats(["printable", "fast"]))
def test_the_clusters_own_fields_come_first(value):
    for kind in KINDS:
        strange = [field.untrusted for field in log_format(value).fields(kind)]
        assert strange == sorted(strange)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"message_fields": ["subject_heder"]},
            "message_fields: unknown field subject_heder: did you mean subject_header?",
        ),
        ({"message_fields": ["xyzzy"]}, "message_fields: unknown field xyzzy"),
        (
            {"status_fields": ["subject_header"]},
            "subject_header is a message field and has no value in a status record",
        ),
        ({"message_fields": ["delivery_ip"]}, "delivery_ip is a status field and has no value in a message record"),
        (
            {"message_fields": ["delivery_ip"], "allow_unknown_fields": True},
            "delivery_ip is a status field and has no value in a message record",
        ),
        ({"message_fields": ["id", "id"]}, "message_fields: id is listed twice"),
        ({"message_fields": []}, "message_fields must be a list of field names"),
        ({"message_fields": "id"}, "message_fields must be a list of field names"),
        ({"message_fields": {"id": 1}}, "message_fields must be a list of field names"),
        ({"message_fields": ["i d"]}, "message_fields: 'i d' is not a field name"),
        ({"message_fields": ["id)s"], "allow_unknown_fields": True}, "is not a field name"),
        ({"message_fields": ["id\n"], "allow_unknown_fields": True}, "is not a field name"),
        ({"message_fields": [1]}, "is not a field name"),
        ({"colour": "red"}, "log format key colour is not known"),
        ({"mesage_fields": ["id"]}, "log format key mesage_fields is not known: did you mean message_fields?"),
        ({1: 2}, "log format key 1 is not known"),
        (["id"], "the log format must be a dictionary"),
        ("printable", "the log format must be a dictionary"),
        ({"style": "json"}, "style must be one of printable, fast, csv, not json"),
        ({"tag": "a b"}, "tag must be 1 to 31 letters"),
        ({"tag": "1a"}, "tag must be 1 to 31 letters"),
        ({"tag": "a\n"}, "tag must be 1 to 31 letters"),
        ({"tag": "a%"}, "tag must be 1 to 31 letters"),
        ({"tag": "a" * 32}, "tag must be 1 to 31 letters"),
        ({"delimiter": "||"}, "delimiter must be one of"),
        ({"delimiter": "a"}, "delimiter must be one of"),
        ({"delimiter": "-"}, "delimiter must be one of"),
        ({"delimiter": "%"}, "delimiter must be one of"),
        ({"delimiter": ""}, "delimiter must be one of"),
        ({"delimiter": 7}, "delimiter must be one of"),
        ({"delimiter": "\x1f"}, "delimiter must be one of"),
        ({"style": "fast", "delimiter": "|"}, "delimiter must be one control character"),
        ({"style": "fast", "delimiter": "\0"}, "delimiter must be one control character"),
        ({"style": "fast", "delimiter": "\t"}, "delimiter must be one control character"),
        ({"style": "fast", "delimiter": "\n"}, "delimiter must be one control character"),
        ({"style": "fast", "delimiter": "\r"}, "delimiter must be one control character"),
        ({"style": "fast", "delimiter": "\x7f"}, "delimiter must be one control character"),
        ({"style": "fast", "delimiter": "\x1f\n"}, "delimiter must be one control character"),
        ({"style": "csv", "delimiter": ";"}, "delimiter cannot be chosen in the csv style"),
        ({"style": "csv", "secret": SECRET}, "secret cannot be used in the csv style"),
        ({"style": "csv", "previous_secrets": [SECRET]}, "secret cannot be used in the csv style"),
        (
            {"style": "csv", "message_fields": ["id", "sender_ip"]},
            "the last field of message_fields and of status_fields",
        ),
        ({"style": "csv", "status_fields": ["delivery_port"]}, "the last field of message_fields and of status_fields"),
        ({"style": "csv", "message_fields": ["id"], "status_fields": ["status"]}, "must differ in length"),
        ({"previous_secrets": SECRET}, "previous_secrets must be a list"),
    ],
)
def test_refused(value, message):
    with pytest.raises(TemplateError) as caught:
        log_format(value)
    assert message in str(caught.value)


BAD_SECRETS = [
    "s3cr3t",
    "s3cr3t" * 11,
    "s3cr3t s3cr3t s3cr3t",
    "s3cr3t%s3cr3t%s3cr3t",
    "s3cr3t|s3cr3t|s3cr3t",
    "s3cr3ts3cr3ts3cr3tü",
    "s3cr3ts3cr3ts3cr3t\n",
    "s3cr3t]s3cr3t]s3cr3t",
    "s3cr3t.s3cr3t.s3cr3t",
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("secret", BAD_SECRETS)
def test_bad_secrets_are_refused_and_not_shown(secret, style):
    for value in ({"secret": secret}, {"secret": SECRET, "previous_secrets": [secret]}, {"previous_secrets": [secret]}):
        with pytest.raises(TemplateError) as caught:
            log_format(dict(value, style=style))
        assert "secret" in str(caught.value) and "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"style": "x"},
        {"tag": "a b"},
        {"delimiter": "a"},
        {"message_fields": ["x"]},
        {"nokey": 1},
        {"style": "csv"},
        {"previous_secrets": ["s3cr3t-s3cr3t-s3cr3t"]},
        {"previous_secrets": [""]},
    ],
)
def test_no_error_shows_a_good_secret(wrong):
    with pytest.raises(TemplateError) as caught:
        log_format(dict({"secret": "s3cr3t-s3cr3t-s3cr3t"}, **wrong))
    assert "s3cr3t" not in str(caught.value)


def test_a_log_format_does_not_show_its_secrets():
    fmt = log_format({"secret": "s3cr3t-s3cr3t-s3cr3t", "previous_secrets": ["0ld-s3cr3t-s3cr3t"]})
    assert "s3cr3t" not in repr(fmt) and "s3cr3t" not in str(fmt)
    assert fmt.marks == ("s3cr3t-s3cr3t-s3cr3t", "0ld-s3cr3t-s3cr3t")


def test_unknown_fields_are_taken_when_allowed():
    fmt = log_format({"message_fields": ["id", "new_field"], "allow_unknown_fields": True})
    assert template_fields(compile_template(fmt, "message")) == ["id", "new_field"]
    assert fmt.fields("message")[1].key == "spamexperts.extra.new_field"
    assert fmt.fields("message")[1].untrusted


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("", []),
        ("100%%", []),
        ("%%(id)s", []),
        ("%%%(id)s", ["id"]),
        ("%(id)s%(id)s", ["id", "id"]),
        ("a %(x_1)s b\n%(_)s", ["x_1", "_"]),
    ],
)
def test_template_fields(template, names):
    assert template_fields(template) == names
    assert template % dict.fromkeys(names, "v") is not None


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("%", 1),
        ("100% sure", 4),
        ("%(id)s%", 7),
        ("%(id", 1),
        ("ab%(id)", 3),
        ("%(id)d", 1),
        ("%()s", 1),
        ("%(a b)s", 1),
        ("%s", 1),
        ("%(i(d)s", 1),
        ("%%%", 3),
        ("%(id)s %(sub%(x)s", 8),
        ("%(1)s", 1),
        ("%(id)\ns", 1),
        ("%\n", 1),
    ],
)
def test_a_percent_sign_that_begins_nothing(template, place):
    with pytest.raises(TemplateError, match="character %d " % place):
        template_fields(template)
    faults, remarks = template_faults(template, "message")
    assert "character %d " % place in faults[-1] and remarks == []


@given(st.text(alphabet="%()sdi_ \n", max_size=12))
def test_what_is_accepted_renders(template):
    """A template that python's own formatting cannot render is never accepted."""
    try:
        names = template_fields(template)
    except TemplateError:
        return
    assert template % dict.fromkeys(names, "") == re.sub(r"%\(\w+\)s", "", template).replace("%%", "%")
    if names:
        with pytest.raises(KeyError):
            template % {}


def test_template_faults():
    assert template_faults("a\x1fb", "message") == ([], [])
    assert template_faults("a\x1fb", "message", "") == (["template contains the control character 0x1f; remove it"], [])
    assert (
        template_faults("\n%\x7f", "message")[0][0] == "template contains the control character 0x0a, 0x7f; remove it"
    )
    assert len(template_faults("\n%\x7f", "message")[0]) == 2
    assert template_faults("%(subject_heder)s %(delivery_ip)s %(subject_heder)s", "message") == (
        [],
        [
            "unknown field subject_heder: did you mean subject_header?",
            "delivery_ip is a status field and has no value in a message record",
        ],
    )
    assert template_faults(VENDOR_MESSAGE, "message") == ([], [])
    assert template_faults(VENDOR_STATUS, "status") == ([], [])


@pytest.mark.parametrize(
    "template, lines",
    [
        ('"%(id)s","%(sender)s"', ['"%(id)s",', '"%(sender)s"']),
        (
            "t: M|message|1|%(id)s|[%(sender)s]M[%(helo)s]M.",
            ["t: M|message|1|%(id)s|", "[%(sender)s]M", "[%(helo)s]M."],
        ),
        (
            "%(id)s%(sender)s and %(helo)s\x1f%(status)s\x1f",
            ["%(id)s", "%(sender)s ", "and %(helo)s\x1f", "%(status)s\x1f"],
        ),
        ("%(id)s-%(sender)s", ["%(id)s-", "%(sender)s"]),
        ("100%% of it", ["100%% of it"]),
        ("default", ["default"]),
        ("", [""]),
    ],
)
def test_template_lines(template, lines):
    assert template_lines(template) == lines and "".join(lines) == template
