"""The list of the messages that are held on their way, with what can be done to them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from types import MappingProxyType

from tkws.console.look import Placeholder, theme_of
from tkws.console.server.between import Between, Way
from tkws.console.text.payload import preview
from tkws.plurals import counted

_PREVIEW = 200  # characters of a message
_NOTHING = "Choose Hold above: what passes\nthen waits here."
_ARROWS = MappingProxyType({Way.TO_SERVER: "→", Way.TO_CLIENT: "←"})


class HeldPane(ttk.Frame):
    """The list; its actions apply to the selected messages, or to the oldest one.

    Args:
        parent: The parent widget.
        between: The server that holds them.
        edit: Called as ``edit(way, message)`` with a message that was taken out to be edited.
    """

    def __init__(self, parent: tk.Misc, between: Between, edit: Callable[[Way, str | bytes], object]) -> None:
        px = theme_of(parent).px
        super().__init__(parent, style="Side.TFrame", padding=px(12))
        self._between = between
        self._edit = edit
        self._title = ttk.Label(self, style="Side.TLabel")
        self._list = ttk.Treeview(self, columns=("name", "message"), show="headings", selectmode="extended")
        self._list.heading("name", text="", anchor="w")
        self._list.heading("message", text="Message", anchor="w")
        self._list.column("name", width=px(64), stretch=False)
        self._list.column("message", width=px(190))
        self._list.bind("<Return>", lambda _: self.pass_on())
        self._empty = Placeholder(self._list)
        self._buttons: list[ttk.Button] = []
        buttons = ttk.Frame(self, style="Side.TFrame")
        for text, command in (("Pass on", self.pass_on), ("Edit", self.edit), ("Drop", self.drop)):
            button = ttk.Button(buttons, text=text, style="Side.Quiet.TButton", command=command, width=7)
            button.pack(side="left", padx=(0, px(6)))
            self._buttons.append(button)
        self._title.pack(anchor="w", pady=(0, px(8)))
        buttons.pack(side="bottom", anchor="w", pady=(px(8), 0))
        self._list.pack(fill="both", expand=True)
        self.show()

    @property
    def selected(self) -> list[int]:
        """The numbers of the selected messages; without a selection, that of the oldest."""
        numbers = [int(item) for item in self._list.selection()]
        return numbers or [int(item) for item in self._list.get_children()[:1]]

    def show(self) -> None:
        """Show what is held now."""
        known = set(self._list.get_children())
        kept = {str(number) for number in self._between.held}
        self._list.delete(*(known - kept))
        for number, held in self._between.held.items():
            if str(number) not in known:
                values = f"{_ARROWS[held.way]} {held.name}", preview(held.message, _PREVIEW)
                self._list.insert("", "end", iid=str(number), values=values)
        count = len(kept)
        self._empty.show("" if count else _NOTHING)
        for button in self._buttons:
            button.state(["!disabled" if count else "disabled"])
        self._title.configure(text=f"{counted(count, 'message')} held")

    def pass_on(self) -> None:
        """Pass on the selected messages."""
        for number in self.selected:
            self._between.pass_on(number)
        self.show()

    def drop(self) -> None:
        """Drop the selected messages."""
        for number in self.selected:
            self._between.take(number)
        self.show()

    def edit(self) -> None:
        """Take the first selected message out, and put it into the box."""
        for number in self.selected[:1]:
            held = self._between.take(number)
            if held is not None:
                self._edit(held.way, held.message)
        self.show()
