"""Folds objects and arrays in a text widget that shows JSON with indents.

A folded object or array is hidden behind its opening bracket, where a note says how much it is. It can be
folded when it has been read to its end.
"""

from __future__ import annotations

import re
import tkinter as tk
from typing import NamedTuple

from tkws.console.message.shown import ShownText
from tkws.console.text.reading import Kind

_HIDDEN = "folded"
_NOTE = "fold-note"
_STEP = 200  # folds that are made at once
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]')


class Fold(NamedTuple):
    """An object or array.

    Attributes:
        begin: Where its first line ends, after the opening bracket.
        end: Where its closing bracket is.
        depth: In how many others it is.
        note: The text that is shown in its place.
    """

    begin: int
    end: int
    depth: int
    note: str


class Folds:
    """The folds of a message.

    Args:
        widget: The text widget.
        shown: Its text.
    """

    def __init__(self, widget: tk.Text, shown: ShownText) -> None:
        self._widget = widget
        self._shown = shown
        widget.tag_configure(_HIDDEN, elide=True)
        self.restart()

    def restart(self) -> None:
        """Begin again, with another text, unfolded."""
        self._at = 0  # up to where the text has been looked through
        self._next = 0  # likewise, in slices
        self._open: list[tuple[int, int]] = []  # where each open bracket ends, and the commas in it
        self._begins: dict[int, Fold] = {}
        self._folded: set[int] = set()  # where they begin
        self._pending: list[Fold] = []
        self._folds_all = False

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be folded by `advance`."""
        return not self._pending

    def add_slices(self) -> None:
        """Look through the text that is new."""
        while self._next < len(self._shown.slices):
            if self._at < self._shown.json_length:
                self._look_through(self._shown.slices[self._next])
            self._at += len(self._shown.slices[self._next])
            self._next += 1

    def fold_at(self, line: int) -> Fold | None:
        """Return what begins on a line of the widget."""
        begin = self._shown.end_of_line(line)
        return self._begins.get(begin)

    def is_folded(self, fold: Fold) -> bool:
        """Return whether it is folded."""
        return fold.begin in self._folded

    def toggle(self, fold: Fold) -> None:
        """Fold or unfold."""
        (self._unfold if self.is_folded(fold) else self._fold)(fold)

    def fold_all(self) -> None:
        """Fold what is directly in the message, also what is still to be read; `advance` does it."""
        self._folds_all = True
        self._pending = [fold for fold in self._begins.values() if fold.depth == 1]

    def unfold_all(self) -> None:
        """Unfold everything."""
        self._folds_all = False
        self._pending.clear()
        self._widget.configure(state="normal")
        self._widget.tag_remove(_HIDDEN, "1.0", "end")
        while place := self._widget.tag_nextrange(_NOTE, "1.0"):
            self._widget.delete(*place)
        self._widget.configure(state="disabled")
        self._folded.clear()

    def advance(self) -> None:
        """Fold some of what is to be folded."""
        for _ in range(min(_STEP, len(self._pending))):
            self._fold(self._pending.pop())

    def reveal(self, offset: int) -> None:
        """Unfold all that a character is in."""
        for begin in sorted(self._folded):
            if begin <= offset < self._begins[begin].end:
                self._unfold(self._begins[begin])

    def _look_through(self, text: str) -> None:
        for match in _TOKEN.finditer(text):
            token = match[0]
            if token == "," and self._open:
                begin, commas = self._open[-1]
                self._open[-1] = begin, commas + 1
            elif token in ("{", "["):
                self._open.append((self._at + match.end(), 0))
            elif token in ("}", "]") and self._open:
                self._close(self._at + match.start(), is_object=token == "}")

    def _close(self, end: int, *, is_object: bool) -> None:
        begin, commas = self._open.pop()
        if begin == end:
            return  # it is empty
        what = ("field" if is_object else "element") + "s" * (commas > 0)
        fold = Fold(begin, end, len(self._open), f" {commas + 1:,} {what} ")
        self._begins[begin] = fold
        if self._folds_all and fold.depth == 1:
            self._pending.append(fold)

    def _fold(self, fold: Fold) -> None:
        if self.is_folded(fold):
            return
        self._folded.add(fold.begin)
        widget, at = self._widget, self._shown.index(fold.begin)
        widget.configure(state="normal")
        widget.insert(at, fold.note, (Kind.REMARK, Kind.BREAK, _NOTE))  # a break, since it is not in the text
        widget.configure(state="disabled")
        widget.tag_add(_HIDDEN, f"{at} lineend", self._shown.index(fold.end))

    def _unfold(self, fold: Fold) -> None:
        if not self.is_folded(fold):
            return
        self._folded.discard(fold.begin)
        widget, at = self._widget, self._shown.index(fold.begin)
        widget.tag_remove(_HIDDEN, f"{at} lineend", self._shown.index(fold.end))
        widget.configure(state="normal")
        widget.delete(at, f"{at} lineend")
        widget.configure(state="disabled")
        for begin in self._folded:  # those in it stay folded
            if fold.begin < begin < fold.end:
                index = self._shown.index(begin)
                widget.tag_add(_HIDDEN, f"{index} lineend", self._shown.index(self._begins[begin].end))
