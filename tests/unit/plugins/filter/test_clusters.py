# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports, writers and restored settings, without a playbook."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.spamexperts.local_cloud.plugins.filter.clusters import FilterModule

FILTERS = FilterModule().filters()
BEFORE = {
    "host": "",
    "port": 514,
    "facility": "local0",
    "socket_type": "udp",
    "message_template": "%(id)s ********",
    "enabled": False,
    "level": "INFO",
    "status_template": "%(id)s",
}
URL = "https://master.example.com"


def host(name, address="a", fingerprint="f", missing=()):
    return {"name": name, "address": address, "fingerprint": fingerprint, "missing": list(missing)}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"port": 514}, {"port": "514"}, True),
        ({"level": "warn"}, {"level": "WARNING"}, True),
        ({"reset": ["port", "level"]}, {"reset": ["level", "port"]}, True),
        ({"port": 514}, {"port": 515}, False),
        ({"port": 514}, {}, False),
        ({"reset": ["port"]}, {}, False),
    ],
)
def test_fingerprints_are_of_meanings(one, other, same):
    prints = [FILTERS["cluster_fingerprint"](settings, URL)["fingerprint"] for settings in (one, other)]
    assert (prints[0] == prints[1]) == same


def test_addresses_are_of_meanings():
    urls = (URL, URL + ":443/", "HTTPS://MASTER.example.com/cgi-bin/api")
    assert len({FILTERS["cluster_fingerprint"]({}, url)["address"] for url in urls}) == 1
    for nothing in (None, ""):
        assert FILTERS["cluster_fingerprint"](nothing, "") == {"address": None, "fingerprint": None}


def test_first_host_with_settings_writes():
    hosts = [host("n0", fingerprint=None), host("n1"), host("n2"), host("w", "b")]
    writer_of = {"n1": "n1", "n2": "n1", "w": "w"}
    assert FILTERS["cluster_writers"](hosts) == {"writers": ["n1", "w"], "writer_of": writer_of, "problems": []}


def test_a_problem_is_said_once_and_names_its_hosts():
    bad = {"problems": ["spamexperts_force must be true or false"]}
    hosts = [{**host(f"n{number}"), **bad} for number in range(12)]
    # Whoever has a problem does not disagree with the rest of its cluster, too.
    hosts += [host("m", "b", "other", missing=["spamexperts_api_url", "spamexperts_api_username"]), host("w", "b")]
    named = ", ".join(f"n{number}" for number in range(10))
    assert FILTERS["cluster_writers"](hosts)["problems"] == [
        f"spamexperts_force must be true or false ({named} and 2 more).",
        "Set spamexperts_api_url, spamexperts_api_username for m.",
    ]


def test_restored_settings():
    saved = {"before": BEFORE, "before_defaults": ["port", "message_template"]}
    options = FILTERS["restore_settings"](saved, "one")
    assert options.pop("reset") == ["port", "message_template"]
    assert set(options) == set(BEFORE) - {"port", "message_template"}
    assert FILTERS["restore_settings"](BEFORE, "one", "S3CRET")["message_template"] == "%(id)s S3CRET"
    assert set(FILTERS["restore_settings"]({**saved, "before_untouched": True}, "one")["reset"]) == set(BEFORE)
    assert FILTERS["restore_settings"]({"other": saved}, "one") is None
    for wrong in (BEFORE, {"before": {"host": "h"}}, ["text"]):
        with pytest.raises(AnsibleFilterError):
            FILTERS["restore_settings"](wrong, "one")


def test_empty_settings_are_reset_to_the_default():
    before = {**BEFORE, "port": None, "level": "", "message_template": "", "enabled": False}
    options = FILTERS["restore_settings"]({"before": before, "before_defaults": ["level"]}, "one")
    assert options.pop("reset") == ["level", "port", "message_template"]
    assert options == {name: before[name] for name in ("host", "facility", "socket_type", "enabled", "status_template")}


def test_a_long_template_shows_where_it_differs():
    long = "".join(f"%(field{number})s|" for number in range(30))
    result = {
        "changed_keys": ["message_template"],
        "before": {"message_template": long},
        "settings": {"message_template": long.replace("field20", "FIELD20")},
    }
    line = FILTERS["drift_report"]({"one": result})["lines"][1]
    assert "%(field20)s" in line
    assert "%(FIELD20)s" in line
    assert len(line) < 140


def one_change(**more):
    settings = {**BEFORE, "host": "logs.example.com", "enabled": True}
    changed = {"changed": True, "changed_keys": ["host", "enabled"], "verified": True, "settings": settings}
    return {**changed, "before": BEFORE, **more}


@pytest.mark.parametrize(
    "more, check_mode, says",
    [
        ({}, False, "sends its mail logs to logs.example.com port 514 by UDP; changed: host, enabled."),
        ({}, True, "would send its mail logs to logs.example.com port 514 by UDP; would change: host, enabled."),
        ({"changed": False, "changed_keys": []}, False, "; nothing was changed."),
        ({"changed": False, "changed_keys": []}, True, "; nothing would change."),
        ({"changed_keys": []}, False, "; changed: written again."),
        ({"changed_keys": [], "verified": False}, True, "; would be written again."),
        ({"verified": False}, False, "enabled; the cluster does not show whether all of it took effect."),
        ({"verified": False}, True, "would change: host, enabled."),
        ({"changed": False, "changed_keys": [], "verified": False}, False, "; nothing was changed."),
    ],
)
def test_sentence_of_a_change(more, check_mode, says):
    report = FILTERS["change_report"]({"one": one_change(**more)}, check_mode)
    assert report["lines"][0].startswith("one: ") and report["lines"][0].endswith(says)
    assert report["clusters"]["one"].get("verified") == (None if check_mode else more.get("verified", True))


@pytest.mark.parametrize("report", ["drift_report", "change_report", "status_report"])
def test_notices_of_clusters_are_reported_once(report):
    deprecated, default = "Warning: this call is deprecated", "Warning: the value of 'host' is not the default: ''"
    about = one_change(nodes={}, api_messages=[deprecated, default, deprecated, "OK\x1b"])
    results = dict.fromkeys(("a", "b", "c", "d", "e"), about)
    results["f"] = {**about, "api_messages": [default], "unknown_settings": {"tls": "no", "x": ""}}
    results["g"] = {**about, "api_messages": ["Waarschuwing: de waarde van 'port' is niet de standaardwaarde: '514'"]}
    made = FILTERS[report](results)
    assert made["lines"][-3:] == [
        f"Notice of a, b, c and 2 more: {deprecated}",
        "Notice of a, b, c and 2 more: OK\\x1b",
        "Notice of f: this collection does not know the settings tls, x",
    ]
    assert made["clusters"]["a"]["notices"] == [deprecated, "OK\x1b"] and "notices" not in made["clusters"]["g"]
    assert "Notice" not in "".join(made["lines"][:-3])


@pytest.mark.parametrize("length", [5, 60])
@pytest.mark.parametrize("blank", [" ", "\t"])
def test_a_blank_at_an_end_is_seen(length, blank):
    template = "x" * length
    for one, other in ((template, template + blank), (blank + template, template)):
        result = {"changed_keys": ["message_template"], "before": {"message_template": one}}
        line = FILTERS["drift_report"]({"a": {**result, "settings": {"message_template": other}}})["lines"][1]
        first, second = line.split("message_template  ")[1].split("'  '")
        assert first != second.rstrip("'") and line.endswith("'")


@pytest.mark.parametrize("report", ["drift_report", "change_report", "status_report"])
def test_missing_result_is_a_failure_and_shows_no_escape(report):
    made = FILTERS[report]({"one": {}, "two": {"msg": "bad \x1b[2J", "failure_class": "auth", "failed": True}})
    assert [cluster["state"] for cluster in made["clusters"].values()] == ["failed", "failed"]
    assert "\x1b" not in "".join(made["lines"])
    assert "no result" in made["lines"][-2]
    assert "auth: bad " in made["lines"][-1]
