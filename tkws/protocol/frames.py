"""The header of a frame, written and read (RFC 6455, 5.2).

This module does not know messages, states or sockets. A header is parsed once it has arrived whole; a fault
in its first two bytes is refused as soon as these two are there.
"""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from tkws.errors import ProtocolError
from tkws.protocol.closing import CloseCode

MAX_CONTROL_PAYLOAD = 125  # RFC 6455, 5.5

_FIN = 0x80
_RSV1 = 0x40
_RSV2_AND_3 = 0x30
_OPCODE = 0x0F
_MASKED = 0x80
_LENGTH = 0x7F
_LENGTH_IN_2_BYTES = 126
_LENGTH_IN_8_BYTES = 127
_MASK_SIZE = 4


class Role(IntEnum):
    """Which side of the connection an endpoint is; the two mask differently (RFC 6455, 5.1)."""

    CLIENT = 0
    SERVER = 1


class Opcode(IntEnum):
    """The kind of a frame (RFC 6455, 11.8)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA

    @property
    def is_control(self) -> bool:
        """Whether frames of this kind may come between the fragments of a message."""
        return self >= Opcode.CLOSE


# To look an opcode up here is five times as fast as to call Opcode.
_OPCODES = MappingProxyType({int(opcode): opcode for opcode in Opcode})


class FrameHeader(NamedTuple):
    """A parsed header.

    Attributes:
        fin: Whether this is the last frame of its message.
        rsv1: Whether the message is compressed (RFC 7692, 6).
        opcode: The kind of the frame.
        length: The bytes of payload that follow the header.
        mask: The four bytes to unmask the payload with; empty in an unmasked frame.
        header_size: The bytes that the header itself takes.
    """

    fin: bool
    rsv1: bool
    opcode: Opcode
    length: int
    mask: bytes
    header_size: int


def encode_header(
    opcode: Opcode, length: int, *, fin: bool = True, rsv1: bool = False, mask: bytes = b""
) -> bytes:
    """Return the header of a frame with ``length`` bytes of payload.

    Args:
        opcode: The kind of the frame.
        length: The bytes of payload that will follow.
        fin: Whether this is the last frame of its message.
        rsv1: Whether the message is compressed.
        mask: The four bytes that the payload is masked with; empty for none.
    """
    first = opcode | (_FIN if fin else 0) | (_RSV1 if rsv1 else 0)
    masked = _MASKED if mask else 0
    if length < _LENGTH_IN_2_BYTES:
        return bytes((first, masked | length)) + mask
    if length <= 0xFFFF:
        return bytes((first, masked | _LENGTH_IN_2_BYTES)) + length.to_bytes(2, "big") + mask
    return bytes((first, masked | _LENGTH_IN_8_BYTES)) + length.to_bytes(8, "big") + mask


def parse_header(data: bytes, start: int, *, masked: bool, compression: bool) -> FrameHeader | None:
    """Read the header at ``start``, or return None while it is incomplete.

    Args:
        data: The received bytes.
        start: The offset of the frame in ``data``.
        masked: Whether the peer is a client, which must mask; a server must not.
        compression: Whether permessage-deflate was agreed, which gives RSV1 a meaning.

    Raises:
        ProtocolError: The header breaks a rule of RFC 6455, 5.2 (code 1002).
    """
    if len(data) < start + 2:
        return None
    first, second = data[start], data[start + 1]
    opcode = _check_first_byte(first, compression)
    if bool(second & _MASKED) != masked:
        raise _refused("A client must mask its frames" if masked else "A server must not mask its frames")
    fin = bool(first & _FIN)
    length = second & _LENGTH
    if opcode.is_control:
        _check_control(fin, first, length)
    size = 2
    if length >= _LENGTH_IN_2_BYTES:
        size = 4 if length == _LENGTH_IN_2_BYTES else 10
        if len(data) < start + size:
            return None
        length = _extended_length(data[start + 2 : start + size])
    mask = b""
    if masked:
        mask = data[start + size : start + size + _MASK_SIZE]
        size += _MASK_SIZE
        if len(mask) < _MASK_SIZE:
            return None
    return FrameHeader(fin, bool(first & _RSV1), opcode, length, mask, size)


def _check_first_byte(first: int, compression: bool) -> Opcode:
    if first & _RSV2_AND_3 or (first & _RSV1 and not compression):
        raise _refused("A reserved bit is set that no extension defines")
    opcode = _OPCODES.get(first & _OPCODE)
    if opcode is None:
        raise _refused(f"Opcode {first & _OPCODE:#x} is reserved")
    if first & _RSV1 and opcode == Opcode.CONTINUATION:  # RFC 7692, 6.1
        raise _refused("Only the first frame of a message may say that it is compressed")
    return opcode


def _check_control(fin: bool, first: int, length: int) -> None:
    if not fin:
        raise _refused("A control frame must not be fragmented")
    if first & _RSV1:
        raise _refused("A control frame must not be compressed")
    if length > MAX_CONTROL_PAYLOAD:
        raise _refused(f"A control frame carries at most {MAX_CONTROL_PAYLOAD} bytes")


def _extended_length(field: bytes) -> int:
    length = int.from_bytes(field, "big")
    if length >> 63:
        raise _refused("The highest bit of a length must be 0")
    if length < (_LENGTH_IN_2_BYTES if len(field) == 2 else 0x10000):
        raise _refused(f"The length {length} is not written in its shortest form")
    return length


def _refused(reason: str) -> ProtocolError:
    return ProtocolError(CloseCode.PROTOCOL_ERROR, reason)
