# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Argument specifications that several modules and plugins share."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import env_fallback

from ._layouts import NAMES

Spec = t.Dict[str, t.Dict[str, t.Any]]


def connection_spec() -> Spec:
    """The options that say how to reach a cluster; documented in the fragment ``_connection``."""
    return {
        "api_url": {"type": "str", "required": True, "fallback": (env_fallback, ["SPAMEXPERTS_API_URL"])},
        "api_username": {"type": "str", "required": True, "fallback": (env_fallback, ["SPAMEXPERTS_API_USERNAME"])},
        "api_password": {
            "type": "str",
            "required": True,
            "no_log": True,
            "fallback": (env_fallback, ["SPAMEXPERTS_API_PASSWORD"]),
        },
        "validate_certs": {
            "type": "bool",
            "default": True,
            "fallback": (env_fallback, ["SPAMEXPERTS_VALIDATE_CERTS"]),
        },
        "ca_path": {"type": "path", "fallback": (env_fallback, ["SPAMEXPERTS_CA_PATH"])},
        "timeout": {"type": "int", "default": 60, "fallback": (env_fallback, ["SPAMEXPERTS_TIMEOUT"])},
        "retries": {"type": "int", "default": 3},
        "use_proxy": {"type": "bool", "default": True},
    }


def secrets_spec() -> Spec:
    """The texts to mask in the result; documented in the fragment ``_attributes.template_secrets``."""
    return {"template_secrets": {"type": "list", "elements": "str", "no_log": True}}


def remote_syslog_server_spec() -> Spec:
    """All options of the module remote_syslog_server. No setting has a default: one not given is not managed."""
    return {
        **connection_spec(),
        **secrets_spec(),
        "host": {"type": "str"},
        # Raw, because each of them also takes the word "default".
        "port": {"type": "raw"},
        "facility": {"type": "str"},
        "socket_type": {"type": "str", "choices": ["udp", "tcp", "default"]},
        "level": {"type": "str"},
        "enabled": {"type": "raw"},
        "message_template": {"type": "str"},
        "status_template": {"type": "str"},
        "reset": {"type": "list", "elements": "str", "choices": list(NAMES)},
        "force": {"type": "bool", "default": False},
        "verify": {"type": "bool", "default": True},
        "verify_retries": {"type": "int", "default": 5},
        "verify_delay": {"type": "int", "default": 2},
        "validate_templates": {"type": "str", "default": "warn", "choices": ["strict", "warn", "off"]},
    }
