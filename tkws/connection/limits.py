"""Time-related limits of one connection: messages and bytes per second, idle time, and lifetime.

Knows the engine's counters and the clock; `tkws.connection.driver` reports when they may have changed,
and pauses or closes. The rates are token buckets: one second's worth may arrive at once. Beyond that, reading
pauses until the average rate is met again. Since one read may bring thousands of small messages, what was
read is processed in portions, none of which can hold more messages than the rate allows. A connection without
such limits does not have this object.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from tkws.loop import Loop, Timer
from tkws.options import ConnectionOptions
from tkws.plurals import counted
from tkws.protocol.engine import Engine
from tkws.protocol.frames import Role

MIN_FRAME: Final = MappingProxyType({Role.SERVER: 6, Role.CLIENT: 2})
"""The bytes of the smallest frame that an end receives; a client's frames have a mask."""

_PORTION: Final = 512  # bytes to process before the owner looks at the clock: up to 256 frames


class TokenBucket:
    """Allows ``rate`` units per second on average, in bursts of up to one second's worth.

    Args:
        rate: The units per second.
        now: The time in seconds.
    """

    __slots__ = ("_rate", "_tokens", "_updated")

    def __init__(self, rate: int, now: float) -> None:
        self._rate = rate
        self._tokens: float = rate
        self._updated = now

    def available(self, now: float) -> float:
        """Return how many units may be taken at ``now``; below 0 if the bucket is overdrawn."""
        return min(self._rate, self._tokens + (now - self._updated) * self._rate)

    def seconds_until(self, count: int, now: float) -> float:
        """Return the seconds after which ``count`` units may be taken."""
        return max(0.0, (count - self.available(now)) / self._rate)

    def take(self, count: int, now: float) -> float:
        """Take ``count`` units; return the seconds until the bucket is no longer overdrawn."""
        self._tokens = self.available(now) - count
        self._updated = now
        return self.seconds_until(0, now)


class ConnectionLimits:
    """The limits of one connection.

    Args:
        loop: Runs the timers.
        engine: Counts messages and bytes.
        options: The options of the connection; see `has_limits`.
        on_resume: Called when `paused` has become False.
        on_over: Called with a reason when a rate is exceeded, if the option ``over_rate`` is ``"close"``.
        on_expired: Called with a reason when the connection was idle or open for too long. It returns False
            if the connection cannot be closed now.

    Attributes:
        paused: Whether reading is paused.
        unread: Received bytes that have not been processed.
    """

    __slots__ = (
        "_bytes", "_bytes_seen", "_closes", "_engine", "_idle", "_idle_timer", "_last", "_life_timer",
        "_loop", "_messages", "_on_expired", "_on_over", "_on_resume", "_rate_timer", "_received_seen",
        "_sent_seen", "paused", "unread",
    )  # fmt: skip

    def __init__(
        self,
        loop: Loop,
        engine: Engine,
        options: ConnectionOptions,
        *,
        on_resume: Callable[[], object],
        on_over: Callable[[str], object],
        on_expired: Callable[[str], bool],
    ) -> None:
        now = loop.now()
        self.paused: bool = False
        self.unread: bytes = b""
        self._loop = loop
        self._engine = engine
        self._on_resume = on_resume
        self._on_over = on_over
        self._on_expired = on_expired
        self._closes = options.over_rate == "close"
        messages, size = options.max_messages_per_second, options.max_bytes_per_second
        self._messages = TokenBucket(messages, now) if messages is not None else None
        self._bytes = TokenBucket(size, now) if size is not None else None
        self._received_seen = engine.reader.messages
        self._sent_seen = engine.writer.messages
        self._bytes_seen = engine.bytes_received
        self._idle = options.idle_timeout
        self._last = now
        self._rate_timer: Timer | None = None
        self._idle_timer = loop.call_later(self._idle, self._check_idle) if self._idle else None
        life = options.max_lifetime
        self._life_timer = loop.call_later(life, self._end_life, life) if life else None

    def must_wait(self) -> bool:
        """Tell whether `unread` has to wait, and pause if it does not wait already."""
        if not (self.paused or self._closes or self._messages is None):
            seconds = self._messages.seconds_until(1, self._loop.now())
            if seconds > 0:
                self._pause(seconds)
        return self.paused

    def next_portion(self) -> bytes:
        """Take the bytes to process next from `unread`: too few for more messages than may come now."""
        size = _PORTION
        if self._messages is not None:
            messages = max(1, int(self._messages.available(self._loop.now())))
            size = min(size, messages * MIN_FRAME[self._engine.role])
        size += self._engine.reader.payload_left
        portion, self.unread = self.unread[:size], self.unread[size:]
        return portion

    def lift(self) -> None:
        """Limit the rates no longer: the connection ends, and the peer's last words are awaited."""
        self._messages = self._bytes = None
        self.paused = False
        if self._rate_timer is not None:
            self._rate_timer.cancel()
            self._rate_timer = None

    def received(self) -> None:
        """Note that the engine may have received something."""
        engine, now = self._engine, self._loop.now()
        messages = engine.reader.messages - self._received_seen
        size = engine.bytes_received - self._bytes_seen
        self._received_seen += messages
        self._bytes_seen += size
        if messages or (size and engine.reader.within_message):
            self._last = now
        rest = 0.0
        if self._messages is not None and messages:
            rest = self._messages.take(messages, now)
            if rest and self._closes:
                self._on_over("More messages a second than max_messages_per_second")
                return
        if self._bytes is not None and size:
            rest = max(rest, self._bytes.take(size, now))
            if rest and self._closes:
                self._on_over("More bytes a second than max_bytes_per_second")
                return
        if rest:
            self._pause(rest)

    def sent(self) -> None:
        """Note that the engine may have sent something."""
        writer = self._engine.writer
        if writer.messages != self._sent_seen or writer.unfinished is not None:
            self._sent_seen = writer.messages
            self._last = self._loop.now()

    def cancel(self) -> None:
        """Cancel the timers: the connection has ended, or its options have changed."""
        for timer in (self._rate_timer, self._idle_timer, self._life_timer):
            if timer is not None:
                timer.cancel()

    def _pause(self, seconds: float) -> None:
        self.paused = True
        if self._rate_timer is not None:
            self._rate_timer.cancel()
        self._rate_timer = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self.paused = False
        self._on_resume()

    def _check_idle(self) -> None:
        left = self._last + self._idle - self._loop.now()
        idle = counted(self._idle, "second", style="g")
        if left <= 0 and not self.paused and self._on_expired(f"Idle for {idle}"):
            return
        self._idle_timer = self._loop.call_later(left if left > 0 else self._idle, self._check_idle)

    def _end_life(self, seconds: float) -> None:
        if not self._on_expired(f"Open for {counted(seconds, 'second', style='g')}"):
            self._life_timer = self._loop.call_later(1.0, self._end_life, seconds)


def has_limits(options: ConnectionOptions) -> bool:
    """Tell whether any of these limits is set."""
    return bool(
        options.max_messages_per_second is not None
        or options.max_bytes_per_second is not None
        or options.idle_timeout
        or options.max_lifetime
    )
