# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""This machine, as another one would look: not the local connection, so that modules are sent and started there."""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: elsewhere
short_description: This machine under another name
description: For tests. Does what the connection ansible.builtin.local does.
author: spamexperts.local_cloud contributors (!UNKNOWN)
options: {}
extends_documentation_fragment:
  - connection_pipelining
"""


class Connection(Local):
    """The local connection, which no longer says that it is one."""

    transport = "elsewhere"
