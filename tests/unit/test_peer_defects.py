# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What went wrong in other collections that set a remote syslog server, and the tests that would find it here.

The numbers are the rows of section 5 of the notes on the Software API that this collection is made from.
"""

from __future__ import annotations

import ast
import functools
import importlib
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
UTILS, MODULE = "unit/plugins/module_utils", "functional/modules/test_remote_syslog_server.py"
PLAN, SETTINGS, REPLY = (f"{UTILS}/_remote_syslog/test_{name}.py" for name in ("plan", "settings", "reply"))
CLIENT, TRANSPORT = (f"{UTILS}/_api/test_{name}.py" for name in ("client", "transport"))
CONTRACT, IN_PROCESS, FAULTS, DIALECTS = (
    f"functional/test_{name}.py" for name in ("contract", "in_process", "faults", "dialects")
)
HERE = "unit/test_peer_defects.py"

# The defect, and the tests; a text where there is nothing to test, saying why.
DEFECTS = {
    1: ("changed on every run once a port is given", (
        f"{PLAN}::test_equal_values_change_nothing", f"{CONTRACT}::test_second_run_changes_nothing")),
    2: ("what was to be removed stays configured", (
        f"{PLAN}::test_empty_host_is_written_so_that_no_build_takes_it_for_omitted",
        f"{MODULE}::test_host_can_be_removed")),
    3: ("check mode predicts something else than the run does", (
        f"{CONTRACT}::test_check_mode_predicts_what_happens", f"{DIALECTS}::test_check_mode_predicts_the_same",
        f"{MODULE}::test_what_no_web_server_takes_is_refused_in_check_mode_too")),
    4: ("only what changed is sent", (
        f"{PLAN}::test_every_write_carries_all_eight_in_the_clusters_spelling",
        f"{MODULE}::test_layout_warnings_and_omission")),
    5: ("a port is compared as text", (f"{SETTINGS}::test_option", f"{SETTINGS}::test_option_is_refused")),
    6: ("settings that nobody gave are overwritten with the options' defaults", (
        f"{HERE}::test_no_setting_has_a_default", f"{MODULE}::test_nothing_untouched_gets_pinned")),
    7: ("settings that are left out fall back", (
        f"{MODULE}::test_foreign_value_survives_where_no_defaults_are_shown",
        f"{DIALECTS}::test_what_is_not_managed_stays")),
    8: ("no way back to a value that equals the default", (
        f"{PLAN}::test_value_of_a_default_counts_as_given",
        f"{PLAN}::test_what_the_user_gives_is_written_even_where_it_equals_the_default")),
    9: ("defaults are not shown, so setting one is never idempotent", (
        f"{PLAN}::test_reset", f"{MODULE}::test_reset",
        f"{MODULE}::test_reset_that_nobody_can_see_is_not_called_verified")),
    10: ("what is returned is spelled otherwise than what is taken", (
        f"{SETTINGS}::test_output_is_valid_input", f"{MODULE}::test_before_restores")),
    11: ("only the first member of a list is looked at", "no setting is a list, and a cluster has one remote syslog"),
    12: ("what is documented never happens", (
        f"{MODULE}::test_levels_of_syslog_are_passed_on", f"{CONTRACT}::test_documentation_is_what_the_options_are",
        "functional/test_documentation.py::test_every_failure_class_is_documented")),
    13: ("it says that something was updated when nothing was", (
        "functional/test_playbook.py::test_configure_says_what_holds",
        "functional/test_restore.py::test_empty_values_come_back_as_the_default")),
    14: ("a sentence of the reply decides what changed", (
        f"{MODULE}::test_setting_that_does_not_take", f"{REPLY}::test_write_with_a_warning_that_is_a_failure")),
    15: ("what is right is written again", (
        f"{CONTRACT}::test_second_run_changes_nothing", f"{DIALECTS}::test_exactly_one_write_each")),
    16: ("a port that does not stick", (f"{FAULTS}::test_fault", f"{PLAN}::test_not_taken_names_each_setting")),
    17: ("a value is spelled otherwise in another version", (
        f"{MODULE}::test_spelling_of_the_cluster_is_written", f"{SETTINGS}::test_reply_value")),
    18: ("a setting that is not shown is never compared", (
        f"{MODULE}::test_setting_that_the_reply_does_not_show", f"{REPLY}::test_missing_label_is_refused")),
    19: ("applying takes longer than anybody waits", (
        f"{CLIENT}::test_slow_server", f"{MODULE}::test_write_slower_than_the_timeout_that_takes_effect",
        f"{MODULE}::test_cluster_that_shows_a_write_some_time_later")),
    20: ("an error behind status 200", (
        f"{FAULTS}::test_fault", f"{REPLY}::test_error_text",
        f"{REPLY}::test_reply_that_is_something_else_is_refused")),
    21: ("another host is not idempotent", (f"{MODULE}::test_other_dialects",)),
    22: ("the password is in syslog, in the URL, in a failure", (
        f"{CONTRACT}::test_no_warning_and_no_password", f"{IN_PROCESS}::test_the_password_is_nowhere",
        f"{IN_PROCESS}::test_fault_of_ours_is_a_result_like_any_other", f"{CLIENT}::test_option_is_refused")),
    23: ("innocent settings are masked", (f"{HERE}::test_only_secrets_are_masked",)),
    24: ("traces in temporary files", (f"{IN_PROCESS}::test_no_file_is_left_behind",)),
    25: ("a secret that comes from elsewhere than the options is not masked", (
        f"{IN_PROCESS}::test_password_of_the_environment_is_masked",)),
    26: ("certificates are not checked", (
        f"{TRANSPORT}::test_each_cause_has_its_remedy",
        "functional/test_configure.py::test_the_check_of_certificates_stays_on_unless_it_is_switched_off")),
}  # fmt: skip
SPECS = {
    name: importlib.import_module(f"ansible_collections.spamexperts.local_cloud.plugins.modules.{name}").DEFINITION.spec
    for name in (
        "api_call", "api_help_info", "remote_syslog_server", "remote_syslog_server_info", "server_status_info",
    )
}  # fmt: skip


@functools.cache
def names_in(path):
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_no_row_is_left_out():
    assert list(DEFECTS) == list(range(1, 27))


@pytest.mark.parametrize("row", DEFECTS)
def test_the_tests_exist(row):
    _defect, tests = DEFECTS[row]
    if isinstance(tests, str):
        return
    assert tests
    for test in tests:
        path, name = test.split("::")
        assert name in names_in(path), test


def test_no_setting_has_a_default():
    spec = SPECS["remote_syslog_server"]
    settings = spec["reset"]["choices"]
    assert len(settings) == 8
    assert [name for name in settings if "default" in spec[name] or spec[name].get("required")] == []


@pytest.mark.parametrize("module", SPECS)
def test_only_secrets_are_masked(module):
    masked = {name for name, option in SPECS[module].items() if option.get("no_log")}
    assert masked - {"template_secrets"} == {"api_password"}
