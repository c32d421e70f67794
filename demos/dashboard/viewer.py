"""A client of the feed: it connects, stays connected, and passes on what comes. Knows no widgets."""

from __future__ import annotations

import tkinter as tk
from typing import Any, Protocol

import tkws
from demos.dashboard.feed import Message, decode


class View(Protocol):
    """What shows the feed."""

    def show(self, message: Message) -> None:
        """Show what has come; the first message after `begin` is the history."""

    def begin(self) -> None:
        """Forget what is shown: a new connection begins with the history."""

    def tell(self, state: str) -> None:
        """Say how the connection is."""


class Viewer:
    """Connects a view to a feed, and again when the connection is lost.

    Args:
        url: The feed's, ``ws://HOST:PORT/``.
        view: What shows it.
        master: Any widget, ``Tk`` or ``Tcl()``.

    Raises:
        ValueError: For a URL that is none.
    """

    def __init__(self, url: str, view: View, master: tk.Misc) -> None:
        self._view = view
        view.tell(f"Connecting to {url}")
        backoff = tkws.Backoff(initial=0.5, maximum=5.0)
        self._ws = tkws.open(url, self._on_event, master=master, reconnect=backoff, keepalive=10)

    def close(self) -> None:
        """End the connection."""
        self._ws.close()

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            self._view.begin()
            self._view.tell(f"Live from {ws.url}")
        elif type == "text":
            try:
                self._view.show(decode(message))
            except ValueError as error:
                ws.close(tkws.CloseCode.POLICY_VIOLATION, str(error)[:100])
        elif type == "retry":
            _, delay, cause = message
            self._view.tell(f"No connection ({cause}); again in {delay:.1f} s")
        elif type == "disconnect" and ws.state is tkws.State.CLOSED:
            self._view.tell(message)
