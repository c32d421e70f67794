"""A thread that sleeps until a descriptor is ready, and then rings the bell for the loop.

The thread and the loop take turns, so neither spins. After it has rung, the thread is idle until the loop has
served all ready events and calls `resume`. If the loop finds nothing ready several times in a row, the thread
pauses before it waits again: a descriptor was closed without being unregistered, and its number now belongs
to something else.

Knows descriptors, a poller and a bell; knows nothing of Tk. The thread's findings are only hints: the loop
asks its own poller, which may find nothing.

Invariants:

- At most one ring is pending, and the thread is idle until the loop has taken its turn.
- The thread sleeps until any registered descriptor is ready; a change of registration restarts the wait.
- A descriptor that is unregistered is let go at once: the kernel keeps open what a thread is waiting for, so
  without that a port would still be in use after its socket has been closed.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tkws.loop.poller import READABLE, Poller
from tkws.loop.selectpoller import SelectPoller

if TYPE_CHECKING:
    from tkws.loop.bell import Bell

# Consecutive false alarms before the thread pauses, and the seconds of that pause. A few are normal:
# a callback that runs Tk's event loop may already have served what the thread found.
MAX_FALSE_ALARMS = 3
PAUSE = 0.05

# Seconds that `unregister` waits for the thread to leave its wait, which takes a few microseconds.
LET_GO_TIMEOUT = 0.5

# Seconds that `close` waits for the thread to end.
END_TIMEOUT = 2.0


class Waiter:
    """A `tkws.loop.poller.Poller` with a thread that waits for the same descriptors.

    All methods are for the loop's thread.

    Args:
        poller: Holds the same registrations, and is used by `poll`; `close` closes it.
        bell: Rung when a descriptor is ready; `close` closes it.

    Attributes:
        bell: The bell.

    Raises:
        OSError: No descriptor is left, or a thread cannot be started.
    """

    def __init__(self, poller: Poller, bell: Bell) -> None:
        self._poller = poller
        self.bell: Bell = bell
        self._waits = False  # whether it is the thread's turn, or the loop has not taken its turn back
        self._false_alarms = 0
        self._turn = threading.Lock()  # held while it is not the thread's turn
        self._turn.acquire()
        # Reentrant: a signal's handler, or a finalizer, may change what is watched at any moment.
        self._lock = threading.RLock()
        self._sleep = threading.Lock()  # held by the thread while it sleeps; acquired only with `_lock` held
        self._ended = False
        self._nudged = False
        self._nudge_reader, self._nudge_writer = socket.socketpair()
        self._changes: dict[int, int] = {self._nudge_reader.fileno(): READABLE}  # a mask of 0 unregisters
        self._thread = threading.Thread(target=self._run, name="tkws-waiter", daemon=True)
        self._start()

    # ---- the poller

    def poll(self, seconds: float = 0.0) -> list[tuple[int, int]]:
        """See `Poller.poll`."""
        return self._poller.poll(seconds)

    def fileno(self) -> int:
        """See `Poller.fileno`."""
        return self._poller.fileno()

    def register(self, fd: int, mask: int) -> None:
        """See `Poller.register`."""
        self._poller.register(fd, mask)
        self._change(fd, mask)

    def modify(self, fd: int, mask: int) -> None:
        """See `Poller.modify`."""
        self._poller.modify(fd, mask)
        self._change(fd, mask)

    def unregister(self, fd: int) -> None:
        """See `Poller.unregister`."""
        self._poller.unregister(fd)
        with self._lock:
            self._change(fd, 0)
            if self._waits and self._sleep.acquire(timeout=LET_GO_TIMEOUT):
                self._sleep.release()

    # ---- the turns

    def resume(self) -> None:
        """Give the thread its turn to wait until a descriptor is ready. No-op while it waits.

        Raises:
            OSError: The bell is broken, and cannot be repaired.
        """
        self.bell.mend()
        if not self._waits:
            self._waits = True
            with suppress(RuntimeError):  # the bell broke before the thread could ring
                self._turn.release()

    def take_turn(self) -> bool:
        """Take the turn back if the thread has rung, or the bell has broken; return whether it has."""
        rung = self.bell.silence()
        if rung:
            self._waits = False
        return rung

    def note_alarm(self, is_false: bool) -> None:
        """Note whether the loop found nothing ready after a ring."""
        self._false_alarms = self._false_alarms + 1 if is_false else 0

    # ---- the end

    def close(self) -> None:
        """End the thread, and close the poller and the bell. Idempotent."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            self._nudge()
        with suppress(RuntimeError):  # it is already the thread's turn
            self._turn.release()
        self._thread.join(END_TIMEOUT)
        self._nudge_reader.close()
        self._nudge_writer.close()
        self._poller.close()
        self.bell.close()

    def detach_in_child(self) -> None:
        """Detach in a forked child, which has no waiter thread, without touching what the parent shares."""
        self.bell.ignore()

    def _start(self) -> None:
        try:
            self._thread.start()
        except RuntimeError as error:
            self._nudge_reader.close()
            self._nudge_writer.close()
            raise OSError(errno.EAGAIN, str(error)) from error

    def _change(self, fd: int, mask: int) -> None:
        with self._lock:
            self._changes[fd] = mask
            if self._waits:
                self._nudge()

    def _nudge(self) -> None:
        if not self._nudged:
            self._nudged = True
            self._nudge_writer.send(b"\0")

    # ---- in the thread

    def _run(self) -> None:
        poller = SelectPoller()
        self._turn.acquire()
        while self._wait(poller):
            self.bell.ring()
            self._turn.acquire()

    def _wait(self, poller: SelectPoller) -> bool:
        """Sleep until a descriptor is ready; return False when the waiter is closed."""
        if self._false_alarms > MAX_FALSE_ALARMS:
            time.sleep(PAUSE)
        while self._update(poller):
            try:
                ready = poller.poll(None)
            except (OSError, ValueError):  # for example, out of memory
                ready = []
            finally:
                self._sleep.release()
            if not ready:
                time.sleep(PAUSE)
                continue
            if len(ready) > 1 or ready[0][0] != self._nudge_reader.fileno():
                return True
        return False

    def _update(self, poller: SelectPoller) -> bool:
        """Apply the changes to the thread's own poller, and begin to sleep; return False if it is closed."""
        with self._lock:
            if self._ended:
                return False
            for fd, mask in self._changes.items():
                if mask:
                    poller.modify(fd, mask)
                else:
                    poller.unregister(fd)
            self._changes.clear()
            if self._nudged:
                self._nudged = False
                self._nudge_reader.recv(1)
            self._sleep.acquire()
            return True
