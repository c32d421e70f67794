"""The interface of a poller, which finds the descriptors that are ready.

A poller holds any number of descriptors. On most systems it has a descriptor of its own, which is readable
while any of them is ready. `tkws.loop.systempollers` has those of the operating systems.
"""

from __future__ import annotations

from typing import Protocol

# Bits of a mask, with the values of EPOLLIN and EPOLLOUT. Any other bit (error, hang-up) concerns both reader
# and writer, so test `mask & ~WRITABLE` for reading and `mask & ~READABLE` for writing.
READABLE = 1
WRITABLE = 4


class Poller(Protocol):
    """Reports which descriptors are ready, level-triggered."""

    def poll(self, seconds: float = 0.0, /) -> list[tuple[int, int]]:
        """Return the descriptors that are ready, each with its mask; wait up to ``seconds`` for the first."""

    def register(self, fd: int, mask: int, /) -> None:
        """Start polling ``fd``.

        Raises:
            OSError: ``fd`` is closed, or cannot be polled, as a regular file cannot.
        """

    def modify(self, fd: int, mask: int, /) -> None:
        """Replace the mask that ``fd`` is polled for."""

    def unregister(self, fd: int) -> None:
        """Stop polling ``fd``; safe if it was already closed."""

    def fileno(self) -> int:
        """Return the descriptor that is readable while any other is ready; -1 if the system has none."""

    def close(self) -> None:
        """Close the poller's own descriptor."""
