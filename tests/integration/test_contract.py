# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module promises. A module that is on disk and not in MODULES fails."""

from __future__ import annotations

import pytest
import yaml
from integration.harness import PASSWORD, ROOT, connection, forms, one_play

# The options of a task that has something to change on a cluster as it comes, and the settings that then hold.
MODULES = {
    "remote_syslog_server": {
        "host": "logs.example.com", "port": 5514, "socket_type": "tcp", "level": "ERROR", "enabled": True,
        "message_template": '"%(id)s","%(sender)s"', "reset": ["facility"],
    },
    "remote_syslog_server_info": {},
}
ON_DISK = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__")


def test_every_module_is_in_the_table():
    assert sorted(MODULES) == ON_DISK


def test_every_module_is_in_the_action_group():
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert sorted(runtime["action_groups"]["api"]) == ON_DISK


@pytest.fixture(scope="module")
def done(ansible, cluster):
    """A play for each module, run thrice: with --check, for real, and again. The connection is in module_defaults."""
    clusters = {name: cluster() for name in MODULES}
    plays = []
    for name, options in MODULES.items():
        defaults = {"group/spamexperts.local_cloud.api": connection(clusters[name])}
        task = {"name": name, f"spamexperts.local_cloud.{name}": options}
        plays += one_play(task, module_defaults=defaults)
    runs, writes = {}, {}
    for kind, words in (("check", ("--check",)), ("real", ()), ("again", ())):
        runs[kind] = ansible.play(plays, "--diff", "-vvvv", *words)
        writes[kind] = {name: [entry["call"] for entry in clusters[name].journal.writes] for name in clusters}
        for emulator in clusters.values():
            assert emulator.journal.calls, "the module did not ask the cluster it was given"
            emulator.journal.clear()
    return runs, writes


@pytest.mark.parametrize("module", MODULES)
def test_check_mode_writes_nothing(done, module):
    _runs, writes = done
    assert writes["check"][module] == []


@pytest.mark.parametrize("module", MODULES)
def test_check_mode_predicts_what_happens(done, module):
    runs, writes = done
    check, real = (runs[kind].result(module) for kind in ("check", "real"))
    for key in ("changed", "diff", "settings", "before", "changed_keys"):
        assert check.get(key) == real.get(key), key
    assert real["changed"] == bool(writes["real"][module]) == ("host" in MODULES[module])


@pytest.mark.parametrize("module", MODULES)
def test_second_run_changes_nothing(done, module):
    runs, writes = done
    again = runs["again"].result(module)
    assert not again["changed"]
    assert writes["again"][module] == []
    assert again["settings"] == runs["real"].result(module)["settings"]
    assert again.get("before", again["settings"]) == again["settings"]


@pytest.mark.parametrize("kind", ["check", "real", "again"])
def test_no_warning_and_no_password(done, kind):
    run = done[0][kind].assert_ok()
    assert not [entry for entry in run.results if entry["result"].get("warnings")]
    assert not [entry for entry in run.results if entry["result"].get("deprecations")]
    run.assert_hides(forms("apiuser", PASSWORD))


def test_the_password_would_be_seen(ansible):
    """The search for it finds it where nothing hides it."""
    run = ansible.play(one_play({"name": "tell", "ansible.builtin.debug": {"msg": PASSWORD}}))
    with pytest.raises(AssertionError):
        run.assert_hides(forms("apiuser", PASSWORD))
