"""The small parts of the window: the input field, the banner, the status line."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from demos.chat.person import ServerStatus
from demos.look import theme_of


class Composer(ttk.Frame):
    """The input field; Up and Down go through the lines sent before.

    Args:
        parent: The parent widget.
        send: Called with the line; returns whether it was sent, so that the field can be cleared.
    """

    def __init__(self, parent: tk.Misc, send: Callable[[str], bool]) -> None:
        theme = theme_of(parent)
        super().__init__(parent, padding=(theme.px(16), theme.px(8), theme.px(12), theme.px(12)))
        self._send = send
        self._sent: list[str] = []
        self._shown = 0
        self._draft = ""
        self.entry = ttk.Entry(self, font=theme.body, width=1)
        self.entry.grid(row=0, column=0, sticky="ew", padx=(0, theme.px(8)))
        ttk.Button(self, text="Send", command=self.submit).grid(row=0, column=1)
        self.columnconfigure(0, weight=1)
        self.entry.bind("<Return>", lambda event: self.submit())
        self.entry.bind("<KP_Enter>", lambda event: self.submit())
        self.entry.bind("<Up>", lambda event: self._recall(-1))
        self.entry.bind("<Down>", lambda event: self._recall(1))

    def submit(self) -> None:
        """Send the line."""
        line = self.entry.get()
        if not line.strip() or not self._send(line):
            return
        if self._sent[-1:] != [line]:
            self._sent.append(line)
        self._shown = len(self._sent)
        self.entry.delete(0, "end")

    def type(self, text: str) -> None:
        """Insert a text at the cursor, as if it were typed."""
        self.entry.focus_set()
        self.entry.insert("insert", text)

    def _recall(self, step: int) -> str:
        if self._shown == len(self._sent):
            self._draft = self.entry.get()
        shown = min(max(self._shown + step, 0), len(self._sent))
        if shown != self._shown:
            self._shown = shown
            self.entry.delete(0, "end")
            self.entry.insert(0, [*self._sent, self._draft][shown])
        return "break"


class Banner(ttk.Frame):
    """A line across the window that reports the loss of the server, with a button to reconnect.

    Args:
        parent: The parent widget; `show` uses row 0 of its grid.
        on_reconnect: Called when the button is pressed.
    """

    def __init__(self, parent: tk.Misc, on_reconnect: Callable[[], object]) -> None:
        theme = theme_of(parent)
        super().__init__(parent, style="Bad.TFrame", padding=(theme.px(16), theme.px(10)))
        self._text = ttk.Label(self, style="Bad.TLabel", justify="left")
        self._text.grid(row=0, column=0, sticky="w")
        self.button = ttk.Button(self, style="OnBad.TButton", command=on_reconnect)
        self.button.grid(row=0, column=1, padx=(theme.px(12), 0))
        self.columnconfigure(0, weight=1)
        self.bind("<Configure>", self._wrap)

    def show(self, text: str, action: str) -> None:
        """Show a reason, and a button with the text ``action``."""
        self._text.configure(text=text)
        self.button.configure(text=action)
        self.grid(row=0, column=0, columnspan=3, sticky="ew")

    def hide(self) -> None:
        """Hide the banner."""
        self.grid_remove()

    def _wrap(self, event: tk.Event[tk.Misc]) -> None:
        room = event.width - self.button.winfo_reqwidth() - theme_of(self).px(48)
        self._text.configure(wraplength=max(room, 1))


class StatusLine(ttk.Frame):
    """The state of the connection, its latency, the server's address.

    Args:
        parent: The parent widget.
        address: The address of the server.
        hosting: Whether the server runs in this window.
    """

    def __init__(self, parent: tk.Misc, address: str, *, hosting: bool) -> None:
        self._theme = theme = theme_of(parent)
        super().__init__(parent, style="Side.TFrame", padding=(theme.px(14), theme.px(5)))
        self._state = ttk.Label(self, style="Status.TLabel", compound="left")
        self._state.grid(row=0, column=0, sticky="w")
        self._latency = ttk.Label(self, style="Status.TLabel")
        self._latency.grid(row=0, column=1, sticky="w", padx=theme.px(14))
        text = f"{address}   hosted in this window" if hosting else address
        ttk.Label(self, text=text, style="Status.TLabel").grid(row=0, column=2, sticky="e")
        self.columnconfigure(2, weight=1)

    def show(self, status: ServerStatus, latency: float | None) -> None:
        """Show the status of the server and the latency, which is in seconds."""
        colours = self._theme.colours
        word, colour = {
            ServerStatus.CONNECTED: ("Connected", colours.good),
            ServerStatus.CONNECTING: ("Connecting …", colours.waiting),
            ServerStatus.LOST: ("Not connected", colours.bad),
        }[status]
        self._state.configure(text=f" {word}", image=self._theme.disc(9, colour))
        known = status is ServerStatus.CONNECTED and latency is not None
        self._latency.configure(text=f"{1000 * (latency or 0):.1f} ms" if known else "")
