"""The conversation on the screen: filter, table and detail pane, drawn at most 30 times a second.

Shows a log. After adding rows, the owner calls `Conversation.refresh_soon`, which only sets a timer; drawing
takes a bounded time, however many rows are new.
"""

from __future__ import annotations

import itertools
import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import messagebox, ttk
from typing import Any, Final

from tkws.console.conversation.columnmenu import ColumnMenu
from tkws.console.conversation.filterbar import FilterBar
from tkws.console.conversation.table import Table
from tkws.console.live.panel import LivePanel
from tkws.console.live.suggest import fields_of, likely_key
from tkws.console.log.log import Direction, Log
from tkws.console.log.query import equals_term, read_query
from tkws.console.log.view import Filter, View
from tkws.console.look import show_pane, theme_of
from tkws.console.message.comparison import Comparison
from tkws.console.message.detail import Detail
from tkws.console.message.fieldpicker import FieldAction
from tkws.console.text.fields import Path, as_number, as_text, path_text
from tkws.console.text.visible import copied
from tkws.console.watch.kinds import GAP, KINDS, LATENCY
from tkws.console.watch.panel import WatchPanel
from tkws.plurals import counted

_FRAME_MS = 33  # new rows are drawn 30 times a second; scrolling draws at once
_SEARCH_TIME = 0.006  # seconds per frame to search new rows, or all rows after a change of the filter
_WATCH_TIME = 0.012  # seconds per frame to look for what is watched
_READ_TIME = 0.012  # seconds per frame to read the fields of messages


class Conversation(ttk.PanedWindow):
    """Filter, table and detail pane, from top to bottom.

    Args:
        parent: The parent widget.
        log: The log to show.
        on_drawn: Called after each drawing with a text about the rows shown.
        placeholder: Returns the text that the table shows while the log is empty.
        on_error: Called with a sentence if something cannot be shown.
        with_peers: Whether there is a column for the peer.

    Attributes:
        view: The rows that pass the filter.
        paused: Whether the table is paused; the log is not.
    """

    def __init__(
        self,
        parent: tk.Misc,
        log: Log,
        on_drawn: Callable[[str], object],
        *,
        placeholder: Callable[[], str],
        on_error: Callable[[str], object],
        with_peers: bool = False,
    ) -> None:
        super().__init__(parent, orient="vertical")
        self.log = log
        self.view: Final = View(log)
        self.paused: bool = False
        self._on_drawn = on_drawn
        self._on_error = on_error
        self._placeholder = placeholder
        self._timer = ""
        upper = ttk.Frame(self)
        self.filter: Final = FilterBar(upper, self._filter_changed, self.toggle_pause)
        self.table: Final = Table(upper, self.view, self._selection_changed, with_peers=with_peers)
        self.detail: Final = Detail(self)
        self.watch: Final = WatchPanel(
            upper,
            log,
            before=lambda: self.live.keys if self.live.is_by_key else self.table,
            kinds=KINDS if not with_peers else [kind for kind in KINDS if kind is not LATENCY],
            in_sight=self._rows_in_sight,
            on_show=self.show_row,
            on_change=self.refresh_soon,
        )
        self.table.marks = self.watch.watches.marks
        self.live: Final = self._make_live(upper, on_error)
        self.detail.fields.actions = self._field_actions()
        self.comparison: Final = Comparison(self.view, self._likely_key)
        self.detail.compare = self.comparison.read
        self._column_menu = ColumnMenu(self.table, self.view, self.toggle_column)
        self.live.plot.paused = lambda: self.paused
        self.table.bind_rows("<<Copy>>", lambda _: self.copy())
        self._lay_out(upper)
        self.refresh_soon()

    def _make_live(self, upper: ttk.Frame, on_error: Callable[[str], object]) -> LivePanel:
        return LivePanel(
            upper,
            self,
            self.table,
            self.view,
            on_select=self._show_number,
            on_messages=self._select_shown,
            on_open=self._show_only,
            on_error=on_error,
            on_change=self.refresh_soon,
        )

    def _lay_out(self, upper: ttk.Frame) -> None:
        px = theme_of(self).px
        self.filter.pack(fill="x", padx=px(10), pady=px(8))
        self.table.pack(fill="both", expand=True)
        self.add(upper, weight=3)

    def _field_actions(self) -> list[FieldAction]:
        return [
            FieldAction("By key", lambda path, _: self.live.show_by_key(path)),
            FieldAction("Plot", lambda path, _: self.live.plot_field(path), _is_number),
            FieldAction("Gaps", lambda path, _: self.watch.add(GAP, path_text(path)), _is_number),
            FieldAction("Only this", self._show_only, _is_scalar),
            FieldAction("Not this", partial(self._show_only, sign="-"), _is_scalar),
            FieldAction("Column", lambda path, _: self.toggle_column(path)),
            FieldAction("Changes", lambda path, _: self._show_changes(path), _is_scalar),
        ]

    def refresh_soon(self) -> None:
        """Schedule a drawing, unless one is scheduled."""
        if not self._timer:
            self._timer = self.after(_FRAME_MS, self.refresh)

    def refresh(self) -> None:
        """Draw the changes."""
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        complete = self.paused or self.view.advance(_SEARCH_TIME)
        complete = self.live.advance(_READ_TIME) and complete
        complete = self.watch.watches.advance(_WATCH_TIME) and complete
        self.table.placeholder = self._empty_text()
        self.table.draw()
        self._on_drawn(self._counts())
        if not complete:
            self.refresh_soon()

    def toggle_pause(self) -> None:
        """Pause or resume the table."""
        self.paused = not self.paused
        self.filter.show_paused(self.paused)
        self.refresh_soon()

    def has_rows(self) -> bool:
        """Return whether there are rows, shown or not."""
        return bool(self.log.rows)

    def clear(self) -> None:
        """Remove all rows."""
        self.log.clear()
        self.view.filter = self.view.filter  # restarts the search
        self.live.reset()
        self.table.select(-1)
        self.table.follow()
        self.refresh_soon()

    def ask_and_clear(self) -> None:
        """Remove all rows, once the user has agreed, if there are messages among them."""
        count = sum(row.direction is not Direction.NOTE for row in self.log.rows)
        messages = counted(count, "message", style=",")
        if not count or messagebox.askokcancel(
            "Clear", f"Remove {messages}?", detail="What is not saved is lost.", parent=self
        ):
            self.clear()

    def copy(self) -> None:
        """Copy the selected messages to the clipboard, one per line: text as `copied`, bytes as hex."""
        rows = self.table.selection
        if rows:
            texts = (
                copied(row.payload) if isinstance(row.payload, str) else row.payload.hex(" ") for row in rows
            )
            self.clipboard_clear()
            self.clipboard_append("\n".join(texts))

    def show_detail(self, shown: bool) -> None:
        """Show or hide the detail pane."""
        show_pane(self, self.detail, shown, weight=1)

    def show_row(self, number: int) -> None:
        """Select a row, and scroll to it, if it passes the filter."""
        self.live.show_messages()
        at = self.view.index_of(number)
        if at < len(self.view.rows) and self.view.rows[at].number == number:
            self.table.see(number)
            self.table.select(number)

    def show_next_mark(self) -> None:
        """Go to the next row that a watch has marked; after the last one, to the first."""
        current, rows, marks = self.table.current, self.view.rows, self.watch.watches.marks
        start = 0 if current is None else self.view.index_of(current.number + 1)
        for row in itertools.chain(rows[start:], rows[:start]):
            if row.number in marks:
                self.show_row(row.number)
                return

    def go_to_table(self) -> None:
        """Give the focus to the table, and select its newest row if none is selected."""
        self.table.focus_set()
        if self.table.current is None and self.view.rows:
            self.table.select(self.view.rows[-1].number)

    def toggle_column(self, path: Path) -> None:
        """Give a field a column of the table, or take it away."""
        try:
            self.table.toggle_field(path)
        except ValueError as error:
            self._on_error(str(error))

    def choose_columns(self) -> None:
        """Open the menu of the columns below the headings of the table."""
        self.live.show_messages()
        self._column_menu.open()

    def find_in_message(self) -> None:
        """Find a text in the message that is shown."""
        self.show_detail(True)
        self.detail.find.open()

    def destroy(self) -> None:
        """Cancel the timer, and destroy the widget."""
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        super().destroy()

    def _filter_changed(self, filter: Filter) -> None:
        self.view.filter = filter
        self.detail.mark(read_query(filter.text).marks)
        self.live.reset()
        self.table.redraw()
        self.refresh_soon()

    def _show_number(self, number: int) -> None:
        """Show a row in full; nothing for -1, and for a row that the log has no more."""
        at = number - self.log.first
        self.detail.show(self.log.rows[at] if 0 <= at < len(self.log.rows) else None)

    def _likely_key(self) -> Path | None:
        """Return the field of the table by key, or the one that is likely a key."""
        model = self.live.keys.model
        return likely_key(fields_of(self.view.rows)) if model is None else model.key

    def _show_changes(self, path: Path) -> None:
        """Show what has changed since the last message in which a field has the same value."""
        self.comparison.key = path
        self.detail.show_changes()

    def _select_shown(self) -> None:
        """Put the cursor of the table on the row that is shown in full."""
        if self.detail.row is not None:
            self.table.select(self.detail.row.number)

    def _show_only(self, path: Path, value: Any, sign: str = "") -> None:
        """Show the messages in which a field has a value; those in which it does not if ``sign`` is ``-``."""
        self.live.show_messages()
        self.filter.add_term(f"{sign}{equals_term(path_text(path), as_text(value))}")

    def _selection_changed(self) -> None:
        self.detail.show(self.table.current)

    def _empty_text(self) -> str:
        """Return what is true of a table without rows, and the next step."""
        count = len(self.log.rows)
        if count and self.paused:
            return "The table is paused.\nF7 shows the new rows."
        if count and not self.view.filter.passes_all:
            rows = counted(count, "row", style=",")
            return f"The filter hides all there is: {rows}.\nCtrl+Shift+F shows everything."
        return self._placeholder()

    def _rows_in_sight(self) -> list[int]:
        """Return the numbers of the rows that the user sees: none while another program has the focus."""
        has_focus = bool(self.tk.call("focus"))
        return [row.number for row in self.table.visible] if has_focus and not self.live.is_by_key else []

    def _counts(self) -> str:
        shown, kept = len(self.view.rows), len(self.log.rows)
        rows = counted(kept, "row", style=",")
        parts = [rows if shown == kept else f"{shown:,} of {rows}"]
        if dropped := self.log.dropped:
            parts.append(f"{counted(dropped, 'older row was', 'older rows were', style=',')} dropped")
        if count := self.watch.watches.count:
            unseen = len(self.watch.watches.unseen)
            parts.append(f"{count:,} watched{f', {unseen:,} not seen yet' if unseen else ''}")
        if self.paused:
            parts.append(f"paused, {self.view.unseen:,} new")
        elif not self.table.following:
            parts.append("Ctrl+N follows the newest")
        return "   ·   ".join(parts)


def _is_number(value: Any) -> bool:
    return as_number(value) is not None


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, dict | list)
