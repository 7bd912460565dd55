# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of a real rsyslogd: they say what was sent, over a restart too, whatever the names of the nodes hold."""

from __future__ import annotations

import collections
import importlib
import pathlib
import re
import subprocess
import sys
import time

from receiver import conftest, hostile

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import compile_template

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "roles" / "rsyslog_receiver" / "files" / "metrics.py"
SAMPLE = re.compile(r'spamexperts_receiver_(\w+?)(?:\{\w+="((?:[^"\\]|\\.)*)"\})? (\S+)\Z')
NODES = {"node1.example.com": 5, "node2.example.com": 3, 'odd "name"\\ with\nlines': 2}


def measure(receiver) -> dict:
    """Run the script as its unit does. Returns its samples by name and label as written."""
    output = receiver.folder / "metrics"
    output.mkdir(exist_ok=True)
    command = [
        sys.executable,
        "-B",
        SCRIPT,
        "--data-dir",
        receiver.folder / "data",
        "--work-dir",
        receiver.folder,
        "--output",
        output / "receiver.prom",
    ]
    command += ["--listeners", f"udp/{receiver.port}/127.0.0.1", "--rsyslogd", conftest.rsyslogd()]
    subprocess.run(command, check=True)
    found = collections.defaultdict(dict)
    for line in (output / "receiver.prom").read_text("utf-8").split("\n"):
        if match := SAMPLE.match(line):
            found[match[1]][match[2]] = float(match[3])
    return found


def send(receiver) -> None:
    template = compile_template(receiver.fmt, "message")
    records = []
    for node, count in NODES.items():
        values = collections.defaultdict(
            str, filtering_host=node, id="1", sender_ip="192.0.2.1", incoming_size="1", outgoing_size="1"
        )
        records += [b"<14>" + (template % values).encode() + b"\0"] * count
    receiver.send_tcp(b"".join(records))
    receiver.send_udp([b"<14>nonsense", b"<14>" + (template % values).replace(hostile.SECRET, "s" * 16).encode()])


def test_made_up_nodes_beyond_those_that_are_told_apart(start):
    """They hide a real one, so they are counted, and the health check warns."""
    receiver = start({"style": "printable", "secret": hostile.SECRET})
    template = compile_template(receiver.fmt, "message")
    values = {"id": "1", "sender_ip": "192.0.2.1", "incoming_size": "1", "outgoing_size": "1"}
    names = [f"made-up-{number}" for number in range(1200)] + ["real"] * 5
    records = [template % collections.defaultdict(str, values, filtering_host=name) for name in names]
    receiver.send_tcp(b"".join(b"<14>" + record.encode() + b"\0" for record in records))
    receiver.wait_for_lines(1205)
    give_up = time.monotonic() + conftest.PATIENCE
    while True:
        found = measure(receiver)
        if found["nodes_not_counted_total"].get(None, 0) >= 205 or time.monotonic() > give_up:
            break
        time.sleep(0.1)
    assert len(found["node_records_total"]) == 1000
    assert found["nodes_not_counted_total"] == {None: 205}
    assert "real" not in found["node_records_total"]


def wait_for(receiver, turn: int) -> dict:
    """Measure until all records of so many turns were reported: rsyslogd does so once a second here."""
    count, give_up = sum(NODES.values()), time.monotonic() + conftest.PATIENCE
    while True:
        found = measure(receiver)
        reported = (
            found["received_total"],
            found["written_total"].get("messages"),
            sum(found["quarantined_total"].values()),
        )
        if reported == ({"tcp": turn * count, "udp": turn * 2}, turn * count, turn * 2) or time.monotonic() > give_up:
            return found
        time.sleep(0.1)


def test_metrics_of_a_real_rsyslogd(start, request, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    visible = importlib.import_module("impstats").visible
    begin = int(time.time())
    receiver = start({"style": "printable", "secret": hostile.SECRET})
    count = sum(NODES.values())
    for turn in (1, 2):
        send(receiver)
        # No canaries here: they count as received.
        receiver.wait_for_lines(turn * (count + 2))
        found = wait_for(receiver, turn)
        assert found["received_total"] == {"tcp": turn * count, "udp": turn * 2}
        assert found["written_total"]["messages"] == turn * count
        assert found["written_total"]["quarantine"] == turn * 2
        assert {reason: number for reason, number in found["quarantined_total"].items() if number} == {
            "no-marker": turn,
            "wrong-secret": turn,
        }
        named = {
            visible(node).replace("\\", "\\\\").replace('"', '\\"'): turn * number for node, number in NODES.items()
        }
        assert found["node_records_total"] == named
        assert set(found["node_last_record_timestamp_seconds"]) == set(named)
        assert found["udp_sockets"] == {None: 1}
        assert found["dropped_total"] == {"queue": 0, "udp_socket": 0}
        assert begin <= found["stats_timestamp_seconds"][None] <= time.time()
        assert found["build_info"] == {conftest.rsyslogd_version().rstrip("."): 1}
        if turn == 1:
            receiver.process.terminate()
            assert receiver.process.wait() == 0
            command = [
                *conftest.WITH_US,
                conftest.rsyslogd(),
                "-f",
                str(receiver.folder / "receiver.conf"),
                "-n",
                "-iNONE",
            ]
            receiver.process = again = subprocess.Popen(command, stdin=subprocess.DEVNULL)
            request.addfinalizer(again.kill)
            receiver.wait_until_it_listens()
    again.terminate()
    assert again.wait() == 0
