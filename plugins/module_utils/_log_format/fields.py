# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The one table of log fields: what the cluster can send, and the key each field has on disk.

Field names are those of the vendor's page "Send Email Logs to Remote Syslog server" (SpamExperts knowledge base, 2016)
and, for sender_location and the three *_class fields, of the current N-able page of the same name. Keys are Elastic
Common Schema 8 names where ECS has one. Templates, rulebase, reference parser and documentation are all made from
this table.
"""

from __future__ import annotations

import typing as t

MESSAGE = "message"
STATUS = "status"
KINDS = (MESSAGE, STATUS)


class Field(t.NamedTuple):
    """A log field.

    name: as in ``%(name)s``. key: the JSON key of its value. kinds: the record kinds that can carry it.
    type: ``text``, ``integer`` or ``ip``. untrusted: whether its text is chosen outside the cluster (mail content, DNS,
    remote servers, customers' rules) and can be anything at all. maximum: the largest integer accepted.
    """

    name: str
    key: str
    kinds: t.Tuple[str, ...]
    type: str = "text"
    untrusted: bool = False
    maximum: int = 0


# The most digits of an integer: far above any size in bytes, and exact in every JSON reader.
DIGITS = 15
_SIZE = 10**DIGITS - 1
_BOTH = KINDS
_M = (MESSAGE,)
_S = (STATUS,)

FIELDS: t.Dict[str, Field] = {
    field.name: field
    for field in (
        Field("id", "email.local_id", _BOTH),
        Field("filtering_host", "observer.hostname", _BOTH),
        Field("domain", "spamexperts.domain", _BOTH, untrusted=True),
        Field("recipient", "spamexperts.envelope.to", _BOTH, untrusted=True),
        Field("status", "spamexperts.status", _BOTH),
        Field("sender", "spamexperts.envelope.from", _M, untrusted=True),
        Field("timestamp", "spamexperts.timestamp", _M),
        Field("sender_host", "source.domain", _M, untrusted=True),
        Field("sender_ip", "source.ip", _M, type="ip"),
        Field("sender_location", "spamexperts.sender_location", _M, untrusted=True),
        Field("helo", "spamexperts.helo", _M, untrusted=True),
        Field("incoming_size", "spamexperts.size.incoming", _M, type="integer", maximum=_SIZE),
        Field("outgoing_size", "spamexperts.size.outgoing", _M, type="integer", maximum=_SIZE),
        Field("bandwidth", "spamexperts.size.bandwidth", _M, type="integer", maximum=_SIZE),
        Field("from_header", "spamexperts.header.from", _M, untrusted=True),
        Field("to_header", "spamexperts.header.to", _M, untrusted=True),
        Field("cc_header", "spamexperts.header.cc", _M, untrusted=True),
        Field("subject_header", "email.subject", _M, untrusted=True),
        Field("classification", "spamexperts.classification.main", _M, untrusted=True),
        Field("classification_details", "spamexperts.classification.details", _M, untrusted=True),
        Field("classification_code", "spamexperts.classification.code", _M, untrusted=True),
        Field("main_class", "spamexperts.class.main", _M, untrusted=True),
        Field("sub_class", "spamexperts.class.sub", _M, untrusted=True),
        Field("extra_class", "spamexperts.class.extra", _M, untrusted=True),
        Field("auth_user", "user.name", _M, untrusted=True),
        Field("identity", "spamexperts.identity", _M, untrusted=True),
        Field("delivery_date", "spamexperts.delivery.date", _S),
        Field("delivery_ip", "destination.ip", _S, type="ip"),
        Field("delivery_port", "destination.port", _S, type="integer", maximum=65535),
        Field("delivery_fqdn", "destination.domain", _S, untrusted=True),
        Field("delivery_data", "spamexperts.delivery.response", _S, untrusted=True),
    )
}

# The fields of the vendor's own example call, in its order.
DEFAULT_MESSAGE_FIELDS = (
    "id",
    "filtering_host",
    "sender",
    "recipient",
    "domain",
    "timestamp",
    "sender_host",
    "helo",
    "sender_ip",
    "incoming_size",
    "outgoing_size",
    "status",
    "classification",
    "classification_details",
    "from_header",
    "to_header",
    "cc_header",
    "subject_header",
)
DEFAULT_STATUS_FIELDS = (
    "id",
    "filtering_host",
    "domain",
    "recipient",
    "status",
    "delivery_date",
    "delivery_ip",
    "delivery_port",
    "delivery_fqdn",
    "delivery_data",
)


def field_for(name: str) -> Field:
    """The table's field of that name; for a name it lacks, an untrusted text under ``spamexperts.extra``."""
    return FIELDS.get(name) or Field(name, "spamexperts.extra." + name, KINDS, untrusted=True)


def invalid_key(field: Field) -> str:
    """The key for the text of a typed field that does not fit its type."""
    return "spamexperts.invalid." + field.name
