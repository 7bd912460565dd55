# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An emulated cluster and one receiver for each Debian release, in systemd containers on a network of their own."""

from __future__ import annotations

import contextlib
import fcntl
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

ROOT = Path(__file__).resolve().parents[2]
NETWORK = "spamexperts-e2e"
CLUSTER = "spamexperts-e2e-cluster"
RELEASES = {"debian12": "bookworm", "debian13": "trixie"}
USER, PASSWORD = "apiuser", "e2e-password-of-nobody"
DATA_DIR = "/var/log/spamexperts"
RMEM_MAX = Path("/proc/sys/net/core/rmem_max")
RMEM_WANTED = 16 * 1024 * 1024  # bytes: what the role asks for
COUNTS: list[str] = []


def podman(*arguments: str, check: bool = True, timeout: float = 120) -> str:
    """Run podman; return its stdout; raise AssertionError with its stderr when it fails."""
    done = subprocess.run(
        ["podman", *arguments], capture_output=True, text=True, encoding="utf-8", timeout=timeout, check=False
    )
    if check and done.returncode:
        raise AssertionError(f"podman {' '.join(arguments)[:200]}: {done.stderr}")
    return done.stdout


def remove_everything() -> None:
    """Remove what a run makes, and what a killed one left."""
    names = [CLUSTER, *(f"{NETWORK}-{release}" for release in RELEASES)]
    podman("rm", "--force", "--ignore", "--volumes", "--time=2", *names)
    podman("network", "rm", "--force", NETWORK, check=False)


def start_container(name: str, suite: str) -> str:
    """Start a systemd container; return its address once systemd is up."""
    podman(
        # For nftables in the container's own network.
        *("run", "--detach", "--systemd=always", "--cap-add=NET_ADMIN"),
        *(f"--name={name}", f"--hostname={name}", f"--network={NETWORK}"),
        *(f"localhost/spamexperts-test:{suite}", "/lib/systemd/systemd"),
    )
    deadline = time.monotonic() + 60
    while podman("exec", name, "systemctl", "is-system-running", check=False).strip() not in ("running", "degraded"):
        assert time.monotonic() < deadline, f"systemd in {name} does not come up"
        time.sleep(0.5)
    return podman("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name).strip()


class Cluster:
    """The emulated cluster: its control endpoint and what it wrote down."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.control = f"http://{address}:8081"
        self.ca_path = ""

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """Ask the control endpoint."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as reply:
            return json.load(reply)

    def set_calls(self) -> int:
        """How many set calls the journal holds."""
        text = podman("exec", CLUSTER, "cat", "/var/lib/cluster/journal.jsonl")
        return sum(json.loads(line).get("call") == "api_set_remote_syslog_server" for line in text.splitlines())

    def flow(self, **options) -> tuple[dict, list[dict]]:
        """Send a flow to its end; return its summary and every record as the cluster wrote it down."""
        with self.load(**options) as load:
            summary = self._done(load["flow"])
        return summary, load["entries"]

    @contextlib.contextmanager
    def load(self, **options) -> Iterator[dict]:
        """Send a flow meanwhile; ``entries`` are then its records as the cluster wrote them down."""
        sent = "/var/lib/cluster/sent.jsonl"
        size = podman("exec", CLUSTER, "sh", "-c", f"cat {sent} 2>/dev/null | wc -c").strip()
        load = self.ask("POST", "/flow", options)
        try:
            yield load
        finally:
            self.ask("DELETE", f"/flow/{load['flow']}")
            self._done(load["flow"])
        text = podman("exec", CLUSTER, "tail", "-c", f"+{int(size) + 1}", sent)
        load["entries"] = [json.loads(line) for line in text.splitlines()]
        assert {entry["flow"] for entry in load["entries"]} == {load["flow"]}

    def _done(self, number: int) -> dict:
        deadline = time.monotonic() + 120
        while not (summary := self.ask("GET", f"/flow/{number}"))["done"]:
            assert time.monotonic() < deadline, summary
            time.sleep(0.2)
        return summary


class Receiver:
    """One receiving host: the records on its disk."""

    def __init__(self, release: str, address: str) -> None:
        self.release, self.address = release, address
        self.container = f"{NETWORK}-{release}"

    def counts(self) -> dict[str, int]:
        """The number of lines of each file over all days."""
        script = f"for name in messages status quarantine; do cat {DATA_DIR}/*/$name.json 2>/dev/null | wc -l; done"
        numbers = podman("exec", self.container, "sh", "-c", script).split()
        return dict(zip(("messages", "status", "quarantine"), map(int, numbers), strict=True))

    def read(self, name: str, after: int) -> list[dict]:
        """The records of a file over all days, without the first `after`; each line has to be one JSON object."""
        text = podman("exec", self.container, "sh", "-c", f"cat {DATA_DIR}/*/{name}.json 2>/dev/null || true")
        # Not splitlines: text may hold U+2028, which does not end a line in JSON.
        lines = text.split("\n")
        assert lines.pop() == "", f"{name}.json ends within a line"
        return [json.loads(line) for line in lines[after:]]

    def wait(self, before: dict[str, int], expected: int, timeout: float = 60) -> None:
        """Wait until so many lines were added, or none more for ten seconds; then look whether more come."""
        deadline, quiet, last = time.monotonic() + timeout, time.monotonic() + 10, -1
        while time.monotonic() < min(deadline, quiet):
            added = sum(self.counts().values()) - sum(before.values())
            if added >= expected:
                break
            if added != last:
                last, quiet = added, time.monotonic() + 10
            time.sleep(0.3)
        time.sleep(1)


class Site:
    """The cluster, the receivers, and the collection's own playbooks between them."""

    def __init__(self, cluster: Cluster, receivers: dict[str, Receiver], folder: Path) -> None:
        self.cluster, self.receivers, self.folder = cluster, receivers, folder
        self.style = ""
        self._flows = 0
        hosts = {
            receiver.container: {"ansible_python_interpreter": "/usr/bin/python3"} for receiver in receivers.values()
        }
        variables = {"ansible_connection": "containers.podman.podman", "spamexperts_become": False}
        (folder / "hosts.json").write_text(
            json.dumps({"spamexperts_receivers": {"hosts": hosts, "vars": variables}}), encoding="utf-8"
        )

    def seed(self) -> int:
        """A seed that no flow had yet: ids never repeat. Hostile records have the seed plus 1000."""
        self._flows += 1
        return self._flows

    def playbook(self, name: str, *arguments: str, fails: bool = False, **variables) -> str:
        """Run one of the collection's playbooks, which has to succeed or to fail; return its output."""
        command, options = self.command(name, *arguments, **variables)
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=240, check=False, **options)
        assert (done.returncode != 0) == fails, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout

    def command(self, name: str, *arguments: str, **variables) -> tuple[list, dict]:
        """What runs one of the collection's playbooks, and the options for it."""
        path = self.folder / "vars.json"
        path.write_text(json.dumps(variables), encoding="utf-8")
        tree = subprocess.run(
            ["bash", ROOT / "tests/tools/tree.sh", "link"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
        env = dict(os.environ, ANSIBLE_PIPELINING="1", ANSIBLE_COLLECTIONS_PATH=tree, ANSIBLE_NOCOLOR="1")
        env["CONTAINERS_CONF"] = str(ROOT / "tests/tools/containers.conf")
        env["ANSIBLE_LOCALHOST_WARNING"] = "0"
        command = [
            *(Path(sys.executable).parent / "ansible-playbook", f"spamexperts.local_cloud.{name}"),
            *("-i", self.folder / "hosts.json", "-e", f"@{path}", *arguments),
        ]
        return command, {"env": env, "cwd": self.folder}

    @staticmethod
    def changed(output: str) -> dict[str, int]:
        """The recap's number of changes by host."""
        return {host: int(count) for host, count in re.findall(r"(?m)^(\S+) +: ok=\d+ +changed=(\d+) ", output)}

    @staticmethod
    def report(line: str) -> None:
        """Have a line printed at the end of the run."""
        COUNTS.append(line)

    def configure(self, receiver: Receiver, log_format: dict, transport: str, *arguments: str, **more) -> str:
        """Tell the cluster to send to that receiver."""
        return self.playbook("configure", *arguments, **self.variables(receiver, log_format, transport), **more)

    def variables(self, receiver: Receiver, log_format: dict, transport: str) -> dict:
        """What the playbooks have to know to bring the cluster and that receiver together."""
        return {
            "spamexperts_api_url": f"https://{self.cluster.address}:8443",
            "spamexperts_api_username": USER,
            "spamexperts_api_password": PASSWORD,
            "spamexperts_ca_path": self.cluster.ca_path,
            "spamexperts_receivers": receiver.container,
            "spamexperts_receiver_host": receiver.address,
            "spamexperts_receiver_transport": transport,
            "spamexperts_log_format": log_format,
        }


@pytest.fixture(scope="session")
def room_for_datagrams():
    """The outer machine's limit holds in containers too, so the role cannot raise it there."""
    before = int(RMEM_MAX.read_text())
    if before < RMEM_WANTED:
        RMEM_MAX.write_text(str(RMEM_WANTED))
    yield
    if before < RMEM_WANTED:
        RMEM_MAX.write_text(str(before))


@pytest.fixture(scope="session")
def site(tmp_path_factory, room_for_datagrams):
    """A cluster as it was delivered, and empty hosts."""
    if os.getuid() != 0:
        pytest.fail("the end-to-end test runs systemd containers and needs root")
    os.environ["CONTAINERS_CONF"] = str(ROOT / "tests/tools/containers.conf")
    folder = tmp_path_factory.mktemp("e2e")
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache/e2e.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove_everything()
        try:
            podman("network", "create", NETWORK)
            cluster = Cluster(start_container(CLUSTER, "bookworm"))
            start_emulator(cluster, folder)
            receivers = {
                release: Receiver(release, start_container(f"{NETWORK}-{release}", suite))
                for release, suite in RELEASES.items()
            }
            yield Site(cluster, receivers, folder)
        finally:
            remove_everything()


def start_emulator(cluster: Cluster, folder: Path) -> None:
    """Run the emulator as a service in the cluster's container, and fetch its CA."""
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    podman("exec", CLUSTER, "mkdir", "-p", "/opt/emulator", "/var/lib/cluster")
    archive = subprocess.run(
        ["tar", "-C", ROOT / "tests", "--exclude=__pycache__", "-cf", "-", "emulator"],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    subprocess.run(["podman", "exec", "-i", CLUSTER, "tar", "-C", "/opt", "-xf", "-"], input=archive, check=True)
    podman("cp", str(folder / "password"), f"{CLUSTER}:/root/password")
    podman(
        *("exec", CLUSTER, "systemd-run", "--unit=emulator", "--working-directory=/opt", "python3", "-m", "emulator"),
        *("serve", "--address=0.0.0.0", "--port=8443", f"--name={cluster.address}", "--data-dir=/var/lib/cluster"),
        *("--control-address=0.0.0.0", "--control-port=8081", "--password-file=/root/password", f"--username={USER}"),
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            cluster.ask("GET", "/")
            break
        except OSError:
            if time.monotonic() > deadline:
                pytest.fail(podman("exec", CLUSTER, "journalctl", "-u", "emulator", "--no-pager", check=False))
            time.sleep(0.3)
    cluster.ca_path = str(folder / "ca.pem")
    podman("cp", f"{CLUSTER}:/var/lib/cluster/tls/ca.pem", cluster.ca_path)


@pytest.fixture(params=sorted(RELEASES), scope="session")
def release(request):
    """The Debian release of the receiver."""
    return request.param


@pytest.fixture(params=("tcp", "udp"), scope="session")
def transport(request):
    """How the cluster sends."""
    return request.param


def pytest_collection_modifyitems(items) -> None:
    """Put first what needs a cluster as it was delivered, and last the tests that change the receivers.

    One of these runs several playbooks, which takes minutes where the machine is busy.
    """
    first = "test_settings_change_once"
    files = ("test_end_to_end", "test_changes", "test_access", "test_deployment")
    items.sort(
        key=lambda item: (item.name != first, [name in item.nodeid for name in files].index(True), "fast" in item.name)
    )
    for item in items:
        item.add_marker(pytest.mark.timeout(900))


def pytest_terminal_summary(terminalreporter) -> None:
    """Print what was sent and found."""
    for line in COUNTS:
        terminalreporter.write_line(line)
