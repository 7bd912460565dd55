# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What is known of a reply, in words of this collection: never anything of the reply itself."""

from __future__ import annotations

import re
import typing as t

from .._api.answer import lines_of
from .._api.help import parse_help
from .._api.server_status import nodes_of, parse_status
from .._remote_syslog.layouts import LABEL, setting
from .._remote_syslog.reply import is_warning, names_a_setting
from .._remote_syslog.settings import NAMES, TEMPLATES, Reply, Settings
from .shape import LIKE, like
from .words import CHARSETS, CODINGS, MEDIA, SCHEMES, SERVERS

Facts = t.Dict[str, t.Any]

# What a failure of the connection is about, by the words of its message; the first that fits counts.
_CAUSES = (
    ("expired", "certificate has expired"),
    ("not valid yet", "not valid yet"),
    ("wrong name", "certificate is for another name"),
    ("self-signed", "certificate is self-signed"),
    ("unknown CA", "CA that signed the server's certificate"),
    ("unusable certificate", "certificate cannot be checked"),
    ("other certificate", "SHA-256 fingerprint"),
    ("no TLS", "does not speak TLS"),
    ("proxy", "proxy"),
    ("redirect", "redirects"),
    ("too slow", "within"),
    ("too long", "sent more than"),
    ("cut off", "only a part"),
    ("compressed", "compress"),
    ("compressed", "cannot be decompressed"),
    ("login refused", "refused the login"),
    ("access denied", "HTTP 403"),
    ("error status", "answered HTTP"),
    ("unreachable", "cannot be reached"),
    ("broken connection", "connection failed"),
    ("TLS", "TLS failed"),
)


def cause_of(message: str) -> str:
    """What a failure of the connection is about."""
    return next((cause for cause, words in _CAUSES if words in message), "other")


def bytes_facts(body: bytes) -> Facts:
    """Line ends and encoding of a reply."""
    crlf, all_of_them = body.count(b"\r\n"), body.count(b"\n")
    ends = "none" if not all_of_them else "crlf" if crlf == all_of_them else "lf" if not crlf else "mixed"
    return {
        "line_ends": ends,
        "ends_with_line_end": body.endswith(b"\n"),
        "byte_order_mark": body.startswith(b"\xef\xbb\xbf"),
        "encoding": _encoding(body),
    }


def _encoding(body: bytes) -> str:
    for encoding in ("ascii", "utf-8"):
        try:
            body.lstrip(b"\xef\xbb\xbf").decode(encoding)
            return encoding
        except UnicodeDecodeError:
            pass
    return "latin-1"


def header_facts(headers: t.Mapping[str, str]) -> Facts:
    """The headers that matter; of each what is known of it, and no more."""
    media, _semicolon, more = headers.get("Content-Type", "").partition(";")
    charset = more.partition("charset=")[2].strip("\"' ").lower()
    found = {
        "content_type": _known(media.strip().lower(), MEDIA),
        "charset": _known(charset, CHARSETS),
        "server": _server(headers.get("Server", "")),
        "authentication": sorted(
            scheme for scheme in SCHEMES if re.search(rf"\b{scheme}\b", headers.get("WWW-Authenticate", "").lower())
        ),
        **{
            name.lower().replace("-", "_"): _known(headers.get(name, "").strip().lower(), CODINGS)
            for name in ("Transfer-Encoding", "Content-Encoding", "Connection")
        },
        **{
            name.lower().replace("-", "_"): name in headers
            for name in ("Content-Length", "Location", "Retry-After", "Set-Cookie")
        },
    }
    return {name: fact for name, fact in found.items() if fact}


def _known(text: str, known: t.Collection[str]) -> str:
    return text if text in known else "other" if text else ""


def _server(text: str) -> str:
    """The name of a known web server, and its version: an address has more parts than that."""
    match = re.match(r"(\w+)(?:/([0-9]{1,3}(?:\.[0-9]{1,3}){0,2})(?![\w.]))?", text)
    if match is None or match[1].lower() not in SERVERS:
        return "other" if text else ""
    return match[1].lower() + (f"/{match[2]}" if match[2] else "")


def settings_facts(text: str, reply: Reply) -> Facts:
    """What the module made of a get call's reply. Raises ReplyError where a value does not fit its setting."""
    settings = Settings.from_api(reply)
    lines = lines_of(text)
    return {
        "layout": reply.layout,
        "labels": next((m[1] for m in map(LABEL.match, lines) if m and setting(m[1]) == "socket_type"), "none"),
        "order": _order(lines, reply.layout),
        "spellings": {name: like(name, reply.values[name].strip(" \t\r'\"")) or "unknown" for name in LIKE},
        "templates": {name: _template_facts(reply.values[name], settings.values[name]) for name in TEMPLATES},
        "warnings": _warning_place(lines, reply),
        "defaults_understood": reply.pinned is not None,
        "notices": sum(not names_a_setting(message) for message in reply.messages),
        "unknown_settings": len(reply.unknown),
    }


def _order(lines: t.Sequence[str], layout: str) -> str:
    if layout in ("csv", "tuple", "json list"):
        return "signature"
    if layout in ("json", "repr"):
        found = re.findall(rf"['\"]({'|'.join(NAMES)})['\"]\s*:", "\n".join(lines))
    else:
        found = [setting(match[1]) for match in map(LABEL.match, lines) if match]
    names = list(dict.fromkeys(found))
    return "signature" if names == list(NAMES) else "sorted" if names == sorted(NAMES) else "other"


def _template_facts(raw: str, read: t.Any) -> Facts:
    first, *more = raw.split("\n")
    return {
        "lines": len(more) + 1,
        "width": len(first) if more else 0,
        "indent": min((len(line) - len(line.lstrip(" \t")) for line in more), default=0),
        "quotes": _quotes("".join(part.strip(" \t\r") for part in (first, *more)), str(read)),
        "blanks_at_end": len(raw) - len(raw.rstrip(" \t")),
    }


def _quotes(raw: str, read: str) -> str:
    added = len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "'\"" and raw.count(raw[0]) > read.count(raw[0])
    return {"'": "single", '"': "double"}[raw[0]] if added else "none"


def _warning_place(lines: t.Sequence[str], reply: Reply) -> str:
    """Where the warnings about settings are."""
    if not any(map(names_a_setting, reply.messages)):
        return "none"
    # Notices, such as that a call is deprecated, may be elsewhere.
    notices = {message for message in reply.messages if not names_a_setting(message)}
    about = [is_warning(line) for line in lines if line.strip() and line.strip() not in notices]
    if True not in about:
        return "inside"
    first, last = about.index(False), len(about) - about[::-1].index(False)
    before, between, after = (any(part) for part in (about[:first], about[first:last], about[last:]))
    if between:
        return "between"
    return "around" if before and after else "before" if before else "after"


def status_facts(text: str) -> Facts:
    """What the module made of a reply with the status of the nodes. Raises ReplyError."""
    content, messages = parse_status(text)
    nodes = nodes_of(content).values()
    values = [key for key in next(iter(nodes), {}) if key != "other"]
    return {
        "nodes": len(nodes),
        "shown": [key for key in values if any(node[key] is not None for node in nodes)],
        "more_keys": len({key for node in nodes for key in node["other"]}),
        "notices": len(messages),
    }


def help_facts(text: str) -> Facts:
    """What the module made of the help about the two calls. Raises ReplyError."""
    methods = parse_help(text)
    found: Facts = {}
    for kind in ("get", "set"):
        method = methods.get(f"api_{kind}_remote_syslog_server")
        arguments = method["arguments"] if method else []
        found[kind] = {
            "listed": method is not None,
            "signature": bool(method and method["signature"]),
            "arguments": [name for name in arguments if name in NAMES],
            "unknown_arguments": sum(name not in NAMES for name in arguments),
        }
    return found
