"""The server's side of the chat: rooms, who is in them, and what was said (``schema.md``).

Knows WebSockets and messages; nothing of windows, and not where the server comes from. What
was said stays here when the server stops, so that it is there when it starts again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from itertools import chain
from typing import Any

import tkws
from demos.chat import messages
from demos.chat.messages import BadMessageError, encode

LOBBY = "lobby"
"""The room that is always there."""

MOST_HISTORY = 50
"""Things said that a newcomer is shown."""

MOST_PEOPLE = 200
"""People in one room."""

MOST_ROOMS = 100
"""Rooms at a time."""

OnSaid = Callable[[str, messages.Message], object]
"""Takes the name of a room and what was said in it: ``who``, ``text`` and ``time``."""

_POLICY_VIOLATION = 1008
_TRY_AGAIN_LATER = 1013


class Refused(Exception):
    """Somebody may not join; ``code`` closes the connection and the text says why."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class Room:
    """One room.

    Args:
        name: Its name, which is the end of its path.
        tell: Called with each message for everybody in it; sends it.
        on_said: Called with each thing that is said by somebody who is in it by this host.

    Attributes:
        people: The nicknames by their connections.
        elsewhere: The nicknames of those who are in it by another host, by that host's name.
        history: What was said last, the oldest first, as ``said`` messages without their type.
    """

    def __init__(self, name: str, tell: Callable[[str], object], on_said: OnSaid) -> None:
        self.name = name
        self.people: dict[tkws.WebSocket, str] = {}
        self.elsewhere: dict[str, list[str]] = {}
        self.history: deque[messages.Message] = deque(maxlen=MOST_HISTORY)
        self._tell = tell
        self._on_said = on_said

    @property
    def everybody(self) -> list[str]:
        """The nicknames of all who are in it."""
        return [*self.people.values(), *chain.from_iterable(self.elsewhere.values())]

    def join(self, ws: tkws.WebSocket, nick: str) -> None:
        """Welcome a connection, and tell everybody.

        Raises:
            Refused: Where the nickname is none or the room is full.
        """
        if len(self.people) >= MOST_PEOPLE:
            raise Refused(_TRY_AGAIN_LATER, "The room is full.")
        try:
            nick = messages.unique(messages.check_nick(nick), self._is_taken)
        except BadMessageError as error:
            raise Refused(_POLICY_VIOLATION, str(error)) from None
        self.people[ws] = nick
        members = {"people": self.everybody, "history": list(self.history)}
        ws.send(encode("welcome", room=self.name, you=nick, **members))
        self._tell(encode("joined", who=nick, time=_now()))

    def leave(self, ws: tkws.WebSocket) -> None:
        """Take note that a connection is gone, and tell everybody."""
        self._tell(encode("left", who=self.people.pop(ws), time=_now()))

    def add(self, said: messages.Message) -> None:
        """Keep and pass on what somebody has said, wherever."""
        self.history.append(said)
        self._tell(encode("said", **said))

    def set_elsewhere(self, host: str, people: list[str]) -> None:
        """Take note of who is in it by another host, and tell everybody who came and went."""
        before = self.elsewhere.pop(host, [])
        if people:
            self.elsewhere[host] = people
        for who in before:
            if who not in people:
                self._tell(encode("left", who=who, time=_now()))
        for who in people:
            if who not in before:
                self._tell(encode("joined", who=who, time=_now()))

    def receive(self, ws: tkws.WebSocket, text: str) -> None:
        """Do what somebody in the room asks for, or say why not."""
        try:
            message = messages.decode(text)
            if message["type"] == "say":
                self._say(ws, messages.check_text(message.get("text")))
            elif message["type"] == "rename":
                self._rename(ws, messages.check_nick(message.get("nick")))
            else:
                raise BadMessageError(f"There is no message {message['type'][:20]!r} in a room.")
        except BadMessageError as error:
            ws.send(encode("error", text=str(error)))

    def _say(self, ws: tkws.WebSocket, text: str) -> None:
        said = {"who": self.people[ws], "text": text, "time": _now()}
        self.add(said)
        self._on_said(self.name, said)

    def _rename(self, ws: tkws.WebSocket, nick: str) -> None:
        before = self.people[ws]
        if nick == before:
            return
        if nick.lower() != before.lower() and self._is_taken(nick):
            raise BadMessageError(f"Somebody is called {nick} already.")
        self.people[ws] = nick
        self._tell(encode("renamed", who=before, to=nick, time=_now()))

    def _is_taken(self, nick: str) -> bool:
        return nick.lower() in (taken.lower() for taken in self.everybody)


class Chat:
    """All the rooms, and the list of them. It outlives the servers that it is given to."""

    def __init__(self) -> None:
        self._on_said: OnSaid | None = None
        self._on_people: Callable[[], object] | None = None
        self.rooms = {LOBBY: self._make_room(LOBBY)}
        self._server: tkws.Server | None = None
        self._places: dict[tkws.WebSocket, Room] = {}

    def serve(self, server: tkws.Server) -> None:
        """Open the rooms at a server that listens, in place of the one before."""
        self._server = server
        server.live("/rooms", self._on_list)
        server.live("/rooms/*", self._on_room)

    def joined_by(self, on_said: OnSaid | None, on_people: Callable[[], object] | None) -> None:
        """Join the rooms with those of other hosts (`demos.chat.bridge`), or None: no more.

        Args:
            on_said: Called with each thing that is said here.
            on_people: Called when somebody here came, went or has another nickname.
        """
        self._on_said, self._on_people = on_said, on_people

    def people(self) -> dict[str, list[str]]:
        """Return who is in each room by this host."""
        return {name: list(room.people.values()) for name, room in self.rooms.items() if room.people}

    def set_elsewhere(self, host: str, people: dict[str, list[str]]) -> None:
        """Take note of who is in each room by another host."""
        changed = [
            name for name, room in self.rooms.items() if room.elsewhere.get(host, []) != people.get(name, [])
        ]
        opened = [name for name in people if name not in self.rooms][: MOST_ROOMS - len(self.rooms)]
        for name in opened:
            self.rooms[name] = self._make_room(name)
        for name in (*changed, *opened):
            self.rooms[name].set_elsewhere(host, people.get(name, []))
            self._close_if_empty(self.rooms[name])
        if changed or opened:
            self._announce()

    def said_elsewhere(self, name: str, said: messages.Message) -> None:
        """Pass on in a room what somebody said in it by another host."""
        if name in self.rooms:
            self.rooms[name].add(said)

    def _on_list(self, ws: tkws.WebSocket, type: str, message: object) -> None:
        if type == "connect":
            ws.send(self._list())

    def _on_room(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            try:
                self._enter(ws, message)
            except Refused as refusal:
                ws.close(refusal.code, str(refusal))
        elif ws not in self._places:
            return
        elif type == "text" and ws.state is tkws.State.OPEN:
            room = self._places[ws]
            before = room.people[ws]
            room.receive(ws, message)
            if room.people[ws] != before:
                self._people_changed()
        elif type == "disconnect":
            self._go(ws)

    def _enter(self, ws: tkws.WebSocket, request: tkws.Request) -> None:
        name = request.path.removeprefix("/rooms/")
        if not messages.is_room(name):
            raise Refused(_POLICY_VIOLATION, messages.ROOM_RULE)
        if name not in self.rooms and len(self.rooms) >= MOST_ROOMS:
            raise Refused(_TRY_AGAIN_LATER, "There are too many rooms.")
        room = self.rooms.get(name) or self._make_room(name)
        room.join(ws, dict(request.query).get("nick", ""))
        self.rooms[name] = self._places[ws] = room
        self._people_changed()

    def _go(self, ws: tkws.WebSocket) -> None:
        room = self._places.pop(ws)
        room.leave(ws)
        self._close_if_empty(room)
        self._people_changed()

    def _close_if_empty(self, room: Room) -> None:
        stopped = self._server is None or self._server.closed
        if not room.everybody and room.name != LOBBY and not stopped:
            del self.rooms[room.name]

    def _make_room(self, name: str) -> Room:
        return Room(name, lambda message: self._tell(name, message), self._said)

    def _said(self, name: str, said: messages.Message) -> None:
        if self._on_said is not None:
            self._on_said(name, said)

    def _people_changed(self) -> None:
        self._announce()
        if self._on_people is not None:
            self._on_people()

    def _tell(self, name: str, message: str) -> None:
        if self._server is not None:
            self._server.broadcast(message, f"/rooms/{name}")

    def _announce(self) -> None:
        if self._server is not None:
            self._server.broadcast(self._list(), "/rooms")

    def _list(self) -> str:
        return encode("rooms", rooms={name: len(room.everybody) for name, room in self.rooms.items()})


def _now() -> float:
    return round(time.time(), 3)
