"""``websockets`` on asyncio in a thread, a queue, and ``after``: what most programs do today."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from tests.benchmarks.contenders.asyncio_side import Client, Server
from tests.benchmarks.contenders.recipe import Inbox
from tests.benchmarks.window import Window

__all__ = ["Window", "connect", "serve"]


class ClientThread:
    """A client's thread, and the window's way to it."""

    def __init__(self, window: Window, port: int) -> None:
        self._queued = self._sent = 0
        self._client = Client(Inbox(window).put, self, port)
        self._loop = start_thread(self._client)

    def send(self, message: Any) -> None:
        self._queued += len(message)
        asyncio.run_coroutine_threadsafe(self._send(message), self._loop)

    async def _send(self, message: Any) -> None:
        await self._client.send(message)
        self._sent += len(message)

    def buffered(self) -> int:
        return self._queued - self._sent


class ServerThread:
    """A server's thread, and the window's way to it."""

    def __init__(self, window: Window) -> None:
        self._server = Server(Inbox(window).put, self)
        self._loop = start_thread(self._server)

    def broadcast(self, message: str) -> None:
        self._loop.call_soon_threadsafe(self._server.broadcast, message)


def start_thread(side: Client | Server) -> asyncio.AbstractEventLoop:
    """Run one side on a loop in a thread."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_until_complete, args=[side.run()], daemon=True).start()
    return loop


def connect(window: Window, port: int) -> None:
    ClientThread(window, port)


def serve(window: Window) -> None:
    ServerThread(window)
