"""A request that waits for the program's decision, which may come at once or later.

Knows no connection: `tkws.serving.httpconnection` turns the decision into an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tkws.handlers import EventHandler
from tkws.http.headers import HeadersLike
from tkws.http.messages import Request, Response


class Decision(NamedTuple):
    """The decision of the program on a request."""

    refusal: Response | None = None  # sent in place of a WebSocket or a page
    headers: HeadersLike = ()  # more fields of the 101
    handler: EventHandler | None = None  # of the WebSocket; None for that of its `Server.live` entry


class PendingRequest:
    """A request that waits: call `accept` or `refuse`, in Tk's thread. The first call counts.

    Args:
        request: The request.
        decide: Called with the decision, once.

    Attributes:
        request: As above.
        on_cancel: Called if no decision is needed any longer: the client has gone, its time is up, or the
            server was closed.
    """

    def __init__(self, request: Request, decide: Callable[[Decision], object]) -> None:
        self.request = request
        self.on_cancel: Callable[[], object] | None = None
        self._decide: Callable[[Decision], object] | None = decide

    def accept(self, headers: HeadersLike = (), handler: EventHandler | None = None) -> None:
        """Make it a WebSocket, or show the page.

        Args:
            headers: More fields of the answer that makes it a WebSocket.
            handler: The handler of the WebSocket; None for that of its `Server.live` entry.
        """
        self._end(Decision(None, headers, handler))

    def refuse(self, response: Response) -> None:
        """Send ``response`` instead."""
        self._end(Decision(response))

    def cancel(self) -> None:
        """Drop the request: it needs no decision any longer."""
        self._decide = None
        on_cancel, self.on_cancel = self.on_cancel, None
        if on_cancel is not None:
            on_cancel()

    def _end(self, decision: Decision) -> None:
        decide, self._decide = self._decide, None
        self.on_cancel = None
        if decide is not None:
            decide(decision)


Gate = Callable[[PendingRequest], object]
"""Decides on each request, at once or later; it must not block."""
