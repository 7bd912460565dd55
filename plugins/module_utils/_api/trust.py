# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Which certificate of a server is accepted, and the remedy for each cause why one is not."""

from __future__ import annotations

import dataclasses
import os
import re
import ssl
import typing as t

from .errors import OptionError, TransportError

# What Ansible's own modules read, and then what requests reads.
_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# OpenSSL's numbers, which Python has no names for.
_NOT_YET_VALID, _EXPIRED = 9, 10
_SELF_SIGNED, _UNKNOWN_ISSUER = 18, (2, 19, 20, 21)
_WRONG_NAME = (62, 64)
_NO_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
_PIN = "give its SHA-256 fingerprint, as the cluster itself shows it, in ca_fingerprint"
_ANY = "check that api_url is the cluster's master, and that it allows TLS 1.2 or later"
_PIN_SERVER = "give the SHA-256 fingerprint of the server's in ca_fingerprint"


@dataclasses.dataclass(frozen=True)
class Trust:
    """How a server's certificate is checked; make it with :meth:`from_options`.

    verify: the path of the CA certificates; True for those that requests has; False for no check but the fingerprint's.
    source: the option or the environment variable that gave the path.
    fingerprint: SHA-256, 64 hexadecimal digits; or nothing.
    """

    verify: t.Union[bool, str] = True
    source: str = ""
    fingerprint: str = ""

    @classmethod
    def from_options(cls, options: t.Mapping[str, t.Any]) -> Trust:
        """What the options and the environment say. Raises OptionError, or TransportError for an unreadable path."""
        given = options.get("ca_fingerprint")
        if given:
            fingerprint = re.sub(r"[\s:]", "", str(given)).lower()
            if not re.match(r"[0-9a-f]{64}\Z", fingerprint):
                raise OptionError(
                    "ca_fingerprint must be a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons"
                )
            return cls(False, "", fingerprint)
        if not options["validate_certs"]:
            return cls(False)
        paths = {"ca_path": options.get("ca_path"), **{name: os.environ.get(name) for name in _VARIABLES}}
        source = next((name for name, path in paths.items() if path), "")
        if not source:
            return cls()
        path = os.path.expanduser(str(paths[source]))
        if not os.access(path, os.R_OK):
            raise TransportError(
                f"{source} {path} cannot be read where this task runs; give the path of a PEM file there", "tls"
            )
        return cls(path, source)

    def failure(self, where: str, causes: t.Iterable[BaseException], text: str) -> t.Optional[TransportError]:
        """The failure with its remedy, if TLS is what failed. ``text``: the first cause's own."""
        for error in causes:
            if isinstance(error, ssl.SSLEOFError):
                return None
            # Before urllib3 2, names are checked in Python, which has no number for it; and fingerprints always are.
            unnumbered = isinstance(error, ssl.CertificateError) and not hasattr(error, "verify_code")
            if unnumbered or type(error).__name__ == "CertificateError":
                explained = self._wrong_name(text.strip("()\"',"))
            elif isinstance(error, ssl.SSLError):
                explained = self._explained(error, text)
            elif "ingerprint" in str(error) and self.fingerprint:
                explained = _wrong_fingerprint(str(error))
            else:
                continue
            # Only a failure that we do not know can come later than the handshake.
            return TransportError(f"{where}: {'; '.join(explained)}", "tls", sent=explained[1] == _ANY)
        return None

    def _explained(self, error: ssl.SSLError, text: str) -> t.Tuple[str, str]:
        code = getattr(error, "verify_code", 0)
        # Python's own words, without their frame.
        text = text.rsplit("verify failed: ", 1)[-1].split(" (_ssl.c", 1)[0]
        if not code and self._certificates() == []:
            return f"{self.source} {self.verify} contains no certificate", "give a PEM file of CA certificates"
        if error.reason in _NO_TLS:
            return f"the server does not speak TLS at this port ({text})", "give the port of HTTPS in api_url"
        if code == _EXPIRED:
            return "the server's certificate has expired", f"renew it on the cluster, or {_PIN}"
        if code == _NOT_YET_VALID:
            remedy = "correct the clock of the cluster, or of the host where this task runs"
            return "the server's certificate is not valid yet", remedy
        if code in _WRONG_NAME:
            return self._wrong_name(text)
        if code == _SELF_SIGNED:
            where = f" and not in {self.source} {self.verify}" if self.source else ""
            return f"the server's certificate is self-signed{where} ({text})", _PIN
        if code in _UNKNOWN_ISSUER:
            where = f"{self.source} {self.verify} lacks" if self.source else "this host does not know"
            remedy = (
                "put its certificate into that file" if self.source == "ca_path" else "give its certificate in ca_path"
            )
            return f"{where} the CA that signed the server's certificate ({text})", f"{remedy}, or {_PIN_SERVER}"
        if code:
            return self._unusable(text)
        return f"TLS failed ({text})", _ANY

    def _wrong_name(self, text: str) -> t.Tuple[str, str]:
        if any(item.get("version") == 1 for item in self._certificates() or ()):
            return self._unusable(text)
        remedy = f"use a name that it contains in api_url; if it contains none, {_PIN}"
        return f"the server's certificate is for another name ({text})", remedy

    @staticmethod
    def _unusable(text: str) -> t.Tuple[str, str]:
        remedy = f"replace it by one of version 3 that contains the server's name, or {_PIN}"
        return f"the server's certificate cannot be checked, as with X.509 version 1 ({text})", remedy

    def _certificates(self) -> t.Optional[t.List[t.Any]]:
        """The CA certificates of the file; None if there is no file, or if they cannot be listed."""
        if not isinstance(self.verify, str) or os.path.isdir(self.verify):
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(self.verify)
        except (ssl.SSLError, OSError):
            return []
        # It lists no certificate that is not a CA's, but the file has one.
        return context.get_ca_certs() or None


def _wrong_fingerprint(text: str) -> t.Tuple[str, str]:
    """``text`` ends with the fingerprint that the certificate has."""
    shown = re.findall(r"[0-9a-f]{64}", text)[-1:]
    remedy = "only if the cluster itself shows that one, correct ca_fingerprint"
    return f"the server's certificate has the SHA-256 fingerprint {''.join(shown)}, not ca_fingerprint's", remedy
