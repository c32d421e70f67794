"""`serve`: a server whose handler is a coroutine for each connection, in the manner of `websockets`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Self

from tkws.aio.client import running_master, translated
from tkws.aio.guest import loop
from tkws.aio.tasks import spawn
from tkws.aio.websocket import Connection
from tkws.commands.servers import serve as serve_websockets
from tkws.connection.websocket import WebSocket
from tkws.errors import ConnectionClosed
from tkws.loop import Master
from tkws.protocol.closing import CloseCode
from tkws.serving.httpserver import HTTPServer

AsyncHandler = Callable[[Connection], Awaitable[object]]


class Server:
    """A server that listens; `serve` makes it.

    Attributes:
        server: The server of tkws beneath, for pages and limits.
    """

    def __init__(self, server: HTTPServer, handler: AsyncHandler, master: Master) -> None:
        self.server = server
        self._handler = handler
        self._master = master
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()
        server.live("*", self._on_event)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self.server.port

    @property
    def url(self) -> str:
        """The URL for clients of this machine."""
        return self.server.url

    def close(self, code: int = CloseCode.GOING_AWAY, reason: str = "") -> None:
        """Stop listening, and close all connections."""
        self.server.close(code, reason)
        self._closed.set()

    async def wait_closed(self) -> None:
        """Wait until it is closed and all handlers have returned."""
        await self._closed.wait()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def serve_forever(self) -> None:
        """Wait until it is closed; if this is cancelled, close it."""
        try:
            await self.wait_closed()
        finally:
            self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()
        await self.wait_closed()

    def _on_event(self, ws: WebSocket, type: str, message: Any) -> None:
        connection = Connection(loop(self._master))
        connection(ws, type, message)
        ws.configure(handler=connection)
        task = spawn(self._serve(connection), self._master, name=f"connection from {ws.peername}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: Connection) -> None:
        code = CloseCode.INTERNAL_ERROR
        try:
            await self._handler(connection)
            code = CloseCode.NORMAL_CLOSURE
        except ConnectionClosed:  # the peer has left, which is not a fault of the handler
            pass
        finally:
            await connection.close(code)


class serve:  # noqa: N801 - it is called as a function is
    """Listen, and run a coroutine for each connection: ``async with serve(...) as server`` or ``await``.

    When the coroutine returns, its connection is closed: with the code 1000, or with 1011 if it raised, and
    then the exception goes to the root's ``report_callback_exception``.

    Args:
        handler: ``async def handler(connection)``.
        host: The address to listen on.
        port: The port; 0 for any free one, which `Server.port` tells.
        master: Any widget, ``Tk`` or ``Tcl()``; None for the window whose loop is running.
        **options: As of `tkws.serve`; the names of `websockets` for them are taken as well.
    """

    def __init__(
        self,
        handler: AsyncHandler,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        master: Master = None,
        **options: Any,
    ) -> None:
        self._handler = handler
        self._address = host, port
        self._master = master
        self._options = translated(options)
        self._server: Server | None = None

    def __await__(self) -> Generator[Any, None, Server]:
        return self._start().__await__()

    async def _start(self) -> Server:
        master = running_master(self._master)
        host, port = self._address
        server = serve_websockets(host, port, master=master, **self._options)
        return Server(server, self._handler, master)

    async def __aenter__(self) -> Server:
        self._server = await self._start()
        return self._server

    async def __aexit__(self, *error: object) -> None:
        if self._server is not None:
            await self._server.__aexit__(*error)
