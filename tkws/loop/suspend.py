"""Has the machine slept? The wall clock goes on in a suspend, the monotonic clock does not.

Knows two clocks and nothing else. Where the monotonic clock goes on too, as on Windows, timers that are late
tell of the sleep instead. A wall clock that was set, and a program that was busy, look like a sleep; what is
done after one has to do no harm then.
"""

from __future__ import annotations

from collections.abc import Callable

# Seconds that the clocks must have drifted apart: more than time servers correct at once as a rule.
MIN_DRIFT = 5.0


class SuspendDetector:
    """Compares two clocks from one look to the next.

    Args:
        clock: The one that stands still in a suspend, in seconds.
        wall: The one that goes on, in seconds.
    """

    def __init__(self, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self._clock = clock
        self._wall = wall
        self._offset = wall() - clock()

    def was_suspended(self) -> bool:
        """Whether the wall clock went on without the other since the last look."""
        before, self._offset = self._offset, self._wall() - self._clock()
        return self._offset - before > MIN_DRIFT
