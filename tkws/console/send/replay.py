"""Sends recorded messages again, at their original pace or faster.

Knows rows and a session. Only one message at a time waits for its timer. Messages without delays between them
go in short runs, and wait while the server does not read, so that the window stays alive.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import tkws
from tkws.checks import MAX_SECONDS
from tkws.console.client.session import Session
from tkws.console.log.log import Row
from tkws.loop import Timer
from tkws.plurals import counted

_MAX_DELAY = 10.0  # seconds, so that a replay does not wait through a night between two messages
_RUN_TIME = 0.004  # seconds of sending without a break
_FULL_DELAY = 0.02  # seconds until the next look at a write buffer that is full


class Replay:
    """Starts to send as soon as it is made.

    Args:
        session: An open session.
        rows: The messages to send; see `tkws.console.log.log.sent_messages`.
        speed: How many times faster than the original; infinity for no delays.
        on_end: Called at the end with a sentence; with an empty string if everything was sent.

    Attributes:
        sent: How many messages have been sent.
        total: How many messages there are.
        done: Whether the replay has ended.
    """

    def __init__(
        self, session: Session, rows: Sequence[Row], speed: float, on_end: Callable[[str], object]
    ) -> None:
        self.sent: int = 0
        self.total: int = len(rows)
        self.done: bool = False
        self._session = session
        self._rows = rows
        self._speed = speed
        self._on_end = on_end
        self._timer: Timer | None = None
        self._send_next()

    def stop(self, reason: str = "The replay was stopped") -> None:
        """Stop sending; a no-op if the replay is done."""
        if self.done:
            return
        self.done = True
        if self._timer is not None:
            self._timer.cancel()
        self._on_end(reason)

    def _send_next(self) -> None:
        self._timer = None
        ws = self._session.ws
        delay = 0.0
        end = time.monotonic() + _RUN_TIME
        while delay == 0.0 and not self.done:
            if self.sent == self.total:
                self.stop("")
            elif ws is not None and ws.buffered_amount > ws.cget("high_water"):
                delay = _FULL_DELAY
            elif self._send(self._rows[self.sent]):
                delay = self._delay()
                if time.monotonic() > end:
                    break
        if ws is not None and not self.done:
            self._timer = ws.loop.call_later(delay, self._send_next)

    def _send(self, row: Row) -> bool:
        try:
            if row.type == "ping":
                self._session.ping(row.payload if isinstance(row.payload, bytes) else row.payload.encode())
            else:
                self._session.send(row.payload)
        except (tkws.WebSocketError, ValueError) as error:
            self.stop(f"The replay ended after {self.sent} of {counted(self.total, 'message')}: {error}")
            return False
        self.sent += 1
        return True

    def _delay(self) -> float:
        if self.sent == self.total:
            return 0.0
        gap = self._rows[self.sent].time - self._rows[self.sent - 1].time
        return min(min(max(gap, 0.0), _MAX_DELAY) / self._speed, MAX_SECONDS)
