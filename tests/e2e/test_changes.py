# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes while 200 records a second come in over UDP: none is lost, none is there twice. Over TCP a warning."""

from __future__ import annotations

import contextlib
import time
from collections import Counter, defaultdict
from pathlib import Path

from e2e.site import DATA_DIR, on

FIRST_VERSION = Path(__file__).with_name("first_version")
OLD, NEW, NEXT = "e2e-secret-0123456789", "e2e-rotated-0123456789", "e2e-rotated-again-0123456789"
RATE = 200
# Quicker looks at the counters, so that a proof takes seconds and not minutes.
QUICK = {"__rsyslog_receiver_stats_interval": 2, "spamexperts_proof_timeout": 600}


@contextlib.contextmanager
def under_load(site, label: str):
    """Send meanwhile; afterwards every record has to be on disk exactly once. Yields what came, by file, at the end."""
    before, found = site.receiver.position(), {}
    with site.cluster.load(seed=site.seed(), messages=10**6, statuses=10**5, rate=RATE) as load:
        site.cluster.sends(load, 2 * RATE)
        yield found
        site.cluster.sends(load, 2 * RATE)
    sent = [(entry["kind"], entry["fields"]["id"]) for entry in load["entries"]]
    assert {entry["result"] for entry in load["entries"]} == {"sent"}
    site.receiver.settle()
    found.update(site.receiver.since(before))
    kept = [(record["event.action"], record["email.local_id"]) for record in found["messages"] + found["status"]]
    # A record of another list of fields is quarantined with what of it can be trusted.
    messages = {local_id for kind, local_id in sent if kind == "message"}
    ids = [record.get("email.local_id", record["event.original"][:200]) for record in found["quarantine"]]
    kept += [("message" if local_id in messages else "status", local_id) for local_id in ids]
    missing, surplus = Counter(sent) - Counter(kept), Counter(kept) - Counter(sent)
    site.report(
        f"{label}: sent {len(sent)}; lost {sum(missing.values())}, twice {sum(surplus.values())}, "
        f"quarantined {len(found['quarantine'])}"
    )
    assert len(sent) >= 4 * RATE
    assert not missing and not surplus, (list(missing)[:3], list(surplus)[:3])


def prepare(site, log_format: dict) -> None:
    """Whatever an earlier test left: the receiver takes this log format, and the cluster sends it there.

    A test that ends in such a state says so in ``site.known``, and what would change nothing is not run again.
    """
    if site.known != log_format:
        site.playbook("receiver", **site.variables(log_format, "udp"), **QUICK)
        site.configure(log_format, "udp")


def test_upgrade_from_the_first_version(site, receiver):
    install_first_version(receiver)
    # As a later version left it; what the service's user may have put there is in test_holes_paths.
    checkpoint = '{"done_before": "2100-01-01"}'
    receiver.shell(
        f"runuser -u spamexperts -- sh -ec 'cd {DATA_DIR}/.receiver; mkdir destinations; echo {{}} > retention.jsonl;"
        f" echo \"$0\" > destinations/kafka.json' '{checkpoint}'"
    )
    site.configure({"secret": OLD}, "udp")
    with under_load(site, "upgrade") as found:
        output = site.playbook("receiver", **site.variables({"secret": OLD}, "udp"), **QUICK)
    assert site.changed(output) > 0
    assert found["quarantine"] == []
    work = "/var/log/spamexperts-receiver"
    assert receiver.shell(f"cat {work}/destinations/kafka.json; rm -r {work}/destinations") == checkpoint
    assert receiver.shell(f"head -1 {work}/retention.jsonl; ls -A {DATA_DIR} | grep -c [.]receiver || true") == "{}\n0"
    assert site.nothing_to_do(site.playbook("receiver", **site.variables({"secret": OLD}, "udp"), **QUICK))
    site.known = {"secret": OLD}


def install_first_version(receiver) -> None:
    """As the role of 0.1.0 left it."""
    config, units, data = "/etc/rsyslog.d/spamexperts", "/etc/systemd/system", "/var/log/spamexperts"
    receiver.shell(
        f"set -e; systemctl stop spamexperts-receiver 2>/dev/null || true; rm -rf {config} {data} {data}-receiver;"
        "getent group spamexperts || groupadd -r spamexperts;"
        "id spamexperts 2>/dev/null || useradd -r -g spamexperts -M -s /usr/sbin/nologin spamexperts;"
        f"install -d -m 0750 -g spamexperts {config};"
        f"install -d -m 0750 -o spamexperts -g spamexperts {data} {data}/.receiver"
    )
    for name, folder in (("receiver.conf", config), ("records.rulebase", config), ("receiver.service", units)):
        target = "spamexperts-receiver.service" if name == "receiver.service" else name
        receiver.container.path(f"{folder}/{target}").write_bytes((FIRST_VERSION / name).read_bytes())
    receiver.shell(
        f"set -e; cd {config}; chown root:spamexperts receiver.conf; chmod 0640 receiver.conf;"
        "chown spamexperts:root records.rulebase; chmod 0400 records.rulebase;"
        "systemctl daemon-reload; systemctl enable --now spamexperts-receiver"
    )


def test_rotation_of_the_secret(site, receiver):
    prepare(site, {"secret": OLD})
    with under_load(site, "rotation") as found:
        output = site.playbook(
            "rotate_secret", **site.variables({"secret": NEW, "previous_secrets": [OLD]}, "udp"), **QUICK
        )
    assert "all with the new secret" in output
    assert found["quarantine"] == []
    assert NEW in site.cluster.settings()["message_template"]
    rules = receiver.shell("cat /etc/rsyslog.d/spamexperts/records.rulebase")
    assert NEW in rules and OLD not in rules
    for secret in (OLD, NEW):
        assert secret not in output
    site.known = {"secret": NEW}


@on("debian13")
def test_change_of_the_log_format(site):
    """Between the change of the receiver and that of the cluster records do not fit; they are kept in quarantine."""
    fields = ["id", "filtering_host", "status", "subject_header"]
    log_format = {"secret": NEW, "message_fields": fields}
    prepare(site, {"secret": NEW})
    with under_load(site, "change of the log format") as found:
        site.playbook("site", **site.variables(log_format, "udp"), **QUICK)
    assert {record["event.reason"] for record in found["quarantine"]} <= {"field-count"}
    assert found["messages"][-1].keys() >= {"email.subject", "spamexperts.status"}
    assert "spamexperts.helo" not in found["messages"][-1]


@on("debian13")
def test_restart_under_tcp_warns_and_the_settings_are_written_again(site, receiver):
    variables = {**site.variables({"secret": NEW}, "tcp"), **QUICK}
    site.playbook("site", **{**variables, "spamexperts_proof_timeout": 0})
    site.cluster.flow(seed=site.seed(), messages=30)
    output = site.playbook(
        "site",
        **{**variables, "spamexperts_proof_timeout": 0},
        rsyslog_receiver_max_message_size="256k",
        spamexperts_reapply=True,
    )
    assert f"WARNING: the restart cuts the TCP connections of {site.cluster.address}" in output
    before = receiver.position()
    entries = site.cluster.flow(seed=site.seed(), messages=300)
    receiver.settle()
    assert len(receiver.since(before)["messages"]) == len(entries) == 300


@on("debian12")
def test_removal_leaves_nothing_and_a_new_installation_starts_anew(site, receiver):
    """On one release; molecule removes the receiver from both."""
    before = receiver.position()
    variables = site.variables({"secret": NEW}, "udp")
    site.playbook("receiver", **variables, rsyslog_receiver_state="absent")
    left = receiver.run(
        *("find", "/", "-xdev", "-iname", "*spamexperts*", "-not", "-path", "/proc/*"),
        *("-not", "-path", "/var/log/spamexperts", "-not", "-path", "/var/log/spamexperts/*"),
    )
    assert left.split() == []
    assert receiver.position() == before
    again = site.playbook("receiver", **variables, rsyslog_receiver_state="absent")
    assert site.changed(again) == 0
    site.configure({"secret": NEW}, "udp")
    site.playbook("receiver", **variables, **QUICK)
    with under_load(site, "after a new installation"):
        pass
    site.known = {"secret": NEW}


@on("debian12")
def test_rotation_is_stopped_and_resumed(site):
    """A node is cut off while the cluster is told: both secrets stay good until that node has the new one, too."""
    prepare(site, {"secret": NEW})
    variables = {**site.variables({"secret": NEXT, "previous_secrets": [NEW]}, "udp"), **QUICK}
    with under_load(site, "rotation in three runs") as found:
        site.cluster.ask("POST", "/switches", {"node_fail": "node2.cluster.example"})
        try:
            stopped = site.playbook("rotate_secret", fails=True, **variables)
        finally:
            site.cluster.ask("POST", "/switches", {"node_fail": ""})
        assert "node2.cluster.example" in stopped
        # The master shows the new settings, so nothing is written, and the node goes on with the old ones.
        stopped = site.playbook("rotate_secret", fails=True, **{**variables, "spamexperts_proof_timeout": 20})
        assert "These nodes still send with the old secret: node2.cluster.example" in stopped
        output = site.playbook("rotate_secret", **variables, spamexperts_force=True)
    assert "all with the new secret" in output
    assert found["quarantine"] == []


@on("debian13")
def test_rotation_waits_for_a_node_that_sends_seldom(site, receiver):
    """It shows neither secret while the others prove theirs, and would send with the old one later."""
    prepare(site, {"secret": OLD})
    fields = defaultdict(str, filtering_host="quiet.example", id="quiet")
    record = "<14>" + site.cluster.settings()["message_template"] % fields + "\0"
    send = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(RECORD, ('127.0.0.1', 5514))"
    receiver.run("python3", "-c", send.replace("RECORD", repr(record.encode())))
    counters = receiver.container.path("/var/log/spamexperts-receiver/impstats.json")
    while "quiet.example" not in counters.read_text(encoding="utf-8"):
        time.sleep(0.1)
    receiver.run("systemctl", "restart", "spamexperts-receiver-metrics.service")
    variables = {**site.variables({"secret": NEXT, "previous_secrets": [OLD]}, "udp"), **QUICK}
    with under_load(site, "rotation with a quiet node") as found:
        stopped = site.playbook("rotate_secret", fails=True, **{**variables, "spamexperts_proof_timeout": 20})
        assert "have sent nothing with the new secret yet: quiet.example." in stopped
        output = site.playbook("rotate_secret", **variables, spamexperts_retired_nodes=["quiet.example"])
    assert "all with the new secret" in output
    assert found["quarantine"] == []
