# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the playbook rotate_secret reads the counters that the service's user owns."""

from __future__ import annotations

import pathlib
import re
import subprocess

import pytest

PLAYBOOK = pathlib.Path(__file__).resolve().parents[3] / "playbooks" / "rotate_secret.yml"


@pytest.fixture
def counters(tmp_path):
    """Reads a file as the playbook does, from a place on."""
    (script,) = re.findall(r"'sh', '-c',\s+'([^']+)'", PLAYBOOK.read_text("utf-8"))
    path = tmp_path / "impstats.json"

    def read(size: int, begin: int) -> bytes:
        with path.open("ab") as file:
            file.truncate(size)
        return subprocess.run(["sh", "-c", script, "sh", path, str(begin)], check=True, stdout=subprocess.PIPE).stdout

    path.write_bytes(b"abcdef")
    return read


@pytest.mark.parametrize(("begin", "text"), [(0, b"abcdef"), (3, b"def"), (6, b""), (9, b"abcdef")])
def test_from_where_it_was_or_from_the_beginning_of_a_new_file(counters, begin, text):
    assert counters(6, begin) == text


def test_a_file_with_a_hole_does_not_fill_the_memory(counters):
    assert len(counters(1 << 40, 3)) == 16 << 20
