"""A question over the window: one line to fill in, said no to in place where it does not fit."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from demos.chat.messages import BadMessageError
from demos.look import theme_of


class Prompt(ttk.Frame):
    """A card in the middle of ``parent`` that asks for a line.

    Args:
        parent: What it stands over.
        title: The question.
        hint: A sentence below it.
        value: What the field holds at first, selected.
        action: The button's word.
        answered: Called with the line; it may raise `BadMessageError`, whose text is shown.
        closed: Called when the card goes, answered or not.
        cover: Whether to hide everything behind it, and to insist on an answer.
    """

    def __init__(
        self,
        parent: tk.Misc,
        title: str,
        hint: str,
        *,
        value: str = "",
        action: str,
        answered: Callable[[str], object],
        closed: Callable[[], object],
        cover: bool = False,
    ) -> None:
        super().__init__(parent, style="Side.TFrame" if cover else "TFrame")
        self._answered = answered
        self._closed = closed
        self._wrong = tk.StringVar(self)
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
        """Take the card away."""
        self.destroy()
        self._closed()

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
        ttk.Label(card, textvariable=self._wrong, style="Wrong.TLabel", wraplength=width).grid(
            sticky="w", columnspan=3, pady=(gap // 2, gap // 2)
        )
        if cancels:
            button = ttk.Button(card, text="Cancel", style="Quiet.TButton", command=self.dismiss)
            button.grid(row=4, column=1, padx=(0, gap))
            entry.bind("<Escape>", lambda event: self.dismiss())
        ttk.Button(card, text=action, command=self._answer).grid(row=4, column=2)
        ttk.Frame(card, width=width).grid(row=5, columnspan=3)  # keeps the card's width
        card.columnconfigure(0, weight=1)
        entry.bind("<Return>", lambda event: self._answer())
        entry.selection_range(0, "end")
        entry.icursor("end")
        entry.focus_set()
        return card

    def _answer(self) -> None:
        try:
            self._answered(self.value.get())
        except BadMessageError as error:
            self._wrong.set(str(error))
        else:
            self.dismiss()
