# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The query string, read the way an old CGI parser reads it."""

from __future__ import annotations

import re
from typing import List, Tuple
from urllib.parse import unquote_to_bytes


def decode(text: str) -> str:
    """Percent-decode one part; bytes that are not UTF-8 survive as surrogates."""
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "surrogateescape")


def arguments(query: str, semicolon: str) -> List[Tuple[str, str]]:
    """Return the decoded arguments in order; `semicolon` is split or data."""
    parts = re.split("[&;]", query) if semicolon == "split" else query.split("&")
    pairs = [part.partition("=") for part in parts if part]
    return [(decode(name), decode(value)) for name, _equals, value in pairs]
