"""The strip beside a message with a mark for each object and array that can be folded."""

from __future__ import annotations

import tkinter as tk

from tkws.console.look import theme_of
from tkws.console.message.colours import lines_in_sight
from tkws.console.message.folds import Fold, Folds


class Gutter(tk.Canvas):
    """The strip: a click on a mark folds or unfolds.

    Args:
        parent: The parent widget.
        widget: The text widget beside it.
        folds: Its folds.
    """

    def __init__(self, parent: tk.Misc, widget: tk.Text, folds: Folds) -> None:
        theme = theme_of(parent)
        super().__init__(parent, width=theme.px(16), highlightthickness=0, borderwidth=0)
        self._theme = theme
        self._widget = widget
        self._folds = folds
        self.bind("<Button-1>", lambda event: self._clicked(event.y))
        theme.follow(self, self._paint)

    def draw(self) -> None:
        """Draw the marks of the lines in sight."""
        self.delete("all")
        size = self._theme.px(4)
        colour = self._theme.colours.soft
        for line, fold in self._in_sight():
            place = self._widget.dlineinfo(f"{line}.0")
            if place is not None:
                x, y = int(self.cget("width")) // 2, place[1] + place[3] // 2
                down = [(-size, -size // 2), (size, -size // 2), (0, size // 2 + 1)]
                corners = [(dy, dx) for dx, dy in down] if self._folds.is_folded(fold) else down
                self.create_polygon([(x + dx, y + dy) for dx, dy in corners], fill=colour)

    def _in_sight(self) -> list[tuple[int, Fold]]:
        lines = sorted(set(lines_in_sight(self._widget)))
        return [(line, fold) for line in lines if (fold := self._folds.fold_at(line)) is not None]

    def _clicked(self, y: int) -> None:
        fold = self._folds.fold_at(int(self._widget.index(f"@0,{y}").partition(".")[0]))
        if fold is not None:
            self._folds.toggle(fold)
            self.draw()

    def _paint(self) -> None:
        self.configure(background=self._theme.colours.surface)
        self.draw()
