"""The Tk timer that a loop has for its deadlines, and a spare one.

Knows Tk's timers and a clock; knows nothing of what is due. Tk's timers follow the wall clock, so this one
may fire before the time that it was armed for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

# A signal's handler may raise at the entry of a callback, before its first line: then the Tk timer is used up
# and nothing was done. The spare timer follows so many milliseconds later.
SPARE_DELAY_MS = 250

# Tk takes an int of milliseconds: for a longer wait the timer is set again each day.
MAX_DELAY_MS = 24 * 3600 * 1000


class TkTimer:
    """One timer of Tk's, and its spare. After it has fired, call `arm` or `disarm`.

    Args:
        tkapp: The Tcl interpreter.
        clock: Returns the time in seconds, which never goes back.
        callback: Called without arguments when the timer fires; dropped by `close`.

    Attributes:
        due: The time on the clock at which the timer fires; infinite if it is not armed.
    """

    def __init__(self, tkapp: Any, clock: Callable[[], float], callback: Callable[[], object]) -> None:
        self.due: float = math.inf
        self._tkapp: Any = tkapp
        self._clock = clock
        self._callback: Callable[[], object] | None = callback
        self._timer: Any = None
        self._spare: Any = None

    def arm(self, due: float) -> None:
        """Fire at ``due``, and not at the time that was set before."""
        self.disarm()
        delay = math.ceil(min(max((due - self._clock()) * 1000, 0), MAX_DELAY_MS))
        self._timer = self._tkapp.createtimerhandler(delay, self._callback)
        self._spare = self._tkapp.createtimerhandler(delay + SPARE_DELAY_MS, self._callback)
        self.due = due

    def disarm(self) -> None:
        """Do not fire. Idempotent."""
        if self._timer is not None:
            self._timer.deletetimerhandler()
            self._spare.deletetimerhandler()
            self._timer, self.due = None, math.inf

    def close(self) -> None:
        """Disarm for good, and drop the callback. Idempotent."""
        self.disarm()
        self._callback = None
