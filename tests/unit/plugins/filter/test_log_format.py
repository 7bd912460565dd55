# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters as Ansible calls them: their results are plain data, their errors Ansible's."""

from __future__ import annotations

import importlib
import json
import pathlib

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.spamexperts.local_cloud.plugins.doc_fragments._log_format import ModuleDocFragment
from ansible_collections.spamexperts.local_cloud.plugins.filter.log_format import FilterModule

FILTERS = FilterModule().filters()
SECRET = "s3cr3t-s3cr3t-s3cr3t"
PACKAGE = "ansible_collections.spamexperts.local_cloud.plugins.filter"
FOLDER = pathlib.Path(__file__).resolve().parents[4] / "plugins" / "filter"
SHIPPED = [
    name
    for path in FOLDER.glob("[!_]*.py")
    for name in importlib.import_module(f"{PACKAGE}.{path.stem}").FilterModule().filters()
]


def test_every_filter_is_documented_and_every_documentation_has_its_filter():
    documented = {}
    for path in FOLDER.glob("*.yml"):
        documented[path.stem] = yaml.safe_load(path.read_text("utf-8"))["DOCUMENTATION"]["name"]
    assert documented == {name: name for name in SHIPPED}


def test_templates_and_parse_record_belong_together():
    for value in ({}, {"secret": SECRET}, {"style": "fast"}, {"style": "csv"}):
        for kind in ("message", "status"):
            template = FILTERS[kind + "_template"](value)
            names = FILTERS["template_fields"](template)
            record = "<158>" + template % {name: "value of " + name for name in names} + "\0"
            parsed = FILTERS["parse_record"](record, value)
            assert parsed["event.action"] == kind
            assert parsed["email.local_id"] == "value of id"
            assert set(parsed.values()) >= {"value of " + name for name in names}


# The keys that are not text, each with values of another type that must not be taken for one of its own.
NOT_TEXT = {
    "message_fields": ["id, sender", "", "[]", True, False, 0, {}, []],
    "status_fields": ["id, sender", "", "[]", True, False, 0, {}, []],
    "previous_secrets": [SECRET, "[]", "false", True, False, 0, {}],
    "allow_unknown_fields": ["falsch", "none", 2, -1, 0.5, {}, [], ["true"]],
}


@pytest.mark.parametrize(("key", "wrong"), [(key, wrong) for key, values in NOT_TEXT.items() for wrong in values])
def test_a_value_of_another_type_is_refused(key, wrong):
    with pytest.raises(AnsibleFilterError, match=f"{key} must be (true or false|a list)") as error:
        FILTERS["message_template"]({key: wrong})
    assert SECRET not in str(error.value)


def test_every_key_that_is_not_text_is_covered():
    options = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]["_input"]["suboptions"]
    assert {key for key, option in options.items() if option["type"] != "str"} == set(NOT_TEXT)


def test_parse_record_gives_the_reason_for_quarantine():
    assert FILTERS["parse_record"]("<1>x", {}) == {
        "event.action": "quarantine",
        "event.reason": "no-marker",
        "event.original": "x",
    }


def test_receiver_parser_is_plain_data():
    found = FILTERS["receiver_parser"]({"secret": SECRET})
    assert json.loads(json.dumps(found)) == found
    assert list(found["rulebases"]) == ["records"]


@pytest.mark.parametrize("name", ["message_template", "status_template", "receiver_parser"])
def test_errors_name_the_filter_and_no_secret(name):
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS[name]({"secret": SECRET, "message_fields": ["subject_heder"]})
    assert name in str(caught.value) and "did you mean subject_header?" in str(caught.value)
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS[name]({"secret": SECRET + "!"})
    assert "secret must be" in str(caught.value) and "s3cr3t" not in str(caught.value)


def test_errors_of_the_others():
    with pytest.raises(AnsibleFilterError, match="parse_record: .*style must be one of"):
        FILTERS["parse_record"]("x", {"style": "x"})
    with pytest.raises(AnsibleFilterError, match="template_fields: .*character 4 "):
        FILTERS["template_fields"]("100% sure")
