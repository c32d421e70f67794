"""An open WebSocket connection without its input and output (RFC 6455, 5 to 7; RFC 7692).

The engine knows bytes and ``now``. It reads no clock, makes no callbacks and never raises for
a fault of the peer. After every call into it, its owner does four things:

1. deliver `Engine.take_events`, then, if there is an `Engine.pending_close`, call
   `Engine.complete_close` and deliver what that adds;
2. write `Engine.take_output`;
3. half-close the transport once `Engine.output_ended`, drop it once the state is CLOSED;
4. see that `Engine.handle_timer` is called at `Engine.deadline`. While `Engine.awaits_peer` it reads what has
   arrived and calls `Engine.output_remaining` first, so that a deadline measures the peer and not a queue.

Events are tuples ``(Event, message)``: TEXT and BINARY with the message; PING and PONG with
the payload; ERROR with a `ProtocolError` where the peer broke the protocol; and exactly one
CLOSE with ``(code, reason)``, after which nothing follows. Its code is that of the Close frame that
the peer sent, 1005 if that had none, and 1006 if no valid one came (RFC 6455, 7.1.5): also after a
fault, when the code that this side sent is the error's.

States, each with what ends it::

    OPEN     -- a Close frame sent, received or both --> CLOSING
    OPEN     -- end of stream, or no pong in time -----> CLOSED
    CLOSING  -- end of stream, or close_timeout -------> CLOSED

The server ends its output as soon as both Close frames have passed; the client waits for
that end (RFC 6455, 7.1.1), so that no port is left waiting on the server. The wait is a second
long at most (`tkws.protocol.closetimer.LINGER`): nothing is left to be said.

Long because every call and attribute is documented; what it decides takes half of the lines.
"""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType
from typing import Final

from tkws.checks import Buffer
from tkws.errors import ProtocolError, StateError
from tkws.protocol.closetimer import CloseTimer
from tkws.protocol.closing import CloseCode, decode_close, encode_close
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.engineoptions import DEFAULTS, EngineOptions
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.frames import FrameHeader, Opcode, Role, encode_header, parse_header
from tkws.protocol.keepalive import Due, Keepalive
from tkws.protocol.masking import MaskedPayload, MaskPool, apply_mask
from tkws.protocol.messages import MessageReader
from tkws.protocol.payloads import encode_control, encode_message
from tkws.protocol.trace import Tracer, traced

_UNFINISHED = "The peer did not finish the closing handshake in time"
_UNREAD = "The peer did not read in time what was sent before the Close frame"

_ONE_BUFFER = 16384  # bytes; a larger payload is not copied behind its header, nor masked before it leaves


class State(IntEnum):
    """Where a connection stands. The engine begins OPEN; CONNECTING is its owner's."""

    CONNECTING = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3


_OPEN: Final = State.OPEN  # in Python 3.11, looking a member up on its enum is a call


class Engine:
    """One end of an open connection.

    Args:
        role: Which end.
        now: The time, in seconds of any monotonic clock; the same clock in every call.
        masks: Where a client's masks come from; may be shared by any number of connections.
        codec: The compression that was agreed, or None.
        options: May be changed at any time, see `configure`.

    Attributes:
        state: Where the connection stands.
        close_code: The code of the CLOSE event; None before it.
        close_reason: The reason of the CLOSE event; empty before it.
        role: As above.
        keepalive: When to ping and when to give up; its ``latency`` is the last round trip.
        reader: The reading half, which counts what it received.
        fault: The peer's fault, if this side failed the connection for it; else None.
        pending_close: How the peer ended the connection, until `complete_close` is called: its fault, or the
            code and reason of its Close frame and the answer to it; else None.
        auto_complete_close: Whether a pending close that follows no event is completed at once; otherwise the
            owner calls `complete_close`.
        output_ended: Whether nothing more will be written.
        bytes_received: Bytes taken from the transport.
        bytes_sent: Bytes handed to the transport.
        unfinished: The kind of a message that is half sent; None where none is.
        frames_sent: Frames written.
        messages_sent: Messages written to their end.
        pings_sent: Pings written.
        pings_received: Pings read; each was answered.
        pongs_received: Pongs read, asked for or not.

    Raises:
        ValueError: Where ``masks`` do not fit the role.
    """

    __slots__ = (
        "_close_timeout",
        "_close_timer",
        "_codec",
        "_compressing",
        "_deferred_pong",
        "_defers_pongs",
        "_echo_close_reason",
        "_events",
        "_masks",
        "_now",
        "_output",
        "_ping_payload",
        "_taken",
        "_tracer",
        "auto_complete_close",
        "bytes_received",
        "bytes_sent",
        "close_code",
        "close_reason",
        "fault",
        "frames_sent",
        "keepalive",
        "messages_sent",
        "output_ended",
        "pending_close",
        "pings_received",
        "pings_sent",
        "pongs_received",
        "reader",
        "role",
        "state",
        "unfinished",
    )  # fmt: skip

    def __init__(
        self,
        role: Role,
        now: float,
        *,
        masks: MaskPool | None = None,
        codec: PerMessageDeflate | None = None,
        options: EngineOptions = DEFAULTS,
    ) -> None:
        if (masks is None) == (role is Role.CLIENT):
            raise ValueError("masks: a client needs them, a server has none (RFC 6455, 5.1)")
        self.role: Role = role
        self.state: State = State.OPEN
        self.keepalive: Final = Keepalive(now, options.keepalive, options.pong_timeout)
        self.reader: Final = MessageReader(
            role, codec, max_message=options.max_message, max_fragments=options.max_fragments
        )
        self._ping_payload = options.ping_payload
        self._close_timeout = options.close_timeout
        self._echo_close_reason = options.echo_close_reason
        self.close_code: int | None = None
        self.close_reason: str = ""
        self.fault: ProtocolError | None = None
        self.auto_complete_close: bool = True
        self.output_ended: bool = False
        self.bytes_received: int = 0
        self.bytes_sent: int = 0
        self.frames_sent: int = 0
        self.messages_sent: int = 0
        self.pings_sent: int = 0
        self.pings_received: int = 0
        self.pongs_received: int = 0
        self._codec = codec
        self._masks = masks
        self._now = now
        self._events: list[EventRecord] = []
        self._output: list[bytes | MaskedPayload] = []
        self._taken = 0  # of bytes_sent
        self._tracer: Tracer | None = None
        self.unfinished: Opcode | None = None
        self._compressing = False  # whether that message is compressed
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
        self._ping_payload = options.ping_payload
        self._close_timeout = options.close_timeout
        self._echo_close_reason = options.echo_close_reason

    def trace(self, tracer: Tracer | None) -> None:
        """Call ``tracer`` with every frame that is received or written from now on; None to stop.

        Frames are then read one by one, which is slower.
        """
        self._tracer = tracer
        self.reader.trace(tracer)

    @property
    def compression_ratio(self) -> float:
        """Bytes of compressed messages on the wire over their bytes without compression, both ways.

        1.0 where no message was compressed.
        """
        codec = self._codec
        return codec.compressed_bytes / codec.plain_bytes if codec is not None and codec.plain_bytes else 1.0

    # What comes in

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes from the peer."""
        self._now = now
        self.bytes_received += len(data)
        self.keepalive.data_received(now)
        reader = self.reader
        if reader.stopped:
            return
        try:
            reader.receive(data, self._events, self._read_control)
        except ProtocolError as error:
            reader.stop()
            self.pending_close = error
        if self.pending_close is not None and self.auto_complete_close and not self._events:
            self.complete_close(now)

    def complete_close(self, now: float) -> None:
        """Do what the peer's Close frame or fault asks for; a no-op if neither came.

        Events that came before it may be delivered first, so that what they make the program
        send still goes out. Without any, `receive_data` does it by itself.
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
        if self.role is Role.SERVER:
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
        """Take note that the stream ended, or with another ``cause`` that it broke.

        The cause is the reason of the CLOSE event, where that was not told already.
        """
        self._connection_lost(cause, now)

    def handle_timer(self, now: float) -> None:
        """Do what is due; a no-op at any other time."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return
        self._now = now
        if self._close_timer is not None:
            if self._close_timer.expired(now):
                self._connection_lost(_UNFINISHED if self._close_timer.close_sent else _UNREAD, now)
            return
        due = self.keepalive.poll(now)
        if due is Due.PING:
            self._write_keepalive()
        elif due is Due.GIVE_UP:
            self._connection_lost(f"No pong within {self.keepalive.pong_timeout:g} seconds", now)

    @property
    def awaits_peer(self) -> bool:
        """Whether the deadline is one for the peer: to answer a ping, or to finish the closing handshake."""
        return self._close_timer is not None or self.keepalive.unanswered

    def output_remaining(self, amount: int, now: float) -> None:
        """Take note how much of the output that was taken has not reached the peer.

        Without this call, output counts as gone as soon as it is taken.

        Args:
            amount: Bytes, as far as the owner knows; with what TLS adds, or without it.
            now: The time.
        """
        left = self._taken - amount
        if self._close_timer is not None:
            self._close_timer.output_sent(left, now)
        else:
            self.keepalive.output_sent(left, now)

    def pause_reading(self, now: float) -> None:
        """Take note that the owner does not read: the peer is not to blame for what is not seen."""
        self.keepalive.pause()
        if self._close_timer is not None:
            self._close_timer.pause(now)

    def resume_reading(self, now: float) -> None:
        """Take note that the owner reads again."""
        self.keepalive.resume(now)
        if self._close_timer is not None:
            self._close_timer.resume(now)

    def probe(self, now: float) -> None:
        """Ask whether the peer is still there, such as after a suspend; only where there is a keepalive."""
        if self.state is _OPEN and self.pending_close is None and self.keepalive.probe(now):
            self._now = now
            self._write_keepalive()

    # What goes out

    def send(
        self, message: str | Buffer, now: float, *, final: bool = True, compress: bool | None = None
    ) -> int:
        """Send a message, or a fragment of one.

        Args:
            message: ``str`` goes as text, bytes-like as binary.
            now: The time.
            final: Whether the message ends here.
            compress: Whether to compress it; None leaves that to the threshold of the
                agreed compression. Without an agreement nothing is compressed.

        Returns:
            The bytes queued, header included.

        Raises:
            StateError: Where the connection is not open, or ``message`` is of another kind
                than the unfinished one that it would continue.
            TypeError: Where ``message`` is neither text nor bytes-like.
            ValueError: Where the text cannot be encoded.
        """
        if self.state is not _OPEN:
            raise not_open(self.state)
        kind, payload = encode_message(message)
        opcode = kind
        if self.unfinished is not None:
            if self.unfinished is not kind:
                raise StateError(
                    f"An unfinished {self.unfinished.name.lower()} message must be finished first"
                )
            opcode = Opcode.CONTINUATION
        self._now = now
        rsv1 = False
        plain: bytes | None = None
        if self._codec is not None:
            if opcode is kind:  # the first frame decides for the message (RFC 7692, 6.1)
                worthwhile = len(payload) >= self._codec.threshold or not final
                self._compressing = rsv1 = worthwhile if compress is None else compress
            if self._compressing:
                plain, payload = payload, self._codec.encode(payload, final)
        self.unfinished = None if final else kind
        self.messages_sent += final
        return self._write_frame(opcode, payload, fin=final, rsv1=rsv1, plain=plain)

    def ping(self, payload: Buffer, now: float) -> int:
        """Send a ping of at most 125 bytes; its pong comes as an event.

        Returns:
            The bytes queued, header included.

        Raises:
            StateError: Where the connection is not open.
            TypeError: Where ``payload`` is neither text nor bytes-like.
            ValueError: Where ``payload`` is longer.
        """
        payload = encode_control("payload", payload)
        if self.state is not _OPEN:
            raise not_open(self.state)
        self._now = now
        return self._write_ping(payload)

    def pong(self, payload: Buffer, now: float) -> int:
        """Send an unsolicited pong (RFC 6455, 5.5.3); otherwise as `ping`."""
        payload = encode_control("payload", payload)
        if self.state is not _OPEN:
            raise not_open(self.state)
        self._now = now
        return self._write_frame(Opcode.PONG, payload)

    def defer_pongs(self) -> None:
        """Answer no ping until `send_deferred_pong`: the peer does not read what it was sent."""
        self._defers_pongs = True

    def send_deferred_pong(self, now: float) -> None:
        """Answer pings again, and of those that came meanwhile the latest (RFC 6455, 5.5.3)."""
        self._now = now
        payload, self._deferred_pong, self._defers_pongs = self._deferred_pong, None, False
        if payload is not None and not self.reader.stopped:
            self._write_frame(Opcode.PONG, payload)

    def send_encoded(self, frame: bytes, now: float, *, directly: bool = False) -> bool:
        """Send a frame of `encode_broadcast`; return False where it is not open or amid a message.

        With ``directly`` the owner writes the frame, past `take_output`; False if that has output before it.

        Raises:
            StateError: In a client, which would have to mask it.
        """
        if self._masks is not None:
            raise StateError("A client must mask its frames: use send()")
        if not self.ready_for_message or (directly and self._output):
            return False
        size = len(frame)
        if self._tracer is not None:
            self._trace_encoded(frame)
        if directly:
            self._taken += size
        else:
            self._output.append(frame)
        self._now = now
        self.messages_sent += 1
        self.frames_sent += 1
        self.bytes_sent += size
        return True

    def close(self, code: int | None, reason: str, now: float) -> None:
        """Begin the closing handshake; a second call changes nothing.

        Args:
            code: The code, or None for a Close frame without one.
            reason: Up to 123 bytes of UTF-8; more is cut at a character.
            now: The time.

        Raises:
            TypeError: For arguments of other types.
            ValueError: For a code that must not be sent, or a reason without a code.
        """
        payload = encode_close(code, reason)
        self._now = now
        if self.state is _OPEN:
            self._close_timer = self._send_close(payload)

    # What the owner fetches

    def take_events(self) -> list[EventRecord]:
        """Return what happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def take_output_bytes(self) -> list[bytes | bytearray | memoryview]:
        """Return what has to be written, in order."""
        output = self.take_output()
        return [data.read(len(data)) if isinstance(data, MaskedPayload) else data for data in output]

    def take_output(self) -> list[bytes | MaskedPayload]:
        """Return the same, except that a large payload of a client is masked only as it is read."""
        output, self._output = self._output, []
        self._taken = self.bytes_sent
        return output

    @property
    def output_amount(self) -> int:
        """Bytes that `take_output` would return."""
        return self.bytes_sent - self._taken

    @property
    def ready_for_message(self) -> bool:
        """Whether the connection is open and no message is half sent."""
        return self.state is _OPEN and self.unfinished is None

    @property
    def has_output(self) -> bool:
        """Whether `take_output` would return anything."""
        return bool(self._output)

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
                self._write_frame(Opcode.PONG, payload)  # behind our own Close too (RFC 6455, 5.5.2)
            self._events.append((Event.PING, payload))
        elif opcode is Opcode.PONG:
            self.pongs_received += 1
            self.keepalive.pong_received(payload, self._now)
            self._events.append((Event.PONG, payload))
        else:
            code, reason = decode_close(payload)
            self.pending_close = (code, reason, payload if self._echo_close_reason else payload[:2])
            self.reader.stop()

    def _report_close(self, code: int, reason: str) -> None:
        if self.close_code is None:
            self.close_code, self.close_reason = int(code), reason
            self._events.append((Event.CLOSE, (int(code), reason)))
            self.reader.stop()

    def _send_close(self, payload: bytes) -> CloseTimer:
        self._write_frame(Opcode.CLOSE, payload)
        self.state = State.CLOSING
        timer = CloseTimer(self._now, self._close_timeout, self.bytes_sent)
        if self.keepalive.paused:
            timer.pause(self._now)
        return timer

    def _connection_lost(self, cause: str, now: float) -> None:
        self.complete_close(now)
        self._report_close(CloseCode.ABNORMAL_CLOSURE, cause)
        self.state = State.CLOSED
        self.output_ended = True
        self._close_timer = None

    def _write_keepalive(self) -> None:
        self.keepalive.ping_queued(self.bytes_sent, self._now)
        self._write_ping(self._ping_payload or str(self.pings_sent + 1).encode())

    def _write_ping(self, payload: bytes) -> int:
        self.pings_sent += 1
        self.keepalive.ping_sent(payload, self._now)
        return self._write_frame(Opcode.PING, payload)

    def _write_frame(
        self,
        opcode: Opcode,
        payload: bytes,
        *,
        fin: bool = True,
        rsv1: bool = False,
        plain: bytes | None = None,
    ) -> int:
        """Queue a frame; ``plain`` is its payload before compression."""
        mask = b"" if self._masks is None else self._masks.next()
        header = encode_header(opcode, len(payload), fin=fin, rsv1=rsv1, mask=mask)
        size = len(header) + len(payload)
        if self._tracer is not None:
            frame = FrameHeader(fin, rsv1, opcode, len(payload), mask, len(header))
            self._tracer(traced(frame, payload if plain is None else plain, received=False))
        if size > _ONE_BUFFER:
            self._output += (header, MaskedPayload(payload, mask) if mask else payload)
        else:
            self._output.append(header + (apply_mask(payload, mask) if mask else payload))
        self.frames_sent += 1
        self.bytes_sent += size
        return size

    def _trace_encoded(self, frame: bytes) -> None:
        header = parse_header(frame, 0, masked=False, compression=False)
        assert self._tracer is not None and header is not None
        self._tracer(traced(header, frame[len(frame) - header.length :], received=False))


_ADVICE = MappingProxyType(
    {
        State.CONNECTING: "wait for its `connect` event, or set the option offline_buffer",
        State.CLOSING: "nothing can be sent after close(), or after the peer has closed it",
        State.CLOSED: "it is over; open another one",
    }
)


def not_open(state: State) -> StateError:
    """Return the error of a call that only an open connection takes: what the state is, and what to do."""
    return StateError(f"The connection is {state.name}, not OPEN: {_ADVICE[state]}")
