"""The window of a guest: the lamps of their rooms, and whether the house is connected."""

from __future__ import annotations

import platform
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

from demos.look import theme_of
from demos.remote.panel import Panel
from demos.remote.remote import Remote

_FLASH_MS = 2500
_TICK_MS = 200
_EDGES = 120  # pixels at 96 dpi above and below the cards
_CARD = 180  # and for a row of them


class ControllerWindow(ttk.Frame):
    """The contents of a guest's window; a `demos.remote.remote.RemoteListener`.

    Args:
        top: The window.
        url: The URL of the house.
        token: The token of the guest.
        on_ready: Called when the rooms are there.

    Attributes:
        remote: The connection.
        panel: The lamps.

    Raises:
        ValueError: The URL is not valid.
    """

    def __init__(
        self, top: tk.Tk | tk.Toplevel, url: str, token: str, on_ready: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(top)
        self._top, self._url, self._on_ready = top, url, on_ready
        self._theme = theme = theme_of(top)
        self._countdown: str | None = None
        self._hiding: str | None = None
        top.title("Remote")
        top.configure(background=theme.colours.surface)
        self._build(theme.px(16))
        self.pack(fill="both", expand=True)
        self.remote = Remote(url, token, self, top)
        self._fit(4)
        self.status_changed()

    def close(self) -> None:
        """Disconnect."""
        self.remote.close()
        for timer in (self._countdown, self._hiding):
            if timer is not None:
                self.after_cancel(timer)

    # Notifications of `Remote`

    def rooms_changed(self) -> None:
        """Show the rooms."""
        self._title.configure(text=f"Remote of {self.remote.name}")
        self._top.title(f"{self.remote.name} - tkws remote")
        if list(self.remote.lamps) != list(self.panel.cards):
            self._fit(len(self.remote.lamps))
        self.panel.show_rooms(self.remote.lamps)
        self._on_ready()

    def lamp_changed(self, room: str) -> None:
        """Show a lamp."""
        self.panel.cards[room].show(self.remote.lamps[room])

    def status_changed(self) -> None:
        """Show whether the house is connected, and when the next attempt is made."""
        if self._countdown is not None:
            self.after_cancel(self._countdown)
            self._countdown = None
        remote, colours = self.remote, self._theme.colours
        if remote.connected:
            text, colour = f" Connected to {self._url}", colours.good
        elif remote.retry_in is not None:
            text, colour = f" {remote.problem} Next attempt in {remote.retry_in:.0f} s", colours.waiting
            self._countdown = self.after(_TICK_MS, self.status_changed)
        else:
            text, colour = (
                f" {remote.problem or 'Connecting …'}",
                colours.bad if remote.problem else colours.waiting,
            )
        self._status.configure(text=text, image=self._theme.disc(9, colour))
        if remote.retry_in is None or remote.connected:
            self._again.grid_remove()
        else:
            self._again.grid()
        self._problem.configure(text=remote.problem if remote.connected else "")
        self._problem.grid() if self._problem["text"] else self._problem.grid_remove()

    def locate(self) -> str:
        """Raise the window, and show for a moment that this is the one."""
        self._top.lift()
        self.bell()
        self._here.grid(row=0, column=0, sticky="ew")
        if self._hiding is not None:
            self.after_cancel(self._hiding)
        self._hiding = self.after(_FLASH_MS, self._hide)
        return f"a window on {platform.node() or 'this machine'}"

    # Layout

    def _fit(self, rooms: int) -> None:
        """Give the window the size for so many rooms."""
        size = 570, _EDGES + (rooms + 1) // 2 * _CARD
        self._top.geometry(self._theme.size(*size))
        self._top.minsize(*(self._theme.px(length) for length in size))

    def _build(self, gap: int) -> None:
        self._here = ttk.Frame(self, style="Bad.TFrame", padding=(gap, gap // 2))
        ttk.Label(
            self._here, text="The house is looking for you: it is this window.", style="Bad.TLabel"
        ).grid()
        header = ttk.Frame(self, padding=(gap, gap // 2))
        self._title = ttk.Label(header, text="Remote", style="Title.TLabel")
        self._title.grid(row=0, column=0, sticky="w")
        self._problem = ttk.Label(header, style="Wrong.TLabel")
        self._problem.grid(row=1, column=0, sticky="w")
        header.grid(row=1, column=0, sticky="ew")
        ttk.Frame(self, style="Line.TFrame", height=1).grid(row=2, column=0, sticky="ew")
        self.panel = Panel(self, self._change)
        self.panel.grid(row=3, column=0, sticky="nsew", padx=gap, pady=(gap, 0))
        foot = ttk.Frame(self, style="Side.TFrame", padding=(gap, gap // 4))
        self._status = ttk.Label(foot, style="Status.TLabel", compound="left")
        self._status.grid(row=0, column=0, sticky="w")
        self._again = ttk.Button(foot, text="now", style="Bare.TButton", command=self._reconnect)
        self._again.grid(row=0, column=1)
        foot.grid(row=4, column=0, sticky="ew")
        self.rowconfigure(3, weight=1)
        self.columnconfigure(0, weight=1)

    def _change(self, room: str, **changes: Any) -> None:
        self.remote.set(room, **changes)

    def _reconnect(self) -> None:
        self.remote.reconnect()

    def _hide(self) -> None:
        self._hiding = None
        self._here.grid_remove()
