"""Messages and control frames become bytes to send: the counterpart of `tkws.protocol.messages`.

Knows nothing of states, time or sockets: the engine decides what may be sent. Frames are queued until the
owner of the connection takes them.
"""

from __future__ import annotations

from tkws.checks import MAX_COUNT, Buffer
from tkws.errors import StateError
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.encoded import EncodedMessage
from tkws.protocol.frames import FrameHeader, Opcode, encode_header, parse_header
from tkws.protocol.masking import MaskedPayload, MaskPool, apply_mask
from tkws.protocol.payloads import encode_message
from tkws.protocol.trace import Tracer, traced

_ONE_BUFFER = 16384  # bytes; a larger frame is not copied into one buffer, and masked only as it is read


class MessageWriter:
    """The writing half of a connection.

    Args:
        masks: The source of a client's masks; None for a server, which does not mask.
        compression: The compression that was agreed, or None.
        fragment_size: The most bytes of payload, compressed, that one frame of a message may have.

    Attributes:
        fragment_size: As above; see `set_fragment_size`.
        unfinished: The kind of a message that is half sent, else None.
        bytes_written: Bytes of all frames so far.
        bytes_taken: How many of these the owner has taken.
        frames: Frames so far.
        messages: Messages written to their end.
    """

    __slots__ = (
        "_compressing", "_compression", "_masks", "_one_buffer", "_output", "_tracer", "_uncompressed",
        "bytes_taken", "bytes_written", "fragment_size", "frames", "messages", "unfinished",
    )  # fmt: skip

    def __init__(
        self, masks: MaskPool | None, compression: PerMessageDeflate | None, fragment_size: int = MAX_COUNT
    ) -> None:
        self.fragment_size: int = fragment_size
        self._one_buffer = min(_ONE_BUFFER, fragment_size)
        self.unfinished: Opcode | None = None
        self.bytes_written: int = 0
        self.bytes_taken: int = 0
        self.frames: int = 0
        self.messages: int = 0
        self._masks = masks
        self._compression = compression
        self._compressing = False  # whether the unfinished message is compressed
        self._output: list[bytes | MaskedPayload] = []
        self._tracer: Tracer | None = None
        self._uncompressed: bytes | None = None  # the payload of the next frame, for the tracer

    def trace(self, tracer: Tracer | None) -> None:
        """Call ``tracer`` with every frame that is written from now on; None to stop."""
        self._tracer = tracer

    def set_fragment_size(self, size: int) -> None:
        """Change the most bytes of payload that one frame of a message may have."""
        self.fragment_size = size
        self._one_buffer = min(_ONE_BUFFER, size)

    # What the engine writes

    def write_message(self, message: str | Buffer, final: bool, compress: bool | None) -> int:
        """Write a message, or a fragment of one.

        Args:
            message: ``str`` goes as text, bytes-like as binary.
            final: Whether the message ends here.
            compress: Whether to compress it, if compression was agreed; None to compress it unless it is
                shorter than the threshold of the compression.

        Returns:
            The bytes queued, header included.

        Raises:
            StateError: ``message`` is of another kind than the unfinished one that it would continue.
            TypeError: ``message`` is neither text nor bytes-like.
            ValueError: The text cannot be encoded.
        """
        kind, payload = encode_message(message)
        opcode = kind
        if self.unfinished is not None:
            if self.unfinished is not kind:
                raise unfinished_message(self.unfinished)
            opcode = Opcode.CONTINUATION
        rsv1 = False
        if self._compression is not None:
            if opcode is kind:  # the first frame decides for the message (RFC 7692, 6.1)
                worthwhile = len(payload) >= self._compression.threshold or not final
                self._compressing = rsv1 = worthwhile if compress is None else compress
            if self._compressing:
                if self._tracer is not None:
                    self._uncompressed = payload
                payload = self._compression.encode(payload, final)
        self.unfinished = None if final else kind
        self.messages += final
        return self.write_frame(opcode, payload, fin=final, rsv1=rsv1)

    def write_frame(self, opcode: Opcode, payload: bytes, *, fin: bool = True, rsv1: bool = False) -> int:
        """Write one frame, or several if it is larger than `fragment_size`; return their bytes.

        Args:
            opcode: The kind of the frame.
            payload: The payload, unmasked.
            fin: Whether this is the last frame of its message.
            rsv1: Whether the message is compressed.
        """
        if len(payload) > self._one_buffer:
            return self._write_large(opcode, payload, fin, rsv1)
        mask = b"" if self._masks is None else self._masks.next()
        header = encode_header(opcode, len(payload), fin=fin, rsv1=rsv1, mask=mask)
        if self._tracer is not None:
            self._trace_frame(FrameHeader(fin, rsv1, opcode, len(payload), mask, len(header)), payload)
        frame = header + (apply_mask(payload, mask) if mask else payload)
        self._output.append(frame)
        size = len(frame)
        self.frames += 1
        self.bytes_written += size
        return size

    def write_encoded(self, message: EncodedMessage, directly: bool) -> bytes:
        """Write a whole message that is encoded already, unmasked.

        Args:
            message: The message.
            directly: Whether the owner sends it right away, instead of taking it later.

        Returns:
            Its frame. Empty, without writing, within a message, or if it would overtake other output.
        """
        if self.unfinished is not None or (directly and self._output):
            return b""
        compression = self._compression
        frame, compressed = (message.frame, 0) if compression is None else message.frame_for(compression)
        size = len(frame)
        if size > self.fragment_size and directly:
            return b""
        if compression is not None and compressed:
            compression.count(compressed, message.size)
        if size > self.fragment_size:
            return self._write_encoded_fragments(frame)
        if self._tracer is not None:
            header = parse_header(frame, 0, masked=False, compression=True)
            assert header is not None
            self._tracer(traced(header, message.payload, received=False))
        if directly:
            self.bytes_taken += size
        else:
            self._output.append(frame)
        self.messages += 1
        self.frames += 1
        self.bytes_written += size
        return frame

    def _write_large(self, opcode: Opcode, payload: bytes, fin: bool, rsv1: bool) -> int:
        """Write a frame whose payload is not copied, or several of them."""
        if len(payload) > self.fragment_size and not opcode.is_control:
            return self._write_fragments(opcode, payload, fin, rsv1)
        mask = b"" if self._masks is None else self._masks.next()
        header = encode_header(opcode, len(payload), fin=fin, rsv1=rsv1, mask=mask)
        if self._tracer is not None:
            self._trace_frame(FrameHeader(fin, rsv1, opcode, len(payload), mask, len(header)), payload)
        self._output += (header, MaskedPayload(payload, mask) if mask else payload)
        size = len(header) + len(payload)
        self.frames += 1
        self.bytes_written += size
        return size

    def _trace_frame(self, frame: FrameHeader, payload: bytes) -> None:
        assert self._tracer is not None
        shown, self._uncompressed = self._uncompressed, None
        self._tracer(traced(frame, payload if shown is None else shown, received=False))

    def _write_fragments(self, opcode: Opcode, payload: bytes, final: bool, rsv1: bool) -> int:
        """Write one message, or a fragment of one, in frames of at most `fragment_size`."""
        written = 0
        size = self.fragment_size
        for start in range(0, len(payload), size):
            last = start + size >= len(payload)
            written += self.write_frame(
                opcode, payload[start : start + size], fin=final and last, rsv1=rsv1 and not start
            )
            opcode = Opcode.CONTINUATION
        return written

    def _write_encoded_fragments(self, frame: bytes) -> bytes:
        """Write a whole message that is encoded as one frame in smaller ones."""
        header = parse_header(frame, 0, masked=False, compression=True)
        assert header is not None
        self.messages += 1
        self._write_fragments(header.opcode, frame[header.header_size :], True, header.rsv1)
        return frame

    # What the owner takes

    @property
    def has_output(self) -> bool:
        """Whether `take_output` would return anything."""
        return bool(self._output)

    @property
    def output_amount(self) -> int:
        """Bytes that `take_output` would return."""
        return self.bytes_written - self.bytes_taken

    def take_output(self) -> list[bytes | MaskedPayload]:
        """Return what is to be sent, in order; a client's large payloads are masked only as they are read."""
        output, self._output = self._output, []
        self.bytes_taken = self.bytes_written
        return output

    def take_output_bytes(self) -> list[bytes | bytearray | memoryview]:
        """Return the same, with every payload masked already."""
        output = self.take_output()
        return [data.read(len(data)) if isinstance(data, MaskedPayload) else data for data in output]


def unfinished_message(kind: Opcode) -> StateError:
    """Return the error of a message that cannot continue the unfinished one of this kind."""
    return StateError(
        f"An unfinished {kind.name.lower()} message must be finished first, by its last fragment"
    )
