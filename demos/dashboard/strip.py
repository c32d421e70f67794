"""A strip chart: lines that grow at the right and move to the left, updated for each frame of the screen.

A sample needs new coordinates for its line; frames in between only move the lines.
"""

from __future__ import annotations

import math
import time
import tkinter as tk
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from demos.look import theme_of

_MIN_TOP = 1e-9


class StripChart(tk.Canvas):
    """The last ``span`` seconds of some values.

    Args:
        parent: The parent widget.
        colours: The colours, one for each line.
        unit: The unit of the values, shown at the upper edge.
        span: The time from the left edge to the right, in seconds.
        top: The value at the upper edge; None to adapt it to the values in sight.
        lag: How far the right edge is behind the present time, in seconds; a little more than the time
            between samples, so that the lines always reach the edge.
        gap: The seconds between two samples from which on the line has a gap; None for none.
        clock: Returns the Unix time in seconds.
    """

    def __init__(
        self,
        parent: tk.Misc,
        colours: Sequence[str],
        unit: str,
        *,
        span: float = 60.0,
        top: float | None = None,
        lag: float = 0.5,
        gap: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        theme = theme_of(parent)
        super().__init__(parent, background=theme.colours.surface, highlightthickness=0, width=1, height=1)
        self._span, self._top, self._lag, self._clock = span, top, lag, clock
        self._unit = unit
        self._gap = math.inf if gap is None else gap
        self._colours = colours
        self._stale = False
        self._points: list[deque[tuple[float, float]]] = [deque() for _ in colours]
        self._grid = [self.create_line(0, 0, 0, 0, fill=theme.colours.line) for _ in range(3)]
        self._lines = [[self._new_line(colour)] for colour in colours]  # more than one where there are gaps
        corner = (theme.px(4), theme.px(2))
        self._label = self.create_text(*corner, anchor="nw", fill=theme.colours.faint, font=theme.small)
        self._drawn_at = 0.0
        self.bind("<Configure>", lambda event: self.redraw())

    @property
    def highest(self) -> float:
        """The value at the upper edge."""
        if self._top is not None:
            return self._top
        return max((value for points in self._points for _, value in points), default=0.0) * 1.15 or 1.0

    def add(self, when: float, values: Sequence[float]) -> None:
        """Add a value to each line, or to the first few; ``when`` is a time of day, later than the last."""
        oldest = when - self._span - 2 * self._lag - 1
        for points, value in zip(self._points, values, strict=False):
            points.append((when, value))
            while points[0][0] < oldest:
                points.popleft()

    def clear(self) -> None:
        """Remove all values."""
        for points in self._points:
            points.clear()

    def redraw(self) -> None:
        """Draw everything; call it after `add`."""
        width, height = self.winfo_width(), self.winfo_height()
        self._drawn_at = self._clock()
        highest = max(self.highest, _MIN_TOP)
        across = width / self._span
        up = (height - 2) / highest
        right = self._drawn_at - self._lag
        self.itemconfigure(self._label, text=f"{_format_value(highest)} {self._unit}")
        for number, line in enumerate(self._grid, 1):
            level = round(height * number / 4)
            self.coords(line, 0, level, width, level)
        grey = theme_of(self).colours.faint
        for lines, points, colour in zip(self._lines, self._points, self._colours, strict=True):
            runs = self._runs(points)
            while len(lines) < len(runs):
                lines.append(self._new_line(grey if self._stale else colour))
            runs += [[]] * (len(lines) - len(runs))
            for line, run in zip(lines, runs, strict=True):
                flat = [
                    coordinate
                    for when, value in run
                    for coordinate in (width + (when - right) * across, height - 1 - value * up)
                ]
                self.coords(line, *(flat if len(flat) >= 4 else (0, 0, 0, 0)))

    def scroll(self) -> None:
        """Move the lines to their present position; call it once for each frame of the screen."""
        now = self._clock()
        across = -(now - self._drawn_at) * self.winfo_width() / self._span
        self._drawn_at = now
        self.move("line", across, 0)

    def set_stale(self, stale: bool) -> None:
        """Draw the lines in grey, or in their colours."""
        if stale != self._stale:
            self._stale = stale
            grey = theme_of(self).colours.faint
            for lines, colour in zip(self._lines, self._colours, strict=True):
                for line in lines:
                    self.itemconfigure(line, fill=grey if stale else colour)

    def _new_line(self, colour: str) -> int:
        width = theme_of(self).px(2)
        return self.create_line(0, 0, 0, 0, fill=colour, width=width, joinstyle="round", tags="line")

    def _runs(self, points: Iterable[tuple[float, float]]) -> list[list[tuple[float, float]]]:
        """Return the points in runs, between which there are gaps."""
        runs: list[list[tuple[float, float]]] = []
        before = -math.inf
        for point in points:
            if not runs or point[0] - before >= self._gap:
                runs.append([])
            runs[-1].append(point)
            before = point[0]
        return runs


def _format_value(value: float) -> str:
    """Return a value with at least three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
