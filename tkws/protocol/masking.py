"""Masking: the XOR of a payload with four bytes (RFC 6455, 5.3).

Up to `NUMPY_THRESHOLD` bytes are XORed as one big integer, which beats numpy's cost of a
call there; more go through numpy where it is installed (``tkws[speed]``), up to a hundred
times as fast. numpy is imported when that first happens, not with the package.

The masks are cut from a pool that the caller's source of randomness fills: an attacker must
not be able to foresee them (RFC 6455, 10.3).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from types import ModuleType

Buffer = bytes | bytearray | memoryview

NUMPY_THRESHOLD = 2048  # bytes; where numpy and the integers take the same time

_POOL_SIZE = 4096  # bytes; one system call for a thousand masks
_MASK_SIZE = 4


class MaskPool:
    """Unforeseeable masks, four bytes each.

    Args:
        random_bytes: Returns that many bytes from a strong source, as `os.urandom` does.
    """

    __slots__ = ("_pool", "_position", "_random_bytes")

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._pool = b""
        self._position = 0

    def next(self) -> bytes:
        """Return a fresh mask; no part of the pool is used twice."""
        if self._position == len(self._pool):
            self._pool = self._random_bytes(_POOL_SIZE)
            self._position = 0
        start = self._position
        self._position = start + _MASK_SIZE
        return self._pool[start : self._position]


def apply_mask(data: Buffer, mask: bytes, offset: int = 0) -> bytes:
    """Return ``data`` masked, or unmasked: the two are the same.

    Args:
        data: A payload, or a part of one.
        mask: The four bytes.
        offset: Where in the payload ``data`` begins, in bytes.
    """
    if len(data) <= NUMPY_THRESHOLD or _numpy() is None:
        return xor(data, _repeat(mask, offset, len(data)))
    masked = io.BytesIO(data)  # unlike a bytearray, it gives its bytes out without another copy
    with masked.getbuffer() as view:
        mask_in_place(view, mask, offset)
    return masked.getvalue()


def mask_in_place(buffer: bytearray | memoryview, mask: bytes, offset: int = 0) -> None:
    """Mask or unmask a writable buffer, without a copy of it where numpy does the work.

    Args:
        buffer: What to change: a payload, or a part of one.
        mask: The four bytes.
        offset: Where in the payload ``buffer`` begins, in bytes.
    """
    whole = 0
    if len(buffer) > NUMPY_THRESHOLD and (numpy := _numpy()) is not None:
        whole = len(buffer) - len(buffer) % 8
        words = numpy.frombuffer(buffer, dtype=numpy.uint64, count=whole // 8)
        key = numpy.frombuffer(_repeat(mask, offset, 8), dtype=numpy.uint64)
        numpy.bitwise_xor(words, key, out=words)
    rest = buffer[whole:]
    buffer[whole:] = xor(rest, _repeat(mask, offset + whole, len(rest)))


def xor(data: Buffer, key: Buffer) -> bytes:
    """Return the XOR of two pieces of the same size."""
    if len(data) > NUMPY_THRESHOLD and (numpy := _numpy()) is not None:
        pair = (numpy.frombuffer(piece, dtype=numpy.uint8) for piece in (data, key))
        masked: bytes = numpy.bitwise_xor(*pair).tobytes()
        return masked
    return (int.from_bytes(data) ^ int.from_bytes(key)).to_bytes(len(data))


def _repeat(mask: bytes, offset: int, size: int) -> bytes:
    turn = offset % _MASK_SIZE
    return (mask * (size // _MASK_SIZE + 2))[turn : turn + size]


@cache
def _numpy() -> ModuleType | None:
    try:
        import numpy
    except ImportError:
        return None
    return numpy
