"""Asks the operating system by ``select`` which descriptors are ready, and by ``poll`` if they are many.

It is the poller of Windows, where both calls take sockets only, and `tkws.loop.waiter` blocks in one.
Python's ``select`` takes 512 sockets there, and no descriptor above 1023 elsewhere. Beyond that this module
uses ``WSAPoll`` on Windows and ``poll`` elsewhere. ``select`` comes first, as only a recent ``WSAPoll``
(Windows 10, version 2004) reports an attempt to connect that failed.

Knows descriptors; knows nothing of Tk and of threads.
"""

from __future__ import annotations

import errno
import math
import select
import sys
import time
from collections.abc import Callable
from typing import Final

from tkws.loop.poller import READABLE, WRITABLE

WINDOWS: Final = sys.platform == "win32"

# ``select`` takes so many sockets on Windows, and descriptors below FD_SETSIZE elsewhere.
MAX_SOCKETS = 512
FD_SETSIZE = 1024

Ready = list[tuple[int, int]]
Wait = Callable[[float | None], Ready]


class SelectPoller:
    """A `tkws.loop.poller.Poller` for any number of descriptors, without a descriptor of its own.

    A descriptor that was closed without being unregistered is dropped, as epoll does it.
    """

    def __init__(self) -> None:
        self._masks: dict[int, int] = {}
        self._wait: Wait | None = None

    def poll(self, seconds: float | None = 0.0) -> Ready:
        """Return the descriptors that are ready, each with its mask.

        Args:
            seconds: How long to wait for the first; None for no limit.
        """
        while self._masks:
            if self._wait is None:
                self._wait = _prepare(self._masks)
            try:
                return self._wait(seconds)
            except (OSError, ValueError):
                if not self._drop_closed():
                    raise
        if seconds:
            time.sleep(seconds)
        return []

    def register(self, fd: int, mask: int) -> None:
        """See `tkws.loop.poller.Poller.register`."""
        try:
            _prepare({fd: mask})(0.0)
        except ValueError:
            raise OSError(errno.EBADF, f"no open descriptor: {fd}") from None
        self.modify(fd, mask)

    def modify(self, fd: int, mask: int) -> None:
        """See `tkws.loop.poller.Poller.modify`."""
        self._masks[fd] = mask
        self._wait = None

    def unregister(self, fd: int) -> None:
        """See `tkws.loop.poller.Poller.unregister`."""
        self._masks.pop(fd, None)
        self._wait = None

    def fileno(self) -> int:
        """See `tkws.loop.poller.Poller.fileno`: there is no such descriptor."""
        return -1

    def close(self) -> None:
        """See `tkws.loop.poller.Poller.close`."""
        self._masks.clear()
        self._wait = None

    def _drop_closed(self) -> bool:
        """Unregister the descriptors that are closed; return whether there were any."""
        closed = [fd for fd, mask in list(self._masks.items()) if not _is_open(fd, mask)]
        for fd in closed:
            self.unregister(fd)
        return bool(closed)


def _is_open(fd: int, mask: int) -> bool:
    try:
        _prepare({fd: mask})(0.0)
    except (OSError, ValueError):
        return False
    return True


def _prepare(masks: dict[int, int]) -> Wait:
    """Return the function that waits for ``masks``; make it again when they change."""
    if WINDOWS:
        return _prepare_select(masks) if len(masks) <= MAX_SOCKETS else _prepare_wsapoll(masks)
    return _prepare_select(masks) if max(masks) < FD_SETSIZE else _prepare_poll(masks)


def _prepare_select(masks: dict[int, int]) -> Wait:
    reading = [fd for fd, mask in masks.items() if mask & READABLE]
    writing = [fd for fd, mask in masks.items() if mask & WRITABLE]
    # Windows reports an attempt to connect that failed as an exceptional condition only.
    exceptional = writing if WINDOWS else []

    def wait(seconds: float | None) -> Ready:
        readable, writable, failed = select.select(reading, writing, exceptional, seconds)
        found = dict.fromkeys(readable, READABLE)
        for fd in writable + failed:
            found[fd] = found.get(fd, 0) | WRITABLE
        return list(found.items())

    return wait


def _prepare_poll(masks: dict[int, int]) -> Wait:
    poll = select.poll()
    for fd, mask in masks.items():
        poll.register(fd, mask)  # POLLIN is READABLE, POLLOUT is WRITABLE

    def wait(seconds: float | None) -> Ready:
        found = poll.poll(_milliseconds(seconds))
        if any(told & select.POLLNVAL for _, told in found):
            raise OSError(errno.EBADF, "a descriptor is closed")
        return found

    return wait


def _prepare_wsapoll(masks: dict[int, int]) -> Wait:
    from tkws.loop.wsapoll import WSAPoll  # ctypes takes milliseconds to import

    poll = WSAPoll(masks)
    return lambda seconds: poll(_milliseconds(seconds))


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else math.ceil(seconds * 1000)
