"""Received bytes become messages: reading of frames, reassembly, UTF-8, limits.

Knows nothing of states, time or sockets. Messages go into the caller's list as tuples
``(event, message)``; control frames go to the caller's callable, since it has to act on them.

Three ways through, the fastest that fits:

- messages that each came whole in one frame are cut out and decoded in runs
  (`tkws.protocol.runs`);
- anything else, a fragment or a frame whose end has not come yet, goes piece by piece through
  a `Message`, so that invalid UTF-8, a limit or broken compression is noticed at the byte
  where it stands (RFC 6455, 8.1);
- a large binary payload is received into its own buffer (`MessageReader.get_buffer`), which
  becomes the message without being copied.
"""

from __future__ import annotations

import io
from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Callable
from typing import Any

from tkws.errors import ProtocolError
from tkws.protocol.closing import CloseCode
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.frames import FrameHeader, Opcode, Role, parse_header
from tkws.protocol.masking import apply_mask, mask_in_place
from tkws.protocol.runs import read_masked_run, read_unmasked_run
from tkws.protocol.trace import MAX_BEGINNING, Tracer, traced

Control = Callable[[Opcode, bytes], object]
"""Takes the opcode and the payload of a control frame."""

Run = Callable[[bytes, int, int, PerMessageDeflate | None, list[EventRecord]], int]
"""A function of `tkws.protocol.runs`."""

_DIRECT_THRESHOLD = 65536  # bytes still missing of a payload that make a buffer of its own worthwhile
_PIECES_BEFORE_JOIN = 1024  # bounds what tiny fragments cost beyond their bytes

_Utf8Decoder = getincrementaldecoder("utf-8")
_SURROGATES, _AFTER_SURROGATES = b"\xed\xa0", b"\xee"  # how they begin


class Message:
    """A message under way: its pieces, checked as they come.

    Args:
        opcode: TEXT or BINARY.
        codec: The decompressor, where the message is compressed.
        limit: The most bytes that it may have, decompressed.

    Attributes:
        event: The event of the whole message.
        size: Bytes so far, decompressed.
    """

    __slots__ = (
        "_codec", "_decoder", "_empty", "_fragments", "_joined", "_limit", "_pieces", "event", "size",
    )  # fmt: skip

    def __init__(self, opcode: Opcode, codec: PerMessageDeflate | None, limit: int) -> None:
        text = opcode is Opcode.TEXT
        self.event = Event.TEXT if text else Event.BINARY
        self.size: int = 0
        self._limit = limit
        self._codec = codec
        self._decoder = _Utf8Decoder() if text else None
        self._empty: Any = "" if text else b""
        self._pieces: list[Any] = []  # all str or all bytes
        self._joined = 0
        self._fragments = 0

    @property
    def is_plain_binary(self) -> bool:
        """Whether the payload is the message, byte for byte."""
        return self._codec is None and self._decoder is None

    def begin_fragment(self, length: int, max_fragments: int) -> None:
        """Hold a frame of ``length`` bytes of payload against the limits before it is received."""
        self._fragments += 1
        if self._fragments > max_fragments:
            reason = f"Message in more than {max_fragments} fragments, the limit of max_fragments"
            raise ProtocolError(CloseCode.POLICY_VIOLATION, reason)
        if self._codec is None and self.size + length > self._limit:
            reason = f"Message of more than {self._limit} bytes, the limit of max_message"
            raise ProtocolError(CloseCode.MESSAGE_TOO_BIG, reason)

    def add(self, payload: bytes, final: bool) -> bytes:
        """Take the next piece of the payload and return it decompressed; ``final`` says that none follows."""
        if self._codec is not None:
            payload = self._codec.decode(payload, final, self._limit, self.size)
        self.size += len(payload)
        self._pieces.append(payload if self._decoder is None else self._decode(self._decoder, payload, final))
        if len(self._pieces) - self._joined >= _PIECES_BEFORE_JOIN:
            self._pieces[self._joined :] = [self._empty.join(self._pieces[self._joined :])]
            self._joined += 1
        return payload

    def value(self) -> str | bytes:
        """Return the whole message."""
        whole: str | bytes = self._empty.join(self._pieces)
        return whole

    def _decode(self, decoder: IncrementalDecoder, payload: bytes, final: bool) -> str:
        try:
            text = decoder.decode(payload, final)
            # Python waits for the third byte of a surrogate, which some error handlers let pass.
            if not final and _SURROGATES <= decoder.getstate()[0] < _AFTER_SURROGATES:
                decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise ProtocolError(CloseCode.INVALID_PAYLOAD, "Text is not valid UTF-8") from error
        return text


class PayloadBuffer:
    """Where a large payload is received; it becomes the payload without being copied.

    Args:
        size: The payload's size in bytes.

    Attributes:
        missing: The part that is not filled yet; a new view after each `filled`.
    """

    __slots__ = ("_file", "_size", "missing")

    def __init__(self, size: int) -> None:
        # bytes(n) is not touched before it is written: a peer that announces 16 MiB and sends
        # nothing costs nothing.
        self._file = io.BytesIO(bytes(size))
        self._size = size
        self.missing: memoryview[int] = self._file.getbuffer()

    def filled(self, count: int, mask: bytes) -> None:
        """Take note that ``count`` bytes more are there, to be unmasked where there is a ``mask``."""
        filled, self.missing = self.missing, self.missing[count:]
        if mask:
            mask_in_place(filled[:count], mask, self._size - len(filled))
        filled.release()

    def take(self) -> bytes:
        """Return the payload; the buffer must not be used afterwards."""
        self.missing.release()  # BytesIO copies its bytes while a view of them exists
        return self._file.getvalue()


class MessageReader:
    """The reading half of a connection.

    Args:
        role: Which side reads; it decides whether frames must be masked.
        codec: The compression that was agreed, or None.
        max_message: The most bytes a message may have, decompressed.
        max_fragments: The most frames a message may come in.

    Attributes:
        max_message: As above; a change counts from the next message on.
        max_fragments: As above; a change counts from the next frame on.
        frames: Frames received whole.
        messages: Messages received whole.
        payload: Where the rest of a large payload is received; None unless one is on its way.
        stopped: Whether `stop` was called.
    """

    __slots__ = (
        "_beginning", "_codec", "_frame", "_masked", "_message", "_missing", "_rest", "_run", "_tracer",
        "frames", "max_fragments", "max_message", "messages", "payload", "stopped",
    )  # fmt: skip

    def __init__(
        self, role: Role, codec: PerMessageDeflate | None, *, max_message: int, max_fragments: int
    ) -> None:
        self.max_message: int = max_message
        self.max_fragments: int = max_fragments
        self.frames: int = 0
        self.messages: int = 0
        self.stopped: bool = False
        self._masked = role is Role.SERVER
        self._tracer: Tracer | None = None
        self._beginning = b""  # of the payload of _frame, decompressed, for the tracer
        self._run: Run = read_masked_run if self._masked else read_unmasked_run
        self._codec = codec
        self._rest = b""  # a header or control frame that has not come whole
        self._message: Message | None = None  # begun and not ended
        self._frame: FrameHeader | None = None  # the same; it belongs to _message
        self._missing = 0  # bytes of its payload
        self.payload: PayloadBuffer | None = None

    def trace(self, tracer: Tracer | None) -> None:
        """Call ``tracer`` with every frame that is received whole from now on; None to stop."""
        self._tracer = tracer
        self._beginning = b""
        if tracer is not None:
            self._run = _read_no_run
        else:
            self._run = read_masked_run if self._masked else read_unmasked_run

    def receive(self, data: bytes, events: list[EventRecord], control: Control) -> None:
        """Read ``data``; append what it completes to ``events``, hand control frames to ``control``.

        Raises:
            ProtocolError: With the close code that tells the peer its fault. Messages that
                were complete before it are in ``events``.
        """
        if self._rest:
            data = self._rest + data
            self._rest = b""
        position = 0
        while not self.stopped:
            if self._frame is not None:
                position = self._read_payload(self._frame, data, position, events)
                if self._missing:
                    return
            if self._message is None:
                position = self._read_run(data, position, events)
                if position == len(data):
                    return
            header = parse_header(data, position, masked=self._masked, compression=self._codec is not None)
            if header is None or self._waits_for_control(header, data, position):
                self._rest = data[position:]
                return
            position += header.header_size
            if header.opcode.is_control:
                position = self._read_control(header, data, position, control)
            else:
                self._begin_frame(header, len(data) - position)

    def get_buffer(self) -> memoryview | None:
        """Return where the next bytes belong while a large payload comes, else None.

        The bytes may also come through `receive`. After writing to the start of the buffer,
        call `buffer_updated`, which takes the buffer back: it must not be used after that.
        """
        return self.payload.missing if self.payload is not None else None

    def buffer_updated(self, count: int, events: list[EventRecord]) -> None:
        """Take note of ``count`` bytes that were received into the buffer.

        Raises:
            ValueError: Where `get_buffer` gave no room for so many.
        """
        if self.stopped:
            return
        frame, buffer = self._frame, self.payload
        if frame is None or buffer is None or not 0 <= count <= self._missing:
            raise ValueError(f"count: {count} bytes are more than get_buffer() gave room for")
        buffer.filled(count, frame.mask)
        self._missing -= count
        if not self._missing:
            self.payload = None
            self._end_frame(frame, buffer.take(), events)

    def stop(self) -> None:
        """Ignore everything that comes from now on, and drop an unfinished message."""
        self.stopped = True
        self._rest = b""
        self._message = self._frame = self.payload = None

    def _read_run(self, data: bytes, position: int, events: list[EventRecord]) -> int:
        before = len(events)
        try:
            return self._run(data, position, self.max_message, self._codec, events)
        finally:
            self.frames += len(events) - before
            self.messages += len(events) - before

    def _waits_for_control(self, header: FrameHeader, data: bytes, position: int) -> bool:
        return header.opcode.is_control and len(data) - position < header.header_size + header.length

    def _read_control(self, header: FrameHeader, data: bytes, position: int, control: Control) -> int:
        end = position + header.length
        payload = data[position:end]
        self.frames += 1
        if header.mask:
            payload = apply_mask(payload, header.mask)
        if self._tracer is not None:
            self._tracer(traced(header, payload, received=True))
        control(header.opcode, payload)
        return end

    def _begin_frame(self, header: FrameHeader, available: int) -> None:
        message = self._message
        if header.opcode is Opcode.CONTINUATION:
            if message is None:
                raise ProtocolError(CloseCode.PROTOCOL_ERROR, "A continuation without a message to continue")
        elif message is not None:
            raise ProtocolError(CloseCode.PROTOCOL_ERROR, "A new message inside an unfinished one")
        else:
            message = Message(header.opcode, self._codec if header.rsv1 else None, self.max_message)
        message.begin_fragment(header.length, self.max_fragments)
        if message.is_plain_binary and header.length - available > _DIRECT_THRESHOLD:
            self.payload = _allocate(header.length)
        self._message = message
        self._frame = header
        self._missing = header.length

    def _read_payload(self, frame: FrameHeader, data: bytes, position: int, events: list[EventRecord]) -> int:
        end = min(position + self._missing, len(data))
        piece = data[position:end]
        if self.payload is not None:
            self.payload.missing[: len(piece)] = piece
            self.buffer_updated(len(piece), events)
            return end
        if frame.mask:
            piece = apply_mask(piece, frame.mask, frame.length - self._missing)
        self._missing -= len(piece)
        if not self._missing:
            self._end_frame(frame, piece, events)
        elif self._message is not None and piece:
            self._keep_beginning(self._message.add(piece, final=False))
        return end

    def _end_frame(self, frame: FrameHeader, piece: bytes, events: list[EventRecord]) -> None:
        message = self._message
        assert message is not None
        self._keep_beginning(message.add(piece, frame.fin))
        self._frame = None
        self.frames += 1
        if self._tracer is not None:
            self._tracer(traced(frame, self._beginning, received=True))
            self._beginning = b""
        if frame.fin:
            events.append((message.event, message.value()))
            self.messages += 1
            self._message = None

    def _keep_beginning(self, payload: bytes) -> None:
        if self._tracer is not None and len(self._beginning) <= MAX_BEGINNING:
            self._beginning += payload[: MAX_BEGINNING + 1 - len(self._beginning)]


def _read_no_run(
    data: bytes, position: int, limit: int, codec: PerMessageDeflate | None, events: list[EventRecord]
) -> int:
    return position


def _allocate(size: int) -> PayloadBuffer:
    try:
        return PayloadBuffer(size)
    except (MemoryError, OverflowError) as error:
        reason = f"No memory for a message of {size} bytes, though max_message allows it"
        raise ProtocolError(CloseCode.MESSAGE_TOO_BIG, reason) from error
