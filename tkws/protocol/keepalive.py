"""Is the peer alive? Pings, pongs and silence as arithmetic on ``now``.

Knows no frames and reads no clock. Silence counts only while the owner reads: a pause, or a
program that was busy past a deadline, is not held against the peer.
"""

from __future__ import annotations

from enum import Enum, auto

_PINGS_REMEMBERED = 16  # outstanding pings whose round trip is measured
_LATE = 0.5  # seconds behind a deadline at which the program was busy, not the peer silent


class Due(Enum):
    """What `Keepalive.check` asks for."""

    NOTHING = auto()
    PING = auto()
    GIVE_UP = auto()


class Keepalive:
    """Watches one connection for silence.

    Args:
        now: The time, in seconds of any monotonic clock; the same clock in every call.
        interval: Seconds without anything received after which a ping is due; 0 for never.
        pong_timeout: Seconds to wait for anything after such a ping; 0 to wait for ever.

    Attributes:
        interval: As above; a change counts at once.
        pong_timeout: As above; a change counts at once.
        unanswered: Whether nothing was received since a ping that was due was sent.
        latency: Seconds that the last answered ping took there and back; None before one.
    """

    __slots__ = ("_paused", "_pings", "_silent_since", "interval", "latency", "pong_timeout", "unanswered")

    def __init__(self, now: float, interval: float, pong_timeout: float) -> None:
        self.interval = interval
        self.pong_timeout = pong_timeout
        self.latency: float | None = None
        self._silent_since = now  # or since the last step that `check` asked for
        self.unanswered = False
        self._paused = False
        self._pings: list[tuple[bytes, float]] = []

    @property
    def deadline(self) -> float | None:
        """When `check` has something to ask for; None for never."""
        if self._paused or self.interval <= 0:
            return None
        return self._silent_since + (self.pong_timeout if self._waits_for_pong else self.interval)

    def check(self, now: float) -> Due:
        """Say what is due, and count on it that a ping that is due is sent."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return Due.NOTHING
        if not self._waits_for_pong:
            self._silent_since = now
            self.unanswered = True
            return Due.PING
        if now >= deadline + _LATE:
            self._silent_since = now
            return Due.NOTHING
        return Due.GIVE_UP

    def probe(self, now: float) -> bool:
        """Have a ping sent at once, since the time until now may have passed unnoticed.

        Returns:
            Whether a ping is to be sent: not where there is no keepalive, or while reading rests.
        """
        if self._paused or self.interval <= 0:
            return False
        self._silent_since = now
        self.unanswered = True
        return True

    def heard(self, now: float) -> None:
        """Take note that something was received, whatever it was."""
        self._silent_since = now
        self.unanswered = False

    def ping_sent(self, payload: bytes, now: float) -> None:
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
        """Take note that the owner stopped reading."""
        self._paused = True

    def resume(self, now: float) -> None:
        """Take note that the owner reads again; the silence before does not count."""
        self._paused = False
        self.heard(now)

    @property
    def _waits_for_pong(self) -> bool:
        return self.unanswered and self.pong_timeout > 0
