# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stateful stand-in for a SpamExperts Local Cloud: its Software API and its log stream."""

from __future__ import annotations

from .cluster import Emulator
from .switches import SWITCHES, Switches

__all__ = ["SWITCHES", "Emulator", "Switches"]
