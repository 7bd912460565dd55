# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The one table of the playbooks' variables: documentation, checks and surveys are made from it."""

from __future__ import annotations

import dataclasses
import typing as t

PREFIX = "spamexperts_"
SETTING_PLAYBOOKS = ("configure", "audit")
CLUSTER_PLAYBOOKS = ("configure", "audit", "restore", "status", "probe")
WRITING_PLAYBOOKS = ("configure", "restore")
RECEIVER_PLAYBOOKS = ("site", "receiver", "rotate_secret")
PLAYBOOKS = (*CLUSTER_PLAYBOOKS, *RECEIVER_PLAYBOOKS)


@dataclasses.dataclass(frozen=True)
class Variable:
    """A variable of the playbooks.

    type: a key of CHECKS in ``_given``, which checks the value.
    playbooks: those that read it; ``site`` and ``rotate_secret`` also run ``configure`` and ``receiver``.
    needed_by: those of them that cannot do without it.
    default: the value if it is not given. shown_default: what the documentation says instead of it.
    environment: the environment variable that is used if the variable is not given.
    survey: the playbooks whose job template asks for it. Only what belongs to a run: an answer, even a blank one, hides
    what the inventory says of a cluster.
    """

    name: str
    type: str
    playbooks: t.Tuple[str, ...]
    meaning: str
    question: str
    default: t.Any = None
    shown_default: str = ""
    needed_by: t.Tuple[str, ...] = ()
    secret: bool = False
    environment: str = ""
    choices: t.Tuple[str, ...] = ()
    minimum: int = 0
    survey: t.Tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name without the prefix."""
        return self.name[len(PREFIX) :]


VARIABLES = (
    Variable(
        "spamexperts_clusters",
        "hosts",
        CLUSTER_PLAYBOOKS,
        "group of the clusters in the inventory; only as an extra variable, because it determines the play's hosts",
        "Which group of clusters?",
        default="localhost",
        survey=(*CLUSTER_PLAYBOOKS, "rotate_secret"),
    ),
    Variable(
        "spamexperts_api_url",
        "api_url",
        CLUSTER_PLAYBOOKS,
        "address of the cluster's master, such as `https://master.example.com`",
        "What is the address of the cluster's master?",
        needed_by=CLUSTER_PLAYBOOKS,
        environment="SPAMEXPERTS_API_URL",
    ),
    Variable(
        "spamexperts_api_username",
        "text",
        CLUSTER_PLAYBOOKS,
        "name of the Software API user",
        "What is the name of the Software API user?",
        needed_by=CLUSTER_PLAYBOOKS,
        environment="SPAMEXPERTS_API_USERNAME",
    ),
    Variable(
        "spamexperts_api_password",
        "text",
        CLUSTER_PLAYBOOKS,
        "password of that user",
        "What is the password of the Software API user?",
        needed_by=CLUSTER_PLAYBOOKS,
        secret=True,
        environment="SPAMEXPERTS_API_PASSWORD",
    ),
    Variable(
        "spamexperts_ca_path",
        "text",
        CLUSTER_PLAYBOOKS,
        "PEM file with the CA certificates that the cluster's certificate is checked against",
        "Which file holds the CA certificates?",
        shown_default="the system's",
        environment="SPAMEXPERTS_CA_PATH",
    ),
    Variable(
        "spamexperts_ca_fingerprint",
        "text",
        CLUSTER_PLAYBOOKS,
        "SHA-256 fingerprint of the appliance's own certificate, which is then trusted",
        "What is the SHA-256 fingerprint of the appliance's certificate?",
        environment="SPAMEXPERTS_CA_FINGERPRINT",
    ),
    Variable(
        "spamexperts_validate_certs",
        "bool",
        CLUSTER_PLAYBOOKS,
        "whether to check the cluster's certificate",
        "Check the cluster's certificate?",
        shown_default="`true`",
        environment="SPAMEXPERTS_VALIDATE_CERTS",
    ),
    Variable(
        "spamexperts_timeout",
        "int",
        CLUSTER_PLAYBOOKS,
        "seconds to wait for a connection, and for each part of an answer",
        "How many seconds to wait for an answer?",
        shown_default="the modules'",
        environment="SPAMEXPERTS_TIMEOUT",
        minimum=1,
    ),
    Variable(
        "spamexperts_deadline",
        "int",
        CLUSTER_PLAYBOOKS,
        "seconds after which a task for a cluster ends in any case, retries included",
        "How many seconds may a task for a cluster take?",
        shown_default="the modules'",
        environment="SPAMEXPERTS_DEADLINE",
        minimum=1,
    ),
    Variable(
        "spamexperts_retries",
        "int",
        CLUSTER_PLAYBOOKS,
        "how often a read is repeated if the connection fails",
        "How often to repeat a read that failed?",
        shown_default="the modules'",
    ),
    Variable(
        "spamexperts_use_proxy",
        "bool",
        CLUSTER_PLAYBOOKS,
        "whether to use the proxy that the environment names",
        "Use the proxy that the environment names?",
        shown_default="`true`",
    ),
    Variable(
        "spamexperts_receiver_host",
        "host",
        SETTING_PLAYBOOKS,
        "name or address of the receiver, as the cluster reaches it",
        "What is the receiver's name or address, as the cluster reaches it?",
        needed_by=SETTING_PLAYBOOKS,
    ),
    Variable(
        "spamexperts_receiver_port",
        "port",
        (*SETTING_PLAYBOOKS, "site"),
        "its port",
        "What is the receiver's port?",
        default=5514,
    ),
    Variable(
        "spamexperts_receiver_transport",
        "socket_type",
        (*SETTING_PLAYBOOKS, "site"),
        "`udp` or `tcp`",
        "By which transport does the cluster send?",
        default="udp",
        choices=("udp", "tcp"),
    ),
    Variable(
        "spamexperts_log_format",
        "log_format",
        (*SETTING_PLAYBOOKS, "restore", "probe", *RECEIVER_PLAYBOOKS),
        "a dictionary, see [the log format](../README.md#the-log-format); `restore` and `probe` only hide its secrets",
        "What is the log format?",
        default={},
        secret=True,
    ),
    Variable(
        "spamexperts_facility",
        "facility",
        SETTING_PLAYBOOKS,
        "syslog facility, such as `local0`",
        "Which syslog facility?",
        shown_default="not managed",
    ),
    Variable(
        "spamexperts_level",
        "level",
        SETTING_PLAYBOOKS,
        "syslog level, such as `INFO`",
        "Which syslog level?",
        shown_default="not managed",
    ),
    Variable(
        "spamexperts_force",
        "bool",
        (*SETTING_PLAYBOOKS, "restore"),
        "write even if nothing differs, for a node that missed a write",
        "Write even if nothing differs?",
        default=False,
        survey=WRITING_PLAYBOOKS,
    ),
    Variable(
        "spamexperts_reapply",
        "bool",
        (*CLUSTER_PLAYBOOKS[:3], "site", "rotate_secret"),
        "write the settings again if a restart of a receiver in the same run cut a TCP connection",
        "Write the settings again if a restart of a receiver cut a connection?",
        default=False,
    ),
    Variable(
        "spamexperts_verify_retries",
        "int",
        (*SETTING_PLAYBOOKS, "restore", "probe"),
        "how often the settings are read again until they show what was written",
        "How often to read the settings again after a write?",
        shown_default="the modules'",
    ),
    Variable(
        "spamexperts_verify_delay",
        "int",
        (*SETTING_PLAYBOOKS, "restore", "probe"),
        "seconds between these reads",
        "How many seconds between these reads?",
        shown_default="the modules'",
    ),
    Variable(
        "spamexperts_validate_templates",
        "choice",
        (*SETTING_PLAYBOOKS, "restore"),
        "`strict`, `warn` or `off`: how to treat templates that lose records or contain unknown fields",
        "How to treat templates that lose records?",
        shown_default="`warn`; in `restore` `off`",
        choices=("strict", "warn", "off"),
        survey=("configure",),
    ),
    Variable(
        "spamexperts_serial",
        "serial",
        WRITING_PLAYBOOKS,
        "how many clusters are written to at a time: a number, a percentage such as `10%`, or a list of either; the run"
        " stops after the first such wave with a failure",
        "How many clusters at a time?",
        shown_default="all",
        survey=(*WRITING_PLAYBOOKS, "rotate_secret"),
    ),
    Variable(
        "spamexperts_backup_path",
        "path",
        (*WRITING_PLAYBOOKS, "probe"),
        "absolute path of a file on the controller that keeps the earlier settings, for `restore`; `probe` needs it for"
        " its writes",
        "Which file keeps the earlier settings?",
    ),
    Variable(
        "spamexperts_backup_artifact",
        "bool",
        (*WRITING_PLAYBOOKS, "probe"),
        "also pass the earlier settings on as an artifact of the job, secrets masked; anyone who may read the job sees"
        " them",
        "Keep the earlier settings as an artifact of the job?",
        default=False,
        survey=WRITING_PLAYBOOKS,
    ),
    Variable(
        "spamexperts_backup",
        "saved",
        WRITING_PLAYBOOKS,
        "what an earlier job of a workflow passed on with `spamexperts_backup_artifact`; `restore` takes it instead of"
        " the file, and `configure` adds to it",
        "What did an earlier job pass on as the backup?",
    ),
    Variable(
        "spamexperts_report_path",
        "path",
        ("audit", "status"),
        "absolute path of a file on the controller for the report as JSON, mode 0600; not written with `--check`",
        "Which file gets the report?",
    ),
    Variable(
        "spamexperts_fail_on_drift",
        "bool",
        ("audit",),
        "fail if a cluster differs; a cluster that cannot be read always fails the run",
        "Fail if a cluster differs?",
        default=False,
        survey=("audit",),
    ),
    Variable(
        "spamexperts_restore",
        "saved",
        ("restore",),
        "instead of the file: a result of the module `remote_syslog_server`, its `before` alone, or a dictionary of"
        " either by inventory host; text is read as YAML or JSON",
        "What is to be restored?",
        shown_default="the file `spamexperts_backup_path`",
        survey=("restore",),
    ),
    Variable(
        "spamexperts_restore_secret",
        "text",
        CLUSTER_PLAYBOOKS[:3],
        "what `restore` puts in place of `********`, which hides a secret in a template; without it, such a template is"
        " refused",
        "Which secret was in the templates that are to be restored?",
        secret=True,
    ),
    Variable(
        "spamexperts_max_queue",
        "int",
        ("status",),
        "fail if a queue of any cluster holds more messages than this",
        "How many messages may a queue hold?",
        survey=("status",),
    ),
    Variable(
        "spamexperts_probe_path",
        "path",
        ("probe",),
        "absolute path of a file on the controller for what `probe` finds, without any value of the cluster; written"
        " with `--check` as well",
        "Which file gets what the probe finds?",
        needed_by=("probe",),
    ),
    Variable(
        "spamexperts_probe_writes",
        "bool",
        ("probe",),
        "also write to the cluster, to find out what only a write can tell, and restore what was there",
        "Also write to the cluster, and restore what was there?",
        default=False,
    ),
    Variable(
        "spamexperts_receivers",
        "hosts",
        RECEIVER_PLAYBOOKS,
        "group of the receivers in the inventory; only as an extra variable",
        "Which group of receivers?",
        default="spamexperts_receivers",
        survey=("receiver", "rotate_secret"),
    ),
    Variable(
        "spamexperts_become",
        "bool",
        RECEIVER_PLAYBOOKS,
        "whether to become root on the receivers",
        "Become root on the receivers?",
        default=True,
    ),
    Variable(
        "spamexperts_proof_timeout",
        "int",
        ("site", "rotate_secret"),
        "seconds to wait for the proof that records arrive; `0` skips it in `site`",
        "How many seconds to wait for records?",
        shown_default="`60` in `site`, `300` in `rotate_secret`",
        survey=("rotate_secret",),
    ),
    Variable(
        "spamexperts_retired_nodes",
        "list",
        ("rotate_secret",),
        "nodes that no longer exist, so that nobody waits for them",
        "Which nodes no longer exist?",
        default=[],
        survey=("rotate_secret",),
    ),
)
BY_NAME = {variable.name: variable for variable in VARIABLES}
# What the playbooks and the inventory plugin set themselves and what looks like a misspelt name from the table.
OWN = ("spamexperts_cluster", "spamexperts_counters")


def of_playbook(playbook: str) -> t.Tuple[Variable, ...]:
    """The variables that a playbook reads."""
    return tuple(variable for variable in VARIABLES if playbook in variable.playbooks)
