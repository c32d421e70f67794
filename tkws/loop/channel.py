"""The loop for systems where Tk has no file handlers, such as Windows: a helper thread waits, and wakes Tk.

The thread sleeps until a descriptor is ready and then rings a bell that Tcl watches, so Tk calls the loop as
it would call a file handler. Only Tk's own thread touches Tk, and an idle program is never woken.

Invariants:

- While the loop serves events, the thread is idle. Whenever the loop returns to Tk without having yielded,
  the thread waits for descriptors.
- A Tk timer is set while the loop serves events. It restarts the thread if a callback runs Tk's event loop,
  or if the loop is interrupted at any point.
"""

from __future__ import annotations

import time
import tkinter
from collections.abc import Callable
from contextlib import suppress

from tkws.loop.base import Loop
from tkws.loop.bell import Bell
from tkws.loop.clock import monotonic
from tkws.loop.dwell import SLICE
from tkws.loop.interpreter import require_thread_of
from tkws.loop.poller import Poller
from tkws.loop.systempollers import make_poller
from tkws.loop.waiter import Waiter

# Seconds between attempts to repair a broken bell; until then the loop polls at this interval.
MEND_INTERVAL = 0.05


class ChannelLoop(Loop):
    """A loop that a helper thread wakes through a Tcl channel. It uses no CPU while idle.

    Raises:
        OSError: A loopback connection, or a thread, cannot be created.
    """

    # Returning to Tk to be called again costs many times as much as polling once more.
    _drain_all = True

    def __init__(
        self,
        master: tkinter.Misc,
        *,
        poller: Poller | None = None,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        root: tkinter.Tk = master.nametowidget(".")
        require_thread_of(root)
        bell = Bell(root.tk, self._on_bell)
        try:
            self._waiter = Waiter(poller or make_poller(), bell)
        except BaseException:
            bell.close()
            raise
        try:
            super().__init__(master, poller=self._waiter, clock=clock, wall=wall)
        except BaseException:
            self._waiter.close()
            raise
        self._let_wait()

    def _attach_to_tk(self) -> None:
        """Do nothing: the thread starts to wait once the loop has served all ready events."""

    def _detach_from_tk(self) -> None:
        """Do nothing: the thread, which may ring once more, is not restarted until then."""

    def _on_bell(self, *_event: object) -> None:
        if self._closed:
            if self._interpreter.in_forked_child:
                self._waiter.detach_in_child()
            return
        if self._yielded:
            self._waiter.take_turn()
            return
        now = self._clock()
        if not now <= self._tk_timer.due <= now + SLICE:
            self._tk_timer.arm(now + SLICE)
        if self._waiter.take_turn() and self._finds_ready():
            self._dispatch()
        else:
            self._let_wait()
        self._rearm()

    def _finds_ready(self) -> bool:
        found = bool(self._readiness.ready) or self._poll()
        self._waiter.note_alarm(is_false=not found)
        return found

    def _dispatch(self, *_event: object) -> None:
        super()._dispatch()
        self._let_wait()  # the Tk timer of this entry is still set

    def _on_tk_idle(self) -> None:
        super()._on_tk_idle()
        if self._tk_timer.due > self._clock():  # otherwise the timer follows at once
            self._let_wait()

    def _let_wait(self) -> None:
        if self._yielded or self._closed:
            return
        with suppress(OSError):  # the bell is broken: `_next_due` schedules the next attempt
            self._waiter.resume()

    def _next_due(self, now: float) -> float:
        due = super()._next_due(now)
        return min(due, now + MEND_INTERVAL) if self._waiter.bell.broken else due
