"""The usual recipe, of which a thread is the one half: a queue to the window, looked into by ``after``.

The other half is what the thread runs: see `websockets_thread` and `websocket_client_thread`.
"""

from __future__ import annotations

import queue
from typing import Any

from tests.benchmarks.window import Window

POLL_MS = 10


class Inbox:
    """What the thread puts in, the window takes out each 10 ms: messages, and what to tell the app."""

    def __init__(self, window: Window) -> None:
        self._window, self._app = window, window.app
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.put = self._queue.put
        self._poll()

    def _poll(self) -> None:
        get, empty, received = self._queue.get_nowait, self._queue.empty, self._app.received
        while not empty():
            message = get()
            if type(message) is tuple:
                getattr(self._app, message[0])(*message[1:])
            else:
                received(message)
        if self._window.meter.began:
            self._app.drained()
        self._window.root.after(POLL_MS, self._poll)
