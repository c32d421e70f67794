"""``async-tkinter-loop``: Tk is polled from asyncio, on which ``websockets`` runs; one thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from async_tkinter_loop import async_mainloop

from tests.benchmarks import window
from tests.benchmarks.apps import App
from tests.benchmarks.contenders.asyncio_side import Client, Server


class Window(window.Window):
    """A window whose loop is asyncio's."""

    def open(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.tasks: set[asyncio.Task[None]] = set()
        super().open()

    def run(self) -> None:
        async_mainloop(self.root, self.loop)

    def spawn(self, coroutine: Any) -> None:
        """Run a coroutine beside the others."""
        task = self.loop.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class ClientAdapter:
    """Brings a client's events to the app."""

    def __init__(self, window: Window, port: int) -> None:
        self._window, self._app = window, window.app
        self._waiting = 0
        self._client = Client(put_into(window.app), self, port)
        window.spawn(self._client.run())

    def send(self, message: Any) -> None:
        self._waiting += len(message)
        self._window.spawn(self._send(message))

    async def _send(self, message: Any) -> None:
        await self._client.send(message)
        self._waiting -= len(message)
        self._app.drained()

    def buffered(self) -> int:
        return self._waiting


class ServerAdapter:
    """Brings a server's events to the app."""

    def __init__(self, window: Window) -> None:
        self._server = Server(put_into(window.app), self)
        self.broadcast = self._server.broadcast
        window.spawn(self._server.run())


def put_into(app: App) -> Callable[[Any], None]:
    """Return what gives an app its messages, and tells it what is in a tuple."""
    received = app.received

    def put(message: Any) -> None:
        if type(message) is tuple:
            getattr(app, message[0])(*message[1:])
        else:
            received(message)

    return put


def serve(window: Window) -> None:
    ServerAdapter(window)


def connect(window: Window, port: int) -> None:
    ClientAdapter(window, port)
