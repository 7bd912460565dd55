# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an attacker tries with a shell as the service's user, with one as nobody, and as a sender on the network."""

from __future__ import annotations

import json
import time

import pytest
from e2e.site import DATA_DIR, PORT, on
from e2e.test_changes import NEW, QUICK, prepare

WORK, STATE = "/var/log/spamexperts-receiver", "/var/lib/spamexperts-receiver"
SECRET = {"secret": NEW}
THIEF = f"""
import socket
sock = socket.socket(type=socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("0.0.0.0", {PORT}))
print("bound", flush=True)
while True:
    print(sock.recv(100).decode(), flush=True)
"""
SEND = (
    "import socket, sys; socket.socket(type=socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), (sys.argv[1], %d))" % PORT
)
FLOOD = f"""
import socket, sys, time
with socket.socket(type=socket.SOCK_DGRAM) as sock:
    for number in range(300):
        text = "<14>spamexperts-canary: %d " % number + "\x1b" * 60000
        sock.sendto(text.encode(), (sys.argv[1], {PORT}))
        time.sleep(0.005)
"""


def health(receiver) -> str:
    """The answer of the health check, of new metrics; whoever asks is nobody."""
    receiver.run("systemctl", "restart", "spamexperts-receiver-metrics.service")
    command = ["runuser", "-u", "nobody", "--", "rsyslog_receiver_health", "--nodes=off", "--quarantined=off"]
    return receiver.run(*command, check=False)


@on("debian13")
def test_another_user_takes_the_port(site, receiver):
    prepare(site, SECRET)
    assert "udp/5514" not in health(receiver)
    receiver.run(
        *("systemd-run", "--unit=thief", "--uid=nobody", "--property=StandardOutput=file:/run/thief.log"),
        *("python3", "-c", THIEF),
    )
    log = receiver.container.path("/run/thief.log")
    while not log.exists() or "bound" not in log.read_text("utf-8"):
        time.sleep(0.1)
    site.cluster.container.run("python3", "-c", SEND, receiver.address, "to the thief")
    while "to the thief" not in log.read_text("utf-8"):
        time.sleep(0.1)
    answer = health(receiver)
    assert answer.startswith("RECEIVER CRITICAL")
    assert f"another user has a socket on udp/{PORT} and may get the records" in answer
    assert f'foreign_sockets{{port="udp/{PORT}"}} 1' in receiver.shell(f"cat {STATE}/receiver.prom")
    output = site.playbook("receiver", fails=True, **site.variables(SECRET, "udp"), **QUICK)
    assert f"Another program has UDP port {PORT} (as user nobody) of this host" in output
    receiver.run("systemctl", "stop", "thief")
    assert f"udp/{PORT}" not in health(receiver)
    site.known = SECRET


@on("debian13")
def test_a_flood_of_quarantine_costs_no_good_day(site, receiver):
    """18 MB over UDP are 108 MB of escapes; good days are there, and together they are over the limit."""
    prepare(site, SECRET)
    receiver.shell(
        f"runuser -u spamexperts -- sh -ec 'cd {DATA_DIR}; for back in $(seq 10); do"
        ' day=$(date -u -d "$back days ago" +%F); mkdir -p $day; head -c 1000000 /dev/zero > $day/messages.json; done\''
    )
    before = 0
    while before < 50 * 10**6:
        # A busy receiver does not read all of it in time.
        site.cluster.container.run("python3", "-c", FLOOD, receiver.address)
        receiver.settle()
        day = receiver.shell("date -u +%F")
        (path,) = receiver.container.path(DATA_DIR).glob(f"{day}/quarantine.json")
        before = path.stat().st_size
    assert receiver.container.path(f"{WORK}/canary").stat().st_size < 100_000
    command = ["runuser", "-u", "spamexperts", "--", "rsyslog_receiver_retention", "--no-compress"]
    # Earlier tests may have left more than the ten days.
    records = [file for file in receiver.container.path(DATA_DIR).glob("*/*.json") if file != path]
    room = sum(file.stat().st_size for file in records) + 10 * 10**6
    said = receiver.run(*command, f"--total-bytes={room}", "--quarantine-limit=30m")
    assert "Deleted quarantine of" in said
    assert len(list(receiver.container.path(DATA_DIR).glob("*/messages.json"))) >= 10
    assert path.stat().st_size < 11 * 10**6
    # rsyslogd goes on behind what stays, and every line is a record.
    receiver.settle()
    lines = path.read_text("utf-8").split("\n")
    assert lines.pop() == "" and all(json.loads(line) for line in lines)
    # More than there is to delete: then nothing is.
    said = receiver.run(*command, "--min-free=99%", check=False)
    assert "Nothing is deleted for it" in said and "Deleted" not in said
    assert len(list(receiver.container.path(DATA_DIR).glob("*/messages.json"))) >= 10
    receiver.run("systemctl", "restart", "spamexperts-receiver-metrics.service")
    metrics = receiver.shell(f"cat {STATE}/receiver.prom")
    (deleted,) = [
        line.split()[1] for line in metrics.split("\n") if "quarantine_deleted_bytes_total " in line and line[0] != "#"
    ]
    assert float(deleted) > 30 * 10**6


@on("debian13")
def test_the_service_lays_links_and_pipes(site, receiver):
    """Root neither follows the ones nor waits for the others: not in a run with a change, nor in a removal."""
    prepare(site, SECRET)
    receiver.shell(
        "set -e; install -d -m 0700 /root/only /root/records; echo mine > /root/records/messages.json;"
        "install -d -o nobody /srv/collector; runuser -u nobody -- ln -s /etc /srv/collector/textfile"
    )
    plant = f"""
        ln -s /root/only {DATA_DIR}/.receiver
        ln -s /root/records {DATA_DIR}/2020-01-01
        cd {WORK}; rm -f canary impstats.json retention.jsonl retention.json
        mkfifo canary impstats.json retention.json
        ln -s /root/only retention.jsonl
        ln -s /root/only destinations
        cd {STATE}; rm -f receiver.prom state.json
        mkfifo receiver.prom receiver.prom.tmp
        ln -s /root/records/messages.json state.json
    """
    receiver.run("runuser", "-u", "spamexperts", "--", "sh", "-ec", plant)
    assert receiver.run("rsyslog_receiver_health", check=False).startswith("RECEIVER UNKNOWN")
    output = site.playbook(
        "receiver",
        **site.variables(SECRET, "udp"),
        **QUICK,
        fails=True,
        rsyslog_receiver_max_message_size="256k",
        rsyslog_receiver_metrics_path="/srv/collector/textfile/default/receiver.prom",
    )
    assert "a link in a directory that others than root may write" in output
    untouched(receiver)
    assert receiver.shell(f"ls -A {DATA_DIR} | grep -c '^[.]receiver$' || true") == "0"
    assert receiver.shell(f"find {WORK} -type p") in ("", f"{WORK}/retention.json")
    before = receiver.position()
    site.cluster.flow(seed=site.seed(), messages=30)
    receiver.settle()
    assert len(receiver.since(before)["messages"]) == 30
    site.playbook(
        "receiver",
        **site.variables(SECRET, "udp"),
        rsyslog_receiver_state="absent",
        rsyslog_receiver_purge_data=True,
    )
    untouched(receiver)
    assert receiver.shell(f"ls -A {DATA_DIR}") == "2020-01-01"
    assert receiver.run("ls", "-d", WORK, STATE, check=False) == ""
    receiver.shell(f"rm -r {DATA_DIR} /root/only /root/records /srv/collector")


def untouched(receiver) -> None:
    """What the links lead to is as root left it."""
    assert receiver.shell("stat -c '%U:%G %a' /root/only /root/records") == "root:root 700\nroot:root 700"
    assert receiver.shell("cat /root/records/messages.json") == "mine"
    assert receiver.shell("ls -A /root/only; find /etc -name receiver.prom") == ""


STOPPER = """
import os, signal, time
done = set()
while True:
    time.sleep(0.01)
    for name in os.listdir("/proc"):
        try:
            command = open(f"/proc/{name}/cmdline").read()
            if name not in done and "python" in command and command.endswith("\\0-\\0"):
                os.kill(int(name), signal.SIGSTOP)
                done.add(name)
        except (OSError, ValueError):
            pass
"""


# Its patience of 20 seconds may end on a busy machine before anybody stops anything.
@pytest.mark.matrix
@on("debian13")
def test_the_service_stops_what_runs_with_its_rights(site, receiver):
    """Root waits for it, but not for ever: the run ends, and the configuration of before is in force."""
    prepare(site, SECRET)
    receiver.run("systemd-run", "--unit=stopper", "--uid=spamexperts", "python3", "-c", STOPPER)
    change = {"rsyslog_receiver_max_message_size": "256k", "__rsyslog_receiver_patience": 20}
    output = site.playbook("receiver", **site.variables(SECRET, "udp"), **QUICK, **change, fails=True)
    receiver.run("systemctl", "stop", "stopper")
    assert "the earlier one is in force again" in output and "The test did not end by itself" in output
    assert receiver.shell("ps -o args= -u spamexperts | grep -c 'python.* -$' || true") == "0"
    site.known = SECRET
