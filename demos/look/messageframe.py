"""The contents of a window: a heading, messages, and an input field."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from demos.look.messagelog import MessageLog
from tkws.console.look import theme_of


class MessageFrame(ttk.Frame):
    """Fills a window.

    Args:
        root: The window.
        title: The text of the title and the heading.
        on_submit: Called with the input, which is never empty.
        button: The text of the button beside the field.

    Attributes:
        log: The messages.
        entry: The input field.
        header: The frame of the heading; a button may be added in column 1, over two rows.
    """

    def __init__(self, root: tk.Tk, title: str, on_submit: Callable[[str], object], button: str) -> None:
        super().__init__(root)
        theme = theme_of(root)
        gap = theme.px(16)
        root.title(title)
        root.geometry(theme.size(640, 460))
        root.minsize(theme.px(420), theme.px(300))
        self._on_submit = on_submit
        self.header = self._make_header(title, gap)
        self.header.grid(row=0, sticky="ew")
        ttk.Frame(self, style="Line.TFrame", height=1).grid(row=1, sticky="ew")
        self.log = MessageLog(self)
        self.log.grid(row=2, sticky="nsew")
        self.entry = self._make_field(button, gap)
        self.rowconfigure(2, weight=1)
        self.columnconfigure(0, weight=1)
        self.pack(fill="both", expand=True)

    def show_subtitle(self, text: str) -> None:
        """Show a text below the heading."""
        self._subtitle.configure(text=text)

    def submit(self) -> None:
        """Submit the input, as the button does."""
        text = self.entry.get().strip()
        if text:
            self.entry.delete(0, "end")
            self._on_submit(text)

    def _make_header(self, title: str, gap: int) -> ttk.Frame:
        header = ttk.Frame(self, padding=(gap, gap // 2))
        ttk.Label(header, text=title, style="Title.TLabel").grid(row=0, column=0, sticky="w")
        self._subtitle = ttk.Label(header, style="Small.TLabel")
        self._subtitle.grid(row=1, column=0, sticky="ew")
        self._subtitle.bind("<Configure>", lambda event: self._subtitle.configure(wraplength=event.width))
        header.columnconfigure(0, weight=1)
        return header

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
