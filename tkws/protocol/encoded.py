"""`EncodedMessage`: one message that many connections of a server send.

It is encoded once, and compressed once for all connections that would make the same of it: those that start
each message afresh (RFC 7692, 7.1.1.1) with the same window. A connection that takes its context over
gets it uncompressed, since compressing it there would cost the same again for each connection.
"""

from __future__ import annotations

from tkws.checks import Buffer
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.frames import Opcode, encode_header
from tkws.protocol.payloads import encode_message


class EncodedMessage:
    """A whole message as a server's frame, unmasked.

    Args:
        message: ``str`` goes as text, bytes-like as binary.
        compress: Whether to compress it, where that can be shared; None to compress it there unless it is
            shorter than the threshold of the compression.

    Attributes:
        frame: The frame without compression.
        size: The bytes of its payload.

    Raises:
        TypeError: ``message`` is neither text nor bytes-like.
        ValueError: The text cannot be encoded, or the buffer is closed.
    """

    __slots__ = ("_compress", "_compressed", "_opcode", "frame", "size")

    def __init__(self, message: str | Buffer, compress: bool | None = None) -> None:
        opcode, payload = encode_message(message)
        self.frame: bytes = encode_header(opcode, len(payload)) + payload
        self._opcode: Opcode = opcode
        self.size: int = len(payload)
        self._compress: bool | None = compress
        self._compressed: dict[tuple[int, int, int], tuple[bytes, int]] = {}  # with the payloads' sizes

    @property
    def payload(self) -> bytes:
        """The payload without compression."""
        return self.frame[len(self.frame) - self.size :]

    def frame_for(self, compression: PerMessageDeflate) -> tuple[bytes, int]:
        """Return the frame that a connection with this compression sends.

        Returns:
            The frame, and the bytes of its payload if that is compressed, else 0.
        """
        compress = self._compress
        if compress is None:
            compress = self.size >= compression.threshold
        if compression.encode_takeover or not compress:
            return self.frame, 0
        found = self._compressed.get(compression.encoding)
        if found is None:
            payload = compression.encode_afresh(self.payload)
            frame = encode_header(self._opcode, len(payload), rsv1=True) + payload
            found = self._compressed[compression.encoding] = frame, len(payload)
        return found
