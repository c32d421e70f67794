"""The card over the window of the house that asks whom to invite to which rooms, and shows the way in."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from demos.look import theme_of
from demos.remote.guests import Guest
from demos.remote.house import ROOMS


class Invitation(ttk.Frame):
    """A card in the middle of ``parent``; first it asks, then it shows what to do on the other machine.

    Args:
        parent: The window.
        invite: Called with the name and the rooms; returns the guest, or raises a `ValueError` whose text is
            shown.
        page_url: Returns the URL of the page for a guest.
        url: The URL of the house.
        on_close: Called when the card is removed.
    """

    def __init__(
        self,
        parent: tk.Misc,
        invite: Callable[[str, list[str]], Guest],
        page_url: Callable[[Guest], str],
        url: str,
        on_close: Callable[[], object],
    ) -> None:
        super().__init__(parent)
        self._theme = theme_of(self)
        self._invite, self._page_url, self._url, self._on_close = invite, page_url, url, on_close
        self._error = tk.StringVar(self)
        self.name = tk.StringVar(self)
        self.chosen = {room: tk.BooleanVar(self, True) for room in ROOMS}
        self._card = ttk.Frame(self, style="Card.TFrame", padding=self._theme.px(22))
        self._card.grid()
        self._ask()
        self.bind_all("<Escape>", lambda event: self.dismiss())
        self.place(relx=0.5, rely=0.45, anchor="center")
        self.lift()

    def dismiss(self) -> None:
        """Remove the card."""
        self.unbind_all("<Escape>")
        self.destroy()
        self._on_close()

    def submit(self) -> None:
        """Invite, as the button does."""
        rooms = [room for room, chosen in self.chosen.items() if chosen.get()]
        try:
            guest = self._invite(self.name.get(), rooms)
        except ValueError as error:
            self._error.set(str(error))
        else:
            self._show(guest)

    def _ask(self) -> None:
        gap, width = self._theme.px(8), self._theme.px(320)
        self._heading("Invite", "Whoever has the token may switch the lamps of these rooms.")
        entry = ttk.Entry(self._card, textvariable=self.name, font=self._theme.body)
        entry.grid(sticky="ew", pady=(gap, gap))
        entry.bind("<Return>", lambda event: self.submit())
        rooms = ttk.Frame(self._card)
        rooms.grid(sticky="w")
        for number, (room, chosen) in enumerate(self.chosen.items()):
            box = ttk.Checkbutton(rooms, text=room.capitalize(), variable=chosen)
            box.grid(row=0, column=number, padx=(0, gap))
        ttk.Label(self._card, textvariable=self._error, style="Wrong.TLabel", wraplength=width).grid(
            sticky="w", pady=gap // 2
        )
        self._buttons(("Cancel", self.dismiss), ("Invite", self.submit))
        entry.focus_set()

    def _show(self, guest: Guest) -> None:
        for child in self._card.winfo_children():
            child.destroy()
        gap = self._theme.px(8)
        self._heading(
            f"{guest.name} may come", "Run this on the other machine, or open the page in a browser there."
        )
        python = sys.executable.rpartition("/")[2] or "python"
        command = f"{python} -m demos.remote --connect {self._url} --token {guest.token}"
        for label, text in (("A window", command), ("A web page", self._page_url(guest))):
            row = ttk.Frame(self._card)
            row.grid(sticky="ew", pady=(gap, 0))
            ttk.Label(row, text=label, style="Small.TLabel").grid(row=0, column=0, sticky="w")
            field = ttk.Entry(row, width=44)
            field.insert(0, text)
            field.state(["readonly"])
            field.grid(row=1, column=0, sticky="ew")
            button = ttk.Button(row, text="Copy", style="Quiet.TButton")
            button.configure(command=lambda text=text, button=button: self._copy(text, button))  # type: ignore[misc] # default arguments
            button.grid(row=1, column=1, padx=(gap, 0))
            row.columnconfigure(0, weight=1)
        ttk.Frame(self._card, height=gap).grid()
        self._buttons(("Done", self.dismiss)).focus_set()

    def _copy(self, text: str, button: ttk.Button) -> None:
        self.clipboard_clear()
        self.clipboard_append(text)
        button.configure(text="Copied")

    def _heading(self, title: str, hint: str) -> None:
        ttk.Label(self._card, text=title, style="Title.TLabel").grid(sticky="w")
        ttk.Label(self._card, text=hint, style="Small.TLabel").grid(sticky="w")

    def _buttons(self, *buttons: tuple[str, Callable[[], object]]) -> ttk.Button:
        """Add a row of buttons, and return the last one, which is the default."""
        row = ttk.Frame(self._card)
        row.grid(sticky="e", pady=(self._theme.px(6), 0))
        made = []
        for number, (text, command) in enumerate(buttons, 1):
            style = "TButton" if number == len(buttons) else "Quiet.TButton"
            made.append(ttk.Button(row, text=text, style=style, command=command))
            made[-1].grid(row=0, column=number, padx=(self._theme.px(8), 0))
        return made[-1]
