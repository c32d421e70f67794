"""Joins the rooms of several hosts over a broker: everybody in a room is in it, whoever's host they came to.

Each host publishes what is said in its rooms, with a number that grows by one, and passes on in
its own rooms what it hears of the others. A broker promises nothing: what is published while it
is away is lost. So a host that finds a gap, or is connected again, says ``hello`` and how far it
has heard each of the others, and they repeat the rest. Who is in a room is not counted but told:
at every change, and from time to time. A host that is silent is forgotten.

Messages are JSON: ``{"host", "number", "oldest", "room", "who", "text", "time"}`` for what was said,
where ``oldest`` is the first number that can still be repeated; ``{"host", "people", "number"}`` for who is
there, with the number of what was said last; ``{"host", "heard"}`` for ``hello``.
"""

from __future__ import annotations

import json
import time
import tkinter as tk
from collections import deque
from collections.abc import Callable, Sequence
from uuid import uuid4

from demos.chat import messages
from demos.chat.nats import Broker
from demos.chat.room import Chat

EVERY = 2.0  # seconds between two words of who is there
FORGOTTEN = 3 * EVERY  # seconds of silence after which a host is
REPEATED = 1000  # messages that can be repeated

_SAID, _PEOPLE, _HELLO = "chat.said", "chat.people", "chat.hello"


class Bridge:
    """Joins the rooms of a `Chat` with those of every other host at the same broker.

    Args:
        chat: This host's rooms.
        urls: The broker's servers.
        master: Any widget, ``Tk`` or ``Tcl()``: its loop serves.
        told: Called with a sentence when the broker comes or goes.

    Attributes:
        name: This host's, which nobody else has.
        broker: The connection.

    Raises:
        ValueError: For a URL that is none.
    """

    def __init__(
        self,
        chat: Chat,
        urls: Sequence[str],
        master: tk.Misc,
        told: Callable[[str], object] = lambda why: None,
    ) -> None:
        self.name = uuid4().hex
        self._chat = chat
        self._told = told
        self._number = 0
        self._said: deque[messages.Message] = deque(maxlen=REPEATED)
        self._heard: dict[str, int] = {}  # by host, the number of the last
        self._seen: dict[str, float] = {}  # by host, when
        self._asked: set[str] = set()  # whose messages are to be repeated for this host
        self._master = master
        self._timer = ""
        self.broker = Broker(
            urls,
            [_SAID, _PEOPLE, _HELLO],
            on_message=self._on_message,
            on_ready=self._on_ready,
            on_lost=told,
            master=master,
        )
        chat.joined_by(self._publish, self._people_changed)
        self._tell_people()

    def close(self) -> None:
        """Leave: the others forget this host's people at once."""
        self._master.after_cancel(self._timer)
        self._chat.joined_by(None, None)
        for host in self._seen:
            self._chat.set_elsewhere(host, {})
        self._send(_PEOPLE, people={}, number=self._number)
        self.broker.close()

    def _on_ready(self) -> None:
        self._told(f"Joined to other hosts by {self.broker.url}")
        self._asked.clear()
        self._send(_HELLO, heard=self._heard)
        self._people_changed()

    def _publish(self, room: str, said: messages.Message) -> None:
        """Tell the others what was said in a room of this host."""
        self._number += 1
        self._said.append({"number": self._number, "room": room, **said})
        self._say_again(self._number - 1)

    def _people_changed(self) -> None:
        self._send(_PEOPLE, people=self._chat.people(), number=self._number)

    def _on_message(self, subject: str, payload: bytes) -> None:
        try:
            message = json.loads(payload)
            host = str(message["host"])
            self._seen[host] = time.monotonic()
            if subject == _SAID:
                self._hear(host, message)
            elif subject == _PEOPLE:
                self._meet(host, message["people"])
                if int(message["number"]) > self._heard.get(host, 0):
                    self._send(_HELLO, heard=self._heard)
            else:
                self._say_again(int(message["heard"].get(self.name, 0)))
                self._people_changed()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            self._told(f"A message that no host of this chat sends: {error!r}")

    def _hear(self, host: str, message: messages.Message) -> None:
        number, oldest, heard = int(message["number"]), int(message["oldest"]), self._heard.get(host, 0)
        if number <= heard:  # repeated for somebody else
            return
        if number > max(heard + 1, oldest):
            if host not in self._asked:
                self._asked.add(host)
                self._send(_HELLO, heard=self._heard)
            return
        if heard and number > heard + 1:
            self._told(f"{number - heard - 1} messages of another host are lost")
        self._asked.discard(host)
        self._heard[host] = number
        said = {
            "who": messages.check_nick(message["who"]),
            "text": messages.check_text(message["text"]),
            "time": float(message["time"]),
        }
        if messages.is_room(message["room"]):
            self._chat.said_elsewhere(message["room"], said)

    def _meet(self, host: str, people: dict[str, list[str]]) -> None:
        self._chat.set_elsewhere(
            host,
            {
                room: [messages.check_nick(who) for who in there]
                for room, there in people.items()
                if messages.is_room(room)
            },
        )

    def _say_again(self, heard: int) -> None:
        """Publish what this host said behind the number ``heard``."""
        for said in self._said:
            if said["number"] > heard:
                self._send(_SAID, oldest=self._said[0]["number"], **said)

    def _tell_people(self) -> None:
        self._timer = self._master.after(round(1000 * EVERY), self._tell_people)
        self._people_changed()
        now = time.monotonic()
        for host in [host for host, seen in self._seen.items() if now - seen > FORGOTTEN]:
            del self._seen[host]
            self._chat.set_elsewhere(host, {})

    def _send(self, subject: str, **members: object) -> None:
        """Publish; while no server is there, nothing: what matters is said at the next connection."""
        if self.broker.url:
            self.broker.publish(subject, json.dumps({"host": self.name, **members}).encode())
