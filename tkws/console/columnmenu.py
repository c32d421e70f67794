"""The menu of the table's columns: the time since the row above, and the fields of the messages."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial

from tkws.console.live.fields import Path, path_text
from tkws.console.live.suggest import fields_of
from tkws.console.look import Action, make_menu
from tkws.console.payload import preview
from tkws.console.table import Table
from tkws.console.view import View

_MAX_ENTRIES = 24  # fields; more would not fit on a screen


class ColumnMenu:
    """The menu, which the other mouse button opens on the headings.

    Args:
        table: The table.
        view: Its rows.
        toggle_field: Called with a field to give it a column, or take it away.
    """

    def __init__(self, table: Table, view: View, toggle_field: Callable[[Path], object]) -> None:
        self._table = table
        self._view = view
        self._toggle_field = toggle_field
        self._menu: tk.Menu | None = None
        for click in ("<Button-2>", "<Button-3>"):
            table.head.bind(click, lambda event: self._open_at(event.x_root, event.y_root))

    def open(self) -> None:
        """Open it below the headings."""
        head = self._table.head
        self._open_at(head.winfo_rootx(), head.winfo_rooty() + head.winfo_height())

    def actions(self) -> list[Action | None]:
        """Return its entries: the columns that there are can be removed, and others added."""
        table = self._table
        there = [Action(_label("Remove", path), partial(self._toggle_field, path)) for path in table.fields]
        suggested = [path for path in fields_of(self._view.rows) if path not in table.fields][:_MAX_ENTRIES]
        others = [Action(_label("Add", path), partial(self._toggle_field, path)) for path in suggested]
        delta = Action(
            f"{'Hide' if table.with_delta else 'Show'} the time since the row above", table.toggle_delta
        )
        return [delta, *([None, *there] if there else []), *([None, *others] if others else [])]

    def _open_at(self, x: int, y: int) -> None:
        if self._menu is not None:
            self._menu.destroy()
        self._menu = make_menu(self._table, self.actions())
        self._menu.tk_popup(x, y)


def _label(verb: str, path: Path) -> str:
    return f"{verb} {preview(path_text(path), 40)}"
