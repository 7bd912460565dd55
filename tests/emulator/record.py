# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One record of the log stream, before a template made a line of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Tuple

MESSAGE_FIELDS = (
    "id",
    "filtering_host",
    "domain",
    "sender",
    "recipient",
    "timestamp",
    "sender_host",
    "sender_ip",
    "sender_location",
    "incoming_size",
    "outgoing_size",
    "bandwidth",
    "from_header",
    "to_header",
    "cc_header",
    "subject_header",
    "status",
    "classification",
    "classification_details",
    "classification_code",
    "main_class",
    "sub_class",
    "extra_class",
    "helo",
    "auth_user",
    "identity",
)
STATUS_FIELDS = (
    "id",
    "status",
    "filtering_host",
    "domain",
    "recipient",
    "delivery_date",
    "delivery_ip",
    "delivery_fqdn",
    "delivery_port",
    "delivery_data",
)


@dataclass(frozen=True)
class Record:
    """`hostile` names the class of an attack; `shape` says how its line differs from the template in force."""

    kind: str
    node: str
    fields: Dict[str, Any]
    features: Tuple[str, ...] = ()
    hostile: str = ""
    shape: str = ""
    detail: Dict[str, str] = field(default_factory=dict)
