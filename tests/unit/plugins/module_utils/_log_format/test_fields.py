# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of fields against the record schema."""

from __future__ import annotations

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.fields import (
    DEFAULT_MESSAGE_FIELDS,
    DEFAULT_STATUS_FIELDS,
    FIELDS,
    KINDS,
    field_for,
    invalid_key,
)

# The schema is a contract with users: a key is never renamed. name: (key, kinds, type).
SCHEMA = {
    "id": ("email.local_id", "message status", "text"),
    "filtering_host": ("observer.hostname", "message status", "text"),
    "domain": ("spamexperts.domain", "message status", "text"),
    "recipient": ("spamexperts.envelope.to", "message status", "text"),
    "status": ("spamexperts.status", "message status", "text"),
    "sender": ("spamexperts.envelope.from", "message", "text"),
    "timestamp": ("spamexperts.timestamp", "message", "text"),
    "sender_host": ("source.domain", "message", "text"),
    "sender_ip": ("source.ip", "message", "ip"),
    "sender_location": ("spamexperts.sender_location", "message", "text"),
    "helo": ("spamexperts.helo", "message", "text"),
    "incoming_size": ("spamexperts.size.incoming", "message", "integer"),
    "outgoing_size": ("spamexperts.size.outgoing", "message", "integer"),
    "bandwidth": ("spamexperts.size.bandwidth", "message", "integer"),
    "from_header": ("spamexperts.header.from", "message", "text"),
    "to_header": ("spamexperts.header.to", "message", "text"),
    "cc_header": ("spamexperts.header.cc", "message", "text"),
    "subject_header": ("email.subject", "message", "text"),
    "classification": ("spamexperts.classification.main", "message", "text"),
    "classification_details": ("spamexperts.classification.details", "message", "text"),
    "classification_code": ("spamexperts.classification.code", "message", "text"),
    "main_class": ("spamexperts.class.main", "message", "text"),
    "sub_class": ("spamexperts.class.sub", "message", "text"),
    "extra_class": ("spamexperts.class.extra", "message", "text"),
    "auth_user": ("user.name", "message", "text"),
    "identity": ("spamexperts.identity", "message", "text"),
    "delivery_date": ("spamexperts.delivery.date", "status", "text"),
    "delivery_ip": ("destination.ip", "status", "ip"),
    "delivery_port": ("destination.port", "status", "integer"),
    "delivery_fqdn": ("destination.domain", "status", "text"),
    "delivery_data": ("spamexperts.delivery.response", "status", "text"),
}
# Only these are written by the cluster alone; to trust one more is a decision about security.
TRUSTED = {
    *("id", "filtering_host", "status", "timestamp", "delivery_date"),
    *("sender_ip", "delivery_ip", "delivery_port", "incoming_size", "outgoing_size", "bandwidth"),
}
RECEPTION = {
    *("@timestamp", "event.kind", "event.category", "event.action", "event.dataset", "event.outcome", "event.reason"),
    *("event.original", "observer.ip", "log.syslog.priority"),
}


def test_every_field_is_as_the_schema_says():
    assert {name: (field.key, " ".join(field.kinds), field.type) for name, field in FIELDS.items()} == SCHEMA
    assert all(name == field.name for name, field in FIELDS.items())


def test_keys_differ():
    keys = [field.key for field in FIELDS.values()] + [invalid_key(field) for field in FIELDS.values()]
    assert len(set(keys)) == len(keys)
    assert not RECEPTION.intersection(keys)


def test_which_fields_are_trusted():
    assert {name for name, field in FIELDS.items() if not field.untrusted} == TRUSTED


def test_every_integer_has_a_maximum():
    maxima = {name: field.maximum for name, field in FIELDS.items() if field.type == "integer"}
    assert maxima == {
        "incoming_size": 10**15 - 1,
        "outgoing_size": 10**15 - 1,
        "bandwidth": 10**15 - 1,
        "delivery_port": 65535,
    }


def test_defaults_are_fields_of_their_kind():
    for kind, names in zip(KINDS, (DEFAULT_MESSAGE_FIELDS, DEFAULT_STATUS_FIELDS), strict=True):
        assert len(set(names)) == len(names)
        assert all(kind in FIELDS[name].kinds for name in names)


def test_a_name_the_table_lacks():
    field = field_for("new_thing")
    assert (field.key, field.type, field.untrusted, field.kinds) == ("spamexperts.extra.new_thing", "text", True, KINDS)
    assert field_for("id") is FIELDS["id"]
