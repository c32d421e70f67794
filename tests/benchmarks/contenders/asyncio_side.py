"""``websockets`` on an asyncio loop, as a client and as a server; whose loop it is, is the caller's.

What comes is given to ``put`` on that loop: messages, and tuples of what the app is to be told and with what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect as dial
from websockets.asyncio.server import ServerConnection, broadcast, serve as listen

Put = Callable[[Any], object]


class Client:
    """One connection, which the app knows as ``connection``; ``send`` is called on its loop."""

    def __init__(self, put: Put, connection: object, port: int) -> None:
        self._put, self._connection, self._port = put, connection, port
        self._ws: ClientConnection | None = None

    async def run(self) -> None:
        """Connect, and receive to the end."""
        url = f"ws://127.0.0.1:{self._port}/"
        self._ws = await dial(url, compression=None, max_size=None, ping_interval=None)
        self._put(("opened", self._connection))
        await receive(self._ws, self._put)
        self._put(("closed",))
        await asyncio.Event().wait()

    async def send(self, message: Any) -> None:
        """Send a message; one that comes too late is dropped."""
        assert self._ws
        try:
            await self._ws.send(message)
        except websockets.ConnectionClosed:
            pass


class Server:
    """Many connections, to what the app knows as ``server``; ``broadcast`` is called on their loop."""

    def __init__(self, put: Put, server: object) -> None:
        self._put, self._server = put, server
        self._clients: set[ServerConnection] = set()

    async def run(self) -> None:
        """Serve for good."""
        server = await listen(self._handle, "127.0.0.1", 0, compression=None, ping_interval=None)
        self._put(("listening", self._server, server.sockets[0].getsockname()[1]))
        await asyncio.Event().wait()

    async def _handle(self, ws: ServerConnection) -> None:
        self._clients.add(ws)
        self._put(("joined", ws))
        await receive(ws, self._put)
        self._clients.discard(ws)
        self._put(("left", ws))

    def broadcast(self, message: str) -> None:
        """Send to all."""
        broadcast(self._clients, message)


async def receive(ws: ClientConnection | ServerConnection, put: Put) -> None:
    """Put in what comes, to the end."""
    try:
        async for message in ws:
            put(message)
    except websockets.ConnectionClosed:
        pass
