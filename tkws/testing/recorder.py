"""A handler that records the events it is called with."""

from __future__ import annotations

from typing import Any

from tkws.asynchandlers import check_plain
from tkws.checks import check_kind
from tkws.connection.websocket import WebSocket
from tkws.options import Handler, ignore
from tkws.protocol.events import Event


class Recorder:
    """A handler that records every event and then passes it on.

    Args:
        handler: Called with each event after it has been recorded; by default nothing is called.

    Attributes:
        events: ``(type, message)`` of each event, in order.
        ws: The connection of the last event; None before the first.

    Raises:
        TypeError: ``handler`` cannot be called, or is a coroutine function.
    """

    def __init__(self, handler: Handler = ignore) -> None:
        check_plain("handler", handler, "(ws, type, message)")
        self.events: list[tuple[Event, Any]] = []
        self.ws: WebSocket | None = None
        self._handler = handler

    def __call__(self, ws: WebSocket, type: Event, message: Any) -> None:
        """Record the event and pass it on."""
        self.ws = ws
        self.events.append((type, message))
        self._handler(ws, type, message)

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} {[str(type) for type, _ in self.events]}>"

    def __contains__(self, type: Event | str) -> bool:
        """Return whether an event of this type was recorded: ``"connect" in recorder``."""
        wanted = _as_event(type)
        return any(each == wanted for each, _ in self.events)

    def all(self, type: Event | str) -> list[Any]:
        """Return the messages of the events of a type, in order.

        Raises:
            TypeError: ``type`` is not a str.
            ValueError: ``type`` is not the name of an event.
        """
        wanted = _as_event(type)
        return [message for each, message in self.events if each == wanted]

    @property
    def messages(self) -> list[str | bytes]:
        """The text and binary messages that were recorded, in order."""
        return [message for type, message in self.events if type in (Event.TEXT, Event.BINARY)]


def _as_event(type: Event | str) -> Event:
    check_kind("type", type, str, "an Event or its name")
    try:
        return Event(type)
    except ValueError:
        raise ValueError(f"type: one of {', '.join(Event)}, not {type!r}") from None
