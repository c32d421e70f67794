"""Bytes that wait to be sent: kept in order and by reference, however large they are.

Knows how to hand many buffers to a socket in one system call; does not know when a socket is
ready, nor what the bytes mean. Invariant: `ByteQueue.size` is the sum of the lengths of what is
held, and no held buffer is empty.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview

# The most buffers that one sendmsg takes: IOV_MAX is 1024 on Linux, macOS and the BSDs.
IOV_MAX = 1024

# Up to this mean length, in bytes, copying buffers together costs less than the kernel's walk
# over as many pieces.
WORTH_JOINING = 8 * 1024

# What every empty queue holds: a deque of one's own takes 760 bytes, and nearly all queues are empty.
_NOTHING: deque[Buffer] = deque(maxlen=0)

_HAS_SENDMSG = hasattr(socket.socket, "sendmsg")


class ByteQueue:
    """A queue of buffers.

    Attributes:
        size: The bytes that wait.
    """

    __slots__ = ("_buffers", "size")

    def __init__(self) -> None:
        self._buffers = _NOTHING
        self.size = 0

    def append(self, data: Buffer) -> None:
        """Put ``data`` last; whoever gave it leaves it unchanged until it has gone."""
        if data:
            if self._buffers is _NOTHING:
                self._buffers = deque()
            self._buffers.append(data)
            self.size += len(data)

    def first(self, limit: int) -> Buffer:
        """Return the first ``limit`` bytes at most, all of one buffer; the queue is not empty."""
        first = self._buffers[0]
        return first if len(first) <= limit else memoryview(first)[:limit]

    def take(self, limit: int) -> Buffer:
        """Return and forget the first ``limit`` bytes at most, all of one buffer; the queue is not empty."""
        first = self.first(limit)
        self.drop(len(first))
        return first

    def send(self, sock: socket.socket) -> None:
        """Send and forget what ``sock`` takes in one system call; the queue is not empty.

        Raises:
            OSError: As `socket.socket.send`, `BlockingIOError` included; nothing is lost then.
        """
        self.drop(send(sock, list(islice(self._buffers, IOV_MAX))))

    def drop(self, count: int) -> None:
        """Forget the first ``count`` bytes."""
        self.size -= count
        while count:
            first = self._buffers.popleft()
            if len(first) > count:
                self._buffers.appendleft(memoryview(first)[count:])
                return
            count -= len(first)
        if not self.size:
            self._buffers = _NOTHING

    def clear(self) -> None:
        """Forget everything."""
        self._buffers = _NOTHING
        self.size = 0


def as_buffer(data: Buffer) -> Buffer:
    """Return ``data`` with a length in bytes.

    Raises:
        TypeError: For anything but bytes, a bytearray or a contiguous memoryview.
    """
    if isinstance(data, bytes | bytearray):
        return data
    if isinstance(data, memoryview):
        return data.cast("B")
    raise TypeError(f"data: bytes, bytearray or memoryview, not {type(data).__name__}")


def worth_joining(buffers: Sequence[Buffer]) -> bool:
    """Whether ``buffers``, at least one, leave sooner when they are copied together."""
    return sum(map(len, buffers)) <= WORTH_JOINING * len(buffers)


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
