"""A message under way: its pieces, which become the message or parts of it, and its limits.

Knows only payloads, not frames.
"""

from __future__ import annotations

import io
from codecs import IncrementalDecoder, getincrementaldecoder
from typing import Any

from tkws.checks import MAX_COUNT
from tkws.errors import ProtocolError
from tkws.plurals import counted
from tkws.protocol.closing import CloseCode
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.events import Event, Part
from tkws.protocol.frames import Opcode
from tkws.protocol.masking import mask_in_place

_PIECES_BEFORE_JOIN = 1024  # bounds what tiny fragments cost beyond their bytes

_Utf8Decoder = getincrementaldecoder("utf-8")
_SURROGATES, _AFTER_SURROGATES = b"\xed\xa0", b"\xee"  # how they begin


class Message:
    """A message under way: its pieces, checked as they come.

    Args:
        opcode: TEXT or BINARY.
        compression: The compression, if the message is compressed; otherwise None.
        limit: The maximum size in bytes, decompressed.

    Attributes:
        event: The event of the whole message.
        size: Bytes so far, decompressed.
        delivered: Bytes of these that `take_part` returned.
        in_parts: Whether it is delivered in parts.
        total: The size of the whole message in bytes if known; otherwise None.
    """

    __slots__ = (
        "_compression", "_decoder", "_empty", "_fragments", "_joined", "_limit", "_pieces",
        "delivered", "event", "in_parts", "size", "total",
    )  # fmt: skip

    def __init__(self, opcode: Opcode, compression: PerMessageDeflate | None, limit: int) -> None:
        text = opcode is Opcode.TEXT
        self.event = Event.TEXT if text else Event.BINARY
        self.size: int = 0
        self.delivered: int = 0
        self.in_parts: bool = False
        self.total: int | None = None
        self._limit = limit
        self._compression = compression
        self._decoder = _Utf8Decoder() if text else None
        self._empty: Any = "" if text else b""
        self._pieces: list[Any] = []  # all str or all bytes
        self._joined = 0
        self._fragments = 0

    @property
    def is_plain_binary(self) -> bool:
        """Whether the payload is the message, byte for byte."""
        return self._compression is None and self._decoder is None

    @property
    def is_compressed(self) -> bool:
        """Whether the payload has to be decompressed."""
        return self._compression is not None

    def deliver_in_parts(self) -> None:
        """Deliver the message in parts from now on, without a limit on its size."""
        self.in_parts = True
        self._limit = MAX_COUNT

    def exceeds(self, length: int) -> bool:
        """Tell whether ``length`` more bytes of payload would exceed the limit."""
        return self._compression is None and self.size + length > self._limit

    def begin_fragment(self, length: int, max_fragments: int) -> None:
        """Check the limits before a frame with ``length`` bytes of payload is received."""
        if not (self.in_parts and length):
            self._fragments += 1
        if self._fragments > max_fragments:
            reason = f"Message in more than {counted(max_fragments, 'fragment')}, the limit of max_fragments"
            raise ProtocolError(CloseCode.POLICY_VIOLATION, reason)
        if self.exceeds(length):
            reason = f"Message of more than {counted(self._limit, 'byte')}, the limit of max_message"
            raise ProtocolError(CloseCode.MESSAGE_TOO_BIG, reason)

    def add(self, payload: bytes, final: bool) -> bytes:
        """Take the next piece of the payload and return it decompressed; ``final`` says that none follows."""
        if self._compression is not None:
            payload = self._compression.decode(payload, final, self._limit, self.size)
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

    def take_part(self, final: bool) -> Part | None:
        """Return what came since the last call as a part; None if nothing came and more follows."""
        data = self.value()
        if not (data or final):
            return None
        offset = self.delivered
        undecoded = len(self._decoder.getstate()[0]) if self._decoder is not None else 0
        self.delivered = self.size - undecoded
        self._pieces.clear()
        self._joined = 0
        return Part(data, offset, final, self._decoder is not None, self.total)

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
