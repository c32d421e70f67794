"""A connection whose handler is a `tkws.JSONRPC`, and its other end, played by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import tkws
from tests.peers import Log, Peer
from tkws.protocol.frames import Opcode
from tkws.testing import FakeClock


class Talk:
    """A connection under test, and what its peer says and hears."""

    def __init__(self, ws: tkws.WebSocket, peer: Peer, rpc: tkws.JSONRPC, log: Log) -> None:
        self.ws = ws
        self.peer = peer
        self.rpc = rpc
        self.log = log

    def say(self, *values: Any) -> None:
        """Send values as JSON; a str as it is."""
        self.peer.text(*(value if isinstance(value, str) else json.dumps(value) for value in values))

    def hear(self, count: int = 1) -> list[Any]:
        """Wait for text messages and take them off."""
        frames = self.peer.hear(count)
        self.peer.received.clear()
        assert all(opcode is Opcode.TEXT for opcode, _ in frames)
        return [json.loads(payload) for _, payload in frames]

    def ask(self, method: str, params: Any = None, id: Any = 1) -> Any:
        """Send a request and return the answer, without what is always in it."""
        self.say({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        [answer] = self.hear()
        assert answer.pop("jsonrpc") == "2.0"
        assert answer.pop("id") == id
        return answer

    def lose(self, pump_until: Callable[..., None]) -> None:
        """Break the connection."""
        self.peer.sock.close()
        pump_until(lambda: self.log.over)


@pytest.fixture(params=[True, False], ids=["server", "client"])
def server(request) -> bool:
    """Whether the end under test is a server's."""
    return request.param


@pytest.fixture
def clock(notifier, root) -> FakeClock:
    """The clock of the loop; a test asks for it before `talk`."""
    return FakeClock(root)


@pytest.fixture
def talk(notifier, root, peers, pump_until, log, server) -> Callable[..., Talk]:
    """``talk(rpc, **options)``: a `Talk` on an open connection."""

    def talk(rpc: tkws.JSONRPC | None = None, handler: Any = None, **options: Any) -> Talk:
        rpc = tkws.JSONRPC(log) if rpc is None else rpc
        ws, peer = peers.taken(root, handler or rpc, server=server, **options)
        pump_until(lambda: ws.state is tkws.State.OPEN and (log.open or handler))
        return Talk(ws, peer, rpc, log)

    return talk
