"""A clock that a test sets forward, so that no test waits for a keepalive or a pause to pass.

It goes on as the real one does, or nothing would end a slice; a jump adds to it.
"""

from __future__ import annotations

import time

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
            ValueError: ``seconds`` is negative.
            Exception: What a callback raised.
        """
        if seconds < 0:
            raise ValueError(f"seconds: 0 or more, not {seconds}")
        end = self.now() + seconds
        while (due := self._loop.next_deadline) <= end:
            self._jump(due)
        self._jump(end)

    def sleep(self, seconds: float) -> None:
        """Let the machine sleep for ``seconds``: the time of day goes on, this clock does not."""
        self._slept += seconds
        self._jump(self.now() + SLICE)  # it is noticed when a slice begins

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
