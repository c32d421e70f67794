"""Building blocks for handlers: each is a callable ``(ws, type, message)``, and most wrap another.

Timers run on the connection's loop. A wrapping handler passes delayed messages on before any later event of
another type, so the order of events is kept.
"""

from __future__ import annotations

import tkinter
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any, Literal, Protocol, overload
from weakref import ref

from tkws.asynchandlers import check_handler, check_plain, runnable
from tkws.checks import check_kind, check_seconds
from tkws.codecs import JSON
from tkws.connection.calls import find_caller
from tkws.connection.decoding import decoding
from tkws.connection.websocket import WebSocket, call_as_handler
from tkws.errors import OpenTimeout, WebSocketError
from tkws.loop import Timer
from tkws.options import Handler as AnyHandler
from tkws.protocol.events import MESSAGE_EVENTS, Event, Part

_MESSAGES = (*MESSAGE_EVENTS, Event.VALUE)


class EventHandler(Protocol):
    """The type of a handler: it is called with the connection, the type of an event, and its message.

    A function ``(ws: WebSocket, type: str, message: Any)`` is one; with more precise annotations, a type
    checker finds messages that cannot occur.
    """

    @overload
    def __call__(self, ws: WebSocket, type: Literal[Event.CONNECT], message: Any, /) -> object: ...
    @overload
    def __call__(self, ws: WebSocket, type: Literal[Event.TEXT], message: str, /) -> object: ...
    @overload
    def __call__(
        self, ws: WebSocket, type: Literal[Event.BINARY, Event.PING, Event.PONG], message: bytes, /
    ) -> object: ...
    @overload
    def __call__(self, ws: WebSocket, type: Literal[Event.VALUE], message: Any, /) -> object: ...
    @overload
    def __call__(self, ws: WebSocket, type: Literal[Event.PART], message: Part, /) -> object: ...
    @overload
    def __call__(self, ws: WebSocket, type: Literal[Event.CLOSE], message: tuple[int, str], /) -> object: ...
    @overload
    def __call__(self, ws: WebSocket, type: Literal[Event.TIMEOUT], message: OpenTimeout, /) -> object: ...
    @overload
    def __call__(self, ws: WebSocket, type: Literal[Event.ERROR], message: WebSocketError, /) -> object: ...
    @overload
    def __call__(self, ws: WebSocket, type: Literal[Event.DISCONNECT], message: str, /) -> object: ...
    @overload
    def __call__(self, ws: WebSocket, type: Literal[Event.DRAIN], message: None, /) -> object: ...
    @overload
    def __call__(
        self, ws: WebSocket, type: Literal[Event.RETRY], message: tuple[int, float, WebSocketError], /
    ) -> object: ...


class Handler:
    """A base class with a method for each type of event; override those you need.

    The instance is the handler::

        class Feed(tkws.Handler):
            def on_text(self, ws, message):
                label["text"] = message


        tkws.open(url, Feed())
    """

    # Any of these may be an async function.
    EVENT_METHODS = tuple(f"on_{type}" for type in Event)

    def __call__(self, ws: WebSocket, type: str, message: Any) -> Any:
        """Call the method of the event's type, and return what it returns."""
        return getattr(self, f"on_{type}")(ws, message)

    def on_connect(self, ws: WebSocket, message: Any) -> None:
        """Handle ``connect``: ``message`` is the subprotocol, the request or ``info``."""

    def on_text(self, ws: WebSocket, message: str) -> None:
        """Handle a text message."""

    def on_binary(self, ws: WebSocket, message: bytes) -> None:
        """Handle a binary message."""

    def on_value(self, ws: WebSocket, message: Any) -> None:
        """Handle a message that the option ``codec`` has decoded."""

    def on_part(self, ws: WebSocket, message: Part) -> None:
        """Handle a part of a message, with the option ``stream``."""

    def on_ping(self, ws: WebSocket, message: bytes) -> None:
        """Handle a ping, which has been answered."""

    def on_pong(self, ws: WebSocket, message: bytes) -> None:
        """Handle a pong."""

    def on_close(self, ws: WebSocket, message: tuple[int, str]) -> None:
        """Handle ``close``: the closing handshake is over, or the connection was lost: ``(code, reason)``."""

    def on_timeout(self, ws: WebSocket, message: OpenTimeout) -> None:
        """Handle ``timeout``: the opening took too long."""

    def on_error(self, ws: WebSocket, message: WebSocketError) -> None:
        """Handle ``error``: the opening failed, the peer broke the protocol, or messages were lost.

        Or a message could not be decoded: a `CodecError`.
        """

    def on_disconnect(self, ws: WebSocket, message: str) -> None:
        """Handle ``disconnect``, the last event: the connection is gone or could not be opened."""

    def on_drain(self, ws: WebSocket, message: None) -> None:
        """Handle ``drain``: the full write buffer has drained."""

    def on_retry(self, ws: WebSocket, message: tuple[int, float, WebSocketError]) -> None:
        """Handle ``retry``: another attempt to connect will follow: ``(attempt, delay, cause)``."""


def tee(*handlers: EventHandler) -> EventHandler:
    """Return a handler that calls each of ``handlers``; one that raises does not stop the rest.

    Args:
        handlers: Called in this order with every event. `WebSocket.call` uses the first `JSONRPC` of them.

    Raises:
        TypeError: One of them is not callable.
    """
    for handler in handlers:
        check_handler("handlers", handler)
    called = [runnable(handler) for handler in handlers]

    def call_each(ws: WebSocket, type: str, message: Any) -> None:
        _call_each(ws, ((handler, type, message) for handler in called))

    callers = [caller for handler in handlers if (caller := find_caller(handler)) is not None]
    if callers:
        vars(call_each)["caller"] = callers[0]
    return call_each


def batched(handler: AnyHandler, every: float = 1 / 30) -> EventHandler:
    """Return a handler that collects messages and calls ``handler`` with lists of them.

    Args:
        handler: Called as ``handler(ws, "text", ["one", "two", ...])``, in order; a message of
            the other type begins a new list. Other events are passed on unchanged, after waiting messages.
        every: Seconds between two deliveries, such as the time of one frame of the screen.

    Raises:
        TypeError: ``handler`` is not callable, or ``every`` is not a number.
        ValueError: ``every`` is not above 0.
    """
    check_handler("handler", handler)
    every = check_seconds("every", every, above_zero=True)
    return _each_connection(partial(_Batch, runnable(handler), every))


def latest(
    handler: EventHandler, every: float = 1 / 60, key: Callable[[Any], Hashable] | None = None
) -> EventHandler:
    """Return a handler that passes on only the latest message, for dashboards.

    Args:
        handler: Called with the latest message, at most once in ``every`` seconds. Other
            events are passed on unchanged, after a waiting message.
        every: Seconds between two deliveries.
        key: If given, the latest message for each value of ``key(message)`` is passed on, for example
            one for each sensor.

    Raises:
        TypeError: ``handler`` or ``key`` is not callable, or ``every`` is not a number.
        ValueError: ``every`` is not above 0.
    """
    check_handler("handler", handler)
    every = check_seconds("every", every, above_zero=True)
    if key is not None:
        check_plain("key", key, "(message)")
    return _each_connection(partial(_Latest, runnable(handler), every, key))


def variable(var: tkinter.Variable) -> EventHandler:
    """Return a handler that sets a Tk variable to each message; labels bound to it follow.

    Args:
        var: A variable such as a ``StringVar``; it is set to text messages, to binary ones decoded
            as UTF-8, and to values.

    Raises:
        TypeError: ``var`` is not a Tk variable.
    """
    check_kind("var", var, tkinter.Variable, "a tkinter.Variable")

    def assign(ws: WebSocket, type: str, message: Any) -> None:
        if type in _MESSAGES:
            var.set(message.decode(errors="replace") if type == Event.BINARY else message)

    return assign


def json(handler: AnyHandler) -> EventHandler:
    """Return a handler that decodes text messages as JSON and passes them on as ``value`` events.

    For handlers of which only some expect values; the option ``codec=tkws.JSON`` does it for a connection or
    a server.

    Args:
        handler: Called as ``handler(ws, "value", value)``, and with an ``error`` event whose message is a
            `CodecError` for a text that is not JSON. Other events are passed on unchanged.

    Raises:
        TypeError: ``handler`` is not callable.
    """
    check_handler("handler", handler)
    return decoding(runnable(handler), JSON, (Event.TEXT,))


def virtual_event(widget: tkinter.Misc) -> VirtualEvents:
    """Return a handler that generates ``<<WebSocketText>>`` and so on for a widget.

    The names are ``<<WebSocketConnect>>``, ``<<WebSocketText>>``, ``<<WebSocketBinary>>``
    and so on, one for each `Event`. Tkinter passes no data to the binding of a virtual event; the
    binding reads it from the handler::

        events = tkws.virtual_event(widget)
        widget.bind("<<WebSocketText>>", lambda _: print(events.message))
        tkws.open(url, events)

    Raises:
        TypeError: ``widget`` is not a widget.
    """
    return VirtualEvents(widget)


class VirtualEvents:
    """The handler that `virtual_event` returns.

    Attributes:
        ws: The connection of the event that is being generated.
        type: Its type.
        message: Its message.
    """

    def __init__(self, widget: tkinter.Misc) -> None:
        check_kind("widget", widget, tkinter.Misc, "a widget")
        widget.winfo_id()  # Tk drops virtual events of a widget without a window
        self._widget = widget
        self.ws: WebSocket | None = None
        self.type: str = ""
        self.message: Any = None

    def __call__(self, ws: WebSocket, type: str, message: Any) -> None:
        """Generate the virtual event."""
        self.ws, self.type, self.message = ws, type, message
        self._widget.event_generate(f"<<WebSocket{type.capitalize()}>>", when="now")


class _Paced(ABC):
    """Delays the messages of one connection and passes them on when they are due.

    The handler is called under the same conditions as for any event: not while it runs Tk's loop, and not
    while the connection is paused.
    """

    def __init__(self, handler: AnyHandler, every: float) -> None:
        self._handler = handler
        self._every = every
        self._timer: Timer | None = None

    def __call__(self, ws: WebSocket, type: str, message: Any) -> None:
        if type not in _MESSAGES:
            self._pass_on(ws, (type, message))
            return
        self._add(type, message)
        if self._timer is None:
            self._timer = ws.loop.call_later(self._every, self._on_timer, ws)

    def _on_timer(self, ws: WebSocket) -> None:
        self._timer = None
        if not call_as_handler(ws, partial(self._pass_on, ws)):
            self._timer = ws.loop.call_later(self._every, self._on_timer, ws)

    def _pass_on(self, ws: WebSocket, *then: tuple[str, Any]) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        _call_each(ws, ((self._handler, *event) for event in chain(self._take(), then)))

    @abstractmethod
    def _add(self, type: str, message: Any) -> None:
        """Add a message to those that are waiting."""

    @abstractmethod
    def _take(self) -> Iterable[tuple[str, Any]]:
        """Return the waiting messages and forget them."""


class _Batch(_Paced):
    def __init__(self, handler: AnyHandler, every: float) -> None:
        super().__init__(handler, every)
        self._batches: list[tuple[str, list[Any]]] = []

    def _add(self, type: str, message: Any) -> None:
        if not self._batches or self._batches[-1][0] != type:
            self._batches.append((type, []))
        self._batches[-1][1].append(message)

    def _take(self) -> Iterable[tuple[str, Any]]:
        batches, self._batches = self._batches, []
        return batches


class _Latest(_Paced):
    def __init__(self, handler: AnyHandler, every: float, key: Callable[[Any], Hashable] | None) -> None:
        super().__init__(handler, every)
        self._key = key
        self._latest: dict[Hashable, tuple[str, Any]] = {}

    def _add(self, type: str, message: Any) -> None:
        self._latest[self._key(message) if self._key else None] = (type, message)

    def _take(self) -> Iterable[tuple[str, Any]]:
        latest, self._latest = self._latest, {}
        return latest.values()


def _call_each(ws: WebSocket, calls: Iterator[tuple[AnyHandler, str, Any]]) -> None:
    """Call each handler with its event, although one raises; but none once the interpreter is destroyed."""
    for handler, type, message in calls:
        if ws.loop.closed:
            return
        try:
            handler(ws, type, message)
        except Exception:
            ws.loop.report_exception()
        except BaseException:  # SystemExit leaves mainloop, which may be called again
            _call_each(ws, calls)
            raise


def _each_connection(make: Callable[[], AnyHandler]) -> EventHandler:
    """Return a handler that uses a separate one for each connection, for as long as that exists."""
    # By id, with a weak reference: a WeakKeyDictionary takes five times as long.
    handlers: dict[int, tuple[AnyHandler, ref[WebSocket]]] = {}

    def call_own(ws: WebSocket, type: str, message: Any) -> None:
        own = handlers.get(id(ws))
        if own is None:
            number = id(ws)
            own = handlers[number] = make(), ref(ws, lambda _: handlers.pop(number))
        own[0](ws, type, message)

    return call_own
