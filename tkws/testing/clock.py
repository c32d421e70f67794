"""A clock that a test moves forward, so that no test waits for a keepalive or a retry.

Between the jumps it runs at the speed of the real clock; otherwise no time slice would ever end.
"""

from __future__ import annotations

import time

from tkws.checks import MAX_SECONDS, check_number
from tkws.errors import StateError
from tkws.loop import Master, make_loop, root_of
from tkws.loop.dwell import SLICE
from tkws.testing.waiting import run_until


class FakeClock:
    """The clock of an interpreter's loop.

    All waiting in tkws follows it: keepalive, timeouts, the pauses between attempts,
    ``ws.loop.call_later``. Tk's own ``after`` follows the real clock.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()`` that has not been used with tkws yet; None for Tk's
            default root.

    Raises:
        StateError: The interpreter already has a loop, which follows the real clock.
    """

    def __init__(self, master: Master = None) -> None:
        self._offset = 0.0
        self._slept = 0.0
        self._root = root_of(master)
        self._loop = make_loop(self._root, clock=self.now, wall=self._wall)

    def now(self) -> float:
        """Return the time on this clock, in seconds."""
        return time.monotonic() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward; run each timer that falls due on the way, in order and at its own time.

        Raises:
            TypeError: ``seconds`` is not a number.
            ValueError: ``seconds`` is negative, infinite or NaN, or the clock would be more than 31 years
                (1e9 seconds) ahead of the real one.
            StateError: The interpreter or its loop is gone, or belongs to another thread.
            Exception: A callback raised it.
        """
        end = self.now() + self._check_seconds(seconds)
        while (due := self._loop.next_deadline) <= end:
            self._jump_to(due)
        self._jump_to(end)

    def sleep(self, seconds: float) -> None:
        """Simulate that the machine sleeps: move the time of day forward, but not this clock.

        Raises:
            TypeError: As for `advance`.
            ValueError: As for `advance`.
            StateError: As for `advance`.
            Exception: A callback raised it.
        """
        self._slept += self._check_seconds(seconds)
        self._jump_to(self.now() + SLICE)  # the loop notices a sleep when a slice begins

    def _check_seconds(self, seconds: float) -> float:
        number = check_number("seconds", seconds, least=0)
        left = MAX_SECONDS - self._offset - self._slept
        if number > left:
            ahead = f"the clock may be {MAX_SECONDS:g} ahead in all"
            raise ValueError(f"seconds: at most {left:g} ({ahead}), not {number:g}")
        root_of(self._root)  # raises if the interpreter is gone or belongs to another thread
        if self._loop.closed:
            raise StateError("the loop is closed")
        return number

    def _wall(self) -> float:
        return time.time() + self._offset + self._slept

    def _jump_to(self, moment: float) -> None:
        self._offset += max(moment - self.now(), 0.0)
        self._run_due()

    def _run_due(self) -> None:
        """Run all timers that are due, including those that they start.

        Tk's timer is not aware of the jump, so a thread-safe call wakes the loop instead.
        """
        woken: list[bool] = []
        self._loop.call_soon_threadsafe(woken.append, True)
        run_until(lambda: woken and self._loop.next_deadline > self.now(), master=self._root)
