"""The client's side of the chat: one person's rooms and connections, without widgets.

A person has one connection to the list of rooms and one to each room (``schema.md``). When the server is
lost, all of them are closed; a little later, and then less and less often, `Person.connect` is called, which
joins the same rooms again. A listener is notified of every change, in the thread of Tk.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any, Protocol
from urllib.parse import quote

import tkws
from demos.chat import messages
from demos.chat.messages import BadMessageError, encode

MAX_LINES = 500
"""The maximum number of lines kept for a room."""

_FIRST_PING = 0.5  # seconds after the opening, when the windows have been drawn
_PING_INTERVAL = 5.0
_REFUSALS = (1008, 1013)
_GOING_AWAY = 1001
_FIRST_RETRY = 1.0  # seconds from the loss of the server to the next attempt; then twice as long, up to
_LAST_RETRY = 15.0


class ServerStatus(Enum):
    """The status of the connection to the server."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"


class Kind(Enum):
    """The kind of a line."""

    SAID = "said"
    NOTICE = "notice"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Line:
    """A line in a room.

    Attributes:
        kind: A message, a notice of an event, or an error.
        text: The text.
        time: The Unix time in seconds; 0.0 if it is not shown.
        who: The nickname of the sender; empty for the other kinds.
        own: Whether this person sent it.
    """

    kind: Kind
    text: str
    time: float = 0.0
    who: str = ""
    own: bool = False


@dataclass(slots=True, eq=False)
class JoinedRoom:
    """A room that a person has joined, or will join once the server is connected.

    Attributes:
        name: The name of the room.
        you: The nickname of this person in it; empty while not in it.
        people: The nicknames of all members.
        lines: The lines, the oldest first.
        unread: The number of messages from others since it was last shown.
        ws: The connection; None while there isn't one.
    """

    name: str
    you: str = ""
    people: list[str] = field(default_factory=list)
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=MAX_LINES))
    unread: int = 0
    ws: tkws.WebSocket | None = None


class PersonListener(Protocol):
    """The recipient of changes, such as a window."""

    def line_added(self, room: JoinedRoom, line: Line) -> None:
        """Handle a new line."""

    def rooms_changed(self) -> None:
        """Handle a change of the rooms, their members or their unread messages."""

    def status_changed(self) -> None:
        """Handle a change of the server's status, the latency or the person's nickname."""


class Person:
    """A person in the chat.

    Args:
        address: The address of the server, ``ws://HOST:PORT``.
        nick: The nickname.
        listener: The recipient of changes.
        master: Any widget, ``Tk`` or ``Tcl()``; its loop is used.

    Attributes:
        status: The status of the connection to the server.
        error: A sentence about why it was lost, until it is connected again; otherwise empty.
        rooms: The rooms that the person has joined, by name.
        room_sizes: The number of people in each room of the server, by name.
        current_room: The name of the room that is shown, in which all messages are read.
    """

    def __init__(
        self, address: str, nick: str, listener: PersonListener, master: tk.Misc | None = None
    ) -> None:
        self.address = address.rstrip("/")
        self.nick = messages.check_nick(nick)
        self.status = ServerStatus.LOST
        self.error = ""
        self.rooms: dict[str, JoinedRoom] = {}
        self.room_sizes: dict[str, int] = {}
        self.current_room = ""
        self._listener = listener
        self._master = master
        self._list: tkws.WebSocket | None = None
        self._next_ping: Any = None
        self._next_retry: Any = None
        self._retry_at = 0.0
        self._retry_after = _FIRST_RETRY

    @property
    def retry_in(self) -> float | None:
        """Seconds until the next attempt to connect; None if none is planned."""
        return None if self._next_retry is None else max(self._retry_at - time.monotonic(), 0.0)

    @property
    def latency(self) -> float | None:
        """The round-trip time to the server in seconds; None before the first measurement."""
        return self._list.latency if self._list is not None else None

    def connect(self) -> None:
        """Connect to the server and join the rooms; a no-op unless the connection is lost."""
        if self.status is not ServerStatus.LOST:
            return
        self.cancel_retry()
        self.status = ServerStatus.CONNECTING
        try:
            self._list = tkws.open(f"{self.address}/rooms", self._on_list, master=self._master)
        except tkws.URLError as error:
            self._lose(f"{self.address} is not a valid address: {error}.")
            self.cancel_retry()
            return
        self._listener.status_changed()

    def cancel_retry(self) -> None:
        """Make no further attempt to connect, unless `connect` is called."""
        if self._next_retry is not None:
            self._next_retry.cancel()
            self._next_retry = None

    def close(self) -> None:
        """Leave all rooms, and disconnect."""
        self._lose("")
        self.cancel_retry()

    def join(self, name: str) -> JoinedRoom:
        """Join a room, at once or when the server is connected; a no-op if it has been joined."""
        room = self.rooms.setdefault(name, JoinedRoom(name))
        if self.status is ServerStatus.CONNECTED and room.ws is None:
            url = f"{self.address}/rooms/{name}?nick={quote(self.nick, safe='')}"
            room.ws = tkws.open(url, partial(self._on_room, room), master=self._master)
        self._listener.rooms_changed()
        return room

    def leave(self, name: str) -> None:
        """Leave a room, and remove it."""
        room = self.rooms.pop(name)
        ws, room.ws = room.ws, None
        if ws is not None:
            ws.close()
        self._listener.rooms_changed()

    def set_current_room(self, name: str) -> None:
        """Set the room that is shown, and mark its messages as read."""
        self.current_room = name
        self.rooms[name].unread = 0
        self._listener.rooms_changed()

    def say(self, name: str, text: str) -> bool:
        """Send a text to a room.

        Returns:
            Whether it was sent; False while the person is not in the room.

        Raises:
            BadMessageError: The text is empty or too long.
        """
        return self._send(self.rooms[name], encode("say", text=messages.check_text(text)))

    def rename(self, nick: str) -> None:
        """Request another nickname in all rooms.

        Raises:
            BadMessageError: ``nick`` is not a valid nickname.
        """
        nick = messages.check_nick(nick)
        if self.status is not ServerStatus.CONNECTED:
            self._set_nick(nick)
        for room in self.rooms.values():
            self._send(room, encode("rename", nick=nick))

    # The list of rooms

    def _on_list(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if ws is not self._list:
            return
        if type == "connect":
            self._connected()
        elif type == "text":
            self.room_sizes = dict(messages.decode(message)["rooms"])
            self._listener.rooms_changed()
        elif type == "pong":
            self._schedule_ping(_PING_INTERVAL)
            self._listener.status_changed()
        elif type in ("error", "timeout"):
            self._lose(f"Cannot connect to {self.address}: {message}.")
        elif type == "disconnect":
            self._lose(_close_reason(ws))

    def _connected(self) -> None:
        self.status, self.error = ServerStatus.CONNECTED, ""
        self._retry_after = _FIRST_RETRY
        self._schedule_ping(_FIRST_PING)
        for name in list(self.rooms):
            self.join(name)
        self._listener.status_changed()

    def _schedule_ping(self, seconds: float) -> None:
        if self._list is not None:
            self._next_ping = self._list.loop.call_later(seconds, self._ping)

    def _ping(self) -> None:
        if self._list is not None and self._list.state is tkws.State.OPEN:
            self._list.ping()

    def _lose(self, error: str) -> None:
        """Close all connections."""
        if self._list is not None and error:
            self._retry_at = time.monotonic() + self._retry_after
            self._next_retry = self._list.loop.call_later(self._retry_after, self._retry)
            self._retry_after = min(2 * self._retry_after, _LAST_RETRY)
        connections = [self._list, *(room.ws for room in self.rooms.values())]
        self._list = None
        for room in self.rooms.values():
            room.ws, room.you, room.people = None, "", []
        for ws in connections:
            if ws is not None:
                ws.close()
        if self._next_ping is not None:
            self._next_ping.cancel()
        self.status, self.error, self.room_sizes = ServerStatus.LOST, error, {}
        self._listener.status_changed()
        self._listener.rooms_changed()

    def _retry(self) -> None:
        self._next_retry = None
        self.connect()

    # A room

    def _on_room(self, room: JoinedRoom, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if ws is not room.ws:
            return
        if type == "text":
            try:
                self._process(room, messages.decode(message))
            except (BadMessageError, KeyError, TypeError):
                self._add(room, Line(Kind.ERROR, "The server sent an invalid message."))
        elif type in ("error", "timeout"):
            self._add(room, Line(Kind.ERROR, str(message)))
        elif type == "disconnect" and ws.close_code in _REFUSALS:
            room.ws = None
            self._add(room, Line(Kind.ERROR, ws.close_reason))
        elif type == "disconnect":
            self._lose(_close_reason(ws))

    def _process(self, room: JoinedRoom, message: messages.Message) -> None:
        handlers: dict[str, Callable[[JoinedRoom, messages.Message], None]] = {
            "welcome": self._welcomed,
            "said": self._said,
            "joined": self._joined,
            "left": self._left,
            "renamed": self._renamed,
            "error": lambda room, message: self._add(room, Line(Kind.ERROR, message["text"])),
        }
        handler = handlers.get(message["type"])
        if handler is not None:
            handler(room, message)

    def _welcomed(self, room: JoinedRoom, message: messages.Message) -> None:
        room.you, room.people = message["you"], message["people"]
        known = {(line.time, line.who) for line in room.lines}
        for said in message["history"]:
            if (said["time"], said["who"]) not in known:
                self._add(room, _line_of(room, said))
        self._set_nick(room.you)
        self._listener.rooms_changed()

    def _said(self, room: JoinedRoom, message: messages.Message) -> None:
        line = _line_of(room, message)
        self._add(room, line)
        if not line.own and room.name != self.current_room:
            room.unread += 1
            self._listener.rooms_changed()

    def _joined(self, room: JoinedRoom, message: messages.Message) -> None:
        who = message["who"]
        if who not in room.people:
            room.people.append(who)
        sentence = "You joined" if who == room.you else f"{who} joined"
        self._add(room, Line(Kind.NOTICE, sentence, message["time"]))
        self._listener.rooms_changed()

    def _left(self, room: JoinedRoom, message: messages.Message) -> None:
        who = message["who"]
        room.people = [nick for nick in room.people if nick != who]
        self._add(room, Line(Kind.NOTICE, f"{who} left", message["time"]))
        self._listener.rooms_changed()

    def _renamed(self, room: JoinedRoom, message: messages.Message) -> None:
        who, to = message["who"], message["to"]
        room.people = [to if nick == who else nick for nick in room.people]
        if who == room.you:
            room.you = to
            self._set_nick(to)
            self._add(room, Line(Kind.NOTICE, f"You are now {to}", message["time"]))
        else:
            self._add(room, Line(Kind.NOTICE, f"{who} is now {to}", message["time"]))
        self._listener.rooms_changed()

    def _set_nick(self, nick: str) -> None:
        self.nick = nick
        self._listener.status_changed()

    def _add(self, room: JoinedRoom, line: Line) -> None:
        room.lines.append(line)
        self._listener.line_added(room, line)

    def _send(self, room: JoinedRoom, message: str) -> bool:
        if room.ws is None or not room.you or room.ws.state is not tkws.State.OPEN:
            return False
        room.ws.send(message)
        return True


def _line_of(room: JoinedRoom, said: messages.Message) -> Line:
    return Line(Kind.SAID, said["text"], said["time"], said["who"], said["who"] == room.you)


def _close_reason(ws: tkws.WebSocket) -> str:
    if ws.close_code == _GOING_AWAY:
        return "The server was stopped."
    return f"The connection to the server was lost ({ws.close_code} {ws.close_reason})."
