# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fifty clusters of which some misbehave: the others are configured, and the report and the backup are right."""

from __future__ import annotations

import json
import re

from functional.harness import GET, PASSWORD, SET, clusters

from emulator import Emulator
from emulator.cluster import NAMES
from emulator.tls import Certificates

CLUSTERS = 50
# Switches of those that misbehave, what the report says of each, and whether its settings have to be saved.
BAD = {
    "hangs": ({"slow_s": 86400.0}, "transport: ", False),
    "fails": ({"fault": "server_error"}, "transport: ", False),
    "untrusted": ({"tls": "unknown_ca"}, "tls: ", False),
    "refuses": ({"fault": "permission", "fault_calls": "api_set_*"}, "permission: ", False),
    "lies": ({"ignore_set": "port"}, "verify: port did not take effect", True),
}


def test_clusters_that_misbehave_spare_the_others(ansible, tmp_path):
    certificates = Certificates(tmp_path / "tls", NAMES)
    names = [f"good{number}" for number in range(CLUSTERS - len(BAD))]
    # Spread among the good ones.
    for number, name in enumerate(BAD):
        names.insert(9 * number, name)
    emulators = {name: Emulator(password=PASSWORD, certificates=certificates, nodes=1) for name in names}
    kept = tmp_path / "before.json"
    try:
        for name, emulator in emulators.items():
            emulator.start()
            emulator.set_switch(**(BAD[name][0] if name in BAD else {"warnings": "before"}))
        hosts = clusters(emulators)
        hosts["hangs"].update({"spamexperts_timeout": 1, "spamexperts_retries": 0})
        hosts["lies"]["spamexperts_verify_retries"] = 0
        extra = {
            "spamexperts_clusters": "all",
            "spamexperts_receiver_host": "logs.example.com",
            "spamexperts_backup_path": str(kept),
        }
        run = ansible.play("spamexperts.local_cloud.configure", "--forks", "10", hosts=hosts, extra=extra)
        calls = {name: emulator.journal.calls for name, emulator in emulators.items()}
        held = {name: emulator.state.settings["host"] for name, emulator in emulators.items()}
    finally:
        for emulator in emulators.values():
            emulator.stop()
    assert run.status == 2
    lines = dict(line.split(": ", 1) for line in run.result("Show the result of each cluster")["msg"])
    assert list(lines) == names
    for name in names:
        if name in BAD:
            assert re.match(f"failed: {BAD[name][1]}", lines[name]), lines[name]
        else:
            assert "sends its mail logs to logs.example.com port 5514" in lines[name]
            assert calls[name] == [GET, GET, SET, GET]
            assert held[name] == "logs.example.com"
    assert run.failed("Fail for a cluster that failed") == sorted(BAD)
    saved = json.loads(kept.read_text("utf-8"))
    assert set(saved) == {name for name in names if name not in BAD or BAD[name][2]}
    assert [name for name, entry in saved.items() if not entry["finished"]] == ["lies"]
