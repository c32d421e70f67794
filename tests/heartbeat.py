"""A heartbeat of the GUI, and how much of the time between two beats tkws took for itself.

The clock is the thread's CPU time: what else the machine is busy with does not count.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import pytest

from tkws.loop.scheduler import Scheduler

# Milliseconds from one beat to the next.
BEAT_MS = 10

# Every way by which Tk gets into a loop of tkws.
ENTRIES = (
    (Scheduler, "_dispatch"),
    (Scheduler, "_on_tk_timer"),
    (Scheduler, "_on_tk_idle"),
)


class Heartbeat:
    """A chain of Tk timers that looks at each beat how long tkws has held Tk up since the last.

    Args:
        tkapp: The interpreter.
        patch: Puts the clocks at `ENTRIES`; a loop that was made before goes without them.

    Attributes:
        beats: How many there were.
        longest: The most CPU time, in seconds, that tkws took from one beat to the next.
    """

    def __init__(self, tkapp: Any, patch: pytest.MonkeyPatch) -> None:
        self.beats = 0
        self.longest = 0.0
        self._tkapp = tkapp
        self._taken = 0.0
        self._depth = 0
        self._since = 0.0
        for owner, name in ENTRIES:
            patch.setattr(owner, name, self._timed(getattr(owner, name)))
        self._timer = tkapp.createtimerhandler(BEAT_MS, self._beat)

    def stop(self) -> None:
        """The last beat."""
        self._timer.deletetimerhandler()
        self._judge()

    def _beat(self) -> None:
        self._judge()
        self.beats += 1
        self._timer = self._tkapp.createtimerhandler(BEAT_MS, self._beat)

    def _judge(self) -> None:
        self._account()
        self.longest = max(self.longest, self._taken)
        self._taken = 0.0

    def _account(self) -> None:
        now = time.thread_time()
        if self._depth:
            self._taken += now - self._since
        self._since = now

    def _timed(self, entry: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(entry)
        def enter(*args: object) -> None:
            self._account()
            self._depth += 1
            try:
                entry(*args)
            finally:
                self._account()
                self._depth -= 1

        return enter
