"""The deadlines of a loop: a heap of timers. Knows neither a clock nor Tk.

A cancelled timer stays in the heap until it comes to the top, or until more than half of the timers in the
heap are cancelled. So cancelling costs next to nothing, and a timeout that each message postpones does not
fill the heap with cancelled timers.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from typing import Any

# Up to this many cancelled timers in the heap are not worth a clean-up.
CANCELLED_KEPT = 64


class Timer:
    """A callback that waits for its deadline; made by `Loop.call_later`.

    Attributes:
        when: The deadline, in seconds on the loop's clock.
    """

    __slots__ = ("_args", "_callback", "_heap", "when")

    def __init__(
        self, heap: TimerHeap, when: float, callback: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        self.when: float = when
        self._heap = heap
        self._callback: Callable[..., object] | None = callback
        self._args = args

    @property
    def active(self) -> bool:
        """Whether the callback is still to run."""
        return self._callback is not None

    def cancel(self) -> None:
        """Cancel the callback. Idempotent, and a no-op once it has run.

        Raises:
            StateError: The caller is in another thread than the loop's.
        """
        if self._callback is not None:
            self._heap.check_thread()
            self._callback, self._args = None, ()
            self._heap.count_cancelled()

    def discard(self) -> None:
        """Drop the callback; for a heap that no longer holds the timer."""
        self._callback, self._args = None, ()

    def run(self) -> None:
        """Run the callback, once; for the loop that took the timer off its heap."""
        callback, args = self._callback, self._args
        self._callback, self._args = None, ()
        if callback is not None:
            callback(*args)


class TimerHeap:
    """Timers by deadline; those of the same deadline in the order in which they were added.

    Args:
        check_thread: Raises StateError in a thread that must not cancel a timer.

    Attributes:
        check_thread: As above.
        earliest: The first deadline; infinite if there is no timer.
    """

    def __init__(self, check_thread: Callable[[], None]) -> None:
        self.check_thread = check_thread
        self.earliest: float = math.inf
        self._heap: list[tuple[float, int, Timer]] = []
        self._serial = itertools.count()
        self._cancelled = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, when: float, callback: Callable[..., object], args: tuple[Any, ...]) -> Timer:
        """Make a timer that is due at ``when``."""
        timer = Timer(self, when, callback, args)
        heapq.heappush(self._heap, (when, next(self._serial), timer))
        self.earliest = self._heap[0][0]
        return timer

    def pop(self) -> Timer:
        """Remove and return the timer with the earliest deadline."""
        timer = heapq.heappop(self._heap)[2]
        self._drop_cancelled()
        return timer

    def count_cancelled(self) -> None:
        """Note that a timer in the heap was cancelled; clean up if there are many."""
        self._cancelled += 1
        if self._cancelled > max(CANCELLED_KEPT, len(self._heap) // 2):
            self._heap = [entry for entry in self._heap if entry[2].active]
            heapq.heapify(self._heap)
            self._cancelled = 0
        self._drop_cancelled()

    def clear(self) -> None:
        """Cancel every timer."""
        heap, self._heap = self._heap, []
        for _, _, timer in heap:
            timer.discard()
        self._cancelled = 0
        self._drop_cancelled()

    def _drop_cancelled(self) -> None:
        heap = self._heap
        while heap and not heap[0][2].active:
            heapq.heappop(heap)
            self._cancelled -= 1
        self.earliest = heap[0][0] if heap else math.inf
