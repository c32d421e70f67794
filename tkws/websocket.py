"""`WebSocket`: what a program holds of a connection, from the call that opens it to its end.

A WebSocket begins CONNECTING. Whoever opens it (`tkws.client`, `tkws.server`, `tkws.commands`)
then tells it how that went: `WebSocket.begin` with a stream, or `WebSocket.fail`. Everything
that happens reaches the program through its handler, on the thread of Tk.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from tkws.connection import Connection
from tkws.delivery import Delivery
from tkws.errors import OpenTimeout, StateError, WebSocketError
from tkws.loop import Loop
from tkws.net import Stream
from tkws.options import ConnectionOptions, changed, complete, describe
from tkws.protocol.closing import CloseCode, encode_close
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.engine import Buffer, Engine, State, encode_message
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.frames import Role
from tkws.protocol.masking import MaskPool

if TYPE_CHECKING:
    from tkws.protocol.http import Request, Response

_MASKS = MaskPool(os.urandom)

live: dict[WebSocket, None] = {}
"""Every WebSocket that is not closed, in the order of their making."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a connection has carried so far (`WebSocket.statistics`).

    Attributes:
        messages_sent: Whole messages.
        messages_received: Whole messages.
        bytes_sent: Bytes on the wire, headers included.
        bytes_received: Bytes on the wire, headers included.
        frames_sent: Frames of any kind.
        frames_received: Frames of any kind.
        pings_sent: Pings, the keepalive's included.
        pings_received: Pings; each was answered.
        pongs_received: Pongs, asked for or not.
        compression_ratio: Bytes of compressed messages on the wire over their bytes without
            compression, both ways together; 1.0 where none was compressed.
        connected_since: The Unix time of the opening, in seconds; None before it.
    """

    messages_sent: int = 0
    messages_received: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    frames_sent: int = 0
    frames_received: int = 0
    pings_sent: int = 0
    pings_received: int = 0
    pongs_received: int = 0
    compression_ratio: float = 1.0
    connected_since: float | None = None


class WebSocket:
    """A WebSocket connection of a Tk program.

    Made by `tkws.open`, `tkws.takeover`, `tkws.upgrade` and by servers, never directly.
    `send`, `ping`, `pong` and `close` may be called from any thread; everything else belongs
    to the thread of Tk.

    Attributes:
        loop: The loop that serves it: ``ws.loop.call_later(seconds, callback)``.
        role: `Role.CLIENT` or `Role.SERVER`.
        url: The URL that it was opened with, or that the client asked for.
        protocol: The subprotocol agreed; ``""`` for none.
        request: The opening request; None where there was none or not yet.
        response: The answer to it; None where there was none or not yet.
        peername: The remote end's address, as `socket.socket.getpeername` returns it; None
            before there is one.
        sockname: This end's address; None before there is one.
    """

    def __init__(self, loop: Loop, role: Role, options: ConnectionOptions, url: str = "") -> None:
        self.loop = loop
        self.role = role
        self.url = url
        self.protocol = ""
        self.request: Request | None = None
        self.response: Response | None = None
        self.peername: Any = None
        self.sockname: Any = None
        self._options = options
        self._delivery = Delivery(loop, self, options.handler, options.reentrant, self._on_room)
        self._connection: Connection | None = None
        self._connected_since: float | None = None
        self._ended = False
        self._cancel_opening: Callable[[], object] | None = None
        self._on_end: Callable[[WebSocket], object] = lambda ws: None
        live[self] = None

    def __repr__(self) -> str:
        peer = f" {self.peername}" if self.peername else ""
        return f"<{type(self).__name__} {self.role.name.lower()} {self.state.name} {self.url or '-'}{peer}>"

    # What a program does with it

    def send(self, message: str | Buffer, *, final: bool = True, compress: bool | None = None) -> int:
        """Send a message, or a fragment of one. It goes out at once, or gathered with others of this slice.

        Args:
            message: ``str`` goes as text, bytes-like as binary.
            final: False for a fragment that others of the same kind follow.
            compress: Whether to compress; None leaves that to the option ``compression``.

        Returns:
            The bytes queued, header included; from another thread the bytes of the payload.

        Raises:
            TypeError: For a message of another type.
            ValueError: For text that cannot be encoded.
            StateError: Where the connection is not open. For a call from another thread that
                is known only later, and told by an ``error`` event.
        """
        if not self.loop.in_loop_thread():
            _, payload = encode_message(message)
            self._from_thread(lambda: self.send(message, final=final, compress=compress))
            return len(payload)
        connection = self._open_connection()
        size = connection.engine.send(message, self.loop.now(), final=final, compress=compress)
        connection.output_added()
        return size

    def ping(self, payload: str | bytes = b"") -> int:
        """Send a ping of at most 125 bytes; the answer comes as a ``pong`` event (RFC 6455, 5.5.2).

        Returns:
            The bytes queued, header included; from another thread 0.

        Raises:
            TypeError: For a payload of another type.
            ValueError: For a longer payload.
            StateError: As `send`.
        """
        return self._send_control("ping", payload)

    def pong(self, payload: str | bytes = b"") -> int:
        """Send a pong that nobody asked for (RFC 6455, 5.5.3). Pings are answered without it.

        Returns:
            As `ping`.

        Raises:
            TypeError: As `ping`.
            ValueError: As `ping`.
            StateError: As `send`.
        """
        return self._send_control("pong", payload)

    def close(self, code: int | None = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Begin the closing handshake, or give up an opening; ``close`` and ``disconnect`` follow.

        A second call changes nothing.

        Args:
            code: 1000 to 1003, 1007 to 1014 or 3000 to 4999; None for a Close without a code.
            reason: A text for the peer; what is beyond 123 bytes of UTF-8 is cut off.

        Raises:
            TypeError: For arguments of other types.
            ValueError: For a code that must not be sent, or a reason without a code.
        """
        encode_close(code, reason)
        if not self.loop.in_loop_thread():
            self._from_thread(lambda: self.close(code, reason))
        elif self._connection is not None:
            self._delivery.release()
            self._connection.engine.close(code, reason, self.loop.now())
            self._connection.output_added()
        elif self._cancel_opening is not None:
            self._cancel_opening()
            self._cancel_opening = None
            sentence = "Closed by this program before the connection was open"
            self.loop.call_soon(
                self._end, [(Event.CLOSE, (int(CloseCode.ABNORMAL_CLOSURE), sentence))], sentence
            )

    def pause(self) -> None:
        """Stop reading and delivering: the peer feels the back-pressure. Keepalive rests meanwhile."""
        self._delivery.hold()
        if self._connection is not None:
            self._connection.regulate()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._delivery.release()

    # What it is

    @property
    def state(self) -> State:
        """CONNECTING, OPEN, CLOSING or CLOSED."""
        if self._ended:
            return State.CLOSED
        if self._connection is None:
            return State.CONNECTING
        return self._connection.engine.state

    @property
    def close_code(self) -> int | None:
        """The code of the ``close`` event (RFC 6455, 7.1.5); None before it."""
        return self._connection.engine.close_code if self._connection else None

    @property
    def close_reason(self) -> str:
        """The reason of the ``close`` event; empty before it."""
        return self._connection.engine.close_reason if self._connection else ""

    @property
    def latency(self) -> float | None:
        """Seconds that the last answered ping took there and back; None before one was."""
        return self._connection.engine.keepalive.latency if self._connection else None

    @property
    def buffered_amount(self) -> int:
        """Bytes that wait to be sent."""
        return self._connection.buffered_amount if self._connection else 0

    @property
    def statistics(self) -> Statistics:
        """What the connection has carried so far."""
        if self._connection is None:
            return Statistics()
        engine = self._connection.engine
        return Statistics(
            messages_sent=engine.messages_sent,
            messages_received=engine.reader.messages,
            bytes_sent=engine.bytes_sent,
            bytes_received=engine.bytes_received,
            frames_sent=engine.frames_sent,
            frames_received=engine.reader.frames,
            pings_sent=engine.pings_sent,
            pings_received=engine.pings_received,
            pongs_received=engine.pongs_received,
            compression_ratio=getattr(engine, "compression_ratio", 1.0),
            connected_since=self._connected_since,
        )

    def send_encoded(self, frame: bytes) -> bool:
        """Send a frame of `tkws.protocol.engine.encode_broadcast`; return False where it cannot be.

        It cannot while the connection is not open, or in the middle of a message.
        """
        connection = self._connection
        if connection is None or not connection.engine.send_encoded(frame, self.loop.now()):
            return False
        connection.output_added()
        return True

    # Tk's option protocol

    @overload
    def configure(self) -> dict[str, tuple[str, str, str, object, object]]: ...
    @overload
    def configure(self, option: str) -> tuple[str, str, str, object, object]: ...
    @overload
    def configure(self, option: None = None, **changes: Any) -> None: ...
    def configure(self, option: str | None = None, **changes: Any) -> Any:
        """Query or change options, as a Tk widget's ``configure`` does.

        Names may be shortened while they are clear, as in Tk.

        Args:
            option: The option to describe.
            **changes: Options and their new values; see `ConnectionOptions`.

        Returns:
            Without arguments every option's description by its name; with ``option`` that
            one's: name, database name, database class, default and value.

        Raises:
            TypeError: For a name that is no option, and for a value of a wrong type.
            ValueError: For a value that is out of range.
            StateError: For ``compression`` once the connection is open.
        """
        if changes:
            self._change(changes)
            return None
        if option is None:
            return {name: describe(self._options, name) for name in self.keys()}
        return describe(self._options, complete(option, self.keys()))

    config = configure

    def cget(self, option: str) -> Any:
        """Return the value of an option.

        Raises:
            TypeError: For a name that is no option.
        """
        return getattr(self._options, complete(option, self.keys()))

    def keys(self) -> list[str]:
        """Return the names of the options."""
        return list(ConnectionOptions.__dataclass_fields__)

    def __getitem__(self, option: str) -> Any:
        return self.cget(option)

    def __setitem__(self, option: str, value: Any) -> None:
        self._change({option: value})

    # What its maker tells it

    def opening(self, cancel: Callable[[], object]) -> None:
        """Take note of how the opening that has begun can be given up."""
        self._cancel_opening = cancel
        self.loop.on_close(self._abandon)

    def on_end(self, callback: Callable[[WebSocket], object]) -> None:
        """Have ``callback(ws)`` called when the connection is over, before ``disconnect`` is told."""
        self._on_end = callback

    def begin(
        self,
        stream: Stream,
        message: object,
        *,
        codec: PerMessageDeflate | None = None,
        data: bytes = b"",
    ) -> None:
        """Become OPEN on ``stream``: tell ``connect`` with ``message``, then read.

        Args:
            stream: Stands behind its opening handshake.
            message: The message of the ``connect`` event.
            codec: The compression agreed.
            data: What arrived behind the handshake.
        """
        self._cancel_opening = None
        self.loop.on_close(self._abandon)
        self.peername, self.sockname = stream.peername, stream.sockname
        self._connected_since = time.time()
        engine = Engine(
            self.role, self.loop.now(), masks=_MASKS if self.role is Role.CLIENT else None, codec=codec
        )
        self._connection = Connection(self.loop, stream, engine, self._delivery, self._lost)
        self._connection.configure(self._options)
        self._delivery.hold()  # nothing is told from inside the call that opens a connection
        self._delivery.post([(Event.CONNECT, message)])
        self._connection.start(data)
        self._delivery.release()

    def fail(self, error: WebSocketError) -> None:
        """End an opening that failed: ``timeout`` or ``error``, then ``disconnect``."""
        self._cancel_opening = None
        event = Event.TIMEOUT if isinstance(error, OpenTimeout) else Event.ERROR
        self._end([(event, error)], str(error))

    # How it works

    def _change(self, changes: dict[str, Any]) -> None:
        before, self._options = self._options, changed(self._options, changes)
        if self._connection is not None:
            if before.compression != self._options.compression:
                self._options = before
                raise StateError("compression: settled by the opening handshake")
            self._connection.configure(self._options)
        self._delivery.handler = self._options.handler
        self._delivery.reentrant = self._options.reentrant

    def _send_control(self, kind: str, payload: str | bytes) -> int:
        if isinstance(payload, str):
            payload = payload.encode()
        if not isinstance(payload, bytes | bytearray | memoryview):
            raise TypeError(f"payload: str or bytes, not {type(payload).__name__}")
        payload = bytes(payload)
        if len(payload) > 125:
            raise ValueError(f"payload: at most 125 bytes, not {len(payload)}")
        if not self.loop.in_loop_thread():
            self._from_thread(lambda: self._send_control(kind, payload))
            return 0
        connection = self._open_connection()
        size: int = getattr(connection.engine, kind)(payload, self.loop.now())
        connection.output_added()
        return size

    def _open_connection(self) -> Connection:
        if self._connection is None or self._ended:
            raise StateError(f"The connection is {self.state.name}, not OPEN")
        return self._connection

    def _from_thread(self, call: Callable[[], object]) -> None:
        """Make the call on the thread of Tk; where it cannot be made any more, an event says so."""

        def attempt() -> None:
            try:
                call()
            except StateError as error:
                self._delivery.post([(Event.ERROR, error)])

        self.loop.call_soon_threadsafe(attempt)

    def _on_room(self) -> None:
        if self._connection is not None:
            self._connection.go_on()

    def _lost(self, sentence: str) -> None:
        self._end([], sentence)

    def _end(self, events: list[EventRecord], sentence: str) -> None:
        self._ended = True
        live.pop(self, None)
        self.loop.cancel_on_close(self._abandon)
        self._on_end(self)
        self._delivery.post([*events, (Event.DISCONNECT, sentence)])

    def _abandon(self) -> None:
        """The interpreter goes: leave without a word to the program, which has gone as well."""
        self._ended = True
        live.pop(self, None)
        self._on_end(self)
        self._delivery.close()
        if self._cancel_opening is not None:
            self._cancel_opening()
        if self._connection is not None:
            self._connection.abandon()
