# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of a connection and of a reply, in words of the collection."""

from __future__ import annotations

import datetime
import subprocess

import pytest

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._probe.certificate import certificate_facts
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._probe.facts import bytes_facts, header_facts
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._probe.report import reading_of

TODAY = datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Makes a self-signed certificate in DER with openssl's own options."""
    folder = tmp_path_factory.mktemp("certificates")

    def made(*options):
        path = folder / "certificate.der"
        words = ["openssl", "req", "-x509", "-nodes", "-keyout", str(folder / "key"), "-subj", "/CN=acme.example"]
        subprocess.run([*words, "-outform", "DER", "-out", str(path), *options], check=True, capture_output=True)
        return path.read_bytes()

    return made


def test_the_kind_of_a_certificate(certificate):
    der = certificate("-newkey", "rsa:2048", "-days", "1000", "-addext", "subjectAltName=DNS:acme.example")
    now = datetime.datetime.now(datetime.timezone.utc)
    facts = {"version": 3, "self_signed": True, "validity": "valid", "alternative_names": True, "key": "rsa"}
    assert certificate_facts(der) == facts
    assert certificate_facts(der, now + datetime.timedelta(days=1100))["validity"] == "expired"
    assert certificate_facts(der, now - datetime.timedelta(days=2))["validity"] == "not yet"


def test_another_kind_of_certificate(certificate):
    der = certificate("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "36500")
    assert certificate_facts(der, TODAY)["key"] == "ec"
    assert not certificate_facts(der, TODAY)["alternative_names"]


def test_what_is_no_certificate_has_no_kind(certificate):
    der = certificate("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    for size in range(0, len(der), 7):
        assert certificate_facts(der[:size]) == {}
    assert certificate_facts(b"\x30\x03\x02\x01\x00") == {}


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        (b"a\nb\n", ("lf", True, False, "ascii")),
        (b"a\r\nb", ("crlf", False, False, "ascii")),
        (b"a\r\nb\n", ("mixed", True, False, "ascii")),
        (b"\xef\xbb\xbf\xc3\xa4", ("none", False, True, "utf-8")),
        (b"\xe4\n", ("lf", True, False, "latin-1")),
        (b"", ("none", False, False, "ascii")),
    ],
)
def test_line_ends_and_encoding(body, facts):
    assert tuple(bytes_facts(body).values()) == facts


@pytest.mark.parametrize(
    ("headers", "facts"),
    [
        (
            {"Content-Type": "text/plain; charset=UTF-8", "Server": "Apache/2.4.10 (Debian)"},
            {"content_type": "text/plain", "charset": "utf-8", "server": "apache/2.4.10"},
        ),
        ({"Server": "Apache/192.0.2.1"}, {"server": "apache"}),
        ({"Server": "acme/1.2"}, {"server": "other"}),
        ({"Content-Type": "acme/secret"}, {"content_type": "other"}),
        (
            {"WWW-Authenticate": 'Basic realm="acme", Digest nonce="s3cret"', "Location": "https://acme.example"},
            {"authentication": ["basic", "digest"], "location": True},
        ),
        ({"Connection": "acme", "Set-Cookie": "session=acme"}, {"connection": "other", "set_cookie": True}),
    ],
)
def test_headers_say_what_is_known(headers, facts):
    assert header_facts(headers) == facts


@pytest.mark.parametrize(
    ("warnings", "place"),
    [
        ((1, 0, 0), "before"),
        ((0, 1, 0), "between"),
        ((0, 0, 1), "after"),
        ((1, 0, 1), "around"),
        ((1, 1, 1), "between"),
        ((0, 0, 0), "none"),
    ],
)
def test_where_warnings_are(warnings, place):
    lines = [
        *("host: logs", "port: 514", "facility: local0", "socket_type: udp"),
        *("message_template: %(id)s", "enabled: True", "level: INFO", "status_template: %(id)s"),
    ]
    warning = "Warning: the value of 'port' is not the default. The default value is: '25'"
    before, between, after = ([warning] * number for number in warnings)
    # A notice is not a warning about a setting, wherever it is.
    text = "\n".join([*before, *lines[:4], *between, *lines[4:], *after, "Note: this call is deprecated", ""])
    read = reading_of(text)
    assert (read["warnings"], read["notices"], read["layout"]) == (place, 1, "colon")
