"""A server that echoes or relays, with its conversation.

Knows no widget: the server's window and its terminal mode both stand on it. Every connection has a
number, ``#1`` and so on, which is its name in the log.
"""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import tkws
from tkws.console.log import Direction, Log
from tkws.console.session import describe

_LOOK_AGAIN = 0.02  # seconds between looks at a peer that does not read
_MOST_WAITING = 16 << 20  # bytes that may wait for a peer that does not read


class Mode(StrEnum):
    """What a server does with a message."""

    ECHO = "echo"
    """Sends it back."""
    CHAT = "chat"
    """Sends it to everybody else."""


class Serving:
    """Serves from its making on, at every path and for every subprotocol.

    Args:
        log: Where the conversation goes.
        mode: What is done with a message.
        told: Called after each event, as ``told(name, type, message)``.
        host: As `tkws.serve`; so are the others.

    Attributes:
        server: The server.
        mode: May be changed.
        names: The connections' names.

    Raises:
        OSError: The address cannot be listened on.
    """

    def __init__(
        self,
        log: Log,
        mode: Mode,
        master: tkinter.Misc,
        told: Callable[[str, str, Any], object],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        **options: Any,
    ) -> None:
        self.log = log
        self.mode = mode
        self.names: dict[tkws.WebSocket, str] = {}
        self._told = told
        self._count = 0
        self.server = tkws.serve(host, port, master=master, handler=self._on_event, **options)
        log.add(Direction.NOTE, "open", f"Listening at {self.server.url}")

    def send(self, message: str | bytes, to: tkws.WebSocket | None = None) -> int:
        """Send a message to one connection, or to all; return to how many."""
        peers = list(self.names) if to is None else [to]
        count = sum(self._pass_on(ws, message) for ws in peers)
        kind = "text" if isinstance(message, str) else "binary"
        self.log.add(Direction.OUT, kind, message, "all" if to is None else self.names.get(to, ""))
        self._told("", "sent", message)
        return count

    def close(self) -> None:
        """Listen no more, and begin to close every connection."""
        self.server.close()

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        name = self._name_of(ws)
        if type in ("text", "binary"):
            self.log.add(Direction.IN, str(type), message, name)
            self._answer(ws, name, message)
        elif type in ("ping", "pong"):
            if type == "ping":
                self.log.add(Direction.IN, "ping", message, name)
        elif type != "drain":
            said = _welcome(ws) if type == "connect" else describe(ws, type, message)
            self.log.add(Direction.NOTE, str(type), said, name)
            if type == "disconnect":
                del self.names[ws]
        self._told(name, type, message)

    def _name_of(self, ws: tkws.WebSocket) -> str:
        if ws not in self.names:
            self._count += 1
            self.names[ws] = f"#{self._count}"
        return self.names[ws]

    def _answer(self, ws: tkws.WebSocket, name: str, message: str | bytes) -> None:
        kind = "text" if isinstance(message, str) else "binary"
        if self.mode is Mode.ECHO:
            if ws.state is not tkws.State.OPEN:
                return
            ws.send(message)
            self.log.add(Direction.OUT, kind, message, name)
            if ws.buffered_amount > ws.cget("high_water"):
                self._wait_for(ws)
            return
        others = [other for other in self.names if other is not ws]
        if sum(self._pass_on(other, message) for other in others):
            self.log.add(Direction.OUT, kind, message, f"from {name}")

    def _wait_for(self, ws: tkws.WebSocket) -> None:
        """Read no more from a peer until it has read its echoes; a paused connection tells no ``drain``."""
        if ws.buffered_amount > ws.cget("low_water") and ws.state is tkws.State.OPEN:
            ws.pause()
            ws.loop.call_later(_LOOK_AGAIN, self._wait_for, ws)
        else:
            ws.resume()

    def _pass_on(self, ws: tkws.WebSocket, message: str | bytes) -> bool:
        if ws.state is not tkws.State.OPEN:
            return False
        if ws.buffered_amount > _MOST_WAITING:
            ws.close(1008, "Too slow")
            return False
        ws.send(message)
        return True


def _welcome(ws: tkws.WebSocket) -> str:
    path = ws.request.target if ws.request is not None else "/"
    agreed = f", subprotocol {ws.protocol}" if ws.protocol else ""
    return f"{peer_of(ws)} connected to {path}{agreed}"


def peer_of(ws: tkws.WebSocket) -> str:
    """Return the remote end of a connection, as ``host:port``."""
    if isinstance(ws.peername, tuple):
        host, port = ws.peername[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return str(ws.peername or "")
