"""What a window does with its messages, the same for every contender: count, echo, send, or broadcast.

A contender calls an app on the GUI thread, and hands it a connection that sends.
"""

from __future__ import annotations

import json
import tkinter
from typing import TYPE_CHECKING, Any, Protocol

from tests.benchmarks import wire
from tests.benchmarks.orders import say
from tests.benchmarks.peers.swarm import BROADCAST, allow_descriptors

if TYPE_CHECKING:
    from tests.benchmarks.window import Window

# The bytes, or the two messages at least, that a source keeps on their way.
AHEAD = 4 << 20


# Messages of a burst.
BURST = 4


class Connection(Protocol):
    """What a contender hands to its app."""

    def send(self, message: Any) -> object:
        """Send a message: ``str`` as text, ``bytes`` as binary."""

    def buffered(self) -> float:
        """Return the payload bytes that have not left yet; infinite if nothing more may be sent."""


class Server(Protocol):
    """What a contender that serves hands to its app."""

    def broadcast(self, message: str) -> object:
        """Send a message to all clients."""


class App:
    """Counts what it receives.

    Attributes:
        payload: What a source sends.
        ahead: The bytes that a source keeps on their way.
        messages: Those received, or sent.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self.payload = wire.payload(window.task["size"])
        self.ahead = max(AHEAD, 2 * len(self.payload))
        self.messages = 0
        self.connection: Any = None

    def listening(self, server: Server, port: int) -> None:
        """The server is up."""
        raise NotImplementedError

    def opened(self, connection: Connection) -> None:
        """The handshake is done."""
        self.connection = connection
        say(ready=True)

    def start(self) -> None:
        """The runner said go."""

    def received(self, message: Any) -> None:
        """A message has come."""
        self.messages += 1

    def drained(self) -> None:
        """There is room to send again."""

    def closed(self) -> None:
        """The connection has ended: all that came was received."""
        self.window.finish()

    def report(self) -> dict[str, Any]:
        """Return what was counted."""
        return {"messages": self.messages}


class Echo(App):
    """Sends back what it receives."""

    def received(self, message: Any) -> None:
        self.messages += 1
        self.connection.send(message)


class Answer(App):
    """Parses requests of JSON, shows each in a label, and answers with as many bytes."""

    label: tkinter.Label | None = None

    def received(self, message: Any) -> None:
        self.messages += 1
        request = json.loads(message)
        if self.label is None:
            self.label = tkinter.Label(self.window.root)
            self.label.pack()
        self.label["text"] = f"{request['params']['title']} {self.messages}"
        self.connection.send(json.dumps(request))


class Source(App):
    """Sends as fast as it may."""

    def start(self) -> None:
        self.drained()

    def drained(self) -> None:
        while self.connection.buffered() < self.ahead:
            self.connection.send(self.payload)
            self.messages += 1


class Bursts(App):
    """Sends some messages at a time, in a chain of `after` calls."""

    ended = False

    def start(self) -> None:
        self._burst()

    def closed(self) -> None:
        self.ended = True
        super().closed()

    def _burst(self) -> None:
        if self.ended:
            return
        if self.connection.buffered() < self.ahead:
            for _ in range(BURST):
                self.connection.send(self.payload)
            self.messages += BURST
        self.window.root.after(0, self._burst)


class Crowd(App):
    """Serves many: broadcasts when it is told to, and counts what else it receives."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.text = self.payload.decode()
        self.first: Any = None
        allow_descriptors()
        self.server: Any = None

    def listening(self, server: Server, port: int) -> None:
        """The server is up."""
        self.server = server
        say(ready=True, port=port)

    def joined(self, client: object) -> None:
        """A client has come, of which the first is in command."""
        if self.first is None:
            self.first = client

    def received(self, message: Any) -> None:
        self.messages += 1
        if message == BROADCAST:
            self.server.broadcast(self.text)

    def left(self, client: object) -> None:
        """A client has gone."""
        if client is self.first:
            self.window.finish()


APPS = {"sink": App, "echo": Echo, "answer": Answer, "source": Source, "bursts": Bursts, "crowd": Crowd}
