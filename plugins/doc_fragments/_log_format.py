# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # For filters whose input is a log format.
    DOCUMENTATION = r"""
options:
  _input:
    description:
      - The log format, conventionally the variable V(spamexperts_log_format). Every key has a default, so C({}) is a
        log format.
    type: dict
    required: true
    suboptions:
      message_fields:
        description: Names of the fields of a message record. The default is the list in the vendor's example call.
        type: list
        elements: str
      status_fields:
        description: Names of the fields of a status record. The default is the list in the vendor's example call.
        type: list
        elements: str
      style:
        description:
          - How a record is written.
          - V(printable) uses printable characters only, and mail content can neither forge a record nor send one to
            quarantine.
          - V(fast) separates the fields with one control character. Nobody outside the vendor knows whether that
            survives the product's API, so look at real records first.
          - V(csv) is the vendor's quoted list, which mail content can break and forge.
        type: str
        choices: [printable, fast, csv]
        default: printable
      tag:
        description:
          - The word at the start of a record, up to 31 letters, digits, C(_), C(.) or C(-). Not used by V(csv).
        type: str
        default: spamexperts
      secret:
        description:
          - 16 to 64 letters, digits, C(_) or C(-) that only the cluster and the receiver know. Without a secret,
            records can be forged. Keep it in a vault. V(csv) cannot have one.
        type: str
      previous_secrets:
        description: Older secrets that the receiver still accepts.
        type: list
        elements: str
      delimiter:
        description:
          - The character between fields. With V(printable) it is one of C(| ; , ! ^ ~ * $ @ =), by default C(|). With
            V(fast) it is a control character other than NUL, tab, CR and LF, by default 0x1f. With V(csv) it cannot be
            chosen.
        type: str
      allow_unknown_fields:
        description:
          - Accept field names that this collection does not know. Their values are kept under V(spamexperts.extra).
        type: bool
        default: false
"""

    # For filters that take a log format as an argument. Annotated, because ansible-test takes the other assignments of
    # this class for literals.
    ARGUMENT: str = DOCUMENTATION.replace("_input:", "log_format:", 1)
