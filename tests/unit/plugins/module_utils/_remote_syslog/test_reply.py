# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reply parser: every layout read, everything doubtful refused."""

from __future__ import annotations

import csv
import io
import json

import pytest

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import ReplyError, redactor
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.reply import (
    UnknownAnswer,
    check_write,
    parse_settings,
)
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.settings import NAMES

PRINTABLE = "spamexperts: MARK|message|1|%(id)s|[%(sender)s]MARK[%(subject_header)s]MARK."
VALUES = {
    "host": "2001:db8::1",
    "port": "514",
    "facility": "local0",
    "socket_type": "udp",
    "message_template": PRINTABLE,
    "enabled": "True",
    "level": "DEBUG",
    "status_template": '"%(id)s","%(status)s","a=b: c"',
}
WARNING = "Warning: the value of 'level' is not the default. The default value is: 'INFO'"


def labelled(separator, label=str):
    return [f"{label(name)}{separator}{value}" for name, value in VALUES.items()]


def csv_line():
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(VALUES.values())
    return [line.getvalue()]


LAYOUTS = {
    "colon": labelled(": "),
    "colon without blank": labelled(":"),
    "equals": labelled(" = "),
    "equals without blank": labelled("="),
    "blank": labelled(" "),
    "blanks": labelled("     "),
    "titles": labelled(": ", lambda name: name.replace("_", " ").title()),
    "titles and blank": labelled(" ", lambda name: name.replace("_", " ").title()),
    "capitals": labelled(" = ", str.capitalize),
    "json": [json.dumps(VALUES)],
    "json over lines": json.dumps(VALUES, indent=2).split("\n"),
    "json with types": [json.dumps({**VALUES, "port": 514, "enabled": True})],
    "repr": [repr(VALUES)],
    "repr with types": [repr({**VALUES, "port": 514, "enabled": True})],
    "repr tuple": [repr(tuple(VALUES.values()))],
    "repr tuple with types": [repr((*VALUES.values(),)).replace("'514'", "514L").replace("'True'", "True")],
    "repr with a long": [repr({**VALUES, "port": 514}).replace("514", "514L")],
    "repr of Python 2": [repr(VALUES).replace(" '", " u'").replace("{'", "{u'")],
    "json list": [json.dumps(list(VALUES.values()))],
    "csv": csv_line(),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("place", ["before", "after", "none"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_is_read(layout, place, end):
    lines = LAYOUTS[layout]
    lines = {"before": [WARNING, *lines], "after": [*lines, WARNING], "none": lines}[place]
    reply = parse_settings("\ufeff" + end.join(lines) + end)
    assert dict(reply.values) == VALUES
    assert reply.pinned == (None if place == "none" else {"level": "INFO"})
    assert reply.messages == (() if place == "none" else (WARNING,))


@pytest.mark.parametrize(
    "layout", [name for name, lines in LAYOUTS.items() if lines[0][0] not in '{["(' and len(lines) > 1]
)
def test_warning_between_the_values(layout):
    lines = LAYOUTS[layout]
    for place in range(1, len(lines)):
        reply = parse_settings("\n".join([*lines[:place], WARNING, *lines[place:]]))
        assert dict(reply.values) == VALUES
        assert reply.pinned == {"level": "INFO"}


def test_warnings_inside_an_object():
    reply = parse_settings(json.dumps({**VALUES, "warnings": [WARNING]}))
    assert reply.pinned == {"level": "INFO"}


@pytest.mark.parametrize("layout", ["colon", "equals", "blank"])
@pytest.mark.parametrize("missing", NAMES)
def test_missing_label_is_refused(layout, missing):
    lines = [line for line in LAYOUTS[layout] if not line.startswith(missing)]
    assert len(lines) == 7
    with pytest.raises(ReplyError, match="cannot be read with certainty") as error:
        parse_settings("\n".join(lines))
    assert error.value.failure_class == "not_plaintext"


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([*labelled(": "), "host: other.example.com"]),
        "\n".join([*labelled(": ")[:4], *labelled(" = ")[4:]]),
        json.dumps({**VALUES, "host": ["a", "b"]}),
        json.dumps(VALUES)[:-1],
        "a,b,c",
        ",".join(["x"] * 8),
        "\n".join(csv_line() * 2),
        # After a template nobody can tell whether such a line belongs to it.
        "\n".join([*labelled(": "), "Uw instellingen zijn vandaag gewijzigd"]),
        # Cut inside a field.
        "\n".join(labelled(": "))[:-9].replace('","%(status)s', '","%(stat'),
    ],
)
def test_doubtful_reply_is_refused(text):
    with pytest.raises(ReplyError) as error:
        parse_settings(text)
    assert error.value.failure_class == "not_plaintext"


STATUS = '"%(id)s","%(status)s","%(delivery_data)s"'
STRAYS = (
    "OK",
    "Done.",
    "Error: 17",
    "error: 17",
    "Protocol: rfc3164",
    " protocol: rfc3164",
    "protocol:rfc3164",
    "protocol, tls: rfc3164",
    "protocol is: rfc3164",
    "this: is a whole sentence here",
    "two: words here",
    "pipe: a|b",
    "other: 'x",
    "<p>x</p>",
    "other: %(id)s",
    "x %(id)s",
    "}",
    "\n%(id)s more %(status)s",
)


@pytest.mark.parametrize("stray", STRAYS)
@pytest.mark.parametrize("after", ["message_template", "status_template"])
@pytest.mark.parametrize("layout", ["colon", "equals", "blank", "folded"])
def test_line_that_may_not_belong_to_a_template_is_refused(layout, after, stray):
    """Read as part of it, the line would be written back to the cluster, and once more at each further run."""
    lines = folded(40, "    ") if layout == "folded" else list(LAYOUTS[layout])
    place = (
        len(lines)
        if after == "status_template"
        else next(number for number, line in enumerate(lines) if line.startswith("enabled"))
    )
    lines.insert(place, stray)
    with pytest.raises(ReplyError, match="cannot be read with certainty") as error:
        parse_settings("\n".join(lines) + "\n")
    assert error.value.failure_class == "not_plaintext"


FURTHER = [
    ("colon", "protocol: rfc3164", {"protocol": "rfc3164"}),
    ("colon", "tls_ca_path: ", {"tls_ca_path": ""}),
    ("colon", 'bounce_template: "%(id)s","%(status)s"', {"bounce_template": '"%(id)s","%(status)s"'}),
    ("colon without blank", "tls:no", {"tls": "no"}),
    ("equals", "tls = no", {"tls": "no"}),
    ("equals without blank", "tls=no", {"tls": "no"}),
    ("blank", "tls no", {"tls": "no"}),
    ("blanks", "protocol     rfc3164", {"protocol": "rfc3164"}),
    ("titles", "Ca Path: /etc/ca.pem", {"Ca Path": "/etc/ca.pem"}),
    ("capitals", "Ca_path = /etc/ca.pem", {"Ca_path": "/etc/ca.pem"}),
]


@pytest.mark.parametrize("place", range(9))
@pytest.mark.parametrize("layout, line, unknown", FURTHER)
def test_further_setting_is_reported_and_hides_no_other(layout, line, unknown, place):
    lines = [*LAYOUTS[layout][:place], line, *LAYOUTS[layout][place:]]
    for text in ("\n".join([*lines, ""]), "\n".join([WARNING, *lines, "", WARNING.replace("level", "port"), ""])):
        reply = parse_settings(text)
        assert (dict(reply.values), dict(reply.unknown)) == (VALUES, unknown)
        assert reply.pinned in (None, {"level": "INFO", "port": "INFO"})


@pytest.mark.parametrize("write", [json.dumps, repr])
def test_further_key_is_reported(write):
    more = {"protocol": "rfc3164", "tls": None, "ports": [1, 2], "error": "", "warnings": [WARNING]}
    reply = parse_settings(write({"timeout": 30, **VALUES, **more}))
    assert (dict(reply.values), reply.pinned) == (VALUES, {"level": "INFO"})
    assert dict(reply.unknown) == {"timeout": "30", "protocol": "rfc3164", "tls": "", "ports": "[1, 2]"}
    for error in ({"error": "17"}, {"state": "permission denied"}):
        with pytest.raises(ReplyError):
            parse_settings(write({**VALUES, **error}))


def test_secrets_are_masked_in_further_settings():
    lines = [*labelled(": "), "protocol: p4ssword"]
    assert dict(parse_settings("\n".join(lines), redactor("user", "p4ssword")).unknown) == {"protocol": "********"}


def test_warning_about_a_further_setting_hides_no_default():
    warning = WARNING.replace("level", "protocol")
    lines = [warning, WARNING, *labelled(": ")]
    assert parse_settings("\n".join([*lines, "protocol: rfc3164"])).pinned == {"level": "INFO"}
    assert parse_settings("\n".join(lines)).pinned is None


@pytest.mark.parametrize("end", [" and", "x", ",", ": ", "%", "(", " %(id)s -", "=", ". ", "%(id)s "])
@pytest.mark.parametrize("after", [5, 8])
def test_line_after_a_template_that_may_go_on_is_refused(after, end):
    """The line may be the rest of a folded template, and a template that is cut would be written back."""
    long = "x" * 40 + "%(id)s" + end
    lines = [f"{name}: {long if name.endswith('_template') else value}" for name, value in VALUES.items()]
    lines.insert(after, "protocol: rfc3164")
    with pytest.raises(ReplyError, match="cannot be read with certainty"):
        parse_settings("\n".join(lines) + "\n")
    # Too short to be folded.
    short = [line.replace("x" * 40, "") for line in lines]
    assert dict(parse_settings("\n".join(short) + "\n").unknown) == {"protocol": "rfc3164"}


@pytest.mark.parametrize("end", ["|", ".", '"', "]", "\x1f", " %(id)s", "  "])
def test_line_after_a_template_that_ends_is_a_further_setting(end):
    lines = [f"{name}: {'x' * 40 + '%(id)s' + end if 'template' in name else VALUES[name]}" for name in VALUES]
    for after in (5, 8):
        reply = parse_settings("\n".join([*lines[:after], "protocol: rfc3164", *lines[after:], ""]))
        assert reply.values["message_template"] == "x" * 40 + "%(id)s" + end
        assert dict(reply.unknown) == {"protocol": "rfc3164"}


@pytest.mark.parametrize("size", [44, 45, 50])
def test_line_after_a_template_as_wide_as_a_folded_one_is_refused(size):
    lines = [
        f"message_template: {'x' * 38}%(id)s",
        "y" * 20 + "%(status)s",
        f"status_template: {'z' * (size - 6)}%(id)s",
    ]
    lines = [*lines, "protocol: rfc3164", *(f"{name}: {VALUES[name]}" for name in NAMES if "template" not in name), ""]
    if size == 50:
        assert dict(parse_settings("\n".join(lines)).unknown) == {"protocol": "rfc3164"}
    else:
        with pytest.raises(ReplyError, match="cannot be read with certainty"):
            parse_settings("\n".join(lines))


@pytest.mark.parametrize("more", ["more %(id)s", "OK", "protocol: again", '"%(id)s"'])
def test_line_after_a_further_setting_below_a_template_is_refused(more):
    with pytest.raises(ReplyError, match="cannot be read with certainty"):
        parse_settings("\n".join([*labelled(": "), "protocol: rfc3164", more]) + "\n")


@pytest.mark.parametrize("stray", ["<p>%(id)s</p>", "# %(id)s", "(%(id)s)", "- header: %(x)s", "%(status)s"])
@pytest.mark.parametrize("separator", [": ", " = ", " "])
def test_a_field_below_a_template_too_short_to_be_folded_is_refused(separator, stray):
    lines = [f"{name}{separator}{'%(id)s' if name == 'status_template' else value}" for name, value in VALUES.items()]
    with pytest.raises(ReplyError, match="cannot be read with certainty"):
        parse_settings("\n".join([*lines, stray]) + "\n")


@pytest.mark.parametrize(
    "header",
    [
        "Server: download settings below",
        "Syslog server settings, failover on:",
        "Remote syslog server, fail2ban aware:",
    ],
)
def test_header_is_not_an_error(header):
    assert dict(parse_settings("\n".join([header, *labelled(": ")])).values) == VALUES


def folded(width, indent):
    """Labelled lines whose templates continue on the next lines, in pieces of that width."""
    lines = []
    for name, value in {**VALUES, "status_template": STATUS}.items():
        first, *more = [value[i : i + width] for i in range(0, len(value), width)] or [""]
        lines += [f"{name}: {first}", *(indent + piece for piece in more)]
    return lines


@pytest.mark.parametrize("indent", ["", "    "])
@pytest.mark.parametrize("width", range(11, 40))
def test_folded_templates_are_read(width, indent):
    reply = parse_settings("\n".join(folded(width, indent)) + "\n")
    for name in ("message_template", "status_template"):
        assert reply.values[name].replace("\n" + indent, "") == {**VALUES, "status_template": STATUS}[name]


@pytest.mark.parametrize(
    "text, says",
    [
        (
            "\n".join(labelled(": ")).replace("2001:db8::1", "log-server.example.com").replace("enabled: True\n", ""),
            "it shows no enabled",
        ),
        (
            "\n".join(labelled(": ")[:-1]).replace("[%(sender)s]", "server %(timestamp)s not allowed"),
            "it shows no status_template",
        ),
        (json.dumps({"remote_syslog_server": VALUES}), "with certainty: "),
        (",".join(csv_line()[0].replace("%(sender)s", "not allowed").split(",")[1:]), "with certainty: "),
    ],
)
def test_text_of_settings_is_not_an_error_of_the_cluster(text, says):
    with pytest.raises(ReplyError) as error:
        parse_settings(text)
    assert error.value.failure_class == "not_plaintext"
    assert says in error.value.message and "please run the playbook" in error.value.message


def test_header_that_speaks_of_a_server_and_a_time():
    header = "Remote syslog server settings at this time:"
    reply = parse_settings("\n".join([header, *labelled(": ")]))
    assert dict(reply.values) == VALUES and reply.messages == (header,)


@pytest.mark.parametrize("write", [json.dumps, repr])
def test_a_key_given_twice_is_refused(write):
    text = write({"x": 1, **VALUES})
    for twice in (text.replace("{", '{"host": "evil",', 1), text.replace("{", '{"host": "2001:db8::1",', 1)):
        with pytest.raises(ReplyError, match="cannot be read with certainty"):
            parse_settings(twice)


@pytest.mark.parametrize("place", ["before", "after", "none"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_cut_reply(layout, place):
    """Cut at any byte: refused, or the same settings. Only the beginning of the last value can pass for all of it.

    That is where the layout marks no end and the cut is outside a field; HTTP has its own guard, see test_client.
    """
    lines = LAYOUTS[layout]
    lines = {"before": [WARNING, *lines], "after": [*lines, WARNING], "none": lines}[place]
    text, passed = "\n".join(lines) + "\n", []
    for length in range(len(text)):
        try:
            reply = parse_settings(text[:length])
        except ReplyError:
            continue
        passed.append(length)
        values, last = dict(reply.values), reply.values["status_template"]
        assert {**values, "status_template": VALUES["status_template"]} == VALUES
        assert last == VALUES["status_template"] or (
            layout.split()[0] not in ("json", "repr")
            and VALUES["status_template"].strip('"').startswith(last.strip('"'))
        )
        # A warning that is cut makes all of them doubtful; one that is gone as a whole was never there.
        assert reply.pinned in (None, {"level": "INFO"})
    assert len(text) - 1 in passed


@pytest.mark.parametrize("layout", ["colon", "equals", "blank", "titles"])
@pytest.mark.parametrize("name", NAMES)
def test_label_given_twice_is_refused(layout, name):
    lines = LAYOUTS[layout]
    twice = lines[NAMES.index(name)]
    for text in ([*lines, twice], [twice, *lines]):
        with pytest.raises(ReplyError, match="cannot be read with certainty") as error:
            parse_settings("\n".join(text))
        assert error.value.failure_class == "not_plaintext"


@pytest.mark.parametrize("write", [json.dumps, repr])
@pytest.mark.parametrize("name", NAMES)
def test_object_that_lacks_one_or_nests_one_is_refused(write, name):
    for content in (
        {key: value for key, value in VALUES.items() if key != name},
        {**VALUES, name: [VALUES[name]]},
        {**VALUES, name: {"value": VALUES[name]}},
        [VALUES],
        list(VALUES.values())[:-1],
        [*VALUES.values(), "rfc3164"],
        list(reversed(list(VALUES.values()))),
        {"settings": VALUES},
    ):
        with pytest.raises(ReplyError) as error:
            parse_settings(write(content))
        assert error.value.failure_class == "not_plaintext"


@pytest.mark.parametrize("width", [1, 7, 9, 16])
def test_csv_of_another_width_is_refused(width):
    line = io.StringIO()
    csv.writer(line).writerow((list(VALUES.values()) * 2)[:width])
    with pytest.raises(ReplyError, match="cannot be read with certainty"):
        parse_settings(line.getvalue())


@pytest.mark.parametrize("count", [4, 8])
@pytest.mark.parametrize("other", ["colon", "equals", "blank"])
@pytest.mark.parametrize("one", ["colon", "equals", "blank", "json", "repr"])
def test_two_layouts_in_one_reply_are_refused(one, other, count):
    if one != other:
        with pytest.raises(ReplyError) as error:
            parse_settings("\n".join([*LAYOUTS[one][:count], *LAYOUTS[other][count % 8 :]]))
        assert error.value.failure_class == "not_plaintext"


@pytest.mark.parametrize(
    "text",
    [
        " \n\t\r\n",
        "<html><body>Welcome</body></html>",
        "<!DOCTYPE html>\n" + "\n".join(labelled(": ")),
        "Traceback (most recent call last):\n" + "\n".join(labelled(": ")),
        "<function main at 0x7f0000000000>",
        "set(['host', 'port'])",
        "None",
        "[]",
        "{}",
        "{1, 2}",
        "\xe9t\xe9",
    ],
)
def test_reply_that_is_something_else_is_refused(text):
    with pytest.raises(ReplyError) as error:
        parse_settings(text)
    assert error.value.failure_class == "not_plaintext"
    # What to do about it: ask for help with the layout, or look at the cluster.
    assert any(words in error.value.message for words in ("please run the playbook", "api_url", "inside the cluster"))


def test_template_over_lines_keeps_its_pieces():
    lines = labelled(": ")
    lines[4:5] = [lines[4][:60], "    " + lines[4][60:]]
    assert parse_settings("\n".join(lines)).values["message_template"] == PRINTABLE[:42] + "\n    " + PRINTABLE[42:]


@pytest.mark.parametrize(
    "warning, pinned",
    [
        ("Warning: port is not the default (default: 514)", {"port": "514"}),
        ("Notice: Socket Type differs from the default value, which is UDP.", {"socket_type": "UDP"}),
        ("WARNING: 'host' is not at its default ''", {"host": ""}),
        # Not understood, so nothing is known: not of this setting, and not of the others.
        ("Warning: level and port are not the default, which is set elsewhere", None),
        ("Warning: the value of 'lev", None),
        ("Warning: this call is deprecated and will be removed", None),
    ],
)
def test_default_in_a_warning(warning, pinned):
    assert parse_settings("\n".join([warning, *labelled(": ")])).pinned == pinned


def test_warning_that_continues_on_the_next_line_hides_all_defaults():
    """Otherwise its part about further settings would be lost, and they would be reset to the default."""
    assert parse_settings("\n".join([WARNING, "  and the default of 'port' is '514'", *labelled(": ")])).pinned is None
    for more in ("  and also of port", "  the level differs from what ships, 'INFO'"):
        assert parse_settings("\n".join([WARNING, more, *labelled(": ")])).pinned is None
    for more in ("  'port' is not the default, which is '514'", "  message_template: the default is ''"):
        with pytest.raises(ReplyError, match="cannot be read with certainty"):
            parse_settings("\n".join([WARNING, more, *labelled(": ")]))


def test_one_unknown_warning_hides_all_defaults():
    assert parse_settings("\n".join([WARNING, *labelled(": "), "Warning: the value of 'ho"])).pinned is None


ERRORS = {
    "Supplied credential is invalid.": "auth",
    "You have no access to this API, current IP address: 192.0.2.1": "ip_restricted",
    "You have no permissions to do this": "permission",
    "The user has status 'inactive'": "permission",
    "Error: unknown API method 'api_x'": "unknown_method",
    "Incorrect usage of API": "bad_argument",
    "Error: invalid value for argument 'port'.": "bad_argument",
    "Error: the command could not be executed on node2: connection timed out.": "node",
    "Error: the slave was down": "node",
    "<html><body>Invalid credentials</body></html>": "not_plaintext",
    "Traceback (most recent call last):\n  KeyError: 'node failed'": "not_plaintext",
    "x: SQLSTATE[HY000]": "not_plaintext",
    "Et quelque chose de plus": "not_plaintext",
}


@pytest.mark.parametrize("text, failure_class", ERRORS.items())
def test_error_text(text, failure_class):
    for function in (parse_settings, check_write):
        with pytest.raises(ReplyError) as error:
            function(text)
        assert error.value.failure_class == failure_class


@pytest.mark.parametrize("text", ["", "\n", '""', "''\r\n", "\ufeff"])
def test_write_that_succeeded(text):
    assert check_write(text) == ()


def test_write_with_a_known_warning():
    assert check_write("Warning: this call is deprecated.\n") == ("Warning: this call is deprecated.",)


def test_write_with_a_warning_that_is_a_failure():
    with pytest.raises(ReplyError) as error:
        check_write("Warning: default settings could not be executed on node2")
    assert error.value.failure_class == "node"


@pytest.mark.parametrize(
    "text, messages",
    [
        ("OK\n", ("OK",)),
        ("0", ("0",)),
        ("Warning: this call is deprecated.\nNone\n", ("Warning: this call is deprecated.", "None")),
        ("p4ssword saved", ("******** saved",)),
    ],
)
def test_write_with_an_unknown_answer(text, messages):
    with pytest.raises(UnknownAnswer) as error:
        check_write(text, redactor("user", "p4ssword"))
    assert error.value.messages == messages and error.value.failure_class == "not_plaintext"


@pytest.mark.parametrize("text", [*ERRORS, "Error: 17", "It failed.", "Not carried out: cannot write", "OK\nError: 17"])
def test_error_is_no_unknown_answer(text):
    if text != "Et quelque chose de plus":
        with pytest.raises(ReplyError) as error:
            check_write(text)
        assert not isinstance(error.value, UnknownAnswer)


def test_empty_get_reply_is_refused():
    with pytest.raises(ReplyError, match="is empty"):
        parse_settings("\r\n")


def test_reply_is_redacted_in_the_error():
    redact = redactor("user", "p&ss word")
    with pytest.raises(ReplyError) as error:
        parse_settings("you sent p&ss word, p%26ss+word, p%26ss%20word, dXNlcjpwJnNzIHdvcmQ= and cCZzcyB3b3Jk", redact)
    assert error.value.message.count("********") == 5
