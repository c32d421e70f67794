"""Handlers that are ``async def``: each event is a task, and the next one waits for it.

With this module imported, every function of tkws that takes a handler accepts an async one.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import update_wrapper
from typing import Any

from tkws.aio.tasks import spawn
from tkws.asynchandlers import run_by
from tkws.checks import check_callable
from tkws.connection.websocket import WebSocket, hold_events
from tkws.handlers import EventHandler
from tkws.loop import Master

# Tasks of a connection that may wait for one another before its events are held, where they are not always.
MAX_AHEAD = 256


def handler(function: Callable[[WebSocket, str, Any], Any]) -> EventHandler:
    """Turn an async handler into a callback-style one, which can be called from anywhere.

    `tkws.open`, `tkws.server` and the others accept an ``async def`` as it is; use this where only callbacks
    are supported, such as in a wrapper of your own.

    Each event is handled by a task. The next one waits until that has ended, unless the option ``reentrant``
    is set. Meanwhile pings are answered; reading stops when 256 events, or messages of 1 MiB, wait. An
    exception goes to the root's ``report_callback_exception``. The task is cancelled when the window is
    destroyed.

    Args:
        function: ``async def function(ws, type, message)``, or a callable that may return an awaitable.

    Raises:
        TypeError: ``function`` is not callable.
    """
    check_callable("function", function, "(ws, type, message)")
    return _AsyncHandler(function)


class _AsyncHandler:
    """Starts a task for each event, after the one of the event before it.

    Args:
        function: As for `handler`.
        holds: Whether the connection's events wait for each task. If not, up to `MAX_AHEAD` tasks wait for
            one another, so that a task can wait for an event that something else handles.
    """

    def __init__(self, function: Callable[[WebSocket, str, Any], Any], holds: bool = True) -> None:
        self._function = function
        self._most = 0 if holds else MAX_AHEAD
        self._last: dict[WebSocket, asyncio.Task[None]] = {}
        self._running: Counter[WebSocket] = Counter()
        update_wrapper(self, function)

    def __call__(self, ws: WebSocket, type: str, message: Any, /) -> None:
        """Start the task."""
        release = hold_events(ws) if self._running[ws] >= self._most else _hold_nothing
        before = self._last.get(ws) if release else None
        name = f"{type} of {getattr(self._function, '__qualname__', self._function)}"
        task = spawn(self._handle(before, ws, type, message), ws.loop.master, name=name)
        if release:
            self._last[ws] = task
            self._running[ws] += 1
            task.add_done_callback(lambda _: self._ended(ws, task, release))

    async def _handle(self, before: asyncio.Task[None] | None, *event: Any) -> None:
        if before is not None:
            await asyncio.wait([before])
        result = self._function(*event)
        if inspect.isawaitable(result):
            await result

    def _ended(self, ws: WebSocket, task: asyncio.Task[None], release: Callable[[], None]) -> None:
        self._running[ws] -= 1
        if not self._running[ws]:
            del self._running[ws]
        if self._last.get(ws) is task:
            del self._last[ws]
        release()


def _start(awaitable: Awaitable[Any], master: Master, name: str) -> asyncio.Task[Any]:
    return spawn(awaitable if asyncio.iscoroutine(awaitable) else _await(awaitable), master, name=name)


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _hold_nothing() -> None:
    """Release events that were not held."""


run_by(_AsyncHandler, _start)
