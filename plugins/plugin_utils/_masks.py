# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Puts a secret back in a template in which it was masked."""

from __future__ import annotations

import itertools
import re
import typing as t

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._api.errors import MASK, OptionError
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    VERSION,
    TemplateError,
    compile_template,
    log_format,
    template_fields,
)

_ASTERISKS = re.compile(rf"(\*{{{len(MASK)},}})")
# A template of ours has two runs with an asterisk of its own. One with many is not worth the time.
_MOST = 1000


def unmasked(name: str, template: str, secret: str) -> str:
    """The template with the secret in place of each mask.

    Asterisks in multiples of eight are masks. Others can only be told apart in a template that a log format with ``*``
    as its delimiter makes. Raises OptionError if they cannot, or if the secret is missing.
    """
    parts = _ASTERISKS.split(template)
    if len(parts) == 1:
        return template
    if not secret:
        raise OptionError(
            f"{name} contains a masked secret; set spamexperts_restore_secret to the secret that was in it"
        )
    choices = [_readings(len(part), secret) if at % 2 else [part] for at, part in enumerate(parts)]
    if all(len(choice) == 1 for choice in choices):
        return "".join(choice[0] for choice in choices)
    texts = itertools.islice(map("".join, itertools.product(*choices)), _MOST + 1)
    made = [text for text in texts if _is_ours(text, secret)]
    if len(made) != 1:
        raise OptionError(
            f"{name} has asterisks of its own next to a masked secret, and they cannot be told apart; put the secret"
            " back by hand, and give the result in spamexperts_restore"
        )
    return made[0]


def _readings(asterisks: int, secret: str) -> t.List[str]:
    """All texts that a run of asterisks can stand for, with as many secrets as fit."""
    masks, own = divmod(asterisks, len(MASK))
    gaps = itertools.combinations(range(masks + own), masks)
    return ["".join(secret if at in places else "*" for at in range(masks + own)) for places in gaps]


def _is_ours(template: str, secret: str) -> bool:
    """Whether a log format compiles to the template."""
    head = re.match(rf"([^:]+): {re.escape(secret)}(.)(message|status)\2(?:{VERSION})\2", template, re.DOTALL)
    if not head:
        return False
    tag, delimiter, kind = head.groups()
    try:
        options = {
            "style": "printable" if delimiter.isprintable() else "fast",
            "tag": tag,
            "secret": secret,
            "delimiter": delimiter,
            f"{kind}_fields": template_fields(template),
            "allow_unknown_fields": True,
        }
        return compile_template(log_format(options), kind) == template
    except TemplateError:
        return False
