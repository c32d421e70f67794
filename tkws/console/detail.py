"""One message in full: JSON with indents, plain text, or hex.

Knows rows. More of a large message is read when its end comes into sight, so that one of any size costs no
more than what is looked at.
"""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from tkinter import ttk
from typing import Final

from tkws.console.live.fieldpicker import FieldPicker
from tkws.console.log import Direction, Row
from tkws.console.look import theme_of
from tkws.console.payload import byte_count
from tkws.console.reading import Kind, Mode, Part, read

_FIRST_SLICES = 3
_MORE_SLICES = 8
_MAX_MARKS = 200  # of a pattern in a slice
_FOUND = "found"


class Detail(ttk.Frame):
    """The pane below the table.

    Args:
        parent: The parent widget.

    Attributes:
        row: The row that is shown; None for an empty pane.
        save: Called with that row when the button is pressed; to be set by the owner.
        fields: Picks a field of a JSON message.
    """

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.row: Row | None = None
        self.save: Callable[[Row], object] = lambda row: None
        self._slices: Iterator[list[Part]] = iter(())
        self._patterns: Sequence[re.Pattern[str]] = ()
        self._complete = True
        self._timer = ""
        self._theme = theme_of(self)
        self._title = ttk.Label(self, style="Soft.TLabel")
        self._mode = tk.StringVar(self, Mode.PRETTY)
        self._text = tk.Text(self, height=6, width=20, wrap="char", state="disabled", takefocus=True)
        self._bar = ttk.Scrollbar(self, command=self._text.yview)
        self.fields: Final = FieldPicker(self, self._text, self._plain_text)
        self._save_button = ttk.Button(self, text="Save…", style="Quiet.TButton", command=self._save_row)
        self._lay_out()
        self._bind()
        self.show(None)

    def show(self, row: Row | None) -> None:
        """Show a row; None clears the pane."""
        if row is not self.row or row is None:
            self.row = row
            self._show()

    def mark(self, patterns: Sequence[re.Pattern[str]]) -> None:
        """Mark the parts of the message that match, from now on."""
        if patterns != self._patterns:
            self._patterns = patterns
            self._show()

    @property
    def text(self) -> str:
        """The text that is shown, without the breaks in long lines."""
        return self._plain_text("1.0", "end-1c")

    def read_all(self) -> None:
        """Read the rest of the message, however long it is."""
        while not self._complete:
            self._read_more()
        self._show_title()

    def destroy(self) -> None:
        """Cancel the timer, and destroy the widget."""
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        super().destroy()

    def _lay_out(self) -> None:
        px = self._theme.px
        self._title.grid(row=0, column=0, sticky="w", padx=px(8), pady=px(3))
        for column, mode in enumerate(Mode, 1):
            button = ttk.Radiobutton(
                self, text=mode.value, value=mode.value, variable=self._mode, command=self._show
            )
            button.grid(row=0, column=column, padx=px(4))
        self._save_button.grid(row=0, column=4, padx=px(4), pady=px(2))
        self._text.configure(padx=px(8), pady=px(4), font=self._theme.mono)
        self.fields.grid(row=1, column=0, columnspan=6, sticky="ew")
        self._text.grid(row=2, column=0, columnspan=5, sticky="nsew")
        self._bar.grid(row=2, column=5, sticky="ns")
        self.rowconfigure(2, weight=1)
        self.columnconfigure(0, weight=1)

    def _bind(self) -> None:
        text = self._text
        text.configure(yscrollcommand=self._scrolled)
        text.bind("<Button-1>", lambda _: text.focus_set())  # one that cannot be typed in does not take it
        text.bind("<Tab>", lambda _: _focus(text.tk_focusNext()))
        text.bind("<Shift-Tab>", lambda _: _focus(text.tk_focusPrev()))
        text.bind("<<PrevWindow>>", lambda _: _focus(text.tk_focusPrev()))
        text.bind("<<Copy>>", lambda _: self._copy())
        text.bind("<<SelectAll>>", lambda _: self.read_all())  # before the widget selects it
        text.bind("<Control-End>", lambda _: self.read_all())
        self._theme.follow(text, self._paint)
        text.tag_raise("sel")

    def _paint(self) -> None:
        paint_text(self._text)
        self._text.tag_configure(_FOUND, background=self._theme.colours.mark)
        self._text.tag_configure(Kind.ESCAPE, foreground=self._theme.colours.bad)
        self._text.tag_configure(Kind.TAB, background=self._theme.colours.accent_soft)
        self._text.tag_configure(Kind.REMARK, foreground=self._theme.colours.soft, font=self._theme.small)

    def _show(self) -> None:
        row = self.row
        self._text.configure(state="normal")
        self._text.delete("1.0", "end")
        self._text.configure(state="disabled")
        self.fields.reset("" if row is None or row.direction is Direction.NOTE else row.payload)
        self._slices = iter(()) if row is None else read(row.payload, Mode(self._mode.get()))
        self._complete = row is None
        self._save_button.state(["disabled" if row is None else "!disabled"])
        for _ in range(_FIRST_SLICES):
            self._read_more()
        self._show_title()

    def _read_more(self) -> None:
        part = next(self._slices, None)
        if part is None:
            self._complete = True
            return
        begin = self._text.index("end-1c")
        words = [word for text, kind in part for word in (text, kind.value)]
        self._text.configure(state="normal")
        self._text.insert("end", *words)
        self._text.configure(state="disabled")
        self._mark_matches(begin, "".join(text for text, _ in part))

    def _mark_matches(self, begin: str, text: str) -> None:
        for pattern in self._patterns:
            for match in islice(pattern.finditer(text), _MAX_MARKS):
                self._text.tag_add(
                    _FOUND, f"{begin} + {match.start()} chars", f"{begin} + {match.end()} chars"
                )

    def _scrolled(self, first: float, last: float) -> None:  # in fact, Tk passes strings
        self._bar.set(first, last)
        if not self._complete and float(last) > 0.8 and not self._timer:
            self._timer = self.after(1, self._read_on)

    def _read_on(self) -> None:
        self._timer = ""
        for _ in range(_MORE_SLICES):
            self._read_more()
        self._show_title()

    def _show_title(self) -> None:
        row = self.row
        more = "" if self._complete else " · scroll down for more"
        self._title.configure(text="Nothing selected" if row is None else f"{_title(row)}{more}")

    def _copy(self) -> str:
        if self._text.tag_ranges("sel"):
            self.clipboard_clear()
            self.clipboard_append(self._plain_text("sel.first", "sel.last"))
        return "break"

    def _plain_text(self, start: str, end: str) -> str:
        """Return a part of the text without the breaks in long lines."""
        parts: list[str] = []
        at = self._text.index(start)
        while place := self._text.tag_nextrange(Kind.BREAK, at, end):
            parts.append(self._text.get(at, place[0]))
            at = str(place[1])
        return "".join([*parts, self._text.get(at, end)])

    def _save_row(self) -> None:
        if self.row is not None:
            self.save(self.row)


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


def _focus(widget: tk.Misc | None) -> str:
    if widget is not None:
        widget.focus_set()
    return "break"


def _title(row: Row) -> str:
    if row.direction is Direction.NOTE:
        return f"{row.type.capitalize()} {row.peer}".rstrip()
    direction = "received" if row.direction is Direction.IN else "sent"
    size = byte_count(row.size) if row.size >= 10_000 else f"{row.size:,} bytes"
    return f"{row.type.capitalize()}, {direction}, {size}{f', {row.peer}' if row.peer else ''}"
