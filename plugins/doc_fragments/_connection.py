# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - Address of the cluster's master, such as V(https://master.example.com). The path C(/cgi-bin/api) is added if it
        is missing.
      - It must begin with C(https://), because every request carries the password, and must not contain credentials.
      - Redirects are refused, so give the address that answers directly.
      - If the option is not given, the value of the environment variable E(SPAMEXPERTS_API_URL) is used.
    type: str
    required: true
  api_username:
    description:
      - Name of a Software API user, or of a super administrator.
      - If the option is not given, the value of the environment variable E(SPAMEXPERTS_API_USERNAME) is used.
    type: str
    required: true
  api_password:
    description:
      - Password of that user. It is sent with HTTP basic authentication, or with digest authentication if the server
        asks for that.
      - Ansible masks this text wherever it occurs in a result. A password that is also a common word or number, such
        as V(514), therefore hides that word or number as well.
      - If the option is not given, the value of the environment variable E(SPAMEXPERTS_API_PASSWORD) is used.
    type: str
    required: true
  validate_certs:
    description:
      - Whether to check the server's certificate. Rather than switching this off for the self-signed certificate that
        the product ships with, give its fingerprint in O(ca_fingerprint).
      - If the option is not given, the value of the environment variable E(SPAMEXPERTS_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - Path of a PEM file with the CA certificates that the server's certificate is checked against. The file must be
        on the host where the task runs.
      - If the option is not given, the value of the environment variable E(SPAMEXPERTS_CA_PATH) is used. Without
        either, the file that C(SSL_CERT_FILE), C(REQUESTS_CA_BUNDLE) or C(CURL_CA_BUNDLE) names in the environment is
        used, in this order, and otherwise the CA certificates of C(requests).
    type: path
  ca_fingerprint:
    description:
      - SHA-256 fingerprint of the certificate that the server itself presents, as 64 hexadecimal digits with or without
        colons. It is meant for a certificate that no CA has signed, such as the one that the product ships with, and it
        is of that certificate and never of a CA above it. On the cluster, C(openssl x509 -noout -sha256 -fingerprint
        -in CERTIFICATE) shows it; do not take it from the network without comparing.
      - If it is given, exactly this certificate is accepted, before anything is sent to the server. Its names, issuer
        and dates do not matter then, and neither do O(ca_path) and O(validate_certs). A certificate that was renewed
        has another fingerprint.
      - If the option is not given, the value of the environment variable E(SPAMEXPERTS_CA_FINGERPRINT) is used.
    type: str
    version_added: 0.2.0
  timeout:
    description:
      - Seconds to wait for a connection, and for each part of a reply, from 1 to 86400.
      - If the option is not given, the value of the environment variable E(SPAMEXPERTS_TIMEOUT) is used.
    type: int
    default: 60
  deadline:
    description:
      - Seconds that the whole task may take, from 1 to 86400, with all repeated requests, with the pauses between them
        and with O(spamexperts.local_cloud.remote_syslog_server#module:verify). When they are over, the task fails,
        whatever it is waiting for. In an inventory they are for each cluster.
      - Looking up a host name, and waiting for the second and further addresses of one that does not answer, can add to
        it.
      - If the option is not given, the value of the environment variable E(SPAMEXPERTS_DEADLINE) is used.
    type: int
    default: 300
    version_added: 0.2.0
  retries:
    description:
      - How often a request that only reads is repeated, with growing pauses, if the connection fails or the server is
        temporarily unavailable. A request that writes is repeated at most once, and only after the settings were read
        again and found unchanged.
    type: int
    default: 3
  use_proxy:
    description:
      - Whether to use the proxy that the environment names in C(https_proxy) or C(all_proxy), except for the hosts in
        C(no_proxy). The settings of macOS are not used.
    type: bool
    default: true
"""

    # For plugins, which take their environment variables from here; should be used before the standard fragment.
    PLUGINS = r"""
options:
  api_url:
    required: false
    env:
      - name: SPAMEXPERTS_API_URL
  api_username:
    required: false
    env:
      - name: SPAMEXPERTS_API_USERNAME
  api_password:
    required: false
    env:
      - name: SPAMEXPERTS_API_PASSWORD
  validate_certs:
    env:
      - name: SPAMEXPERTS_VALIDATE_CERTS
  ca_path:
    env:
      - name: SPAMEXPERTS_CA_PATH
  ca_fingerprint:
    env:
      - name: SPAMEXPERTS_CA_FINGERPRINT
  timeout:
    env:
      - name: SPAMEXPERTS_TIMEOUT
  deadline:
    env:
      - name: SPAMEXPERTS_DEADLINE
"""
