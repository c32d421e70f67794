"""Frames as tests write and read them: straight from RFC 6455, 5.2, with none of the package's code."""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

MASK = b"\x37\xfa\x21\x3d"

JUNK = b"\xff" * 20
"""No frame begins like this: three reserved bits and a reserved opcode."""


class Frame(NamedTuple):
    """What a frame says; the first two fields suffice."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv1: bool = False

    def encode(self, masked: bool) -> bytes:
        """Return the frame's bytes, masked with `MASK` or not."""
        first = self.fin << 7 | self.rsv1 << 6 | self.opcode
        size = len(self.payload)
        flag = 0x80 if masked else 0
        if size < 126:
            header = struct.pack("!BB", first, flag | size)
        elif size < 1 << 16:
            header = struct.pack("!BBH", first, flag | 126, size)
        else:
            header = struct.pack("!BBQ", first, flag | 127, size)
        return header + MASK + xor(self.payload, MASK) if masked else header + self.payload


def text(message: str, *, fin: bool = True) -> Frame:
    return Frame(TEXT, message.encode(), fin)


def binary(payload: bytes, *, fin: bool = True) -> Frame:
    return Frame(BINARY, payload, fin)


def more(payload: bytes = b"") -> Frame:
    """A fragment of a message; neither its first nor its last."""
    return Frame(CONTINUATION, payload, fin=False)


def last(payload: bytes = b"") -> Frame:
    """The last fragment of a message."""
    return Frame(CONTINUATION, payload)


def close(code: int, reason: str = "") -> Frame:
    return Frame(CLOSE, struct.pack("!H", code) + reason.encode())


@functools.cache
def xor(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    keys = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(keys)).to_bytes(size)


def decode(data: bytes, *, masked: bool) -> list[Frame]:
    """Return the whole frames that ``data`` is; it must be nothing else."""
    return list(_decode(data, masked))


def _decode(data: bytes, masked: bool) -> Iterator[Frame]:
    while data:
        first, second = data[:2]
        assert bool(second & 0x80) is masked
        assert not first & 0x30
        size, data = second & 0x7F, data[2:]
        if size > 125:
            width = 2 if size == 126 else 8
            size, data = int.from_bytes(data[:width], "big"), data[width:]
        mask, data = (data[:4], data[4:]) if masked else (bytes(4), data)
        assert len(data) >= size
        yield Frame(first & 0xF, xor(data[:size], mask), bool(first & 0x80), bool(first & 0x40))
        data = data[size:]
