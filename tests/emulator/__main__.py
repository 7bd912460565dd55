# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `serve`, `flow`, `set`, `get` and `switches`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Dict, List, Optional

if not __package__:
    # Run as `python tests/emulator`: Python then knows the folder, but not the package.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    __package__ = "emulator"

from .cluster import Emulator
from .switches import SWITCHES


def _switches(pairs: List[str], file: Optional[str]) -> Dict[str, Any]:
    """Return the switches of a JSON file or of NAME=VALUE lines, overruled by those of the command line."""
    values: Dict[str, Any] = {}
    if file:
        text = Path(file).read_text(encoding="utf-8")
        if text.lstrip().startswith("{"):
            values = json.loads(text)
        else:
            pairs = [line for line in text.splitlines() if line.strip() and not line.startswith("#")] + pairs
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"--switch wants NAME=VALUE, not {pair!r}")
        values[name.strip()] = value.strip()
    return values


def _serve(options: argparse.Namespace) -> int:
    password = Path(options.password_file).read_text(encoding="utf-8").rstrip("\n") if options.password_file else None
    nodes: Any = int(options.nodes) if options.nodes.isdigit() else options.nodes.split(",")
    emulator = Emulator(
        data_dir=options.data_dir,
        address=options.address,
        port=options.port,
        names=options.name,
        nodes=nodes,
        username=options.username,
        password=password,
        control_port=options.control_port,
        control_address=options.control_address,
        dialect=options.dialect,
        **_switches(options.switch, options.config),
    )
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    with emulator:
        print(json.dumps(emulator.describe()), flush=True)
        done.wait()
    return 0


def _control(base: str, method: str, path: str, body: Optional[Dict[str, Any]] = None) -> Any:
    """Ask the control endpoint at `base`; raise ValueError with its reason when it refuses."""
    data = None if body is None else json.dumps(body).encode("utf-8")
    request = urllib.request.Request(base.rstrip("/") + path, data, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as error:
        raise ValueError(json.load(error)["error"]) from error


def _flow(options: argparse.Namespace) -> int:
    body = {
        name: value
        for name, value in (
            ("messages", options.messages),
            ("statuses", options.statuses),
            ("rate", options.rate),
            ("seed", options.seed),
            ("hostile", options.hostile),
            ("nodes", options.node),
            ("hostile_classes", options.hostile_class),
            ("delimiters", options.delimiter),
            ("forge_template", options.forge_template),
        )
        if value
    }
    state = _control(options.control, "POST", "/flow", body)
    while not state["done"]:
        time.sleep(0.2)
        state = _control(options.control, "GET", f"/flow/{state['flow']}")
        if not options.quiet:
            handled = state["sent"] + state["lost"] + state["suppressed"]
            print(
                f"\rsent {state['sent']}, lost {state['lost']}, {handled} of {state['total']}",
                end="",
                file=sys.stderr,
                flush=True,
            )
    if not options.quiet:
        print(file=sys.stderr)
    print(json.dumps(state))
    return 0 if state["sent"] == state["total"] or options.hostile else 1


def _set(options: argparse.Namespace) -> int:
    print(json.dumps(_control(options.control, "POST", "/switches", _switches(options.switch, None))))
    return 0


def _get(options: argparse.Namespace) -> int:
    print(json.dumps(_control(options.control, "GET", "/" + options.what), indent=2))
    return 0


def _list(_options: argparse.Namespace) -> int:
    for switch in SWITCHES:
        kind = ", ".join(switch.kind) if isinstance(switch.kind, tuple) else switch.kind.__name__
        print(f"{switch.name} ({kind}; default {switch.default!r})\n    {switch.meaning}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulator", description="A stand-in for a SpamExperts Local Cloud.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the API; print one JSON line when ready")
    serve.add_argument("--address", default="127.0.0.1", help="address to listen on (default %(default)s)")
    serve.add_argument("--port", type=int, default=0, help="port of the API (default: a free one)")
    serve.add_argument(
        "--name",
        action="append",
        default=[],
        help="host name or address for the certificate; repeatable; the first one is the host of the URL",
    )
    serve.add_argument("--nodes", default="3", help="number of filtering nodes, or their names with commas between")
    serve.add_argument("--data-dir", help="folder for CA, password, state and journals (default: temporary)")
    serve.add_argument("--username", default="apiuser", help="API user (default %(default)s)")
    serve.add_argument("--password-file", help="file with the password (default: a random one)")
    serve.add_argument("--control-port", type=int, default=0, help="port of the control endpoint (default: a free one)")
    serve.add_argument("--control-address", default="127.0.0.1", help="its address (default %(default)s)")
    serve.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE", help="a switch; repeatable")
    serve.add_argument(
        "--dialect", metavar="FILE", help="answer as in a file of the playbook probe; FILE#2: its second"
    )
    serve.add_argument("--config", help="file of switches: a JSON object, or NAME=VALUE lines")
    serve.set_defaults(run=_serve)
    flow = commands.add_parser(
        "flow", help="send records; progress on stderr, the summary as JSON on stdout; status 1 when one was not sent"
    )
    flow.add_argument("--messages", type=int, default=0, help="number of message records")
    flow.add_argument("--statuses", type=int, default=0, help="number of status records")
    flow.add_argument("--rate", type=float, default=0.0, help="records a second over all nodes (default: no limit)")
    flow.add_argument("--seed", type=int, default=1, help="the same seed sends the same records (default 1)")
    flow.add_argument("--node", action="append", help="send from this node only; repeatable")
    flow.add_argument("--hostile", type=int, default=0, help="number of hostile records")
    flow.add_argument("--hostile-class", action="append", help="only this class; repeatable")
    flow.add_argument("--forge-template", help="template that the forger believes is in force")
    flow.add_argument("--delimiter", action="append", help="delimiter that the forger tries; repeatable")
    flow.add_argument("--quiet", action="store_true", help="no progress")
    flow.set_defaults(run=_flow)
    setter = commands.add_parser("set", help="change switches while the emulator runs")
    setter.add_argument("switch", nargs="+", metavar="NAME=VALUE")
    setter.set_defaults(run=_set)
    getter = commands.add_parser("get", help="show switches, state or journal")
    getter.add_argument("what", choices=("switches", "state", "journal"))
    getter.set_defaults(run=_get)
    for command in (flow, setter, getter):
        command.add_argument("--control", required=True, metavar="URL", help="control endpoint (serve prints it)")
    switches = commands.add_parser("switches", help="list all switches")
    switches.set_defaults(run=_list)
    return parser


def main(arguments: Optional[List[str]] = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (ValueError, OSError, RuntimeError) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
