"""A meter: a name, below it a value in large figures, and a bar that is as full as the value is high."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from demos.look import theme_of


class Meter(ttk.Frame):
    """Shows one figure between 0 and ``top``.

    Args:
        parent: Where it stands.
        name: What is measured.
        unit: Stands behind the value.
        colour: Of the bar.
        top: The value that fills it.
    """

    def __init__(self, parent: tk.Misc, name: str, unit: str, colour: str, top: float = 100.0) -> None:
        theme = theme_of(parent)
        super().__init__(parent, padding=(theme.px(10), theme.px(8)), style="Card.TFrame")
        self._unit, self._colour, self._top = unit, colour, top
        self._value = 0.0
        ttk.Label(self, text=name, style="Soft.TLabel").grid(row=0, column=0, sticky="w")
        self._figure = ttk.Label(self, text="-", style="Title.TLabel")
        self._figure.grid(row=1, column=0, sticky="w")
        self._bar = tk.Canvas(self, height=theme.px(8), width=1, highlightthickness=0)
        self._bar.configure(background=theme.colours.line)
        self._filled = self._bar.create_rectangle(0, 0, 0, 0, width=0, fill=colour)
        self._bar.grid(row=2, column=0, sticky="ew", pady=(theme.px(4), 0))
        self._bar.bind("<Configure>", lambda event: self._draw())
        self.columnconfigure(0, weight=1)

    def show(self, value: float, alarm: bool = False) -> None:
        """Show a value, in the colour of an alarm where it is one."""
        self._value = value
        self._figure.configure(text=f"{value:.0f} {self._unit}")
        colour = theme_of(self).colours.bad if alarm else self._colour
        self._bar.itemconfigure(self._filled, fill=colour)
        self._draw()

    @property
    def text(self) -> str:
        """The value as it is shown."""
        return str(self._figure.cget("text"))

    def _draw(self) -> None:
        share = min(max(self._value / self._top, 0.0), 1.0)
        self._bar.coords(self._filled, 0, 0, self._bar.winfo_width() * share, self._bar.winfo_height())
