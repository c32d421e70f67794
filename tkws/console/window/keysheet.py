"""The sheet of all keys, made from the menus, so that none can be missing or wrong."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping, Sequence
from tkinter import ttk
from types import MappingProxyType

from tkws.console.look import Action, Sheet, key_name, theme_of

_OTHERS = MappingProxyType(
    {
        "Fields, table and message": (
            ("Return in the address", "Connect"),
            ("Return in the box", "Send"),
            ("Shift+Return in the box", "New line"),
            ("Up, Down in the box", "Earlier messages"),
            ("Return in the table", "Into the box, to send again"),
            ("Escape in the filter", "Show everything"),
            ("Ctrl+F in the message", "Find; Return and Shift+Return: next, previous"),
            ("-, + in the message", "Fold, unfold its JSON"),
            ("Shift+F10", "Menu of a field"),
            ("Tab, Shift+Tab", "Next, previous control"),
        )
    }
)
_COLUMNS = 3


class KeySheet(Sheet):
    """The sheet.

    Args:
        window: A widget of the window whose keys it shows.
        menus: The menus of that window.
    """

    def __init__(self, window: tk.Misc, menus: Mapping[str, Sequence[Action | None]]) -> None:
        super().__init__(window, "Keys")
        sections = {title: _keys(window, actions) for title, actions in menus.items()}
        filled = {title: rows for title, rows in {**sections, **_OTHERS}.items() if rows}
        columns = [ttk.Frame(self.body) for _ in range(_COLUMNS)]
        lengths = [0] * _COLUMNS
        for title, rows in filled.items():
            at = lengths.index(min(lengths))
            lengths[at] += len(rows) + 2
            self._add_section(columns[at], title, rows)
        for column, frame in enumerate(columns):
            frame.grid(row=0, column=column, sticky="n", padx=theme_of(self).px(12))
        close = ttk.Button(self.body, text="Close", command=self.close)
        close.grid(row=1, column=0, columnspan=_COLUMNS, sticky="e", padx=theme_of(self).px(12))
        close.bind("<Return>", lambda _: self.close())
        for key in ("<F1>", "<Control-slash>"):
            self.bind(key, lambda _: self.close())
        self.show(close)

    def _add_section(self, parent: ttk.Frame, title: str, rows: Sequence[tuple[str, str]]) -> None:
        theme = theme_of(self)
        at = parent.grid_size()[1]
        ttk.Label(parent, text=title, font=theme.bold).grid(
            row=at, column=0, columnspan=2, sticky="w", pady=(0, theme.px(4))
        )
        for row, (key, action) in enumerate(rows, at + 1):
            ttk.Label(parent, text=key, style="Small.TLabel").grid(row=row, column=0, sticky="w")
            ttk.Label(parent, text=action, font=theme.small).grid(
                row=row, column=1, sticky="w", padx=(theme.px(10), 0)
            )
        ttk.Frame(parent, height=theme.px(14)).grid(row=at + len(rows) + 1, column=0)


def _keys(window: tk.Misc, actions: Sequence[Action | None]) -> list[tuple[str, str]]:
    """Return the keys of a menu with the labels that they have now."""
    return [
        (key_name(window, action.key), action.label if isinstance(action.label, str) else action.label())
        for action in actions
        if action is not None and action.key
    ]
