"""A client of the feed: it connects, reconnects, and passes messages to a view. Knows no widgets."""

from __future__ import annotations

import tkinter as tk
from dataclasses import replace
from typing import Any, Protocol

import tkws
from demos.dashboard.feed import Message, decode


class View(Protocol):
    """A view of the feed."""

    def show(self, message: Message) -> None:
        """Show a message; the first one has the history."""

    def reset(self) -> None:
        """Remove all samples, since those that follow are of an earlier time: of another clock."""

    def show_state(self, state: str) -> None:
        """Show the state of the connection."""


class Viewer:
    """Connects a view to a feed, and reconnects when the connection is lost.

    The view keeps what it has, also if the host was restarted and has lost its history: it gets only samples
    that it does not have yet.

    Args:
        url: The URL of the feed, ``ws://HOST:PORT/``.
        view: The view.
        master: Any widget, ``Tk`` or ``Tcl()``.

    Raises:
        ValueError: The URL is not valid.
    """

    def __init__(self, url: str, view: View, master: tk.Misc) -> None:
        self._view = view
        self._last = 0.0  # the time of the newest sample
        view.show_state(f"Connecting to {url}")
        backoff = tkws.Backoff(initial=0.5, maximum=5.0)
        self._ws = tkws.open(url, self._on_event, master=master, reconnect=backoff, keepalive=10)

    def close(self) -> None:
        """Close the connection."""
        self._ws.close()

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            self._view.show_state(f"Live from {ws.url}")
        elif type == "text":
            try:
                self._view.show(self._without_known(decode(message)))
            except ValueError as error:
                ws.close(tkws.CloseCode.POLICY_VIOLATION, str(error)[:100])
        elif type == "retry":
            _, delay, cause = message
            self._view.show_state(f"No connection ({cause}); next attempt in {delay:.1f} s")
        elif type == "disconnect" and ws.state is tkws.State.CLOSED:
            self._view.show_state(message)

    def _without_known(self, message: Message) -> Message:
        """Return a message without the samples that the view has got already."""
        if not message.samples:
            return message
        if message.samples[-1].time < self._last:
            self._view.reset()
            self._last = 0.0
        new = tuple(sample for sample in message.samples if sample.time > self._last)
        self._last = message.samples[-1].time
        return replace(message, samples=new)
