# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts that the role puts on a host, on real folders."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import sys
import time

import pytest

FILES = pathlib.Path(__file__).resolve().parents[3] / "roles" / "rsyslog_receiver" / "files"
# As on the host, where they lie side by side. Nothing may be left beside them: the folder is part of the collection.
sys.path.insert(0, str(FILES))
sys.dont_write_bytecode = True
TEXT = b'{"a": 1}\n' * 1000


class Records:
    """A data directory; days are counted back from today."""

    text = TEXT

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.work = folder.with_name(folder.name + "-work")
        self.work.mkdir()
        self.today = datetime.datetime.now(datetime.timezone.utc).date()

    def day(self, back: int) -> pathlib.Path:
        return self.folder / str(self.today - datetime.timedelta(days=back))

    def add(self, back: int, name: str = "messages.json", text: bytes = TEXT, age: float = 86400) -> pathlib.Path:
        """Write a file that was last written so many seconds ago."""
        path = self.day(back) / name
        path.parent.mkdir(exist_ok=True, mode=0o750)
        path.write_bytes(text)
        path.chmod(0o640)
        os.utime(path, (time.time() - age,) * 2)
        return path

    def names(self) -> list[str]:
        """Every file and folder below."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def retain(self, *options: str) -> int:
        """The exit status of a run of retention."""
        import retention

        return retention.main(["--data-dir", str(self.folder), "--work-dir", str(self.work), *options])

    def report(self) -> dict:
        """What the last run of retention says of itself."""
        return json.loads((self.work / "retention.json").read_text("utf-8"))


@pytest.fixture
def enough_room(monkeypatch):
    """The test machine's own disk decides nothing here."""
    import retention

    monkeypatch.setattr(retention, "RESERVE", 0)


@pytest.fixture
def records_in():
    """Makes Records of a folder that is there."""
    return Records


@pytest.fixture
def records(tmp_path, records_in):
    folder = tmp_path / "records"
    folder.mkdir()
    return records_in(folder)


class Host:
    """A data directory, rsyslogd's report in it, and the metrics of it."""

    def __init__(self, records) -> None:
        self.records = records
        self.stats = records.work / "impstats.json"
        self.output = records.folder.parent / "metrics" / "receiver.prom"
        self.output.parent.mkdir()

    def report(self, received=0, nodes=None, reasons=None, full=0, utime=1, age=0.0, **rows) -> None:
        """Append a report as rsyslogd 8.2302 does, in its order."""
        lines = [
            {"name": "global", "origin": "dynstats", "values": {"nodes.ops_overflow": rows.get("overflow", 0)}},
            {"name": "quarantined", "origin": "dynstats.bucket", "values": reasons or {}},
            {"name": "nodes", "origin": "dynstats.bucket", "values": nodes or {}},
            {"name": "messages", "origin": "core.action", "processed": received, "failed": rows.get("failed", 0)},
            {"name": "imtcp(5514)", "origin": "imtcp", "submitted": received},
            {"name": "imudp(*/5514/IPv4)", "origin": "imudp", "submitted": 2 * received, "disallowed": 3},
            {"name": "imudp(*/5514/IPv6)", "origin": "imudp", "submitted": received, "disallowed": 0},
            {"name": "resource-usage", "origin": "impstats", "utime": utime, "stime": 0, "nvcsw": utime},
            {
                "name": "records",
                "origin": "core.queue",
                "size": 7,
                "full": 1,
                "discarded.full": full,
                "discarded.nf": 1,
                "maxqsize": 9,
            },
            {"name": "imudp(w0)", "origin": "imudp", "called.recvmmsg": 11, "msgs.received": 27},
        ]
        with self.stats.open("a", encoding="utf-8") as file:
            file.writelines(f"Tue Nov 24 03:50:57 2026: {json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        os.utime(self.stats, (time.time() - age,) * 2)

    def run(self, *more: str) -> dict:
        command = [
            "--data-dir",
            str(self.records.folder),
            "--work-dir",
            str(self.records.work),
            "--output",
            str(self.output),
            "--listeners",
            "udp/1/",
            "--rsyslogd",
            "/nonexistent",
        ]
        import metrics

        assert metrics.main([*command, *more]) == 0
        import health

        return health.samples(str(self.output))


@pytest.fixture
def host(records):
    return Host(records)
