# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What cluster_probe does: ask what can be asked without a change, and say how the cluster answers, but not what."""

from __future__ import annotations

import typing as t

from .._api.client import Client, Connection
from .._api.errors import ApiError
from .._remote_syslog.reply import parse_settings
from .._remote_syslog.write import GET
from .certificate import connection_facts
from .facts import bytes_facts, cause_of, header_facts, help_facts, settings_facts, status_facts
from .lines import error_lines, help_lines, settings_lines, status_lines
from .say import NOT_WRITTEN, sentences, write_sentences
from .trial import plan, trial
from .words import HELP, STATUS

Facts = t.Dict[str, t.Any]
Result = t.Dict[str, t.Any]

# The version of what a report holds. The emulator refuses another one.
FORMAT = 1
# Characters of a reply that are looked at. More of them say nothing new about a layout.
_LONGEST = 1_000_000


class _Seen:
    """The responses of one call, the last one last, and what their connection was."""

    def __init__(self) -> None:
        self.responses: t.List[t.Any] = []
        self.connection: Facts = {}

    def __call__(self, response: t.Any) -> None:
        self.responses.append(response)
        self.connection = connection_facts(response) or self.connection


def run_probe(params: t.Mapping[str, t.Any], check_mode: bool) -> Result:
    """The result of cluster_probe. Raises ApiError, after writes only if what was there could not be restored."""
    result = probe(params)
    read = result["report"]["calls"][GET].get("read")
    if not params["writes"] or read is None:
        return result
    if read["unknown_settings"]:
        # A write leaves them out, and nothing could bring them back.
        return {**result, "lines": [*result["lines"], NOT_WRITTEN]}
    if check_mode:
        return {**result, **plan(params), "changed": True}
    try:
        facts, written, message = trial(params)
    except ApiError as error:
        raise error.extended("", {**result, **error.result}) from None
    report = {**result["report"], "writes": facts}
    return {**result, **written, "report": report, "lines": [*result["lines"], *write_sentences(facts, message)]}


def probe(params: t.Mapping[str, t.Any]) -> Result:
    """The result of cluster_probe without writes. Raises ApiError only for options that cannot be used."""
    seen, failures = _Seen(), {}
    calls: Facts = {}
    with Client(Connection.from_options(params), seen) as client:
        for call, lines, facts in (
            (GET, _settings_lines, reading_of),
            (HELP, help_lines, help_facts),
            (STATUS, status_lines, status_facts),
        ):
            calls[call], failure = _asked(client, seen, call, lines, facts)
            failures.update({call: failure} if failure else {})
        trust = client.connection.trust
        checked = "fingerprint" if trust.fingerprint else trust.source or ("system" if trust.verify else "not checked")
    report = {"format": FORMAT, "connection": {**seen.connection, "checked": checked}, "calls": calls}
    return {
        "changed": False,
        "report": report,
        "answered": "status" in calls[GET] and calls[GET]["status"] == 200,
        "lines": sentences(report, failures),
    }


def reading_of(text: str) -> Facts:
    """What the module makes of a get call's reply. Raises ReplyError."""
    return settings_facts(text, parse_settings(text))


def _settings_lines(text: str) -> t.List[str]:
    try:
        return settings_lines(text, parse_settings(text).layout)
    except ApiError:
        return settings_lines(text, None)


def _asked(
    client: Client,
    seen: _Seen,
    call: str,
    lines: t.Callable[[str], t.List[str]],
    facts: t.Callable[[str], Facts],
) -> t.Tuple[Facts, str]:
    """What can be said of the answer to a call, and the message of its failure."""
    seen.responses.clear()
    found: Facts = {}
    try:
        text = client.read(call)
        found = {**_response_facts(seen), "lines": lines(text[:_LONGEST])}
        return {**found, "read": facts(text)}, ""
    except ApiError as error:
        # The message of an unreadable reply quotes it, which is for the screen and not for the file.
        if not found and seen.responses and seen.responses[-1]._content_consumed:
            found = {**_response_facts(seen), "lines": error_lines(_text(seen.responses[-1].content)[:_LONGEST])}
        cause = {} if "lines" in found and found.get("status") == 200 else {"cause": cause_of(error.message)}
        return {**found, "failure": error.failure_class, **cause}, client.redact(error.message)


def _response_facts(seen: _Seen) -> Facts:
    response = seen.responses[-1]
    offers = [one.headers.get("WWW-Authenticate", "").lower() for one in seen.responses]
    return {
        "status": response.status_code,
        "http": {10: "1.0", 11: "1.1"}.get(response.raw.version, "other"),
        "login": "digest" if any("digest" in offer for offer in offers) else "basic",
        "headers": header_facts(response.headers),
        **bytes_facts(response.content),
    }


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
