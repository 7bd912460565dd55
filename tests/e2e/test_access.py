# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may send: in rsyslogd, in the unit and in nftables; and the rules go when they are no longer wanted.

On the way the service has the allocator that is offered.
"""

from __future__ import annotations

from e2e.site import on

SECRET = "e2e-secret-0123456789"
UNIT = "spamexperts-receiver-firewall.service"


def heard(site, transport: str) -> int:
    """How many of 60 records of the cluster arrive."""
    site.configure({"secret": SECRET}, transport, spamexperts_force=True)
    before = site.receiver.position()
    site.cluster.flow(seed=site.seed(), messages=60)
    site.receiver.settle()
    return len(site.receiver.since(before)["messages"])


def tables(receiver) -> str:
    return receiver.run("nft", "list", "tables")


@on("debian12")
def test_allowed_senders(site, receiver):
    """On one release; molecule's scenario alternative has senders and firewall on both."""
    variables = {
        **site.variables({"secret": SECRET}, "udp"),
        "rsyslog_receiver_manage_firewall": True,
        "rsyslog_receiver_preload_allocator": True,
    }

    allowed = {"rsyslog_receiver_allowed_senders": [site.cluster.address, "2001:db8::/32"]}
    # That a second run changes nothing is tested by molecule's scenario alternative.
    assert site.changed(site.playbook("receiver", **variables, **allowed)) > 0
    assert "inet spamexperts_receiver" in tables(receiver)
    main = receiver.shell("systemctl show -P MainPID spamexperts-receiver")
    # Root of a container may not look into another user's process; that user may.
    maps = receiver.run("runuser", "-u", "spamexperts", "--", "cat", f"/proc/{main}/maps")
    assert "libtcmalloc_minimal" in maps
    assert [heard(site, transport) for transport in ("udp", "tcp")] == [60, 60]

    # By UDP only: Python's SysLogHandler would try for two minutes to connect.
    site.playbook("receiver", **variables, rsyslog_receiver_allowed_senders=["192.0.2.1"])
    assert heard(site, "udp") == 0
    refused = receiver.run("nft", "list", "set", "inet", "spamexperts_receiver", "refused_ip")
    assert refused.count(site.cluster.address) == 1

    # Without the firewall it is the unit, or rsyslogd, that refuses.
    without = {**variables, "rsyslog_receiver_manage_firewall": False}
    site.playbook("receiver", **without, rsyslog_receiver_allowed_senders=["192.0.2.1"])
    assert "spamexperts" not in tables(receiver)
    assert receiver.run("systemctl", "list-unit-files", "--no-legend", UNIT, check=False) == ""
    assert heard(site, "udp") == 0

    site.playbook("receiver", **without)
    assert [heard(site, transport) for transport in ("udp", "tcp")] == [60, 60]
