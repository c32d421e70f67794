"""A meter: a name, a value in large digits, and a bar that shows the value."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from demos.look import theme_of


class Meter(ttk.Frame):
    """Shows a value between 0 and ``top``.

    Args:
        parent: The parent widget.
        name: The name of the value.
        unit: The unit, shown after the value.
        colour: The colour of the bar.
        top: The value at which the bar is full.
    """

    def __init__(self, parent: tk.Misc, name: str, unit: str, colour: str, top: float = 100.0) -> None:
        theme = theme_of(parent)
        super().__init__(parent, padding=(theme.px(10), theme.px(8)), style="Card.TFrame")
        self._unit, self._colour, self._top = unit, colour, top
        self._value = 0.0
        ttk.Label(self, text=name, style="Soft.TLabel").grid(row=0, column=0, sticky="w")
        self._label = ttk.Label(self, text="-", style="Title.TLabel")
        self._label.grid(row=1, column=0, sticky="w")
        self._bar = tk.Canvas(self, height=theme.px(8), width=1, highlightthickness=0)
        self._bar.configure(background=theme.colours.line)
        self._filled = self._bar.create_rectangle(0, 0, 0, 0, width=0, fill=colour)
        self._bar.grid(row=2, column=0, sticky="ew", pady=(theme.px(4), 0))
        self._bar.bind("<Configure>", lambda event: self._draw())
        self.columnconfigure(0, weight=1)

    def show(self, value: float, alarm: bool = False) -> None:
        """Show a value, in the colour of alarms if there is an alarm."""
        self._value = value
        self._label.configure(text=f"{value:.0f} {self._unit}")
        colour = theme_of(self).colours.bad if alarm else self._colour
        self._bar.itemconfigure(self._filled, fill=colour)
        self._draw()

    def set_stale(self, stale: bool) -> None:
        """Show the value in grey, or in its colours."""
        colours = theme_of(self).colours
        self._label.configure(foreground=colours.faint if stale else "")
        self._bar.itemconfigure(self._filled, fill=colours.faint if stale else self._colour)

    @property
    def text(self) -> str:
        """The text of the value."""
        return str(self._label.cget("text"))

    def _draw(self) -> None:
        share = min(max(self._value / self._top, 0.0), 1.0)
        self._bar.coords(self._filled, 0, 0, self._bar.winfo_width() * share, self._bar.winfo_height())
