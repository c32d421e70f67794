"""The names of what happens on a connection.

The engine tells what happened as tuples ``(event, message)``, not as objects: one is made
for each message, and a frozen dataclass costs nine times as much as a tuple. The members
are strings, so that a handler may compare with ``"text"`` as well as with ``Event.TEXT``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


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


EventRecord = tuple[Event, Any]
