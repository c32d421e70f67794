"""What a program's type checker is told of handlers: this module is checked, and a wrong line must be one.

mypy reads it with the rest of the tests, and complains of each `type: ignore` that is not needed.
"""

from __future__ import annotations

from typing import Any, assert_type

import tkws


def any_message(ws: tkws.WebSocket, type: str, message: Any) -> None:
    pass


def text_only(ws: tkws.WebSocket, type: str, message: str) -> None:
    pass


class Feed(tkws.Handler):
    def on_text(self, ws: tkws.WebSocket, message: str) -> None:
        assert_type(message, str)


class Wrong(tkws.Handler):
    def on_close(self, ws: tkws.WebSocket, message: str) -> None:  # type: ignore[override]
        pass


def handlers_of_a_program(server: tkws.Server) -> None:
    tkws.open("ws://localhost", any_message)
    tkws.open("ws://localhost", Feed())
    tkws.open("ws://localhost", tkws.latest(any_message))
    tkws.open("ws://localhost", lambda ws, type, message: None)
    tkws.open("ws://localhost", text_only)  # type: ignore[arg-type]
    server.live("/", any_message)
    server.live("/", text_only)  # type: ignore[call-overload]
    assert_type(server.live("/")(any_message)(server.connections[0], "text", ""), None)


def test_what_is_checked_can_be_called():
    handler: tkws.EventHandler = Feed()
    assert callable(handler)
