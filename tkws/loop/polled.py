"""The loop of last resort, which polls from a Tk timer: without file handlers, and without loopback.

It polls every millisecond while there is traffic, and less and less often without, down to every
25 ms. It never stops, since another thread may call at any time.
"""

from __future__ import annotations

import sys
from typing import ClassVar, SupportsIndex

from tkws.compilation import mypyc_attr
from tkws.loop.base import Loop
from tkws.loop.readiness import Callback

# Seconds between two polls. Without traffic each interval is longer than the last by this factor, so the
# longest one is reached after about 100 ms. Windows' timers tick every 15.6 ms, hence fewer steps.
BUSY_INTERVAL = 0.001
IDLE_INTERVAL = 0.025
GROWTH = 1.7 if sys.platform == "win32" else 1.25


@mypyc_attr(allow_interpreted_subclasses=True)
class PolledLoop(Loop):
    """A loop that uses Tk's timers only."""

    _drain_all: ClassVar[bool] = True
    _may_wait: ClassVar[bool] = False  # Tk enters this loop by a timer, whatever comes
    _interval: float  # set when the loop first attaches itself to Tk

    def watch(self, fd: int | SupportsIndex, readable: Callback | None, writable: Callback | None) -> None:
        """See `Loop.watch`. Poll often again, since traffic is likely to follow."""
        super().watch(fd, readable, writable)
        self._attach_to_tk()

    def _attach_to_tk(self) -> None:
        self._interval = BUSY_INTERVAL
        self._rearm()

    def _detach_from_tk(self) -> None:
        pass

    def _poll(self, seconds: float = 0.0) -> bool:
        found = super()._poll(seconds)
        self._interval = BUSY_INTERVAL if found else min(self._interval * GROWTH, IDLE_INTERVAL)
        return found

    def _next_due(self, now: float) -> float:
        return min(super()._next_due(now), now + self._interval)
