"""What a window goes through while it is loaded: how late its timer comes, and how often it repaints.

A timer of 10 ms is set when the last one has come; a redraw is asked for each 16 ms, and counted when the
toolkit is idle, which is when it repaints. Knows no toolkit: the window sets its timers and tells of them.
"""

from __future__ import annotations

import time
from typing import Any

TICK_MS = 10
REDRAW_MS = 16


class Meter:
    """The readings of one run, from `begin` to `report`."""

    def __init__(self) -> None:
        self.began = 0.0
        self.repaints = 0
        self._late: list[float] = []
        self._due = 0.0

    def begin(self) -> None:
        """Start at zero."""
        self.began = time.perf_counter()
        self.repaints = 0
        self._late.clear()

    def expect(self) -> None:
        """A timer of `TICK_MS` is set now."""
        self._due = time.perf_counter() + TICK_MS / 1000

    def tick(self) -> None:
        """The timer has come."""
        self._late.append(time.perf_counter() - self._due)

    def report(self) -> dict[str, Any]:
        """Return the seconds that it took, the repaints, and the timer's lateness in ms.

        A timer that should have come by now counts: a window that is frozen to the end would else look well.
        """
        seconds = time.perf_counter() - self.began
        if self._due:
            self._late.append(max(0.0, time.perf_counter() - self._due))
        late = sorted(self._late) or [0.0]
        figures = {"late_p50": quantile(late, 0.5), "late_p99": quantile(late, 0.99), "late_max": late[-1]}
        in_ms = {name: round(value * 1000, 3) for name, value in figures.items()}
        return {"seconds": seconds, "repaints": self.repaints, "ticks": len(self._late), **in_ms}


def quantile(ordered: list[float], share: float) -> float:
    """Return the value below which this share of the values lies, of values in order."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
