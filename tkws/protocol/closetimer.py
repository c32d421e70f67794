"""Does the closing handshake move? What has left, what has come and silence as arithmetic on ``now``.

Knows no frames and reads no clock. The clock measures the peer: it starts again whenever the peer takes
some of what was sent before the Close frame, and rests while this side does not read. When all has left,
the peer's system may still hold much of it unread; the peer gets as long again as that took to leave.
"""

from __future__ import annotations

LINGER = 1.0
"""Seconds to wait for the end of the stream when both Close frames have passed.

A client lets the server end the TCP connection first (RFC 6455, 7.1.1), and a server lets the client read
what it was sent. Everything has been said by then, so nothing is lost if the peer leaves its end open.
"""

LEAST_RATE = 16 * 1024
"""Bytes a second that the peer has to take, on average, of what was sent before the Close frame.

This is less than any network of phones carries. It bounds the time for which a peer that takes a little
now and then can hold a connection: 16 MiB take 17 minutes at most.
"""

_MOST_EXCUSED = 60.0  # seconds of pauses; a peer that keeps sending and never answers has no end
_LATE = 0.5  # seconds after the deadline at which the program was busy, not the peer silent
_LOOKS = 4  # at the output, in the shortest time that may pass without progress


class CloseTimer:
    """The time that one closing handshake may still take.

    Args:
        now: The time, in seconds of any monotonic clock; the same clock in every call.
        timeout: Seconds without progress after which the peer is given up.
        position: Where the Close frame ends in all output, in bytes.
    """

    __slots__ = (
        "_bound", "_concluded", "_excused", "_forgave", "_left", "_looked", "_moved", "_paused_since",
        "_position", "_started", "_timeout",
    )  # fmt: skip

    def __init__(self, now: float, timeout: float, position: int) -> None:
        self._timeout = timeout
        self._position = position
        self._left = position  # of the output up to there: all of it, unless the owner says otherwise
        self._bound: float | None = None
        self._started = self._moved = self._looked = now
        self._paused_since: float | None = None
        self._excused = 0.0
        self._forgave = False
        self._concluded = False

    @property
    def has_left(self) -> bool:
        """Whether the Close frame has left, as far as is known."""
        return self._left >= self._position

    @property
    def deadline(self) -> float | None:
        """When to call `expired`, after `output_left`; None while this side does not read."""
        if self._rests:
            return None
        if self.has_left:
            return self._limit
        return min(self._limit, self._looked + min(self._timeout, LINGER) / _LOOKS)

    def output_left(self, left: int, now: float) -> None:
        """Take note that the first ``left`` bytes of all output have left."""
        self._looked = now
        left = min(left, self._position)
        if self._bound is None:
            self._left = left
            self._bound = now + self._timeout + (self._position - left) / LEAST_RATE
        elif left > self._left:
            self._left = left
            self._moved = now

    def conclude(self, now: float) -> None:
        """Take note that the peer has nothing more to say: only the end of the stream is to come."""
        self._concluded = True
        self._moved = now

    def pause(self, now: float) -> None:
        """Take note that the owner stopped reading: an answer would not be seen."""
        self._paused_since = now

    def resume(self, now: float) -> None:
        """Take note that the owner reads again; the time between does not count."""
        if self._paused_since is not None and self._excused < _MOST_EXCUSED:
            pause = now - self._paused_since
            self._excused += pause
            self._started += pause
            self._moved += pause
            if self._bound is not None:
                self._bound += pause
        self._paused_since = None

    def expired(self, now: float) -> bool:
        """Tell whether the peer took too long."""
        self._looked = now
        if self._rests or now < self._limit:
            return False
        if now < self._limit + _LATE or self._forgave or self._concluded:
            return True
        self._forgave = True  # once, or a program that is always busy would never give up
        self._started += now - self._moved
        self._moved = now
        self._bound = None
        return False

    @property
    def _rests(self) -> bool:
        return self._paused_since is not None and not self._concluded

    @property
    def _limit(self) -> float:
        if self.has_left and self._concluded:
            return self._moved + min(self._timeout, LINGER)
        limit = self._moved + self._timeout
        if self.has_left:
            return limit + self._moved - self._started
        return limit if self._bound is None else min(limit, self._bound)
