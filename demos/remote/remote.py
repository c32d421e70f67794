"""The client's side: one guest's connection and rooms, without widgets."""

from __future__ import annotations

import tkinter as tk
from typing import Any, Protocol

import tkws
from demos.remote.house import Lamp

_PERIOD = 1 / 30  # seconds between two calls of a slider that is dragged
_REFUSED = 401


class RemoteListener(Protocol):
    """The recipient of changes, such as a window."""

    def rooms_changed(self) -> None:
        """Handle the first answer, which has the rooms."""

    def lamp_changed(self, room: str) -> None:
        """Handle a change of a lamp."""

    def status_changed(self) -> None:
        """Handle a change of the status or the error."""

    def locate(self) -> str:
        """Show where this is, and return it."""


class Remote:
    """A guest who steers some rooms of a house.

    Args:
        url: The URL of the house.
        token: The token of the guest.
        listener: The recipient of changes.
        master: Any widget, ``Tk`` or ``Tcl()``; its loop is used.

    Attributes:
        name: The name of the guest; empty until the house has told it.
        lamps: The lamps of the guest's rooms.
        connected: Whether the house is connected.
        problem: A sentence about what is wrong; empty if nothing is.
        retry_in: Seconds until the next attempt to connect; None if there will be none.

    Raises:
        ValueError: The URL is not valid.
    """

    def __init__(self, url: str, token: str, listener: RemoteListener, master: tk.Misc) -> None:
        self.name = ""
        self.lamps: dict[str, Lamp] = {}
        self.connected = False
        self.problem = ""
        self._listener = listener
        self._waiting: dict[str, dict[str, Any]] = {}  # the changes of each room that have not been sent yet
        self._timer: Any = None
        rpc = tkws.JSONRPC(self._on_event)
        rpc.method("changed")(self._changed)
        rpc.method("locate")(lambda ws: listener.locate())
        headers = {"Authorization": f"Bearer {token}"}
        self._ws = tkws.open(url, rpc, master=master, headers=headers, reconnect=True)

    @property
    def retry_in(self) -> float | None:
        """Seconds until the next attempt to connect; None if there will be none."""
        return self._ws.retry_in

    def set(self, room: str, **changes: Any) -> None:
        """Change the lamp of a room: here at once, in the house with the next call."""
        if not self.connected:
            return
        self.lamps[room] = self.lamps[room].changed(changes)
        self._listener.lamp_changed(room)
        self._waiting.setdefault(room, {}).update(changes)
        if self._timer is None:
            self._send()

    def reconnect(self) -> None:
        """Make the next attempt now; a no-op unless one is waiting."""
        if self._ws.retry_in is not None:
            self._ws.reconnect_now()

    def close(self) -> None:
        """Disconnect for good."""
        self._ws.close()
        if self._timer is not None:
            self._timer.cancel()

    def _send(self) -> None:
        """Send what has been changed since the last time, then wait for a moment."""
        self._timer = None
        if not self._waiting or not self.connected:
            return
        for room, changes in self._waiting.items():
            self._ws.call("set", {"room": room, **changes}, on_error=self._failed)
        self._waiting = {}
        self._timer = self._ws.loop.call_later(_PERIOD, self._send)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, tkws.JSONRPCError):
            self._show(self.connected, f"The house refused: {error.message}.")
            self._ws.call("enter", on_result=self._entered, on_error=lambda error: None)

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            ws.call("enter", on_result=self._entered, on_error=self._failed)
        elif type in ("error", "timeout"):
            refused = getattr(message, "status", None) == _REFUSED
            self._show(False, "The token is not valid." if refused else f"Cannot connect: {message}")
        elif type == "disconnect":
            reason = ws.close_reason or "The connection was lost"
            self._show(False, f"{reason}." if self.connected else self.problem)
        elif type == "retry":
            self._show(False, self.problem)

    def _entered(self, answer: dict[str, Any]) -> None:
        self.name = answer["you"]
        self.lamps = {room: Lamp(**values) for room, values in answer["rooms"].items()}
        self._waiting = {}
        self._show(True, "")
        self._listener.rooms_changed()

    def _changed(self, ws: tkws.WebSocket, room: str, lamp: dict[str, Any], who: str) -> None:
        if room in self.lamps:
            self.lamps[room] = Lamp(**lamp)
            self._listener.lamp_changed(room)

    def _show(self, connected: bool, problem: str) -> None:
        self.connected, self.problem = connected, problem
        self._listener.status_changed()
