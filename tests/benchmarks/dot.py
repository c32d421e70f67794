"""The load of a Tk window that is measured: a timer that should be on time, and a dot that moves.

Knows Tk and the meter.
"""

from __future__ import annotations

import tkinter

from tests.benchmarks.meter import REDRAW_MS, TICK_MS, Meter


class MovingDot:
    """A canvas with a dot, and the timers that move it.

    Args:
        root: The window.
        meter: Measures how late the timer is, and counts the repaints.
    """

    def __init__(self, root: tkinter.Tk, meter: Meter) -> None:
        self._root, self._meter = root, meter
        self._canvas = tkinter.Canvas(root, width=320, height=240)
        self._canvas.pack()
        self._dot = self._canvas.create_oval(10, 10, 30, 30, fill="navy")
        self._painted = True

    def start(self) -> None:
        """Ask for the timer and for a redraw, again and again."""
        self._expect()
        self._redraw()

    def _expect(self) -> None:
        self._meter.expect()
        self._root.after(TICK_MS, self._tick)

    def _tick(self) -> None:
        self._meter.tick()
        self._expect()

    def _redraw(self) -> None:
        if self._painted:
            self._painted = False
            step = self._meter.repaints % 200
            self._canvas.coords(self._dot, step, step, step + 20, step + 20)
            self._root.after_idle(self._repainted)
        self._root.after(REDRAW_MS, self._redraw)

    def _repainted(self) -> None:
        self._painted = True
        self._meter.repaints += 1
