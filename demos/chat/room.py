"""The server's side of the chat: rooms, who is in them, and what was said (``schema.md``).

Knows WebSockets and messages; nothing of windows, and not where the server comes from. What
was said stays here when the server stops, so that it is there when it starts again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
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

    Attributes:
        people: The nicknames by their connections.
        history: What was said last, the oldest first, as ``said`` messages without their type.
    """

    def __init__(self, name: str, tell: Callable[[str], object]) -> None:
        self.name = name
        self.people: dict[tkws.WebSocket, str] = {}
        self.history: deque[messages.Message] = deque(maxlen=MOST_HISTORY)
        self._tell = tell

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
        people, history = list(self.people.values()), list(self.history)
        ws.send(encode("welcome", room=self.name, you=nick, people=people, history=history))
        self._tell(encode("joined", who=nick, time=_now()))

    def leave(self, ws: tkws.WebSocket) -> None:
        """Take note that a connection is gone, and tell everybody."""
        self._tell(encode("left", who=self.people.pop(ws), time=_now()))

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
        self.history.append(said)
        self._tell(encode("said", **said))

    def _rename(self, ws: tkws.WebSocket, nick: str) -> None:
        before = self.people[ws]
        if nick == before:
            return
        if nick.lower() != before.lower() and self._is_taken(nick):
            raise BadMessageError(f"Somebody is called {nick} already.")
        self.people[ws] = nick
        self._tell(encode("renamed", who=before, to=nick, time=_now()))

    def _is_taken(self, nick: str) -> bool:
        return nick.lower() in (taken.lower() for taken in self.people.values())


class Chat:
    """All the rooms, and the list of them. It outlives the servers that it is given to."""

    def __init__(self) -> None:
        self.rooms = {LOBBY: self._make_room(LOBBY)}
        self._server: tkws.Server | None = None
        self._places: dict[tkws.WebSocket, Room] = {}

    def serve(self, server: tkws.Server) -> None:
        """Open the rooms at a server that listens, in place of the one before."""
        self._server = server
        server.live("/rooms", self._on_list)
        server.live("/rooms/*", self._on_room)

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
            self._places[ws].receive(ws, message)
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
        self._announce()

    def _go(self, ws: tkws.WebSocket) -> None:
        room = self._places.pop(ws)
        room.leave(ws)
        stopped = self._server is None or self._server.closed
        if not room.people and room.name != LOBBY and not stopped:
            del self.rooms[room.name]
        self._announce()

    def _make_room(self, name: str) -> Room:
        return Room(name, lambda message: self._tell(name, message))

    def _tell(self, name: str, message: str) -> None:
        if self._server is not None:
            self._server.broadcast(message, f"/rooms/{name}")

    def _announce(self) -> None:
        if self._server is not None:
            self._server.broadcast(self._list(), "/rooms")

    def _list(self) -> str:
        return encode("rooms", rooms={name: len(room.people) for name, room in self.rooms.items()})


def _now() -> float:
    return round(time.time(), 3)
