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
        the product ships with, give that certificate in O(ca_path).
      - If the option is not given, the value of the environment variable E(SPAMEXPERTS_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - Path of a PEM file with the CA certificates that the server's certificate is checked against. The file must be
        on the host where the task runs.
      - If the option is not given, the value of the environment variable E(SPAMEXPERTS_CA_PATH) is used.
    type: path
  timeout:
    description:
      - Seconds to wait for a connection, and for each part of a reply.
      - If the option is not given, the value of the environment variable E(SPAMEXPERTS_TIMEOUT) is used.
    type: int
    default: 60
  retries:
    description:
      - How often a request that only reads is repeated, with growing pauses, if the connection fails or the server is
        temporarily unavailable. A request that writes is repeated at most once, and only after the settings were read
        again and found unchanged.
    type: int
    default: 3
  use_proxy:
    description:
      - Whether to use the proxy that the environment names.
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
  timeout:
    env:
      - name: SPAMEXPERTS_TIMEOUT
"""
