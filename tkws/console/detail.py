"""One message in full: JSON with indents, plain text, or hex.

Knows rows. At most `DETAIL_BYTES` of a message are shown, since a text widget becomes slow with more.
"""

from __future__ import annotations

import tkinter as tk
from functools import partial
from tkinter import ttk

from tkws.console.log import Direction, Row
from tkws.console.look import theme_of
from tkws.console.payload import DETAIL_BYTES, byte_count, hex_dump, pretty_json

_MODES = ("Pretty", "Text", "Hex")


class Detail(ttk.Frame):
    """The pane below the table.

    Args:
        parent: The parent widget.

    Attributes:
        row: The row that is shown; None for an empty pane.
    """

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.row: Row | None = None
        self._theme = theme_of(self)
        px = self._theme.px
        self._title = ttk.Label(self, style="Soft.TLabel")
        self._mode = tk.StringVar(self, _MODES[0])
        self._title.grid(row=0, column=0, sticky="w", padx=px(8), pady=px(3))
        for column, mode in enumerate(_MODES, 1):
            button = ttk.Radiobutton(self, text=mode, value=mode, variable=self._mode, command=self._show)
            button.grid(row=0, column=column, padx=px(4))
        self._text = tk.Text(self, height=6, width=20, wrap="char", state="disabled")
        bar = ttk.Scrollbar(self, command=self._text.yview)
        self._text.configure(yscrollcommand=bar.set, padx=px(8), pady=px(4), font=self._theme.mono)
        self._text.grid(row=1, column=0, columnspan=4, sticky="nsew")
        bar.grid(row=1, column=4, sticky="ns")
        self.rowconfigure(1, weight=1)
        self.columnconfigure(0, weight=1)
        # A disabled text widget does not take the focus on a click.
        self._text.bind("<Button-1>", lambda _: self._text.focus_set())
        self._theme.follow(self._text, partial(paint_text, self._text))
        self.show(None)

    def show(self, row: Row | None) -> None:
        """Show a row; None clears the pane."""
        if row is not self.row or row is None:
            self.row = row
            self._show()

    @property
    def text(self) -> str:
        """The text that is shown."""
        return self._text.get("1.0", "end-1c")

    def _show(self) -> None:
        row = self.row
        self._title.configure(text="Nothing selected" if row is None else _title(row))
        self._text.configure(state="normal")
        self._text.delete("1.0", "end")
        if row is not None:
            shown, rest = _format(row, self._mode.get())
            self._text.insert("1.0", shown)
            if rest:
                self._text.insert("end", f"\n… and {byte_count(rest)} more")
        self._text.configure(state="disabled")


def paint_text(text: tk.Text) -> None:
    """Give a text widget the colours of the palette in use."""
    colours = theme_of(text).colours
    text.configure(
        borderwidth=0,
        relief="flat",
        background=colours.surface,
        foreground=colours.text,
        insertbackground=colours.text,
        selectbackground=colours.accent,
        selectforeground=colours.on_accent,
        inactiveselectbackground=colours.accent_soft,
        highlightthickness=theme_of(text).px(1),
        highlightbackground=colours.line,
        highlightcolor=colours.accent,
    )


def _title(row: Row) -> str:
    if row.direction is Direction.NOTE:
        return f"{row.type.capitalize()} {row.peer}".rstrip()
    direction = "received" if row.direction is Direction.IN else "sent"
    return f"{row.type.capitalize()}, {direction}, {row.size:,} bytes{f', {row.peer}' if row.peer else ''}"


def _format(row: Row, mode: str) -> tuple[str, int]:
    """Return the text to show for a row, and how many bytes of it are left out."""
    payload = row.payload
    part = payload[:DETAIL_BYTES]
    rest = len(payload) - len(part)
    if mode == "Hex" or (mode == "Pretty" and isinstance(part, bytes)):
        return hex_dump(part if isinstance(part, bytes) else part.encode(errors="replace")), rest
    text = part if isinstance(part, str) else part.decode(errors="replace")
    if mode == "Pretty" and not rest:
        return pretty_json(text) or text, 0
    return text, rest
