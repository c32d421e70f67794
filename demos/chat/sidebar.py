"""The panels beside the conversation: the rooms and the own nickname on the left, the people on the right."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from demos.chat.lists import OwnNickname, PeopleList, RoomList
from demos.look import theme_of


class Sidebar(ttk.Frame):
    """The rooms, a button for a new one, and the own nickname.

    Args:
        parent: The parent widget.
        on_choose: Called with the name of a room that is clicked.
        on_new_room: Called to open a new room.
        on_rename: Called to change the own nickname.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_choose: Callable[[str], object],
        on_new_room: Callable[[], object],
        on_rename: Callable[[], object],
    ) -> None:
        theme = theme_of(parent)
        super().__init__(parent, style="Side.TFrame", width=theme.px(186))
        self.grid_propagate(False)
        edge = theme.px(18)
        ttk.Label(self, text="ROOMS", style="Section.TLabel").grid(
            row=0, column=0, sticky="w", padx=(edge, 0), pady=(theme.px(16), theme.px(6))
        )
        ttk.Button(self, text="+ New", style="Bare.TButton", command=on_new_room).grid(
            row=0, column=1, sticky="e", padx=(0, theme.px(12)), pady=(theme.px(16), theme.px(6))
        )
        self.rooms = RoomList(self, on_choose)
        self.rooms.grid(row=1, column=0, columnspan=2, sticky="nsew")
        self._nickname = OwnNickname(self, on_rename)
        self._nickname.grid(row=2, column=0, columnspan=2, sticky="ew")
        self.rowconfigure(1, weight=1)
        self.columnconfigure(0, weight=1)

    def show_nick(self, nick: str) -> None:
        """Show the own nickname."""
        self._nickname.show(nick)


class People(ttk.Frame):
    """The people in the room."""

    def __init__(self, parent: tk.Misc) -> None:
        theme = theme_of(parent)
        super().__init__(parent, style="Side.TFrame", width=theme.px(156))
        self.grid_propagate(False)
        self._title = ttk.Label(self, style="Section.TLabel")
        self._title.grid(row=0, column=0, sticky="w", padx=theme.px(16), pady=(theme.px(17), theme.px(7)))
        self._list = PeopleList(self)
        self._list.grid(row=1, column=0, sticky="nsew")
        self.rowconfigure(1, weight=1)
        self.columnconfigure(0, weight=1)

    def show(self, people: list[str], you: str) -> None:
        """Show these people."""
        self._title.configure(text=f"HERE — {len(people)}")
        self._list.show(people, you)
