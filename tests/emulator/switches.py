# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every unknown of the product and every fault, as one named switch each."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Tuple, Union

Kind = Union[type, Tuple[str, ...]]


@dataclass(frozen=True)
class Switch:
    """One switch: `kind` is a type (bool, int, float, str) or the tuple of the words allowed."""

    name: str
    default: Any
    kind: Kind
    meaning: str

    def parse(self, value: Any) -> Any:
        """Return `value` (text or already typed) in this switch's type; raise ValueError when it does not fit."""
        if isinstance(self.kind, tuple):
            if isinstance(value, bool):
                value = "true" if value else "false"
            if str(value) not in self.kind:
                raise ValueError("{}: {!r} is none of {}".format(self.name, value, ", ".join(self.kind)))
            return str(value)
        if self.kind is bool:
            if isinstance(value, str):
                if value.lower() not in ("true", "false", "yes", "no", "on", "off", "1", "0"):
                    raise ValueError(f"{self.name}: {value!r} is neither true nor false")
                return value.lower() in ("true", "yes", "on", "1")
            return bool(value)
        try:
            return self.kind(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self.name}: {value!r} is not a valid {self.kind.__name__}") from error


SWITCHES: Tuple[Switch, ...] = (
    # -- how the reply to the get call looks
    Switch(
        "get_format",
        "kv_colon",
        ("kv_colon", "kv_equals", "kv_blank", "repr", "json", "csv", "tuple"),
        "layout of the reply to the get call",
    ),
    Switch(
        "labels",
        "plain",
        ("plain", "title", "capital"),
        "labels as socket_type, Socket Type or Socket_type (kv formats)",
    ),
    Switch(
        "get_order", "signature", ("signature", "sorted"), "order of the values (csv and tuple: always the signature's)"
    ),
    Switch(
        "native_types",
        "true",
        ("true", "false", "long"),
        "json, repr and tuple show numbers and booleans as such, not as text; long: as Python 2 does, 514L",
    ),
    Switch("line_end", "lf", ("lf", "crlf"), "line ends of every reply"),
    Switch("last_line_end", True, bool, "the reply to the get call ends with a line end"),
    Switch("bom", False, bool, "every non-empty reply starts with a UTF-8 byte order mark"),
    Switch("charset", "utf-8", ("utf-8", "latin-1"), "encoding of every reply"),
    Switch(
        "more_settings", "", str, "settings (comma-separated NAME=VALUE) of a newer build that the get call shows too"
    ),
    Switch(
        "more_place",
        "last",
        ("first", "after_template", "last"),
        "where they are: before the others, after message_template, at the end (csv and tuple: always at the end)",
    ),
    Switch("label_missing", "", str, "settings (comma-separated) that the get call leaves out"),
    Switch(
        "warnings",
        "before",
        ("before", "inline", "after", "none"),
        "where the get call puts the warning on a value that is not the default",
    ),
    Switch(
        "warn_when",
        "differs",
        ("differs", "pinned"),
        "warn when the value differs from the default, or whenever it was set to a literal",
    ),
    Switch("deprecated", False, bool, "the replies of get, set and find calls start with a deprecation notice"),
    Switch(
        "translated",
        "none",
        ("none", "unless_asked", "always"),
        "prose in Dutch: never; unless api_language=en is sent; always",
    ),
    # -- how values are spelled
    Switch(
        "socket_spelling",
        "as_set",
        ("as_set", "udp", "UDP", "SOCK_DGRAM", "datagram", "numeric"),
        "spelling of socket_type (tcp is spelled likewise: SOCK_STREAM, stream, 1)",
    ),
    Switch(
        "facility_spelling", "as_set", ("as_set", "local0", "LOCAL0", "LOG_LOCAL0", "numeric"), "spelling of facility"
    ),
    Switch(
        "level_spelling",
        "as_set",
        ("as_set", "INFO", "info", "numeric", "syslog"),
        "spelling of level (20, or syslog's 6)",
    ),
    Switch(
        "bool_spelling",
        "as_set",
        ("as_set", "True", "true", "1", "yes", "on", "enabled", "t"),
        "spelling of enabled (False, false, 0, no, off, disabled, f)",
    ),
    Switch("accept_spelling", "any", ("any", "own"), "a set call takes any spelling, or only the one that is shown"),
    Switch(
        "template_mangle",
        "none",
        ("none", "quoted", "single_quoted", "trailing_blank", "trimmed", "spanning", "folded"),
        "how templates come back: in quotes, with changed blanks at the end, over several lines",
    ),
    # -- what the set call means
    Switch("omitted", "keep", ("keep", "default", "clear"), "meaning of an argument that is omitted (or empty)"),
    Switch(
        "more_omitted", "keep", ("keep", "clear"), "what a set call, which does not name them, does to more_settings"
    ),
    Switch(
        "set_reply",
        "empty",
        ("empty", "newline", "quotes", "OK", "None", "True", "0"),
        "what a successful set call answers: nothing, a line end, two quotes, or that word",
    ),
    Switch("without_status_template", False, bool, "a build of 2015 that does not know status_template"),
    Switch("max_argument", 0, int, "longest argument in characters that is taken; 0: no limit"),
    Switch(
        "controls",
        "keep",
        ("keep", "remove", "blank", "refuse"),
        "control characters in an argument: kept, left out, turned into blanks, or a reason to refuse the call",
    ),
    Switch("semicolon", "split", ("split", "data"), "a bare ; in the query separates arguments, or is data"),
    Switch("ignore_set", "", str, "settings (comma-separated, or all) that a set call silently does not change"),
    Switch("lag_s", 0.0, float, "a get call shows the settings as they were so many seconds ago"),
    Switch("lag_reads", 0, int, "after a set call, so many get calls still show the old settings"),
    Switch("node_fail", "", str, "nodes (comma-separated) that a set call does not reach; its reply says so"),
    # -- what other calls answer
    Switch(
        "allowed_methods",
        "*",
        str,
        "methods (comma-separated patterns) that this API user may call; others answer the permission text",
    ),
    Switch("help_filtered", False, bool, "api_help lists only the methods that this API user may call"),
    Switch(
        "help_layout",
        "signature",
        ("signature", "wrapped", "described", "names"),
        "api_help: a signature a line; an argument a line; a description below each signature; names only",
    ),
    Switch(
        "status_format",
        "json",
        ("json", "text", "unknown"),
        "api_get_json_server_status answers JSON; the text of api_get_server_status; or is an unknown method",
    ),
    Switch("status_missing", "", str, "keys (comma-separated) that no node has in the JSON status"),
    Switch("status_null", "", str, "nodes (comma-separated) whose JSON status is null"),
    Switch("status_numbers", "native", ("native", "text"), "numbers in the JSON status are numbers, or text"),
    Switch("status_extra", False, bool, "nodes have more keys in the JSON status, nested ones among them"),
    Switch("find_format", "csv", ("csv", "tab", "json", "labelled"), "layout of the reply to api_find_messages"),
    # -- HTTP
    Switch("auth", "basic", ("basic", "digest", "both"), "authentication scheme that is offered and taken"),
    Switch(
        "tls",
        "good",
        ("good", "wrong_name", "expired", "self_signed", "unknown_ca", "version_1", "none"),
        "the certificate shown; none: plain HTTP",
    ),
    Switch("slow_s", 0.0, float, "seconds to wait before answering"),
    Switch("together", 0, int, "so many calls of each method are carried out before the first of them is answered"),
    Switch(
        "fault",
        "none",
        (
            "none",
            "unauthorized",
            "credential_text",
            "permission",
            "forbidden",
            "ip_restricted",
            "unknown_method",
            "html",
            "login_page",
            "traceback",
            "sqlstate",
            "server_error",
            "unavailable",
            "redirect",
            "bad_redirect",
            "dropped",
            "truncated",
            "cut",
            "clipped",
            "empty",
            "drip",
            "drip_body",
            "endless",
            "bomb",
        ),
        "what a call gets instead of its reply",
    ),
    Switch("fault_calls", "*", str, "calls (comma-separated patterns, such as api_set_*) the fault is for"),
    Switch(
        "fault_when",
        "before",
        ("before", "after"),
        "the fault comes before the call did anything, or after it took effect",
    ),
    Switch("fault_skip", 0, int, "matching calls that are answered well before the fault starts"),
    Switch("fault_count", 0, int, "how often the fault happens; 0: for ever"),
    Switch("retry_after", -1, int, "seconds in the Retry-After header of `unavailable`; -1: no header"),
    Switch("drip_s", 1.0, float, "seconds between two bytes of `drip` and `drip_body`"),
    # -- log stream
    Switch(
        "level_meaning",
        "record",
        ("record", "threshold"),
        "records are logged at the level set, or at INFO and only when INFO reaches the level set",
    ),
    Switch(
        "sender_reconnects",
        "on_set",
        ("on_set", "on_change", "never"),
        "a node opens a new socket after every set call, only after one that changed something, or never again",
    ),
    Switch(
        "sender_text",
        "strict",
        ("strict", "bytes"),
        "text that is not UTF-8 is lost in the node (Python 3), or sent as raw bytes (Python 2)",
    ),
    Switch("time_format", "text", ("text", "epoch", "iso"), "timestamp and delivery_date in the records"),
)

BY_NAME: Dict[str, Switch] = {switch.name: switch for switch in SWITCHES}


class Switches:
    """The current position of all switches; safe to change while the emulator runs."""

    def __init__(self, **values: Any) -> None:
        self._lock = threading.Lock()
        self._values = {switch.name: switch.default for switch in SWITCHES}
        self._listeners: List[Callable[[Dict[str, Any]], None]] = []
        self.update(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def names(self, name: str) -> Tuple[str, ...]:
        """Return a comma-separated switch as a tuple of words."""
        return tuple(word.strip() for word in self._values[name].split(",") if word.strip())

    def listen(self, listener: Callable[[Dict[str, Any]], None]) -> None:
        """Call `listener` with the switches set, after each update."""
        self._listeners.append(listener)

    def update(self, values: Dict[str, Any]) -> None:
        """Set several switches at once, or none: raise ValueError when a name or a value is not known."""
        unknown = sorted(set(values) - set(BY_NAME))
        if unknown:
            raise ValueError("unknown switch: {}".format(", ".join(unknown)))
        parsed = {name: BY_NAME[name].parse(value) for name, value in values.items()}
        with self._lock:
            self._values = {**self._values, **parsed}
        for listener in self._listeners:
            listener(parsed)

    def reset(self) -> None:
        """Put every switch back to its default."""
        self.update({switch.name: switch.default for switch in SWITCHES})

    def as_dict(self) -> Dict[str, Any]:
        """Return a copy of all positions."""
        return dict(self._values)
