"""permessage-deflate: its negotiation, and how it compresses messages (RFC 7692).

Knows nothing of frames or of HTTP: it works on the parsed extensions of a handshake and on the
payloads of messages. A `PerMessageDeflate` belongs to one connection. The objects of zlib are made when the
first message needs them. If the context is not taken over, they are dropped after each message, so an idle
connection needs no memory for them.

zlib cannot compress raw data with a window of 256 bytes (window bits of 8). If that was agreed, the encoder
uses Huffman codes alone: without references back, any window is large enough.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tkws.checks import MAX_COUNT, check_count, check_flag
from tkws.errors import HandshakeError, ProtocolError
from tkws.http.fields import Parameters, format_extension
from tkws.plurals import counted
from tkws.protocol.closing import CloseCode

if TYPE_CHECKING:
    from zlib import _Compress, _Decompress

Buffer = bytes | bytearray | memoryview

NAME = "permessage-deflate"

_MAX_WINDOW_BITS = 15
_WINDOW_BITS = re.compile("[89]|1[0-5]")  # no leading zeros (RFC 7692, 7.1.2.1)

# The end of a sync flush: the sender removes it, the receiver adds it again (7.2.1, 7.2.2).
_TAIL = b"\x00\x00\xff\xff"
_EMPTY = b"\x00"  # an empty block without that tail (7.2.3.6)

# A peer may end a DEFLATE stream inside a message (7.2.3.4), which takes two bytes. Each new one
# costs microseconds, and no sender needs more than a few.
_MAX_STREAMS = 256
_HISTORY_SLACK = 16384  # bytes that gather before the history is trimmed to the window


@dataclass(frozen=True, slots=True)
class Deflate:
    """How to compress: what to ask of the peer, and how this side compresses (RFC 7692, 7.1)."""

    server_no_context_takeover: bool = False
    """Whether the server starts each message afresh: no memory between messages, less compression. Then
    `Server.broadcast` compresses a message once for all clients."""

    client_no_context_takeover: bool = False
    """Whether the client starts each message afresh."""

    server_max_window_bits: int | None = None
    """Binary logarithm of the server's largest window in bytes, 8 to 15; None for 15."""

    client_max_window_bits: int | None = None
    """Binary logarithm of the client's largest window in bytes, 8 to 15; None for 15. A server
    cannot require it of a client that does not offer it."""

    level: int = 6
    """zlib's compression level: 0 (none) to 9 (best), or -1 for zlib's own choice."""

    memory_level: int = 8
    """zlib's memory level of a compressor, 1 to 9: it takes 2 ** (memory_level + 9) bytes besides
    four times its window."""

    threshold: int = 64
    """Size in bytes below which a message is sent uncompressed, since it would hardly become smaller."""

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            TypeError: A field is of a wrong type.
            ValueError: A number is out of range.
        """
        for name in ("server_no_context_takeover", "client_no_context_takeover"):
            check_flag(name, getattr(self, name))
        for name in ("server_max_window_bits", "client_max_window_bits"):
            if getattr(self, name) is not None:
                self._check(name, least=8, most=_MAX_WINDOW_BITS)
        self._check("level", least=-1, most=9)
        self._check("memory_level", least=1, most=9)
        self._check("threshold", least=0, most=MAX_COUNT)

    def _check(self, name: str, *, least: int, most: int) -> None:
        object.__setattr__(self, name, check_count(name, getattr(self, name), least=least, most=most))

    def offer(self) -> str:
        """Return the offer of a client, as the value of Sec-WebSocket-Extensions."""
        parameters = self._common_parameters()
        bits = self.client_max_window_bits
        # Without a value it only says that the server may limit the window (RFC 7692, 7.1.2.2).
        parameters.append(("client_max_window_bits", None if bits is None else str(bits)))
        return format_extension(NAME, parameters)

    def accept(self, offers: Iterable[tuple[str, Parameters]]) -> tuple[PerMessageDeflate, str] | None:
        """Choose among a client's offers, as a server.

        Args:
            offers: The extensions of the request, in the client's order of preference.

        Returns:
            The compression and the value of Sec-WebSocket-Extensions for the answer, by the first
            offer that can be accepted; None if no offer can be.
        """
        for name, parameters in offers:
            if name == NAME:
                try:
                    return self._accept(_read_parameters(parameters, in_offer=True))
                except ValueError:  # an offer that breaks the rules is declined (RFC 7692, 7)
                    continue
        return None

    def confirm(self, parameters: Parameters) -> PerMessageDeflate:
        """Check a server's answer to `offer`, as a client.

        Args:
            parameters: Those of permessage-deflate in the answer.

        Raises:
            HandshakeError: With part ``"extension"``, for an answer that does not fit the offer.
        """
        try:
            agreed = _read_parameters(parameters, in_offer=False)
            decode_bits = agreed.get("server_max_window_bits", _MAX_WINDOW_BITS)
            if decode_bits > (self.server_max_window_bits or _MAX_WINDOW_BITS):
                raise ValueError("server_max_window_bits exceeds what was asked for, or is missing")
            if self.server_no_context_takeover and "server_no_context_takeover" not in agreed:
                raise ValueError("server_no_context_takeover was asked for and is missing")
        except ValueError as error:
            raise HandshakeError(f"The server's {NAME} is wrong: {error}", part="extension") from None
        # The offer's value was a hint, which a server may ignore (RFC 7692, 7.1.2.2).
        encode_bits = _min_bits(self.client_max_window_bits, agreed.get("client_max_window_bits"))
        return PerMessageDeflate(
            self,
            encode_window_bits=encode_bits or _MAX_WINDOW_BITS,
            encode_takeover=not (self.client_no_context_takeover or "client_no_context_takeover" in agreed),
            decode_window_bits=decode_bits,
            decode_takeover="server_no_context_takeover" not in agreed,
        )

    def _common_parameters(self) -> list[tuple[str, str | None]]:
        """Return what both roles write in the same way."""
        parameters: list[tuple[str, str | None]] = []
        if self.server_no_context_takeover:
            parameters.append(("server_no_context_takeover", None))
        if self.client_no_context_takeover:
            parameters.append(("client_no_context_takeover", None))
        if self.server_max_window_bits is not None:
            parameters.append(("server_max_window_bits", str(self.server_max_window_bits)))
        return parameters

    def _accept(self, offered: dict[str, int]) -> tuple[PerMessageDeflate, str]:
        agreed = Deflate(
            self.server_no_context_takeover or "server_no_context_takeover" in offered,
            # The client will not take its context over: agreed, to keep no window for it (7.1.1.2).
            self.client_no_context_takeover or "client_no_context_takeover" in offered,
            _min_bits(self.server_max_window_bits, offered.get("server_max_window_bits")),
        )
        parameters = agreed._common_parameters()
        decode_bits = _MAX_WINDOW_BITS
        if "client_max_window_bits" in offered:  # only then may the answer have it (7.1.2.2)
            decode_bits = min(
                self.client_max_window_bits or _MAX_WINDOW_BITS, offered["client_max_window_bits"]
            )
            if decode_bits < _MAX_WINDOW_BITS:
                parameters.append(("client_max_window_bits", str(decode_bits)))
        compression = PerMessageDeflate(
            self,
            encode_window_bits=agreed.server_max_window_bits or _MAX_WINDOW_BITS,
            encode_takeover=not agreed.server_no_context_takeover,
            decode_window_bits=decode_bits,
            decode_takeover=not agreed.client_no_context_takeover,
        )
        return compression, format_extension(NAME, parameters)


class PerMessageDeflate:
    """The compression of one connection, as it was agreed.

    Made by `Deflate.accept` or `Deflate.confirm`. Messages are encoded in the order in which
    they are sent, and decoded in the order in which they arrive; uncompressed ones do not go through it.

    Args:
        setting: How this side compresses.
        encode_window_bits: Binary logarithm of this side's largest window.
        encode_takeover: Whether this side's window lasts from message to message.
        decode_window_bits: Binary logarithm of the peer's largest window.
        decode_takeover: Whether the peer's window lasts from message to message.

    Attributes:
        threshold: The setting's, in bytes.
        compressed_bytes: Bytes of compressed payload so far, both ways together.
        plain_bytes: Their size without compression.
    """

    __slots__ = (
        "_compressor", "_decompressor", "_history", "_most_history", "_setting", "_stream_ended",
        "compressed_bytes", "decode_takeover", "decode_window_bits", "encode_takeover", "encode_window_bits",
        "plain_bytes", "threshold",
    )  # fmt: skip

    def __init__(
        self,
        setting: Deflate,
        *,
        encode_window_bits: int = _MAX_WINDOW_BITS,
        encode_takeover: bool = True,
        decode_window_bits: int = _MAX_WINDOW_BITS,
        decode_takeover: bool = True,
    ) -> None:
        self.threshold: int = setting.threshold
        self.compressed_bytes: int = 0
        self.plain_bytes: int = 0
        self.encode_window_bits: int = encode_window_bits
        self.encode_takeover: bool = encode_takeover
        self.decode_window_bits: int = decode_window_bits
        self.decode_takeover: bool = decode_takeover
        self._setting = setting
        self._compressor: _Compress | None = None
        self._decompressor: _Decompress | None = None
        self._stream_ended = False  # with the last piece, though not the message
        self._history = bytearray()  # the peer's window, for a stream that follows an ended one
        self._most_history = (1 << decode_window_bits) + _HISTORY_SLACK

    def encode(self, data: Buffer, final: bool) -> bytes:
        """Compress a fragment of a message.

        Args:
            data: The fragment; all of it can be decompressed from what is returned so far.
            final: Whether the message ends here.

        Returns:
            The payload of the fragment's frame.
        """
        if data:
            if self._compressor is None:
                self._compressor = self._make_compressor()
            encoded = self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
            if final:
                encoded = encoded[: -len(_TAIL)]
        else:
            encoded = _EMPTY if final else b""
        if final and not self.encode_takeover:
            self._compressor = None
        self.count(len(encoded), len(data))
        return encoded

    def encode_afresh(self, data: Buffer) -> bytes:
        """Compress a whole message as the first of a connection; it is not counted."""
        if not data:
            return _EMPTY
        compressor = self._make_compressor()
        return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]

    @property
    def encoding(self) -> tuple[int, int, int]:
        """The settings that decide about the result of `encode_afresh`."""
        return self.encode_window_bits, self._setting.level, self._setting.memory_level

    def count(self, compressed: int, plain: int) -> None:
        """Count the payload of a message; both sizes are in bytes."""
        self.compressed_bytes += compressed
        self.plain_bytes += plain

    def decode(self, data: Buffer, final: bool, limit: int, size: int = 0) -> bytes:
        """Decompress a piece of a message.

        Args:
            data: The piece, cut anywhere.
            final: Whether the message ends here.
            limit: The most bytes that the message may have; no more is ever decompressed.
            size: How many bytes it has already.

        Returns:
            The decompressed bytes.

        Raises:
            ProtocolError: With code 1009 above the limit, with 1007 for data that is not DEFLATE,
                with 1008 for a piece of more than 256 DEFLATE streams. Do not use the object afterwards.
        """
        self.compressed_bytes += len(data)
        if data:
            self._stream_ended = False
        if final:
            data = b"" if self._stream_ended else bytes(data) + _TAIL
            self._stream_ended = False
        if self._decompressor is None:
            self._decompressor = zlib.decompressobj(-self.decode_window_bits)
        try:
            output = self._inflate(self._decompressor, data, limit, size)
            if self._decompressor.eof:
                output += self._inflate_next_streams(
                    self._decompressor.unused_data, final, limit, size + len(output)
                )
        except zlib.error as error:
            raise ProtocolError(CloseCode.INVALID_PAYLOAD, f"Compressed data is broken: {error}") from None
        if final and not self.decode_takeover:
            self._decompressor = None
            self._history.clear()
        self.plain_bytes += len(output)
        return output

    def _inflate(self, stream: _Decompress, data: Buffer, limit: int, size: int) -> bytes:
        # One byte more tells that the limit is exceeded; 0 would mean no limit at all.
        output = stream.decompress(data, limit - size + 1)
        if len(output) > limit - size:
            reason = (
                f"Message of more than {counted(limit, 'byte')} when decompressed, the limit of max_message"
            )
            raise ProtocolError(CloseCode.MESSAGE_TOO_BIG, reason)
        history = self._history
        history += output
        if len(history) > self._most_history:
            del history[: -(1 << self.decode_window_bits)]
        return output

    def _inflate_next_streams(self, data: bytes, final: bool, limit: int, size: int) -> bytes:
        """Continue after the end of a DEFLATE stream, with the same window (RFC 7692, 7.2.3.4)."""
        outputs: list[bytes] = []
        for _ in range(_MAX_STREAMS):
            self._decompressor = zlib.decompressobj(-self.decode_window_bits, bytes(self._history))
            if not data or (final and data == _TAIL):
                self._stream_ended = not final
                return b"".join(outputs)
            output = self._inflate(self._decompressor, data, limit, size)
            outputs.append(output)
            if not self._decompressor.eof:
                return b"".join(outputs)
            data = self._decompressor.unused_data
            size += len(output)
        raise ProtocolError(CloseCode.POLICY_VIOLATION, f"More than {_MAX_STREAMS} DEFLATE streams at once")

    def _make_compressor(self) -> _Compress:
        bits, setting = self.encode_window_bits, self._setting
        strategy = zlib.Z_HUFFMAN_ONLY if bits == 8 else zlib.Z_DEFAULT_STRATEGY
        return zlib.compressobj(setting.level, zlib.DEFLATED, -max(bits, 9), setting.memory_level, strategy)


def _read_parameters(parameters: Parameters, *, in_offer: bool) -> dict[str, int]:
    """Return the value of each parameter, 1 for those without one; raise ValueError if one is wrong."""
    read: dict[str, int] = {}
    for name, value in parameters:
        if name in read:
            raise ValueError(f"{name} stands there twice")
        if name in ("server_no_context_takeover", "client_no_context_takeover"):
            if value is not None:
                raise ValueError(f"{name} has a value")
            read[name] = 1
        elif name in ("server_max_window_bits", "client_max_window_bits"):
            if value is None and in_offer and name == "client_max_window_bits":
                value = str(_MAX_WINDOW_BITS)
            if value is None or not _WINDOW_BITS.fullmatch(value):
                raise ValueError(f"{name} must be 8 to 15, not {value!r}")
            read[name] = int(value)
        else:
            raise ValueError(f"unknown parameter {name!r}")
    return read


def _min_bits(first: int | None, second: int | None) -> int | None:
    return min((bits for bits in (first, second) if bits is not None), default=None)
