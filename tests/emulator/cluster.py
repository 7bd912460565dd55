# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as one object: API, nodes, control."""

from __future__ import annotations

import secrets
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Mapping, Optional, Sequence, Type, Union

from .api import PATH, Api, ApiServer
from .auth import Authenticator
from .calls import Calls
from .control import ControlServer
from .flow import Flow, FlowOptions, read_sent
from .journal import Journal
from .replay import load
from .state import State
from .stream import Node
from .switches import Switches
from .tls import Certificates

_NO_NAMES = ("0.0.0.0", "::", "::1")
NAMES = ("localhost", "127.0.0.1", "::1")


class Emulator:
    """A Local Cloud: an HTTPS API that keeps state, and filtering nodes that send mail logs.

    Keyword arguments that are not a parameter below are switches. Use it as a context manager, or call start and stop.
    `dialect` is the file of the playbook probe, or one report in it, whose replies are given again.
    """

    def __init__(
        self,
        *,
        data_dir: Optional[Union[str, Path]] = None,
        address: str = "127.0.0.1",
        port: int = 0,
        names: Sequence[str] = (),
        nodes: Union[int, Sequence[str]] = 3,
        username: str = "apiuser",
        password: Optional[str] = None,
        control_port: Optional[int] = None,
        control_address: str = "127.0.0.1",
        certificates: Optional[Certificates] = None,
        dialect: Optional[Union[str, Path, Mapping[str, Any]]] = None,
        **switches: Any,
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="emulator-") if data_dir is None else None
        self.data_dir = Path(data_dir if data_dir is not None else self._temporary.name)  # type: ignore[union-attr]
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.nodes = (
            tuple(f"node{number + 1}.cluster.example" for number in range(nodes))
            if isinstance(nodes, int)
            else tuple(nodes)
        )
        self.username = username
        self.password = password if password is not None else secrets.token_urlsafe(18)
        self.password_path = self.data_dir / "password"
        self.password_path.touch(mode=0o600)
        self.password_path.write_text(self.password + "\n", encoding="utf-8")
        replay = None if dialect is None else load(dialect)
        self.switches = Switches(**{**(replay.switches if replay else {}), **switches})
        self.state = State(self.nodes, self.data_dir / "state.json", replay.values if replay else None)
        self.journal = Journal(self.data_dir / "journal.jsonl", self.password)
        self.sent_path = self.data_dir / "sent.jsonl"
        self._senders = [Node(name, self.state, self.switches) for name in self.nodes]
        self._flows: List[Flow] = []
        self._flow_lock = threading.Lock()
        # Many emulators in one process can share theirs: making them takes longer than everything else here.
        if certificates is None:
            certificates = Certificates(self.data_dir / "tls", tuple(names) + NAMES)
        self.certificates = certificates
        self.ca_path = str(certificates.ca_path)
        api = Api(
            Calls(self.state, self.switches, self.nodes, replay),
            self.switches,
            self.journal,
            Authenticator(self.username, self.password),
        )
        self._server = ApiServer((address, port), api, self.switches, certificates)
        self.port = int(self._server.server_address[1])
        self.host = names[0] if names else ("localhost" if address in _NO_NAMES else address)
        self.url = f"https://{self.host}:{self.port}"
        self.api_url = self.url + PATH
        self._control = None if control_port is None else ControlServer((control_address, control_port), self)
        self.control_url = None if self._control is None else self._control.url

    def start(self) -> Emulator:
        """Serve; return the emulator itself."""
        self._server.start()
        if self._control is not None:
            self._control.start()
        return self

    def stop(self) -> None:
        """Stop serving and sending; a data directory that was not given is removed once nothing writes to it."""
        if self._control is not None:
            self._control.stop()
        self._server.stop()
        for flow in self._flows:
            flow.stop()
        for sender in self._senders:
            sender.abort()
        for flow in self._flows:
            flow.wait()
        for sender in self._senders:
            sender.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.stop()

    def set_switch(self, name: Optional[str] = None, value: Any = None, **switches: Any) -> None:
        """Set one switch by name and value, or several by keyword; raise ValueError when one is not known."""
        self.switches.update({**({} if name is None else {name: value}), **switches})

    def start_flow(self, **options: Any) -> Flow:
        """Start sending records in the background; the options are those of `FlowOptions`."""
        wanted = FlowOptions(**options)
        unknown = sorted(set(wanted.nodes) - set(self.nodes))
        if unknown:
            raise ValueError(f"unknown node: {', '.join(unknown)}")
        senders = [sender for sender in self._senders if not wanted.nodes or sender.name in wanted.nodes]
        with self._flow_lock:
            # A node has one socket, and one thread at a time may use it.
            if any(not flow.summary()["done"] for flow in self._flows):
                raise ValueError("a flow is still running")
            flow = Flow(
                len(self._flows) + 1, wanted, senders, self.switches["time_format"], self.sent_path, self.journal
            )
            self._flows.append(flow)
            return flow.start()

    def run_flow(self, *, timeout: Optional[float] = None, **options: Any) -> Dict[str, Any]:
        """Send records and return the summary when all are sent, or after `timeout` seconds."""
        return self.start_flow(**options).wait(timeout)

    def flow(self, number: int) -> Flow:
        """Return flow `number`, counted from 1; raise ValueError when there is none."""
        if not 1 <= number <= len(self._flows):
            raise ValueError(f"there is no flow {number}")
        return self._flows[number - 1]

    def sent(self, flow: Optional[int] = None) -> List[Dict[str, Any]]:
        """Return what was written down of one flow, or of all."""
        return read_sent(self.sent_path, flow)

    def reset(self) -> None:
        """Put switches, settings and the journal in memory back to the start."""
        self.switches.reset()
        self.state.reset()
        self.journal.clear()

    def describe(self) -> Dict[str, Any]:
        """Return what a client needs to know: addresses, user, files; never the password itself."""
        return {
            "url": self.url,
            "api_url": self.api_url,
            "username": self.username,
            "password_file": str(self.password_path),
            "ca_path": self.ca_path,
            "control_url": self.control_url,
            "data_dir": str(self.data_dir),
            "sent_file": str(self.sent_path),
            "nodes": list(self.nodes),
        }
