# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input: one sentence that names the option and the remedy, and nothing written."""

from __future__ import annotations

import dataclasses
import re
import socket

import pytest
from functional.harness import MODULE, PASSWORD, Run, connection, forms, one_play

from emulator import Emulator

SECRET = "bad-input-secret-0123456789"
FAULTY_FORMAT = {"secret": SECRET, "message_fields": ["id", "subject_heder"]}


@pytest.fixture(scope="module")
def closed_port():
    """A port that nobody can listen at, because it is bound here."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


# Name: (options on top of a good connection, what the sentence names, what it says to do).
CASES = {
    "no URL": ({"api_url": "master.example.com"}, "api_url", "give https://MASTER"),
    "http URL": ({"api_url": "http://127.0.0.1/"}, "api_url", "must begin with https://"),
    "credentials in URL": ({"api_url": "https://u:p@127.0.0.1/"}, "api_url", "use api_username and api_password"),
    "wrong path": ({"api_url": "URL/elsewhere"}, "api_url", "check that api_url is the cluster's master"),
    "unknown name": ({"api_url": "https://master.invalid"}, "api_url", "check the address"),
    "unreachable": ({"api_url": "CLOSED"}, "api_url", "check the address, the port and the firewall"),
    "wrong password": ({"api_password": "wr0ng-Password"}, "api_password", "correct api_username and api_password"),
    "empty password": ({"api_password": ""}, "api_password", "give the login"),
    "self-signed": ({"api_url": "SELF_SIGNED", "ca_path": None}, "ca_fingerprint", "as the cluster itself shows it"),
    "other CA": ({"ca_path": None}, "ca_path", "give its certificate in ca_path"),
    "other fingerprint": ({"ca_fingerprint": "00" * 32}, "ca_fingerprint", "correct ca_fingerprint"),
    "no fingerprint": ({"ca_fingerprint": "ab:cd"}, "ca_fingerprint", "64 hexadecimal digits"),
    "deadline": ({"deadline": 0}, "deadline", "must be from 1 to 86400 seconds"),
    "no CA file": ({"ca_path": "/nonexistent/ca.pem"}, "ca_path", "give the path of a PEM file"),
    "port 70000": ({"port": 70000}, "port", "between 1 and 65535"),
    "port word": ({"port": "syslog"}, "port", "between 1 and 65535"),
    "no host": ({"host": None, "enabled": True}, "host", "set host"),
    "host with port": ({"host": "logs.example.com:514"}, "host", "give the port in the option port"),
    "facility": ({"facility": "local9"}, "facility", "must be one of kern"),
    "level": ({"level": "chatty"}, "level", "must be one of DEBUG"),
    "enabled": ({"enabled": "perhaps"}, "enabled", "must be one of true, false"),
    "lone %": ({"message_template": '"%(id)s" is 100% good'}, "message_template", "write %% for a plain percent sign"),
    "unclosed name": ({"status_template": "%(id"}, "status_template", "correct it"),
    "line feed": ({"message_template": "%(id)s\n%(status)s"}, "message_template", "must not contain a line feed"),
    "strict": (
        {"message_template": "%(subject_heder)s", "validate_templates": "strict"},
        "message_template",
        "did you mean subject_header?",
    ),
    "reset and value": ({"port": 514, "reset": ["port"]}, "port", "remove one of them"),
    "unknown field": (
        {"message_template": "{{ log_format | spamexperts.local_cloud.message_template }}"},
        "message_fields",
        "unknown field subject_heder: did you mean subject_header?",
    ),
}
# These sentences come from Ansible, which puts its own around the filter's.
FROM_ANSIBLE = ("unknown field",)


@dataclasses.dataclass(frozen=True)
class Done:
    run: Run
    emulators: list[Emulator]


@pytest.fixture(scope="module")
def done(ansible, shared, cluster, closed_port):
    """All cases in one run: a host each."""
    shared.state.pin(port="1514")
    shared.journal.clear()
    self_signed = cluster(tls="self_signed")
    places = {
        "URL/elsewhere": f"{shared.url}/elsewhere",
        "SELF_SIGNED": self_signed.url,
        "CLOSED": f"https://127.0.0.1:{closed_port}",
    }
    hosts = {}
    for name, (options, _option, _remedy) in CASES.items():
        merged = {**connection(shared), "retries": 1, "host": "logs.example.com", **options}
        merged["api_url"] = places.get(merged["api_url"], merged["api_url"])
        # A variable each: in ansible-core 2.16 the error of one template shows the whole variable that holds it.
        hosts[host_of(name)] = {f"given_{key}": value for key, value in merged.items() if value is not None}
    names = {name for host in hosts.values() for name in host}
    options = {name.removeprefix("given_"): "{{ %s | default(omit) }}" % name for name in names}
    play = one_play({"name": "set", MODULE: options, "ignore_errors": True}, vars={"log_format": FAULTY_FORMAT})
    run = ansible.play(play, "-vvvv", "--diff", hosts=hosts)
    assert run.status == 0, run.stdout + run.stderr
    return Done(run, [shared, self_signed])


def host_of(case: str) -> str:
    return f"case{list(CASES).index(case)}"


@pytest.mark.parametrize("case", CASES)
def test_one_sentence_with_option_and_remedy(done, case):
    _options, option, remedy = CASES[case]
    result = done.run.result("set", host_of(case))
    message = result["msg"]
    assert result["failed"] and not result.get("changed")
    assert re.search(rf"\b{option}\b", message), message
    assert remedy in message, message
    if case not in FROM_ANSIBLE:
        assert "\n" not in message
        # A sentence ends where a new one begins; an address does not.
        assert not re.search(r"[.!?]\s+[A-Z]", message), message
        assert result["failure_class"] in ("bad_argument", "transport", "tls", "auth"), result
        assert "Traceback" not in str(result)


def test_nothing_was_written(done):
    assert [emulator.journal.writes for emulator in done.emulators] == [[], []]
    assert done.emulators[0].state.settings["port"] == "1514"


def test_failures_show_no_secret(done):
    done.run.assert_hides({*forms("apiuser", PASSWORD), *forms("apiuser", "wr0ng-Password"), SECRET})
