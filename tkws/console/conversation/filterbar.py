"""The filter of the conversation: text, type, direction; and a button that pauses the table."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from tkinter import ttk
from types import MappingProxyType
from typing import Final

from tkws.console.log.log import Direction
from tkws.console.log.view import Filter
from tkws.console.look import theme_of

_TYPES: Mapping[str, frozenset[str] | None] = MappingProxyType(
    {
        "All types": None,
        "Text": frozenset(("text",)),
        "Binary": frozenset(("binary", "file")),
        "Pings and pongs": frozenset(("ping", "pong")),
        "Connection": frozenset(
            ("open", "connect", "close", "disconnect", "error", "timeout", "retry", "refused", "admit")
        ),
    }
)
_DIRECTIONS: Mapping[str, frozenset[Direction] | None] = MappingProxyType(
    {
        "Both ways": None,
        "Received": frozenset((Direction.IN,)),
        "Sent": frozenset((Direction.OUT,)),
    }
)
_TYPING_MS = 150  # the filter is applied when typing has stopped for so long


class FilterBar(ttk.Frame):
    """The bar above the table.

    Args:
        parent: The parent widget.
        on_change: Called with the new filter; raises a `ValueError` with the reason why it cannot be applied.
        on_pause: Called when the button is pressed.
    """

    def __init__(
        self, parent: tk.Misc, on_change: Callable[[Filter], object], on_pause: Callable[[], object]
    ) -> None:
        super().__init__(parent)
        theme = theme_of(self)
        self._on_change = on_change
        self._applied = Filter()
        self._timer = ""
        self._text = tk.StringVar(self)
        self._text.trace_add("write", lambda *_: self._apply_soon())
        self.text: Final = ttk.Entry(self, font=theme.body, textvariable=self._text)
        self._type = self._make_choice(list(_TYPES), 15)
        self._direction = self._make_choice(list(_DIRECTIONS), 10)
        self._pause = ttk.Button(self, text="Pause", style="Quiet.TButton", command=on_pause, width=7)
        self._fault = ttk.Label(self, style="Wrong.TLabel")
        label = ttk.Label(self, text="Filter", style="Soft.TLabel")
        gap = theme.px(8)
        label.grid(row=0, column=0, padx=(0, gap))
        self.text.grid(row=0, column=1, sticky="nsew")
        for column, widget in enumerate((self._type, self._direction, self._pause), 2):
            widget.grid(row=0, column=column, sticky="ns", padx=(gap, 0))
        self._fault.grid(row=1, column=1, columnspan=4, sticky="w")
        self._fault.grid_remove()
        # The choices shrink once the text field has its minimum width.
        for column, weight, least in ((1, 100, 60), (2, 1, 124), (3, 1, 126)):
            self.columnconfigure(column, weight=weight, minsize=theme.px(least))
        self.text.bind("<Return>", lambda _: self.apply())
        self.text.bind("<Escape>", lambda _: self.clear())

    @property
    def filter(self) -> Filter:
        """The filter that has been entered."""
        return Filter(self.text.get(), _TYPES[self._type.get()], _DIRECTIONS[self._direction.get()])

    def focus_text(self) -> None:
        """Give the focus to the text field, and select its text."""
        self.text.focus_set()
        self.text.selection_range(0, "end")

    def clear(self) -> None:
        """Show all rows."""
        self.text.delete(0, "end")
        self._type.current(0)
        self._direction.current(0)
        self.apply()

    def add_term(self, term: str) -> None:
        """Add a term to the text, and apply it."""
        text = self.text.get().strip()
        if term not in text.split():
            self._text.set(f"{text} {term}".strip())
        self.apply()

    def show_paused(self, paused: bool) -> None:
        """Show on the button what it does next."""
        self._pause.configure(text="Resume" if paused else "Pause")

    def apply(self) -> None:
        """Report the filter if it has changed."""
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        if self.filter == self._applied:
            self._show_fault("")
            return
        try:
            self._on_change(self.filter)
        except ValueError as error:  # the filter before stays
            self._show_fault(str(error))
        else:
            self._applied = self.filter
            self._show_fault("")

    def destroy(self) -> None:
        """Cancel the timer, and destroy the widget."""
        if self._timer:
            self.after_cancel(self._timer)
        super().destroy()

    def _show_fault(self, sentence: str) -> None:
        """Show why the text is not applied; an empty sentence if it is."""
        self._fault.configure(text=sentence)
        (self._fault.grid if sentence else self._fault.grid_remove)()

    def _apply_soon(self) -> None:
        if self._timer:
            self.after_cancel(self._timer)
        self._timer = self.after(_TYPING_MS, self.apply)

    def _make_choice(self, values: list[str], width: int) -> ttk.Combobox:
        box = ttk.Combobox(
            self, values=values, state="readonly", width=width, font=theme_of(self).body, height=len(values)
        )
        box.current(0)
        box.bind("<<ComboboxSelected>>", self._chosen)
        return box

    def _chosen(self, event: tk.Event[tk.Misc]) -> None:
        event.widget.selection_clear()
        self.apply()
