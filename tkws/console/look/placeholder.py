"""A text in the middle of an empty widget that says what is true, and the next step."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk


class Placeholder(ttk.Label):
    """The text over a widget; it is hidden while it is empty.

    Args:
        over: The widget.
        style: The style, which has to go with the background of the widget.

    Attributes:
        text: The text.
    """

    def __init__(self, over: tk.Widget, style: str = "Soft.TLabel") -> None:
        super().__init__(over, style=style, justify="center", anchor="center")
        self.text: str = ""
        over.bind("<Configure>", self._wrap, add=True)

    def _wrap(self, event: tk.Event[tk.Misc]) -> None:
        self.configure(wraplength=max(1, event.width * 9 // 10))

    def show(self, text: str) -> None:
        """Show a text; an empty one hides the placeholder."""
        if text == self.text:
            return
        self.text = text
        self.configure(text=text)
        if text:
            self.place(relx=0.5, rely=0.45, anchor="center")
        else:
            self.place_forget()
