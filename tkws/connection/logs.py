"""The log of a connection: the names of the loggers, the ids, and what it may show of HTTP.

When the handlers of `logging` are called is the business of `tkws.loop.logs`; how a frame is written is that
of `tkws.protocol.trace`.

Invariant: no line has a query, a password or the value of a header field that might be secret.
"""

from __future__ import annotations

import logging
import os
from types import MappingProxyType

from tkws.errors import printable
from tkws.http.headers import Headers
from tkws.loop import Loop
from tkws.loop.logs import Log
from tkws.net import Stream, TLSStream
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.frames import Role
from tkws.protocol.state import State
from tkws.protocol.trace import TracedFrame

LOGGERS = MappingProxyType({Role.CLIENT: "tkws.client", Role.SERVER: "tkws.server"})
"""The logger of each role."""

for _name in LOGGERS.values():  # or `logging` would print the warnings of a program that has not set it up
    logging.getLogger(_name).addHandler(logging.NullHandler())

# The fields whose values are shown. Programs put tokens into fields of any name, Sec-WebSocket-Protocol and
# Referer included, so a list of those that are secret could never be complete.
_SHOWN_FIELDS = frozenset(
    (
        "accept-encoding", "connection", "content-length", "content-type", "date", "host", "origin",
        "retry-after", "sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-key",
        "sec-websocket-version", "server", "upgrade", "user-agent",
    )
)  # fmt: skip


def new_connection_id() -> str:
    """Return the id of a new connection: eight hexadecimal digits, at random."""
    return os.urandom(4).hex()


class ConnectionLog(Log):
    """The log of a connection: the lines that need more than words.

    Args:
        loop: The loop that serves it.
        role: Its role, which decides on the logger.
        id: Its id.
    """

    __slots__ = ()

    def __init__(self, loop: Loop, role: Role, id: str) -> None:
        super().__init__(loop, LOGGERS[role], id)

    def frame(self, frame: TracedFrame) -> None:
        """Note a frame."""
        self.debug("%s", frame)

    def latency(self, events: list[EventRecord], seconds: float | None) -> None:
        """Note the round trip of the last ping, if its pong is among ``events``."""
        if seconds is not None and any(event is Event.PONG for event, _ in events):
            self.debug("a pong came after %.1f ms", 1000 * seconds)

    def timer(self, seconds: float, state: State, *, awaits_pong: bool) -> None:
        """Note that a timer was set, and for what."""
        purpose = "a pong" if awaits_pong else "the next ping"
        if state is not State.OPEN:
            purpose = "the end of the closing handshake"
        self.debug("a timer is set: %.3f s for %s", max(seconds, 0.0), purpose)


def tls_summary(stream: Stream) -> str:
    """Return the version and the cipher that the two ends of a stream agreed on."""
    assert isinstance(stream, TLSStream)
    cipher = stream.ssl_object.cipher()
    return f"{stream.ssl_object.version()}, {cipher[0] if cipher is not None else 'no cipher'}"


class ShownFields:
    """Header fields as the log shows them; formatted only if a handler asks for it."""

    __slots__ = ("_headers",)

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def __str__(self) -> str:
        return ", ".join(
            printable(f"{name}: {value if name.lower() in _SHOWN_FIELDS else '***'}")
            for name, value in self._headers.fields
        )
