"""The loop for where Tk has no file handlers, as on Windows: it looks at the descriptors by a timer.

Each millisecond while something goes on, every 25 ms when nothing does. It never rests
entirely, since any thread may call at any time.
"""

from __future__ import annotations

from tkws.loop.base import Loop
from tkws.loop.slices import Callback

# Seconds between two looks, and how quickly the one becomes the other: after some 100 ms.
BUSY = 0.001
IDLE = 0.025
GROWTH = 1.25


class PolledLoop(Loop):
    """A loop on Tk's timers alone."""

    _exhaustive = True
    _interval = BUSY

    def watch(self, fd: int, readable: Callback | None, writable: Callback | None) -> None:
        """See `Loop.watch`. Whoever watches anew expects something to happen."""
        super().watch(fd, readable, writable)
        self._listen()

    def _listen(self) -> None:
        self._interval = BUSY
        self._arm_exactly()

    def _ignore(self) -> None:
        pass

    def _collect(self, seconds: float = 0.0) -> bool:
        found = super()._collect(seconds)
        self._interval = BUSY if found else min(self._interval * GROWTH, IDLE)
        return found

    def _next_due(self, now: float) -> float:
        return min(super()._next_due(now), now + self._interval)
