"""When a connection that was lost is tried again: pauses that grow, and causes that are final.

Pure arithmetic and judgement; `Session` owns the timer and makes the attempts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from tkws.asynchandlers import check_plain
from tkws.checks import check_count, check_number, check_seconds
from tkws.errors import ConnectionClosed, OpenError, ProtocolError, URLError, WebSocketError
from tkws.http.dates import parse_date
from tkws.net.tlserrors import needs_a_change
from tkws.protocol.closing import CloseCode

MAX_RETRY_AFTER = 24 * 3600.0
"""Seconds of a server's Retry-After that count at most: a day."""

# Statuses below 500 that the server can mend: requests that may succeed a little later (RFC 9110, 15.5.9;
# RFC 8470; RFC 6585, 4), and a 101 that is an error, since it broke RFC 6455.
_TRANSIENT_STATUSES = frozenset((101, 408, 425, 429))

# Codes by which the peer is content with the end, or says that this side is to change. Every other code below
# 3000, the reserved ones and those that are yet to be defined included, tells of a fault of the peer's.
_FINAL_CODES = frozenset(
    (
        CloseCode.NORMAL_CLOSURE,
        CloseCode.PROTOCOL_ERROR,
        CloseCode.UNSUPPORTED_DATA,
        CloseCode.INVALID_PAYLOAD,
        CloseCode.POLICY_VIOLATION,
        CloseCode.MESSAGE_TOO_BIG,
        CloseCode.MANDATORY_EXTENSION,
    )
)
_FIRST_CODE_OF_PROGRAMS = 3000  # RFC 6455, 7.4.2: what these mean is known to the programs alone
_OWN_LIMITS = frozenset((CloseCode.POLICY_VIOLATION, CloseCode.MESSAGE_TOO_BIG))  # max_fragments, max_message


def is_transient(cause: WebSocketError) -> bool:
    """Tell whether it makes sense to try again after ``cause``.

    The rule: what may be mended without a change of this program is transient. That is a name that does not
    resolve, an address that does not answer, a timeout, a lost connection, a server that broke the protocol
    (an answer that is not HTTP, and a 101 that does not fit the request, included), any HTTP status from 500
    on, 408, 425 and 429, a certificate that is not valid yet, and a Close with 1001,
    1005, 1006, 1011 to 1014 or a code that is reserved. Final is what the program, its settings or its
    certificates must mend: any other answer to the opening handshake, TLS that fails for a stated reason, a
    proxy that cannot be used as it is set, a message beyond ``max_message`` or ``max_fragments``, a Close
    with 1000, 1002, 1003 or 1007 to 1010, and one with a code that the programs agreed on (from 3000).
    """
    if isinstance(cause, ConnectionClosed):
        return cause.code < _FIRST_CODE_OF_PROGRAMS and cause.code not in _FINAL_CODES
    if isinstance(cause, ProtocolError):
        return cause.code not in _OWN_LIMITS
    if isinstance(cause, OpenError):
        if cause.status is not None:
            return cause.status >= 500 or cause.status in _TRANSIENT_STATUSES
        return not _is_by_setting(cause)
    return False


def _is_by_setting(error: OpenError) -> bool:
    """Tell whether an opening failed by what the program set, and not by the network or the server."""
    reason = error.__cause__
    if error.phase == "proxy" and isinstance(reason, ValueError | ImportError | PermissionError):
        return True
    return isinstance(reason, URLError) or needs_a_change(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How a connection is tried again: the pauses, and the end of patience.

    The pause before attempt ``n`` is ``initial * factor ** (n - 1)`` seconds, at most
    ``maximum``, changed by up to ``jitter`` of itself so that not all clients of a restarted
    server come at once. A server's Retry-After makes it longer, up to a day.

    Raises:
        TypeError: A value is of a wrong type.
        ValueError: A value is out of range.
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
    """Seconds that a connection must have lasted for the pauses to start over."""

    retry: Callable[[WebSocketError], bool] = is_transient
    """The rule that tells whether to try again after a cause."""

    def __post_init__(self) -> None:
        for name in ("initial", "maximum", "reset_after"):
            object.__setattr__(self, name, check_seconds(name, getattr(self, name)))
        object.__setattr__(self, "factor", check_number("factor", self.factor, least=1))
        object.__setattr__(self, "jitter", check_number("jitter", self.jitter, least=0, most=1))
        if self.attempts is not None:
            object.__setattr__(self, "attempts", check_count("attempts", self.attempts, least=1))
        check_plain("retry", self.retry, "(cause)")


def _uniform(low: float, high: float) -> float:
    return low + (high - low) * int.from_bytes(os.urandom(4)) / 0xFFFFFFFF


class RetryState:
    """The attempts of one connection, counted.

    Args:
        backoff: The rule.
        uniform: Returns a number between two others at random.

    Attributes:
        count: Attempts in a row since the last connection that lasted.
    """

    def __init__(self, backoff: Backoff, uniform: Callable[[float, float], float] = _uniform) -> None:
        self.count: int = 0
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
    """Return the seconds that a server asked to wait (RFC 9110, 10.2.3); None where it did not.

    They are at most `MAX_RETRY_AFTER`.
    """
    if not isinstance(cause, OpenError):
        return None
    value = cause.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        digits = value.lstrip("0")[: len(str(int(MAX_RETRY_AFTER))) + 1]
        return min(float(digits or 0), MAX_RETRY_AFTER)
    now = time.time()
    date = parse_date(value, now)
    return None if date is None else min(max(date - now, 0.0), MAX_RETRY_AFTER)
