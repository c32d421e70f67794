"""Bytes that wait to be sent: kept in order and by reference, however large they are.

Hands many buffers to a socket in one system call, and reads a `Source` only when its bytes can be
sent; does not know when a socket is ready, nor what the bytes mean. Invariant:
`ByteQueue.size` is the sum of the lengths of what is held, and nothing that is held is empty.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any, TypeGuard

from tkws.net.filesource import FileSource
from tkws.net.source import Buffer, Source

# The most buffers that one sendmsg takes: IOV_MAX is 1024 on Linux, macOS and the BSDs.
IOV_MAX = 1024

# Up to this mean length, in bytes, copying buffers together costs less than the kernel's walk
# over as many pieces.
JOIN_BELOW = 8 * 1024

# Bytes of sources that are read for one call of the system: they stay in the processor's cache until the
# system copies them, and fewer bytes a call would cost more than that saves.
CHUNK = 512 * 1024

# Shared by all empty queues: an empty deque takes 760 bytes, and nearly all queues are empty.
_NOTHING: deque[Any] = deque(maxlen=0)

_BUFFERS = (bytes, bytearray, memoryview)
_BUFFER_TYPES = frozenset(_BUFFERS)

HAS_SENDMSG = hasattr(socket.socket, "sendmsg")


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
        self.size: int = 0

    def append(self, data: Buffer | Source) -> None:
        """Append ``data``, which must not be changed until it has been sent."""
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
        """Return at most ``limit`` bytes from the front, all of one buffer; the queue must not be empty."""
        self._read_sources()
        first = self._buffers[0]
        return first if len(first) <= limit else memoryview(first)[:limit]

    def take(self, limit: int) -> Buffer:
        """Remove and return at most ``limit`` bytes, all of one buffer; the queue must not be empty."""
        first = self.first(limit)
        self.drop(len(first))
        return first

    def send(self, sock: socket.socket) -> bool:
        """Send what ``sock`` takes in one system call, and remove it; the queue must not be empty.

        Returns:
            Whether more waits, and ``sock`` may take more at once.

        Raises:
            OSError: As `socket.socket.send`, `BlockingIOError` included; nothing is lost then. Also
                if a source cannot be read.
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
        """Remove the first ``count`` bytes, which must have been read from their sources already."""
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
        """Remove everything."""
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
        """Read sources until a `CHUNK` is ready to send.

        Do nothing if half a chunk is ready already; stop before a file that the system itself can send.
        """
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
        TypeError: ``data`` is not bytes, a bytearray, a contiguous memoryview or a `Source`.
    """
    if isinstance(data, bytes | bytearray):
        return data
    if isinstance(data, memoryview):
        return data.cast("B")
    if hasattr(data, "read") and hasattr(data, "__len__"):
        return data
    raise TypeError(f"data: bytes, bytearray or memoryview, not {type(data).__name__}")


def should_join(pieces: Sequence[Buffer | Source]) -> TypeGuard[Sequence[Buffer]]:
    """Tell whether ``pieces`` are sent faster if they are joined first; never with a source among them."""
    return sum(map(len, pieces)) <= JOIN_BELOW * len(pieces) and _BUFFER_TYPES.issuperset(map(type, pieces))


def send(sock: socket.socket, buffers: Sequence[Buffer], *, has_sendmsg: bool = HAS_SENDMSG) -> int:
    """Send ``buffers``, 1 to `IOV_MAX` of them, in one system call.

    Args:
        sock: The socket.
        buffers: See above.
        has_sendmsg: Whether the system has ``sendmsg``, which Windows has not.

    Returns:
        The bytes that ``sock`` took.

    Raises:
        OSError: As `socket.socket.send`.
    """
    if len(buffers) == 1:
        return sock.send(buffers[0])
    if should_join(buffers) or not has_sendmsg:
        return sock.send(b"".join(buffers))
    return sock.sendmsg(buffers)
