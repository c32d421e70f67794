"""A line that shows an error, with buttons that help, until it is closed or the next action succeeds."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk

from tkws.console.look import theme_of


class Banner(ttk.Frame):
    """Hidden until `show` is called.

    Args:
        parent: The parent widget.

    Attributes:
        text: The text that is shown; empty while the banner is hidden.
    """

    def __init__(self, parent: tk.Misc) -> None:
        px = theme_of(parent).px
        super().__init__(parent, style="Bad.TFrame")
        self.text: str = ""
        self._label = ttk.Label(self, style="Bad.TLabel", padding=(px(10), px(6)))
        self._buttons = ttk.Frame(self, style="Bad.TFrame")
        self._close = ttk.Button(self, text="✕", style="Bad.TButton", command=self.hide, width=2)
        self._label.pack(side="left", fill="x", expand=True)
        self._close.pack(side="right", padx=px(6))
        self._buttons.pack(side="right")
        self.bind("<Configure>", lambda event: self._wrap(event.width))

    def place_at(self, row: int) -> None:
        """Reserve a row of the parent's grid."""
        self.grid(row=row, column=0, sticky="ew")
        self.grid_remove()

    def show(self, sentence: str, remedies: Sequence[tuple[str, Callable[[], object]]] = ()) -> None:
        """Show the first line of a text.

        Args:
            sentence: The text.
            remedies: The labels of buttons, and what to call when they are pressed; the banner hides first.
        """
        for button in self._buttons.winfo_children():
            button.destroy()
        for label, call in remedies:
            button = ttk.Button(self._buttons, text=label, style="OnBad.TButton")
            button.configure(command=partial(self._help, call))
            button.pack(side="left", padx=theme_of(self).px(3), pady=theme_of(self).px(3))
        self.text = sentence.splitlines()[0] if sentence else ""
        self._label.configure(text=self.text)
        self.grid()

    def hide(self) -> None:
        """Hide the banner."""
        self.text = ""
        self.grid_remove()

    def _help(self, call: Callable[[], object]) -> None:
        self.hide()
        call()

    def _wrap(self, width: int) -> None:
        self._label.configure(
            wraplength=max(1, width - self._buttons.winfo_reqwidth() - theme_of(self).px(70))
        )
