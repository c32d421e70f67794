"""Runs callbacks in slices of time, and yields to Tk in between.

Tk draws, and returns from ``update()``, only when nothing else is due: a descriptor that is always ready
would starve both. So callbacks run in slices, each of which takes due timers, ready descriptors and queued
calls in turn. When the time of a slice is spent and work remains, the loop yields: it detaches itself from
Tk's event loop until Tk has been idle. Every third time it then pauses for a millisecond, together with the
other loops of the thread: ``update()`` returns once nothing at all is ready.

If one event follows closely on another, as in a conversation with a fast peer, the loop itself waits up to a
millisecond for the next before it returns to Tk: Tk's own wait costs more, since it goes through the thread
in which Tcl calls ``select``, and back. `Dwell` sees to it that Tk loses little by that.

Knows its queues and when to run what is in them; `tkws.loop.base` adds the methods that fill them.

Invariants:

- While a callback runs, a Tk timer or the file handler is set for all work that remains, since the callback
  may run Tk's event loop itself (``update()``, a dialog).
- If an exception ends a slice, the remaining work stays in its queue, with a Tk timer set.
- A timer that is late because the program was busy runs after everything that was ready by then.
- Tk's timers follow the wall clock, those of the loop do not: a Tk timer that fires too early is set again,
  and every slice looks for due deadlines itself.
"""

from __future__ import annotations

import math
import sys
import tkinter
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from tkws.compilation import mypyc_attr
from tkws.loop.dwell import SLICE, Dwell
from tkws.loop.entry import entry
from tkws.loop.interpreter import Interpreter
from tkws.loop.interrupts import sigint_handler
from tkws.loop.nesting import callback_depth
from tkws.loop.pause import PAUSE, pause_of_thread
from tkws.loop.poller import READABLE, WRITABLE, Poller
from tkws.loop.readiness import Callback, Readiness, Watch
from tkws.loop.suspend import MIN_DRIFT, SuspendDetector
from tkws.loop.timers import TimerHeap
from tkws.loop.tktimer import TkTimer
from tkws.loop.wakeup import Call

# Tk may never become idle, so the loop waits for it IDLE_TIMEOUTS times at most, IDLE_TIMEOUT seconds each.
# Two times, as the process may have been stopped during the first; up to MAX_IDLE_TIMEOUTS times while other
# loops of the thread run.
IDLE_TIMEOUT = 0.01
IDLE_TIMEOUTS = 2
MAX_IDLE_TIMEOUTS = 25

# A timer that is later than this, in seconds, shows that the program was busy: what is ready may be older.
OVERDUE = 0.05

# How many calls at the end of a slice run per reading of the clock: a write takes about 10 microseconds.
_CALLS_PER_CLOCK_READ = 16


@mypyc_attr(allow_interpreted_subclasses=True)
class Scheduler:
    """The queues of a loop, and the slices in which their callbacks run.

    Args:
        interpreter: The interpreter in whose event loop the callbacks run.
        poller: Finds the descriptors that are ready.
        clock: Returns the time in seconds, which never goes back.
        wall: Returns the time of day in seconds, which advances while the machine is suspended.
    """

    # Whether every entry polls until nothing is ready, rather than only the first one of a slice.
    _drain_all: ClassVar[bool] = False

    # Whether to wait for the next event of a conversation, for as long as that costs Tk little.
    _may_wait: ClassVar[bool] = True

    def __init__(
        self,
        interpreter: Interpreter,
        poller: Poller,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._tkapp = interpreter.tkapp
        self._interpreter = interpreter
        self._clock = clock
        self._readiness = Readiness(poller)
        self._soon: deque[Call] = deque()
        self._slice_end_calls: deque[Call] = deque()
        self._timers = TimerHeap(interpreter.check_thread)
        self._suspend = SuspendDetector(clock, wall)
        self._on_wake: dict[Callback, None] = {}

        self._closed = False
        self._depth = 0
        self._slice_end = -math.inf
        self._dwell = Dwell(interpreter.tkapp)
        self._yielded = False
        self._pause = pause_of_thread()
        self._seen_yields = 0
        self._idle_timeouts = 0
        self._catching_up = False  # whether overdue timers wait for events that were ready before
        self._caught_up_to = -math.inf
        self._idle_command = f"{interpreter.command_prefix}_idle"
        self._idle_id = ""
        self._tk_timer = TkTimer(interpreter.tkapp, clock, entry(self._on_tk_timer))
        self._tkapp.createcommand(self._idle_command, entry(self._on_tk_idle))

    @abstractmethod
    def _attach_to_tk(self) -> None:
        """Make Tk call `_dispatch` when a descriptor is ready."""

    @abstractmethod
    def _detach_from_tk(self) -> None:
        """Undo `_attach_to_tk`."""

    @abstractmethod
    def _on_new_slice(self) -> None:
        """Do what is due once in a slice, before anything is served. Must not call the program."""

    def now(self) -> float:
        """Return the time on the loop's clock, in seconds; not the time of day."""
        return self._clock()

    @property
    def dispatching(self) -> bool:
        """Whether a callback of the loop is running, and `at_slice_end` therefore waits for its slice."""
        return self._depth > 0

    def nesting(self) -> int:
        """Return how many callbacks, of the loop and of tkinter, the caller is nested in.

        A callback that runs Tk's event loop (``update()``, a dialog) sees a smaller number than the callbacks
        that run inside it. This takes microseconds: too long to be called for every message.
        """
        return self._depth + callback_depth()

    def slice_left(self) -> float:
        """Return the seconds left of the current slice: negative once spent, infinite outside of one."""
        return self._slice_end - self._clock() if self._depth else math.inf

    def slice_spent(self) -> bool:
        """Return whether the time of the current slice is spent; False outside callbacks of the loop.

        A callback that has more to do should then pass the rest to `call_soon` and return.
        """
        return self._depth > 0 and self._clock() >= self._slice_end

    def report_exception(self) -> None:
        """Pass the exception that is being handled to the root's ``report_callback_exception``.

        It is logged instead if the root is gone, or if that method raises.

        Raises:
            StateError: The caller runs in another thread than the loop's.
        """
        self._interpreter.report_exception()

    def _dispatch(self, *_event: object) -> None:
        """Run a slice, or continue one: Tk calls this when a descriptor is ready or the timer fires.

        The first entry of a slice polls until nothing is ready, so that Tk can do its idle work afterwards.
        Later entries within the time of that slice poll once, unless they block for the next event.
        """
        if self._closed:  # by a signal's handler, a moment ago; or this is a forked child
            if self._interpreter.in_forked_child:
                self._detach_from_tk()
            return
        now = self._clock()
        if self._pause.until and self._pause.goes_on():
            if not self._yielded:
                self._yielded = True
                self._detach_from_tk()
            self._pause.join(self._wait_for_pause)
            return
        self._dwell.enter(now)
        new_slice = now >= self._slice_end
        if new_slice:
            self._slice_end = now + SLICE
            if self._suspend.was_suspended():
                self._queue_wake_callbacks()
            self._on_new_slice()
        self._depth += 1
        spent = False
        try:
            spent = self._run_slice(now, new_slice or self._drain_all)
        except BaseException as error:  # SystemExit, KeyboardInterrupt: Tk keeps it for `mainloop`
            if not sigint_handler.raise_later(error, sys._getframe()):  # noqa: SLF001 - documented
                raise
        finally:
            self._depth -= 1
        if spent:
            self._yield_to_tk()
        if not self._yielded:
            self._dwell.leave(self._clock())

    def _run_slice(self, now: float, drain: bool) -> bool:
        """Run what is due, one of each kind in turn; return whether time ran out before the work did."""
        timers, ready, soon = self._timers, self._readiness.ready, self._soon
        if not ready and not self._poll():
            drain = False
        while True:
            if timers.earliest <= now and not self._defers_timers(now):
                self._run_timer(now)
            if ready:
                watch, mask = ready.popleft()
                self._run_watch(watch, mask)
            if soon:
                callback, args = soon.popleft()
                self._run_callback(callback, *args)
            if not (ready or soon):
                if self._slice_end_calls:
                    self._run_slice_end_calls()
                if timers.earliest <= self._slice_end:
                    now = self._clock()  # a timer may have become due since this entry began
                if not (
                    soon or self._slice_end_calls or timers.earliest <= now or self._poll_again(now, drain)
                ):
                    return False
            now = self._clock()
            if now >= self._slice_end:
                self._run_slice_end_calls()
                return True

    def _defers_timers(self, now: float) -> bool:
        """Return whether the due timer is so late that everything ready by now must run before it."""
        earliest = self._timers.earliest
        if not self._catching_up and now - earliest > OVERDUE and earliest > self._caught_up_to:
            self._catching_up = True
            self._caught_up_to = now
            self._readiness.poll_all()
            if now - earliest > MIN_DRIFT:  # a suspend, if the monotonic clock counts it
                self._queue_wake_callbacks()
            # A marker behind everything that is ready now.
            self._readiness.ready.append((Watch(self._queue_caught_up, None), READABLE))
        return self._catching_up

    def _queue_wake_callbacks(self) -> None:
        self._soon.extend((callback, ()) for callback in self._on_wake)
        self._ensure_tk_timer()

    def _queue_caught_up(self) -> None:
        """Add a second marker: the calls that other threads have queued run before the timers."""
        self._soon.append((self._caught_up, ()))

    def _caught_up(self) -> None:
        self._catching_up = False

    def _run_timer(self, now: float) -> None:
        timer = self._timers.pop()
        if self._tk_timer.due <= now:  # Tk is late, by an hour if the wall clock was set back
            self._rearm()
        self._run_callback(timer.run)

    def _run_watch(self, watch: Watch, mask: int) -> None:
        try:
            if mask & ~WRITABLE and watch.readable:
                watch.readable()
            if mask & ~READABLE and watch.writable:
                watch.writable()
        except Exception:
            self.report_exception()

    def _poll(self, seconds: float = 0.0) -> bool:
        return self._readiness.poll(seconds)

    def _poll_again(self, now: float, drain: bool) -> bool:
        """Poll again, or wait if events follow closely; return whether any descriptor is ready."""
        dwell = self._dwell
        if self._depth > 1 or not self._may_wait:
            return drain and self._poll()
        served_for = dwell.note_served(now)
        if now >= dwell.until:
            if not dwell.serves_more(served_for):
                return False
            if not self._poll():
                self._slice_end = now  # Tk has its turn, so the next entry begins a slice
            return bool(self._readiness.ready)
        if not dwell.waits or self._timers.earliest < now + dwell.seconds:
            return drain and self._poll()
        return self._poll(dwell.seconds)

    def _run_slice_end_calls(self) -> None:
        """Run the calls that wait for the end of the slice, for the time of one more slice at most.

        The rest runs after Tk has had its turn. Writes of a broadcast are such calls, and may be thousands.
        """
        calls = self._slice_end_calls
        latest = self._slice_end + SLICE
        for number in range(1, len(calls) + 1):
            if not calls:  # a callback ran Tk's event loop, and that has run the others
                return
            callback, args = calls.popleft()
            self._run_callback(callback, *args)
            if not number % _CALLS_PER_CLOCK_READ and self._clock() >= latest:
                return

    def _run_callback(self, callback: Callback, *args: Any) -> None:
        try:
            callback(*args)
        except Exception:
            self.report_exception()

    # ---- between the slices

    def _next_due(self, now: float) -> float:
        """Return when the loop must be entered again even if no descriptor becomes ready."""
        return now if self._readiness.ready or self._soon or self._slice_end_calls else self._timers.earliest

    def _yield_to_tk(self) -> None:
        """If work remains, leave Tk alone until it has been idle."""
        now = self._clock()
        if self._yielded or self._next_due(now) > now:
            return
        self._yielded = True
        self._pause.yields += 1
        self._seen_yields = self._pause.yields
        self._idle_timeouts = 0
        self._detach_from_tk()
        with suppress(tkinter.TclError):  # Ctrl-C is ending dialogs: the timer alone is enough
            self._idle_id = self._tkapp.call("after", "idle", self._idle_command)
        self._tk_timer.arm(now + IDLE_TIMEOUT)

    def _wait_for_pause(self) -> None:
        """Come back when the pause is over."""
        if self._yielded and not self._closed:
            self._tk_timer.arm(self._clock() + PAUSE)

    def _resume(self) -> None:
        self._yielded = False
        if self._idle_id:
            with suppress(tkinter.TclError):  # Ctrl-C is ending dialogs; the script does nothing then
                self._tkapp.call("after", "cancel", self._idle_id)
            self._idle_id = ""
        self._attach_to_tk()

    def _keep_waiting_for_idle(self) -> bool:
        """Count this check; return whether to wait longer, since others may have left Tk no time."""
        others_ran = self._seen_yields != self._pause.yields
        self._seen_yields = self._pause.yields
        self._idle_timeouts += 1
        return self._idle_timeouts < (MAX_IDLE_TIMEOUTS if others_ran else IDLE_TIMEOUTS)

    def _on_tk_idle(self) -> None:
        # `update_idletasks` must run no callbacks but idle ones, so this only sets the timer for them.
        self._idle_id = ""
        if self._closed:
            return
        if self._pause.is_due():
            self._pause.join(self._wait_for_pause)
            return
        self._resume()
        self._rearm()

    def _on_tk_timer(self) -> None:
        self._tk_timer.disarm()
        if self._closed:
            return
        if self._yielded:
            if self._idle_id and self._keep_waiting_for_idle():
                self._tk_timer.arm(self._clock() + IDLE_TIMEOUT)
                return
            self._resume()
        self._tk_timer.arm(self._clock() + SLICE)
        self._dwell.served_at = -math.inf  # a timer is not an event from a peer
        self._dispatch()
        self._rearm()

    def _ensure_tk_timer(self) -> None:
        """Set a Tk timer for what was just queued, also in case a callback runs Tk's event loop."""
        if self._yielded or self._closed:
            return
        due = self._slice_end if self._depth else self._clock()
        if not due - SLICE <= self._tk_timer.due <= due:
            self._tk_timer.arm(due)

    def _rearm(self) -> None:
        if self._yielded or self._closed:
            return
        now = self._clock()
        due = self._next_due(now)
        if due == math.inf:
            self._tk_timer.disarm()
        elif not now < self._tk_timer.due == due:
            self._tk_timer.arm(due)
