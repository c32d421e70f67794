"""What ``--scripted`` plays: two clients, one for each way in, exchange a line with the window."""

from __future__ import annotations

from typing import Any

import tkws
from demos.embedded.window import EmbeddedWindow
from demos.stage import Scene

_LINES = {
    "/live": "http.server judged my request in its thread; I am served on the thread of Tk.",
    "/taken": "And http.server answered mine by itself before it let go of my socket.",
}


def play(window: EmbeddedWindow, scene: Scene) -> None:
    """Play the scene."""
    root = window.talk
    waiting = list(_LINES)

    def enter() -> None:
        path = waiting.pop(0)
        tkws.open(f"ws://{window.url}{path}", lambda ws, *event: on_event(path, ws, *event), master=root)

    def on_event(path: str, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text" and message.startswith("Hello"):
            ws.send(_LINES[path])
            root.after(300, enter if waiting else say_goodbye)
        elif type == "text" and not waiting:
            print(*window.lines, f"{path} heard: {message}", sep="\n")
            scene.finish([root])
        elif type in ("error", "timeout"):
            scene.fail(str(message))

    def say_goodbye() -> None:
        window.send_to_all("Welcome, both of you.")

    enter()
