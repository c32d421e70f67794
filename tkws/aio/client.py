"""`connect`: a client's connection that can be awaited, in the three ways of `websockets`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from types import MappingProxyType
from typing import Any, Unpack

from tkws.aio.guest import GuestLoop, loop
from tkws.aio.keywords import ConnectKeywords
from tkws.aio.messagequeue import MAX_QUEUE, MaxQueue, queue_limits
from tkws.aio.websocket import Connection
from tkws.checks import check_kind, check_text
from tkws.client.retry import Backoff, RetryState
from tkws.commands.opening import open as open_websocket
from tkws.connection.websocket import WebSocket
from tkws.errors import ConnectionClosed, StateError, WebSocketError
from tkws.loop import Master
from tkws.loop.widgets import require_widget
from tkws.protocol.state import State

# The names of `websockets` for options of tkws, and for arguments of `tkws.open`.
OPTIONS = MappingProxyType(
    {"ping_interval": "keepalive", "ping_timeout": "pong_timeout", "max_size": "max_message"}
)
ARGUMENTS = MappingProxyType(
    {
        "subprotocols": "protocols",
        "additional_headers": "headers",
        "open_timeout": "timeout",
        "user_agent_header": "user_agent",
    }
)


class connect:  # noqa: N801 - it is called as a function is
    """Open a connection: ``async with``, ``await``, or ``async for`` to reconnect.

    In ``async for``, if a connection is lost, or cannot be made for a reason that may pass, the next one
    follows after a pause.

    Args:
        uri: ``ws://`` or ``wss://``; or a callable that returns it, which is asked at each attempt.
        master: Any widget, ``Tk`` or ``Tcl()``; None for the window whose loop is running.
        backoff: The pauses of ``async for``; None for those of `Backoff`.
        max_queue: How many messages may wait to be received: reading pauses at this number, and continues
            at a quarter of it. ``(high, low)`` for both; None for any number.
        **options: As of `tkws.open`; the names that `websockets` has for some of them are accepted too.
    """

    def __init__(
        self,
        uri: str | Callable[[], str],
        *,
        master: Master = None,
        backoff: Backoff | None = None,
        max_queue: MaxQueue = MAX_QUEUE,
        **options: Unpack[ConnectKeywords],
    ) -> None:
        self._uri = uri if callable(uri) else check_text("uri", uri)
        if master is not None:
            require_widget("master", master)
        if backoff is not None:
            check_kind("backoff", backoff, Backoff, "a Backoff")
        self._master = master
        self._backoff = backoff or Backoff()
        self._queue_limits = queue_limits(max_queue)
        self._options = translated(options, OPTIONS | ARGUMENTS)
        if "owner" in self._options:
            raise TypeError("owner: give the widget to aio.spawn, whose task is cancelled with it")
        self._connection: Connection | None = None

    def __await__(self) -> Generator[Any, None, Connection]:
        return self._open().__await__()

    async def __aenter__(self) -> Connection:
        self._connection = await self._open()
        return self._connection

    async def __aexit__(self, *error: object) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def __aiter__(self) -> AsyncIterator[Connection]:
        """Connect, and reconnect after each connection.

        Raises:
            WebSocketError: The opening failed for a reason that does not pass, or too often.
        """
        retry = RetryState(self._backoff)
        running = asyncio.get_running_loop()
        while True:
            try:
                connection = await self._open()
            except WebSocketError as error:
                cause = error
            else:
                retry.opened(running.time())
                try:
                    yield connection
                finally:
                    await connection.close()
                cause = ConnectionClosed(connection.close_code or 1006, connection.close_reason or "")
            delay = retry.next_delay(cause, running.time())
            if delay is None:
                raise cause
            await asyncio.sleep(delay)

    async def _open(self) -> Connection:
        master = running_master(self._master)
        connection = Connection(loop(master), self._queue_limits)
        ws = open_websocket(self._uri, connection.on_event, master=master, **self._options)
        connection.attach(ws)
        try:
            await asyncio.shield(connection.opened)
        except asyncio.CancelledError:
            ws.close()
            raise
        return connection


def running_master(master: Master) -> Master:
    """Return ``master``, or by default the window of the running loop.

    Raises:
        RuntimeError: The running loop does not belong to a window, or belongs to another one.
        StateError: The window was destroyed.
    """
    running = asyncio.get_running_loop()
    root = running.host.master if isinstance(running, GuestLoop) else None
    if not isinstance(running, GuestLoop) or (master is not None and master.nametowidget(".") is not root):
        raise RuntimeError("this must be awaited in the loop of its window: use aio.run() or aio.spawn()")
    if running.orphaned:
        raise StateError("the window was destroyed")
    return master or root


def translated(options: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return options with the names that tkws has for them, and 0 for a None that turns one off."""
    ours = {names.get(name, name): value for name, value in options.items()}
    for name in ("keepalive", "pong_timeout"):
        if name in ours and ours[name] is None:
            ours[name] = 0
    if "compression" in ours and ours["compression"] in ("deflate", None):
        ours["compression"] = ours["compression"] is not None
    return ours


def stream(ws: WebSocket, *, max_queue: MaxQueue = MAX_QUEUE) -> Connection:
    """Make a callback-style connection awaitable; its handler is replaced.

    Args:
        ws: The connection, open or opening; wait for ``stream(ws).opened`` if it is opening.
        max_queue: As for `connect`.

    Raises:
        StateError: The connection is closed, or the caller is in another thread.
        TypeError: An argument is of a wrong type.
        ValueError: ``max_queue`` is out of range.
    """
    check_kind("ws", ws, WebSocket, "a WebSocket")
    if ws.state is State.CLOSED:
        raise StateError("the connection is closed")
    connection = Connection(loop(ws.loop.master), queue_limits(max_queue))
    connection.attach(ws)
    ws.configure(handler=connection.on_event)
    if ws.state is not State.CONNECTING:
        connection.opened.set_result(None)
    return connection
