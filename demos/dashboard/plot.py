"""The other view: the same feed, plotted by matplotlib (TkAgg) in a window of its own.

matplotlib draws a figure in tens of milliseconds, so the plot follows the feed a few times a
second, by ``after``; in between the samples only pile up.
"""

from __future__ import annotations

import tkinter as tk
from collections import deque
from typing import Any

from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg
from matplotlib.figure import Figure

from demos.dashboard.feed import Message
from demos.dashboard.host import HISTORY
from demos.look import theme_of

_PERIOD_MS = 500


class PlotWindow(tk.Toplevel):
    """Processor and memory over the whole history; a `demos.dashboard.viewer.View`.

    Args:
        parent: Any widget.

    Attributes:
        drawings: How often it was drawn.
    """

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        theme = theme_of(parent)
        self.title("tkws dashboard, by matplotlib")
        self.geometry(f"{theme.px(720)}x{theme.px(620)}")
        self.drawings = 0
        self._points: deque[tuple[float, float, float]] = deque(maxlen=HISTORY)
        self._changed = False
        figure = Figure(dpi=96 * theme.px(100) / 100, layout="constrained")
        self._axes = figure.add_subplot()
        self._axes.set_ylim(0, 103)
        self._axes.set_xlabel("seconds ago")
        self._axes.set_ylabel("%")
        self._axes.grid(color=theme.colours.line)
        (self._cpu,) = self._axes.plot([], [], color=theme.colours.accent, label="processor")
        (self._memory,) = self._axes.plot([], [], color=theme.colours.good, label="memory")
        self._axes.legend(loc="upper left")
        canvas: Any = FigureCanvasTkAgg  # matplotlib's back end has no types
        self._canvas = canvas(figure, self)
        self._canvas.get_tk_widget().pack(fill="both", expand=True)
        self._timer = self.after(0, self._follow)
        self.bind("<Destroy>", self._on_destroy)

    def begin(self) -> None:
        """Forget what is shown."""
        self._points.clear()

    def show(self, message: Message) -> None:
        """Keep samples for the next drawing."""
        self._points.extend((sample.time, sample.cpu, sample.memory) for sample in message.samples)
        self._changed = True

    def tell(self, state: str) -> None:
        """Say how the connection is."""
        self._axes.set_title(state, loc="left", fontsize="small")
        self._changed = True

    def _follow(self) -> None:
        self._timer = self.after(_PERIOD_MS, self._follow)
        if self._changed:
            self._changed = False
            self._draw()

    def _draw(self) -> None:
        self.drawings += 1
        newest = self._points[-1][0] if self._points else 0.0
        ago = [when - newest for when, _, _ in self._points]
        self._cpu.set_data(ago, [cpu for _, cpu, _ in self._points])
        self._memory.set_data(ago, [memory for _, _, memory in self._points])
        self._axes.set_xlim(min(ago[0], -10.0) if ago else -10.0, 0)
        self._canvas.draw_idle()

    def _on_destroy(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self.after_cancel(self._timer)
