"""Sends what was sent before once more, at its old pace or at once.

Knows rows and a session. One message at a time is waiting for its timer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tkws
from tkws.console.log import Row
from tkws.console.session import Session
from tkws.loop import Timer

_LONGEST_PAUSE = 10.0  # seconds: a night between two messages need not be waited for again


class Replay:
    """Replays from its making on.

    Args:
        session: An open one.
        rows: What to send, such as `tkws.console.log.sent_messages` returns.
        speed: How many times as quick as it was; infinity for at once.
        ended: Called with a sentence when it is over; empty where everything was sent.

    Attributes:
        sent: How many were sent.
        total: How many there are.
        over: Whether it ended.
    """

    def __init__(
        self, session: Session, rows: Sequence[Row], speed: float, ended: Callable[[str], object]
    ) -> None:
        self.sent = 0
        self.total = len(rows)
        self.over = False
        self._session = session
        self._rows = rows
        self._speed = speed
        self._ended = ended
        self._timer: Timer | None = None
        self._send_next()

    def stop(self, why: str = "The replay was stopped") -> None:
        """Send no more; nothing where it is over."""
        if self.over:
            return
        self.over = True
        if self._timer is not None:
            self._timer.cancel()
        self._ended(why)

    def _send_next(self) -> None:
        self._timer = None
        if self.sent == self.total:
            self.stop("")
            return
        row = self._rows[self.sent]
        try:
            if row.type == "ping":
                self._session.ping(row.payload if isinstance(row.payload, bytes) else row.payload.encode())
            else:
                self._session.send(row.payload)
        except (tkws.WebSocketError, ValueError) as error:
            self.stop(f"The replay ended after {self.sent} of {self.total}: {error}")
            return
        self.sent += 1
        assert self._session.ws is not None
        self._timer = self._session.ws.loop.call_later(self._pause(), self._send_next)

    def _pause(self) -> float:
        if self.sent == self.total:
            return 0.0
        gap = self._rows[self.sent].time - self._rows[self.sent - 1].time
        return min(max(gap, 0.0), _LONGEST_PAUSE) / self._speed
