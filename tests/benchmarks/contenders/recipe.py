"""The usual recipe, of which a thread is the one half: a queue to the window, looked into by ``after``.

The other half, what the thread runs, is in `websockets_thread` and `websocket_client_thread`.
"""

from __future__ import annotations

import queue
from typing import Any

from tests.benchmarks.window import Window

POLL_MS = 10
OPENED = object()
CLOSED = object()


class Inbox:
    """What the thread puts in, the window takes out each 10 ms."""

    def __init__(self, window: Window, connection: Any) -> None:
        self._window, self._app, self._connection = window, window.app, connection
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.put = self._queue.put
        self._poll()

    def _poll(self) -> None:
        get, empty, received = self._queue.get_nowait, self._queue.empty, self._app.received
        while not empty():
            message = get()
            if message is OPENED:
                self._app.opened(self._connection)
            elif message is CLOSED:
                self._app.closed()
            else:
                received(message)
        if self._app.connection:
            self._app.drained()
        self._window.root.after(POLL_MS, self._poll)
