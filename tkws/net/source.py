"""Bytes that are made as they are sent: what a stream takes besides buffers.

Apart from `tkws.net.bytequeue`, which may be compiled: anything with these two methods is a source, and
compiled code would take only subclasses.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview


class Source(Protocol):
    """Bytes that are made as they are read, a part at a time."""

    def __len__(self) -> int:
        """Return how many have not been read."""

    def read(self, size: int, /) -> Buffer:
        """Return the next ``size`` of them, or as many as there are."""
