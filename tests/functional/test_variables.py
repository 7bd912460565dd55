# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every variable of the playbooks in every form in which a value arrives, as this ansible-core hands it on."""

from __future__ import annotations

import ansible.release
import pytest
from functional.harness import one_play

from ansible_collections.spamexperts.local_cloud.plugins.plugin_utils._variables import PLAYBOOKS, VARIABLES

# From 2.19 on, the text that AWX marks as unsafe is read as YAML once more.
READ_TWICE = tuple(map(int, ansible.release.__version__.split(".")[:2])) >= (2, 19)

# As an inventory has them; None: the variable is not there.
FORMS = {
    "absent": None,
    "null": "null",
    "blank": "''",
    "blanks": "'  '",
    "survey_blank": "!unsafe ''",
    "survey_514": "!unsafe '514'",
    "survey_true": "!unsafe 'True'",
    "text_514": "'514'",
    "text_true": "'True'",
    "number": "514",
    "true": "true",
    "template_514": "'{{ 514 }}'",
    "template_blank": "\"{{ '' }}\"",
    "omitted": "'{{ omit }}'",
    "undefined": "'{{ nothing_of_that_name }}'",
    "list": "[1]",
    "dictionary": "{colour: 1}",
}
BLANK = ("absent", "null", "blank", "blanks", "survey_blank", "template_blank", "omitted")
NUMBER = ("survey_514", "text_514", "number", "template_514")
TRUE = ("text_true", "true", "survey_true")
# Of the lookup of one variable: what a host has, and what it says.
REFUSED = {
    "spamexperts_receivers": (
        {"spamexperts_recievers": "logs"},
        "spamexperts_recievers is not a variable of this collection: did you mean spamexperts_receivers?",
    ),
    "spamexperts_proof_timeout": (
        {"spamexperts_proof_timeout": "a minute"},
        "spamexperts_proof_timeout must be a whole number, 0 or more, not 'a minute'",
    ),
    "spamexperts_log_format": (
        {"spamexperts_log_format": {"secret": "too short"}},
        "spamexperts_log_format cannot be used: secret must be 16 to 64 letters",
    ),
    "spamexperts_colour": ({}, "spamexperts_colour is not a variable of this collection"),
}
# That it is a problem.
PROBLEM = object()


def expected(variable, form):
    """The value, or PROBLEM; None if there is none."""
    kind = variable.type
    if form in BLANK:
        return variable.default
    if kind == "saved":
        # Whether it can be restored shows when it is.
        is_text = form.startswith("text") or (form in ("survey_514", "survey_true", "template_514") and not READ_TWICE)
        return form if is_text or form == "dictionary" else PROBLEM
    if form in NUMBER:
        of_number = {"text": "514", "hosts": "514", "int": 514, "serial": "514", "list": ["514"]}
        return {**of_number, "port": 514}.get(kind, PROBLEM)
    if form in TRUE:
        if kind == "bool":
            return True
        if form == "true" or (form == "survey_true" and READ_TWICE):
            return PROBLEM
        return {"text": "True", "hosts": "True", "host": "true", "list": ["True"]}.get(kind, PROBLEM)
    if form == "list" and kind in ("hosts", "list", "serial"):
        return {"hosts": [1], "list": ["1"], "serial": ["1"]}[kind]
    return PROBLEM


@pytest.fixture(scope="module")
def run(ansible, tmp_path_factory):
    """What each playbook reads of each form: a host has all variables in that form. The environment is empty."""
    lines = ["all:", "  hosts:"]
    for form, text in FORMS.items():
        lines.append(f"    '{form}':")
        lines += [f"      {variable.name}: {text}" for variable in VARIABLES if text]
    inventory = tmp_path_factory.mktemp("variables") / "forms.yml"
    inventory.write_text("\n".join(lines) + "\n", encoding="utf-8")
    msg = {name: "{{ lookup('spamexperts.local_cloud.variables', '%s') }}" % name for name in PLAYBOOKS}
    single = {
        "name": "one",
        "ansible.builtin.debug": {
            "msg": {
                variable.key: "{{ lookup('spamexperts.local_cloud.variable', '%s') }}" % variable.name
                for variable in VARIABLES
            }
        },
        "when": "inventory_hostname in %s" % (list(BLANK),),
    }
    refused = {
        "name": "refused",
        "ansible.builtin.debug": {"msg": "{{ lookup('spamexperts.local_cloud.variable', inventory_hostname) }}"},
        "when": "inventory_hostname in %s" % (list(REFUSED),),
        "ignore_errors": True,
    }
    return ansible.play(
        one_play({"name": "all", "ansible.builtin.debug": {"msg": msg}}, single, refused),
        "-i",
        str(inventory),
        hosts={**{form: {} for form in FORMS}, **{name: given for name, (given, _sentence) in REFUSED.items()}},
        env={variable.environment: "" for variable in VARIABLES if variable.environment},
    ).assert_ok()


@pytest.fixture(scope="module")
def read(run):
    return {form: (run.result("all", form)["msg"], [made["msg"] for made in run.every("one", form)]) for form in FORMS}


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_a_variable_in_every_form(read, variable):
    for form, (every, one) in read.items():
        wanted = expected(variable, form)
        for playbook in variable.playbooks:
            given = every[playbook]
            problems = [text for text in given["problems"] if text.startswith(f"{variable.name} ")]
            assert len(problems) == (wanted is PROBLEM), (form, playbook, problems)
            # What was saved is too large to be handed on.
            if wanted is not PROBLEM and variable.type != "saved":
                assert {**given["given"], **given["secret"]}.get(variable.key) == wanted, (form, playbook)
            is_missing = form in BLANK and playbook in variable.needed_by
            assert (variable.name in given["missing"]) == is_missing, (form, playbook)
        assert len(one) == (form in BLANK)
        for values in one:
            # Before ansible-core 2.19, a template makes text of nothing and of a number.
            assert values[variable.key] in (wanted, "" if wanted is None else str(wanted)), form


def test_settings_are_only_made_of_what_is_right(read):
    assert {form: every["configure"]["settings"] for form, (every, _one) in read.items()} == dict.fromkeys(FORMS, {})


@pytest.mark.parametrize("name", REFUSED)
def test_one_variable_that_cannot_be_used_is_named(run, name):
    assert REFUSED[name][1] in run.result("refused", name)["msg"]
    assert run.result("refused", name)["failed"]
    run.assert_hides({"too short"})
