# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts that the role puts on a host, on real folders."""

from __future__ import annotations

import datetime
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
    """A folder of records; days are counted back from today."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.work = folder / ".receiver"
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
        """Every file and folder below, without the work folder."""
        found = sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))
        return [name for name in found if not name.startswith(".receiver")]


@pytest.fixture
def records_in():
    """Makes Records of a folder that is there."""
    return Records


@pytest.fixture
def records(tmp_path, records_in):
    folder = tmp_path / "records"
    folder.mkdir()
    return records_in(folder)
