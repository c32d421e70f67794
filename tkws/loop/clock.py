"""The clock of the loops: the monotonic clock with the finest resolution.

On Windows before Python 3.13, ``time.monotonic`` has a resolution of 15.6 ms, the length of three slices.
``time.perf_counter`` is monotonic there too, and much finer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

# The coarsest resolution, in seconds, with which a slice can be measured.
MAX_TICK = 0.001


def finest_clock() -> Callable[[], float]:
    """Return ``time.monotonic``, or ``time.perf_counter`` if the former is too coarse."""
    coarse = time.get_clock_info("monotonic").resolution > MAX_TICK
    return time.perf_counter if coarse and time.get_clock_info("perf_counter").monotonic else time.monotonic


monotonic: Final[Callable[[], float]] = finest_clock()
"""Returns a time in seconds that never goes backwards."""
