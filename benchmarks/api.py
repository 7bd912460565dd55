# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What bringing the settings of many clusters to a desired state costs, beside other ways to do it; see README.md."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import multiprocessing
import os
import platform
import ssl
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests"))

from emulator import Emulator  # noqa: E402
from emulator.cluster import NAMES  # noqa: E402
from emulator.tls import Certificates  # noqa: E402

FORKS = 4
GET, SET = "api_get_remote_syslog_server", "api_set_remote_syslog_server"
# Name: (playbook, connection, the calls that each cluster gets).
WAYS = {
    "start": ("start.yml", "local", []),
    "nothing": ("nothing.yml", "local", []),
    "in-process": ("module.yml", "local", [GET, SET, GET]),
    "ping": ("ping.yml", "local", []),
    "module": ("module.yml", "elsewhere", [GET, SET, GET]),
    "uri": ("uri.yml", "local", [GET, SET, GET]),
}
# As the playbooks say it and the emulator shows it; the templates are those of the vendor's page.
WANTED = {
    "host": "remote.example.com",
    "port": "5514",
    "facility": "local3",
    "socket_type": "tcp",
    "level": "DEBUG",
    "enabled": "True",
    "message_template": ",".join(
        f'"%({name})s"'
        for name in (
            "id",
            "filtering_host",
            "sender",
            "recipient",
            "domain",
            "timestamp",
            "sender_host",
            "helo",
            "sender_ip",
            "incoming_size",
            "outgoing_size",
            "status",
            "classification",
            "classification_details",
            "from_header",
            "to_header",
            "cc_header",
            "subject_header",
        )
    ),
    "status_template": ",".join(
        f'"%({name})s"'
        for name in (
            "id",
            "filtering_host",
            "recipient",
            "domain",
            "status",
            "delivery_date",
            "delivery_ip",
            "delivery_fqdn",
            "delivery_port",
            "delivery_data",
        )
    ),
}


def serve(pipe: Any, count: int) -> None:
    """Emulate clusters until the pipe is closed: tell their addresses, put them back, tell what they saw and hold."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        certificates = Certificates(Path(folder), NAMES)
        clusters = [
            stack.enter_context(Emulator(password="not a secret", certificates=certificates))
            for _number in range(count)
        ]
        pipe.send(
            [
                {
                    "api_url": cluster.url,
                    "api_username": cluster.username,
                    "api_password": cluster.password,
                    "ca_path": cluster.ca_path,
                }
                for cluster in clusters
            ]
        )
        with contextlib.suppress(EOFError):
            while True:
                if pipe.recv() == "reset":
                    for cluster in clusters:
                        cluster.reset()
                    pipe.send(None)
                else:
                    pipe.send([(cluster.journal.calls, cluster.state.settings) for cluster in clusters])


class Bench:
    """Measures; the clusters are in another process, whose time is not counted."""

    def __init__(self, folder: Path, most: int) -> None:
        self.folder = folder
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        context.Process(target=serve, args=(theirs, most), daemon=True).start()
        theirs.close()
        self.clusters = self.pipe.recv()
        collection = folder / "tree" / "ansible_collections" / "spamexperts"
        collection.mkdir(parents=True)
        (collection / "local_cloud").symlink_to(ROOT)
        (folder / "ansible.cfg").touch()
        foreign = ("ANSIBLE_", "SPAMEXPERTS_", "PYTHON")
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(foreign) and not name.lower().endswith("_proxy")
        }
        self.environment = {
            **own,
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(folder / "tree"),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "ANSIBLE_REMOTE_TEMP": str(folder / "tmp"),
            "ANSIBLE_FORKS": str(FORKS),
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CONNECTION_PLUGINS": str(ROOT / "tests" / "functional" / "connections"),
            "LC_ALL": "C.UTF-8",
        }

    def ask(self, what: str) -> Any:
        """What the clusters answer."""
        self.pipe.send(what)
        return self.pipe.recv()

    def measure(self, way: str, count: int) -> dict[str, float]:
        """CPU and wall seconds of one run on so many clusters; raises unless it did exactly what it should."""
        playbook, connection, calls = WAYS[way]
        inventory = {
            "all": {
                "hosts": {f"cluster{number}": cluster for number, cluster in enumerate(self.clusters[:count])},
                # Without an interpreter Ansible would look for one on each host: only modules would pay for that.
                "vars": {
                    "ansible_connection": connection,
                    "ansible_python_interpreter": sys.executable,
                    **{name: WANTED[name] for name in ("message_template", "status_template")},
                },
            }
        }
        (self.folder / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
        self.ask("reset")
        program = Path(sys.executable).parent / "ansible-playbook"
        words = [str(program), "-i", str(self.folder / "inventory.json"), str(HERE / "playbooks" / playbook)]
        done = subprocess.run(
            [sys.executable, str(HERE / "measure.py"), *words],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        result = json.loads(done.stdout)
        if result["status"] != 0:
            raise RuntimeError(f"{way} failed:\n{result['output']}")
        for number, (seen, settings) in enumerate(self.ask("tell")):
            expected = calls if number < count else []
            if seen != expected or (expected and settings != WANTED):
                raise RuntimeError(f"{way}: cluster {number} of {count} got {seen} and holds {settings}: void")
        return {key: round(result[key], 2) for key in ("cpu_s", "wall_s")}


def machine() -> dict[str, Any]:
    """Where and with what the figures were taken."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "collection": yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"],
        "commit": commit,
        "versions": {
            **{name: version(name) for name in ("ansible-core", "jinja2", "requests", "urllib3")},
            "Python": platform.python_version(),
            "OpenSSL": ssl.OPENSSL_VERSION.split()[1],
            "Linux": platform.release().split("-")[0],
        },
        "processor": model,
        "cores": os.cpu_count(),
        "forks": FORKS,
    }


def main() -> None:
    """Measure in interleaved rounds, and write the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clusters", type=int, nargs="+", default=[10, 40, 200])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--output", type=Path, help="folder of the JSON file; without it, figures are only printed")
    options = parser.parse_args()
    result = {**machine(), "load_before": [], "rows": []}
    rows = {
        (count, way): {"clusters": count, "way": way, "rounds": []}
        for count in options.clusters
        for way in options.ways
    }
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), max(options.clusters))
        for way in WAYS:
            bench.measure(way, 1)  # fills the caches of bytecode and files
        for count in options.clusters:
            for number in range(1, options.rounds + 1):
                result["load_before"].append(round(os.getloadavg()[0], 1))
                for way in options.ways:
                    figures = bench.measure(way, count)
                    rows[count, way]["rounds"].append(figures)
                    print(
                        f"round {number}, {count} clusters, {way}: {figures['cpu_s']} CPU s, {figures['wall_s']} s",
                        flush=True,
                    )
                result["rows"] = [
                    {
                        **row,
                        **{
                            key: round(statistics.median(one[key] for one in row["rounds"]), 2)
                            for key in ("cpu_s", "wall_s")
                        },
                    }
                    for row in rows.values()
                    if row["rounds"]
                ]
                # After every round, so that a long run that is broken off is not for nothing.
                if options.output:
                    core = ".".join(result["versions"]["ansible-core"].split(".")[:2])
                    file = options.output / f"api-ansible-core-{core}.json"
                    file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
