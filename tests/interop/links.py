"""Connections between tkws, on Tk's loop, and the ``websockets`` package, on asyncio's in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import Server, ServerConnection, serve, unix_serve

import tkws
from tests.interop.asyncio_thread import AsyncioThread

# What our server and theirs have in common: no pings but those that a test asks for, no limit but ours.
THEIR_OPTIONS: dict[str, Any] = {"ping_interval": None, "max_size": None, "close_timeout": 5}


class Recorder:
    """A handler that writes down what it is told.

    Attributes:
        events: All of it, as ``(type, message)``.
        opened: The connections that told of their opening.
    """

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.opened: list[tkws.WebSocket] = []

    def __call__(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            self.opened.append(ws)
        self.events.append((type, message))

    def __getitem__(self, type: str) -> list[Any]:
        return [message for of, message in self.events if of == type]

    @property
    def messages(self) -> list[str | bytes]:
        """The text and binary messages, in order."""
        return [message for type, message in self.events if type in ("text", "binary")]

    @property
    def over(self) -> bool:
        return any(type == "disconnect" for type, _ in self.events)


@dataclass
class Link:
    """A connection, seen from both ends.

    Attributes:
        ours: The end of tkws.
        theirs: The end of ``websockets``.
        heard: What the handler of ours was told.
    """

    ours: tkws.WebSocket
    theirs: Connection
    heard: Recorder

    @property
    def agreed(self) -> str:
        """The Sec-WebSocket-Extensions of the answer, as the client has it."""
        if isinstance(self.theirs, ClientConnection):
            assert self.theirs.response is not None
            return self.theirs.response.headers.get("Sec-WebSocket-Extensions", "")
        assert self.ours.response is not None
        return self.ours.response.headers.get("Sec-WebSocket-Extensions", "")


def connect_to(url: str, **options: Any) -> connect:
    """What opens a connection of ``websockets``: awaited, or as an asynchronous context."""
    return connect(url, proxy=None, **THEIR_OPTIONS | options)


class TheirServer:
    """A server of ``websockets``: connections stay until somebody closes them.

    Args:
        beside: Where it runs.
        path: Of the Unix socket that it listens on; None for TCP.
        options: Of ``websockets.asyncio.server.serve``.
    """

    def __init__(self, beside: AsyncioThread, path: str | None = None, **options: Any) -> None:
        self.accepted: list[ServerConnection] = []
        self._beside = beside
        self._server = beside(self._serve(path, THEIR_OPTIONS | options))
        self._scheme = "wss" if options.get("ssl") else "ws"

    @property
    def url(self) -> str:
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"{self._scheme}://127.0.0.1:{port}/"

    def close(self) -> None:
        self._beside(self._close())

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, path: str | None, options: dict[str, Any]) -> Server:
        if path is not None:
            return await unix_serve(self._stay, path, **options)
        return await serve(self._stay, "127.0.0.1", 0, **options)

    async def _stay(self, connection: ServerConnection) -> None:
        self.accepted.append(connection)
        await connection.wait_closed()
