"""Turns received bytes into messages: frames, reassembly, UTF-8 and limits.

Knows nothing of states, time or sockets. Messages go into the caller's list as tuples
``(event, message)``; control frames go to the caller's callable, since the caller has to act on them.

There are three ways through; the fastest that fits is taken:

- messages that each came whole in one frame are cut out and decoded in runs (`tkws.protocol.runs`);
- anything else, a fragment or a frame whose end has not come yet, goes piece by piece through a
  `tkws.protocol.reassembly.Message`, so that invalid UTF-8, a message above a limit or broken compression is
  noticed as soon as the bytes at fault arrive (RFC 6455, 8.1);
- a large binary payload is received into its own buffer (`MessageReader.get_buffer`), which
  becomes the message without being copied.

A message may also be delivered in parts, as they come (`MessageReader.set_in_parts`); it is then never held
as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tkws.errors import ProtocolError
from tkws.plurals import counted
from tkws.protocol.closing import CloseCode
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.frames import FrameHeader, Opcode, Role, parse_header
from tkws.protocol.masking import apply_mask
from tkws.protocol.reassembly import Message, PayloadBuffer
from tkws.protocol.runs import read_masked_run, read_unmasked_run
from tkws.protocol.trace import MAX_BEGINNING, Tracer, traced

Control = Callable[[Opcode, bytes], object]
"""Takes the opcode and the payload of a control frame."""

Run = Callable[[bytes, int, int, PerMessageDeflate | None, list[EventRecord]], int]
"""A function of `tkws.protocol.runs`."""

_DIRECT_THRESHOLD = 65536  # bytes still missing of a payload that make a buffer of its own worthwhile
PART_SIZE = 65536  # bytes of a message after which a part is delivered, even if more have come
COMPRESSED_PIECE = 512  # bytes that are decompressed at a time: they become half a MiB at most
_FRAMES_BETWEEN_CHECKS = 32  # some 0.4 ms where none is in a run; a compressed one may take as long by itself

_PART: Final = Event.PART  # in Python 3.11, looking a member up on its enum is a call


def never() -> bool:
    """Return False: the time to read is not limited."""
    return False


class MessageReader:
    """The reading half of a connection.

    Args:
        role: Which side reads; it decides whether frames must be masked.
        compression: The compression that was agreed, or None.
        max_message: The most bytes a message may have, decompressed.
        max_fragments: The most frames a message may come in.

    Attributes:
        max_message: As above; a change takes effect with the next message.
        max_fragments: As above; a change takes effect with the next frame.
        frames: Frames received whole.
        messages: Messages received whole.
        may_hold: Whether reading stops, and sets `held`, after a part, before a message that is too large,
            and when it has taken long enough: the owner then delivers what came before, and calls `receive`
            without data.
        held: Whether received bytes wait for that call.
        asking: Whether they wait because a message is too large; `next_in_parts` admits it, in parts.
        payload: The buffer for the rest of a large payload; None unless one is being received.
        stopped: Whether `stop` was called.
    """

    __slots__ = (
        "_beginning", "_compression", "_delivered", "_frame", "_in_parts", "_incomplete", "_masked",
        "_message", "_next_in_parts", "_payload_left", "_run", "_tracer", "asking", "frames", "held",
        "max_fragments", "max_message", "may_hold", "messages", "payload", "stopped",
    )  # fmt: skip

    def __init__(
        self, role: Role, compression: PerMessageDeflate | None, *, max_message: int, max_fragments: int
    ) -> None:
        self.max_message: int = max_message
        self.max_fragments: int = max_fragments
        self.frames: int = 0
        self.messages: int = 0
        self.stopped: bool = False
        self.may_hold: bool = False
        self.held: bool = False
        self.asking: bool = False
        self._in_parts = False
        self._next_in_parts = False
        self._delivered = 0  # bytes of parts in this call
        self._masked = role is Role.SERVER
        self._tracer: Tracer | None = None
        self._beginning = b""  # of the payload of _frame, decompressed, for the tracer
        self._run: Run = read_masked_run if self._masked else read_unmasked_run
        self._compression = compression
        self._incomplete = b""  # the beginning of a header or of a control frame
        self._message: Message | None = None  # begun and not ended
        self._frame: FrameHeader | None = None  # the same; it belongs to _message
        self._payload_left = 0  # bytes of its payload that have not come
        self.payload: PayloadBuffer | None = None

    def trace(self, tracer: Tracer | None) -> None:
        """Call ``tracer`` with every frame that is received whole from now on; None to stop."""
        self._tracer = tracer
        self._beginning = b""
        self._choose_run()

    def set_in_parts(self, in_parts: bool) -> None:
        """Deliver messages in parts (PART events) or whole, beginning with the next one."""
        self._in_parts = in_parts
        self._choose_run()

    def next_in_parts(self, wanted: bool = True) -> None:
        """Deliver the next message in parts, whatever `set_in_parts` said; False to withdraw that.

        It is the message under way, unless that is delivered in parts already.
        """
        message = self._message
        if wanted and message is not None and not message.in_parts:
            message.deliver_in_parts()
            return
        self._next_in_parts = wanted
        self._choose_run()

    def receive(
        self, data: bytes, events: list[EventRecord], control: Control, is_spent: Callable[[], bool] = never
    ) -> None:
        """Read ``data``; append completed messages to ``events``, pass control frames to ``control``.

        While bytes are `held`, more data is only kept; a call without data reads on. A reader that `may_hold`
        asks ``is_spent`` after some frames, since 64 KiB may be 32,768, and stops once that returns True.

        Raises:
            ProtocolError: The peer broke the protocol; its code is that of the Close frame. Messages that
                were complete before it are in ``events``.
        """
        if self.held:
            if data:
                self._incomplete += data
                return
            self.held = False
        if self._incomplete:
            data = self._incomplete + data
            self._incomplete = b""
        position = self._read_frames(data, events, control, is_spent)
        if not self.stopped and (position < len(data) or self._message is not None):
            self._leave(data, position, events)

    def get_buffer(self) -> memoryview | None:
        """Return the buffer for the next bytes while a large payload is received; otherwise None.

        The bytes may also come through `receive`. After writing to the start of the buffer,
        call `buffer_updated`, which takes the buffer back: it must not be used after that.
        """
        return self.payload.missing if self.payload is not None else None

    def buffer_updated(self, count: int, events: list[EventRecord]) -> None:
        """Process ``count`` bytes that were received into the buffer.

        Raises:
            ValueError: `get_buffer` gave no room for so many.
        """
        if self.stopped:
            return
        frame, buffer = self._frame, self.payload
        if frame is None or buffer is None or not 0 <= count <= self._payload_left:
            raise ValueError(f"count: {count} is more than get_buffer() gave room for")
        buffer.filled(count, frame.mask)
        self._payload_left -= count
        if not self._payload_left:
            self.payload = None
            self._end_frame(frame, buffer.take(), events)

    @property
    def payload_left(self) -> int:
        """The bytes of the present frame's payload that have not come."""
        return self._payload_left

    @property
    def within_message(self) -> bool:
        """Whether a message is under way."""
        return self._message is not None

    @property
    def within_parts(self) -> bool:
        """Whether a message that is delivered in parts is under way."""
        return self._message is not None and self._message.in_parts

    def stop(self) -> None:
        """Ignore everything that comes from now on, and drop an unfinished message."""
        self.stopped = True
        self.held = False
        self._incomplete = b""
        self._message = self._frame = self.payload = None

    def _choose_run(self) -> None:
        if self._tracer is not None or self._in_parts or self._next_in_parts:
            self._run = _read_no_run
        else:
            self._run = read_masked_run if self._masked else read_unmasked_run

    def _read_frames(
        self, data: bytes, events: list[EventRecord], control: Control, is_spent: Callable[[], bool]
    ) -> int:
        """Read as far as the data reach, or until held; return where."""
        position = 0
        between_checks = _FRAMES_BETWEEN_CHECKS if self._compression is None else 1
        check_at = self.frames + between_checks
        while not self.stopped:
            if self._frame is not None:
                position = self._read_payload(self._frame, data, position, events)
                if self._holds_after_part(position < len(data)) or self._payload_left:
                    break
            if self.frames >= check_at and self.may_hold and position < len(data):
                check_at = self.frames + between_checks
                self.held = is_spent()
                if self.held:
                    break
            if self._message is None:
                begin, position = position, self._read_run(data, position, events)
                if position == len(data):
                    break
                if position > begin:
                    continue
            header = parse_header(
                data, position, masked=self._masked, compression=self._compression is not None
            )
            if header is None or self._waits_for(header, data, position):
                break
            position += header.header_size
            if header.opcode.is_control:
                position = self._read_control(header, data, position, control)
            else:
                self._begin_frame(header, len(data) - position)
        return position

    def _holds_after_part(self, more: bool) -> bool:
        """Tell whether to hold what follows, since enough was delivered in parts."""
        self.held = more and self.may_hold and self._delivered >= PART_SIZE
        return self.held

    def _leave(self, data: bytes, position: int, events: list[EventRecord]) -> None:
        """Keep what was not read, and deliver what came of a message in parts."""
        self._incomplete = data[position:]
        if self._message is not None and self._message.in_parts:
            self._append_part(self._message, False, events)
        self._delivered = 0

    def _must_ask(self, header: FrameHeader) -> bool:
        """Tell whether to hold a message that is too large, once: the owner may want it in parts."""
        if self.asking:
            self.asking = False
            return False
        if self._message is not None:
            self.asking = self._message.exceeds(header.length)
        elif not (header.rsv1 or self._in_parts or self._next_in_parts):
            self.asking = header.length > self.max_message
        self.held = self.asking
        return self.asking

    def _read_run(self, data: bytes, position: int, events: list[EventRecord]) -> int:
        before = len(events)
        try:
            return self._run(data, position, self.max_message, self._compression, events)
        finally:
            self.frames += len(events) - before
            self.messages += len(events) - before

    def _waits_for(self, header: FrameHeader, data: bytes, position: int) -> bool:
        """Tell whether a frame is not to be begun yet: a control frame is read whole."""
        if header.opcode.is_control:
            return len(data) - position < header.header_size + header.length
        return self.may_hold and self._must_ask(header)

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
            message = self._new_message(header)
        message.begin_fragment(header.length, self.max_fragments)
        if message.is_plain_binary and not message.in_parts and header.length - available > _DIRECT_THRESHOLD:
            self.payload = _allocate(header.length)
        self._message = message
        self._frame = header
        self._payload_left = header.length

    def _new_message(self, header: FrameHeader) -> Message:
        message = Message(header.opcode, self._compression if header.rsv1 else None, self.max_message)
        if header.fin and not header.rsv1:
            message.total = header.length
        if self._in_parts or self._next_in_parts:
            message.deliver_in_parts()
            self._next_in_parts = False
            self._choose_run()
        return message

    def _read_payload(self, frame: FrameHeader, data: bytes, position: int, events: list[EventRecord]) -> int:
        message = self._message
        if message is not None and message.in_parts and self.payload is None:
            return self._read_parts(frame, message, data, position, events)
        end = min(position + self._payload_left, len(data))
        piece = data[position:end]
        if self.payload is not None:
            self.payload.missing[: len(piece)] = piece
            self.buffer_updated(len(piece), events)
            return end
        if frame.mask:
            piece = apply_mask(piece, frame.mask, frame.length - self._payload_left)
        self._payload_left -= len(piece)
        if not self._payload_left:
            self._end_frame(frame, piece, events)
        elif message is not None and piece:
            self._keep_beginning(message.add(piece, final=False))
        return end

    def _read_parts(
        self, frame: FrameHeader, message: Message, data: bytes, position: int, events: list[EventRecord]
    ) -> int:
        """Read the payload of a message in parts, up to where the frame or the data end, or it is held."""
        end = min(position + self._payload_left, len(data))
        size = COMPRESSED_PIECE if message.is_compressed else PART_SIZE
        while True:
            piece = data[position : min(position + size, end)]
            position += len(piece)
            if frame.mask:
                piece = apply_mask(piece, frame.mask, frame.length - self._payload_left)
            self._payload_left -= len(piece)
            if not self._payload_left:
                self._end_frame(frame, piece, events)
            elif piece:
                self._keep_beginning(message.add(piece, final=False))
            if message.size - message.delivered >= PART_SIZE:
                self._append_part(message, False, events)
            if position == end or (self.may_hold and self._delivered >= PART_SIZE):
                return position

    def _append_part(self, message: Message, final: bool, events: list[EventRecord]) -> None:
        part = message.take_part(final)
        if part is not None:
            events.append((_PART, part))
            self._delivered += len(part.data)

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
            if message.in_parts:
                self._append_part(message, True, events)
            else:
                events.append((message.event, message.value()))
            self.messages += 1
            self._message = None

    def _keep_beginning(self, payload: bytes) -> None:
        if self._tracer is not None and len(self._beginning) <= MAX_BEGINNING:
            self._beginning += payload[: MAX_BEGINNING + 1 - len(self._beginning)]


def _read_no_run(
    data: bytes, position: int, limit: int, compression: PerMessageDeflate | None, events: list[EventRecord]
) -> int:
    return position


def _allocate(size: int) -> PayloadBuffer:
    try:
        return PayloadBuffer(size)
    except (MemoryError, OverflowError) as error:
        reason = f"No memory for a message of {counted(size, 'byte')}, though max_message allows it"
        raise ProtocolError(CloseCode.MESSAGE_TOO_BIG, reason) from error
