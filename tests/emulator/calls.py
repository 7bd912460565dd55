# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API's methods: text in, text out, no HTTP."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from .dialect import get_reply
from .faults import Reply
from .listings import find_reply, help_reply, queue_text, status_reply, status_text
from .prose import say
from .replay import Replay
from .state import State
from .switches import Switches
from .values import SETTINGS, valid

Arguments = Dict[str, str]

_CONTROLS = re.compile("[\x00-\x1f\x7f]")


class Calls:
    """The methods of one cluster."""

    def __init__(self, state: State, switches: Switches, nodes: Sequence[str], replay: Optional[Replay] = None) -> None:
        self._replay = replay
        self._state, self._switches, self._nodes = state, switches, tuple(nodes)
        self._methods: Dict[str, Tuple[Tuple[str, ...], Callable[[Arguments, str], str]]] = {
            "api_delivery_queue": ((), lambda _arguments, _language: queue_text(self._nodes)),
            "api_find_messages": (("domain",), self._find),
            "api_get_json_server_status": ((), self._status),
            "api_get_remote_syslog_server": ((), self._get),
            "api_get_server_status": ((), lambda _arguments, _language: status_text(self._nodes)),
            "api_help": ((), self._help),
            "api_set_outgoing_report_recipient": (("recipient",), self._report),
            "api_set_remote_syslog_server": (SETTINGS, self._set),
        }

    def language(self, pairs: Sequence[Tuple[str, str]]) -> str:
        """Return en or nl for a request, by the switch `translated` and the argument api_language."""
        how = self._switches["translated"]
        asked = dict(pairs).get("api_language") == "en"
        return "nl" if how == "always" or (how == "unless_asked" and not asked) else "en"

    def replayed(self, call: str) -> Optional[Reply]:
        """Return what a call gets by the file of a probe, if there is one and it says so."""
        return self._replay.reply(call, self._state.sets > 0) if self._replay else None

    def run(self, call: str, pairs: Sequence[Tuple[str, str]]) -> str:
        """Carry out one call and return the text of its reply."""
        language = self.language(pairs)
        if not call:
            return say(language, "no_call") + "\n"
        if call not in self._known():
            return say(language, "unknown_method", call=call) + "\n"
        if not self._allowed(call):
            return say(language, "permission", call=call) + "\n"
        _known, method = self._methods[call]
        known = self._arguments(call)
        arguments: Arguments = {}
        for name, value in pairs:
            if name in ("call", "api_language"):
                continue
            if name not in known:
                return say(language, "unknown_argument", name=name) + "\n"
            if name in arguments:
                return say(language, "repeated", name=name) + "\n"
            arguments[name] = value
        # An empty argument equals an omitted one (build 88125).
        return method({name: value for name, value in arguments.items() if value != ""}, language)

    def _known(self) -> List[str]:
        old = self._switches["status_format"] == "unknown"
        return [call for call in sorted(self._methods) if not (old and call == "api_get_json_server_status")]

    def _allowed(self, call: str) -> bool:
        return any(fnmatchcase(call, pattern) for pattern in self._switches.names("allowed_methods"))

    def _arguments(self, call: str) -> List[str]:
        old = self._switches["without_status_template"]
        return [name for name in self._methods[call][0] if not (old and name == "status_template")]

    def _notice(self, language: str) -> str:
        return say(language, "deprecated") + "\n" if self._switches["deprecated"] else ""

    def _get(self, _arguments: Arguments, language: str) -> str:
        snapshot = self._state.visible(self._switches["lag_s"])
        return self._notice(language) + get_reply(snapshot, self._state.defaults, self._switches, language)

    def _set(self, arguments: Arguments, language: str) -> str:
        fault = self._refusal(arguments, language)
        if fault:
            return fault + "\n"
        arguments = {name: self._without_controls(value) for name, value in arguments.items()}
        ignored = self._switches.names("ignore_set")
        failed = self._switches.names("node_fail")
        self._state.apply(
            arguments,
            self._switches["omitted"],
            SETTINGS if "all" in ignored else ignored,
            failed,
            self._switches["lag_reads"],
            self._switches["more_omitted"] == "clear",
        )
        if failed:
            return say(language, "node_fail", nodes=", ".join(failed)) + "\n"
        return self._done(language)

    def _done(self, language: str) -> str:
        how = self._switches["set_reply"]
        return self._notice(language) + {"empty": "", "newline": "\n", "quotes": '""\n'}.get(how, how + "\n")

    def _refusal(self, arguments: Arguments, language: str) -> Optional[str]:
        limit = self._switches["max_argument"]
        for name, value in arguments.items():
            if limit and len(value) > limit:
                return say(language, "too_long", name=name, limit=limit)
            if self._switches["controls"] == "refuse" and _CONTROLS.search(value):
                return say(language, "bad_value", name=name)
            if value != "default" and not valid(name, value, self._switches):
                return say(language, "bad_value", name=name)
        return None

    def _without_controls(self, value: str) -> str:
        replacement = {"remove": "", "blank": " "}.get(self._switches["controls"])
        return value if replacement is None else _CONTROLS.sub(replacement, value)

    def _status(self, _arguments: Arguments, language: str) -> str:
        if self._switches["status_format"] == "text":
            return status_text(self._nodes)
        return self._notice(language) + status_reply(self._nodes, self._switches)

    def _find(self, arguments: Arguments, language: str) -> str:
        return self._notice(language) + find_reply(arguments.get("domain", ""), self._switches["find_format"])

    def _report(self, arguments: Arguments, language: str) -> str:
        self._state.report_to(arguments.get("recipient", ""))
        return self._done(language)

    def _help(self, _arguments: Arguments, _language: str) -> str:
        shown = [call for call in self._known() if self._allowed(call) or not self._switches["help_filtered"]]
        return help_reply({call: self._arguments(call) for call in shown}, self._switches["help_layout"])
