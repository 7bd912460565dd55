# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests act on: an emulated cluster, a receiver, and the collection's own playbooks between them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.containers import ROOT, Container

USER, PASSWORD = "apiuser", "e2e-password-of-nobody"
DATA_DIR = "/var/log/spamexperts"
PORT = 5514
# Made once, because each opener loads the machine's certificates; and no proxy is between the containers.
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))
MARKER = "e2e-marker-"
# By way of loopback, which is always allowed to send.
SEND_MARKER = f"""
import socket, sys
text = "<14>%s%s-%s\\0"
with socket.socket(type=socket.SOCK_DGRAM) as udp:
    udp.sendto((text % ("{MARKER}", "udp", sys.argv[1])).encode(), ("127.0.0.1", {PORT}))
with socket.create_connection(("127.0.0.1", {PORT})) as tcp:
    tcp.sendall((text % ("{MARKER}", "tcp", sys.argv[1])).encode())
"""

Position = dict[str, dict[str, int]]


def on(release: str) -> pytest.MarkDecorator:
    """Mark a test that runs on that release only."""
    return pytest.mark.parametrize("release", [release], indirect=True, scope="session")


class Cluster:
    """The emulated cluster: its control endpoint and what it wrote down."""

    def __init__(self, container: Container, folder: Path) -> None:
        self.container, self.address = container, container.address
        self.control = f"http://{self.address}:8081"
        self.ca_path = str(folder / "ca.pem")
        self._journal = container.path("/var/lib/cluster/journal.jsonl")
        self._sent = container.path("/var/lib/cluster/sent.jsonl")
        self._start_emulator()
        Path(self.ca_path).write_bytes(container.path("/var/lib/cluster/tls/ca.pem").read_bytes())

    def _start_emulator(self) -> None:
        """Run the emulator as a service in the container."""
        tar = ["tar", "-C", ROOT / "tests", "--exclude=__pycache__", "-cf", "-", "emulator"]
        archive = subprocess.run(tar, check=True, stdout=subprocess.PIPE).stdout
        self.container.run("mkdir", "-p", "/opt/emulator", "/var/lib/cluster")
        self.container.run("tar", "-C", "/opt", "-xf", "-", stdin=archive)
        self.container.path("/root/password").write_text(PASSWORD, encoding="utf-8")
        self.container.run(
            *("systemd-run", "--unit=emulator", "--working-directory=/opt", "python3", "-m", "emulator", "serve"),
            *("--address=0.0.0.0", "--port=8443", f"--name={self.address}", "--data-dir=/var/lib/cluster"),
            *("--control-address=0.0.0.0", "--control-port=8081", "--password-file=/root/password"),
            f"--username={USER}",
        )
        while True:
            with contextlib.suppress(OSError):
                self.ask("GET", "/")
                return
            state = self.container.run("systemctl", "is-active", "emulator", check=False).strip()
            assert state == "active", self.container.run("journalctl", "-u", "emulator", "--no-pager")
            time.sleep(0.1)

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """Ask the control endpoint."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data, method=method)
        with HTTP.open(request) as reply:
            return json.load(reply)

    def settings(self) -> dict:
        """The remote syslog settings in force."""
        return self.ask("GET", "/state")["settings"]

    def set_calls(self) -> int:
        """How many set calls the journal holds."""
        lines = self._journal.read_text(encoding="utf-8").splitlines()
        return sum(json.loads(line).get("call") == "api_set_remote_syslog_server" for line in lines)

    def flow(self, **options) -> list[dict]:
        """Send a flow to its end; return every record as the cluster wrote it down."""
        with self.load(**options) as load:
            while not self.ask("GET", f"/flow/{load['flow']}")["done"]:
                time.sleep(0.1)
        return load["entries"]

    @contextlib.contextmanager
    def load(self, **options) -> Iterator[dict]:
        """Send a flow meanwhile; ``entries`` are then its records as the cluster wrote them down."""
        size = self._sent.stat().st_size if self._sent.exists() else 0
        load = self.ask("POST", "/flow", options)
        number = load["flow"]
        try:
            yield load
        finally:
            self.ask("DELETE", f"/flow/{number}")
            while not self.ask("GET", f"/flow/{number}")["done"]:
                time.sleep(0.1)
        with self._sent.open("rb") as file:
            file.seek(size)
            load["entries"] = [json.loads(line) for line in file]
        assert {entry["flow"] for entry in load["entries"]} == {number}

    def sends(self, load: dict, more: int) -> None:
        """Wait until a flow has sent so many more records."""
        path = f"/flow/{load['flow']}"
        wanted = self.ask("GET", path)["sent"] + more
        while self.ask("GET", path)["sent"] < wanted:
            time.sleep(0.1)


class Receiver:
    """The receiving host: the records on its disk."""

    def __init__(self, release: str, container: Container, cluster: Container) -> None:
        self.release, self.container, self.address = release, container, container.address
        self.run, self.shell = container.run, container.shell
        self._cluster = cluster
        self._markers = 0

    def _files(self, name: str) -> list[Path]:
        return sorted(self.container.path(DATA_DIR).glob(f"[0-9]*/{name}.json"))

    def position(self) -> Position:
        """How long each file of each day is."""
        return {
            name: {str(path): path.stat().st_size for path in self._files(name)}
            for name in ("messages", "status", "quarantine")
        }

    def since(self, before: Position) -> dict[str, list[dict]]:
        """The records that were added to each file; each line has to be one JSON object."""
        return {
            name: [json.loads(line) for line in self._lines(name, sizes) if MARKER not in line]
            for name, sizes in before.items()
        }

    def _lines(self, name: str, sizes: dict[str, int]) -> list[str]:
        lines = []
        for path in self._files(name):
            with path.open("rb") as file:
                file.seek(sizes.get(str(path), 0))
                # Not splitlines: text may hold U+2028, which does not end a line in JSON.
                added = file.read().decode().split("\n")
            assert added.pop() == "", f"{name}.json ends within a line"
            lines += added
        return lines

    def settle(self) -> None:
        """Wait until everything that was sent to the receiver before is on its disk.

        First its TCP sockets are read empty. What comes then, through the same queue, is behind all that was sent. The
        records of one turn are written file by file, so only a second one, of a later turn, proves that it is finished.
        """
        while self._unread(self._cluster, "dport", 2) or self._unread(self.container, "sport", 1):
            time.sleep(0.1)
        for _turn in range(2):
            self._pass_marker()

    @staticmethod
    def _unread(container: Container, side: str, column: int) -> bool:
        sockets = container.run("ss", "-Htn", f"{side} = :{PORT}").splitlines()
        return any(int(line.split()[column]) for line in sockets)

    def _pass_marker(self) -> None:
        """Send a record through UDP and TCP, which is quarantined in every log format, and wait until it is there."""
        begin = self.position()["quarantine"]
        self._markers += 1
        wanted = [f"{MARKER}{transport}-{self._markers:06}" for transport in ("udp", "tcp")]
        looks = 0
        while True:
            if looks % 100 == 0:
                # Again, because a full socket drops a datagram.
                self.run("systemctl", "is-active", "spamexperts-receiver")
                self.run("python3", "-c", SEND_MARKER, f"{self._markers:06}")
            looks += 1
            time.sleep(0.05)
            with contextlib.suppress(AssertionError):
                text = "\n".join(self._lines("quarantine", begin))
                if all(marker in text for marker in wanted):
                    return


class Site:
    """The cluster, the receiver, and the collection's own playbooks between them."""

    def __init__(self, cluster: Cluster, receiver: Receiver, folder: Path) -> None:
        self.cluster, self.receiver, self.folder = cluster, receiver, folder
        self.reports: list[str] = []
        self.style = ""
        # The log format of receiver and cluster, which sends by UDP; forgotten when a playbook may change it.
        self.known: dict | None = None
        self._flows = 0
        host = {"ansible_nsenter_pid": receiver.container.pid, "ansible_python_interpreter": "/usr/bin/python3"}
        group = {
            "hosts": {receiver.container.name: host},
            "vars": {"ansible_connection": "nsenter", "spamexperts_become": False},
        }
        (folder / "hosts.json").write_text(json.dumps({"spamexperts_receivers": group}), encoding="utf-8")
        tree = subprocess.run(
            ["bash", ROOT / "tests/tools/tree.sh", "link"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
        self.environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": tree,
            "ANSIBLE_CONNECTION_PLUGINS": str(ROOT / "tests/plugins/connection"),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            # Facts once: those that the role uses are the release's.
            "ANSIBLE_GATHERING": "smart",
            "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(folder / "facts"),
        }

    def seed(self) -> int:
        """A seed that no flow had yet: ids never repeat. Hostile records have the seed plus 1000."""
        self._flows += 1
        return self._flows

    def playbook(self, name: str, *arguments: str, fails: bool = False, **variables) -> str:
        """Run one of the collection's playbooks, which has to succeed or to fail; return its output."""
        command, options = self.command(name, *arguments, **variables)
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, **options)
        assert (done.returncode != 0) == fails, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout

    def command(self, name: str, *arguments: str, **variables) -> tuple[list, dict]:
        """What runs one of the collection's playbooks, and the options for it."""
        if "--check" not in arguments:
            self.known = None
        path = self.folder / "vars.json"
        path.write_text(json.dumps(variables), encoding="utf-8")
        command = [
            *(Path(sys.executable).parent / "ansible-playbook", f"spamexperts.local_cloud.{name}"),
            *("-i", self.folder / "hosts.json", "-e", f"@{path}", *arguments),
        ]
        return command, {"env": self.environment, "cwd": self.folder, "stdin": subprocess.DEVNULL}

    def changed(self, output: str) -> int:
        """The recap's number of changes of the receiver."""
        return self.changes(output)[self.receiver.container.name]

    def nothing_to_do(self, output: str) -> bool:
        """Whether the role changed nothing, and one look at the host told it so."""
        tasks = re.findall(r"(?m)^TASK \[spamexperts[.]local_cloud[.]rsyslog_receiver : ", output)
        return self.changed(output) == 0 and 0 < len(tasks) <= 5

    @staticmethod
    def changes(output: str) -> dict[str, int]:
        """The recap's number of changes by host."""
        return {host: int(count) for host, count in re.findall(r"(?m)^(\S+) +: ok=\d+ +changed=(\d+) ", output)}

    def report(self, line: str) -> None:
        """Have a line printed at the end of the run."""
        self.reports.append(f"{self.receiver.release} {line}")

    def configure(self, log_format: dict, transport: str, *arguments: str, **more) -> str:
        """Tell the cluster to send to the receiver."""
        return self.playbook("configure", *arguments, **self.variables(log_format, transport), **more)

    def variables(self, log_format: dict, transport: str) -> dict:
        """What the playbooks have to know to bring the cluster and the receiver together."""
        return {
            "spamexperts_api_url": f"https://{self.cluster.address}:8443",
            "spamexperts_api_username": USER,
            "spamexperts_api_password": PASSWORD,
            "spamexperts_ca_path": self.cluster.ca_path,
            "spamexperts_receivers": self.receiver.container.name,
            "spamexperts_receiver_host": self.receiver.address,
            "spamexperts_receiver_transport": transport,
            "spamexperts_log_format": log_format,
        }
