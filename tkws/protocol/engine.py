"""An open WebSocket connection without its input and output (RFC 6455, 5 to 7; RFC 7692).

The engine knows bytes and ``now``. It reads no clock, calls nobody back and never raises for
a fault of the peer. After every call into it, its owner does four things:

1. deliver `Engine.take_events`, then call `Engine.conclude`;
2. write `Engine.take_output`;
3. half-close the transport once `Engine.output_ended`, drop it once the state is CLOSED;
4. see that `Engine.handle_timer` is called at `Engine.deadline`.

Events are tuples ``(Event, message)``: TEXT and BINARY with the message; PING and PONG with
the payload; ERROR with a `ProtocolError` where the peer broke the protocol; and exactly one
CLOSE with ``(code, reason)``, after which nothing follows.

States, each with what ends it::

    OPEN     -- a Close frame sent, received or both --> CLOSING
    OPEN     -- end of stream, or no pong in time -----> CLOSED
    CLOSING  -- end of stream, or close_timeout -------> CLOSED

The server ends its output as soon as both Close frames have passed; the client waits for
that end (RFC 6455, 7.1.1), so that no port is left waiting on the server.
"""

from __future__ import annotations

from enum import IntEnum

from tkws.errors import ProtocolError, StateError
from tkws.protocol.closing import CloseCode, decode_close, encode_close
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.frames import MAX_CONTROL_PAYLOAD, Opcode, Role, encode_header
from tkws.protocol.keepalive import Due, Keepalive
from tkws.protocol.masking import MaskPool, apply_mask, mask_in_place
from tkws.protocol.messages import MessageReader

Buffer = bytes | bytearray | memoryview

_ONE_BUFFER = 16384  # bytes; a larger unmasked payload is not copied behind its header


class State(IntEnum):
    """Where a connection stands. The engine begins OPEN; CONNECTING is its owner's."""

    CONNECTING = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3


class Engine:
    """One end of an open connection.

    Args:
        role: Which end.
        now: The time, in seconds of any monotonic clock; the same clock in every call.
        masks: Where a client's masks come from; may be shared by any number of connections.
        codec: The compression that was agreed, or None.
        keepalive: Seconds without anything received after which a ping is sent; 0 for never.
        ping: The payload of these pings; empty to number them.
        pong_timeout: Seconds to wait for anything after such a ping; 0 to wait for ever.
        close_timeout: Seconds that the closing handshake may take.
        max_message: The most bytes a received message may have, decompressed.
        max_fragments: The most frames a received message may come in.

    Attributes:
        state: Where the connection stands.
        close_code: The code of the CLOSE event; None before it.
        close_reason: The reason of the CLOSE event; empty before it.
        keepalive: When to ping and when to give up; its ``interval`` and ``pong_timeout`` may
            be changed at any time, and its ``latency`` is the last round trip.
        ping_payload: The payload of keepalive pings; empty to number them.
        output_ended: Whether nothing more will be written.
        bytes_received: Bytes taken from the transport.
        bytes_sent: Bytes handed to the transport.
        frames_sent: Frames written.
        messages_sent: Messages written to their end.
        pings_sent: Pings written.
        pongs_received: Pongs read.
        pings_received: Pings read, each answered.
    """

    def __init__(
        self,
        role: Role,
        now: float,
        *,
        masks: MaskPool | None = None,
        codec: PerMessageDeflate | None = None,
        keepalive: float = 0.0,
        ping: bytes = b"",
        pong_timeout: float = 20.0,
        close_timeout: float = 10.0,
        max_message: int = 16 * 1024 * 1024,
        max_fragments: int = 131_072,
    ) -> None:
        if (masks is None) == (role is Role.CLIENT):
            raise ValueError("masks: a client needs them, a server has none (RFC 6455, 5.1)")
        self.role = role
        self.state = State.OPEN
        self.keepalive = Keepalive(now, keepalive, pong_timeout)
        self.ping_payload = ping
        self.close_timeout = close_timeout
        self.close_code: int | None = None
        self.close_reason = ""
        self.output_ended = False
        self.bytes_received = 0
        self.bytes_sent = 0
        self.frames_sent = 0
        self.messages_sent = 0
        self.pings_sent = 0
        self.pings_received = 0
        self.pongs_received = 0
        self.reader = MessageReader(role, codec, max_message=max_message, max_fragments=max_fragments)
        self._codec = codec
        self._masks = masks
        self._now = now
        self._events: list[EventRecord] = []
        self._output: list[Buffer] = []
        self._sending: Opcode | None = None  # the kind of a message that is sent in fragments
        self._sending_compressed = False
        self._close_sent = False
        self._close_deadline: float | None = None
        self._ending: ProtocolError | bytes | None = None  # the peer's, not yet concluded

    # What comes in

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes from the peer."""
        self._received(len(data), now)
        try:
            self.reader.receive(data, self._events, self._read_control)
        except ProtocolError as error:
            self._ending = error
            self.reader.stop()
        if not self._events:
            self.conclude(now)

    @property
    def concludes(self) -> bool:
        """Whether `conclude` has something to do."""
        return self._ending is not None

    def conclude(self, now: float) -> None:
        """Do what the peer's Close frame, or its fault, asks for; harmless where there is none.

        Events that came before it may be delivered first, so that what they make the program
        send still goes out. Where there are none, `receive_data` concludes by itself.
        """
        ending, self._ending = self._ending, None
        if ending is None:
            return
        self._now = now
        if isinstance(ending, ProtocolError):
            self._fail(ending)
        else:
            self._answer_close(ending)

    def get_buffer(self) -> memoryview | None:
        """Return where the next bytes belong while a large payload comes, else None."""
        return self.reader.get_buffer()

    def buffer_updated(self, count: int, now: float) -> None:
        """Take note of ``count`` bytes that were received into the buffer."""
        self._received(count, now)
        self.reader.buffer_updated(count, self._events)

    def receive_eof(self, now: float, cause: str = "The connection ended without a Close frame") -> None:
        """Take note that the stream ended, or with a ``cause`` of the caller's that it broke."""
        self.conclude(now)
        self._now = now
        self._lost(cause)

    def handle_timer(self, now: float) -> None:
        """Do what is due; harmless at any other time."""
        self._now = now
        if self._close_deadline is not None:
            if now >= self._close_deadline:
                self._lost("The peer did not finish the closing handshake in time")
            return
        if self.state is State.CLOSED:
            return
        due = self.keepalive.check(now)
        if due is Due.PING:
            self._write_ping(self.ping_payload or str(self.pings_sent + 1).encode())
        elif due is Due.GIVE_UP:
            self._lost(f"No pong within {self.keepalive.pong_timeout:g} seconds")

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
            StateError: Where the connection is not open, or the fragment is of another kind
                than the message that it would continue.
            ValueError: Where the text cannot be encoded.
        """
        self._require_open()
        kind, payload = encode_message(message)
        opcode = kind
        if self._sending is not None:
            if self._sending is not kind:
                raise StateError(f"An unfinished {self._sending.name.lower()} message must be finished first")
            opcode = Opcode.CONTINUATION
        self._now = now
        rsv1 = False
        if self._codec is not None:
            if opcode is not Opcode.CONTINUATION:
                long_enough = len(payload) >= self._codec.threshold or not final
                self._sending_compressed = rsv1 = long_enough if compress is None else compress
            if self._sending_compressed:
                payload = self._codec.encode(payload, final)
        self._sending = None if final else kind
        self.messages_sent += final
        return self._write_frame(opcode, payload, fin=final, rsv1=rsv1)

    def ping(self, payload: bytes, now: float) -> int:
        """Send a ping of at most 125 bytes; its pong comes as an event. Return the bytes queued."""
        self._require_open()
        self._now = now
        return self._write_ping(payload)

    def pong(self, payload: bytes, now: float) -> int:
        """Send an unsolicited pong (RFC 6455, 5.5.3). Return the bytes queued."""
        self._require_open()
        self._now = now
        return self._write_control(Opcode.PONG, payload)

    def send_encoded(self, frame: bytes, now: float) -> bool:
        """Send a frame of `encode_broadcast`, unless the connection is not open or amid a message."""
        if self.state is not State.OPEN or self._sending is not None:
            return False
        self._now = now
        self.messages_sent += 1
        self._write(frame)
        return True

    def close(self, code: int | None, reason: str, now: float) -> None:
        """Begin the closing handshake; a second call changes nothing.

        Args:
            code: The code, or None for a Close frame without one.
            reason: Up to 123 bytes of UTF-8; more is cut at a character.
            now: The time.
        """
        payload = encode_close(code, reason)
        self._now = now
        if self.state is State.OPEN:
            self._send_close(payload)

    # What the owner fetches

    def take_events(self) -> list[EventRecord]:
        """Return what happened since the last call, in order."""
        events = self._events
        if events:
            self._events = []
        return events

    def take_output(self) -> list[Buffer]:
        """Return what has to be written, in order."""
        output = self._output
        if output:
            self._output = []
        return output

    @property
    def output_amount(self) -> int:
        """Bytes that `take_output` would return."""
        return sum(map(len, self._output))

    @property
    def has_output(self) -> bool:
        """Whether `take_output` would return anything."""
        return bool(self._output)

    @property
    def deadline(self) -> float | None:
        """When `handle_timer` is due next, on the clock of ``now``; None for never."""
        if self._close_deadline is not None:
            return self._close_deadline
        return self.keepalive.deadline if self.state is State.OPEN else None

    # How it works

    def _received(self, count: int, now: float) -> None:
        self._now = now
        self.keepalive.heard(now)
        self.bytes_received += count

    def _read_control(self, opcode: Opcode, payload: bytes) -> None:
        if opcode is Opcode.PING:
            self.pings_received += 1
            if self.state is State.OPEN:
                self._write_control(Opcode.PONG, payload)
            self._events.append((Event.PING, payload))
        elif opcode is Opcode.PONG:
            self.pongs_received += 1
            self.keepalive.pong_received(payload, self._now)
            self._events.append((Event.PONG, payload))
        else:
            decode_close(payload)  # where it is none, that is a fault of its own
            self._ending = payload
            self.reader.stop()

    def _answer_close(self, payload: bytes) -> None:
        """Finish the closing handshake (RFC 6455, 5.5.1)."""
        self._closed(*decode_close(payload))
        if not self._close_sent:
            self._send_close(payload[:2])
        self._end_handshake()

    def _fail(self, error: ProtocolError) -> None:
        """Fail the connection (RFC 6455, 7.1.7)."""
        self._events.append((Event.ERROR, error))
        reason = str(error)
        if not self._close_sent:
            self._send_close(encode_close(error.code, reason))
        self._closed(error.code, reason)
        self._end_handshake()

    def _closed(self, code: int, reason: str) -> None:
        """Tell the end of the conversation, once."""
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
            self._events.append((Event.CLOSE, (code, reason)))
            self.reader.stop()

    def _send_close(self, payload: bytes) -> None:
        self._write_control(Opcode.CLOSE, payload)
        self._close_sent = True
        self.state = State.CLOSING
        self._close_deadline = self._now + self.close_timeout

    def _end_handshake(self) -> None:
        if self.role is Role.SERVER:
            self.output_ended = True

    def _lost(self, cause: str) -> None:
        self._closed(CloseCode.ABNORMAL_CLOSURE, cause)
        self.state = State.CLOSED
        self.output_ended = True
        self._close_deadline = None

    def _write_ping(self, payload: bytes) -> int:
        size = self._write_control(Opcode.PING, payload)
        self.pings_sent += 1
        self.keepalive.ping_sent(payload, self._now)
        return size

    def _write_control(self, opcode: Opcode, payload: bytes) -> int:
        if len(payload) > MAX_CONTROL_PAYLOAD:
            raise ValueError(f"payload: at most {MAX_CONTROL_PAYLOAD} bytes, not {len(payload)}")
        return self._write_frame(opcode, payload)

    def _write_frame(self, opcode: Opcode, payload: bytes, *, fin: bool = True, rsv1: bool = False) -> int:
        size = len(payload)
        if self._masks is not None:
            mask = self._masks.next()
            header = encode_header(opcode, size, fin=fin, rsv1=rsv1, mask=mask)
            if size <= _ONE_BUFFER:
                return self._write(header + apply_mask(payload, mask))
            frame = bytearray(header)
            frame += payload
            mask_in_place(memoryview(frame)[len(header) :], mask)
            return self._write(frame)
        header = encode_header(opcode, size, fin=fin, rsv1=rsv1)
        if size <= _ONE_BUFFER:
            return self._write(header + payload)
        self._output.append(header)
        self.bytes_sent += len(header)
        return len(header) + self._write(payload)

    def _write(self, frame: Buffer) -> int:
        self._output.append(frame)
        self.frames_sent += 1
        self.bytes_sent += len(frame)
        return len(frame)

    def _require_open(self) -> None:
        if self.state is not State.OPEN:
            raise StateError(f"The connection is {self.state.name}, not OPEN")


def encode_broadcast(message: str | Buffer) -> bytes:
    """Return the one frame that any number of a server's connections can send.

    Args:
        message: ``str`` goes as text, bytes-like as binary; neither is compressed.
    """
    opcode, payload = encode_message(message)
    return encode_header(opcode, len(payload)) + payload


def encode_message(message: str | Buffer) -> tuple[Opcode, bytes]:
    """Return the kind of a message and its payload, a copy where the original might change."""
    if isinstance(message, str):
        try:
            return Opcode.TEXT, message.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"message: not encodable as UTF-8: {error}") from error
    if isinstance(message, bytes):
        return Opcode.BINARY, message
    if isinstance(message, bytearray | memoryview):
        return Opcode.BINARY, bytes(message)
    raise TypeError(f"message: str or bytes-like, not {type(message).__name__}")
