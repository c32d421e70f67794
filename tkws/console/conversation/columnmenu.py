"""The menu of the table's columns: the time since the row above, and the fields of the messages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tkws.console.conversation.table import Table
from tkws.console.live.suggest import fields_of
from tkws.console.log.view import View
from tkws.console.look import Action, PopUpMenu
from tkws.console.text.fields import Path, path_text
from tkws.console.text.payload import preview

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
        self._menu = PopUpMenu(table)
        for click in ("<Button-2>", "<Button-3>"):
            table.head.bind(click, lambda event: self._menu.open(self.actions(), event.x_root, event.y_root))

    def open(self) -> None:
        """Open it below the headings."""
        self._menu.open_below(self._table.head, self.actions())

    def actions(self) -> list[Action | None]:
        """Return its entries: the columns that there are can be removed, and others added."""
        table = self._table
        there = [Action(_label("Remove", path), partial(self._toggle_field, path)) for path in table.fields]
        suggested = [path for path in fields_of(self._view.rows) if path not in table.fields][:_MAX_ENTRIES]
        others = [Action(_label("Add", path), partial(self._toggle_field, path)) for path in suggested]
        delta = Action(delta_label(table), table.toggle_delta)
        return [delta, *([None, *there] if there else []), *([None, *others] if others else [])]


def delta_label(table: Table) -> str:
    """Return the label of the entry that shows or hides the time since the row above."""
    return f"{'Hide' if table.with_delta else 'Show'} the time since the row above"


def _label(verb: str, path: Path) -> str:
    return f"{verb} {preview(path_text(path), 40)}"
