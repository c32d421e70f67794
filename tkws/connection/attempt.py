"""The interface between a session and what opens its connections: attempts, their results, the retry policy.

Knows neither sockets nor a retry rule; `tkws.client` provides both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tkws.connection.lifecycle import Input
from tkws.errors import WebSocketError
from tkws.loop.logs import Log
from tkws.net import Stream
from tkws.protocol.deflate import PerMessageDeflate

if TYPE_CHECKING:
    from tkws.connection.session import Session
    from tkws.connection.websocket import WebSocket


class RetryPolicy(Protocol):
    """Decides whether and when another attempt is made.

    Attributes:
        count: The number of the next attempt since the connection was last stable.
    """

    count: int

    def opened(self, now: float) -> None:
        """Note that an attempt succeeded."""

    def next_delay(self, cause: WebSocketError, now: float) -> float | None:
        """Return the seconds to wait before the next attempt; None to give up."""


class Cancellable(Protocol):
    """Something that a phase can own."""

    def cancel(self) -> object:
        """Give up; no callback follows."""


class RetryDecision:
    """A pending call of the retry policy. Its result counts only while the session owns the decision."""

    __slots__ = ()

    def cancel(self) -> None:
        """Do nothing: no longer being owned is enough."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A stream whose opening handshake has finished."""

    stream: Stream
    """Carries the bytes."""

    message: object
    """The message of the `connect` event."""

    compression: PerMessageDeflate | None = None
    """The compression that was agreed; None for none."""

    data: bytes = b""
    """Bytes that arrived after the handshake."""


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """How an attempt or a connection ended, and what the retry policy decided."""

    cause: WebSocketError
    sentence: str  # the message of `disconnect`
    delay: float = 0.0  # seconds before the next attempt
    number: int = 0  # of that attempt


class Attempt:
    """One attempt to open. Its result counts only while the session owns it."""

    __slots__ = ("_opening", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._opening: Cancellable | None = None

    def begin(self, opener: Opener) -> None:
        """Start it; its result comes in a later turn of the loop."""
        self._opening = opener(self)

    @property
    def ws(self) -> WebSocket:
        """The program's object, on which the opener stores the request and the response."""
        return self._session.ws

    @property
    def log(self) -> Log:
        """The log of the connection."""
        return self._session.log

    def opened(self, opened: Opened) -> None:
        """Hand over the stream; it is dropped if the attempt is no longer current."""
        if self._session.owns(self):
            self._session.feed(Input.OPENED, opened)
        else:
            opened.stream.abort()

    def failed(self, error: WebSocketError) -> None:
        """Report that the attempt failed."""
        self.log.info("the opening failed: %s", error)
        if self._session.owns(self):
            self._session.feed(Input.FAILED, End(error, str(error)))

    def cancel(self) -> None:
        """Cancel the attempt."""
        if self._opening is not None:
            self._opening.cancel()


Opener = Callable[[Attempt], Cancellable]
"""Begins an opening, which makes no callback before the loop's next turn."""
