"""The server's side of the chat: the rooms, their members and their history (``schema.md``).

Knows WebSockets and messages, but neither windows nor how the server was started. The rooms outlive the
server, so that their history is there when it is restarted.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

import tkws
from demos.chat import messages
from demos.chat.messages import BadMessageError, encode

LOBBY = "lobby"
"""The room that always exists."""

MAX_HISTORY = 50
"""The maximum number of messages sent to a new member."""

MAX_PEOPLE = 200
"""The maximum number of people in one room."""

MAX_ROOMS = 100
"""The maximum number of rooms."""

OnMessage = Callable[[str, messages.Message], object]
"""Called with the name of a room and a message sent in it: ``who``, ``text`` and ``time``."""

_POLICY_VIOLATION = 1008
_TRY_AGAIN_LATER = 1013


class JoinError(Exception):
    """A person may not join; ``code`` is the close code, and the text is the reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Room:
    """One room.

    Args:
        name: Its name, which is the last part of its path.
        broadcast: Sends a message to all members, which are the server's group with the room's name.
        on_message: Called with each message of a member that is connected to this host.

    Attributes:
        people: The nickname for each connection.
        remote_people: The nicknames of the members connected to other hosts, by the name of the host.
        history: The last messages, the oldest first, as ``said`` messages without their type.
    """

    def __init__(self, name: str, broadcast: Callable[[str], object], on_message: OnMessage) -> None:
        self.name = name
        self.people: dict[tkws.WebSocket, str] = {}
        self.remote_people: dict[str, list[str]] = {}
        self.history: deque[messages.Message] = deque(maxlen=MAX_HISTORY)
        self._broadcast = broadcast
        self._on_message = on_message

    @property
    def nicknames(self) -> list[str]:
        """The nicknames of all members."""
        return [*self.people.values(), *chain.from_iterable(self.remote_people.values())]

    def join(self, ws: tkws.WebSocket, nick: str) -> None:
        """Add a connection, and notify all members.

        Raises:
            JoinError: The nickname is invalid, or the room is full.
        """
        if len(self.people) >= MAX_PEOPLE:
            raise JoinError(_TRY_AGAIN_LATER, "The room is full.")
        try:
            nick = messages.unique(messages.check_nick(nick), self._is_taken)
        except BadMessageError as error:
            raise JoinError(_POLICY_VIOLATION, str(error)) from None
        self.people[ws] = nick
        ws.join(self.name)
        members = {"people": self.nicknames, "history": list(self.history)}
        ws.send(encode("welcome", room=self.name, you=nick, **members))
        self._broadcast(encode("joined", who=nick, time=_now()))

    def leave(self, ws: tkws.WebSocket) -> None:
        """Remove a connection, and notify all members."""
        self._broadcast(encode("left", who=self.people.pop(ws), time=_now()))

    def add(self, said: messages.Message) -> None:
        """Add a message to the history, and send it to all members."""
        self.history.append(said)
        self._broadcast(encode("said", **said))

    def set_remote_people(self, host: str, people: list[str]) -> None:
        """Set the members connected to another host, and notify all members of changes."""
        before = self.remote_people.pop(host, [])
        if people:
            self.remote_people[host] = people
        for who in before:
            if who not in people:
                self._broadcast(encode("left", who=who, time=_now()))
        for who in people:
            if who not in before:
                self._broadcast(encode("joined", who=who, time=_now()))

    def receive(self, ws: tkws.WebSocket, text: str) -> None:
        """Process a message of a member; if it is invalid, answer with an error."""
        try:
            message = messages.decode(text)
            if message["type"] == "say":
                self._say(ws, messages.check_text(message.get("text")))
            elif message["type"] == "rename":
                self._rename(ws, messages.check_nick(message.get("nick")))
            else:
                raise BadMessageError(f"Unknown type of message: {message['type'][:20]!r}.")
        except BadMessageError as error:
            ws.send(encode("error", text=str(error)))

    def _say(self, ws: tkws.WebSocket, text: str) -> None:
        said = {"who": self.people[ws], "text": text, "time": _now()}
        self.add(said)
        self._on_message(self.name, said)

    def _rename(self, ws: tkws.WebSocket, nick: str) -> None:
        before = self.people[ws]
        if nick == before:
            return
        if nick.lower() != before.lower() and self._is_taken(nick):
            raise BadMessageError(f"The nickname {nick} is taken.")
        self.people[ws] = nick
        self._broadcast(encode("renamed", who=before, to=nick, time=_now()))

    def _is_taken(self, nick: str) -> bool:
        return nick.lower() in (taken.lower() for taken in self.nicknames)


class Chat:
    """All rooms, and the list of them. It outlives the servers that it is used with."""

    def __init__(self) -> None:
        self._on_message: OnMessage | None = None
        self._on_people: Callable[[], object] | None = None
        self.rooms = {LOBBY: self._make_room(LOBBY)}
        self._server: tkws.Server | None = None

    def serve(self, server: tkws.Server) -> None:
        """Open the rooms on a server, in place of the previous one."""
        self._server = server
        server.live("/rooms", self._on_list)
        server.live("/rooms/*", partial(self._on_room, server))

    def set_bridge(self, on_message: OnMessage | None, on_people: Callable[[], object] | None) -> None:
        """Set the callbacks of a bridge to other hosts (`demos.chat.bridge`); None removes them.

        Args:
            on_message: Called with each message that is sent on this host.
            on_people: Called when a member on this host joins, leaves or changes the nickname.
        """
        self._on_message, self._on_people = on_message, on_people

    def people(self) -> dict[str, list[str]]:
        """Return the nicknames of the members on this host, by room."""
        return {name: list(room.people.values()) for name, room in self.rooms.items() if room.people}

    def set_remote_people(self, host: str, people: dict[str, list[str]]) -> None:
        """Set the members of all rooms that are connected to another host."""
        changed = [
            name
            for name, room in self.rooms.items()
            if room.remote_people.get(host, []) != people.get(name, [])
        ]
        opened = [name for name in people if name not in self.rooms][: MAX_ROOMS - len(self.rooms)]
        for name in opened:
            self.rooms[name] = self._make_room(name)
        for name in (*changed, *opened):
            self.rooms[name].set_remote_people(host, people.get(name, []))
            self._close_if_empty(self.rooms[name])
        if changed or opened:
            self._send_list()

    def add_remote_message(self, name: str, said: messages.Message) -> None:
        """Add a message that was sent on another host."""
        if name in self.rooms:
            self.rooms[name].add(said)

    def _on_list(self, ws: tkws.WebSocket, type: str, message: object) -> None:
        if type == "connect":
            ws.send(self._encode_list())

    def _on_room(self, server: tkws.Server, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            try:
                self._join(ws, message)
            except JoinError as error:
                ws.close(error.code, str(error))
        elif ws.data is None:
            return
        elif type == "text" and ws.state is tkws.State.OPEN:
            room: Room = ws.data
            before = room.people[ws]
            room.receive(ws, message)
            if room.people[ws] != before:
                self._people_changed()
        elif type == "disconnect":
            ws.data.leave(ws)
            if not server.closed:
                self._close_if_empty(ws.data)
            self._people_changed()

    def _join(self, ws: tkws.WebSocket, request: tkws.Request) -> None:
        name = request.path.removeprefix("/rooms/")
        if not messages.is_room(name):
            raise JoinError(_POLICY_VIOLATION, messages.ROOM_RULE)
        if name not in self.rooms and len(self.rooms) >= MAX_ROOMS:
            raise JoinError(_TRY_AGAIN_LATER, "There are too many rooms.")
        room = self.rooms.get(name) or self._make_room(name)
        room.join(ws, dict(request.query).get("nick", ""))
        self.rooms[name] = ws.data = room
        self._people_changed()

    def _close_if_empty(self, room: Room) -> None:
        if not room.nicknames and room.name != LOBBY:
            del self.rooms[room.name]

    def _make_room(self, name: str) -> Room:
        return Room(name, lambda message: self._broadcast(name, message), self._message_sent)

    def _message_sent(self, name: str, said: messages.Message) -> None:
        if self._on_message is not None:
            self._on_message(name, said)

    def _people_changed(self) -> None:
        self._send_list()
        if self._on_people is not None:
            self._on_people()

    def _broadcast(self, name: str, message: str) -> None:
        if self._server is not None:
            self._server.broadcast(message, to=name)

    def _send_list(self) -> None:
        if self._server is not None:
            self._server.broadcast(self._encode_list(), "/rooms")

    def _encode_list(self) -> str:
        return encode("rooms", rooms={name: len(room.nicknames) for name, room in self.rooms.items()})


def _now() -> float:
    return round(time.time(), 3)
