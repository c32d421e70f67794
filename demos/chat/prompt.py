"""A question that is shown over the window: one line of input, with an error message if it is invalid."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from demos.chat.messages import BadMessageError
from demos.look import theme_of


class Prompt(ttk.Frame):
    """A card in the middle of ``parent`` that asks for one line of input.

    Args:
        parent: The window.
        title: The question.
        hint: A sentence below the question.
        value: The initial text of the field, which is selected.
        action: The text of the button.
        on_answer: Called with the input; it may raise `BadMessageError`, whose text is then shown.
        on_close: Called when the card is removed, with or without an answer.
        cover: Whether to cover the whole window, and to require an answer.
    """

    def __init__(
        self,
        parent: tk.Misc,
        title: str,
        hint: str,
        *,
        value: str = "",
        action: str,
        on_answer: Callable[[str], object],
        on_close: Callable[[], object],
        cover: bool = False,
    ) -> None:
        super().__init__(parent, style="Side.TFrame" if cover else "TFrame")
        self._on_answer = on_answer
        self._on_close = on_close
        self._error = tk.StringVar(self)
        self.value = tk.StringVar(self, value)
        card = self._make_card(title, hint, action, cancels=not cover)
        if cover:
            card.configure(style="Side.Card.TFrame")
            card.place(relx=0.5, rely=0.42, anchor="center")
            self.place(relwidth=1, relheight=1)
        else:
            card.grid()
            self.place(relx=0.5, rely=0.42, anchor="center")
            card.bind("<Escape>", lambda event: self.dismiss())
        self.lift()

    def dismiss(self) -> None:
        """Remove the card."""
        self.destroy()
        self._on_close()

    def _make_card(self, title: str, hint: str, action: str, *, cancels: bool) -> ttk.Frame:
        theme = theme_of(self)
        gap, width = theme.px(8), theme.px(300)
        card = ttk.Frame(self, style="Card.TFrame", padding=theme.px(22))
        ttk.Label(card, text=title, style="Title.TLabel").grid(sticky="w", columnspan=3)
        ttk.Label(card, text=hint, style="Small.TLabel", wraplength=width).grid(
            sticky="w", columnspan=3, pady=(gap // 2, gap)
        )
        entry = ttk.Entry(card, textvariable=self.value, font=theme.body)
        entry.grid(sticky="ew", columnspan=3, pady=(gap // 2, 0))
        ttk.Label(card, textvariable=self._error, style="Wrong.TLabel", wraplength=width).grid(
            sticky="w", columnspan=3, pady=(gap // 2, gap // 2)
        )
        if cancels:
            button = ttk.Button(card, text="Cancel", style="Quiet.TButton", command=self.dismiss)
            button.grid(row=4, column=1, padx=(0, gap))
            entry.bind("<Escape>", lambda event: self.dismiss())
        ttk.Button(card, text=action, command=self._answer).grid(row=4, column=2)
        ttk.Frame(card, width=width).grid(row=5, columnspan=3)  # sets the width of the card
        card.columnconfigure(0, weight=1)
        entry.bind("<Return>", lambda event: self._answer())
        entry.selection_range(0, "end")
        entry.icursor("end")
        entry.focus_set()
        return card

    def _answer(self) -> None:
        try:
            self._on_answer(self.value.get())
        except BadMessageError as error:
            self._error.set(str(error))
        else:
            self.dismiss()
