"""The clock of the loops: the finest one that never goes back.

On Windows ``time.monotonic`` ticks every 15.6 ms before Python 3.13, which is three slices. There
``time.perf_counter`` is as steady, and exact.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

# Seconds: a clock with longer ticks cannot measure a slice.
MAX_TICK = 0.001


def finest_clock() -> Callable[[], float]:
    """Return ``time.monotonic``, or ``time.perf_counter`` if the former is too coarse."""
    coarse = time.get_clock_info("monotonic").resolution > MAX_TICK
    return time.perf_counter if coarse and time.get_clock_info("perf_counter").monotonic else time.monotonic


monotonic: Final[Callable[[], float]] = finest_clock()
"""Returns the time in seconds, which never goes back."""
