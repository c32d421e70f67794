"""The timeout of a closing handshake, computed from output sent, input received and silence.

Knows no frames and reads no clock. The timeout measures the peer: it starts again whenever the peer takes
some of what was sent before the Close frame, and stops while this side does not read. Once everything has
been sent, the peer's system may still hold much of it unread, so the peer gets as much time again as sending
took.
"""

from __future__ import annotations

LINGER = 1.0
"""Seconds to wait for the end of the stream when both Close frames have passed.

A client lets the server end the TCP connection first (RFC 6455, 7.1.1), and a server lets the client read
what it was sent. Everything has been said by then, so nothing is lost if the peer leaves its end open.
"""

MIN_READ_RATE = 16 * 1024
"""Bytes per second that the peer must take, on average, of what was sent before the Close frame.

Any mobile network is faster. This bounds how long a peer that takes a little now and then can hold a
connection: at most 17 minutes for 16 MiB.
"""

# Seconds of pauses that do not count; without this bound, a peer that keeps sending and does not answer
# would never time out.
_MAX_EXCUSED = 60.0
_BUSY_MARGIN = 0.5  # seconds; if the deadline is checked later than this, the program was busy
_POLLS = 4  # how often the unsent output is looked at within the shortest timeout


class CloseTimer:
    """The time that one closing handshake may still take.

    Args:
        now: The time, in seconds of any monotonic clock; the same clock in every call.
        timeout: Seconds without progress after which the connection is dropped.
        position: Where the Close frame ends in all output, in bytes.
    """

    __slots__ = (
        "_excused", "_extended", "_latest_end", "_paused_since", "_peer_finished", "_polled_at",
        "_position", "_progressed_at", "_sent", "_started", "_timeout",
    )  # fmt: skip

    def __init__(self, now: float, timeout: float, position: int) -> None:
        self._timeout = timeout
        self._position = position
        self._sent = position  # of the output up to there: all of it, until `output_sent` says otherwise
        self._latest_end: float | None = None
        self._started = self._progressed_at = self._polled_at = now
        self._paused_since: float | None = None
        self._excused = 0.0
        self._extended = False
        self._peer_finished = False

    @property
    def close_sent(self) -> bool:
        """Whether the Close frame has been sent, as far as is known."""
        return self._sent >= self._position

    @property
    def deadline(self) -> float | None:
        """When to call `expired`, after `output_sent`; None while this side does not read."""
        if self._suspended:
            return None
        if self.close_sent:
            return self._limit
        return min(self._limit, self._polled_at + min(self._timeout, LINGER) / _POLLS)

    def output_sent(self, sent: int, now: float) -> None:
        """Note that the first ``sent`` bytes of all output have been sent."""
        self._polled_at = now
        sent = min(sent, self._position)
        if self._latest_end is None:
            self._sent = sent
            self._latest_end = now + self._timeout + (self._position - sent) / MIN_READ_RATE
        elif sent > self._sent:
            self._sent = sent
            self._progressed_at = now

    def peer_finished(self, now: float) -> None:
        """Note that the peer has nothing more to say: only the end of the stream is to come."""
        self._peer_finished = True
        self._progressed_at = now

    def pause(self, now: float) -> None:
        """Note that the owner stopped reading: an answer would not be seen."""
        self._paused_since = now

    def resume(self, now: float) -> None:
        """Note that the owner reads again; the time between does not count."""
        if self._paused_since is not None and self._excused < _MAX_EXCUSED:
            pause = now - self._paused_since
            self._excused += pause
            self._started += pause
            self._progressed_at += pause
            if self._latest_end is not None:
                self._latest_end += pause
        self._paused_since = None

    def expired(self, now: float) -> bool:
        """Tell whether the peer took too long."""
        self._polled_at = now
        if self._suspended or now < self._limit:
            return False
        if now < self._limit + _BUSY_MARGIN or self._extended or self._peer_finished:
            return True
        self._extended = True  # once, or a program that is always busy would never give up
        self._started += now - self._progressed_at
        self._progressed_at = now
        self._latest_end = None
        return False

    @property
    def _suspended(self) -> bool:
        return self._paused_since is not None and not self._peer_finished

    @property
    def _limit(self) -> float:
        if self.close_sent and self._peer_finished:
            return self._progressed_at + min(self._timeout, LINGER)
        limit = self._progressed_at + self._timeout
        if self.close_sent:
            return limit + self._progressed_at - self._started
        return limit if self._latest_end is None else min(limit, self._latest_end)
