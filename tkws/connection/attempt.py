"""What a session is handed and what it hands out: an opener, its attempts, and how each of them ended.

Knows no socket and no retry rule; `tkws.client` brings both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tkws.connection.lifecycle import Input
from tkws.errors import WebSocketError
from tkws.net import Stream
from tkws.protocol.deflate import PerMessageDeflate

if TYPE_CHECKING:
    from tkws.connection.session import Session
    from tkws.connection.websocket import WebSocket


class RetryPolicy(Protocol):
    """Decides when a connection is tried again.

    Attributes:
        count: Attempts in a row.
    """

    count: int

    def opened(self, now: float) -> None:
        """Take note that an attempt succeeded."""

    def next_delay(self, cause: WebSocketError, now: float) -> float | None:
        """Return the seconds to wait before the next attempt; None to give up."""


class Cancellable(Protocol):
    """What a phase owns."""

    def cancel(self) -> object:
        """Give up, and call nobody back."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A stream whose opening handshake has finished."""

    stream: Stream
    """Carries the bytes."""

    message: object
    """The message of the `connect` event."""

    codec: PerMessageDeflate | None = None
    """The compression agreed."""

    data: bytes = b""
    """What arrived after the handshake."""


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """How an attempt or a connection ended, and what the retry rule said."""

    cause: WebSocketError
    sentence: str  # the message of `disconnect`
    delay: float = 0.0  # seconds before the next attempt
    number: int = 0  # of that attempt


class Attempt:
    """One attempt to open. What comes of it counts only while it is the current one."""

    __slots__ = ("_opening", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._opening: Cancellable | None = None

    def begin(self, opener: Opener) -> None:
        """Make it; nothing comes of it before the loop's next turn."""
        self._opening = opener(self)

    @property
    def ws(self) -> WebSocket:
        """The program's object, to note the request and the response on."""
        return self._session.ws

    def opened(self, opened: Opened) -> None:
        """Hand the stream over, which is dropped if nobody waits for it any more."""
        if self._session.owns(self):
            self._session.feed(Input.OPENED, opened)
        else:
            opened.stream.abort()

    def failed(self, error: WebSocketError) -> None:
        """Take note that it failed."""
        if self._session.owns(self):
            self._session.feed(Input.FAILED, End(error, str(error)))

    def cancel(self) -> None:
        """Give it up."""
        if self._opening is not None:
            self._opening.cancel()


Opener = Callable[[Attempt], Cancellable]
"""Begins an opening, which calls nobody back before the loop's next turn."""
