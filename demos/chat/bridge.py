"""Joins the rooms of several hosts over a broker, so that people in a room meet whichever host they use.

Each host publishes the messages of its rooms with consecutive numbers, and adds the messages of the other
hosts to its own rooms. The broker gives no guarantee: messages published while it is unavailable are lost.
So a host that finds a gap, or has reconnected, sends ``hello`` with the number of the last message that it
received from each other host, and they repeat the rest. Each host publishes the members of its rooms at
every change and at regular intervals. A host that has been silent for too long is removed.

All messages are JSON: ``{"host", "number", "oldest", "room", "who", "text", "time"}`` for a text, where
``oldest`` is the first number that can still be repeated; ``{"host", "people", "number"}`` for the members,
with the number of the last text; ``{"host", "heard"}`` for ``hello``.
"""

from __future__ import annotations

import json
import time
import tkinter as tk
from collections import deque
from collections.abc import Callable, Sequence
from uuid import uuid4

from demos.chat import messages
from demos.chat.broker import Broker
from demos.chat.room import Chat

PEOPLE_INTERVAL = 2.0  # seconds between messages with the members
HOST_TIMEOUT = 3 * PEOPLE_INTERVAL  # seconds of silence after which a host is removed
MAX_REPEATED = 1000  # the number of texts that can be repeated

_SAID, _PEOPLE, _HELLO = "chat.said", "chat.people", "chat.hello"


class Bridge:
    """Joins the rooms of a `Chat` with those of every other host at the same broker.

    Args:
        chat: The rooms of this host.
        urls: The URLs of the broker's servers.
        master: Any widget, ``Tk`` or ``Tcl()``; its loop is used.
        on_status: Called with a sentence when the connection to the broker changes, or on a fault.

    Attributes:
        name: The name of this host, which is unique.
        broker: The connection to the broker.

    Raises:
        ValueError: A URL is not valid.
    """

    def __init__(
        self,
        chat: Chat,
        urls: Sequence[str],
        master: tk.Misc,
        on_status: Callable[[str], object] = lambda sentence: None,
    ) -> None:
        self.name = uuid4().hex
        self._chat = chat
        self._on_status = on_status
        self._number = 0
        self._said: deque[messages.Message] = deque(maxlen=MAX_REPEATED)
        self._received: dict[str, int] = {}  # the number of the last text from each host
        self._seen: dict[str, float] = {}  # the time of the last message from each host
        self._requested: set[str] = set()  # the hosts that have been asked to repeat texts
        self._master = master
        self._timer = ""
        self.broker = Broker(
            urls,
            [_SAID, _PEOPLE, _HELLO],
            on_message=self._on_message,
            on_ready=self._on_ready,
            on_lost=on_status,
            master=master,
        )
        chat.set_bridge(self._publish, self._people_changed)
        self._update_people()

    def close(self) -> None:
        """Disconnect; the other hosts remove the members of this host at once."""
        self._master.after_cancel(self._timer)
        self._chat.set_bridge(None, None)
        for host in self._seen:
            self._chat.set_remote_people(host, {})
        self._send(_PEOPLE, people={}, number=self._number)
        self.broker.close()

    def _on_ready(self) -> None:
        self._on_status(f"Connected to other hosts by {self.broker.url}")
        self._requested.clear()
        self._send(_HELLO, heard=self._received)
        self._people_changed()

    def _publish(self, room: str, said: messages.Message) -> None:
        """Publish a text that was sent in a room of this host."""
        self._number += 1
        self._said.append({"number": self._number, "room": room, **said})
        self._republish(self._number - 1)

    def _people_changed(self) -> None:
        self._send(_PEOPLE, people=self._chat.people(), number=self._number)

    def _on_message(self, subject: str, payload: bytes) -> None:
        try:
            message = json.loads(payload)
            host = str(message["host"])
            self._seen[host] = time.monotonic()
            if subject == _SAID:
                self._receive_said(host, message)
            elif subject == _PEOPLE:
                self._receive_people(host, message["people"])
                if int(message["number"]) > self._received.get(host, 0):
                    self._send(_HELLO, heard=self._received)
            else:
                self._republish(int(message["heard"].get(self.name, 0)))
                self._people_changed()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            self._on_status(f"An invalid message from another host: {error!r}")

    def _receive_said(self, host: str, message: messages.Message) -> None:
        number, oldest, received = int(message["number"]), int(message["oldest"]), self._received.get(host, 0)
        if number <= received:  # repeated for another host
            return
        if number > max(received + 1, oldest):
            if host not in self._requested:
                self._requested.add(host)
                self._send(_HELLO, heard=self._received)
            return
        if received and number > received + 1:
            self._on_status(f"{number - received - 1} messages of another host were lost")
        self._requested.discard(host)
        self._received[host] = number
        said = {
            "who": messages.check_nick(message["who"]),
            "text": messages.check_text(message["text"]),
            "time": float(message["time"]),
        }
        if messages.is_room(message["room"]):
            self._chat.add_remote_message(message["room"], said)

    def _receive_people(self, host: str, people: dict[str, list[str]]) -> None:
        self._chat.set_remote_people(
            host,
            {
                room: [messages.check_nick(who) for who in there]
                for room, there in people.items()
                if messages.is_room(room)
            },
        )

    def _republish(self, received: int) -> None:
        """Publish the texts of this host after the number ``received``."""
        for said in self._said:
            if said["number"] > received:
                self._send(_SAID, oldest=self._said[0]["number"], **said)

    def _update_people(self) -> None:
        self._timer = self._master.after(round(1000 * PEOPLE_INTERVAL), self._update_people)
        self._people_changed()
        now = time.monotonic()
        for host in [host for host, seen in self._seen.items() if now - seen > HOST_TIMEOUT]:
            del self._seen[host]
            self._chat.set_remote_people(host, {})

    def _send(self, subject: str, **members: object) -> None:
        """Publish a message; a no-op without a server, since `_on_ready` publishes the state."""
        if self.broker.url:
            self.broker.publish(subject, json.dumps({"host": self.name, **members}).encode())
