# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A throw-away CA and the certificates, made with the openssl command."""

from __future__ import annotations

import ipaddress
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Dict, List, Sequence

_DAYS = "825"
_CA_CONFIG = """
[req]
distinguished_name = dn
[dn]
[v3_ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
_LEAF_CONFIG = """
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
{identifier}
subjectAltName = {names}
[ca]
default_ca = this
[this]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
[req]
distinguished_name = dn
[dn]
"""


def _openssl(*arguments: str) -> None:
    done = subprocess.run(("openssl",) + arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")


def _alternative_names(names: Sequence[str]) -> str:
    texts = []
    for name in names:
        try:
            texts.append(f"IP:{ipaddress.ip_address(name)}")
        except ValueError:
            texts.append(f"DNS:{name}")
    return ",".join(texts)


class Authority:
    """A CA in `folder`; ca.pem there is what clients trust. An existing one is used again."""

    def __init__(self, folder: Path, name: str = "Emulator CA") -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ca_path = folder / "ca.pem"
        self._key = folder / "ca.key"
        if not self.ca_path.exists():
            config = folder / "ca.cnf"
            config.write_text(_CA_CONFIG, encoding="utf-8")
            _openssl(
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                _DAYS,
                "-subj",
                "/CN=" + name,
                "-config",
                str(config),
                "-extensions",
                "v3_ca",
                "-keyout",
                str(self._key),
                "-out",
                str(self.ca_path),
            )
            self._key.chmod(0o600)

    def issue(
        self,
        label: str,
        names: Sequence[str],
        expired: bool = False,
        self_signed: bool = False,
        version_1: bool = False,
    ) -> Path:
        """Return a file with a new key and certificate for `names`; one of version 1 is self-signed as well."""
        key, request, cert = (self._folder / (f"{label}.{end}") for end in ("key", "csr", "crt"))
        config = self._folder / (f"{label}.cnf")
        # Python 3.13 insists on the identifier of the signing key, which a self-signed certificate has not.
        identifier = "" if self_signed else "authorityKeyIdentifier = keyid"
        config.write_text(
            _LEAF_CONFIG.format(names=_alternative_names(names), folder=self._folder, identifier=identifier),
            encoding="utf-8",
        )
        _openssl(
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=" + names[0][:64],
            "-config",
            str(config),
            "-keyout",
            str(key),
            "-out",
            str(request),
        )
        extensions = ("-extfile", str(config), "-extensions", "leaf")
        if version_1:
            _openssl("x509", "-req", "-in", str(request), "-signkey", str(key), "-days", _DAYS, "-out", str(cert))
        elif self_signed:
            _openssl(
                "x509",
                "-req",
                "-in",
                str(request),
                "-signkey",
                str(key),
                "-days",
                _DAYS,
                "-out",
                str(cert),
                *extensions,
            )
        elif expired:
            (self._folder / "index.txt").write_text("", encoding="utf-8")
            _openssl(
                "ca",
                "-batch",
                "-notext",
                "-config",
                str(config),
                "-keyfile",
                str(self._key),
                "-cert",
                str(self.ca_path),
                "-in",
                str(request),
                "-out",
                str(cert),
                "-startdate",
                "20200101000000Z",
                "-enddate",
                "20210101000000Z",
                *extensions,
            )
        else:
            _openssl(
                "x509",
                "-req",
                "-in",
                str(request),
                "-CA",
                str(self.ca_path),
                "-CAkey",
                str(self._key),
                "-CAcreateserial",
                "-days",
                _DAYS,
                "-out",
                str(cert),
                *extensions,
            )
        bundle = self._folder / (f"{label}.pem")
        bundle.touch(mode=0o600)
        bundle.write_text(key.read_text() + cert.read_text())
        for file in (key, request, cert, config):
            file.unlink()
        return bundle


class Certificates:
    """One server's TLS contexts, each made when it is first asked for."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder, self._names = folder, list(names)
        self._authority = Authority(folder)
        self._contexts: Dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self.ca_path = self._authority.ca_path
        self.context("good")

    def context(self, variant: str) -> ssl.SSLContext:
        """Return the context for a position of the switch `tls`."""
        with self._lock:
            if variant not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(str(self._issue(variant, self._names)))
                self._contexts[variant] = context
            return self._contexts[variant]

    def path(self, variant: str) -> Path:
        """Return a file with the certificate for a position of the switch `tls`, in PEM."""
        self.context(variant)
        return self._folder / ("unknown/server.pem" if variant == "unknown_ca" else f"{variant}.pem")

    def _issue(self, variant: str, names: List[str]) -> Path:
        if variant == "unknown_ca":
            return Authority(self._folder / "unknown", "Some other CA").issue("server", names)
        if variant == "wrong_name":
            return self._authority.issue(variant, ["wrong.example.org"])
        return self._authority.issue(
            variant, names, variant == "expired", variant == "self_signed", variant == "version_1"
        )
