# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook probe: what its file holds and does not hold, what it does to a cluster, and the file as a dialect."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from functional.dialects import ROWS, switches
from functional.harness import GET, PASSWORD, ROOT, SET, books, clusters, connection, forms
from functional.test_dialects import WANTED

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._probe.report import probe
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.apply import apply_settings
from emulator import Emulator

PROBE = "spamexperts.local_cloud.probe"
HELP, STATUS = "api_help", "api_get_json_server_status"
ASK_TASK, WRITE_TASK = "Ask each cluster how it answers", "Write to each cluster and restore what was there"
SHOW_TASK, FAIL_TASK = (
    "Show what could be read and what could not",
    "Fail for a cluster that did not answer or was not restored",
)
# What users sent; see CONTRIBUTING.md.
REPORTS = ROOT / "tests" / "functional" / "reports"
SECRET = "q7Kd9-wZ0pLm_3xVb8"
# Two clusters that nobody may tell apart: each text has the shape of its twin. The first template is longer than the
# width at which some dialects fold one.
ONE: dict[str, Any] = {
    "host": "kranich.acme.example",
    "port": "6514",
    "facility": "local3",
    "enabled": "True",
    "message_template": f'%(subject_header)s|Größe "%(incoming_size)s"|%(sender)s; Kranich {SECRET}|%(id)s',
    "status_template": f"reiher:\x1f%(id)s\x1f{SECRET}\x1f%(delivery_data)s\x1f",
}
TWO: dict[str, Any] = {
    "host": "storche.bcnf.fybnqmf",
    "port": "7999",
    "facility": "local5",
    "enabled": "True",
    "message_template": '%(tvckfdu_ifbefs)s|Hsöäf "%(jodpnjoh_tjaf)s"|%(tfoefs)s; Lsbojdi r4Le5-xA8qMn_9yWc2|%(je)s',
    "status_template": "sfjifs:\x1f%(je)s\x1fr4Le5-xA8qMn_9yWc2\x1f%(efmjwfsz_ebub)s\x1f",
}
NODES = {"one": ("dohle.acme.example",), "two": ("elstr.bcnf.fybnqmf",)}


def encoded(text: str) -> set[str]:
    """A text in every form in which it could be in a file."""
    raw = text.encode()
    plain = {text, quote(text), quote(text, safe=""), json.dumps(text)[1:-1], repr(text)[1:-1]}
    return {*plain, json.dumps(json.dumps(text))[3:-3], base64.b64encode(raw).decode().rstrip("="), raw.hex()}


def values(emulator: Emulator) -> set[str]:
    """Every value that was put into a cluster, and every word of one that is long enough to mean something."""
    texts = {ONE["host"], ONE["port"], ONE["facility"], ONE["message_template"], ONE["status_template"], SECRET}
    texts |= {emulator.username, emulator.password, emulator.url, emulator.host, emulator.ca_path, *emulator.nodes}
    # The names of fields are everybody's.
    words = {word for text in texts for word in re.findall(r"[^\W_]{4,}", re.sub(r"%\(\w+\)s", " ", text))}
    return texts | words - {"https"}


def params(emulator: Emulator, **more: Any) -> dict[str, Any]:
    """The options of cluster_probe and of remote_syslog_server, as Ansible checks them."""
    defaults = {"validate_certs": True, "timeout": 60, "deadline": 300, "retries": 0, "use_proxy": False}
    checks = {"verify": True, "verify_retries": 0, "verify_delay": 0, "validate_templates": "off", "force": False}
    return {**connection(emulator), **defaults, **checks, "reset": [], **more}


@pytest.fixture
def asked(certificates):
    """Probes an emulator of its own, which has the settings and switches given."""

    def report(nodes: tuple[str, ...] = NODES["one"], pinned: Any = None, **options: Any) -> dict[str, Any]:
        with Emulator(password=PASSWORD, certificates=certificates, nodes=nodes, **options) as emulator:
            if pinned != {}:
                emulator.state.pin(**(pinned or ONE))
            found = probe(params(emulator))
            assert emulator.journal.calls == [GET, HELP, STATUS]
            text = json.dumps(found["report"], ensure_ascii=False)
            shown = {value for value in values(emulator) if any(form in text for form in encoded(value))}
            assert shown == set()
        return found["report"]

    return report


@pytest.mark.parametrize("row", ROWS)
def test_the_file_of_a_dialect_is_that_dialect(asked, certificates, row):
    report = asked(**switches(ROWS[row]))
    # Nothing but the shapes of the values is in the file.
    assert asked(nodes=NODES["two"], pinned=TWO, **switches(ROWS[row])) == report
    assert asked(pinned={}, dialect=report) == report
    with Emulator(certificates=certificates, dialect=report) as emulator:
        # It is a cluster that can be written to, and answers as before.
        given = params(emulator, **WANTED)
        assert apply_settings(given, False)["verified"] and not apply_settings(given, False)["changed"]
        after = probe(params(emulator))["report"]["calls"][GET]["read"]
    before = report["calls"][GET]["read"]
    # Other templates have other lengths.
    assert {**after, "templates": {}} == {**before, "templates": {}}


@pytest.mark.parametrize("path", sorted(REPORTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_report_is_still_understood(certificates, path):
    for number, report in enumerate(json.loads(path.read_text("utf-8"))["clusters"], 1):
        with Emulator(certificates=certificates, dialect=f"{path}#{number}") as emulator:
            found = probe(params(emulator))["report"]["calls"]
            assert {call: seen.get("read") for call, seen in found.items()} == {
                call: seen.get("read") for call, seen in report["calls"].items()
            }
            if "read" in report["calls"][GET]:
                assert apply_settings(params(emulator, **WANTED), False)["verified"]


# What a cluster, or something in its place, answers, and the class of failure that the file has for the settings.
HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "html": ({"fault": "html"}, "not_plaintext"),
    "login": ({"fault": "login_page"}, "not_plaintext"),
    "traceback": ({"fault": "traceback"}, "not_plaintext"),
    "sqlstate": ({"fault": "sqlstate"}, "not_plaintext"),
    "empty": ({"fault": "empty"}, "not_plaintext"),
    "cut": ({"fault": "cut"}, "not_plaintext"),
    "restricted": ({"fault": "ip_restricted"}, "ip_restricted"),
    "other_login": ({"fault": "credential_text"}, "auth"),
    "missing": ({"label_missing": "level"}, "not_plaintext"),
    "truncated": ({"fault": "truncated"}, "transport"),
    "dropped": ({"fault": "dropped"}, "transport"),
    "endless": ({"fault": "endless", "fault_calls": GET}, "not_plaintext"),
    "bomb": ({"fault": "bomb", "fault_calls": GET}, "not_plaintext"),
    "redirect": ({"fault": "redirect"}, "not_plaintext"),
    "server_error": ({"fault": "server_error"}, "transport"),
    "forbidden": ({"fault": "forbidden"}, "permission"),
    "unauthorized": ({"fault": "unauthorized"}, "auth"),
    "no_tls": ({"tls": "none"}, "tls"),
    "self_signed": ({"tls": "self_signed"}, "tls"),
}
UNANSWERED = ("truncated", "dropped", "endless", "bomb", "redirect", "server_error", "forbidden", "unauthorized")
UNREAD = [name for name, (_options, failure) in HOSTILE.items() if failure != "tls" and name not in UNANSWERED]
# Replies that the emulator does not make by itself: lines of a file without a shape are sent as they are.
TEXTS = {
    "escapes": ["\x1b[2J\x1b]0;acme\x07", "host: \x1b[31macme", "{{ 6 * 7 }} {% raw %}"],
    "braces": ["{" * 3000, "}" * 10],
    "long": ["host: " + "A" * 200000],
    "markup": ['<?xml version="1.0"?><settings><host>acme</host></settings>'],
    "half": ["{'host': 'acme', 'port': 514, 'level'"],
}


def sent(lines: list[str], report: dict[str, Any]) -> dict[str, Any]:
    """A report in which the get call gets other lines."""
    plain = [line.replace("<", "\0lt\1").replace(">", "<gt>").replace("\0lt\1", "<lt>") for line in lines]
    get = {name: fact for name, fact in report["calls"][GET].items() if name != "read"}
    return {**report, "calls": {**report["calls"], GET: {**get, "lines": plain, "encoding": "utf-8"}}}


@pytest.mark.parametrize("name", [*UNREAD, "redirect", "server_error", "forbidden"])
def test_a_reply_that_cannot_be_read_can_be_replayed(asked, name):
    report = asked(**HOSTILE[name][0])
    assert "read" not in report["calls"][GET] and report["calls"][GET]["lines"]
    assert asked(pinned={}, dialect=report) == report


@pytest.mark.parametrize("kind", ["self_signed", "version_1", "expired", "wrong_name"])
def test_the_certificate_is_the_same_kind(certificates, kind):
    with Emulator(certificates=certificates, tls=kind) as emulator:
        report = probe(params(emulator, validate_certs=False, ca_path=None))["report"]
    with Emulator(certificates=certificates, dialect=report) as emulator:
        assert probe(params(emulator, validate_certs=False, ca_path=None))["report"] == report
    found = report["connection"]["certificate"]
    assert found["self_signed"] == (kind in ("self_signed", "version_1")) and found["version"] == 3 - 2 * (
        kind == "version_1"
    )
    assert (found["validity"] == "expired") == (kind == "expired")


@pytest.fixture(scope="module")
def read_only(ansible, cluster, certificates, tmp_path_factory):
    """All kinds of clusters, probed for real, with --check, and with --check and writes."""
    folder = tmp_path_factory.mktemp("probe")
    nodes = NODES["one"]
    emulators = {name: cluster(nodes=nodes, **options) for name, (options, _failure) in HOSTILE.items()}
    emulators["good"] = cluster(nodes=nodes)
    emulators["good"].state.pin(**ONE)
    good = probe(params(emulators["good"]))["report"]
    emulators.update({name: cluster(nodes=nodes, dialect=sent(lines, good)) for name, lines in TEXTS.items()})
    for emulator in emulators.values():
        emulator.journal.clear()
    extra = {"spamexperts_clusters": "all", "spamexperts_retries": 0, "spamexperts_backup_path": str(folder / "kept")}
    paths = {way: folder / f"{way}.json" for way in ("real", "check", "writes")}
    plays = {
        way: books(PROBE, {"spamexperts_probe_path": str(path), "spamexperts_probe_writes": way == "writes"})
        for way, path in paths.items()
    }
    hosts = clusters(emulators)
    runs = [
        ansible.play(plays["real"], "-vvvv", "--diff", hosts=hosts, extra=extra),
        ansible.play(plays["check"] + plays["writes"], "--check", "-vvvv", "--diff", hosts=hosts, extra=extra),
    ]
    assert not (folder / "kept.before-probe").exists()
    files = {way: json.loads(path.read_text("utf-8")) for way, path in paths.items() if path.exists()}
    return emulators, runs, files


def test_probing_writes_nothing_and_asks_three_calls(read_only):
    emulators, _runs, _files = read_only
    assert [name for name, emulator in emulators.items() if emulator.journal.writes] == []
    assert emulators["good"].journal.calls[:6] == [GET, HELP, STATUS] * 2
    assert set(emulators["good"].journal.calls) == {GET, HELP, STATUS}


def test_each_cluster_gives_a_report_and_sentences(read_only):
    emulators, runs, files = read_only
    # A run with --check writes the same file.
    assert files["real"] == files["check"]
    reports = dict(zip(emulators, files["real"]["clusters"], strict=True))
    assert len(files["real"]["clusters"]) == len(emulators)
    for name, (_options, failure) in HOSTILE.items():
        assert reports[name]["calls"][GET]["failure"] == failure, name
    for run in runs:
        assert run.failed(FAIL_TASK) == sorted({*UNANSWERED, "no_tls", "self_signed"})
        assert 'Traceback (most recent call last):\n  File "/work' not in run.output
        assert "unexpected " not in run.output and "MODULE FAILURE" not in run.output
        for lines in (result["msg"] for result in run.every(SHOW_TASK)):
            assert {line.split(": ")[0] for line in lines} == set(emulators)
            unread = {line.split(": ")[0] for line in lines if ": The settings cannot be read: " in line}
            assert unread == set(emulators) - {"good"}
            assert not [line for line in lines if "\x1b" in line]
        run.assert_hides(forms("apiuser", PASSWORD))


def test_the_file_names_no_cluster_and_holds_no_value(read_only):
    emulators, _runs, files = read_only
    text = json.dumps(files["real"], ensure_ascii=False)
    for emulator in emulators.values():
        shown = {value for value in values(emulator) if any(form in text for form in encoded(value))}
        assert shown == set()
    # Three names are keys of every report as well.
    assert {name for name in emulators if f'"{name}"' in text} == {"login", "redirect", "self_signed"}
    assert "acme" not in text and "AAAA" not in text
    assert set(files["real"]) == {"collection", "clusters"}


def test_a_file_with_several_clusters_is_a_dialect_each(read_only, certificates, tmp_path):
    emulators, _runs, files = read_only
    path = tmp_path / "probe.json"
    path.write_text(json.dumps(files["real"]), encoding="utf-8")
    number = list(emulators).index("good") + 1
    with Emulator(certificates=certificates, dialect=f"{path}#{number}") as emulator:
        assert probe(params(emulator))["report"] == files["real"]["clusters"][number - 1]
    with pytest.raises(ValueError, match="format"):
        Emulator(certificates=certificates, dialect={**files["real"]["clusters"][0], "format": 2})


# Switches, and what the writes tell; None where nothing is written.
WRITES: dict[str, tuple[dict[str, Any], dict[str, str] | None]] = {
    "keeps": ({}, {"omitted_argument": "kept", "control_characters": "kept"}),
    "resets": ({"omitted": "default"}, {"omitted_argument": "reset", "control_characters": "kept"}),
    "clears": (
        {"omitted": "clear", "get_format": "csv", "set_reply": "OK"},
        {"omitted_argument": "cleared", "control_characters": "kept"},
    ),
    "removes": ({"controls": "remove"}, {"omitted_argument": "kept", "control_characters": "removed"}),
    "blanks": ({"controls": "blank"}, {"omitted_argument": "kept", "control_characters": "changed"}),
    "refuses": ({"controls": "refuse"}, {"omitted_argument": "kept", "control_characters": "refused"}),
    "late": ({"lag_reads": 2}, {"omitted_argument": "kept", "control_characters": "kept"}),
    "forbidden": ({"allowed_methods": "api_get_*,api_help"}, {"failure": "permission"}),
    "ignores": ({"ignore_set": "status_template"}, {"failure": "verify"}),
    # The second write fails, and the third one, which is sent again, as well.
    "broken": (
        {"fault": "server_error", "fault_calls": SET, "fault_skip": 1, "fault_count": 3},
        {"omitted_argument": "unknown", "control_characters": "unknown"},
    ),
    "stuck": ({"fault": "server_error", "fault_calls": SET, "fault_skip": 1}, None),
    "newer": ({"more_settings": "dscp=46"}, None),
    "unread": ({"label_missing": "level"}, None),
}


@pytest.fixture(scope="module")
def written(ansible, cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("writes")
    emulators = {name: cluster(**options) for name, (options, _told) in WRITES.items()}
    for emulator in emulators.values():
        emulator.state.pin(host="logs.example.com", port="6514", enabled="True", status_template=f"%(id)s {SECRET}")
        emulator.journal.clear()
    extra = {
        "spamexperts_clusters": "all",
        "spamexperts_probe_path": str(folder / "probe.json"),
        "spamexperts_probe_writes": True,
        "spamexperts_backup_path": str(folder / "kept"),
        "spamexperts_verify_retries": 2,
        "spamexperts_verify_delay": 0,
        "spamexperts_log_format": {"secret": SECRET},
        # As a job of the same workflow hands it on, which audited before.
        "spamexperts_report": {"east": {"state": "ok"}},
    }
    before = {name: (emulator.state.settings, emulator.state.pinned) for name, emulator in emulators.items()}
    run = ansible.play(PROBE, "-vvvv", "--diff", hosts=clusters(emulators), extra=extra)
    backup = json.loads((folder / "kept.before-probe").read_text("utf-8"))
    reports = json.loads((folder / "probe.json").read_text("utf-8"))["clusters"]
    return emulators, before, run, backup, dict(zip(emulators, reports, strict=True))


@pytest.mark.parametrize("name", WRITES)
def test_writes_tell_what_only_they_can_and_leave_nothing(written, name):
    emulators, before, run, _backup, reports = written
    told = WRITES[name][1]
    emulator = emulators[name]
    found = reports[name].get("writes", {})
    assert {key: value for key, value in found.items() if key != "defaults_shown"} == (told or {})
    now = (emulator.state.settings, emulator.state.pinned)
    assert (now == before[name]) == (name != "stuck")
    assert bool(emulator.journal.writes) == (name not in ("newer", "unread"))
    (lines,) = [result["msg"] for result in run.every(SHOW_TASK)]
    own = [line for line in lines if line.startswith(f"{name}: ")]
    restored = any("were restored, and read again" in line for line in own)
    assert restored == (told is not None and "failure" not in told)


def test_what_could_not_be_restored_fails_and_is_in_the_backup(written):
    _emulators, before, run, backup, _reports = written
    assert run.failed(FAIL_TASK) == ["stuck"]
    assert "run the playbook restore with this run's backup" in run.result(FAIL_TASK, "stuck")["msg"]
    assert backup["stuck"]["finished"] is False and backup["keeps"]["finished"] is True
    for name in set(backup):
        entry = backup[name]["before"]
        assert (entry["host"], entry["port"]) == ("logs.example.com", 6514)
        assert entry["status_template"] == "%(id)s ********"
    # Where nothing was written there is nothing to restore.
    assert set(backup) == set(WRITES) - {"newer", "unread", "forbidden"}
    run.assert_hides({SECRET, *forms("apiuser", PASSWORD)})


def test_it_says_beforehand_what_it_will_do(written):
    _emulators, _before, run, _backup, _reports = written
    tasks = [entry["task"] for entry in run.results]
    (said,) = [entry for entry in run.results if entry["task"] == "Say what the writes to each cluster will be"]
    assert tasks.index(said["task"]) < tasks.index(ASK_TASK) < tasks.index(WRITE_TASK)
    assert any("restored" in line for line in said["result"]["msg"])
