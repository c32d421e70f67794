"""asyncio's event loop as a guest of Tk's: its turns are run by `tkws.loop`.

A turn is run at the end of a slice when a descriptor is ready, the earliest timer is due, or something was
queued from outside a turn; it takes `TURN` at most, so Tk and the WebSockets have theirs in between.
Between turns no loop is running: `asyncio.get_running_loop` raises in a callback of Tk's.

Invariants:

- asyncio is not re-entrant: while a coroutine runs Tk's loop itself (a dialog, ``update()``), turns wait.
- The guest ends with its host: tasks are cancelled and run to their end, for `GRACE` seconds at most.
- While nothing is queued and no timer is set, nothing is scheduled in Tk, so an idle program is not woken.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from typing import Any

from tkws.aio.ending import cancel_unbegun, end_tasks
from tkws.aio.selector import HostSelector
from tkws.aio.turns import TurnEventLoop
from tkws.loop import Loop, Master, Timer, loop_for, signals
from tkws.loop.interrupts import sigint_handler

# Seconds of a turn. The rest runs in the next one, after everything else that waits in Tk's loop.
TURN = 0.001

# Seconds that tasks get to end in when the window has gone.
GRACE = 5.0

# Seconds between two requests to leave Tk's main loop: a callback may have opened another one in it.
QUIT_AGAIN = 0.02

_guests: dict[Loop, GuestLoop] = {}


def loop(master: Master = None) -> GuestLoop:
    """Return the asyncio event loop of an interpreter; make it on first use.

    It runs whenever Tk's loop does, and ends with the interpreter.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()`` of it; None for Tk's default root, which is made on demand.

    Raises:
        TypeError: ``master`` is not one of these.
        StateError: The interpreter belongs to another thread, or its window was destroyed.
    """
    host = loop_for(master)
    guest = _guests.get(host)
    if guest is None:
        guest = _guests[host] = GuestLoop(host)
    return guest


class GuestLoop(TurnEventLoop):
    """An asyncio event loop whose turns are run by the loop of a Tcl interpreter; `loop` finds or makes it.

    It is an `asyncio.SelectorEventLoop`, with all its methods. The differences:

    - `run_forever` and `run_until_complete` run Tk's main loop; they are needed only if nothing else does.
    - `stop` ends the main loop of Tk.
    - An exception that no one retrieves is given to the root's ``report_callback_exception``.
    - The time is that of the host's clock.

    Args:
        host: The loop that runs the turns.

    Attributes:
        spawned: The tasks that are held until they are done.
        on_end: Called when the host ends, before tasks are cancelled; each takes itself out when it is done.
        orphaned: Whether the host has ended.
        left_by_quit: Whether `run_forever` returned the last time though `stop` was not called.
    """

    def __init__(self, host: Loop) -> None:
        self._host = host
        self._tkapp: Any = host.master.tk if host.master else None
        self._turn_scheduled = False
        self._timer: Timer | None = None
        self._armed_for = math.inf
        self._in_mainloop = False
        self._leaving_mainloop: Timer | None = None
        self._handed = HostSelector(host, self._schedule_turn)
        self.spawned: set[asyncio.Task[Any]] = set()
        self.on_end: set[Callable[[], object]] = set()
        self.orphaned: bool = False
        self.left_by_quit: bool = False
        super().__init__(self._handed)
        self._wakeup_fd = self.wakeup_fd()
        host.on_close(self._host_ended)

    @property
    def host(self) -> Loop:
        """The loop that runs the turns."""
        return self._host

    def time(self) -> float:
        """See `asyncio.loop.time`: the host's clock, in seconds."""
        return self._host.now()

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Give an exception to the root's ``report_callback_exception``; log a context that has none."""
        exception = context.get("exception")
        if exception is None or isinstance(exception, asyncio.CancelledError):
            super().default_exception_handler(context)
            return
        note = f"asyncio: {context.get('message')}"
        if note not in getattr(exception, "__notes__", ()):
            exception.add_note(note)
        self.report(exception)

    def report(self, exception: BaseException) -> None:
        """Give ``exception`` to the root's ``report_callback_exception``; log it if the root is gone."""
        try:
            raise exception
        except BaseException:
            self._host.report_exception()

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> None:  # type: ignore[override] # its arguments are typed by the version
        """See `asyncio.loop.add_signal_handler`."""
        self._host.check_process()
        super().add_signal_handler(sig, callback, *args)
        signals.add_watched_fd(self._wakeup_fd)

    def remove_signal_handler(self, sig: int) -> bool:
        """See `asyncio.loop.remove_signal_handler`."""
        removed = super().remove_signal_handler(sig)
        if (
            removed
        ):  # asyncio takes the wake-up descriptor off with its last handler, and sets Python's for SIGINT
            signals.resume()
            sigint_handler.reinstall()
        return removed

    # ---- turns

    def _queued_outside(self) -> None:
        if self._host.in_loop_thread():  # another thread's call_soon_threadsafe rings by itself
            self._schedule_turn()

    def _schedule_turn(self) -> None:
        if not (self._turn_scheduled or self._in_turn or self._host.closed):
            self._turn_scheduled = True
            self._host.at_slice_end(self._turn)

    def _turn(self) -> None:
        self._turn_scheduled = False
        if self._in_turn or self._leaving_mainloop or self.is_closed():
            return
        try:
            self._handed.hold()
            self.run_turn(TURN)
        finally:
            self._turn_ended()

    def _turn_ended(self) -> None:
        if self.orphaned:
            self._run_out()
            return
        self._handed.release()
        if self._stopping and not self._iteration_left:
            self._leave_mainloop()
        elif self._ready:
            self._schedule_turn()
        else:
            self._arm()

    def _arm(self) -> None:
        when = self.next_deadline()
        if when == self._armed_for:
            return
        if self._timer:
            self._timer.cancel()
        self._timer, self._armed_for = None, when
        if when < math.inf:
            self._timer = self._host.call_later(max(0.0, when - self._host.now()), self._timer_due)

    def _timer_due(self) -> None:
        self._timer, self._armed_for = None, math.inf
        self._turn()

    # ---- Tk's main loop

    def run_forever(self) -> None:
        """Run Tk's main loop until `stop` is called, or ``quit``, or the window is closed.

        Raises:
            RuntimeError: The loop is closed, or running, or another's is; or the caller is in another thread.
        """
        if self.orphaned:
            super().run_forever()
            return
        self._check_closed()
        self.require_idle()
        if not self._host.in_loop_thread():
            raise RuntimeError("This event loop belongs to the thread of its Tcl interpreter")
        self._in_mainloop = True
        self._thread_id = threading.get_ident()
        self._schedule_turn()
        try:
            self._tkapp.mainloop(0 if self._tkapp.call("info", "commands", ".") else -1)
            self.left_by_quit = not self._stopping
        finally:
            self._mainloop_left()

    def require_idle(self) -> None:
        """Refuse to run the loop while it runs, or another one in the thread does.

        Raises:
            RuntimeError: This loop, or another one of the thread, is running.
        """
        self._check_running()

    def _mainloop_left(self) -> None:
        if self._leaving_mainloop:
            self._leaving_mainloop.cancel()
            self._leaving_mainloop = None
        self._in_mainloop = self._stopping = False
        self._thread_id = None
        if self._ready:
            self._schedule_turn()
        elif not self.is_closed():
            self._arm()

    def _leave_mainloop(self) -> None:
        self._tkapp.quit()
        if self._in_mainloop:
            self._leaving_mainloop = self._host.call_later(QUIT_AGAIN, self._leave_mainloop)
        else:
            self._stopping = False
            self._schedule_turn()

    # ---- the end

    def _host_ended(self) -> None:
        self.orphaned = True
        self._handed.leave_host()
        for callback in tuple(self.on_end):
            callback()
        if self._in_turn:
            self.end_turn()  # the rest when the callback that is being run returns
        else:
            self._run_out()

    def _run_out(self) -> None:
        cancel_unbegun(self)
        try:
            self.run_alone(end_tasks(self, GRACE))
        finally:
            in_mainloop, self._thread_id = self._in_mainloop, None
            self.close()
            if in_mainloop:
                self._tkapp.quit()

    def close(self) -> None:
        """See `asyncio.loop.close`."""
        super().close()
        signals.remove_watched_fd(self._wakeup_fd)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._host.cancel_on_close(self._host_ended)
        if _guests.get(self._host) is self:
            del _guests[self._host]
