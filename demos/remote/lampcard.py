"""A card for one lamp: how it shines, and what changes that."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

from demos.look import theme_of
from demos.remote.house import COLOURS, Lamp
from demos.remote.slider import Slider, Swatches

_RINGS = 9


class LampCard(ttk.Frame):
    """Shows a lamp, and lets the user change it.

    Args:
        parent: The parent widget.
        room: The room.
        on_change: Called as ``on_change(room, on=..., ...)`` with what the user has changed.
    """

    def __init__(self, parent: tk.Misc, room: str, on_change: Callable[..., Any]) -> None:
        self._theme = theme = theme_of(parent)
        super().__init__(parent, style="Card.TFrame", padding=theme.px(14))
        self._lamp = Lamp()
        self._room, self._on_change = room, on_change
        self._size = theme.px(72)
        self._glow = tk.Canvas(self, width=self._size, height=self._size, highlightthickness=0)
        self._glow.configure(background=theme.colours.surface)
        self._glow.grid(row=0, column=0, rowspan=2, padx=(0, theme.px(10)))
        self._glow.bind("<Button-1>", lambda event: self._toggle())
        ttk.Label(self, text=room.capitalize(), style="Title.TLabel").grid(
            row=0, column=1, columnspan=2, sticky="sw"
        )
        self._state = ttk.Label(self, style="Small.TLabel")
        self._state.grid(row=1, column=1, sticky="nw")
        self.slider = Slider(self, lambda level: on_change(room, on=True, level=level))
        self.slider.grid(row=2, column=0, columnspan=3, sticky="ew", pady=(theme.px(6), theme.px(6)))
        self.swatches = Swatches(self, COLOURS, lambda colour: on_change(room, on=True, colour=colour))
        self.swatches.grid(row=3, column=0, columnspan=2, sticky="w")
        self.switch = ttk.Button(self, style="Quiet.TButton", width=8, command=self._toggle)
        self.switch.grid(row=3, column=2, sticky="e")
        self.columnconfigure(1, weight=1)
        self.show(self._lamp)

    def show(self, lamp: Lamp) -> None:
        """Show the state of the lamp."""
        self._lamp = lamp
        self._state.configure(text=f"{lamp.level} %" if lamp.on else "off")
        self.switch.configure(text="Turn off" if lamp.on else "Turn on")
        self.slider.show(lamp.level)
        self.swatches.show(lamp.colour)
        self._draw()

    def _toggle(self) -> None:
        self._on_change(self._room, on=not self._lamp.on)

    def _draw(self) -> None:
        """Draw the lamp as rings, the outer ones nearly as the background."""
        canvas, middle = self._glow, self._size / 2
        ground, colour = self._theme.colours.surface, COLOURS[self._lamp.colour]
        canvas.delete("all")
        strength = self._lamp.level / 100 if self._lamp.on else 0.0
        for ring in range(_RINGS, 0, -1):
            radius = middle * ring / _RINGS
            share = strength * (1 - ring / (_RINGS + 1)) ** 1.4
            fill = _mixed(self, ground, colour, share)
            canvas.create_oval(
                middle - radius, middle - radius, middle + radius, middle + radius, fill=fill, width=0
            )
        bulb = _mixed(self, self._theme.colours.line, colour, 0.25 + 0.75 * strength if strength else 0.0)
        canvas.create_image(middle, middle, image=self._theme.disc(26, bulb))


def _mixed(widget: tk.Misc, first: str, second: str, share: float) -> str:
    """Return a colour between two; ``share`` is the part of the second."""
    pairs = zip(widget.winfo_rgb(first), widget.winfo_rgb(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share) >> 8:02x}" for a, b in pairs)
