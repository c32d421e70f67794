"""One message in full: JSON with indents, plain text, or hex.

Knows rows. More of a large message is read when its end comes into sight, so that one of any size costs no
more than what is looked at.
"""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from tkinter import ttk
from typing import Final

from tkws.console.log.log import Direction, Row
from tkws.console.look import Placeholder, key_name, theme_of
from tkws.console.message.colours import Colours, counts_utf16
from tkws.console.message.fieldpicker import FieldPicker
from tkws.console.message.findbar import FindBar
from tkws.console.message.folds import Folds
from tkws.console.message.gutter import Gutter
from tkws.console.message.highlights import Highlights
from tkws.console.message.shown import ShownText
from tkws.console.text.payload import byte_count
from tkws.console.text.reading import Kind, Mode, Part, read
from tkws.plurals import counted

_FIRST_SLICES = 3
_MORE_SLICES = 6  # at a time, between which the window draws
_FOUND = "found"
_CHANGES = "Changes"
_NOTHING = "Click a row above, or go to the table by its key, {}, to read a message here in full."


class Detail(ttk.Frame):
    """The pane below the table.

    Args:
        parent: The parent widget.

    Attributes:
        row: The row that is shown; None for an empty pane.
        compare: Returns what has changed since the message before a row, in slices; to be set by the owner.
        save: Called with that row when the button is pressed; to be set by the owner.
        fields: Picks a field of a JSON message.
        find: Finds a text in the message.
    """

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.row: Row | None = None
        self.compare: Callable[[Row], Iterator[list[Part]]] = lambda row: iter(())
        self.save: Callable[[Row], object] = lambda row: None
        self._slices: Iterator[list[Part]] = iter(())
        self._timer = ""
        self._theme = theme_of(self)
        self._title = ttk.Label(self, style="Soft.TLabel")
        self._mode = tk.StringVar(self, Mode.PRETTY)
        self._text = tk.Text(self, height=6, width=20, wrap="char", state="disabled", takefocus=True)
        self._empty = Placeholder(self._text)
        self._bar = ttk.Scrollbar(self, command=self._text.yview)
        self._shown = ShownText(is_utf16=counts_utf16(self))
        self._colours = Colours(self._text, self._shown)
        self._marks = Highlights(self._text, self._shown, _FOUND)
        self.fields: Final = FieldPicker(self, self._text, self._shown, self._plain_text)
        self.find: Final = FindBar(
            self, self._text, self._shown, on_change=self._work_on, on_reveal=self._reveal
        )
        self._folds = Folds(self._text, self._shown)
        self._gutter = Gutter(self, self._text, self._folds)
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
        self._marks.look_for(patterns)
        self._work_on()

    def show_changes(self) -> None:
        """Show what has changed since the message before."""
        self._mode.set(_CHANGES)
        self._show()

    def fold_all(self) -> None:
        """Fold all objects and arrays that are directly in the message."""
        self._folds.fold_all()
        self._work_on()

    def unfold_all(self) -> None:
        """Unfold everything."""
        self._folds.unfold_all()
        self._gutter.draw()

    @property
    def text(self) -> str:
        """The text that is shown, without the breaks in long lines."""
        return self._plain_text("1.0", "end-1c")

    def read_all(self) -> None:
        """Read the rest of the message, however long it is."""
        while not self._shown.is_complete:
            self._read_more()
        self._show_title()
        self._work_soon()

    def destroy(self) -> None:
        """Cancel the timer, and destroy the widget."""
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        super().destroy()

    def _lay_out(self) -> None:
        px = self._theme.px
        self._title.grid(row=0, column=0, columnspan=2, sticky="w", padx=px(8), pady=px(3))
        for column, mode in enumerate((*Mode, _CHANGES), 2):
            button = ttk.Radiobutton(self, text=mode, value=mode, variable=self._mode, command=self._show)
            button.grid(row=0, column=column, padx=px(4))
        self._save_button.grid(row=0, column=6, padx=px(4), pady=px(2))
        self._text.configure(padx=px(8), pady=px(4), font=self._theme.mono)
        self.fields.grid(row=1, column=0, columnspan=8, sticky="ew")
        self.find.grid(row=2, column=0, columnspan=8, sticky="ew")
        self.find.grid_remove()
        self._gutter.grid(row=3, column=0, sticky="ns")
        self._text.grid(row=3, column=1, columnspan=6, sticky="nsew")
        self._bar.grid(row=3, column=7, sticky="ns")
        self.rowconfigure(3, weight=1)
        self.columnconfigure(1, weight=1)

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
        text.bind("<minus>", lambda _: self.fold_all())
        for key in ("plus", "equal"):
            text.bind(f"<{key}>", lambda _: self.unfold_all())
        self._theme.follow(text, self._paint)

    def _paint(self) -> None:
        text, colours = self._text, self._theme.colours
        self._theme.paint_text(text)
        text.tag_configure(Kind.ESCAPE, foreground=colours.bad)
        text.tag_configure(Kind.ADDED, foreground=colours.string)
        text.tag_configure(Kind.REMOVED, foreground=colours.bad)
        text.tag_configure(Kind.TAB, background=colours.accent_soft)
        text.tag_configure(Kind.REMARK, foreground=colours.soft, font=self._theme.small)
        text.tag_configure(_FOUND, background=colours.mark, foreground=colours.text)
        for tag in (_FOUND, *self.find.tags, "sel"):  # each on top of the ones before
            text.tag_raise(tag)

    def _show(self) -> None:
        row = self.row
        self._text.configure(state="normal")
        self._text.delete("1.0", "end")
        self._text.configure(state="disabled")
        self._shown.clear()
        self._colours.restart()
        self._folds.restart()
        self._marks.restart()
        self.find.restart()
        self._slices = iter(()) if row is None else self._read(row)
        self._save_button.state(["disabled" if row is None else "!disabled"])
        for _ in range(_FIRST_SLICES):
            self._read_more()
        self.fields.reset("" if row is None or row.direction is Direction.NOTE else row.payload)
        self._work_on()

    def _read(self, row: Row) -> Iterator[list[Part]]:
        mode = self._mode.get()
        if mode != _CHANGES:
            return read(row.payload, Mode(mode))
        return self.compare(row) if row.direction is not Direction.NOTE else read(row.payload, Mode.PRETTY)

    def _read_more(self) -> None:
        part = next(self._slices, None)
        if part is None:
            self._shown.is_complete = True
            return
        self._shown.add(part)
        words = [word for text, kind in part for word in (text, kind.value)]
        self._text.configure(state="normal")
        self._text.insert("end", *words)
        self._text.configure(state="disabled")
        self._folds.add_slices()

    def _scrolled(self, first: float, last: float) -> None:  # in fact, Tk passes strings
        self._bar.set(first, last)
        self._colours.paint()
        self._gutter.draw()
        if self._is_more_wanted:
            self._work_soon()

    @property
    def _is_more_wanted(self) -> bool:
        """Whether the end of what has been read is almost in sight, or there is a text to be found."""
        return not self._shown.is_complete and (self.find.is_looking or self._text.yview()[1] > 0.8)

    def _work_soon(self) -> None:
        if not self._timer:
            self._timer = self.after(1, self._work)

    def _work(self) -> None:
        self._timer = ""
        if self._is_more_wanted:
            for _ in range(_MORE_SLICES):
                self._read_more()
        self._work_on()

    def _work_on(self) -> None:
        """Search a few slices at once, and the others a little later."""
        for _ in range(_MORE_SLICES):
            self._marks.advance()
            self.find.advance()
        self._folds.advance()
        if self._is_more_wanted or not all(part.is_done for part in (self._marks, self.find, self._folds)):
            self._work_soon()
        self.find.show()
        self._show_title()

    def _reveal(self, offset: int) -> None:
        self._folds.reveal(offset)
        self._gutter.draw()

    def _show_title(self) -> None:
        row = self.row
        self._empty.show(_NOTHING.format(key_name(self, "m")) if row is None else "")
        more = "" if self._shown.is_complete else " · scroll down for more"
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


def _focus(widget: tk.Misc | None) -> str:
    if widget is not None:
        widget.focus_set()
    return "break"


def _title(row: Row) -> str:
    if row.direction is Direction.NOTE:
        return f"{row.type.capitalize()} {row.peer}".rstrip()
    direction = "received" if row.direction is Direction.IN else "sent"
    size = byte_count(row.size) if row.size >= 10_000 else counted(row.size, "byte", style=",")
    return f"{row.type.capitalize()}, {direction}, {size}{f', {row.peer}' if row.peer else ''}"
