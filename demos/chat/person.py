"""A client's side of the chat: one person's rooms and connections, without a widget.

A person has a connection to the list of rooms and one to each room (``schema.md``). When the
server goes, all are given up and a sentence says why; `Person.connect` goes back into the same
rooms. Whoever watches is told of every change, on the thread of Tk.
"""

from __future__ import annotations

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

MOST_LINES = 500
"""Lines of a room that are kept."""

_FIRST_PING = 0.5  # seconds after the opening, when the windows are drawn
_PING_EVERY = 5.0
_REFUSALS = (1008, 1013)
_GOING_AWAY = 1001


class Contact(Enum):
    """Whether the server is there."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"


class Kind(Enum):
    """What a line in a room is."""

    SAID = "said"
    NOTICE = "notice"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Line:
    """A line in a room.

    Attributes:
        kind: Something said, something that happened, or something that went wrong.
        text: What was said, or the sentence.
        time: Unix time in seconds; 0.0 where it does not matter.
        who: Who said it; empty for the other kinds.
        own: Whether this person said it.
    """

    kind: Kind
    text: str
    time: float = 0.0
    who: str = ""
    own: bool = False


@dataclass(slots=True, eq=False)
class Place:
    """A room that a person is in, or wants to be in.

    Attributes:
        name: The room's name.
        you: This person's nickname in it; empty while not in it.
        people: Everybody's nicknames.
        lines: What is shown, the oldest first.
        unread: Things said by others since it was last looked at.
    """

    name: str
    you: str = ""
    people: list[str] = field(default_factory=list)
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    unread: int = 0
    ws: tkws.WebSocket | None = None


class Watcher(Protocol):
    """Who is told of changes, such as a window."""

    def line_added(self, place: Place, line: Line) -> None:
        """A line came behind the others."""

    def rooms_changed(self) -> None:
        """Rooms came or went, people did, or the unread marks changed."""

    def contact_changed(self) -> None:
        """The server came or went, or its latency was measured, or the person's nickname is another."""


class Person:
    """Somebody in the chat.

    Args:
        address: The server's, ``ws://HOST:PORT``.
        nick: The nickname wanted.
        watcher: Who is told of changes.
        master: Any widget, ``Tk`` or ``Tcl()``: its loop serves.

    Attributes:
        contact: Whether the server is there.
        trouble: A sentence about why it is not; empty while it is.
        places: The rooms that the person is in, by name.
        offered: The people in each room of the server, by the room's name.
        looking_at: The name of the room that is shown: nothing in it is unread.
    """

    def __init__(self, address: str, nick: str, watcher: Watcher, master: tk.Misc | None = None) -> None:
        self.address = address.rstrip("/")
        self.nick = messages.check_nick(nick)
        self.contact = Contact.LOST
        self.trouble = ""
        self.places: dict[str, Place] = {}
        self.offered: dict[str, int] = {}
        self.looking_at = ""
        self._watcher = watcher
        self._master = master
        self._list: tkws.WebSocket | None = None
        self._next_ping: Any = None

    @property
    def latency(self) -> float | None:
        """Seconds to the server and back; None before it was measured."""
        return self._list.latency if self._list is not None else None

    def connect(self) -> None:
        """Connect to the server, and go into the rooms; nothing where it is there already."""
        if self.contact is not Contact.LOST:
            return
        self.contact, self.trouble = Contact.CONNECTING, ""
        try:
            self._list = tkws.open(f"{self.address}/rooms", self._on_list, master=self._master)
        except tkws.URLError as error:
            self._lose(f"{self.address} is no server's address: {error}.")
            return
        self._watcher.contact_changed()

    def close(self) -> None:
        """Leave every room and the server."""
        self._lose("")

    def join(self, name: str) -> Place:
        """Go into a room, at once or as soon as the server is there; nothing where one is in it."""
        place = self.places.setdefault(name, Place(name))
        if self.contact is Contact.CONNECTED and place.ws is None:
            url = f"{self.address}/rooms/{name}?nick={quote(self.nick, safe='')}"
            place.ws = tkws.open(url, partial(self._on_room, place), master=self._master)
        self._watcher.rooms_changed()
        return place

    def leave(self, name: str) -> None:
        """Leave a room and forget it."""
        place = self.places.pop(name)
        ws, place.ws = place.ws, None
        if ws is not None:
            ws.close()
        self._watcher.rooms_changed()

    def look_at(self, name: str) -> None:
        """Take note that this room is shown now."""
        self.looking_at = name
        self.places[name].unread = 0
        self._watcher.rooms_changed()

    def say(self, name: str, text: str) -> bool:
        """Say something in a room.

        Returns:
            Whether it was sent; False where the person is not in the room.

        Raises:
            BadMessageError: For nothing, or too much.
        """
        return self._send(self.places[name], encode("say", text=messages.check_text(text)))

    def rename(self, nick: str) -> None:
        """Ask for another nickname, in every room; the rooms answer.

        Raises:
            BadMessageError: For what is no nickname.
        """
        nick = messages.check_nick(nick)
        if self.contact is not Contact.CONNECTED:
            self._become(nick)
        for place in self.places.values():
            self._send(place, encode("rename", nick=nick))

    # The list of rooms

    def _on_list(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if ws is not self._list:
            return
        if type == "connect":
            self._come_back()
        elif type == "text":
            self.offered = dict(messages.decode(message)["rooms"])
            self._watcher.rooms_changed()
        elif type == "pong":
            self._ping_in(_PING_EVERY)
            self._watcher.contact_changed()
        elif type in ("error", "timeout"):
            self._lose(f"Nobody answers at {self.address}: {message}")
        elif type == "disconnect":
            self._lose(_why_closed(ws))

    def _come_back(self) -> None:
        self.contact = Contact.CONNECTED
        self._ping_in(_FIRST_PING)
        for name in list(self.places):
            self.join(name)
        self._watcher.contact_changed()

    def _ping_in(self, seconds: float) -> None:
        if self._list is not None:
            self._next_ping = self._list.loop.call_later(seconds, self._ping)

    def _ping(self) -> None:
        if self._list is not None and self._list.state is tkws.State.OPEN:
            self._list.ping()

    def _lose(self, trouble: str) -> None:
        """Give up every connection."""
        connections = [self._list, *(place.ws for place in self.places.values())]
        self._list = None
        for place in self.places.values():
            place.ws, place.you, place.people = None, "", []
        for ws in connections:
            if ws is not None:
                ws.close()
        if self._next_ping is not None:
            self._next_ping.cancel()
        self.contact, self.trouble, self.offered = Contact.LOST, trouble, {}
        self._watcher.contact_changed()
        self._watcher.rooms_changed()

    # A room

    def _on_room(self, place: Place, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if ws is not place.ws:
            return
        if type == "text":
            try:
                self._read(place, messages.decode(message))
            except (BadMessageError, KeyError, TypeError):
                self._add(place, Line(Kind.ERROR, "The server said something that is not in the schema."))
        elif type in ("error", "timeout"):
            self._add(place, Line(Kind.ERROR, str(message)))
        elif type == "disconnect" and ws.close_code in _REFUSALS:
            place.ws = None
            self._add(place, Line(Kind.ERROR, ws.close_reason))
        elif type == "disconnect":
            self._lose(_why_closed(ws))

    def _read(self, place: Place, message: messages.Message) -> None:
        readers: dict[str, Callable[[Place, messages.Message], None]] = {
            "welcome": self._welcomed,
            "said": self._said,
            "joined": self._joined,
            "left": self._left,
            "renamed": self._renamed,
            "error": lambda place, message: self._add(place, Line(Kind.ERROR, message["text"])),
        }
        reader = readers.get(message["type"])
        if reader is not None:
            reader(place, message)

    def _welcomed(self, place: Place, message: messages.Message) -> None:
        place.you, place.people = message["you"], message["people"]
        known = {(line.time, line.who) for line in place.lines}
        for said in message["history"]:
            if (said["time"], said["who"]) not in known:
                self._add(place, _line_of(place, said))
        self._become(place.you)
        self._watcher.rooms_changed()

    def _said(self, place: Place, message: messages.Message) -> None:
        line = _line_of(place, message)
        self._add(place, line)
        if not line.own and place.name != self.looking_at:
            place.unread += 1
            self._watcher.rooms_changed()

    def _joined(self, place: Place, message: messages.Message) -> None:
        who = message["who"]
        if who not in place.people:
            place.people.append(who)
        sentence = "You joined" if who == place.you else f"{who} joined"
        self._add(place, Line(Kind.NOTICE, sentence, message["time"]))
        self._watcher.rooms_changed()

    def _left(self, place: Place, message: messages.Message) -> None:
        who = message["who"]
        place.people = [nick for nick in place.people if nick != who]
        self._add(place, Line(Kind.NOTICE, f"{who} left", message["time"]))
        self._watcher.rooms_changed()

    def _renamed(self, place: Place, message: messages.Message) -> None:
        who, to = message["who"], message["to"]
        place.people = [to if nick == who else nick for nick in place.people]
        if who == place.you:
            place.you = to
            self._become(to)
            self._add(place, Line(Kind.NOTICE, f"You are {to} now", message["time"]))
        else:
            self._add(place, Line(Kind.NOTICE, f"{who} is {to} now", message["time"]))
        self._watcher.rooms_changed()

    def _become(self, nick: str) -> None:
        self.nick = nick
        self._watcher.contact_changed()

    def _add(self, place: Place, line: Line) -> None:
        place.lines.append(line)
        self._watcher.line_added(place, line)

    def _send(self, place: Place, message: str) -> bool:
        if place.ws is None or not place.you or place.ws.state is not tkws.State.OPEN:
            return False
        place.ws.send(message)
        return True


def _line_of(place: Place, said: messages.Message) -> Line:
    return Line(Kind.SAID, said["text"], said["time"], said["who"], said["who"] == place.you)


def _why_closed(ws: tkws.WebSocket) -> str:
    if ws.close_code == _GOING_AWAY:
        return "The server was stopped."
    return f"The connection to the server is lost ({ws.close_code} {ws.close_reason})."
