# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster that fails, lies, lags or breaks off."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any
from urllib.parse import quote

import pytest
from functional.harness import GET, MODULE, PASSWORD, SET, Run, connection, forms, one_play

from emulator import Emulator

PAIR = base64.b64encode(f"apiuser:{PASSWORD}".encode()).decode()
WANTED = {"host": "logs.example.com", "port": 5514, "level": "ERROR", "enabled": True}


@dataclasses.dataclass(frozen=True)
class Case:
    """Switches of the emulator, and what has to come of them. ``says`` is None where the task succeeds."""

    switches: dict[str, Any]
    # None where it depends on time how often the cluster is read.
    calls: list[str] | None
    says: tuple[str, ...] | None = None
    failure_class: str = ""
    changed: bool = True
    options: dict[str, Any] = dataclasses.field(default_factory=dict)


def on_set(fault: str, **more: Any) -> dict[str, Any]:
    return {"fault": fault, "fault_calls": "api_set_*", **more}


# The fault, how often the get call is sent, what the message says, and the class of the failure.
ON_GET = (
    ("credential_text", 1, ("correct api_username",), "auth"),
    ("unauthorized", 1, ("HTTP 401", "correct api_username"), "auth"),
    ("forbidden", 1, ("HTTP 403",), "permission"),
    ("permission", 1, ("to call this method",), "permission"),
    ("ip_restricted", 1, ("connect from the address",), "ip_restricted"),
    ("unknown_method", 1, ("update the cluster",), "unknown_method"),
    # Row 20: an error behind status 200.
    ("traceback", 1, ("inside the cluster",), "not_plaintext"),
    ("sqlstate", 1, ("inside the cluster",), "not_plaintext"),
    ("login_page", 1, ("check that api_url",), "not_plaintext"),
    ("server_error", 1, ("HTTP 500",), "transport"),
    ("dropped", 3, ("the connection failed",), "transport"),
)
# The write took place and its reply is wrong all the same.
AFTER_SET = (
    ("traceback", ("inside the cluster", "these took effect: host, port, enabled, level"), "not_plaintext"),
    ("html", ("check that api_url", "these took effect: host, port, enabled, level"), "not_plaintext"),
    ("permission", ("to call this method", "these took effect: host, port, enabled, level"), "permission"),
)
# The write took place and cannot be verified: the fault, how often the get call is sent again, the class.
ON_VERIFY = (
    ("html", 1, "not_plaintext"),
    ("empty", 1, "not_plaintext"),
    ("cut", 1, "not_plaintext"),
    ("traceback", 1, "not_plaintext"),
    ("server_error", 1, "transport"),
    ("unavailable", 3, "transport"),
    ("ip_restricted", 1, "ip_restricted"),
)
CASES = {
    "ignored setting": Case(
        {"ignore_set": "level"}, [GET, SET, GET, GET], ("level did not take effect", "level is 'INFO'"), "verify"
    ),
    "lagging read": Case({"lag_reads": 1}, [GET, SET, GET, GET]),
    "page": Case({"fault": "html"}, [GET], ("<!DOCTYPE html>", "check that api_url"), "not_plaintext", False),
    "login page on write": Case(
        on_set("login_page"),
        [GET, SET, GET, GET],
        ("check that api_url", "the write was sent", "these took effect: none"),
        "not_plaintext",
    ),
    "empty": Case({"fault": "empty"}, [GET], ("reply is empty",), "not_plaintext", False),
    "half a reply": Case({"fault": "cut"}, [GET], ("cannot be read with certainty",), "not_plaintext", False),
    "redirect": Case(
        {"fault": "redirect"}, [GET], ("redirects to /index.php", "set api_url to"), "not_plaintext", False
    ),
    # A web server that shows what it was sent.
    "echo": Case(
        {"warnings": "none"},
        [GET],
        ("cannot be read with certainty", "Authorization: Basic ********"),
        "not_plaintext",
        False,
    ),
    "unavailable": Case({"fault": "unavailable", "fault_count": 2}, [GET, GET, GET, SET, GET]),
    "asked to wait": Case({"fault": "unavailable", "fault_count": 1, "retry_after": 2}, [GET, GET, SET, GET]),
    "unavailable for good": Case(
        {"fault": "unavailable"}, [GET] * 3, ("HTTP 503", "try again later"), "transport", False
    ),
    # What follows a write without an answer is always a read.
    "dropped after the write": Case(on_set("dropped", fault_when="after", fault_count=1), [GET, SET, GET]),
    "dropped before the write": Case(on_set("dropped", fault_count=1), [GET, SET, GET, GET, SET, GET]),
    "unavailable on write": Case(on_set("unavailable", fault_count=1), [GET, SET, GET, GET, SET, GET]),
    "dropped twice": Case(
        on_set("dropped"),
        [GET, SET, GET, GET, SET, GET, GET],
        ("the write was sent", "these took effect: none"),
        "transport",
    ),
    "no permission": Case(on_set("permission"), [GET, SET, GET], ("to call this method",), "permission", False),
    # Row 16 of the peers' defects: a setting that does not stick is named, and no other one.
    "ignored port": Case(
        {"ignore_set": "port"},
        [GET, SET, GET, GET],
        ("port did not take effect", "these took effect: host, enabled, level"),
        "verify",
    ),
    "ignored all": Case(
        {"ignore_set": "all"},
        [GET, SET, GET, GET],
        ("host, port, enabled, level did not take effect", "these took effect: none"),
        "verify",
    ),
    "lags for longer than verify waits": Case(
        {"lag_reads": 9},
        [GET, SET, GET, GET],
        ("did not take effect", "raise verify_retries", "these took effect: none"),
        "verify",
    ),
    "digest": Case({"auth": "digest"}, [GET, SET, GET]),
    "quotes for an empty reply": Case({"set_reply": "quotes"}, [GET, SET, GET]),
    "OK for an empty reply": Case({"set_reply": "OK"}, [GET, SET, GET]),
    **{
        f"{fault} on get": Case({"fault": fault}, [GET] * calls, says, failure_class, False)
        for fault, calls, says, failure_class in ON_GET
    },
    **{
        f"{fault} on set after": Case(on_set(fault, fault_when="after"), [GET, SET, GET], says, failure_class, True)
        for fault, says, failure_class in AFTER_SET
    },
    **{
        f"{fault} on the verifying get": Case(
            {"fault": fault, "fault_skip": 1, "fault_calls": "api_get_*"},
            [GET, SET, *[GET] * reads],
            ("the write was sent", "could not be read again"),
            failure_class,
        )
        for fault, reads, failure_class in ON_VERIFY
    },
    # What the cluster itself says of an argument.
    "argument that is too long": Case(
        {"max_argument": 12},
        [GET, SET, GET],
        ("correct the option that it names", "host", "these took effect: none"),
        "bad_argument",
        False,
    ),
    "unknown method on set": Case(
        on_set("unknown_method"),
        [GET, SET, GET],
        ("update the cluster", "these took effect: none"),
        "unknown_method",
        False,
    ),
    "redirect on set": Case(
        on_set("redirect"),
        [GET, SET, GET, GET],
        ("redirects to /index.php", "these took effect: none"),
        "not_plaintext",
    ),
    "truncated on set": Case(on_set("truncated", deprecated=True), [GET, SET, GET]),
    **{
        tls: Case({"tls": tls}, [], says, "tls", False)
        for tls, says in (
            ("wrong_name", ("is for another name", "use a name that it contains in api_url")),
            ("expired", ("has expired; renew it on the cluster",)),
            ("self_signed", ("is self-signed and not in ca_path", "in ca_fingerprint")),
            ("unknown_ca", ("lacks the CA that signed", "put its certificate into that file")),
            ("none", ("does not speak TLS at this port",)),
        )
    },
    # A byte a second for ever, and more than fits into memory.
    **{
        fault: Case(
            {"fault": fault},
            None,
            ("no complete answer within the deadline of 5 s", "raise deadline"),
            "transport",
            False,
            {"deadline": 5},
        )
        for fault in ("drip", "drip_body")
    },
    **{
        fault: Case({"fault": fault}, [GET], ("sent more than 16 MiB",), "not_plaintext", False)
        for fault in ("endless", "bomb")
    },
    "translated error": Case(
        on_set("permission", translated="always"),
        [GET, SET, GET, GET],
        ("cannot be read with certainty", "these took effect: none"),
        "not_plaintext",
    ),
    "dead node": Case(
        {"node_fail": "node2.cluster.example"},
        [GET, SET, GET],
        ("node2.cluster.example", "these took effect: host, port, enabled, level"),
        "node",
    ),
}


@dataclasses.dataclass(frozen=True)
class Done:
    run: Run
    clusters: dict[str, Emulator]

    def result(self, name: str) -> dict[str, Any]:
        return self.run.result("set", name.replace(" ", "_"))


@pytest.fixture(scope="module")
def done(ansible, cluster):
    """All faults in one run: a host each, with an emulator each."""
    clusters = {name: cluster(**case.switches) for name, case in CASES.items()}
    clusters["echo"].state.pin(host=f"h\nport: 1\nAuthorization: Basic {PAIR}\npassword={quote(PASSWORD, safe='')}")
    hosts = {name.replace(" ", "_"): connection(emulator, **CASES[name].options) for name, emulator in clusters.items()}
    options = {
        **{name: "{{ %s }}" % name for name in connection(next(iter(clusters.values())))},
        **WANTED,
        "deadline": "{{ deadline | default(omit) }}",
        "retries": 2,
        "verify_retries": 1,
        "verify_delay": 0,
    }
    play = one_play({"name": "set", MODULE: options, "ignore_errors": True})
    run = ansible.play(play, "-vvvv", "--diff", hosts=hosts)
    assert run.status == 0, run.stdout + run.stderr
    return Done(run, clusters)


@pytest.mark.parametrize("name", CASES)
def test_fault(done, name):
    case, result = CASES[name], done.result(name)
    assert result["failed"] == (case.says is not None), result
    if case.calls is None:
        assert done.clusters[name].journal.writes == []
    else:
        assert done.clusters[name].journal.calls == case.calls
    assert result["changed"] == case.changed, result
    if case.says is None:
        assert result["verified"] and {key: result["settings"][key] for key in WANTED} == WANTED
    else:
        assert [part for part in case.says if part not in result["msg"]] == [], result["msg"]
        assert result["failure_class"] == case.failure_class
        assert "\n" not in result["msg"]


def test_retry_after_is_waited_for(done):
    """Without being asked to, the client waits for nothing before its second try."""
    first, second = done.clusters["asked to wait"].journal.requests[:2]
    assert second["time"] - first["time"] >= 2


def test_faults_show_no_password(done):
    done.run.assert_hides(forms("apiuser", PASSWORD))
