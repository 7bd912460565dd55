# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `serve` and `switches`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Dict, List, Optional

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
            raise ValueError("--switch wants NAME=VALUE, not %r" % pair)
        values[name.strip()] = value.strip()
    return values


def _serve(options: argparse.Namespace) -> int:
    password = Path(options.password_file).read_text(encoding="utf-8").rstrip("\n") if options.password_file else None
    nodes: Any = int(options.nodes) if options.nodes.isdigit() else options.nodes.split(",")
    emulator = Emulator(data_dir=options.data_dir, address=options.address, port=options.port, names=options.name,
                        nodes=nodes, username=options.username, password=password, control_port=options.control_port,
                        control_address=options.control_address, **_switches(options.switch, options.config))
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    with emulator:
        print(json.dumps(emulator.describe()), flush=True)
        done.wait()
    return 0


def _list(_options: argparse.Namespace) -> int:
    for switch in SWITCHES:
        kind = ", ".join(switch.kind) if isinstance(switch.kind, tuple) else switch.kind.__name__
        print("%s (%s; default %r)\n    %s" % (switch.name, kind, switch.default, switch.meaning))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulator", description="A stand-in for a SpamExperts Local Cloud.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the API; print one JSON line when ready")
    serve.add_argument("--address", default="127.0.0.1", help="address to listen on (default %(default)s)")
    serve.add_argument("--port", type=int, default=0, help="port of the API (default: a free one)")
    serve.add_argument("--name", action="append", default=[], help="host name or address for the certificate; "
                       "repeatable; the first one is the host of the URL")
    serve.add_argument("--nodes", default="3", help="number of filtering nodes, or their names with commas between")
    serve.add_argument("--data-dir", help="folder for CA, password, state and journals (default: temporary)")
    serve.add_argument("--username", default="apiuser", help="API user (default %(default)s)")
    serve.add_argument("--password-file", help="file with the password (default: a random one)")
    serve.add_argument("--control-port", type=int, default=0, help="port of the control endpoint (default: a free one)")
    serve.add_argument("--control-address", default="127.0.0.1", help="its address (default %(default)s)")
    serve.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE", help="a switch; repeatable")
    serve.add_argument("--config", help="file of switches: a JSON object, or NAME=VALUE lines")
    serve.set_defaults(run=_serve)
    switches = commands.add_parser("switches", help="list all switches")
    switches.set_defaults(run=_list)
    return parser


def main(arguments: Optional[List[str]] = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (ValueError, OSError, RuntimeError) as error:
        print("emulator: %s" % error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
