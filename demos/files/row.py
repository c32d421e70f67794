"""A line of the list of files: a name, a bar, figures, a button."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from demos.files.items import Item, State
from demos.look import theme_of

_BUTTONS = {State.WAITING: "Cancel", State.MOVING: "Cancel", State.BROKEN: "Cancel"}


class Row(ttk.Frame):
    """Shows a file.

    Args:
        parent: The parent widget.
        item: The file.
        on_stop: Called with it to cancel it.
        on_again: Called with it to go on after it was stopped; None if that is up to the other side.
    """

    def __init__(
        self,
        parent: tk.Misc,
        item: Item,
        on_stop: Callable[[Item], object],
        on_again: Callable[[Item], object] | None = None,
    ) -> None:
        theme = theme_of(parent)
        super().__init__(parent, padding=(0, theme.px(8)))
        self._theme, self._item = theme, item
        self._on_stop, self._on_again = on_stop, on_again
        self._name = ttk.Label(self, text=item.name)
        self._name.grid(row=0, column=0, sticky="ew")
        self._bar = tk.Canvas(self, height=theme.px(6), width=1, highlightthickness=0, borderwidth=0)
        self._bar.configure(background=theme.colours.hover)
        self._filled = self._bar.create_rectangle(0, 0, 0, 0, width=0)
        self._bar.bind("<Configure>", lambda event: self._draw())
        self._bar.grid(row=1, column=0, sticky="ew", pady=theme.px(4))
        self.figures = ttk.Label(self, style="Small.TLabel")
        self.figures.grid(row=2, column=0, sticky="ew")
        self.button = ttk.Button(self, style="Quiet.TButton", width=7, command=self._press)
        self.button.grid(row=0, column=1, rowspan=3, padx=(theme.px(12), 0))
        self.columnconfigure(0, weight=1)
        self.columnconfigure(1, minsize=self.button.winfo_reqwidth() + theme.px(12))  # all bars of one length
        self.show()

    def show(self) -> None:
        """Show the present state of the file."""
        self.figures.configure(text=self._item.summary())
        button = _BUTTONS.get(self._item.state, "")
        if self._item.state is State.STOPPED and self._on_again is not None:
            button = "Go on"
        if button:
            self.button.configure(text=button)
            self.button.grid()
        else:
            self.button.grid_remove()
        self._draw()

    def _press(self) -> None:
        if self._item.state is not State.STOPPED:
            self._on_stop(self._item)
        elif self._on_again is not None:
            self._on_again(self._item)

    def _draw(self) -> None:
        item, colours = self._item, self._theme.colours
        colour = {
            State.DONE: colours.good,
            State.BROKEN: colours.waiting,
            State.STOPPED: colours.faint,
        }.get(item.state, colours.accent)
        share = item.moved / item.size if item.size else float(item.state is State.DONE)
        self._bar.itemconfigure(self._filled, fill=colour)
        self._bar.coords(self._filled, 0, 0, self._bar.winfo_width() * share, self._bar.winfo_height())
