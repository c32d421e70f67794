"""Which rows of the conversation are shown: text, type, direction; and a button that stops it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from tkws.console.log import Direction, Filter
from tkws.console.look import theme_of

_TYPES: dict[str, frozenset[str] | None] = {
    "All types": None,
    "Text": frozenset(("text",)),
    "Binary": frozenset(("binary", "file")),
    "Pings and pongs": frozenset(("ping", "pong")),
    "Connection": frozenset(("open", "connect", "close", "disconnect", "error", "timeout", "retry")),
}
_DIRECTIONS: dict[str, frozenset[Direction] | None] = {
    "Both ways": None,
    "Received": frozenset((Direction.IN,)),
    "Sent": frozenset((Direction.OUT,)),
}
_TYPING_MS = 150


class FilterBar(ttk.Frame):
    """The bar above the table.

    Args:
        parent: The widget that it is in.
        changed: Called with the new filter.
        pause: Called when the button is pressed.
    """

    def __init__(
        self, parent: tk.Misc, changed: Callable[[Filter], object], pause: Callable[[], object]
    ) -> None:
        super().__init__(parent)
        theme = theme_of(self)
        self._changed = changed
        self._told = Filter()
        self._due = ""
        self._typed = tk.StringVar(self)
        self._typed.trace_add("write", lambda *_: self._soon())  # pasted too
        self.text = ttk.Entry(self, font=theme.body, textvariable=self._typed)
        self._type = self._choice(list(_TYPES), 15)
        self._direction = self._choice(list(_DIRECTIONS), 10)
        self._pause = ttk.Button(self, text="Pause", style="Quiet.TButton", command=pause, width=7)
        label = ttk.Label(self, text="Filter", style="Soft.TLabel")
        gap = theme.px(8)
        label.grid(row=0, column=0, padx=(0, gap))
        self.text.grid(row=0, column=1, sticky="nsew")
        for column, widget in enumerate((self._type, self._direction, self._pause), 2):
            widget.grid(row=0, column=column, sticky="ns", padx=(gap, 0))
        # The choices give way where the text has become as short as it may.
        for column, weight, least in ((1, 100, 60), (2, 1, 124), (3, 1, 126)):
            self.columnconfigure(column, weight=weight, minsize=theme.px(least))
        self.text.bind("<Return>", lambda _: self.tell())
        self.text.bind("<Escape>", lambda _: self.clear())

    @property
    def filter(self) -> Filter:
        """What is set."""
        return Filter(self.text.get(), _TYPES[self._type.get()], _DIRECTIONS[self._direction.get()])

    def clear(self) -> None:
        """Let everything through."""
        self.text.delete(0, "end")
        self._type.current(0)
        self._direction.current(0)
        self.tell()

    def show_paused(self, paused: bool) -> None:
        """Have the button say what it would do."""
        self._pause.configure(text="Go on" if paused else "Pause")

    def tell(self) -> None:
        """Tell a filter that has changed."""
        if self._due:
            self.after_cancel(self._due)
            self._due = ""
        if self.filter != self._told:
            self._told = self.filter
            self._changed(self._told)

    def destroy(self) -> None:
        """Go, and leave no timer."""
        if self._due:
            self.after_cancel(self._due)
        super().destroy()

    def _soon(self) -> None:
        if self._due:
            self.after_cancel(self._due)
        self._due = self.after(_TYPING_MS, self.tell)

    def _choice(self, values: list[str], width: int) -> ttk.Combobox:
        box = ttk.Combobox(
            self, values=values, state="readonly", width=width, font=theme_of(self).body, height=len(values)
        )
        box.current(0)
        box.bind("<<ComboboxSelected>>", self._chosen)
        return box

    def _chosen(self, event: tk.Event[tk.Misc]) -> None:
        event.widget.selection_clear()
        self.tell()
