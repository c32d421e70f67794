"""The descriptors that a loop watches, and the queue of those that are ready.

Knows a poller; knows nothing of Tk or time slices, and runs no callback.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from tkws.loop.poller import READABLE, WRITABLE, Poller

Callback = Callable[..., object]


class Watch:
    """The callbacks for a descriptor."""

    __slots__ = ("mask", "readable", "writable")

    def __init__(self, readable: Callback | None, writable: Callback | None) -> None:
        self.readable = readable
        self.writable = writable
        self.mask = (READABLE if readable else 0) | (WRITABLE if writable else 0)

    def disable(self) -> None:
        """Remove both callbacks, also for readiness that was already found."""
        self.readable = self.writable = None


class Readiness:
    """Watches descriptors, and queues the watches of those that are ready.

    Args:
        poller: Finds the descriptors that are ready; `close` closes it.

    Attributes:
        ready: Watches whose descriptors are ready, each with its mask, in the order in which they were found.
            The caller of `poll` takes them off.
        watches: The watch of each descriptor.
    """

    def __init__(self, poller: Poller) -> None:
        self.ready: deque[tuple[Watch, int]] = deque()
        self.watches: dict[int, Watch] = {}
        self._poller = poller
        self._poll = poller.poll
        self._closed = False

    def fileno(self) -> int:
        """Return the descriptor that is readable while any watched one is ready; -1 without one."""
        return self._poller.fileno()

    def watch(self, fd: int, watch: Watch) -> None:
        """Watch ``fd``; this replaces its earlier watch.

        Raises:
            OSError: ``fd`` is closed, or cannot be polled.
        """
        replaced = self.watches.get(fd)
        if replaced is None:
            self._poller.register(fd, watch.mask)
        else:
            if watch.mask != replaced.mask:
                self._poller.modify(fd, watch.mask)
            replaced.disable()
        self.watches[fd] = watch

    def unwatch(self, fd: int) -> None:
        """Stop watching ``fd``. Idempotent."""
        watch = self.watches.pop(fd, None)
        if watch is not None:
            watch.disable()
            self._poller.unregister(fd)

    def poll(self, seconds: float = 0.0) -> bool:
        """Queue the descriptors that are ready; wait up to ``seconds`` for one, and return whether any is."""
        try:
            events = self._poll(seconds)
        except (OSError, ValueError):
            if not self._closed:
                raise
            return False  # a signal's handler has closed the loop during the call
        watches, ready = self.watches, self.ready
        for fd, mask in events:
            if fd in watches:  # otherwise a descriptor was closed while watched, and a copy of it is open
                ready.append((watches[fd], mask))
        return bool(ready)

    def poll_all(self) -> None:
        """Queue all descriptors that are ready, also if they are more than one poll returns."""
        queued = {watch for watch, _ in self.ready}
        found: set[int] = set()
        try:
            while fresh := [event for event in self._poll(0.0) if event[0] not in found]:
                for fd, mask in fresh:
                    found.add(fd)
                    watch = self.watches.get(fd)
                    if watch is not None and watch not in queued:
                        self.ready.append((watch, mask))
        except (OSError, ValueError):
            if not self._closed:
                raise

    def close(self) -> None:
        """Close the poller and forget all watches. Idempotent."""
        self.forget()
        self._poller.close()

    def forget(self) -> None:
        """Forget all watches without touching the poller, which a forked child shares with its parent."""
        self._closed = True
        self._poll = _poll_nothing
        for watch in self.watches.values():
            watch.disable()
        self.watches.clear()
        self.ready.clear()


def _poll_nothing(seconds: float = 0.0) -> list[tuple[int, int]]:
    return []
