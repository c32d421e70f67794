"""When to ping the peer, and when to give it up, computed from pings, pongs and silence.

Knows no frames and reads no clock. Silence does not count while this side does not read. Nor does it count
while the program is busy, but only once for each ping: otherwise a program that is always busy would never
notice a lost peer. While a ping waits to be sent, each byte that the peer takes counts as a sign of life.
Once it has been sent, `pong_timeout` is extended by the time that sending took, since the peer's system may
still hold earlier bytes unread.
"""

from __future__ import annotations

from enum import Enum, auto

_PINGS_REMEMBERED = 16  # outstanding pings whose round trip is measured
_BUSY_MARGIN = 0.5  # seconds; if a deadline is checked later than this, the program was busy
_POLLS = 4  # times per pong_timeout that the unsent output is looked at while a ping waits to leave


class Due(Enum):
    """The result of `Keepalive.poll`."""

    NOTHING = auto()
    PING = auto()
    GIVE_UP = auto()


class Keepalive:
    """Watches one connection for silence.

    Args:
        now: The time, in seconds of any monotonic clock; the same clock in every call.
        interval: Seconds without anything received after which a ping is due; 0 for never.
        pong_timeout: Seconds to wait for anything after such a ping; 0 to wait forever.

    Attributes:
        interval: As above; a change takes effect at once.
        pong_timeout: As above; a change takes effect at once.
        paused: Whether the owner does not read.
        unanswered: Whether nothing was received since the last keepalive ping.
        latency: The round-trip time of the last answered ping, in seconds; None before one.
    """

    __slots__ = (
        "_excused", "_grace", "_ping_position", "_pinged_at", "_pings", "_polled_at", "_sent",
        "_silent_since", "interval", "latency", "paused", "pong_timeout", "unanswered",
    )  # fmt: skip

    def __init__(self, now: float, interval: float, pong_timeout: float) -> None:
        self.interval: float = interval
        self.pong_timeout: float = pong_timeout
        self.latency: float | None = None
        self._silent_since = now  # or since the last step that `poll` asked for
        self.unanswered: bool = False
        self.paused: bool = False
        self._ping_position = self._sent = 0  # in all output: where the ping begins, and what was sent
        self._polled_at = self._pinged_at = now
        self._grace = 0.0  # seconds that the ping took to leave
        self._excused = False  # whether the program was busy when the pong was due
        self._pings: list[tuple[bytes, float]] = []

    @property
    def deadline(self) -> float | None:
        """When to call `poll` next, after `output_sent` if a pong is awaited; None for never."""
        limit = self._limit
        if limit is None or self._sent >= self._ping_position or not self._waits_for_pong:
            return limit
        return min(limit, self._polled_at + self.pong_timeout / _POLLS)

    def poll(self, now: float) -> Due:
        """Return what is due. After PING, the owner must send a ping: it counts as unanswered already."""
        self._polled_at = now
        limit = self._limit
        if limit is None or now < limit:
            return Due.NOTHING
        if not self._waits_for_pong:
            self._silent_since = now
            self.unanswered = True
            return Due.PING
        if now >= limit + _BUSY_MARGIN and not self._excused:
            self._excused = True
            self._silent_since = now
            return Due.NOTHING
        return Due.GIVE_UP

    def probe(self, now: float) -> bool:
        """Make a ping due at once, as after a suspend, whose length nothing here has noticed.

        Returns:
            Whether the owner must send a ping; False if keepalive is off or reading is paused.
        """
        if self.paused or self.interval <= 0:
            return False
        self._silent_since = now
        self.unanswered = True
        return True

    def data_received(self, now: float) -> None:
        """Note that bytes of any kind were received."""
        self._silent_since = now
        self.unanswered = False

    def expect_pong_after(self, position: int, now: float) -> None:
        """Note that the ping that was due follows the first ``position`` bytes of all output."""
        self._ping_position = self._sent = position  # all of it, until `output_sent` says otherwise
        self._pinged_at = now
        self._grace = 0.0
        self._excused = False

    def output_sent(self, sent: int, now: float) -> None:
        """Note that the first ``sent`` bytes of all output have been sent."""
        sent = min(sent, self._ping_position)
        if sent > self._sent:
            self._silent_since = now
            self._excused = False
            self._grace = now - self._pinged_at if sent == self._ping_position else 0.0
        self._sent = sent
        self._polled_at = now

    def remember_ping(self, payload: bytes, now: float) -> None:
        """Remember a ping, so that its pong tells the latency."""
        self._pings.append((payload, now))
        del self._pings[:-_PINGS_REMEMBERED]

    def pong_received(self, payload: bytes, now: float) -> None:
        """Measure the round trip; a pong answers every ping before its own (RFC 6455, 5.5.3)."""
        for index in reversed(range(len(self._pings))):
            ping, sent = self._pings[index]
            if ping == payload:
                self.latency = now - sent
                del self._pings[: index + 1]
                return

    def pause(self) -> None:
        """Note that the owner stopped reading."""
        self.paused = True

    def resume(self, now: float) -> None:
        """Note that the owner reads again; the silence before does not count."""
        self.paused = False
        self._excused = False
        self.data_received(now)

    @property
    def _limit(self) -> float | None:
        if self.paused or self.interval <= 0:
            return None
        if self._waits_for_pong:
            return self._silent_since + self.pong_timeout + self._grace
        return self._silent_since + self.interval

    @property
    def _waits_for_pong(self) -> bool:
        return self.unanswered and self.pong_timeout > 0
