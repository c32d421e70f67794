"""The names of what happens on a connection.

The engine tells what happened as tuples ``(event, message)``, not as objects: one is made
for each message, and a frozen dataclass costs nine times as much as a tuple. The members
are strings, so that a handler may compare with ``"text"`` as well as with ``Event.TEXT``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple


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


class Part(NamedTuple):
    """A part of a message, the message of a ``part`` event; see the option ``stream``."""

    data: str | bytes
    """The part: of a text whole characters. Only the last part of a message may be empty."""

    offset: int
    """The bytes of the message before this part, decompressed; of a text in UTF-8."""

    final: bool
    """Whether the message ends with this part."""

    text: bool
    """Whether it is a text message."""

    total: int | None
    """The bytes of the whole message, if it came in one frame and uncompressed; else None."""
