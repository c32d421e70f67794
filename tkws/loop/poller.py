"""Asks the operating system which descriptors are ready.

A poller holds any number of descriptors. On most systems it has a descriptor of its own, which is readable
while any of them is ready. Knows nothing of Tk.

On Linux ``select.epoll`` is used directly: with 10,000 descriptors ``selectors`` allocates room for 10,000
events at every call.
"""

from __future__ import annotations

import select
import selectors
import sys
from collections.abc import Callable
from typing import Protocol

# Bits of a mask, with the values of EPOLLIN and EPOLLOUT. Any other bit (error, hang-up) concerns both reader
# and writer, so test `mask & ~WRITABLE` for reading and `mask & ~READABLE` for writing.
READABLE = 1
WRITABLE = 4

# Events returned by one call. Those that do not fit come first in the next: epoll takes turns.
MAX_EVENTS = 256


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


class EpollPoller:
    """One epoll object (Linux)."""

    def __init__(self) -> None:
        self._epoll = epoll = select.epoll()
        self.register: Callable[[int, int], None] = epoll.register
        self.modify: Callable[[int, int], None] = epoll.modify
        self.fileno: Callable[[], int] = epoll.fileno
        self.close: Callable[[], None] = epoll.close

    def poll(self, seconds: float = 0.0) -> list[tuple[int, int]]:
        """See `Poller.poll`."""
        return self._epoll.poll(seconds, MAX_EVENTS)

    def unregister(self, fd: int) -> None:
        """See `Poller.unregister`."""
        try:
            self._epoll.unregister(fd)
        except OSError:  # closed: the kernel has dropped it already
            pass


class SelectorPoller:
    """The default selector of ``selectors``: kqueue on macOS, select on Windows."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.close: Callable[[], None] = self._selector.close

    def poll(self, seconds: float = 0.0) -> list[tuple[int, int]]:
        """See `Poller.poll`."""
        reading, writing = selectors.EVENT_READ, selectors.EVENT_WRITE
        return [
            (key.fd, (READABLE if events & reading else 0) | (WRITABLE if events & writing else 0))
            for key, events in self._selector.select(seconds)
        ]

    def register(self, fd: int, mask: int) -> None:
        """See `Poller.register`."""
        self._selector.register(fd, self._events(mask))

    def modify(self, fd: int, mask: int) -> None:
        """See `Poller.modify`."""
        self._selector.unregister(fd)
        self._selector.register(fd, self._events(mask))

    def unregister(self, fd: int) -> None:
        """See `Poller.unregister`."""
        self._selector.unregister(fd)

    def fileno(self) -> int:
        """See `Poller.fileno`."""
        fileno = getattr(self._selector, "fileno", None)
        return -1 if fileno is None else int(fileno())

    @staticmethod
    def _events(mask: int) -> int:
        reading = selectors.EVENT_READ if mask & READABLE else 0
        return reading | (selectors.EVENT_WRITE if mask & WRITABLE else 0)


def make_poller() -> Poller:
    """Return the fastest poller of this system."""
    return EpollPoller() if sys.platform == "linux" else SelectorPoller()
