"""Calls from other threads: a queue, and a socket pair that wakes the loop.

Tk may be called from its own thread only; a call from another stalls for a second before it raises. So other
threads never touch Tk: they append to a queue, and the first one to do so after it was emptied writes a byte
into a socket pair that the loop watches. Knows nothing of Tk.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from tkws.errors import StateError
from tkws.loop.signals import add_wakeup_fd, remove_wakeup_fd

# Bytes to read at a time.
_READ_SIZE = 4096

Call = tuple[Callable[..., object], tuple[Any, ...]]


class Wakeup:
    """A queue that any thread may fill and the loop's thread empties.

    The loop watches `fileno` for reading and calls `take` when it is ready.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._calls: deque[Call] = deque()
        self._signalled = False
        self._closed = False
        # Reentrant: the collector may run a finalizer that posts while this thread is posting.
        self._lock = threading.RLock()

    def fileno(self) -> int:
        """Return the descriptor that is readable while calls are waiting."""
        return self._reader.fileno()

    def follow_signals(self) -> bool:
        """Wake the loop at each signal, if this is the main thread; return what `add_wakeup_fd` returns."""
        return self._closed or add_wakeup_fd(self._writer.fileno())

    def post(self, call: Call) -> None:
        """Append ``call``, from any thread.

        Raises:
            StateError: The loop was closed.
        """
        with self._lock:
            if self._closed:
                raise StateError("the loop is closed")
            self._calls.append(call)
            if not self._signalled:
                self._signalled = True
                try:
                    self._writer.send(b"\0")
                except BlockingIOError:  # the socket is full, so the loop wakes anyway
                    pass

    def take(self) -> deque[Call]:
        """Remove and return the waiting calls, oldest first."""
        with self._lock:
            if not self._closed:
                self._drain()
            self._signalled = False
            calls, self._calls = self._calls, deque()
            return calls

    def close(self) -> None:
        """Refuse calls from now on; `take` still returns those that are waiting."""
        with self._lock:
            if not self._closed:
                remove_wakeup_fd(self._writer.fileno())
            self._closed = True
            self._signalled = False
            self._reader.close()
            self._writer.close()

    def after_fork_in_child(self) -> None:
        """Refuse calls from now on, in a forked child: a byte written here would wake the parent."""
        self._lock = threading.RLock()  # a thread of the parent may have held the old one
        self._closed = True
        self._calls.clear()

    def _drain(self) -> None:
        """Read all bytes there are: any that are left would keep the loop awake."""
        try:
            while len(self._reader.recv(_READ_SIZE)) == _READ_SIZE:
                continue
        except BlockingIOError:
            pass
