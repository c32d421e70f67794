"""tkws, as in its tutorial."""

from __future__ import annotations

import math
from typing import Any

import tkws
from tests.benchmarks.window import Window

__all__ = ["Window", "connect", "serve"]


class Connection:
    """A `tkws.WebSocket` as apps know it."""

    def __init__(self, ws: tkws.WebSocket) -> None:
        self._ws = ws
        self.send = ws.send

    def buffered(self) -> float:
        return self._ws.buffered_amount if self._ws.state is tkws.State.OPEN else math.inf


def connect(window: Window, port: int) -> None:
    app = window.app
    received = app.received

    def on_event(ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text" or type == "binary":  # as fast as a program would write it
            received(message)
        elif type == "connect":
            app.opened(Connection(ws))
        elif type == "drain" and ws.state is tkws.State.OPEN:
            app.drained()
        elif type == "disconnect":
            app.closed()

    size = 2 * window.task["size"] + (16 << 20)
    tkws.open(f"ws://127.0.0.1:{port}/", on_event, master=window.root, max_message=size, high_water=app.ahead)


def serve(window: Window) -> None:
    app: Any = window.app
    received = app.received

    def on_event(ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            received(message)
        elif type == "connect":
            app.joined(ws)
        elif type == "disconnect":
            app.left(ws)

    server = tkws.serve(master=window.root, handler=on_event, compression=False, max_connections=20_000)
    app.listening(server, server.port)
