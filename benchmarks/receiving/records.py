# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail log records as a cluster sends them, the same on every run: 18 fields, about 390 bytes as the vendor's CSV.

15 % of the subjects begin with text beyond ASCII, 10 % hold commas and quotes, 2 % backslashes; 30 % of the display
names are quoted with a comma; 3 % of the senders are empty; 10 % of the addresses are IPv6.
"""

from __future__ import annotations

import pathlib
import random

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.fields import DEFAULT_MESSAGE_FIELDS
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.record import OUTCOMES, typed
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    LogFormat,
    compile_template,
)

PRIORITY = "<22>"
Values = dict[str, str]

_TLD = ("com", "org", "net", "nl", "de", "co.uk", "io", "example")
_WORDS = (
    "invoice", "meeting", "offer", "report", "update", "order", "newsletter", "re", "fwd", "account", "security",
    "alert", "weekly", "delivery", "confirm", "payment", "holiday", "photos", "project", "schedule", "ticket",
    "welcome", "password", "reset", "summary",
)  # fmt: skip
_BEYOND_ASCII = (
    "Überweisung", "Résumé", "Préavis", "日本語のお知らせ", "Здравствуйте", "çağrı", "żółć", "Ελληνικά", "🎉_Gewonnen",
    "naïve_café", "Straße", "ñandú",
)  # fmt: skip
_FIRST = (
    "Anna", "Bob", "Chris", "Dana", "Eva", "Frank", "Gita", "Hans", "Ivo", "José", "Kim", "Lars", "Mónica", "Nora",
    "Olaf", "Piet", "Søren", "Zoë",
)  # fmt: skip
_LAST = ("Smith", "Jansen", "Müller", "García", "Ivanov", "Brown", "de Vries", "O'Neil", "Łukasz", "Novak", "Dubois")
_RESULTS = (
    *(("delivered", "ham"), ("quarantined", "spam"), ("rejected", "spam"), ("rejected", "virus")),
    *(("delivered", "whitelisted"), ("deferred", "unsure")),
)
_DETAILS = (
    *("", "", "", "SA score 7.3 [BAYES_99=3.5, HTML_MESSAGE=0.001, RDNS_NONE=0.8, URIBL_BLACK=3.0]"),
    *("Win.Trojan.Agent-1388596", "dnsbl: zen.example.org (127.0.0.4)", "combined, 0.9873; header: rfc822", "bulk"),
)


def make(count: int) -> list[Values]:
    """That many records, each the values of the vendor's default message fields; every id differs."""
    rnd = random.Random(42)
    choice, below, chance = rnd.choice, rnd.randrange, rnd.random
    domains = [f"{choice(_WORDS)}{below(9999)}.{choice(_TLD)}" for _number in range(5000)]
    hosts = [f"mail{below(99)}.{domain}" for domain in domains]

    def subject() -> str:
        text, kind = " ".join(choice(_WORDS) for _number in range(below(3, 8))).capitalize(), chance()
        if kind < 0.15:
            return f"{choice(_BEYOND_ASCII)} {text}"
        if kind < 0.25:
            return f'{text}, "{choice(_WORDS)}" and, {choice(_WORDS)}'
        if kind < 0.27:
            return f"{text} C:\\temp\\{choice(_WORDS)} /x"
        return f"Re: {text} #{below(10**6)}" if kind < 0.5 else text

    def named(address: str) -> str:
        kind = chance()
        if kind < 0.3:
            return f'"{choice(_LAST)}, {choice(_FIRST)}" <{address}>'
        return f"{choice(_FIRST)} {choice(_LAST)} <{address}>" if kind < 0.7 else address

    def one(number: int) -> Values:
        source, target = below(5000), below(5000)
        sender = f"{choice(_FIRST).lower()}.{below(999)}@{domains[source]}" if chance() > 0.03 else ""
        recipient, size = f"{choice(_WORDS)}{below(99)}@{domains[target]}", below(900, 90000)
        status, main = choice(_RESULTS)
        ipv4 = f"{below(1, 224)}.{below(256)}.{below(256)}.{below(1, 255)}"
        return {
            "id": f"1qEz{number:07x}-{below(1 << 24):06X}-{below(100):02d}",
            "filtering_host": f"node{below(1, 5)}.filter.example.com",
            "sender": sender,
            "recipient": recipient,
            "domain": domains[target],
            "timestamp": str(1421234567 + number // 40),
            "sender_host": hosts[source],
            "helo": hosts[source],
            "sender_ip": ipv4 if chance() > 0.1 else f"2001:db8:{below(65536):x}::{below(1, 65536):x}",
            "incoming_size": str(size),
            "outgoing_size": str(size + below(600)),
            "status": status,
            "classification": main,
            "classification_details": choice(_DETAILS),
            "from_header": named(sender) if sender else "",
            "to_header": named(recipient),
            "cc_header": named(f"cc{below(99)}@{domains[target]}") if chance() < 0.15 else "",
            "subject_header": subject(),
        }

    return [one(number) for number in range(count)]


def csv(values: Values) -> str:
    """The vendor's quoted list."""
    return '"' + '","'.join(values[name] for name in DEFAULT_MESSAGE_FIELDS) + '"'


def write(path: pathlib.Path, records: list[Values], fmt: LogFormat) -> None:
    """What the cluster would send in that log format, each record ended by NUL as Python's SysLogHandler does."""
    template = compile_template(fmt, "message")
    with path.open("wb") as file:
        file.writelines(f"{PRIORITY}{template % values}\0".encode() for values in records)


def ours(values: Values, fmt: LogFormat) -> dict:
    """What has to be in our file of those values, without what only the receiver knows."""
    wanted = {"event.action": "message", "event.outcome": OUTCOMES.get(values["status"], "unknown")}
    for field in fmt.fields("message"):
        wanted.update(typed(field, values[field.name]))
    return wanted
