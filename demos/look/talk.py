"""A window of a heading, lines, and a field to say something in."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from demos.look.lines import Lines
from tkws.console.look import theme_of


class Talk(ttk.Frame):
    """Fills a window.

    Args:
        root: The window.
        title: Its title, and the heading.
        submit: Called with what was typed, which is never empty.
        button: What is on the button beside the field.

    Attributes:
        lines: What is shown.
        entry: The field.
        head: The frame of the heading, for a button at its right: column 1, over two rows.
    """

    def __init__(self, root: tk.Tk, title: str, submit: Callable[[str], object], button: str) -> None:
        super().__init__(root)
        theme = theme_of(root)
        gap = theme.px(16)
        root.title(title)
        root.geometry(theme.size(640, 460))
        root.minsize(theme.px(420), theme.px(300))
        self._submit_text = submit
        self.head = self._make_head(title, gap)
        self.head.grid(row=0, sticky="ew")
        ttk.Frame(self, style="Line.TFrame", height=1).grid(row=1, sticky="ew")
        self.lines = Lines(self)
        self.lines.grid(row=2, sticky="nsew")
        self.entry = self._make_field(button, gap)
        self.rowconfigure(2, weight=1)
        self.columnconfigure(0, weight=1)
        self.pack(fill="both", expand=True)

    def say_below(self, text: str) -> None:
        """Write ``text`` below the heading."""
        self._below.configure(text=text)

    def submit(self) -> None:
        """Take what was typed, as the button does."""
        text = self.entry.get().strip()
        if text:
            self.entry.delete(0, "end")
            self._submit_text(text)

    def _make_head(self, title: str, gap: int) -> ttk.Frame:
        head = ttk.Frame(self, padding=(gap, gap // 2))
        ttk.Label(head, text=title, style="Title.TLabel").grid(row=0, column=0, sticky="w")
        self._below = ttk.Label(head, style="Small.TLabel")
        self._below.grid(row=1, column=0, sticky="ew")
        self._below.bind("<Configure>", lambda event: self._below.configure(wraplength=event.width))
        head.columnconfigure(0, weight=1)
        return head

    def _make_field(self, button: str, gap: int) -> ttk.Entry:
        field = ttk.Frame(self, padding=(gap, gap // 2, gap, gap))
        entry = ttk.Entry(field)
        entry.grid(row=0, column=0, sticky="ew", padx=(0, gap // 2))
        entry.bind("<Return>", lambda event: self.submit())
        entry.focus_set()
        ttk.Button(field, text=button, command=self.submit).grid(row=0, column=1)
        field.columnconfigure(0, weight=1)
        field.grid(row=3, sticky="ew")
        return entry
