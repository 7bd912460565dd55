#!/usr/bin/python
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: remote_syslog_server
short_description: Set where and how a SpamExperts Local Cloud sends its mail logs
version_added: 0.1.0
author:
  - spamexperts.local_cloud contributors (!UNKNOWN)
description:
  - Brings the remote syslog settings of a SpamExperts (N-able) Local Cloud cluster to a desired state through its
    Software API. It does not work with Hosted Cloud.
  - The options for settings mirror the arguments of the API call C(api_set_remote_syslog_server). None of them has a
    default. A setting whose option is not given stays as it is.
  - The word V(default) as the value of a setting resets that setting to the product's default, like O(reset). So this
    word cannot be the literal value of any setting.
  - Settings are read, compared in canonical form, written only if one differs, and read again. A write always carries
    all eight settings, and settings that are known to follow the product's default keep following it.
  - A write can carry an empty value for O(host) only. Any other setting that is empty needs an option or O(reset).
extends_documentation_fragment:
  - spamexperts.local_cloud._connection
  - spamexperts.local_cloud._attributes
  - spamexperts.local_cloud._attributes.actiongroup_api
  - spamexperts.local_cloud._attributes.template_secrets
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - The diff shows the settings that the task manages, each field of a template on a line of its own, under the
        address of the cluster. The secrets in O(template_secrets) are masked.
  idempotent:
    support: partial
    details:
      - Only the warnings that the cluster prints with the settings show whether a setting follows the product's
        default. If a cluster with a host prints no warnings, a task that uses O(reset) or V(default) reports a change
        every time. A task without them is idempotent.
      - If a cluster has no host, prints no warnings and sends nothing, O(reset) and V(default) write nothing unless
        O(force) is set.
options:
  host:
    description:
      - Name or IP address of the syslog server. Write IPv6 addresses without brackets, and internationalised names in
        their C(xn--) form.
      - An empty text removes the host, which is refused while O(enabled) is V(true).
    type: str
  port:
    description:
      - Port of the syslog server, a number from 1 to 65535, or V(default).
    type: raw
  facility:
    description:
      - Syslog facility of the records, V(kern) to V(local7), or V(default).
      - Other spellings are accepted too; V(LOG_LOCAL0) and V(16), for example, mean V(local0).
    type: str
  socket_type:
    description:
      - Transport of the records. With V(tcp) each record ends with a NUL instead of a line feed, and the receiver must
        expect that.
    type: str
    choices:
      - udp
      - tcp
      - default
  level:
    description:
      - Level of the records, V(DEBUG), V(INFO), V(WARNING), V(ERROR) or V(CRITICAL), in any case, or V(default).
        V(NOTICE), V(ALERT) and V(EMERG) are passed on too.
      - Other spellings are accepted too; V(warn), V(30) and syslog's V(4), for example, mean V(WARNING), and
        V(informational) means V(INFO).
    type: str
  enabled:
    description:
      - Whether logs are sent, V(true) or V(false), or V(default).
      - It cannot be V(true) while the cluster has no host to send to.
    type: raw
  message_template:
    description:
      - Template of the record that is sent after a message was processed, with fields such as V(%(id\)s).
      - It must not contain line feeds, carriage returns or NUL characters, because each of them ends a record.
      - The filter P(spamexperts.local_cloud.message_template#filter) compiles one from a log format.
    type: str
  status_template:
    description:
      - Template of the record that is sent when the status of a message changes, for example when it is released from
        quarantine.
      - The rules of O(message_template) apply. The filter P(spamexperts.local_cloud.status_template#filter) compiles
        one from a log format.
    type: str
  reset:
    description:
      - Settings to reset to the product's default. A setting cannot be listed here and also have a value.
    type: list
    elements: str
    choices:
      - host
      - port
      - facility
      - socket_type
      - message_template
      - enabled
      - level
      - status_template
  force:
    description:
      - Write the settings even if the cluster already shows the wanted values. The task then always reports a change.
      - Use it if a node missed a write, or to make nodes reopen their connection, which they may do when their settings
        are written.
    type: bool
    default: false
    version_added: 0.2.0
  verify:
    description:
      - Whether to read the settings again after a write, and to fail if one of them did not take effect.
      - A write that the cluster answers with unknown words, such as C(OK), succeeds only if the settings that are read
        again show that it took effect. So with V(false) it fails.
    type: bool
    default: true
  verify_retries:
    description:
      - How often the settings are read again while they do not yet show what was written.
    type: int
    default: 5
  verify_delay:
    description:
      - Seconds between these reads.
    type: int
    default: 2
  validate_templates:
    description:
      - How templates are checked. A stray C(%), a tab, or more than one kind of control character makes the
        cluster lose records, and is refused unless this is V(off).
      - With V(warn), an unknown field name, a status field in a message template and text outside ASCII cause one
        warning. With V(strict), they are refused too. A cluster may lose every record if it lacks a field that the
        template names.
    type: str
    default: warn
    choices:
      - strict
      - warn
      - 'off'
seealso:
  - module: spamexperts.local_cloud.remote_syslog_server_info
  - plugin: spamexperts.local_cloud.message_template
    plugin_type: filter
  - plugin: spamexperts.local_cloud.status_template
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Send mail logs to a syslog server
  spamexperts.local_cloud.remote_syslog_server:
    api_url: https://master.example.com
    api_username: apiuser
    api_password: "{{ vault_api_password }}"
    host: syslog.example.com
    port: 5514
    socket_type: tcp
    enabled: true
    message_template: "{{ spamexperts_log_format | spamexperts.local_cloud.message_template }}"
    status_template: "{{ spamexperts_log_format | spamexperts.local_cloud.status_template }}"
  delegate_to: localhost

- name: The example call of the vendor's documentation
  spamexperts.local_cloud.remote_syslog_server:
    api_url: https://example.com/cgi-bin/api
    api_username: apiuser
    api_password: "{{ vault_api_password }}"
    host: remote.example.com
    enabled: true
    # The csv style compiles to the templates of that call, to the letter.
    message_template: "{{ {'style': 'csv'} | spamexperts.local_cloud.message_template }}"
    status_template: "{{ {'style': 'csv'} | spamexperts.local_cloud.status_template }}"
  delegate_to: localhost

- name: Stop sending, and reset level and port to the product's default
  spamexperts.local_cloud.remote_syslog_server:
    enabled: false
    reset:
      - level
      - port
  # The connection comes from the environment variables, or from module_defaults.
  delegate_to: localhost
  environment:
    SPAMEXPERTS_API_URL: https://master.example.com
    SPAMEXPERTS_API_USERNAME: apiuser
    SPAMEXPERTS_API_PASSWORD: "{{ vault_api_password }}"
"""

RETURN = r"""
settings:
  description:
    - The eight settings after the task, in canonical form and valid as options of this module; in check mode, the
      settings as they would be.
    - In check mode, the word V(default) stands for a default that the cluster does not show.
    - On failure, it is returned if the settings could be read after a write.
  returned: success, and failure after a write
  type: dict
  sample:
    enabled: true
    facility: local0
    host: syslog.example.com
    level: INFO
    message_template: '"%(id)s","%(status)s"'
    port: 514
    socket_type: udp
    status_template: '"%(id)s","%(status)s","%(delivery_data)s"'
before:
  description:
    - The eight settings before the task. Given as options to this module they restore that state, with those named in
      RV(before_defaults) listed in O(reset) instead.
    - If O(template_secrets) masked a text in a template, put that text back first.
  returned: success, and failure after a write
  type: dict
  sample:
    enabled: false
    facility: local0
    host: ''
    level: INFO
    message_template: '"%(id)s","%(status)s"'
    port: 514
    socket_type: udp
    status_template: '"%(id)s","%(status)s","%(delivery_data)s"'
before_defaults:
  description:
    - Names of the settings that were known to follow the product's default; empty if the cluster printed no warnings.
    - If a write shows that a setting did not follow it, the setting is left out, and the task fails and names it.
  returned: success, and failure after a write
  type: list
  elements: str
  version_added: 0.2.0
  sample:
    - facility
    - level
before_untouched:
  description:
    - Whether all settings are known to have followed the product's default. This is known only after a write, if a
      cluster that printed no warnings before then prints some.
    - The playbook C(spamexperts.local_cloud.restore) then resets all settings to the product's default.
  returned: success, and failure after a write
  type: bool
  version_added: 0.2.0
  sample: false
changed_keys:
  description: Names of the settings that the task changed, or would change in check mode.
  returned: success, and failure after a write
  type: list
  elements: str
  sample:
    - host
    - enabled
unknown_settings:
  description:
    - Settings that the cluster shows and this collection does not know, as text by name. Usually empty.
    - A write cannot carry them. Whether that clears them depends on the cluster, so a task that writes warns and says
      what became of them.
  returned: success
  type: dict
  version_added: 0.2.0
  sample: {}
defaults:
  description:
    - The settings that are known to follow the product's default, with their values.
    - Empty if the cluster prints no warnings about settings, because then nothing is known.
  returned: success
  type: dict
  sample:
    facility: local0
    level: INFO
api_messages:
  description: Lines of the cluster's replies that are not settings, such as warnings and unknown answers to a write.
  returned: success
  type: list
  elements: str
  sample:
    - "Warning: the value of 'host' is not the default. The default value is: ''"
verified:
  description:
    - Whether the settings were read and found to be as the task wants them.
    - It is V(false) in check mode if there is something to change, after a write with O(verify=false), and after a
      reset that the cluster does not show. Without warnings, a reset shows only if it changes the value.
  returned: success, and failure after a write
  type: bool
  sample: true
failure_class:
  description:
    - The kind of failure, for C(rescue) blocks and reports.
    - One of V(auth), V(permission), V(ip_restricted), V(unknown_method), V(bad_argument), V(not_plaintext),
      V(transport), V(tls), V(node), V(verify) and V(internal).
    - C(changed) is V(true) on failure if a write was sent and the cluster did not refuse it.
  returned: failure
  type: str
  sample: verify
"""

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._args import remote_syslog_server_spec
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._module import ModuleDefinition, run_module
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._remote_syslog.apply import apply_settings

DEFINITION = ModuleDefinition(spec=remote_syslog_server_spec(), run=apply_settings)


def main() -> None:
    """Run as a module."""
    run_module(DEFINITION)


if __name__ == "__main__":
    main()
