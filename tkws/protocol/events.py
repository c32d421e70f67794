"""The names of what happens on a connection.

The engine returns what happened as tuples ``(event, message)``, not as objects: one is made for each
message, and a frozen dataclass costs nine times as much as a tuple. The members are strings, so that a
handler may compare with ``"text"`` as well as with ``Event.TEXT``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, NamedTuple


class Event(StrEnum):
    """The type of an event, as a handler receives it; each value is its tcllib name."""

    CONNECT = "connect"
    TEXT = "text"
    BINARY = "binary"
    VALUE = "value"
    PING = "ping"
    PONG = "pong"
    CLOSE = "close"
    TIMEOUT = "timeout"
    ERROR = "error"
    DISCONNECT = "disconnect"
    DRAIN = "drain"
    RETRY = "retry"
    PART = "part"


EventRecord = tuple[Event, Any]

MESSAGE_EVENTS: Final = (Event.TEXT, Event.BINARY)
"""The events of whole messages as they arrive, before a codec."""


class Part(NamedTuple):
    """A part of a message, the message of a ``part`` event; see the option ``stream``."""

    data: str | bytes
    """The content; a part of a text contains whole characters. Only the last part may be empty."""

    offset: int
    """How many bytes of the message come before this part: decompressed, and in UTF-8 if it is text."""

    final: bool
    """Whether the message ends with this part."""

    text: bool
    """Whether it is a text message."""

    total: int | None
    """The size of the whole message in bytes, if it came in one frame and uncompressed; otherwise None."""
