# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Argument specifications that several modules and plugins share."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.errors import AnsibleFallbackNotFound

from ._remote_syslog.settings import NAMES

Spec = t.Dict[str, t.Dict[str, t.Any]]


def env_fallback(*names: str) -> str:
    """The first of the environment variables that is not empty: AWX sets one for each empty field of a credential."""
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


def _from(variable: str) -> t.Tuple[t.Callable[..., str], t.List[str]]:
    return env_fallback, [variable]


def connection_spec() -> Spec:
    """The options that say how to reach a cluster; documented in the fragment ``_connection``."""
    return {
        "api_url": {"type": "str", "required": True, "fallback": _from("SPAMEXPERTS_API_URL")},
        "api_username": {"type": "str", "required": True, "fallback": _from("SPAMEXPERTS_API_USERNAME")},
        "api_password": {
            "type": "str",
            "required": True,
            "no_log": True,
            "fallback": _from("SPAMEXPERTS_API_PASSWORD"),
        },
        "validate_certs": {"type": "bool", "default": True, "fallback": _from("SPAMEXPERTS_VALIDATE_CERTS")},
        "ca_path": {"type": "path", "fallback": _from("SPAMEXPERTS_CA_PATH")},
        "ca_fingerprint": {"type": "str", "fallback": _from("SPAMEXPERTS_CA_FINGERPRINT")},
        "timeout": {"type": "int", "default": 60, "fallback": _from("SPAMEXPERTS_TIMEOUT")},
        "deadline": {"type": "int", "default": 300, "fallback": _from("SPAMEXPERTS_DEADLINE")},
        "retries": {"type": "int", "default": 3},
        "use_proxy": {"type": "bool", "default": True},
    }


def secrets_spec() -> Spec:
    """The texts to mask in the result; documented in the fragment ``_attributes.template_secrets``."""
    return {"template_secrets": {"type": "list", "elements": "str", "no_log": True}}


def _verify_spec() -> Spec:
    return {"verify_retries": {"type": "int", "default": 5}, "verify_delay": {"type": "int", "default": 2}}


def cluster_probe_spec() -> Spec:
    """All options of the module cluster_probe."""
    return {**connection_spec(), **secrets_spec(), "writes": {"type": "bool", "default": False}, **_verify_spec()}


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
        **_verify_spec(),
        "validate_templates": {"type": "str", "default": "warn", "choices": ["strict", "warn", "off"]},
    }
