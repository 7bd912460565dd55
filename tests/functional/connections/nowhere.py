# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A machine that cannot be reached."""

from __future__ import annotations

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: nowhere
short_description: A machine that cannot be reached
description: For tests. Does nothing.
author: spamexperts.local_cloud contributors (!UNKNOWN)
options: {}
extends_documentation_fragment:
  - connection_pipelining
"""


class Connection(Local):
    """Fails whatever it is asked for."""

    transport = "nowhere"

    def exec_command(self, *_args, **_kwargs):
        raise AnsibleConnectionFailure("no route to this host")

    put_file = fetch_file = exec_command
