"""The conversation on the screen: filter, table and detail pane, drawn at most once in a frame's time.

Knows a log, whoever fills it. Whoever does calls `Conversation.refresh_soon`, which only sets a timer;
what is drawn then takes a bounded time, however much has come.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from tkws.console.detail import Detail
from tkws.console.filterbar import FilterBar
from tkws.console.log import Filter, Log, View
from tkws.console.look import theme_of
from tkws.console.table import Table

_FRAME_MS = 33  # the table follows 30 times a second; scrolling by hand draws at once
_LOOK = 0.006  # seconds of a frame for rows that are new, or that a new filter has to see


class Conversation(ttk.PanedWindow):
    """Filter, table and detail pane, one above the other.

    Args:
        parent: The widget that it is in.
        log: What is shown.
        drawn: Called with a sentence about what is shown, after each drawing.
        hint: What the table says while there is nothing.
        with_peers: Whether there is a column for the peer.

    Attributes:
        view: What the filter lets through.
        paused: Whether the table rests; the log does not.
    """

    def __init__(
        self,
        parent: tk.Misc,
        log: Log,
        drawn: Callable[[str], object],
        *,
        hint: str,
        with_peers: bool = False,
    ) -> None:
        super().__init__(parent, orient="vertical")
        self.log = log
        self.view = View(log)
        self.paused = False
        self._drawn = drawn
        self._timer = ""
        px = theme_of(self).px
        upper = ttk.Frame(self)
        self.filter = FilterBar(upper, self._filtered, self.pause)
        self.table = Table(upper, self.view, self._picked, with_peers=with_peers)
        self.table.hint = hint
        self.detail = Detail(self)
        self.filter.pack(fill="x", padx=px(10), pady=px(8))
        self.table.pack(fill="both", expand=True)
        self.add(upper, weight=3)
        self.table.bind_rows("<Control-c>", lambda _: self.copy())
        self.refresh_soon()

    def refresh_soon(self) -> None:
        """Have it drawn within a frame's time."""
        if not self._timer:
            self._timer = self.after(_FRAME_MS, self.refresh)

    def refresh(self) -> None:
        """Draw what has changed."""
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        all_seen = self.paused or self.view.advance(_LOOK)
        self.table.draw()
        self._drawn(self._counts())
        if not all_seen:
            self.refresh_soon()

    def pause(self) -> None:
        """Let the table rest, or go on."""
        self.paused = not self.paused
        self.filter.show_paused(self.paused)
        self.refresh_soon()

    def clear(self) -> None:
        """Forget the conversation."""
        self.log.clear()
        self.view.filter = self.view.filter
        self.table.select(-1)
        self.table.follow()
        self.refresh_soon()

    def copy(self) -> None:
        """Copy the selected messages, each on a line of its own; bytes as hex."""
        rows = self.table.selection
        if rows:
            texts = (row.payload if isinstance(row.payload, str) else row.payload.hex(" ") for row in rows)
            self.clipboard_clear()
            self.clipboard_append("\n".join(texts))

    def show_detail(self, shown: bool) -> None:
        """Show the detail pane, or not."""
        if shown and not self.detail.winfo_manager():
            self.add(self.detail, weight=1)
        elif not shown and self.detail.winfo_manager():
            self.forget(self.detail)

    def go_to_table(self) -> None:
        """Give the keyboard to the table, on its newest row where it was on none."""
        self.table.focus_set()
        if self.table.current is None and self.view.rows:
            self.table.select(self.view.rows[-1].number)

    def destroy(self) -> None:
        """Go, and leave no timer."""
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        super().destroy()

    def _filtered(self, filter: Filter) -> None:
        self.view.filter = filter
        self.table.redraw()
        self.refresh_soon()

    def _picked(self) -> None:
        self.detail.show(self.table.current)

    def _counts(self) -> str:
        shown, kept = len(self.view.rows), len(self.log.rows)
        parts = [f"{kept:,} rows" if shown == kept else f"{shown:,} of {kept:,} rows"]
        if self.log.forgotten:
            parts.append(f"{self.log.forgotten:,} older ones were dropped")
        if self.paused:
            parts.append(f"paused, {self.view.unseen:,} new")
        elif not self.table.following:
            parts.append("Ctrl+N follows the newest")
        return "   ·   ".join(parts)
