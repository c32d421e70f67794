"""The deadlines of a loop: a heap of timers. Knows no clock and no Tk.

A cancelled timer stays in the heap until it comes to the top, or until such timers are
more than half of it: cancelling costs next to nothing, and what is cancelled a thousand
times before it is due (a timeout that each message puts off) does not pile up.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from typing import Any

# Cancelled timers below the top of the heap that are not worth looking for.
CANCELLED_KEPT = 64


class Timer:
    """A callback that waits for its time; `Loop.call_later` makes it.

    Attributes:
        when: The deadline, in seconds on the loop's clock.
    """

    __slots__ = ("_args", "_callback", "_heap", "when")

    def __init__(
        self, heap: TimerHeap, when: float, callback: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        self.when = when
        self._heap = heap
        self._callback: Callable[..., object] | None = callback
        self._args = args

    @property
    def active(self) -> bool:
        """Whether the callback is still to run."""
        return self._callback is not None

    def cancel(self) -> None:
        """Forgets the callback; harmless when it has run already, or a second time.

        Raises:
            StateError: The caller is in another thread than the loop's.
        """
        if self._callback is not None:
            self._heap.check_thread()
            self._callback, self._args = None, ()
            self._heap.count_cancelled()

    def forget(self) -> None:
        """Lets go of the callback; for the heap that no longer holds the timer."""
        self._callback, self._args = None, ()

    def run(self) -> None:
        """Calls back, once; for the loop that took the timer off its heap."""
        callback, args = self._callback, self._args
        self._callback, self._args = None, ()
        if callback is not None:
            callback(*args)


class TimerHeap:
    """Timers by deadline; those of one deadline in the order they were added.

    Args:
        check_thread: Raises where a timer must not be cancelled.

    Attributes:
        check_thread: As above.
        earliest: The first deadline; infinity where there is none.
    """

    def __init__(self, check_thread: Callable[[], None]) -> None:
        self.check_thread = check_thread
        self.earliest = math.inf
        self._heap: list[tuple[float, int, Timer]] = []
        self._serial = itertools.count()
        self._cancelled = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, when: float, callback: Callable[..., object], args: tuple[Any, ...]) -> Timer:
        """Makes a timer for the moment ``when``."""
        timer = Timer(self, when, callback, args)
        heapq.heappush(self._heap, (when, next(self._serial), timer))
        self.earliest = self._heap[0][0]
        return timer

    def pop(self) -> Timer:
        """Takes off the timer of the earliest deadline."""
        timer = heapq.heappop(self._heap)[2]
        self._drop_cancelled()
        return timer

    def count_cancelled(self) -> None:
        """Counts a timer that was cancelled while it waits."""
        self._cancelled += 1
        if self._cancelled > max(CANCELLED_KEPT, len(self._heap) // 2):
            self._heap = [entry for entry in self._heap if entry[2].active]
            heapq.heapify(self._heap)
            self._cancelled = 0
        self._drop_cancelled()

    def clear(self) -> None:
        """Cancels every timer."""
        heap, self._heap = self._heap, []
        for _, _, timer in heap:
            timer.forget()
        self._cancelled = 0
        self._drop_cancelled()

    def _drop_cancelled(self) -> None:
        heap = self._heap
        while heap and not heap[0][2].active:
            heapq.heappop(heap)
            self._cancelled -= 1
        self.earliest = heap[0][0] if heap else math.inf
