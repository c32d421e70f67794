"""``websockets`` on asyncio in a thread, a queue, and ``after``: what most programs do today."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect as dial

from tests.benchmarks.contenders.recipe import CLOSED, OPENED, Inbox
from tests.benchmarks.window import Window

__all__ = ["Window", "connect"]


class Thread:
    """The thread's side, and the window's way to it."""

    def __init__(self, window: Window, port: int) -> None:
        self._port = port
        self._inbox = Inbox(window, self)
        self._queued = self._sent = 0
        self._loop = asyncio.new_event_loop()
        self._ws: ClientConnection | None = None
        threading.Thread(target=self._loop.run_until_complete, args=[self._run()], daemon=True).start()

    async def _run(self) -> None:
        url = f"ws://127.0.0.1:{self._port}/"
        self._ws = await dial(url, compression=None, max_size=None, ping_interval=None)
        self._inbox.put(OPENED)
        try:
            async for message in self._ws:
                self._inbox.put(message)
        except websockets.ConnectionClosed:
            pass
        self._inbox.put(CLOSED)
        await asyncio.Event().wait()

    def send(self, message: Any) -> None:
        self._queued += len(message)
        asyncio.run_coroutine_threadsafe(self._send(message), self._loop)

    async def _send(self, message: Any) -> None:
        assert self._ws
        try:
            await self._ws.send(message)
        except websockets.ConnectionClosed:
            pass
        self._sent += len(message)

    def buffered(self) -> int:
        return self._queued - self._sent


def connect(window: Window, port: int) -> None:
    Thread(window, port)
