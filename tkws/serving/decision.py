"""A request that waits for the program's decision, which may come at once or later.

Two kinds of the program's code decide: the checks of `tkws.HTTPServer.admit`, and the ``process_request`` of
`tkws.aio.serve`. Knows no connection: `tkws.serving.httpconnection` turns the decision into an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tkws.errors import HandshakeError
from tkws.handlers import EventHandler
from tkws.http.headers import Headers, HeadersLike
from tkws.http.messages import Request, Response
from tkws.loop import Loop
from tkws.protocol.serverhandshake import rejection
from tkws.serving.content import failed


class Decision(NamedTuple):
    """The decision of the program on a request."""

    refusal: Response | None = None  # sent in place of a WebSocket or a page
    headers: HeadersLike = ()  # more fields of the 101
    handler: EventHandler | None = None  # of the WebSocket; None for that of its `Server.live` entry
    data: object = None  # of `WebSocket.data`
    protocol: str | None = None  # the subprotocol; None for the first that fits

    def followed_by(self, other: Decision) -> Decision:
        """Return what this decision and a later one amount to, neither of which refuses."""
        headers = other.headers
        if self.headers != ():
            headers = [*Headers(self.headers).fields, *Headers(headers).fields]
        return Decision(
            None,
            headers,
            other.handler or self.handler,
            self.data if other.data is None else other.data,
            self.protocol if other.protocol is None else other.protocol,
        )


class PendingRequest:
    """A request that waits: call `accept`, `refuse` or `decide`, in Tk's thread. The first call counts.

    Args:
        request: The request.
        decide: Called with the decision, once.

    Attributes:
        request: As above.
    """

    def __init__(self, request: Request, decide: Callable[[Decision], object]) -> None:
        self.request = request
        self._decide: Callable[[Decision], object] | None = decide
        self._on_cancel: Callable[[], object] | None = None
        self._cancelled = False

    def on_cancel(self, call: Callable[[], object]) -> None:
        """Make a call once no decision is needed any longer; at once if that is so already.

        The client has gone, its time is up, or the server was closed.
        """
        if self._cancelled:
            call()
        elif self._decide is not None:
            self._on_cancel = call

    def accept(self, headers: HeadersLike = (), handler: EventHandler | None = None) -> None:
        """Make it a WebSocket, or show the page.

        Args:
            headers: More fields of the answer that makes it a WebSocket.
            handler: The handler of the WebSocket; None for that of its `Server.live` entry.
        """
        self.decide(Decision(None, headers, handler))

    def refuse(self, response: Response) -> None:
        """Send ``response`` instead."""
        self.decide(Decision(response))

    def decide(self, decision: Decision) -> None:
        """Do what ``decision`` says."""
        decide, self._decide = self._decide, None
        self._on_cancel = None
        if decide is not None:
            decide(decision)

    def cancel(self) -> None:
        """Drop the request: it needs no decision any longer."""
        self._cancelled = True
        self._decide = None
        on_cancel, self._on_cancel = self._on_cancel, None
        if on_cancel is not None:
            on_cancel()


Decider = Callable[[PendingRequest], object]
"""Decides on each request, at once or later; it must not block."""


def refusal_of(error: BaseException, loop: Loop) -> Response:
    """Return the answer to a request for which the program's code raised ``error``.

    A `HandshakeError` refuses the request. Anything else is reported, and so is one that cannot be sent.
    """
    try:
        if isinstance(error, HandshakeError):
            return rejection(error)
        raise error
    except BaseException:
        loop.report_exception()
        return failed()
