"""Two small inputs that ttk lacks in this look: a slider, and a row of colours to choose from."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping

from demos.look import theme_of

_STEP = 5


class Slider(tk.Canvas):
    """A slider from 1 to 100; dragged, clicked, or moved by the arrow keys.

    Args:
        parent: The parent widget.
        on_change: Called with the value that the user has set.
    """

    def __init__(self, parent: tk.Misc, on_change: Callable[[int], object]) -> None:
        self._theme = theme = theme_of(parent)
        self._radius = theme.px(8)
        super().__init__(parent, height=2 * self._radius + theme.px(4), width=1, takefocus=1, cursor="hand2")
        self.configure(highlightthickness=0, borderwidth=0, background=theme.colours.surface)
        self._on_change = on_change
        self.value = 1
        self.bind("<Configure>", lambda event: self._draw())
        self.bind("<Button-1>", self._drag)
        self.bind("<B1-Motion>", self._drag)
        for key, step in (("Left", -_STEP), ("Down", -_STEP), ("Right", _STEP), ("Up", _STEP)):
            self.bind(f"<{key}>", lambda event, step=step: self._choose(self.value + step))  # type: ignore[misc] # a default argument
        for event in ("<FocusIn>", "<FocusOut>"):
            self.bind(event, lambda event: self._draw())

    def show(self, value: int) -> None:
        """Show a value."""
        if value != self.value:
            self.value = value
            self._draw()

    def _drag(self, event: tk.Event[tk.Misc]) -> None:
        self.focus_set()
        room = max(self.winfo_width() - 2 * self._radius, 1)
        self._choose(round(100 * (event.x - self._radius) / room))

    def _choose(self, value: int) -> None:
        value = min(max(value, 1), 100)
        if value != self.value:
            self.show(value)
            self._on_change(value)

    def _draw(self) -> None:
        colours, radius, width = self._theme.colours, self._radius, self.winfo_width()
        middle = self.winfo_height() / 2
        at = radius + (width - 2 * radius) * self.value / 100
        self.delete("all")
        thick = self._theme.px(5)
        for end, colour in ((width - radius, colours.line), (at, colours.accent)):
            self.create_line(radius, middle, end, middle, fill=colour, width=thick, capstyle="round")
        focused = self.focus_get() is self
        knob = self._theme.disc(16, colours.accent_strong if focused else colours.accent)
        if focused:
            self.create_image(at, middle, image=self._theme.disc(20, colours.text))
        self.create_image(at, middle, image=knob)


class Swatches(tk.Canvas):
    """A row of colours; one is chosen by a click or the arrow keys.

    Args:
        parent: The parent widget.
        colours: The colours by name, in Tk's notation.
        on_change: Called with the name that the user has chosen.
    """

    def __init__(
        self, parent: tk.Misc, colours: Mapping[str, str], on_change: Callable[[str], object]
    ) -> None:
        self._theme = theme = theme_of(parent)
        self._pitch = theme.px(26)
        super().__init__(parent, width=self._pitch * len(colours), height=theme.px(24), takefocus=1)
        self.configure(highlightthickness=0, borderwidth=0, background=theme.colours.surface, cursor="hand2")
        self._colours = colours
        self._on_change = on_change
        self.value = next(iter(colours))
        self.bind("<Button-1>", self._click)
        self.bind("<Left>", lambda event: self._step(-1))
        self.bind("<Right>", lambda event: self._step(1))
        for event in ("<FocusIn>", "<FocusOut>"):
            self.bind(event, lambda event: self._draw())
        self._draw()

    def show(self, value: str) -> None:
        """Show the name of a colour as chosen."""
        if value != self.value:
            self.value = value
            self._draw()

    def _click(self, event: tk.Event[tk.Misc]) -> None:
        self.focus_set()
        names = list(self._colours)
        self._choose(names[min(event.x // self._pitch, len(names) - 1)])

    def _step(self, step: int) -> None:
        names = list(self._colours)
        self._choose(names[(names.index(self.value) + step) % len(names)])

    def _choose(self, value: str) -> None:
        if value != self.value:
            self.show(value)
            self._on_change(value)

    def _draw(self) -> None:
        colours, disc = self._theme.colours, self._theme.disc
        self.delete("all")
        middle = self._theme.px(12)
        focused = self.focus_get() is self
        for number, (name, colour) in enumerate(self._colours.items()):
            at = self._pitch * number + middle
            if name == self.value:
                self.create_image(at, middle, image=disc(22, colours.text if focused else colours.soft))
                self.create_image(at, middle, image=disc(18, colours.surface))
            elif self._theme.is_dark is False:
                self.create_image(at, middle, image=disc(16, colours.faint))
            self.create_image(at, middle, image=disc(14, colour))
