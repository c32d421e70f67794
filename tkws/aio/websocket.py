"""A WebSocket that can be awaited, on tkws's own connection; the names are those of `websockets`.

`Connection` handles the events of a `tkws.WebSocket`. Messages wait in a `MessageQueue`. A message leaves it
in the same step in which `recv` returns it, so a cancelled `recv` loses none.

Long because a program finds all that a connection can do in one class; half of it is docstrings.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias, TypeGuard

from tkws.aio.guest import GuestLoop
from tkws.aio.messagequeue import MessageQueue
from tkws.checks import Buffer
from tkws.codecs import JSON, encode_value
from tkws.connection.download import Download, Target, new_download
from tkws.connection.fragments import Source
from tkws.connection.upload import Upload
from tkws.connection.websocket import WebSocket, session_of
from tkws.errors import CodecError, ConnectionClosed, StateError, WebSocketError
from tkws.options import ignore
from tkws.protocol.closing import CloseCode
from tkws.protocol.events import Event, Part
from tkws.protocol.payloads import encode_control
from tkws.protocol.state import State

if TYPE_CHECKING:
    from tkws.http.messages import Request, Response

Data: TypeAlias = str | Buffer

# In Python 3.11, looking a member up on its enum is a call.
_TEXT: Final = Event.TEXT
_BINARY: Final = Event.BINARY
_VALUE: Final = Event.VALUE
_PART: Final = Event.PART
_OPEN: Final = State.OPEN

_PLAIN = (str, bytes)


class ConnectionClosedOK(ConnectionClosed):
    """The connection was closed in order: with the code 1000 or 1001."""


class ConnectionClosedError(ConnectionClosed):
    """The connection was closed by a fault, or broke."""


class Connection:
    """A connection that can be awaited; `connect`, `serve` and `stream` make it.

    Args:
        loop: The event loop in which it is awaited.
        limits: The numbers of messages in the queue at which the socket is paused and resumed.

    Attributes:
        ws: The underlying connection.
    """

    ws: WebSocket
    _UNTIL_OPEN: ClassVar[str] = "await its `opened`"
    _attached: WebSocket | None = None
    _data: Any = None

    def __init__(self, loop: GuestLoop, limits: tuple[float, float]) -> None:
        self.opened: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._queue = MessageQueue(loop, limits)
        self._senders: set[asyncio.Future[None]] = set()
        self._pings: dict[bytes, tuple[asyncio.Future[float], float]] = {}
        self._fragments = asyncio.Lock()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._close: tuple[int, str] = (CloseCode.ABNORMAL_CLOSURE, "")
        self._cause: WebSocketError | None = None

    def attach(self, ws: WebSocket) -> None:
        """Set the connection, whose handler is `on_event`."""
        self.ws = self._attached = ws
        if self._data is not None:
            ws.data, self._data = self._data, None
        self._loop.on_end.add(self._vanish)

    # ---- events of tkws

    def on_event(self, ws: WebSocket, type: str, message: Any) -> None:
        """Handle an event of the connection."""
        if type is _TEXT or type is _BINARY or type is _VALUE or type is _PART:
            self._queue.put(message, ws)
        elif type == Event.CONNECT:
            _resolve(self.opened)
        elif type == Event.DRAIN:
            self._wake_senders()
        elif type == Event.PONG:
            self._take_pong(message)
        elif isinstance(message, CodecError):
            self._queue.put(message, ws)
        elif type in (Event.ERROR, Event.TIMEOUT):
            self._cause = message
        elif type == Event.CLOSE:
            self._close = message
        elif type == Event.DISCONNECT:
            self._end()

    def _take_pong(self, payload: bytes) -> None:
        if payload in self._pings:
            for sent in list(self._pings):  # a pong answers the pings before it too (RFC 6455, 5.5.3)
                future, since = self._pings.pop(sent)
                if not future.done():
                    future.set_result(self._loop.time() - since)
                if sent == payload:
                    return

    def _end(self) -> None:
        self._loop.on_end.discard(self._vanish)
        if not self.opened.done():
            self.opened.set_exception(self._cause or StateError("the opening was given up"))
            self.opened.exception()  # the program may have stopped waiting
        _resolve(self._closed)
        self._queue.wake()
        self._wake_senders()
        pings, self._pings = self._pings, {}
        for future, _ in pings.values():
            if not future.done():
                future.set_exception(self._closed_error())
                future.exception()  # the program need not await it

    def _vanish(self) -> None:
        """End with the window: whatever waits here is cancelled."""
        self._loop.on_end.discard(self._vanish)
        _resolve(self._closed)

    def _wake_senders(self) -> None:
        for future in self._senders:
            _resolve(future)

    def _closed_error(self) -> ConnectionClosed:
        code, reason = self._close
        in_order = code in (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY)
        error = (ConnectionClosedOK if in_order else ConnectionClosedError)(code, reason)
        error.__cause__ = self._cause
        return error

    # ---- what is awaited

    async def recv(self) -> Any:
        """Return the next message: text as ``str``, binary as ``bytes``; with a codec, its value.

        With the option ``stream`` it returns the next `Part` of a message.

        Cancelling it loses no message.

        Raises:
            CodecError: The codec cannot decode this message; the next call returns the one after it.
            ConnectionClosed: The connection is closed, and all its messages were received.
            StateError: Another task is receiving already.
        """
        queue = self._queue
        while not queue.messages:
            if self._closed.done():
                raise self._closed_error()
            await queue.wait()
        return queue.pop()

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Receive messages until the connection is closed in order.

        Raises:
            ConnectionClosedError: The connection was lost, or closed with another code.
            CodecError: As `recv`.
        """
        queue = self._queue
        try:
            while True:
                yield queue.pop() if queue.messages else await self.recv()
        except ConnectionClosedOK:
            return

    async def send(self, message: Data | Iterable[Data] | AsyncIterable[Data]) -> None:
        """Send a message; wait while more than ``high_water`` bytes are unsent.

        Args:
            message: A ``str`` is sent as text, a bytes-like object as binary; each item of an iterable or
                asynchronous iterable of these is a fragment of one message.

        Raises:
            TypeError: ``message`` is of a wrong type.
            ConnectionClosed: The connection is closed.
            StateError: It is not open yet.
        """
        if not isinstance(message, _PLAIN) and _is_fragments(message):
            await self._send_fragments(message)
            return
        if self._fragments.locked():
            async with self._fragments:
                pass
        if self._send_now(message):
            await self._drained()

    async def send_value(self, value: Any) -> None:
        """Send a value as a message, as `WebSocket.send_value` does; wait as `send` does.

        Raises:
            StateError: There is no codec, or the connection is not open yet.
            ConnectionClosed: It is closed.
            Exception: The codec does not take ``value``, and raises this.
        """
        await self.send(encode_value(session_of(self.ws).options.codec, value))

    async def send_json(self, value: Any) -> None:
        """Send a value as a text message of JSON; wait as `send` does.

        Raises:
            TypeError: ``value`` holds what JSON has not.
            ValueError: ``value`` holds an infinite number or NaN, contains itself, or is nested too deeply.
            ConnectionClosed: The connection is closed.
            StateError: It is not open yet.
        """
        await self.send(JSON.encode(value))

    def _send_now(self, message: Any, final: bool = True) -> bool:
        """Send a message, or a fragment; return whether too much is unsent then."""
        self._require_open()
        self.ws.send(message, final=final)
        session = session_of(self.ws)
        return session.buffered_amount > session.options.high_water

    async def _drained(self) -> None:
        if self._closed.done():
            return
        drained = self._loop.create_future()
        self._senders.add(drained)
        try:
            await drained
        finally:
            self._senders.discard(drained)
        if self._closed.done():
            raise self._closed_error()

    async def _send_fragments(self, fragments: Iterable[Data] | AsyncIterable[Data]) -> None:
        async with self._fragments:
            self._require_open()
            begun = False
            waiting: list[Data] = []
            try:
                async for fragment in _each(fragments):
                    if waiting:
                        begun = True
                        if self._send_now(waiting.pop(), final=False):
                            await self._drained()
                    waiting.append(fragment)
                if waiting:
                    full = self._send_now(waiting.pop())
                    begun = False
                    if full:
                        await self._drained()
            except BaseException:
                if begun and self.state is _OPEN:  # a message that has begun cannot be taken back
                    self.ws.close(CloseCode.INTERNAL_ERROR, "error in a fragmented message")
                raise

    def _require_open(self) -> None:
        if self.state is not _OPEN:
            if not self._closed.done():
                self._require_begun()
            raise self._closed_error()

    async def ping(self, data: Data | None = None) -> asyncio.Future[float]:
        """Send a ping.

        Args:
            data: Its payload, at most 125 bytes; None for a random one.

        Returns:
            A future of the seconds until its pong; it need not be awaited.

        Raises:
            ConnectionClosed: The connection is closed.
            StateError: It is not open yet, or a ping with this payload is waiting for its pong already.
        """
        self._require_open()
        payload = os.urandom(4) if data is None else encode_control("data", data)
        if payload in self._pings:
            raise StateError("a ping with this payload is waiting for its pong already")
        self.ws.ping(payload)
        future: asyncio.Future[float] = self._loop.create_future()
        self._pings[payload] = future, self._loop.time()
        return future

    async def pong(self, data: Data = b"") -> None:
        """Send an unsolicited pong; pings are answered automatically.

        Raises:
            ConnectionClosed: The connection is closed.
            StateError: It is not open yet.
        """
        self._require_open()
        self.ws.pong(encode_control("data", data))

    async def close(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Close the connection, and wait until it is closed. Idempotent.

        Raises:
            TypeError: An argument is of a wrong type.
            ValueError: ``code`` must not be sent.
        """
        self.ws.close(code, reason)
        self._queue.set_unlimited()
        await self.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until the connection is closed."""
        await asyncio.shield(self._closed)

    def send_stream(
        self,
        source: Source,
        *,
        text: bool = False,
        size: int | None = None,
        fragment_size: int | None = None,
        compress: bool | None = None,
        on_progress: Callable[[Upload], object] | None = None,
    ) -> Upload:
        """Send one message of any length in fragments, as `WebSocket.send_stream` does.

        Returns:
            The upload; ``await`` it to wait until all of it has left the program.

        Raises:
            TypeError, ValueError: As there.
            StateError: As there; a message in fragments is unfinished, or the connection is not open yet.
            ConnectionClosed: It is closed.
        """
        self._require_open()
        return self.ws.send_stream(
            source,
            text=text,
            size=size,
            fragment_size=fragment_size,
            compress=compress,
            on_progress=on_progress,
        )

    def receive_into(
        self,
        target: Target,
        *,
        max_size: int | None = None,
        on_progress: Callable[[Download], object] | None = None,
    ) -> Download:
        """Write the next message to a file, or hand it to a function, as `WebSocket.receive_into` does.

        If messages wait for `recv`, the first of them is taken. A message that is larger than
        ``max_message`` is refused if it arrives before the call: for such, use the option ``stream``.

        Returns:
            The download; ``await`` it to wait until all of the message was received.

        Raises:
            TypeError, ValueError, OSError: As there.
            StateError: The next message was decoded by the codec already, or `recv` has returned a part of
                it.
            ConnectionClosed: The connection is closed, and all its messages were received.
        """
        messages = self._queue.messages
        if not messages:
            if self._closed.done():
                raise self._closed_error()
            return self.ws.receive_into(target, max_size=max_size, on_progress=on_progress)
        session = session_of(self.ws)
        if session.options.codec is not None or type(messages[0]) is CodecError:
            raise StateError("the next message was decoded by the codec already: take it by recv()")
        if type(messages[0]) is Part and messages[0].offset:
            raise StateError("recv() has returned a part of the next message already")
        download = new_download(session, target, max_size=max_size, on_progress=on_progress, on_end=None)
        while messages:
            message = self._queue.pop()
            event = _type_of(message)
            is_last = download.ends_with(event, message)
            download.pass_on(ignore, event, message)
            if is_last:
                return download
        if self._closed.done():
            download.fail(self._closed_error())
        else:
            session.receive_into(download)
        return download

    # ---- groups of a server

    def join(self, group: str) -> None:
        """Join a group of the server's; see `WebSocket.join`.

        Raises:
            TypeError, ValueError: As there.
            StateError: As there; the connection is not open yet.
        """
        self._require_begun()
        self.ws.join(group)

    def leave(self, group: str) -> None:
        """Leave a group; see `WebSocket.leave`.

        Raises:
            TypeError: As there.
            StateError: The connection is not open yet.
        """
        self._require_begun()
        self.ws.leave(group)

    @property
    def groups(self) -> frozenset[str]:
        """The names of the groups that it has joined; after its end, those that it was in until then."""
        self._require_begun()
        return self.ws.groups

    def _require_begun(self) -> None:
        if self.state is State.CONNECTING:
            raise StateError(f"the connection is not open yet: {self._UNTIL_OPEN}")

    # ---- what it is

    @property
    def data(self) -> Any:
        """Anything that the program keeps with the connection; None at first.

        Before the connection is open, ``process_request`` may set it; it then replaces that of an `Admit`.
        """
        return self._data if self._attached is None else self._attached.data

    @data.setter
    def data(self, data: Any) -> None:
        if self._attached is None:
            self._data = data
        else:
            self._attached.data = data

    @property
    def state(self) -> State:
        """CONNECTING, OPEN, CLOSING or CLOSED."""
        return self.ws.state

    @property
    def latency(self) -> float:
        """Seconds between the last ping and its pong; 0 before there is one."""
        return self.ws.latency or 0.0

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol agreed; None without one."""
        return self.ws.protocol or None

    @property
    def request(self) -> Request | None:
        """The opening request."""
        return self.ws.request

    @property
    def response(self) -> Response | None:
        """The answer to it."""
        return self.ws.response

    @property
    def remote_address(self) -> Any:
        """The address of the other end."""
        return self.ws.peername

    @property
    def local_address(self) -> Any:
        """The address of this end."""
        return self.ws.sockname

    @property
    def close_code(self) -> int | None:
        """The code of the peer's Close frame; 1006 without one; None while the connection is open."""
        return self._close[0] if self._closed.done() else None

    @property
    def close_reason(self) -> str | None:
        """The reason beside it; None while the connection is open."""
        return self._close[1] if self._closed.done() else None


def _is_fragments(message: object) -> TypeGuard[Iterable[Data] | AsyncIterable[Data]]:
    """Return whether ``message`` is an iterable of fragments, not data itself."""
    if not isinstance(message, Iterable | AsyncIterable):
        return False
    try:
        memoryview(message).release()  # type: ignore[arg-type] # to find out
    except TypeError:
        return True
    return False


def _type_of(message: str | bytes | Part) -> Event:
    """Return the type of the event that had a message, or a part of one."""
    if isinstance(message, Part):
        return _PART
    return _TEXT if isinstance(message, str) else _BINARY


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _each(items: Iterable[Data] | AsyncIterable[Data]) -> AsyncIterator[Data]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
