"""Handlers that are ``async def``: each event is a task, and the next one waits for it.

Importing this module lets every function of tkws that takes a handler take an async one.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from functools import update_wrapper
from typing import Any

from tkws.aio.tasks import spawn
from tkws.asynchandlers import run_by
from tkws.checks import check_callable
from tkws.connection.websocket import WebSocket, hold_events
from tkws.handlers import EventHandler
from tkws.loop import Master


def handler(function: Callable[[WebSocket, str, Any], Any]) -> EventHandler:
    """Make an async handler one of the callback style, which can be called from anywhere.

    `tkws.open`, `tkws.server` and the others take an ``async def`` as it is; use this for what knows only
    callbacks, such as a wrapper of your own.

    Each event is handled by a task. The next one waits until that has ended, unless the option ``reentrant``
    is set. Meanwhile pings are answered; reading stops when 256 events, or messages of 1 MiB, wait. An
    exception goes to the root's ``report_callback_exception``. The task is cancelled when the window is
    destroyed.

    Args:
        function: ``async def function(ws, type, message)``, or a callable that may return an awaitable.

    Raises:
        TypeError: ``function`` cannot be called.
    """
    check_callable("function", function, "(ws, type, message)")
    return _AsyncHandler(function)


class _AsyncHandler:
    """Starts a task for each event, after the one of the event before it."""

    def __init__(self, function: Callable[[WebSocket, str, Any], Any]) -> None:
        self._function = function
        self._last: dict[WebSocket, asyncio.Task[None]] = {}
        update_wrapper(self, function)

    def __call__(self, ws: WebSocket, type: str, message: Any, /) -> None:
        """Start the task."""
        release = hold_events(ws)
        before = self._last.get(ws) if release else None
        name = f"{type} of {getattr(self._function, '__qualname__', self._function)}"
        task = spawn(self._handle(before, ws, type, message), ws.loop.master, name=name)
        if release:
            self._last[ws] = task
            task.add_done_callback(lambda _: self._ended(ws, task, release))

    async def _handle(self, before: asyncio.Task[None] | None, *event: Any) -> None:
        if before is not None:
            await asyncio.wait([before])
        result = self._function(*event)
        if inspect.isawaitable(result):
            await result

    def _ended(self, ws: WebSocket, task: asyncio.Task[None], release: Callable[[], None]) -> None:
        if self._last[ws] is task:
            del self._last[ws]
        release()


def _start(awaitable: Awaitable[Any], master: Master, name: str) -> asyncio.Task[Any]:
    return spawn(awaitable if asyncio.iscoroutine(awaitable) else _await(awaitable), master, name=name)


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


run_by(_AsyncHandler, _start)
