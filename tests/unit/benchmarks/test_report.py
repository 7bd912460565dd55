# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures in the documentation are those on file."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_documented_figures_are_the_measured_ones():
    # Not runpy: ansible-test's import hooks make it believe that the file is a folder.
    spec = importlib.util.spec_from_file_location("report", ROOT / "benchmarks" / "report.py")
    report = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(report)
    figures = report.figures()
    assert "### ansible-core " in figures, "no results on file"
    assert report.BEGIN + figures + report.END in report.DOCUMENT.read_text(encoding="utf-8")
