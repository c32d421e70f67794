"""Detects that the machine was suspended: the wall clock advances meanwhile, the monotonic clock does not.

Knows two clocks and nothing else. If the monotonic clock advances as well, as on Windows, the scheduler
concludes the same from timers that are late. A wall clock that was set forward, and a program that was busy,
look like a suspend too, so reacting to one must be safe at any time.
"""

from __future__ import annotations

from collections.abc import Callable

# Seconds by which the clocks must have drifted apart: more than a time server usually corrects at once.
MIN_DRIFT = 5.0


class SuspendDetector:
    """Compares two clocks at each call of `was_suspended`.

    Args:
        clock: Returns the seconds of the clock that stops during a suspend.
        wall: Returns the seconds of the clock that advances during a suspend.
    """

    def __init__(self, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self._clock = clock
        self._wall = wall
        self._offset = wall() - clock()

    def was_suspended(self) -> bool:
        """Return whether only the wall clock has advanced since the last call."""
        before, self._offset = self._offset, self._wall() - self._clock()
        return self._offset - before > MIN_DRIFT
