"""`trace`: shows a program each frame of a connection."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from tkws.asynchandlers import check_plain
from tkws.checks import check_kind
from tkws.connection.websocket import WebSocket, session_of
from tkws.errors import StateError
from tkws.protocol.trace import TracedFrame


def trace(ws: WebSocket, callback: Callable[[WebSocket, TracedFrame], object] | None) -> None:
    """Call back with each frame that a connection sends or receives from now on, also after a reconnection.

    For tools that show what happens; the level ``debug`` writes the same to the log. Tracing slows reading.

    Args:
        ws: The connection.
        callback: Called as ``callback(ws, frame)`` from the loop, soon after the frame, in order; see
            `TracedFrame`. It replaces an earlier one. None to stop.

    Raises:
        TypeError: An argument is of a wrong type.
        StateError: The caller is not in Tk's thread.
    """
    check_kind("ws", ws, WebSocket, "a WebSocket")
    if callback is None:
        session_of(ws).set_tracer(None)
        return
    check_plain("callback", callback, "(ws, frame), or None")
    pass_on = callback

    def deliver(frame: TracedFrame) -> None:
        with suppress(StateError):  # the loop has closed
            ws.loop.call_soon(pass_on, ws, frame)

    session_of(ws).set_tracer(deliver)
