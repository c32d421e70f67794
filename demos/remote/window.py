"""The window of the house: its lamps, its guests, and what they did."""

from __future__ import annotations

import time
import tkinter as tk
import webbrowser
from collections.abc import Callable
from functools import partial
from tkinter import ttk
from typing import Any

from demos.look import Action, add_menu_bar, theme_of
from demos.remote.guests import Guest
from demos.remote.host import Host
from demos.remote.house import ROOMS
from demos.remote.invitation import Invitation
from demos.remote.panel import Panel

_HERE = "the house"
_MAX_LINES = 200
_MIN_WIDTH = 740  # the width, at 96 dpi, below which the guests are hidden
_HINT = (
    "Move a slider here or in the remote: both follow. Invite somebody to a room or two, then locate them."
)


class HouseWindow:
    """The contents of the window of the house.

    Args:
        root: The window.
        host: The server.
        open_remote: Called with a guest, to open a window for one.

    Attributes:
        panel: The lamps.
        lines: What has happened, as plain text, the newest last.
        invitation: The card that asks for a guest; None while it is not shown.
    """

    def __init__(self, root: tk.Tk, host: Host, open_remote: Callable[[Guest], object]) -> None:
        self._root, self._host, self._open_remote = root, host, open_remote
        self._theme = theme_of(root)
        self._last = ("", "")
        self.lines: list[str] = []
        self.invitation: Invitation | None = None
        root.title("House - tkws remote")
        root.geometry(self._theme.size(860, 620))
        root.minsize(self._theme.px(560), self._theme.px(500))
        self._build()
        host.on_guests = self._show_guests
        host.on_event = self._add_line
        self._show_guests()

    def ask_guest(self) -> Invitation:
        """Show the card that asks whom to invite, and return it."""
        if self.invitation is None:
            self.invitation = Invitation(
                self._root, self._host.invite, self._host.page_url, self._host.url, self._card_closed
            )
        return self.invitation

    # Layout

    def _build(self) -> None:
        gap = self._theme.px(16)
        root = self._root
        header = ttk.Frame(root, padding=(gap, gap // 2))
        ttk.Label(header, text="House", style="Title.TLabel").grid(row=0, column=0, sticky="w")
        hint = ttk.Label(header, text=_HINT, style="Small.TLabel")
        hint.grid(row=1, column=0, sticky="ew")
        hint.bind("<Configure>", lambda event: hint.configure(wraplength=event.width))
        self.invite = ttk.Button(header, text="Invite …", command=self.ask_guest)
        self.invite.grid(row=0, column=1, rowspan=2, padx=(gap, 0))
        header.columnconfigure(0, weight=1)
        header.grid(row=0, column=0, columnspan=2, sticky="ew")
        ttk.Frame(root, style="Line.TFrame", height=1).grid(row=1, column=0, columnspan=2, sticky="ew")
        body = ttk.Frame(root, padding=(gap, gap, gap, 0))
        self.panel = Panel(body, self._change)
        self.panel.show_rooms(self._host.house.lamps)
        self.panel.pack(fill="x")
        self._log = self._make_log(body)
        ttk.Frame(body, style="Line.TFrame", height=1).pack(fill="x")
        self._log.pack(fill="both", expand=True)
        body.grid(row=2, column=0, sticky="nsew")
        self._guests = self._make_side()
        self._guests.grid(row=2, column=1, sticky="nsew")
        root.bind("<Configure>", self._resized)
        root.rowconfigure(2, weight=1)
        root.columnconfigure(0, weight=1)
        address = ttk.Label(root, text=self._host.url, style="Status.TLabel", padding=(gap, gap // 4))
        address.grid(row=3, column=0, columnspan=2, sticky="ew")
        add_menu_bar(
            root, {"House": [Action("Invite …", self.ask_guest, "i"), None, Action("Quit", root.quit, "q")]}
        )

    def _make_log(self, parent: tk.Misc) -> tk.Text:
        log = tk.Text(parent, state="disabled", wrap="word", width=1, height=1, borderwidth=0, cursor="arrow")
        log.configure(highlightthickness=0, font=self._theme.small, takefocus=0)
        log.configure(background=self._theme.colours.surface, foreground=self._theme.colours.text)
        log.configure(tabs=(self._theme.px(60), self._theme.px(160)), spacing1=self._theme.px(1))
        log.tag_configure("time", foreground=self._theme.colours.soft)
        log.tag_configure("who", font=self._theme.small_bold)
        return log

    def _make_side(self) -> ttk.Frame:
        side = ttk.Frame(self._root, style="Side.TFrame", width=self._theme.px(230))
        side.grid_propagate(False)
        side.columnconfigure(0, weight=1)
        return side

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        """Hide the guests if the window is too narrow."""
        if event.widget is self._root:
            wide = event.width >= self._theme.px(_MIN_WIDTH)
            self._guests.grid() if wide else self._guests.grid_remove()

    # What happens

    def _show_guests(self) -> None:
        side, gap = self._guests, self._theme.px(14)
        for child in side.winfo_children():
            child.destroy()
        guests = list(self._host.guests)
        ttk.Label(
            side, text=f"GUESTS — {len(guests)}", style="Status.TLabel", font=self._theme.small_bold
        ).grid(sticky="w", padx=gap, pady=(gap, gap // 2))
        if not guests:
            text = "Nobody yet. Invite somebody: they get a token for the rooms that you choose."
            ttk.Label(side, text=text, style="Status.TLabel", wraplength=self._theme.px(200)).grid(padx=gap)
        for guest in guests:
            self._make_guest(guest).grid(sticky="ew", padx=gap, pady=(0, gap))

    def _make_guest(self, guest: Guest) -> ttk.Frame:
        colours, count = self._theme.colours, len(self._host.connections(guest))
        row = ttk.Frame(self._guests, style="Side.TFrame")
        disc = self._theme.disc(9, colours.good if count else colours.faint)
        ttk.Label(row, text=f" {guest.name}", image=disc, compound="left", style="Side.TLabel").grid(
            sticky="w"
        )
        rooms = "all rooms" if len(guest.rooms) == len(ROOMS) else ", ".join(guest.rooms)
        here = {0: "not here", 1: "connected"}.get(count, f"connected {count} times")
        ttk.Label(row, text=f"{here} · {rooms}", style="Status.TLabel", wraplength=self._theme.px(200)).grid(
            sticky="w"
        )
        buttons = ttk.Frame(row, style="Side.TFrame")
        actions: list[tuple[str, Callable[[], object]]] = [
            ("Open", partial(self._open_remote, guest)),
            ("Page", lambda: webbrowser.open(self._host.page_url(guest))),
            ("Remove", partial(self._host.withdraw, guest)),
        ]
        if count:
            actions.insert(0, ("Locate", partial(self._host.locate, guest)))
        for number, (text, command) in enumerate(actions):
            button = ttk.Button(buttons, text=text, style="Bare.TButton", command=command)
            button.grid(row=0, column=number)
        buttons.grid(sticky="w")
        return row

    def _change(self, room: str, **changes: Any) -> None:
        self._host.change(room, changes, _HERE)

    def _add_line(self, who: str, what: str, room: str) -> None:
        """Add a line; one about the same lamp by the same guest takes the place of the line before."""
        if room:
            self.panel.cards[room].show(self._host.house.lamps[room])
        again, self._last = bool(room) and self._last == (who, room), (who, room)
        log, line = self._log, f"{who}: {what}"
        log.configure(state="normal")
        if again:
            self.lines.pop()
            log.delete("end-2l", "end-1c")
        elif len(self.lines) >= _MAX_LINES:
            self.lines.pop(0)
            log.delete("1.0", "2.0")
        self.lines.append(line)
        log.insert("end", time.strftime("%H:%M:%S"), "time", f"\t{who}", "who", f"\t{what}\n")
        log.configure(state="disabled")
        log.see("end")

    def _card_closed(self) -> None:
        self.invitation = None
        self.invite.focus_set()
