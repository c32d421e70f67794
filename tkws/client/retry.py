"""When a connection that was lost is tried again: pauses that grow, and causes that are final.

Pure arithmetic and judgement; `WebSocket` owns the timer and makes the attempts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from tkws.checks import check_callable, check_count, check_number, check_seconds
from tkws.client.tlserrors import is_bad_certificate
from tkws.errors import ConnectionClosed, HandshakeError, OpenError, ProtocolError, WebSocketError
from tkws.protocol.closing import CloseCode

_TRANSIENT_STATUS = frozenset((408, 425, 429, 500, 502, 503, 504))
_TRANSIENT_CODES = frozenset(
    (
        CloseCode.GOING_AWAY,
        CloseCode.NO_STATUS_RECEIVED,
        CloseCode.ABNORMAL_CLOSURE,
        CloseCode.INTERNAL_ERROR,
        CloseCode.SERVICE_RESTART,
        CloseCode.TRY_AGAIN_LATER,
        CloseCode.BAD_GATEWAY,
    )
)
_OWN_LIMITS = frozenset((CloseCode.POLICY_VIOLATION, CloseCode.MESSAGE_TOO_BIG))  # max_fragments, max_message


def is_transient(cause: WebSocketError) -> bool:
    """Whether it makes sense to try again after ``cause``.

    Transient are: a name that does not resolve, an address that does not answer, a timeout, an
    HTTP status of 408, 425, 429, 500, 502, 503 or 504, a lost connection, a server that broke the
    protocol, and a Close with the code 1001, 1005, 1006 or 1011 to 1014. Final are a certificate
    that does not verify, any other answer to the opening handshake, any other code, and a message
    beyond ``max_message`` or ``max_fragments``: trying again would change nothing.
    """
    if isinstance(cause, ConnectionClosed):
        return cause.code in _TRANSIENT_CODES
    if isinstance(cause, ProtocolError):
        return cause.code not in _OWN_LIMITS
    if isinstance(cause, HandshakeError):
        return cause.status in _TRANSIENT_STATUS or cause.status is None
    if isinstance(cause, OpenError):
        return not is_bad_certificate(cause.__cause__) and cause.status in (None, *_TRANSIENT_STATUS)
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How a connection is tried again: the pauses, and the end of patience.

    The pause before attempt ``n`` is ``initial * factor ** (n - 1)`` seconds, at most
    ``maximum``, changed by up to ``jitter`` of itself so that not all clients of a restarted
    server come at once. A server's Retry-After makes it longer.

    Raises:
        TypeError: For a value of a wrong type.
        ValueError: For a value that is out of range.
    """

    initial: float = 0.5
    """Seconds before the first attempt."""

    factor: float = 2.0
    """By what the pause grows; 1 or more."""

    maximum: float = 60.0
    """Seconds that a pause has at most."""

    jitter: float = 0.25
    """The part of a pause by which it may be shorter or longer, 0 to 1."""

    attempts: int | None = None
    """Attempts in a row after which to give up; None for never."""

    reset_after: float = 30.0
    """Seconds that a connection must have lasted for the pauses to begin anew."""

    retry: Callable[[WebSocketError], bool] = is_transient
    """The rule that tells whether to try again after a cause."""

    def __post_init__(self) -> None:
        for name in ("initial", "maximum", "reset_after"):
            object.__setattr__(self, name, check_seconds(name, getattr(self, name)))
        object.__setattr__(self, "factor", check_number("factor", self.factor, least=1))
        object.__setattr__(self, "jitter", check_number("jitter", self.jitter, least=0, most=1))
        if self.attempts is not None:
            object.__setattr__(self, "attempts", check_count("attempts", self.attempts, least=1))
        check_callable("retry", self.retry, "(cause)")


def _uniform(low: float, high: float) -> float:
    return low + (high - low) * int.from_bytes(os.urandom(4)) / 0xFFFFFFFF


class Attempts:
    """The attempts of one connection, counted.

    Args:
        backoff: The rule.
        uniform: Returns a number between two others at random.

    Attributes:
        count: Attempts in a row since the last connection that lasted.
    """

    def __init__(self, backoff: Backoff, uniform: Callable[[float, float], float] = _uniform) -> None:
        self.count = 0
        self._pause = backoff.initial
        self._backoff = backoff
        self._uniform = uniform
        self._opened_at: float | None = None

    def opened(self, now: float) -> None:
        """Take note that an attempt succeeded."""
        self._opened_at = now

    def next_delay(self, cause: WebSocketError, now: float) -> float | None:
        """Return the seconds to wait before the next attempt; None to give up."""
        backoff = self._backoff
        if self._opened_at is not None and now - self._opened_at >= backoff.reset_after:
            self.count = 0
            self._pause = backoff.initial
        self._opened_at = None
        if not backoff.retry(cause) or self.count == backoff.attempts:
            return None
        pause = min(self._pause, backoff.maximum)
        self._pause = pause * backoff.factor
        self.count += 1
        pause *= self._uniform(1 - backoff.jitter, 1 + backoff.jitter)
        return max(pause, retry_after(cause) or 0.0)


def retry_after(cause: WebSocketError) -> float | None:
    """Return the seconds that a server asked to wait (RFC 9110, 10.2.3); None where it did not."""
    if not isinstance(cause, OpenError):
        return None
    value = cause.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    return _seconds_until(value) if value else None


def _seconds_until(value: str) -> float | None:
    try:
        from datetime import UTC, datetime  # takes a while with the next, and few servers name a date
        from email.utils import parsedate_to_datetime

        date = parsedate_to_datetime(value)
    except (ValueError, ImportError, OSError):  # it is none, or no descriptor is left to import with
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max((date - datetime.now(tz=UTC)).total_seconds(), 0.0)
