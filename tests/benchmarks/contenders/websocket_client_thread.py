"""``websocket-client``'s ``WebSocketApp`` in a thread, a queue, and ``after``; a second thread sends."""

from __future__ import annotations

import queue
import threading
from typing import Any

import websocket

from tests.benchmarks.contenders.recipe import Inbox
from tests.benchmarks.window import Window

__all__ = ["Window", "connect"]


class Threads:
    """Two threads, and the window's way to them: a send may block, so the window does not call it."""

    def __init__(self, window: Window, port: int) -> None:
        inbox = Inbox(window)
        self._outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._queued = self._sent = 0
        self._ws = websocket.WebSocketApp(
            f"ws://127.0.0.1:{port}/",
            on_open=lambda ws: inbox.put(("opened", self)),
            on_message=lambda ws, message: inbox.put(message),
            on_close=lambda ws, code, reason: inbox.put(("closed",)),
        )
        threading.Thread(target=self._ws.run_forever, daemon=True).start()
        threading.Thread(target=self._send_all, daemon=True).start()

    def _send_all(self) -> None:
        while True:
            message = self._outbox.get()
            opcode = websocket.ABNF.OPCODE_TEXT if type(message) is str else websocket.ABNF.OPCODE_BINARY
            try:
                self._ws.send(message, opcode)
            except (websocket.WebSocketException, OSError):
                pass  # the peer has closed, which the other thread tells
            self._sent += len(message)

    def send(self, message: Any) -> None:
        self._queued += len(message)
        self._outbox.put(message)

    def buffered(self) -> int:
        return self._queued - self._sent


def connect(window: Window, port: int) -> None:
    Threads(window, port)
