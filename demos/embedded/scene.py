"""The scene for ``--scripted``: two clients, one for each way, exchange a message with the window."""

from __future__ import annotations

from typing import Any

import tkws
from demos.embedded.window import EmbeddedWindow
from demos.stage import Scene

_LINES = {
    "/live": "http.server checked my request in its thread; now I am served in the thread of Tk.",
    "/taken": "And http.server answered my request itself before it handed over my socket.",
}


def play(window: EmbeddedWindow, scene: Scene) -> None:
    """Play the scene."""
    root = window.frame
    waiting = list(_LINES)

    def connect() -> None:
        path = waiting.pop(0)
        tkws.open(f"ws://{window.url}{path}", lambda ws, *event: on_event(path, ws, *event), master=root)

    def on_event(path: str, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text" and message.startswith("Hello"):
            ws.send(_LINES[path])
            root.after(300, connect if waiting else send_reply)
        elif type == "text" and not waiting:
            print(*window.lines, f"{path} received: {message}", sep="\n")
            scene.finish([root])
        elif type in ("error", "timeout"):
            scene.fail(str(message))

    def send_reply() -> None:
        window.send_to_all("Welcome, both of you.")

    connect()
