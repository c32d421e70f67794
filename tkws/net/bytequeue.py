"""Bytes that wait to be sent: kept in order and by reference, however large they are.

Knows how to hand many buffers to a socket in one system call, and how to read what makes its bytes
only then (`Source`); does not know when a socket is ready, nor what the bytes mean. Invariant:
`ByteQueue.size` is the sum of the lengths of what is held, and nothing that is held is empty.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any, Protocol, TypeAlias, TypeGuard, runtime_checkable

from tkws.net.filesource import FileSource

Buffer: TypeAlias = bytes | bytearray | memoryview

# The most buffers that one sendmsg takes: IOV_MAX is 1024 on Linux, macOS and the BSDs.
IOV_MAX = 1024

# Up to this mean length, in bytes, copying buffers together costs less than the kernel's walk
# over as many pieces.
WORTH_JOINING = 8 * 1024

# Bytes of sources that are read for one call of the system: they stay in the processor's cache until the
# system copies them, and a call for fewer costs more than it spares there.
CHUNK = 512 * 1024

# What every empty queue holds: a deque of one's own takes 760 bytes, and nearly all queues are empty.
_NOTHING: deque[Any] = deque(maxlen=0)

_BUFFERS = (bytes, bytearray, memoryview)
_BUFFER_TYPES = frozenset(_BUFFERS)

_HAS_SENDMSG = hasattr(socket.socket, "sendmsg")


@runtime_checkable
class Source(Protocol):
    """Bytes that are made as they are read, a part at a time."""

    def __len__(self) -> int:
        """Return how many have not been read."""

    def read(self, size: int, /) -> Buffer:
        """Return the next ``size`` of them, or as many as there are."""


class ByteQueue:
    """A queue of buffers and sources.

    Attributes:
        size: The bytes that wait.
    """

    __slots__ = ("_buffers", "_rest", "_unread", "size")

    def __init__(self) -> None:
        self._buffers: deque[Buffer] = _NOTHING
        self._rest: deque[Buffer | Source] = _NOTHING  # from the first source on
        self._unread = 0  # bytes of _rest
        self.size = 0

    def append(self, data: Buffer | Source) -> None:
        """Put ``data`` last; whoever gave it leaves it unchanged until it has gone."""
        size = len(data)
        if not size:
            return
        self.size += size
        if self._buffers is _NOTHING:
            self._buffers = deque()
        if not self._rest and isinstance(data, _BUFFERS):
            self._buffers.append(data)
            return
        if self._rest is _NOTHING:
            self._rest = deque()
        self._rest.append(data)
        self._unread += size

    def first(self, limit: int) -> Buffer:
        """Return the first ``limit`` bytes at most, all of one buffer; the queue is not empty."""
        self._read_sources()
        first = self._buffers[0]
        return first if len(first) <= limit else memoryview(first)[:limit]

    def take(self, limit: int) -> Buffer:
        """Return and forget the first ``limit`` bytes at most, all of one buffer; the queue is not empty."""
        first = self.first(limit)
        self.drop(len(first))
        return first

    def send(self, sock: socket.socket) -> bool:
        """Send and forget what ``sock`` takes in one system call; the queue is not empty.

        Returns:
            Whether more waits, and ``sock`` may take more at once.

        Raises:
            OSError: As `socket.socket.send`, `BlockingIOError` included; nothing is lost then. Also
                what a source raises that cannot be read.
        """
        file = self._rest[0] if self._rest and not self._buffers else None
        if isinstance(file, FileSource) and file.sends:
            return self._send_file(file, sock)
        self._read_sources()
        buffers = list(islice(self._buffers, IOV_MAX))
        sent = send(sock, buffers)
        self.drop(sent)
        return self.size > 0 and sent == sum(map(len, buffers))

    def drop(self, count: int) -> None:
        """Forget the first ``count`` bytes, none of which a source has still to make."""
        self.size -= count
        while count:
            first = self._buffers.popleft()
            if len(first) > count:
                self._buffers.appendleft(memoryview(first)[count:])
                return
            count -= len(first)
        if not self.size:
            self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._buffers = self._rest = _NOTHING
        self._unread = 0
        self.size = 0

    def _send_file(self, file: FileSource, sock: socket.socket) -> bool:
        wanted = min(len(file), CHUNK)
        sent = file.send_to(sock, wanted)
        self.size -= sent
        self._unread -= sent
        if not file:
            self._rest.popleft()
        if not self.size:
            self.clear()
        return self.size > 0 and (sent == wanted or not file.sends)

    def _read_sources(self) -> None:
        """Have a `CHUNK` of buffers at the front, unless there is half of one, or what a file can follow."""
        ready = self.size - self._unread
        if not self._rest or ready >= CHUNK // 2:
            return
        while self._rest and ready < CHUNK:
            data = self._rest[0]
            if ready and isinstance(data, FileSource) and data.sends:
                return
            buffer = data if isinstance(data, _BUFFERS) else data.read(CHUNK - ready)
            if buffer is data or not data:
                self._rest.popleft()
            self._buffers.append(buffer)
            ready += len(buffer)
            self._unread -= len(buffer)


def as_buffer(data: Buffer | Source) -> Buffer | Source:
    """Return ``data`` with a length in bytes.

    Raises:
        TypeError: For anything but bytes, a bytearray, a contiguous memoryview or a `Source`.
    """
    if isinstance(data, bytes | bytearray):
        return data
    if isinstance(data, memoryview):
        return data.cast("B")
    if isinstance(data, Source):
        return data
    raise TypeError(f"data: bytes, bytearray or memoryview, not {type(data).__name__}")


def worth_joining(pieces: Sequence[Buffer | Source]) -> TypeGuard[Sequence[Buffer]]:
    """Whether ``pieces`` leave sooner when they are copied together; never with a source among them."""
    return sum(map(len, pieces)) <= WORTH_JOINING * len(pieces) and _BUFFER_TYPES.issuperset(
        map(type, pieces)
    )


def send(sock: socket.socket, buffers: Sequence[Buffer]) -> int:
    """Send ``buffers``, 1 to `IOV_MAX` of them, in one system call.

    Returns:
        The bytes that ``sock`` took.

    Raises:
        OSError: As `socket.socket.send`.
    """
    if len(buffers) == 1:
        return sock.send(buffers[0])
    if worth_joining(buffers) or not _HAS_SENDMSG:
        return sock.send(b"".join(buffers))
    return sock.sendmsg(buffers)
