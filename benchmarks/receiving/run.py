# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures receivers of mail log records beside each other; ``make bench-receiving`` calls it.

Writes receiving.json and receiving.md into the folder of ``--output``. Every field of every record of each first round
is compared with what was sent, and the lines of every run are counted.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import tempfile
import time

import daemons
import records
import report
from receiver.conftest import rsyslogd, rsyslogd_version

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import log_format

SECRET = "bench-0123456789"  # 16 characters, the shortest there is
UDP_SECONDS = 2.0
UDP_LATE = 0.3  # seconds after the last datagram by which all of them must be on file
UDP_RATES = (2000, 400000)  # records a second between which the highest loss-free rate is looked for
UDP_STEP = 1.12


def receivers(root: pathlib.Path, preload: str) -> list[daemons.Receiver]:
    """What is compared. The peers get the vendor's CSV, each of ours its own style's text.

    Over TCP a queue that is full would drop what a sender at full speed sends; so ours has on_overload=block there.
    """
    vendor = log_format({"style": "csv"})
    found = [daemons.raw(vendor), daemons.syslog_ng(vendor, root)]
    for style in ("printable", "fast", "csv"):
        value = {"style": style} if style == "csv" else {"style": style, "secret": SECRET}
        found.append(daemons.role(style, value, rsyslog_receiver_on_overload="block"))
        if preload and style != "csv":
            environment = {"LD_PRELOAD": preload}
            found.append(daemons.role(f"{style}, tcmalloc", value, environment, rsyslog_receiver_on_overload="block"))
    return found


class Bench:
    """The records, in each log format on file, and where the runs take place."""

    def __init__(self, folder: pathlib.Path, send: str, count: int) -> None:
        self.folder, self.send, self.count = folder, [send], count
        self.values = records.make(count)
        self.data: dict[str, pathlib.Path] = {}
        self.number = 0

    def file(self, receiver: daemons.Receiver) -> pathlib.Path:
        style = receiver.fmt.style
        if style not in self.data:
            self.data[style] = self.folder / f"{style}.dat"
            records.write(self.data[style], self.values, receiver.fmt)
        return self.data[style]

    def run(
        self,
        receiver: daemons.Receiver,
        transport: str,
        connections: int,
        count: int,
        rate: int = 0,
        compare: bool = False,
    ) -> tuple[daemons.Run, int]:
        """A run, and the number of fields that are not as they were sent."""
        self.number += 1
        folder = self.folder / f"run{self.number}"
        try:
            run = daemons.run(receiver, folder, self.send, self.file(receiver), transport, count, connections, rate)
            return run, self.wrong(receiver, folder) if compare else 0
        finally:
            shutil.rmtree(folder)

    def wrong(self, receiver: daemons.Receiver, folder: pathlib.Path) -> int:
        """Wrong and missing fields of a run's output, and of every line that is nobody's."""
        left = {values["id"]: values for values in self.values}
        wrong = 0
        for path in folder.glob(receiver.files):
            for line in path.read_text("utf-8").splitlines():
                if receiver.name == "rsyslog raw":
                    values = left.pop(line[1:].partition('"')[0], None)
                    wrong += values is None or line != records.csv(values)
                    continue
                got = json.loads(line)
                values = left.pop(got.get("id") or got.get("email.local_id"), None)
                if values is None:
                    wrong += 1
                elif receiver.name == "syslog-ng":
                    # It leaves out what is empty.
                    wrong += sum(got.get(name, "") != value for name, value in values.items())
                    wrong += len(set(got) - set(values))
                else:
                    wanted = records.ours(values, receiver.fmt)
                    wrong += sum(got.pop(key, None) != value for key, value in wanted.items())
                    wrong += set(got) != report.RECEPTION
        return wrong + len(left) * len(records.DEFAULT_MESSAGE_FIELDS)


def udp_rate(bench: Bench, receiver: daemons.Receiver) -> int:
    """The highest rate, within about 12 %, at which no datagram is lost and no backlog grows; found by bisecting."""

    def holds(rate: int) -> bool:
        count = min(int(rate * UDP_SECONDS), bench.count)
        run, _wrong = bench.run(receiver, "udp", 1, count, rate)
        return run.lines == count and run.late < UDP_LATE

    low, high = UDP_RATES
    while high / low > UDP_STEP:
        middle = int((low * high) ** 0.5)
        # Twice, because another process of the machine can spoil one; a rate above what is possible fails both.
        if holds(middle) or holds(middle):
            low = middle
        else:
            high = middle
    return low


def versions(root: pathlib.Path) -> dict[str, str]:
    """What was measured on what."""
    modules = next(root.rglob("libcsvparser.so")).parent.name
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {
        "collection": commit.stdout.strip() or "unknown",
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "rsyslog": rsyslogd_version(),
        "rsyslogd": os.environ.get("RSYSLOGD") or pathlib.Path(rsyslogd()).name,
        "syslog-ng": modules,
        "kernel": platform.release(),
        "machine": f"{os.cpu_count()} cores of {cpu.group(1) if cpu else platform.machine()}",
    }


def main() -> None:
    """Measure, and write the results."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--syslog-ng", type=pathlib.Path, required=True, help="where its packages are unpacked")
    options.add_argument("--preload", default="", help="path of libtcmalloc_minimal.so, for rows of their own")
    options.add_argument("--send", required=True, help="path of the load generator")
    options.add_argument("--output", type=pathlib.Path, help="folder of the results, which also go into the docs")
    options.add_argument("--count", type=int, default=100000, help="records a run")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--quick", action="store_true", help="one round of 20000 records, no UDP")
    args = options.parse_args()
    if args.quick:
        args.count, args.rounds = 20000, 1
    begin, load = time.monotonic(), [os.getloadavg()[0]]
    compared = receivers(args.syslog_ng.resolve(), args.preload)
    rows: dict[str, dict] = {receiver.name: {"tcp": {}} for receiver in compared}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder), args.send, args.count)
        for connections in (1, 4):
            runs: dict[str, list[daemons.Run]] = {receiver.name: [] for receiver in compared}
            for number in range(args.rounds):
                for receiver in compared:
                    run, wrong = bench.run(receiver, "tcp", connections, args.count, compare=number == 0)
                    runs[receiver.name].append(run)
                    if number == 0:
                        rows[receiver.name]["tcp"][connections] = {"wrong_fields": wrong}
                print(f"[{time.monotonic() - begin:4.0f}s] {connections} connections, round {number + 1}", flush=True)
                load.append(os.getloadavg()[0])
            for name, several in runs.items():
                rows[name]["tcp"][connections].update(
                    lost=sum(args.count - run.lines for run in several),
                    cpu=statistics.median(run.cpu for run in several) / args.count * 1e6,
                    rate=args.count / statistics.median(run.seconds for run in several),
                    rss=max(run.rss for run in several),
                    runs=[dataclasses.asdict(run) for run in several],
                )
        for receiver in compared if not args.quick else ():
            rows[receiver.name]["udp_rate"] = udp_rate(bench, receiver)
            print(f"[{time.monotonic() - begin:4.0f}s] {receiver.name}: UDP", flush=True)
            load.append(os.getloadavg()[0])
        sizes = {style: path.stat().st_size / args.count for style, path in bench.data.items()}
    about = dict(versions(args.syslog_ng), load=[min(load), max(load)], records=args.count, rounds=args.rounds)
    result = {"about": about, "record_bytes": sizes, "receivers": rows}
    text = report.table(result)
    print(text)
    if args.output:
        args.output.mkdir(exist_ok=True)
        (args.output / "receiving.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
        (args.output / "receiving.md").write_text(report.HEADER + text, "utf-8")
        report.publish(text)
    if any(row["wrong_fields"] or row["lost"] for found in rows.values() for row in found["tcp"].values()):
        raise SystemExit("records were lost or are not as they were sent")


if __name__ == "__main__":
    main()
