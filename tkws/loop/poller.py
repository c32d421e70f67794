"""Asks the operating system which descriptors are ready.

One readiness object holds any number of descriptors and is, on most systems, itself a
descriptor that is readable while one of them is ready. Knows nothing of Tk.

On Linux ``select.epoll`` is used without ``selectors`` around it: with 10,000 descriptors
``selectors`` makes room for 10,000 events at every call.
"""

from __future__ import annotations

import select
import selectors
import sys
from typing import Protocol

# Of a mask. The values are those of EPOLLIN and EPOLLOUT; any other bit (error, hang-up) is news
# for reader and writer alike, so test `mask & ~WRITABLE` for reading, `mask & ~READABLE` for writing.
READABLE = 1
WRITABLE = 4

# Events in one answer. What does not fit comes first in the next: epoll takes turns.
MAX_EVENTS = 256


class Poller(Protocol):
    """The readiness of many descriptors, level-triggered."""

    def poll(self, seconds: float = 0.0, /) -> list[tuple[int, int]]:
        """The descriptors that are ready, each with its mask; waits up to ``seconds`` for the first."""

    def register(self, fd: int, mask: int, /) -> None:
        """Begins to ask about ``fd``.

        Raises:
            OSError: ``fd`` is closed, or is no thing that can be waited for, such as a file.
        """

    def modify(self, fd: int, mask: int, /) -> None:
        """Asks about ``fd`` for other reasons than before."""

    def unregister(self, fd: int) -> None:
        """Asks about ``fd`` no more; harmless where it was closed already."""

    def fileno(self) -> int:
        """The descriptor that stands for all; -1 where the system has none."""

    def close(self) -> None:
        """Gives the readiness object back."""


class EpollPoller:
    """One epoll object (Linux)."""

    def __init__(self) -> None:
        self._epoll = epoll = select.epoll()
        self.register = epoll.register
        self.modify = epoll.modify
        self.fileno = epoll.fileno
        self.close = epoll.close

    def poll(self, seconds: float = 0.0) -> list[tuple[int, int]]:
        """See `Poller.poll`."""
        return self._epoll.poll(seconds, MAX_EVENTS)

    def unregister(self, fd: int) -> None:
        """See `Poller.unregister`."""
        try:
            self._epoll.unregister(fd)
        except OSError:  # closed: the kernel has dropped it
            pass


class SelectorPoller:
    """The best that ``selectors`` offers: kqueue on macOS, select on Windows."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.close = self._selector.close

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
    """The poller that suits this system best."""
    return EpollPoller() if sys.platform == "linux" else SelectorPoller()
