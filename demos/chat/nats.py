"""A client of the NATS message broker, over its WebSocket listener.

NATS speaks lines and payloads: ``PUB``, ``SUB``, ``MSG`` ... (docs.nats.io, "Client Protocol"). They come as
one stream, cut into binary WebSocket messages anywhere. `Reader` reads the stream and knows no
connection; `Broker` keeps a connection to one server of a cluster, or to the next one.
"""

from __future__ import annotations

import json
import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tkws

_PAUSE = 0.25  # seconds before the next server is tried
_MOST_LINE = 4096  # bytes of a line without its end

OnMessage = Callable[[str, bytes], object]


class BadStreamError(ValueError):
    """What the server sent is not the protocol of NATS."""


class Reader:
    """Cuts the stream into operations."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[str, str, bytes]]:
        """Take more of the stream.

        Yields:
            For each operation its name, its arguments as they stand, and the payload of a ``MSG``.

        Raises:
            BadStreamError: For what is no operation.
        """
        self._data += data
        while (end := self._data.find(b"\r\n")) >= 0:
            name, _, arguments = self._data[:end].decode(errors="replace").partition(" ")
            after = end + 2
            payload = b""
            if name.upper() == "MSG":
                size = _size_of(arguments)
                if len(self._data) < after + size + 2:
                    return
                payload = bytes(self._data[after : after + size])
                after += size + 2
            del self._data[:after]
            yield name.upper(), arguments, payload
        if len(self._data) > _MOST_LINE:
            raise BadStreamError("a line without an end")


class Broker:
    """A connection to a cluster: it subscribes, publishes, and goes on at the next server when one goes.

    Args:
        urls: The WebSocket listeners of the servers, the first wanted first.
        subjects: What to subscribe to; ``*`` and ``>`` are NATS's wildcards.
        on_message: Called with the subject and the payload of each message.
        on_ready: Called at each connection, once it is subscribed.
        on_lost: Called with a sentence each time it is lost.
        master: Any widget, ``Tk`` or ``Tcl()``: its loop serves.

    Raises:
        ValueError: For no URL, or one that is none.
    """

    def __init__(
        self,
        urls: Sequence[str],
        subjects: Sequence[str],
        *,
        on_message: OnMessage,
        on_ready: Callable[[], object],
        on_lost: Callable[[str], object],
        master: tk.Misc,
    ) -> None:
        if not urls:
            raise ValueError("urls: at least one is needed")
        self._subscribed = False
        self._urls = list(urls)
        self._subjects = subjects
        self._on_message, self._on_ready, self._on_lost = on_message, on_ready, on_lost
        self._master = master
        self._reader = Reader()
        self._closed = False
        self._ws = self._open()

    @property
    def url(self) -> str:
        """The server that it is connected to; empty while there is none."""
        return self._ws.url if self._subscribed and self._ws.state is tkws.State.OPEN else ""

    def publish(self, subject: str, payload: bytes) -> None:
        """Publish; there is a server, by `url`."""
        self._ws.send(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(payload), payload))

    def close(self) -> None:
        """Disconnect for good."""
        self._closed = True
        self._ws.close()

    def _open(self) -> tkws.WebSocket:
        self._reader = Reader()
        return tkws.open(self._urls[0], self._on_event, master=self._master, timeout=5, keepalive=10)

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if ws is not self._ws or self._closed:
            return
        if type in ("text", "binary"):
            self._read(ws, message.encode() if isinstance(message, str) else message)
        elif type == "disconnect":
            if self._subscribed:
                self._on_lost(f"{ws.url} is lost: {message}")
            self._subscribed = False
            self._urls.append(self._urls.pop(0))
            ws.loop.call_later(_PAUSE, self._go_on)

    def _go_on(self) -> None:
        if not self._closed:
            self._ws = self._open()

    def _read(self, ws: tkws.WebSocket, data: bytes) -> None:
        try:
            for name, arguments, payload in self._reader.feed(data):
                self._act(ws, name, arguments, payload)
        except BadStreamError as error:
            ws.close(tkws.CloseCode.POLICY_VIOLATION, str(error))

    def _act(self, ws: tkws.WebSocket, name: str, arguments: str, payload: bytes) -> None:
        if name == "MSG":
            self._on_message(arguments.split(maxsplit=1)[0], payload)
        elif name == "PING":
            ws.send(b"PONG\r\n")
        elif name == "INFO":
            ws.send(self._introduction())
        elif name == "PONG" and not self._subscribed:  # all that came before it has been done
            self._subscribed = True
            self._on_ready()
        elif name == "-ERR":
            self._on_lost(f"{ws.url} refuses: {arguments}")

    def _introduction(self) -> bytes:
        options = {"verbose": False, "pedantic": False, "echo": False, "name": "tkws chat", "lang": "python"}
        subscriptions = [f"SUB {subject} {number}" for number, subject in enumerate(self._subjects, 1)]
        return "\r\n".join([f"CONNECT {json.dumps(options)}", *subscriptions, "PING", ""]).encode()


def _size_of(arguments: str) -> int:
    """The size in the arguments of a ``MSG``: subject, number, perhaps where to reply, size."""
    *_, size = arguments.split() or [""]
    if not size.isdecimal() or len(size) > 9:
        raise BadStreamError(f"a message without a size: {arguments[:40]!r}")
    return int(size)
