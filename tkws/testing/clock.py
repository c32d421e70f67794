"""A clock that a test sets forward, so that no test waits for a keepalive or a pause to pass.

It goes on as the real one does, or nothing would end a slice; a jump adds to it.
"""

from __future__ import annotations

import time

from tkws.checks import MAX_SECONDS, check_number
from tkws.errors import StateError
from tkws.loop import Master, make_loop, root_of
from tkws.loop.slices import SLICE
from tkws.testing.waiting import run_until


class FakeClock:
    """The clock of an interpreter's loop from now on.

    Everything of tkws that waits, waits by it: keepalive, timeouts, pauses between attempts,
    ``ws.loop.call_later``. Tk's own ``after`` does not.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()``, that tkws was not used with yet; None for Tk's
            default root.

    Raises:
        StateError: The interpreter's loop has been made already, on the real clock.
    """

    def __init__(self, master: Master = None) -> None:
        self._ahead = 0.0
        self._slept = 0.0
        self._root = root_of(master)
        self._loop = make_loop(self._root, clock=self.now, wall=self._wall)

    def now(self) -> float:
        """The time on this clock, in seconds."""
        return time.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass at once; what is due on the way is done at its time and in its order.

        Raises:
            TypeError: ``seconds`` is no number.
            ValueError: ``seconds`` is negative, infinite or NaN, or the clock would be more than 31 years
                (1e9 seconds) ahead.
            StateError: The interpreter or its loop is gone, or belongs to another thread.
            Exception: What a callback raised.
        """
        end = self.now() + self._check(seconds)
        while (due := self._loop.next_deadline) <= end:
            self._jump(due)
        self._jump(end)

    def sleep(self, seconds: float) -> None:
        """Let the machine sleep for ``seconds``: the time of day goes on, this clock does not.

        Raises:
            TypeError: As `advance`.
            ValueError: As `advance`.
            StateError: As `advance`.
            Exception: What a callback raised.
        """
        self._slept += self._check(seconds)
        self._jump(self.now() + SLICE)  # it is noticed when a slice begins

    def _check(self, seconds: float) -> float:
        number = check_number("seconds", seconds, least=0)
        if number + self._ahead + self._slept > MAX_SECONDS:
            raise ValueError(
                f"seconds: the clock may be {MAX_SECONDS:g} ahead in all, and {number:g} is more"
            )
        root_of(self._root)  # for what it raises
        if self._loop.closed:
            raise StateError("the loop is closed")
        return number

    def _wall(self) -> float:
        return time.time() + self._ahead + self._slept

    def _jump(self, moment: float) -> None:
        self._ahead += max(moment - self.now(), 0.0)
        self._settle()

    def _settle(self) -> None:
        """Run what is due, and what follows from it at once.

        Tk's timer does not know of the jump; a call from outside wakes the loop without it.
        """
        entered: list[bool] = []
        self._loop.call_soon_threadsafe(entered.append, True)
        run_until(lambda: entered and self._loop.next_deadline > self.now(), master=self._root)
