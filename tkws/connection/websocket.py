"""`WebSocket`: what a program holds of a connection, from the call that opens it to its end.

A WebSocket begins CONNECTING. Its maker (`tkws.client`, `tkws.serving`, `tkws.commands`)
then tells it how that went: `WebSocket.begin` with a stream, or `WebSocket.fail`. Everything
that happens reaches the program through its handler, on the thread of Tk.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from tkws.connection.delivery import Delivery
from tkws.connection.driver import Connection
from tkws.connection.outbox import Outbox
from tkws.connection.statistics import Statistics, statistics_of
from tkws.errors import ConnectionClosed, OpenTimeout, StateError, WebSocketError
from tkws.loop import Loop, Timer
from tkws.net import Stream, run_aside
from tkws.options import Configurable, ConnectionOptions, changed
from tkws.protocol.closing import CloseCode, encode_close
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.engine import Buffer, Engine, State, encode_message
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.frames import MAX_CONTROL_PAYLOAD, Role
from tkws.protocol.masking import MaskPool, load_numpy_by

if TYPE_CHECKING:
    from tkws.client.retry import Attempts
    from tkws.http.messages import Request, Response

_MASKS = MaskPool(os.urandom)
load_numpy_by(run_aside)  # the import would hold the window up

live: dict[WebSocket, None] = {}
"""Every WebSocket that is not closed, in the order of their making."""


class WebSocket(Configurable):
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
        broadcasts_skipped: Messages of `Server.broadcast` left out, since this end was too slow.
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
        self.broadcasts_skipped = 0
        self._options = options
        self._delivery = Delivery(loop, self, options.handler, options.reentrant, self._on_room)
        self._outbox = Outbox(loop, self._delivery.post)
        self._kept = self._outbox.kept  # looked at by each `send`
        self._connection: Connection | None = None
        self._connected_since: float | None = None
        self._reconnections = 0
        self._opening = True
        self._ended = False
        self._attempt: Callable[[], Callable[[], object]] | None = None
        self._attempts: Attempts | None = None
        self._cancel_opening: Callable[[], object] | None = None
        self._given_up: tuple[int, str] | None = None  # the `close` event of an opening
        self._retry_timer: Timer | None = None
        self._on_end: Callable[[WebSocket], object] = lambda ws: None
        live[self] = None

    def __repr__(self) -> str:
        peer = f" {self.peername!r}" if self.peername else ""
        url = ascii(self.url.partition("?")[0])[1:-1] or "-"  # a peer's Host may be in it
        return f"<{type(self).__name__} {self.role.name.lower()} {self.state.name} {url}{peer}>"

    # What a program does with it

    def send(self, message: str | Buffer, *, final: bool = True, compress: bool | None = None) -> int:
        """Send a message, or a fragment of one.

        It goes out at once; from a handler, or with more than 64 KiB, gathered after the call.

        Args:
            message: ``str`` goes as text, bytes-like as binary.
            final: False for a fragment that others of the same kind follow, from the same thread.
            compress: Whether to compress; None leaves that to the option ``compression``.

        Returns:
            The bytes queued, header included; from another thread, and into the offline
            buffer, the bytes of the payload.

        Raises:
            TypeError: For a message of another type.
            ValueError: For text that cannot be encoded.
            StateError: Where the connection is not open, unless the option ``offline_buffer``
                has room. Another thread's message may find that out only later: then an
                ``error`` event brings it back in a `MessagesLost`, before ``disconnect``.
        """
        if not isinstance(final, bool):
            raise TypeError(f"final: True or False, not {final!r}")
        if compress is not None and not isinstance(compress, bool):
            raise TypeError(f"compress: True, False or None, not {compress!r}")
        if not self.loop.in_loop_thread():
            return self._send_from_thread(message, final, compress)
        if self._opening and final and self._options.offline_buffer:
            return self._outbox.keep(message, compress, self._options.offline_buffer)
        connection = self._open_connection()
        if self._kept and not self._outbox.greeting:
            self._outbox.send_kept(connection)
        size = connection.engine.send(message, self.loop.now(), final=final, compress=compress)
        connection.output_added()
        if self._kept and final:  # this was the end of the message that they had to wait for
            self.loop.call_soon(self._outbox.send_kept, connection)
        return size

    def ping(self, payload: str | bytes = b"") -> int:
        """Send a ping of at most 125 bytes; the answer comes as a ``pong`` event (RFC 6455, 5.5.2).

        Returns:
            The bytes queued, header included; from another thread 0.

        Raises:
            TypeError: For a payload of another type.
            ValueError: For a longer payload.
            StateError: Where the connection is not open. From another thread, an ``error`` event may
                bring it later, or ``disconnect`` comes before the ping went out.
        """
        return self._send_control("ping", payload)

    def pong(self, payload: str | bytes = b"") -> int:
        """Send a pong that nobody asked for (RFC 6455, 5.5.3). Pings are answered without it.

        Returns:
            As `ping`.

        Raises:
            TypeError: As `ping`.
            ValueError: As `ping`.
            StateError: As `ping`.
        """
        return self._send_control("pong", payload)

    def close(self, code: int | None = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Begin the closing handshake, or give up an opening; ``close`` and ``disconnect`` follow.

        What was sent before goes out before, from whichever thread. A second call changes nothing.

        Args:
            code: 1000 to 1003, 1007 to 1014 or 3000 to 4999; None for a Close without a code.
            reason: A text for the peer; what is beyond 123 bytes of UTF-8 is cut off.

        Raises:
            TypeError: For arguments of other types.
            ValueError: For a code that must not be sent, or a reason without a code.
        """
        encode_close(code, reason)
        if self._ended:
            return
        if not self.loop.in_loop_thread():
            with suppress(StateError):  # it has just ended
                self._outbox.hand_in(partial(self._close, code, reason))
            return
        self._outbox.flush()
        self._close(code, reason)

    def pause(self) -> None:
        """Stop reading and delivering, except ``drain``; a break before that ends it. Keepalive rests."""
        self._delivery.hold()
        if self._connection is not None:
            self._connection.regulate()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._delivery.release()

    def reconnect_now(self) -> None:
        """Make the next attempt at once instead of after its pause; nothing where none is due."""
        if self._retry_timer is not None:
            self._retry_timer.cancel()
            self._try_again()

    # What it is

    @property
    def state(self) -> State:
        """CONNECTING, OPEN, CLOSING or CLOSED."""
        if self._ended:
            return State.CLOSED
        if self._opening or self._connection is None:
            return State.CONNECTING
        return self._connection.engine.state

    @property
    def retry_in(self) -> float | None:
        """Seconds until the next attempt to connect; None where none is waiting."""
        return max(self._retry_timer.when - self.loop.now(), 0.0) if self._retry_timer else None

    @property
    def close_code(self) -> int | None:
        """The code of the ``close`` event, which the peer sent (RFC 6455, 7.1.5); None before it."""
        if self._given_up is not None:
            return self._given_up[0]
        return self._connection.engine.close_code if self._connection else None

    @property
    def close_reason(self) -> str:
        """The reason of the ``close`` event; empty before it."""
        if self._given_up is not None:
            return self._given_up[1]
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
        return statistics_of(
            self._connection.engine,
            connected_since=self._connected_since,
            reconnections=self._reconnections,
            broadcasts_skipped=self.broadcasts_skipped,
        )

    def send_encoded(self, frame: bytes) -> bool:
        """Send a frame of `tkws.protocol.engine.encode_broadcast`, gathered with what else this slice sends.

        Returns:
            False where it cannot be sent: while the connection is not open, or in the middle of a message.
        """
        connection = self._connection
        if connection is None or not connection.engine.send_encoded(frame, self.loop.now()):
            return False
        connection.gather()
        return True

    def send_directly(self, frame: bytes, now: float) -> bool:
        """Write such a frame at once; return False where it cannot be, or something waits before it.

        Args:
            frame: As for `send_encoded`.
            now: The time on the loop's clock.
        """
        return self._connection is not None and self._connection.send_directly(frame, now)

    def in_turn(self, call: Callable[[], object]) -> bool:
        """Call back as if it were the handler: events wait meanwhile.

        For handlers that hold messages back, such as `tkws.batched`.

        Returns:
            False, without a call, where it is not the time for one: the handler runs, or `pause`
            was called.
        """
        return self._delivery.run(call)

    # What its maker tells it

    def connect(self, attempt: Callable[[], Callable[[], object]], attempts: Attempts | None) -> None:
        """Make the first attempt to open, and others where that is wanted.

        Args:
            attempt: Begins an opening and returns how to give it up; `begin` or `fail` follows.
            attempts: Counts them and says when to try again; None for not at all.
        """
        self.loop.on_close(self.abandon)
        self._attempt = attempt
        self._attempts = attempts
        self._cancel_opening = attempt()

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
        self._opening = False
        self.loop.on_close(self.abandon)
        self.peername, self.sockname = stream.peername, stream.sockname
        self._reconnections += self._connected_since is not None
        self._connected_since = time.time()
        if self._attempts is not None:
            self._attempts.opened(self.loop.now())
        engine = Engine(
            self.role, self.loop.now(), masks=_MASKS if self.role is Role.CLIENT else None, codec=codec
        )
        self._connection = Connection(self.loop, stream, engine, self._delivery, self._lost)
        self._connection.configure(self._options)
        paused = self._delivery.held
        self._delivery.hold()  # nothing is told from inside the call that opens a connection
        self._delivery.handler = self._tell_first
        self._delivery.post([(Event.CONNECT, message)])
        self._connection.start(data)
        if not paused:
            self._delivery.release()
        # Behind what the handler of `connect` sends.
        self.loop.call_soon(self._outbox.send_kept, self._connection)

    def fail(self, error: WebSocketError) -> None:
        """End an opening that failed: ``timeout`` or ``error``, then ``disconnect``."""
        self._cancel_opening = None
        event = Event.TIMEOUT if isinstance(error, OpenTimeout) else Event.ERROR
        self._end([(event, error)], str(error), error)

    def abandon(self) -> None:
        """Leave without a word to the program: the interpreter goes, and the program with it."""
        self._delivery.close()
        if self._ended:  # and only the last events were still to be told
            return
        self._outbox.flush()
        self._outbox.close()
        self._leave()
        if self._cancel_opening is not None:
            self._cancel_opening()
        if self._connection is not None:
            self._connection.abandon()

    # How it works

    def _change(self, changes: dict[str, Any]) -> None:
        options = changed(self._options, changes)
        if options.compression != self._options.compression:
            raise StateError("compression: settled by the opening handshake, which has begun")
        self._options = options
        if self._delivery.handler not in (self._tell_first, self._tell_last):
            self._delivery.handler = options.handler
        self._delivery.reentrant = options.reentrant
        if self._connection is not None:
            self._connection.configure(options)

    def _send_control(self, kind: str, payload: str | bytes) -> int:
        encoded = _encode_payload(payload)
        if not self.loop.in_loop_thread():
            self._require_not_over()
            self._outbox.hand_in(partial(self._send_control, kind, encoded))
            return 0
        connection = self._open_connection()
        size: int = getattr(connection.engine, kind)(encoded, self.loop.now())
        connection.output_added()
        return size

    def _open_connection(self) -> Connection:
        if self._connection is None or self._opening or self._ended:
            raise StateError(f"The connection is {self.state.name}, not OPEN")
        return self._connection

    def _send_from_thread(self, message: str | Buffer, final: bool, compress: bool | None) -> int:
        _, payload = encode_message(message)
        copy = message if isinstance(message, str) else payload  # the thread may change its own
        self._require_not_over()
        self._outbox.hand_in(partial(self.send, copy, final=final, compress=compress), copy, final=final)
        return len(payload)

    def _require_not_over(self) -> None:
        if self.state in (State.CLOSING, State.CLOSED):
            raise StateError(f"The connection is {self.state.name}, not OPEN")

    def _close(self, code: int | None, reason: str) -> None:
        self._attempts = None
        self._delivery.release()
        if self._cancel_opening is not None:
            self._cancel_opening()
            self._cancel_opening = None
            sentence = "Closed by this program before the connection was open"
            self._given_up = int(CloseCode.ABNORMAL_CLOSURE), sentence
            self.loop.call_soon(self._end, [(Event.CLOSE, self._given_up)], sentence)
        elif self._connection is not None:
            self._connection.engine.close(code, reason, self.loop.now())
            self._connection.output_added()
        elif self._given_up is None:  # its socket is on the way from another thread
            self.loop.call_soon_threadsafe(self.close, code, reason)

    def _on_room(self) -> None:
        if self._connection is not None:
            self._connection.go_on()

    def _lost(self, sentence: str) -> None:
        assert self._connection is not None
        closed = ConnectionClosed(self.close_code or 0, self.close_reason)
        self._end([], sentence, self._connection.engine.fault or closed)

    def _end(self, events: list[EventRecord], sentence: str, cause: WebSocketError | None = None) -> None:
        """Tell the end of a connection or an opening, and try again where that is wanted."""
        if self._ended:  # the loop closed while this was on its way
            return
        disconnect = Event.DISCONNECT, sentence
        delay = self._next_delay(cause)
        if delay is not None and self._attempts is not None:
            events = [*events, disconnect, (Event.RETRY, (self._attempts.count, delay, cause))]
            self._outbox.disconnected()
            self._opening = True
            self._retry_timer = self.loop.call_later(delay, self._try_again)
            self._cancel_opening = self._give_up_retrying
        else:
            events = [*events, *self._outbox.close(), disconnect]
            self._leave()
            self._delivery.handler = self._tell_last
        self._delivery.post(events)

    def _leave(self) -> None:
        self._ended = True
        self._opening = False
        live.pop(self, None)
        self._on_end(self)

    def _tell_first(self, ws: WebSocket, type: str, message: object) -> None:
        """Be the handler for `connect`."""
        self._delivery.handler = self._options.handler
        self._outbox.greeting = True
        try:
            self._options.handler(ws, type, message)
        finally:
            self._outbox.greeting = False

    def _tell_last(self, ws: WebSocket, type: str, message: object) -> None:
        """Be the handler for what is told when it is over: the interpreter may go until the last of it."""
        if type == Event.DISCONNECT:
            self.loop.cancel_on_close(self.abandon)
        self._options.handler(ws, type, message)

    def _next_delay(self, cause: WebSocketError | None) -> float | None:
        if self._attempts is None or cause is None:
            return None
        try:
            return self._attempts.next_delay(cause, self.loop.now())
        except Exception:  # the program's own rule
            self.loop.report_exception()
            return None

    def _try_again(self) -> None:
        assert self._attempt is not None
        self._retry_timer = None
        self._cancel_opening = self._attempt()

    def _give_up_retrying(self) -> None:
        assert self._retry_timer is not None
        self._retry_timer.cancel()
        self._retry_timer = None


def _encode_payload(payload: object) -> bytes:
    """Return the payload of a control frame (RFC 6455, 5.5)."""
    try:
        encoded = payload.encode() if isinstance(payload, str) else payload
    except UnicodeEncodeError as error:
        raise ValueError(f"payload: not encodable as UTF-8: {error}") from error
    if not isinstance(encoded, bytes | bytearray | memoryview):
        raise TypeError(f"payload: str or bytes, not {type(payload).__name__}")
    encoded = bytes(encoded)
    if len(encoded) > MAX_CONTROL_PAYLOAD:
        raise ValueError(f"payload: at most {MAX_CONTROL_PAYLOAD} bytes, not {len(encoded)}")
    return encoded
