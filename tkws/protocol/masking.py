"""Masking: the XOR of a payload with four bytes (RFC 6455, 5.3).

Up to `NUMPY_THRESHOLD` bytes are XORed as one big integer, which is faster there than a call of numpy; more
bytes go through numpy if it is installed (``tkws[speed]``), up to a hundred times as fast. numpy is imported
when it is first needed, by the function of `set_numpy_loader`; integers do the work until it is there.

The masks are cut from a pool that the caller's source of randomness fills: an attacker must not be able to
predict them (RFC 6455, 10.3).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from types import ModuleType

from tkws.protocol.numpyimport import import_numpy

Buffer = bytes | bytearray | memoryview

NUMPY_THRESHOLD = 1024  # bytes; where numpy and the integers take the same time

_INTEGER_SIZE = 64 * 1024  # bytes; larger integers take a third more time for each

_POOL_SIZE = 4096  # bytes; one system call for a thousand masks
_MASK_SIZE = 4


class MaskPool:
    """Unpredictable masks, four bytes each.

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

    def forget(self) -> None:
        """Drop the pool, as after a fork, since the parent process will use the same masks."""
        self._pool = b""
        self._position = 0


class MaskedPayload:
    """A payload that is masked as it is read: no whole copy is made, and its first bytes can leave at once.

    Its length is the number of bytes that have not been read yet.

    Args:
        payload: The bytes to mask; they must not change.
        mask: The four bytes.
    """

    __slots__ = ("_mask", "_payload", "_position")

    def __init__(self, payload: bytes, mask: bytes) -> None:
        self._payload = memoryview(payload)
        self._mask = mask
        self._position = 0

    def __len__(self) -> int:
        return len(self._payload) - self._position

    def read(self, size: int) -> Buffer:
        """Return the next ``size`` bytes, or those that are left, masked."""
        start = self._position
        part = self._payload[start : start + size]
        if (numpy := _numpy_for(len(part))) is None:
            masked: Buffer = apply_mask(part, self._mask, start)
        else:
            masked = memoryview(numpy.empty(len(part), dtype=numpy.uint8))  # not cleared, unlike a bytearray
            _xor_words(numpy, part, _rotated(self._mask, start), masked)
        self._position += len(part)
        return masked


def apply_mask(data: Buffer, mask: bytes, offset: int = 0) -> bytes:
    """Return ``data`` masked, or unmasked: the two are the same.

    Args:
        data: A payload, or a part of one.
        mask: The four bytes.
        offset: Where in the payload ``data`` begins, in bytes.
    """
    if offset:
        mask = _rotated(mask, offset)
    size = len(data)
    if (numpy := _numpy_for(size)) is None:
        return _mask_by_integers(data, mask)
    masked = io.BytesIO(bytes(size))  # unlike a bytearray, it gives its bytes out without another copy
    with masked.getbuffer() as view:
        _xor_words(numpy, data, mask, view)
    return masked.getvalue()


def mask_in_place(buffer: bytearray | memoryview, mask: bytes, offset: int = 0) -> None:
    """Mask or unmask a writable buffer; numpy does that without a copy.

    Args:
        buffer: The bytes to change: a payload, or a part of one.
        mask: The four bytes.
        offset: Where in the payload ``buffer`` begins, in bytes.
    """
    if (numpy := _numpy_for(len(buffer))) is not None:
        _xor_words(numpy, buffer, _rotated(mask, offset), buffer)
    else:
        buffer[:] = apply_mask(buffer, mask, offset)


def xor(data: Buffer, key: Buffer) -> bytes:
    """Return the XOR of two pieces of the same size."""
    if (numpy := _numpy_for(len(data))) is not None:
        pair = (numpy.frombuffer(piece, dtype=numpy.uint8) for piece in (data, key))
        masked: bytes = numpy.bitwise_xor(*pair).tobytes()
        return masked
    return (int.from_bytes(data) ^ int.from_bytes(key)).to_bytes(len(data))


def load_numpy() -> None:
    """Import numpy, if it is installed, and use it from now on; callable from any thread."""
    global _numpy
    _numpy = import_numpy()


def set_numpy_loader(start: Callable[[Callable[[], None]], object]) -> None:
    """Call ``start(load_numpy)`` when numpy is first needed, instead of `load_numpy` itself.

    The import takes a tenth of a second. Until it is over, integers do the work.

    Args:
        start: Makes the call, perhaps in another thread, and returns at once.
    """
    global _numpy_loader
    _numpy_loader = start


def _xor_words(numpy: ModuleType, source: Buffer, mask: bytes, target: bytearray | memoryview) -> None:
    """Mask ``source`` into ``target``, which may be the same: eight bytes at a time, then the rest."""
    count, rest = divmod(len(source), 8)
    words, masked = (numpy.frombuffer(part, dtype=numpy.uint64, count=count) for part in (source, target))
    numpy.bitwise_xor(words, numpy.frombuffer(mask * 2, dtype=numpy.uint64), out=masked)
    if rest:
        target[-rest:] = apply_mask(source[-rest:], mask)


def _mask_by_integers(data: Buffer, mask: bytes) -> bytes:
    size = len(data)
    if size > _INTEGER_SIZE:
        parts = (data[start : start + _INTEGER_SIZE] for start in range(0, size, _INTEGER_SIZE))
        return b"".join(_mask_by_integers(part, mask) for part in parts)
    key = (mask * (size // _MASK_SIZE + 1))[:size]
    return (int.from_bytes(data) ^ int.from_bytes(key)).to_bytes(size)


def _rotated(mask: bytes, offset: int) -> bytes:
    """Return the mask for the part of a payload that begins at byte ``offset``."""
    turn = offset % _MASK_SIZE
    return mask[turn:] + mask[:turn]


def _load_now(load: Callable[[], None]) -> None:
    load()


_numpy: ModuleType | None = None
_numpy_requested = False
_numpy_loader: Callable[[Callable[[], None]], object] = _load_now


def _numpy_for(size: int) -> ModuleType | None:
    """Return numpy if ``size`` bytes are worth a call of it; None otherwise, and until it is imported."""
    global _numpy_requested
    if size <= NUMPY_THRESHOLD:
        return None
    if not _numpy_requested:
        _numpy_requested = True
        _numpy_loader(load_numpy)
    return _numpy
