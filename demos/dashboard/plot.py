"""A second view of the feed, plotted by matplotlib (TkAgg) in a window of its own.

matplotlib takes tens of milliseconds to draw a figure, so the plot is drawn twice a second, by ``after``; in
between, samples are only collected.
"""

from __future__ import annotations

import math
import tkinter as tk
from collections import deque
from typing import Any

from matplotlib.backends.backend_tkagg import FigureCanvasTkAgg
from matplotlib.figure import Figure

from demos.dashboard.feed import Message
from demos.dashboard.host import HISTORY
from demos.dashboard.window import STALE
from demos.look import Palette, theme_of

_PERIOD_MS = 500


class PlotWindow(tk.Toplevel):
    """Processor and memory over the whole history; a `demos.dashboard.viewer.View`.

    Args:
        parent: Any widget.

    Attributes:
        drawings: How many times the plot has been drawn.
    """

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        theme = theme_of(parent)
        self.title("tkws dashboard, by matplotlib")
        self.geometry(theme.size(720, 620))
        self.minsize(theme.px(320), theme.px(240))
        self.drawings = 0
        self._points: deque[tuple[float, float, float]] = deque(maxlen=HISTORY)
        self._changed = False
        colours = theme.colours
        figure = Figure(dpi=96, layout="constrained", facecolor=colours.surface)  # TkAgg scales it
        self._axes = _style(figure.add_subplot(), colours)
        (self._cpu,) = self._axes.plot([], [], color=colours.accent, label="processor")
        (self._memory,) = self._axes.plot([], [], color=colours.good, label="memory")
        legend = {"facecolor": colours.surface, "edgecolor": colours.line, "labelcolor": colours.text}
        self._axes.legend(loc="upper left", **legend)
        canvas: Any = FigureCanvasTkAgg  # matplotlib's back end has no types
        self._canvas = canvas(figure, self)
        self._canvas.get_tk_widget().pack(fill="both", expand=True)
        self._timer = self.after(0, self._update_plot)
        self.bind("<Destroy>", self._on_destroy)

    def reset(self) -> None:
        """Remove all samples."""
        self._points.clear()

    def show(self, message: Message) -> None:
        """Add samples for the next drawing."""
        for sample in message.samples:
            if self._points and sample.time - self._points[-1][0] >= STALE:
                self._points.append((sample.time, math.nan, math.nan))  # a gap in the lines
            self._points.append((sample.time, sample.cpu, sample.memory))
        self._changed = True

    def show_state(self, state: str) -> None:
        """Show the state of the connection."""
        self._axes.set_title(state, loc="left", fontsize="small", color=theme_of(self).colours.soft)
        self._changed = True

    def _update_plot(self) -> None:
        self._timer = self.after(_PERIOD_MS, self._update_plot)
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


def _style(axes: Any, colours: Palette) -> Any:
    """Configure axes for percentages over time in the colours of the theme, and return them."""
    axes.set(ylim=(0, 103), facecolor=colours.surface)
    axes.set_xlabel("seconds ago", color=colours.soft)
    axes.set_ylabel("%", color=colours.soft)
    axes.tick_params(color=colours.line, labelcolor=colours.soft)
    axes.grid(color=colours.line)
    for edge in axes.spines.values():
        edge.set_color(colours.line)
    return axes
