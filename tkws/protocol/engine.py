"""An open WebSocket connection without input and output (RFC 6455, 5 to 7; RFC 7692).

The engine answers pings, keeps the connection alive and closes it; `tkws.protocol.messages` reads what comes
in, `tkws.protocol.writer` writes what goes out. The engine knows bytes and ``now``, reads no clock, makes no
callback and never raises for a fault of the peer. After every call, its owner does four things:

1. deliver `Engine.take_events`, then, if there is an `Engine.pending_close`, call
   `Engine.complete_close` and deliver what that adds;
2. write `MessageWriter.take_output` of the `Engine.writer`;
3. half-close the transport once `Engine.output_ended` is true, drop it once the state is CLOSED;
4. call `Engine.handle_timer` at `Engine.deadline`. While `Engine.awaits_peer` is true, read what has arrived
   and call `Engine.note_unsent` first, so that a deadline measures the peer and not a queue.

An owner that has set `MessageReader.may_hold` also calls `Engine.receive_data` without data while
`MessageReader.held` is true, once it has delivered the events before.

Events are tuples ``(Event, message)``: TEXT and BINARY with the message; PART with a
`tkws.protocol.events.Part` of one; PING and PONG with the payload; ERROR with a `ProtocolError` if the peer
broke the protocol; and exactly one CLOSE with ``(code, reason)``, after which nothing follows. Its code is
that of the Close frame that the peer sent, 1005 if that had none, and 1006 if no valid one came
(RFC 6455, 7.1.5), even after a fault of the peer, for which this side sent the code of the ERROR.

States, each with what ends it::

    OPEN     -- a Close frame sent, received or both --> CLOSING
    OPEN     -- end of stream, or no pong in time -----> CLOSED
    CLOSING  -- end of stream, or close_timeout -------> CLOSED

The server ends its output as soon as both Close frames have passed; the client waits for
that end (RFC 6455, 7.1.1), so that no port is left waiting on the server: for a second at most
(`tkws.protocol.closetimer.LINGER`), since nothing is left to be said.

Long because everything that happens to a connection is a method here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tkws.checks import Buffer
from tkws.errors import ProtocolError, StateError
from tkws.plurals import counted
from tkws.protocol.closetimer import CloseTimer
from tkws.protocol.closing import CloseCode, decode_close, encode_close
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.encoded import EncodedMessage
from tkws.protocol.engineoptions import DEFAULTS, EngineOptions
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.frames import Opcode, Role
from tkws.protocol.keepalive import Due, Keepalive
from tkws.protocol.masking import MaskPool
from tkws.protocol.messages import MessageReader, never
from tkws.protocol.payloads import encode_control
from tkws.protocol.state import State, not_open
from tkws.protocol.trace import Tracer
from tkws.protocol.writer import MessageWriter

_UNFINISHED = "The peer did not finish the closing handshake in time"
_UNREAD = "The peer did not read the data sent before the Close frame in time"

_OPEN: Final = State.OPEN  # in Python 3.11, looking a member up on its enum is a call
_SERVER: Final = Role.SERVER


class Engine:
    """One end of an open connection.

    Args:
        role: Client or server.
        now: The time, in seconds of any monotonic clock; the same clock in every call.
        masks: The source of a client's masks, which many connections may share; None for a server.
        compression: The compression that was agreed, or None.
        options: The options and limits; `configure` changes them.

    Attributes:
        state: The state; it begins OPEN.
        close_code: The code of the CLOSE event; None before it.
        close_reason: The reason of the CLOSE event; empty before it.
        role: As above.
        keepalive: When to ping and when to give up; its ``latency`` is the last round trip.
        reader: The reading half, which counts what it received.
        writer: The writing half, which counts what it wrote and has the output.
        fault: The peer's fault, if this side failed the connection for it; otherwise None.
        pending_close: How the peer ended the connection, until `complete_close` is called: its fault, or the
            code and reason of its Close frame and the answer to it; otherwise None.
        auto_complete_close: Whether a pending close is completed as soon as no events wait to be taken; if
            False, the owner always calls `complete_close`.
        output_ended: Whether nothing more will be written.
        bytes_received: Bytes taken from the transport.
        pings_sent: Pings written.
        pings_received: Pings received. While pongs are deferred, only the latest is answered.
        pongs_received: Pongs received, solicited or not.

    Raises:
        ValueError: ``masks`` do not fit the role.
    """

    __slots__ = (
        "_close_timer", "_compression", "_deferred_pong", "_defers_pongs", "_events", "_now", "_options",
        "auto_complete_close", "bytes_received", "close_code", "close_reason", "fault", "keepalive",
        "output_ended", "pending_close", "pings_received", "pings_sent", "pongs_received", "reader",
        "role", "state", "writer",
    )  # fmt: skip

    def __init__(
        self,
        role: Role,
        now: float,
        *,
        masks: MaskPool | None = None,
        compression: PerMessageDeflate | None = None,
        options: EngineOptions = DEFAULTS,
    ) -> None:
        if (masks is None) == (role is Role.CLIENT):
            raise ValueError("masks: a client needs them, a server has none (RFC 6455, 5.1)")
        self.role: Role = role
        self.state: State = State.OPEN
        self.keepalive: Final = Keepalive(now, options.keepalive, options.pong_timeout)
        self.reader: Final = MessageReader(
            role, compression, max_message=options.max_message, max_fragments=options.max_fragments
        )
        self.reader.set_in_parts(options.in_parts)
        self.writer: Final = MessageWriter(masks, compression, options.fragment_size)
        self._options = options
        self.close_code: int | None = None
        self.close_reason: str = ""
        self.fault: ProtocolError | None = None
        self.auto_complete_close: bool = True
        self.output_ended: bool = False
        self.bytes_received: int = 0
        self.pings_sent: int = 0
        self.pings_received: int = 0
        self.pongs_received: int = 0
        self._compression = compression
        self._now = now
        self._events: list[EventRecord] = []
        self._close_timer: CloseTimer | None = None
        self._defers_pongs = False
        self._deferred_pong: bytes | None = None
        self.pending_close: ProtocolError | tuple[int, str, bytes] | None = None

    def configure(self, options: EngineOptions) -> None:
        """Change the options. A closing handshake that has begun keeps its ``close_timeout``."""
        self.keepalive.interval = options.keepalive
        self.keepalive.pong_timeout = options.pong_timeout
        self.reader.max_message = options.max_message
        self.reader.max_fragments = options.max_fragments
        self.reader.set_in_parts(options.in_parts)
        self.writer.set_fragment_size(options.fragment_size)
        self._options = options

    def trace(self, tracer: Tracer | None) -> None:
        """Call ``tracer`` with each frame read or written from now on, which slows reading; None to stop."""
        self.reader.trace(tracer)
        self.writer.trace(tracer)

    @property
    def compression_ratio(self) -> float:
        """Bytes of compressed messages on the wire, divided by their size; 1.0 if none was compressed."""
        compression = self._compression
        if compression is None or not compression.plain_bytes:
            return 1.0
        return compression.compressed_bytes / compression.plain_bytes

    # What comes in

    def receive_data(self, data: bytes, now: float, is_spent: Callable[[], bool] = never) -> None:
        """Process bytes from the peer; empty to continue with what the reader holds.

        A reader that may hold does so once ``is_spent`` returns True.
        """
        self._now = now
        self.bytes_received += len(data)
        self.keepalive.data_received(now)
        reader = self.reader
        if reader.stopped:
            return
        try:
            reader.receive(data, self._events, self._read_control, is_spent)
        except ProtocolError as error:
            reader.stop()
            self.pending_close = error
        if self.pending_close is not None and self.auto_complete_close and not self._events:
            self.complete_close(now)

    def complete_close(self, now: float) -> None:
        """Answer the peer's Close frame or fault; a no-op if neither came.

        The owner delivers earlier events first, so that the program can still answer them.
        """
        pending_close, self.pending_close = self.pending_close, None
        if pending_close is None:
            return
        self._now = now
        if isinstance(pending_close, ProtocolError):  # the connection is failed (RFC 6455, 7.1.7)
            self.fault = pending_close
            self._events.append((Event.ERROR, pending_close))
            code, reason = int(CloseCode.ABNORMAL_CLOSURE), str(pending_close)
            answer = encode_close(pending_close.code, reason)
        else:
            code, reason, answer = pending_close
        self._report_close(code, reason)
        if self._close_timer is None:
            self._close_timer = self._send_close(answer)
        self._close_timer.peer_finished(now)
        if self.role is _SERVER:
            self.output_ended = True

    def buffer_updated(self, count: int, now: float) -> None:
        """Take ``count`` bytes that were received into `MessageReader.get_buffer` of the `reader`.

        Raises:
            ValueError: The buffer had no room for so many.
        """
        self.reader.buffer_updated(count, self._events)
        self._now = now
        self.bytes_received += count
        self.keepalive.data_received(now)

    def receive_eof(self, now: float, cause: str = "The connection ended without a Close frame") -> None:
        """Note that the stream ended, or broke; ``cause`` is the reason of the CLOSE event, if one is due."""
        self._drop(cause, now)

    def handle_timer(self, now: float) -> None:
        """Do what is due; a no-op at any other time."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return
        self._now = now
        if self._close_timer is not None:
            if self._close_timer.expired(now):
                self._drop(_UNFINISHED if self._close_timer.close_sent else _UNREAD, now)
            return
        due = self.keepalive.poll(now)
        if due is Due.PING:
            self._write_keepalive()
        elif due is Due.GIVE_UP:
            self._drop(f"No pong within {counted(self.keepalive.pong_timeout, 'second', style='g')}", now)

    @property
    def awaits_peer(self) -> bool:
        """Whether the deadline is the peer's: to answer a ping, or to finish the closing handshake."""
        return self._close_timer is not None or self.keepalive.unanswered

    def note_unsent(self, amount: int, now: float) -> None:
        """Record how many bytes of the output taken so far have not reached the peer.

        An estimate is enough, with or without the overhead of TLS. Without this call, output counts as sent
        when it is taken.
        """
        sent = self.writer.bytes_taken - amount
        if self._close_timer is not None:
            self._close_timer.output_sent(sent, now)
        else:
            self.keepalive.output_sent(sent, now)

    def pause_reading(self, now: float) -> None:
        """Note that the owner stopped reading: until it resumes, silence is not the peer's."""
        self.keepalive.pause()
        if self._close_timer is not None:
            self._close_timer.pause(now)

    def resume_reading(self, now: float) -> None:
        """Note that the owner reads again."""
        self.keepalive.resume(now)
        if self._close_timer is not None:
            self._close_timer.resume(now)

    def probe(self, now: float) -> None:
        """Ping the peer now, as after a suspend; a no-op without a keepalive."""
        if self.state is _OPEN and self.pending_close is None and self.keepalive.probe(now):
            self._now = now
            self._write_keepalive()

    # What goes out

    def send(
        self, message: str | Buffer, now: float, *, final: bool = True, compress: bool | None = None
    ) -> int:
        """Send a message or a fragment of one as `MessageWriter.write_message`; return the bytes queued.

        Raises:
            StateError: The connection is not open, or as there.
        """
        if self.state is not _OPEN:
            raise not_open(self.state)
        self._now = now
        return self.writer.write_message(message, final, compress)

    def ping(self, payload: Buffer, now: float) -> int:
        """Send a ping of at most 125 bytes; its pong comes as an event.

        Returns:
            The number of bytes queued, header included.

        Raises:
            StateError: The connection is not open.
            TypeError: ``payload`` is neither text nor bytes-like.
            ValueError: ``payload`` is longer than 125 bytes, or cannot be encoded as UTF-8.
        """
        payload = encode_control("payload", payload)
        if self.state is not _OPEN:
            raise not_open(self.state)
        self._now = now
        return self._write_ping(payload)

    def pong(self, payload: Buffer, now: float) -> int:
        """Send an unsolicited pong (RFC 6455, 5.5.3). Arguments, result and errors are those of `ping`."""
        payload = encode_control("payload", payload)
        if self.state is not _OPEN:
            raise not_open(self.state)
        self._now = now
        return self.writer.write_frame(Opcode.PONG, payload)

    def defer_pongs(self) -> None:
        """Answer no pings until `send_deferred_pong`: the peer is not reading what it was sent."""
        self._defers_pongs = True

    def send_deferred_pong(self, now: float) -> None:
        """Answer pings again, and of those that came in the meantime only the latest (RFC 6455, 5.5.3)."""
        self._now = now
        payload, self._deferred_pong, self._defers_pongs = self._deferred_pong, None, False
        if payload is not None and not self.reader.stopped:
            self.writer.write_frame(Opcode.PONG, payload)

    def send_encoded(self, message: EncodedMessage, now: float, *, directly: bool = False) -> bytes:
        """Send a message that other connections may send too.

        Args:
            message: The message.
            now: The time.
            directly: Whether the owner writes the frame itself, if no other output has to go first.

        Returns:
            The frame; empty if the connection is not open, or a message is half sent.

        Raises:
            StateError: This is a client, which must mask its frames.
        """
        if self.role is not _SERVER:
            raise StateError("A client must mask its frames: use send()")
        self._now = now
        return self.writer.write_encoded(message, directly) if self.state is _OPEN else b""

    def close(self, code: int | None, reason: str, now: float) -> None:
        """Begin the closing handshake; idempotent. The arguments and errors are those of `encode_close`."""
        payload = encode_close(code, reason)
        self._now = now
        if self.state is _OPEN:
            self._close_timer = self._send_close(payload)

    # What the owner takes and asks

    def take_events(self) -> list[EventRecord]:
        """Return what happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    @property
    def ready_for_message(self) -> bool:
        """Whether the connection is open and no message is half sent."""
        return self.state is _OPEN and self.writer.unfinished is None

    @property
    def deadline(self) -> float | None:
        """When `handle_timer` is due next, on the clock of ``now``; None for never."""
        if self._close_timer is not None:
            return self._close_timer.deadline
        if self.state is not _OPEN or self.pending_close is not None:
            return None
        return self.keepalive.deadline

    # How it works

    def _read_control(self, opcode: Opcode, payload: bytes) -> None:
        if opcode is Opcode.PING:
            self.pings_received += 1
            if self._defers_pongs:
                self._deferred_pong = payload
            else:
                self.writer.write_frame(Opcode.PONG, payload)  # after our own Close, too (RFC 6455, 5.5.2)
            self._events.append((Event.PING, payload))
        elif opcode is Opcode.PONG:
            self.pongs_received += 1
            self.keepalive.pong_received(payload, self._now)
            self._events.append((Event.PONG, payload))
        else:
            code, reason = decode_close(payload)
            self.pending_close = (code, reason, payload if self._options.echo_close_reason else payload[:2])
            self.reader.stop()

    def _report_close(self, code: int, reason: str) -> None:
        if self.close_code is None:
            self.close_code, self.close_reason = int(code), reason
            self._events.append((Event.CLOSE, (int(code), reason)))
            self.reader.stop()

    def _send_close(self, payload: bytes) -> CloseTimer:
        self.writer.write_frame(Opcode.CLOSE, payload)
        self.state = State.CLOSING
        timer = CloseTimer(self._now, self._options.close_timeout, self.writer.bytes_written)
        if self.keepalive.paused:
            timer.pause(self._now)
        return timer

    def _drop(self, cause: str, now: float) -> None:
        self.complete_close(now)
        self._report_close(CloseCode.ABNORMAL_CLOSURE, cause)
        self.state = State.CLOSED
        self.output_ended = True
        self._close_timer = None

    def _write_keepalive(self) -> None:
        self.keepalive.expect_pong_after(self.writer.bytes_written, self._now)
        self._write_ping(self._options.ping_payload or str(self.pings_sent + 1).encode())

    def _write_ping(self, payload: bytes) -> int:
        self.pings_sent += 1
        self.keepalive.remember_ping(payload, self._now)
        return self.writer.write_frame(Opcode.PING, payload)
