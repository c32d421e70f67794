"""The views of live data in a conversation: switches between the messages and the table by key, and plots.

Keeps them fed from the rows that pass the filter.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from tkws.console.live.digest import Digest
from tkws.console.live.keys import ByKey
from tkws.console.live.keyview import KeyView
from tkws.console.live.plot import Plot
from tkws.console.live.series import Series, Source
from tkws.console.live.suggest import fields_of, likely_key, likely_value
from tkws.console.log.view import View
from tkws.console.look import is_pane_shown, show_pane
from tkws.console.text.fields import Path, path_text


class LivePanel:
    """The views of a conversation.

    Args:
        parent: The parent of the table by key.
        panes: The parent of the plot, which is shown as its last pane.
        table: The table of messages, which the table by key takes the place of.
        view: The rows.
        on_select: Called with the number of a row that is selected in the table by key; -1 for none.
        on_messages: Called when the messages take the place of the table by key.
        on_open: Called with a key field and the text of one of its values, to show its messages.
        on_error: Called with a sentence when there is nothing to show.
        on_change: Called when there is something new to read: `advance` is to be called soon.

    Attributes:
        export: Called with the lines of the plot to save their values in a file; to be set by the owner.
    """

    def __init__(
        self,
        parent: tk.Misc,
        panes: ttk.PanedWindow,
        table: tk.Widget,
        view: View,
        *,
        on_select: Callable[[int], object],
        on_messages: Callable[[], object],
        on_open: Callable[[Path, str], object],
        on_error: Callable[[str], object],
        on_change: Callable[[], object],
    ) -> None:
        self._panes = panes
        self._table = table
        self._view = view
        self._on_select = on_select
        self._on_messages = on_messages
        self._on_open = on_open
        self._on_error = on_error
        self._on_change = on_change
        self._digest = Digest(view)
        self.keys: Final = KeyView(
            parent,
            suggest=lambda: [path_text(path) for path in fields_of(view.rows)],
            on_fields=self.show_by_key,
            on_select=on_select,
            on_open=self._open,
            on_plot=self.plot_likely,
            on_close=self.show_messages,
        )
        self.export: Callable[[list[Source]], object] = lambda sources: None
        self.plot: Final = Plot(panes, self.remove_line, self._export)

    @property
    def is_by_key(self) -> bool:
        """Whether the table by key is shown."""
        return bool(self.keys.winfo_manager())

    def toggle(self) -> None:
        """Show the table by key of the field that is likely the key, or the messages again."""
        if self.is_by_key:
            self.show_messages()
            return
        fields = fields_of(self._view.rows)
        if self.keys.model is not None:
            self.show_by_key(self.keys.model.key, self.keys.model.value)
        elif (key := likely_key(fields) or next(iter(fields), None)) is not None:
            self.show_by_key(key, likely_value(fields, key))
        else:
            self._on_error("There are no JSON messages yet to be shown by key.")

    def show_by_key(self, key: Path, value: Path | None = None) -> None:
        """Show one row for each value of a field.

        Args:
            key: The field.
            value: The field to show of each message; None for the one that is likely of interest.
        """
        if self.keys.model is not None:
            self._digest.detach(self.keys.model)
        value = value or likely_value(fields_of(self._view.rows), key)
        model = ByKey(key, value)
        self._digest.attach(model)
        self.keys.show(model)
        self._table.pack_forget()
        self.keys.pack(fill="both", expand=True)
        self.keys.tree.focus_set()
        self._on_change()

    def show_messages(self) -> None:
        """Show the messages."""
        if self.keys.model is not None:
            self._digest.detach(self.keys.model)
        if self.is_by_key:
            self.keys.pack_forget()
            self._table.pack(fill="both", expand=True)
            self._on_messages()
        self._table.focus_set()

    def plot_field(self, path: Path) -> None:
        """Plot a field: of the selected key, or of all messages that pass the filter."""
        entry, model = self.keys.selected, self.keys.model
        if self.is_by_key and entry is not None and model is not None:
            source = Source(path, model.key, entry.key)
        else:
            source = Source(path)
        if source not in [series.source for series in self.plot.series]:
            if not self.plot.room:
                self._on_error("The plot has no colour for one more line. Remove one first.")
                return
            series = Series(source)
            self._digest.attach(series)
            self.plot.add(series)
        show_pane(self._panes, self.plot, True, weight=2)
        self._on_change()

    def plot_likely(self) -> None:
        """Plot the field that the table by key shows, or the one that is likely of interest."""
        shown = self.keys.model.value if self.is_by_key and self.keys.model is not None else None
        path = shown or likely_value(fields_of(self._view.rows))
        if path is None:
            self._on_error("There are no JSON messages with a number yet to be plotted.")
        else:
            self.plot_field(path)

    def toggle_plot(self) -> None:
        """Hide the plot, or show it again; at first with the field that is likely of interest."""
        if is_pane_shown(self.plot):
            show_pane(self._panes, self.plot, False)
        elif self.plot.series:
            show_pane(self._panes, self.plot, True, weight=2)
        else:
            self.plot_likely()

    def remove_line(self, series: Series) -> None:
        """Remove a line from the plot; hide it after the last one."""
        self._digest.detach(series)
        self.plot.remove(series)
        if not self.plot.series:
            show_pane(self._panes, self.plot, False)

    def advance(self, seconds: float) -> bool:
        """Read more messages for about ``seconds``; return whether all have been read."""
        return self._digest.advance(seconds)

    def reset(self) -> None:
        """Start over, since the filter has changed or the log was cleared."""
        self._digest.reset()
        self.keys.clear()

    def _export(self) -> None:
        self.export([series.source for series in self.plot.series])

    def _open(self, text: str) -> None:
        assert self.keys.model is not None
        self.show_messages()
        self._on_open(self.keys.model.key, text)
