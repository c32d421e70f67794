"""The lamps of some rooms, as cards in two columns."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from tkinter import ttk
from typing import Any

from demos.look import theme_of
from demos.remote.house import Lamp
from demos.remote.lampcard import LampCard

_COLUMNS = 2


class Panel(ttk.Frame):
    """Shows lamps.

    Args:
        parent: The parent widget.
        on_change: Called as ``on_change(room, on=..., ...)`` with what the user has changed.

    Attributes:
        cards: The card of each room.
    """

    def __init__(self, parent: tk.Misc, on_change: Callable[..., Any]) -> None:
        super().__init__(parent)
        self._on_change = on_change
        self.cards: dict[str, LampCard] = {}

    def show_rooms(self, lamps: Mapping[str, Lamp]) -> None:
        """Show these rooms and no others."""
        if list(lamps) != list(self.cards):
            for card in self.cards.values():
                card.destroy()
            self.cards = {room: LampCard(self, room, self._on_change) for room in lamps}
            self._arrange()
        for room, lamp in lamps.items():
            self.cards[room].show(lamp)

    def _arrange(self) -> None:
        gap = theme_of(self).px(12)
        columns = min(_COLUMNS, len(self.cards))
        for number, card in enumerate(self.cards.values()):
            row, column = divmod(number, columns)
            sides = gap // 2 if column else 0, 0 if column == columns - 1 else gap // 2
            card.grid(row=row, column=column, sticky="new", padx=sides, pady=(0, gap))
        for column in range(_COLUMNS):
            used = column < columns
            self.columnconfigure(column, weight=int(used), uniform="card" if used else "")
