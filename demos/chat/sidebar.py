"""The panels beside the conversation: the rooms and oneself on the left, who is here on the right."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from demos.chat.lists import PeopleList, RoomList, You
from demos.look import theme_of


class Sidebar(ttk.Frame):
    """The rooms, a button for a new one, and one's own nickname.

    Args:
        parent: The widget around it.
        chosen: Called with the name of a room that was clicked.
        new_room: Called for a new room.
        rename: Called to change one's nickname.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        chosen: Callable[[str], object],
        new_room: Callable[[], object],
        rename: Callable[[], object],
    ) -> None:
        theme = theme_of(parent)
        super().__init__(parent, style="Side.TFrame", width=theme.px(186))
        self.grid_propagate(False)
        edge = theme.px(18)
        ttk.Label(self, text="ROOMS", style="Section.TLabel").grid(
            row=0, column=0, sticky="w", padx=(edge, 0), pady=(theme.px(16), theme.px(6))
        )
        ttk.Button(self, text="+ New", style="Bare.TButton", command=new_room).grid(
            row=0, column=1, sticky="e", padx=(0, theme.px(12)), pady=(theme.px(16), theme.px(6))
        )
        self.rooms = RoomList(self, chosen)
        self.rooms.grid(row=1, column=0, columnspan=2, sticky="nsew")
        self._you = You(self, rename)
        self._you.grid(row=2, column=0, columnspan=2, sticky="ew")
        self.rowconfigure(1, weight=1)
        self.columnconfigure(0, weight=1)

    def show_nick(self, nick: str) -> None:
        """Show one's own nickname."""
        self._you.show(nick)


class People(ttk.Frame):
    """Who is here."""

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
