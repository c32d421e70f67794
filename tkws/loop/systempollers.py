"""The pollers of the operating systems: epoll on Linux, ``select`` on Windows, and what ``selectors`` offers.

On Linux ``select.epoll`` is used directly: with 10,000 descriptors ``selectors`` allocates room for 10,000
events at every call. Knows nothing of Tk.
"""

from __future__ import annotations

import select
import selectors
import sys
from collections.abc import Callable

from tkws.loop.poller import READABLE, WRITABLE, Poller
from tkws.loop.selectpoller import SelectPoller

# Events returned by one call. Those that do not fit come first in the next: epoll takes turns.
MAX_EVENTS = 256


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
    """The default selector of ``selectors``: kqueue on macOS."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.close: Callable[[], None] = self._selector.close

    def poll(self, seconds: float = 0.0) -> list[tuple[int, int]]:
        """See `Poller.poll`."""
        reading, writing = selectors.EVENT_READ, selectors.EVENT_WRITE
        found: dict[int, int] = {}
        for key, events in self._selector.select(seconds):  # kqueue has an event for each direction
            mask = (READABLE if events & reading else 0) | (WRITABLE if events & writing else 0)
            found[key.fd] = found.get(key.fd, 0) | mask
        return list(found.items())

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
    kinds: dict[str, Callable[[], Poller]] = {"linux": EpollPoller, "win32": SelectPoller}
    return kinds.get(sys.platform, SelectorPoller)()
