"""The server in the window of the house: it admits guests, answers their calls, and tells them of changes.

The messages are JSON-RPC 2.0. A guest calls

- ``enter()``: returns ``{"you": NAME, "rooms": {ROOM: LAMP, ...}}``, with the guest's own rooms only;
- ``set(room, ...)`` with ``on``, ``level`` or ``colour``: returns the lamp.

The house notifies the other guests of a room by ``changed(room, lamp, who)``; each room is a group. It calls
``locate()`` of a guest, who shows it on the screen and returns where that is.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import tkws
from demos.remote.guests import Guest, Guests
from demos.remote.house import House

NOT_YOURS = 403
"""The code of the error for a room that a guest may not steer."""

_PAGE = Path(__file__).with_name("page.html")
_MAX_MESSAGE = 4096
_MAX_RATE = 100  # messages a second that a guest may send; a slider that is dragged sends thirty
_LOCATE_TIMEOUT = 5.0
_MAX_PLACE = 60  # characters of an answer that are shown


class Host:
    """The server of a house; it starts at once.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()``; its loop runs the server.
        address: The IP address or name to listen on.
        port: The port; 0 for a free one.

    Attributes:
        house: The lamps.
        guests: The guest list.
        server: The server.
        on_guests: Called when somebody comes, goes, or has been invited.
        on_event: Called as ``on_event(who, what, room)`` with sentences about what guests do; ``room`` is
            empty unless its lamp has changed.

    Raises:
        OSError: The port is in use, or the address does not belong to this machine.
    """

    def __init__(self, master: tk.Misc, address: str = "127.0.0.1", port: int = 0) -> None:
        self.house = House()
        self.guests = Guests()
        self.on_guests: Callable[[], object] = lambda: None
        self.on_event: Callable[[str, str, str], object] = lambda who, what, room: None
        self.server = tkws.serve(
            address, port, master=master, max_message=_MAX_MESSAGE, max_messages_per_second=_MAX_RATE
        )
        self.server.admit(self.guests.admit)
        self.server.page("/", _PAGE.read_text(encoding="utf-8"))
        rpc = tkws.JSONRPC(self._on_event)
        rpc.method("enter")(self._enter)
        rpc.method("set")(self._set)
        self.server.live("/", rpc)

    @property
    def url(self) -> str:
        """The URL for guests on this machine."""
        return self.server.url

    def page_url(self, guest: Guest) -> str:
        """Return the URL of the page for a guest; what follows the # stays in the browser."""
        return f"{self.url.replace('ws', 'http', 1)}#{guest.token}"

    def invite(self, name: str, rooms: Any) -> Guest:
        """Add a guest, as `Guests.invite` does."""
        guest = self.guests.invite(name, rooms)
        self.on_event(guest.name, f"is invited to {', '.join(guest.rooms)}", "")
        self.on_guests()
        return guest

    def withdraw(self, guest: Guest) -> None:
        """Remove a guest, and close their connections."""
        self.guests.withdraw(guest)
        self.on_event(guest.name, "is no longer invited", "")
        for ws in self.connections(guest):
            ws.close(tkws.CloseCode.POLICY_VIOLATION, "The invitation was withdrawn")
        self.on_guests()

    def connections(self, guest: Guest) -> list[tkws.WebSocket]:
        """Return the open connections of a guest."""
        return [ws for ws in self.server.connections if ws.data is guest]

    def change(
        self, room: str, changes: Mapping[str, Any], who: str, by: tkws.WebSocket | None = None
    ) -> None:
        """Change a lamp, as `House.set` does, and tell all guests of the room but the one who did it.

        Args:
            room: The room.
            changes: New values.
            who: The name of whoever changes it.
            by: Their connection; None for the window of the house.

        Raises:
            ValueError: There is no such room, or a value is not valid.
        """
        if self.house.set(room, changes):
            self._tell(room, who, by)

    def locate(self, guest: Guest) -> None:
        """Ask each window and page of a guest to show itself."""
        for ws in self.connections(guest):
            if ws.state is tkws.State.OPEN:
                found = partial(self._found, guest, ws, ws.loop.now())
                missed = partial(self._missed, guest)
                ws.call("locate", timeout=_LOCATE_TIMEOUT, on_result=found, on_error=missed)

    def close(self) -> None:
        """Close all connections and the server."""
        self.server.close()

    def _found(self, guest: Guest, ws: tkws.WebSocket, asked: float, place: Any) -> None:
        milliseconds = 1000 * (ws.loop.now() - asked)
        self.on_event(guest.name, f"answered in {milliseconds:.0f} ms: {str(place)[:_MAX_PLACE]}", "")

    def _missed(self, guest: Guest, error: Exception) -> None:
        self.on_event(guest.name, f"did not answer: {error}", "")

    # What guests call

    def _enter(self, ws: tkws.WebSocket) -> dict[str, Any]:
        guest: Guest = ws.data
        for room in guest.rooms:
            ws.join(room)
        return {"you": guest.name, "rooms": {room: self.house.lamps[room].values() for room in guest.rooms}}

    def _set(self, ws: tkws.WebSocket, room: str, **changes: Any) -> dict[str, Any]:
        guest: Guest = ws.data
        if room not in guest.rooms:
            raise tkws.JSONRPCError(NOT_YOURS, "This room is not yours")
        try:
            self.change(room, changes, guest.name, ws)
        except ValueError as error:
            raise tkws.JSONRPCError(tkws.JSONRPCError.INVALID_PARAMS, str(error)) from error
        return self.house.lamps[room].values()

    def _tell(self, room: str, who: str, exclude: tkws.WebSocket | None) -> None:
        lamp = self.house.lamps[room]
        for ws in self.server.members(room):
            if ws is not exclude and ws.state is tkws.State.OPEN:
                ws.notify("changed", {"room": room, "lamp": lamp.values(), "who": who})
        self.on_event(who, f"{room}: {lamp.level} %, {lamp.colour}" if lamp.on else f"{room}: off", room)

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type in ("connect", "disconnect"):
            self.on_event(ws.data.name, "has come" if type == "connect" else "has gone", "")
            self.on_guests()
