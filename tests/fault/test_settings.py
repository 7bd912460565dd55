# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any text in any variable: refused by the role, or a configuration that rsyslogd takes and in which it is a value."""

from __future__ import annotations

import functools
import re
import sys
import types

import jinja2
import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.plugins.filter import core, mathstuff
from ansible.plugins.test import core as core_tests
from fault.harness import SETTINGS
from fault.test_restart import ROLE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.spamexperts.local_cloud.plugins.filter.sender_networks import sender_networks
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import TemplateError

sys.path.insert(0, str(ROLE / "files"))

import host_facts

EXAMPLES = 150
SPECS = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text("utf-8"))["argument_specs"]["main"]["options"]
PIECES = [
    '"',
    "'",
    "\\",
    "\n",
    "\r",
    "\t",
    " ",
    "$",
    "${x}",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "#",
    "/* */",
    ")",
    '")\n$IncludeConfig /tmp/x\n#',
    '" ruleset="x',
    "%",
    "%msg%",
    "..",
    "/",
    "\0",
    "\x1f",
    "ü",
    "🎉",
    "|",
    "]",
    "[",
    ",",
    "0",
    "1",
    "65536",
    "-1",
    "64k",
    "128k",
    "999999m",
    "/var/log/x",
    "/var/log/spam experts",
    "::1",
    "127.0.0.1",
    "10.0.0.0/8",
    "a",
    "mail",
    "id",
    "subject_header",
    "A" * 16,
    "0123456789abcdef",
]
TEXT = st.one_of(
    st.sampled_from(PIECES),
    st.sampled_from(PIECES).map(lambda piece: piece + "\n"),
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
    st.text(max_size=12),
)


def listener(**more: object) -> dict:
    return {
        "rsyslog_receiver_listeners": [{"transport": "tcp", "port": 5514, **more}, {"transport": "udp", "port": 5514}]
    }


def log_format(**more: object) -> dict:
    return {"rsyslog_receiver_log_format": {**SETTINGS, **more}}


# Of each variable, where the text goes, and values as they should be.
VARIABLES = {
    "data_dir": (lambda text: {"rsyslog_receiver_data_dir": text}, ["/var/log/x"]),
    "max_message_size": (lambda text: {"rsyslog_receiver_max_message_size": text}, ["64k"]),
    "on_overload": (lambda text: {"rsyslog_receiver_on_overload": text}, ["drop", "block"]),
    "allowed_senders": (lambda text: {"rsyslog_receiver_allowed_senders": [text]}, ["10.0.0.0/8", "::1"]),
    "listener address": (lambda text: listener(address=text), ["", "127.0.0.1"]),
    "listener port": (lambda text: listener(port=text), [1, 65535]),
    "listener transport": (lambda text: listener(transport=text), ["tcp"]),
    "listener log format": (lambda text: listener(log_format={**SETTINGS, "tag": text}), ["mail", ""]),
    "secret": (lambda text: log_format(secret=text), ["A" * 16]),
    "previous secret": (lambda text: log_format(previous_secrets=[text]), ["A" * 16]),
    "tag": (lambda text: log_format(tag=text), ["mail"]),
    "delimiter": (lambda text: log_format(delimiter=text), ["^"]),
    "style": (lambda text: log_format(style=text), ["printable", "fast"]),
    "field": (
        lambda text: log_format(message_fields=["id", text], allow_unknown_fields=True),
        ["subject_header", "sender_ip", "incoming_size", "extra"],
    ),
}


class Refused(Exception):
    """The role's preflight says no."""


def listed(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        result = function(*args, **kwargs)
        return list(result) if isinstance(result, types.GeneratorType) else result

    return call


def refused(variables: dict) -> bool:
    """Whether the role refuses the variables: by its argument specification, or by the assertions of its preflight.

    Those are read from the role, and what it runs on the host to look at the listeners is run here. What else they ask
    of the host is not judged.
    """
    env = jinja2.Environment(undefined=jinja2.StrictUndefined)
    found = {**env.filters, **core.FilterModule().filters(), **mathstuff.FilterModule().filters()}
    # In Ansible's templating a filter that yields is a list.
    env.filters = {name: listed(function) for name, function in found.items()}
    env.tests.update(core_tests.TestModule().tests())
    values = {
        "rsyslog_receiver_group": "spamexperts",
        "rsyslog_receiver_state": "present",
        "__rsyslog_receiver_networks": [],
        **variables,
    }
    for name, spec in SPECS.items():
        if name in values and "choices" in spec and values[name] not in spec["choices"]:
            return True
    options = SPECS["rsyslog_receiver_listeners"]["options"]
    for one in values["rsyslog_receiver_listeners"]:
        if one["transport"] not in options["transport"]["choices"] or not re.fullmatch(
            r"-?[0-9]{1,9}", str(one["port"])
        ):
            return True
    if list(host_facts.mistakes(values["rsyslog_receiver_listeners"])):
        return True
    files = (ROLE / "tasks" / name for name in ("preflight.yml", "check_settings.yml"))
    for task in (task for file in files for task in yaml.safe_load(file.read_text("utf-8"))):
        conditions = task.get("ansible.builtin.assert", {}).get("that", [])
        for condition in [conditions] if isinstance(conditions, str) else conditions:
            try:
                if not env.compile_expression(condition, undefined_to_none=False)(**values):
                    return True
            except jinja2.UndefinedError:
                # About the host, or about what the filters below say.
                continue
            except Exception:
                # human_to_bytes of something else: the task fails, and so does the role.
                return True
    return False


def skeleton(text: str) -> str:
    """A configuration without its comments, without what is in quotes and without its numbers."""
    text = re.sub(r"(?m)^(\$AllowedSender (?:TCP|UDP), )[][0-9a-f.:/, ]+$", r"\1", text)
    text = re.sub(
        r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|#[^\n]*', lambda found: "" if found[0][0] == "#" else '""', text
    )
    return re.sub(r"\b[0-9]+\b", "0", text)


@pytest.mark.fault(
    25,
    "any text in each variable of the role that reaches the configuration",
    "nothing: it is refused, or rsyslogd takes it as the one value it is; what runs is not touched",
)
@pytest.mark.parametrize("name", VARIABLES)
def test_any_text(prepare, name):
    daemon = prepare()
    place, usual = VARIABLES[name]

    def rendered(text: object) -> str:
        """The configuration with it. Raises what the role refuses it with."""
        variables = {
            "rsyslog_receiver_data_dir": "/var/log/spamexperts",
            "rsyslog_receiver_max_message_size": "128k",
            "rsyslog_receiver_on_overload": "drop",
            **listener(),
            **place(text),
        }
        if refused(variables):
            raise Refused
        senders = sender_networks(variables.get("rsyslog_receiver_allowed_senders", []))
        variables["__rsyslog_receiver_senders"] = [f"[{sender}]" if ":" in sender else sender for sender in senders]
        daemon.configure(variables.pop("rsyslog_receiver_log_format", SETTINGS), **variables)
        return (daemon.folder / "receiver.conf").read_text("utf-8")

    shapes = {skeleton(rendered(value)) for value in usual}
    verdicts = {"refused": 0, "taken": 0}

    @settings(
        derandomize=True, database=None, max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(TEXT)
    def any_text(text: str) -> None:
        try:
            made = rendered(text)
        except (Refused, TemplateError, AnsibleError):
            verdicts["refused"] += 1
            return
        verdicts["taken"] += 1
        assert skeleton(made) in shapes, "the text became more than a value"
        # What rsyslogd refuses a deployment does not put in force. It has to say why, and not to crash.
        checked = daemon.check()
        assert checked.returncode in (0, 1) and bool(checked.returncode) == ("try https" in checked.stderr), checked

    any_text()
    print(name, verdicts)
    assert verdicts["refused"]
