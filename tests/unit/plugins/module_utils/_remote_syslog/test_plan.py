# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: what changes, what is written, what did not take effect."""

from __future__ import annotations

import pytest

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import OptionError
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.plan import make_plan
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.settings import (
    NAMES,
    RESET,
    Reply,
    Settings,
)

TEXT = {
    "host": "syslog.example.com",
    "port": "514",
    "facility": "LOG_LOCAL0",
    "socket_type": "SOCK_DGRAM",
    "message_template": "M|%(id)s|M",
    "enabled": "true",
    "level": "info",
    "status_template": "S|%(id)s|S",
}


def settings(pinned=None, **values):
    return Settings.from_api(Reply({**TEXT, **values}, pinned, ()))


def test_equal_values_change_nothing():
    wanted = {"host": "syslog.example.com", "port": 514, "facility": "local0", "socket_type": "udp", "level": "INFO"}
    result = make_plan(settings(), wanted)
    assert not result.changed
    assert result.before == result.after
    assert result.diff["before"] == result.diff["after"] == wanted


@pytest.mark.parametrize("port", [514, 515])
def test_value_of_a_default_counts_as_given(port):
    result = make_plan(settings(port=str(1029 - port)), {"port": port})
    assert result.changed_keys == ("port",) and result.payload["port"] == str(port)


def test_every_write_carries_all_eight_in_the_clusters_spelling():
    result = make_plan(settings(), {"level": "DEBUG", "socket_type": "tcp"})
    assert dict(result.payload) == {**TEXT, "level": "debug", "socket_type": "SOCK_STREAM"}
    assert tuple(result.payload) == NAMES


def test_what_is_unpinned_is_not_written_as_a_literal():
    result = make_plan(settings(pinned={"host": "", "enabled": "false"}), {"level": "DEBUG"})
    unpinned = ("port", "facility", "socket_type", "message_template", "status_template")
    assert {name: result.payload[name] for name in unpinned} == dict.fromkeys(unpinned, "default")
    assert (result.payload["host"], result.payload["enabled"], result.payload["level"]) == (
        TEXT["host"],
        "true",
        "debug",
    )


def test_what_the_user_gives_is_written_even_where_it_equals_the_default():
    result = make_plan(settings(pinned={"host": ""}), {"port": 514, "level": "DEBUG"})
    assert result.payload["port"] == "514" and result.changed_keys == ("level",)


@pytest.mark.parametrize(
    "pinned, changed, after",
    [
        ({"host": "", "level": "20"}, True, RESET),
        ({"host": "", "level": "30"}, True, "WARNING"),
        ({"host": ""}, False, "INFO"),
        (None, True, RESET),
    ],
)
def test_reset(pinned, changed, after):
    result = make_plan(settings(pinned=pinned), {"level": RESET})
    assert result.changed is changed and result.after["level"] == after
    assert result.payload["level"] == "default"


def test_reset_of_an_untouched_cluster_changes_nothing():
    assert not make_plan(settings(host="", enabled="false"), dict.fromkeys(NAMES, RESET)).changed


@pytest.mark.parametrize(
    "current, wanted",
    [
        ({"host": "", "enabled": "false"}, {"enabled": True}),
        ({"host": "", "enabled": "true"}, {"enabled": True}),
        ({}, {"host": ""}),
        ({}, {"host": RESET}),
        ({"enabled": "false"}, {"host": "", "enabled": True}),
    ],
)
def test_enabled_without_a_host_is_refused(current, wanted):
    with pytest.raises(OptionError, match="enabled is true, but there is no host"):
        make_plan(settings(**current), wanted)


def test_a_state_that_is_not_managed_is_not_judged():
    assert make_plan(settings(host=""), {"level": "DEBUG"}).changed_keys == ("level",)


def test_empty_host_is_written_so_that_no_build_takes_it_for_omitted():
    result = make_plan(settings(), {"host": "", "enabled": False})
    assert result.payload["host"] == "default" and result.after["host"] == ""


@pytest.mark.parametrize("name", ["level", "facility", "socket_type", "port", "message_template", "status_template"])
def test_value_that_no_argument_can_carry_is_refused_where_nobody_manages_it(name):
    current = settings(**{name: ""})
    with pytest.raises(OptionError, match=f"{name} would not survive the write"):
        make_plan(current, {"host": "other.example.com"})
    assert not make_plan(current, {"host": "syslog.example.com"}).changed
    assert make_plan(current, {"host": "other.example.com", name: RESET}).payload[name] == "default"
    # Known to follow the default, it goes on doing so.
    known = settings(pinned={"host": ""}, **{name: ""})
    assert make_plan(known, {"host": "other.example.com"}).payload[name] == "default"


def test_no_host_and_no_word_for_false_can_be_written():
    result = make_plan(settings(host="", enabled=""), {"level": "DEBUG"})
    assert (result.payload["host"], result.payload["enabled"]) == ("default", "False")
    assert result.changed_keys == ("level",)


def test_not_taken_names_each_setting():
    expected = make_plan(settings(), {"level": "DEBUG", "port": 1514})
    assert expected.not_taken(settings(level="10", port="1514")) == ()
    assert expected.not_taken(settings(level="10")) == ("port",)
    # A write that damaged what it should have left alone.
    assert expected.not_taken(settings(level="10", port="1514", message_template="")) == ("message_template",)


def test_not_taken_reset():
    expected = make_plan(settings(pinned={"host": "", "level": "30"}), {"level": RESET})
    assert expected.not_taken(settings(pinned={"host": "", "level": "30"})) == ("level",)
    assert expected.not_taken(settings(pinned={"host": ""}, level="WARNING")) == ()
