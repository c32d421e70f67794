"""A client of the NATS message broker, over its WebSocket listener.

The protocol of NATS consists of lines and payloads: ``PUB``, ``SUB``, ``MSG`` ... (docs.nats.io, "Client
Protocol"). They form one stream, which is split into binary WebSocket messages at any place. `Reader`
parses the stream and knows no connection; `NATSClient` keeps a connection to one server of a cluster, or to
the next one.
"""

from __future__ import annotations

import json
import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tkws

_RETRY_DELAY = 0.25  # seconds before trying the next server
_MAX_LINE = 4096  # the maximum length of a line, in bytes

OnMessage = Callable[[str, bytes], object]


class BadStreamError(ValueError):
    """The server sent data that does not conform to the protocol of NATS."""


class Reader:
    """Splits the stream into operations."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[str, str, bytes]]:
        """Parse more of the stream.

        Yields:
            The name of each operation, its arguments as one string, and the payload of a ``MSG``.

        Raises:
            BadStreamError: The data is not an operation.
        """
        self._data += data
        while (end := self._data.find(b"\r\n")) >= 0:
            name, _, arguments = self._data[:end].decode(errors="replace").partition(" ")
            after = end + 2
            payload = b""
            if name.upper() == "MSG":
                size = _payload_size(arguments)
                if len(self._data) < after + size + 2:
                    return
                payload = bytes(self._data[after : after + size])
                after += size + 2
            del self._data[:after]
            yield name.upper(), arguments, payload
        if len(self._data) > _MAX_LINE:
            raise BadStreamError(f"a line of more than {_MAX_LINE} bytes")


class NATSClient:
    """A connection to a cluster that subscribes and publishes; if it is lost, the next server is tried.

    Args:
        urls: The URLs of the servers' WebSocket listeners, in order of preference.
        subjects: The subjects to subscribe to; ``*`` and ``>`` are NATS's wildcards.
        on_message: Called with the subject and the payload of each message.
        on_ready: Called after each connection, when the subscriptions are in effect.
        on_lost: Called with a sentence each time that the connection is lost.
        master: Any widget, ``Tk`` or ``Tcl()``; its loop is used.

    Raises:
        ValueError: ``urls`` is empty, or contains an invalid URL.
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
            raise ValueError("urls: at least one URL, not none")
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
        """The URL of the server that it is connected to; empty while it is not connected."""
        return self._ws.url if self._subscribed and self._ws.state is tkws.State.OPEN else ""

    def publish(self, subject: str, payload: bytes) -> None:
        """Publish a message; call it only while `url` is not empty."""
        self._ws.send(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(payload), payload))

    def close(self) -> None:
        """Disconnect, and do not reconnect."""
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
                self._on_lost(f"The connection to {ws.url} was lost: {message}")
            self._subscribed = False
            self._urls.append(self._urls.pop(0))
            ws.loop.call_later(_RETRY_DELAY, self._reconnect)

    def _reconnect(self) -> None:
        if not self._closed:
            self._ws = self._open()

    def _read(self, ws: tkws.WebSocket, data: bytes) -> None:
        try:
            for name, arguments, payload in self._reader.feed(data):
                self._process(ws, name, arguments, payload)
        except BadStreamError as error:
            ws.close(tkws.CloseCode.POLICY_VIOLATION, str(error))

    def _process(self, ws: tkws.WebSocket, name: str, arguments: str, payload: bytes) -> None:
        if name == "MSG":
            self._on_message(arguments.split(maxsplit=1)[0], payload)
        elif name == "PING":
            ws.send(b"PONG\r\n")
        elif name == "INFO":
            ws.send(self._greeting())
        elif (
            name == "PONG" and not self._subscribed
        ):  # the server has processed all that was sent before the PING
            self._subscribed = True
            self._on_ready()
        elif name == "-ERR":
            self._on_lost(f"{ws.url} reports an error: {arguments}")

    def _greeting(self) -> bytes:
        options = {"verbose": False, "pedantic": False, "echo": False, "name": "tkws chat", "lang": "python"}
        subscriptions = [f"SUB {subject} {number}" for number, subject in enumerate(self._subjects, 1)]
        return "\r\n".join([f"CONNECT {json.dumps(options)}", *subscriptions, "PING", ""]).encode()


def _payload_size(arguments: str) -> int:
    """Return the size from the arguments of a ``MSG``: subject, subscription, perhaps reply subject, size."""
    *_, size = arguments.split() or [""]
    if not size.isdecimal() or len(size) > 9:
        raise BadStreamError(f"a message without a size: {arguments[:40]!r}")
    return int(size)
