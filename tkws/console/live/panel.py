"""The views of live data in a conversation: switches between the messages and the table by key.

Keeps them fed from the rows that pass the filter.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Final

from tkws.console.live.digest import Digest
from tkws.console.live.fields import Path, path_text
from tkws.console.live.keys import ByKey
from tkws.console.live.keyview import KeyView
from tkws.console.live.suggest import fields_of, likely_key, likely_value
from tkws.console.view import View


class LivePanel:
    """The views of a conversation.

    Args:
        parent: The parent of the table by key.
        table: The table of messages, which the table by key takes the place of.
        view: The rows.
        on_select: Called with the number of a row that is selected in the table by key; -1 for none.
        on_open: Called with a key field and the text of one of its values, to show its messages.
        on_error: Called with a sentence when there is nothing to show.
        on_change: Called when there is something new to read: `advance` is to be called soon.
    """

    def __init__(
        self,
        parent: tk.Misc,
        table: tk.Widget,
        view: View,
        *,
        on_select: Callable[[int], object],
        on_open: Callable[[Path, str], object],
        on_error: Callable[[str], object],
        on_change: Callable[[], object],
    ) -> None:
        self._table = table
        self._view = view
        self._on_select = on_select
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
            on_close=self.show_messages,
        )

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
        self.keys.pack_forget()
        self._table.pack(fill="both", expand=True)
        self._table.focus_set()

    def advance(self, seconds: float) -> bool:
        """Read more messages for about ``seconds``; return whether all have been read."""
        return self._digest.advance(seconds)

    def reset(self) -> None:
        """Start over, since the filter has changed or the log was cleared."""
        self._digest.reset()
        self.keys.clear()

    def _open(self, text: str) -> None:
        assert self.keys.model is not None
        self.show_messages()
        self._on_open(self.keys.model.key, text)
