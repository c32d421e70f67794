"""Serves what is due, a slice of time after the other, and lets Tk have its turn in between.

Tk draws, and lets ``update()`` return, only when nothing else is due: a descriptor that stays
ready would starve both for ever. So callbacks run in slices, each of which takes due timers,
ready descriptors and queued calls in turn. When a slice's time is spent and work remains, the
loop steps back: it takes itself off Tk's loop until Tk was idle. Every third time it waits for
a millisecond instead, since ``update()`` goes on as long as there is idle work.

Where one thing follows closely on another, as in a conversation, the loop waits for the next by
itself, a moment at most, before Tk has its turn.

Knows how to serve, not who asks for it: `tkws.loop.base` adds that.

Invariants:

- While a callback runs, whatever the loop still owes has a Tk timer or a file handler, for the
  callback may run Tk's loop itself (``update()``, a dialog).
- What an exception interrupts is left in its queue, with a Tk timer set.
- A timer that is overdue, since the program was busy, comes after all that was ready by then.
- There is one Tk timer, and a spare one for the case that an interrupt takes the first. Tk's timers
  follow the wall clock and ours do not: one that comes too early is set again, and every slice looks
  for due deadlines by itself.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any

from tkws.loop.interpreter import Interpreter
from tkws.loop.poller import READABLE, WRITABLE, Poller
from tkws.loop.suspend import MIN_DRIFT, SuspendDetector
from tkws.loop.timers import TimerHeap
from tkws.loop.wakeup import Call

Callback = Callable[..., object]

# Seconds that callbacks get before Tk has its turn: a 10 ms timer and a redraw each 16 ms stay in time.
SLICE = 0.005

# Seconds that a spent slice waits for Tk to be idle; a program may keep Tk from ever being so.
IDLE_TIMEOUT = 0.02

# The handler of a signal may raise at the entry of a callback, before its first line: the Tk timer is gone
# then, and nothing was done. A second one follows so many milliseconds later.
SPARE_DELAY_MS = 250

# Tk takes an int of milliseconds: a longer wait is one of several days' timers.
MAX_DELAY_MS = 24 * 3600 * 1000

# Seconds behind its time at which a timer shows that the program was busy: what is ready may be older.
OVERDUE = 0.05

# Seconds that an entry waits for what comes next, where something came so soon before; it goes on like that
# for as long. Tk's own wait costs more: it leads through the thread in which Tcl selects, there and back.
POLL_TIMEOUT = 0.001

# Calls at the end of a slice between two looks at the clock: a write takes some 10 microseconds.
_CALLS_PER_CLOCK_READ = 16


class Watch:
    """Who wants to know about a descriptor; emptied when it is replaced or taken off."""

    __slots__ = ("mask", "readable", "writable")

    def __init__(self, readable: Callback | None, writable: Callback | None) -> None:
        self.readable = readable
        self.writable = writable
        self.mask = (READABLE if readable else 0) | (WRITABLE if writable else 0)

    def disable(self) -> None:
        """Lets nobody know any more, of readiness found already neither."""
        self.readable = self.writable = None


class Scheduler(ABC):
    """The queues of a loop and the slices in which they are served.

    Args:
        interpreter: The interpreter in whose loop they are served.
        poller: What asks about descriptors.
        clock: The time in seconds, never going back.
        wall: The time of day in seconds, which goes on while the machine sleeps.
    """

    # Whether every slice goes on until nothing is ready.
    _drain_all = False

    def __init__(
        self,
        interpreter: Interpreter,
        poller: Poller,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._tkapp = interpreter.tkapp
        self._interpreter = interpreter
        self._poller = poller
        self._poll = poller.poll
        self._clock = clock
        self._watches: dict[int, Watch] = {}
        self._ready: deque[tuple[Watch, int]] = deque()
        self._soon: deque[Call] = deque()
        self._slice_end: deque[Call] = deque()
        self._timers = TimerHeap(interpreter.check_thread)
        self._suspend = SuspendDetector(clock, wall)
        self._on_wake: dict[Callback, None] = {}

        self._closed = False
        self._depth = 0
        self._deadline = -math.inf
        self._entered_at = -math.inf
        self._blocks_in_poll = False
        self._yielded = False
        self._yields = 0
        self._catching_up = False  # whether overdue timers wait for what was ready before
        self._caught_up_to = -math.inf
        self._idle_command = f"{interpreter.prefix}_idle"
        self._idle_id = ""
        self._tk_timer: Any = None
        self._tk_spare: Any = None
        self._tk_timer_due = math.inf
        self._tkapp.createcommand(self._idle_command, self._on_tk_idle)

    @abstractmethod
    def _attach_to_tk(self) -> None:
        """Has Tk call `_dispatch` when a descriptor is ready."""

    @abstractmethod
    def _detach_from_tk(self) -> None:
        """Ends what `_attach_to_tk` began."""

    def report_exception(self) -> None:
        """Gives the exception being handled to the root's ``report_callback_exception``.

        It is logged where the root is gone or its method raises in turn.

        Raises:
            StateError: The caller is in another thread than the loop's.
        """
        self._interpreter.report_exception()

    def _dispatch(self, *_event: object) -> None:
        """One slice, or a part of one: Tk calls it when a descriptor or the timer is ready.

        A slice that begins goes on until nothing is ready, so Tk gets to its idle work when it is
        over. The entries that follow within its time look once, unless they dwell.
        """
        if self._closed:  # by the handler of a signal, a moment ago; or the process was forked off
            if self._interpreter.in_forked_child:
                self._detach_from_tk()
            return
        now = self._clock()
        self._blocks_in_poll = self._blocks_in_poll or now - self._entered_at < POLL_TIMEOUT
        self._entered_at = now
        new_slice = now >= self._deadline
        if new_slice:
            self._deadline = now + SLICE
            if self._suspend.was_suspended():
                self._queue_on_wake()
        self._depth += 1
        try:
            spent = self._run_slice(now, new_slice or self._drain_all)
        finally:
            self._depth -= 1
        if spent:
            self._yield_to_tk()

    def _run_slice(self, now: float, drain: bool) -> bool:
        """Serves what is due, one of each kind in turn; whether the slice was spent before the end of it."""
        timers, ready, soon = self._timers, self._ready, self._soon
        if not ready and not self._poll_once():
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
                if self._slice_end:
                    self._end_slice()
                if timers.earliest <= self._deadline:
                    now = self._clock()  # a timer may be due that was none when this entry began
                if not (soon or self._slice_end or timers.earliest <= now or self._poll_again(now, drain)):
                    return False
            now = self._clock()
            if now >= self._deadline:
                self._end_slice()
                return True

    def _defers_timers(self, now: float) -> bool:
        """Whether the timer that is due is so late that what is ready by now has to come before it."""
        earliest = self._timers.earliest
        if not self._catching_up and now - earliest > OVERDUE and earliest > self._caught_up_to:
            self._catching_up = True
            self._caught_up_to = now
            self._poll_all()
            if now - earliest > MIN_DRIFT:  # as a sleep looks where the monotonic clock goes on
                self._queue_on_wake()
            self._ready.append((Watch(self._queue_caught_up, None), READABLE))
        return self._catching_up

    def _queue_on_wake(self) -> None:
        self._soon.extend((callback, ()) for callback in self._on_wake)
        self._ensure_wakeup()

    def _queue_caught_up(self) -> None:
        """Goes on behind the calls that other threads have asked for."""
        self._soon.append((self._caught_up, ()))

    def _caught_up(self) -> None:
        self._catching_up = False

    def _run_timer(self, now: float) -> None:
        timer = self._timers.pop()
        if self._tk_timer_due <= now:  # Tk is late, by an hour if the wall clock was set back
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

    def _poll_once(self, seconds: float = 0.0) -> bool:
        """Asks which descriptors are ready, and waits up to ``seconds`` for the first; whether any is."""
        return self._queue_ready(self._ask(seconds))

    def _ask(self, seconds: float) -> list[tuple[int, int]]:
        try:
            return self._poll(seconds)
        except (OSError, ValueError):
            if not self._closed:
                raise
            return []  # a signal's handler closed the loop meanwhile

    def _poll_all(self) -> None:
        """Asks which descriptors are ready, also where they are more than fit in one answer."""
        known = {watch for watch, _ in self._ready}
        found: set[int] = set()
        while fresh := [event for event in self._ask(0.0) if event[0] not in found]:
            found.update(fd for fd, _ in fresh)
            self._queue_ready([event for event in fresh if self._watches.get(event[0]) not in known])

    def _poll_again(self, now: float, drain: bool) -> bool:
        """Asks again, and waits for the answer where the last one came at once."""
        if not self._blocks_in_poll or self._depth > 1 or self._timers.earliest < now + POLL_TIMEOUT:
            return drain and self._poll_once()
        if now < self._entered_at + POLL_TIMEOUT:
            self._blocks_in_poll = self._poll_once(POLL_TIMEOUT)
            return self._blocks_in_poll
        if not self._poll_once():
            self._deadline = now  # Tk has its turn, so the next entry begins a slice
        return bool(self._ready)

    def _queue_ready(self, events: list[tuple[int, int]]) -> bool:
        """Queues the watches of what is ready, so that nobody learns of it who watches from now on."""
        watches, ready = self._watches, self._ready
        for fd, mask in events:
            if fd in watches:  # not: a copy of a descriptor that was closed while it was watched
                ready.append((watches[fd], mask))
        return bool(ready)

    def _end_slice(self) -> None:
        """Runs what waits for the end of the slice, such as the writes of a broadcast, for a slice at most.

        What is left then comes when Tk has had its turn.
        """
        calls = self._slice_end
        latest = self._deadline + SLICE
        for number in range(1, len(calls) + 1):
            if not calls:  # a callback that ran Tk's loop has seen to the others
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
        """When the loop must be entered again even if no descriptor becomes ready."""
        return now if self._ready or self._soon or self._slice_end else self._timers.earliest

    def _yield_to_tk(self) -> None:
        """Leaves Tk alone until it was idle, if work remains."""
        now = self._clock()
        if self._yielded or self._next_due(now) > now:
            return
        self._yielded = True
        self._detach_from_tk()
        self._yields = (self._yields + 1) % 3
        if self._yields:
            self._idle_id = self._tkapp.call("after", "idle", self._idle_command)
            self._arm(now + IDLE_TIMEOUT)
        else:
            self._arm(now + 0.001)

    def _resume(self) -> None:
        self._yielded = False
        if self._idle_id:
            self._tkapp.call("after", "cancel", self._idle_id)
            self._idle_id = ""
        self._attach_to_tk()

    def _on_tk_idle(self) -> None:
        # `update_idletasks` promises to run no other callbacks, so this only takes the loop up again.
        if self._closed:
            return
        self._resume()
        self._rearm()

    def _on_tk_timer(self) -> None:
        self._disarm()
        if self._closed:
            return
        if self._yielded:
            self._resume()
        self._arm(self._clock() + SLICE)
        self._blocks_in_poll, self._entered_at = False, -math.inf  # what a timer brings is no conversation
        self._dispatch()
        self._rearm()

    def _ensure_wakeup(self) -> None:
        """Sees that Tk comes back for what was just queued, also if a callback runs Tk's loop."""
        if self._yielded or self._closed:
            return
        due = self._deadline if self._depth else self._clock()
        if not due - SLICE <= self._tk_timer_due <= due:
            self._arm(due)

    def _rearm(self) -> None:
        if self._yielded or self._closed:
            return
        now = self._clock()
        due = self._next_due(now)
        if due == math.inf:
            self._disarm()
        elif not now < self._tk_timer_due == due:
            self._arm(due)

    def _arm(self, due: float) -> None:
        self._disarm()
        delay = math.ceil(min(max((due - self._clock()) * 1000, 0), MAX_DELAY_MS))
        self._tk_timer = self._tkapp.createtimerhandler(delay, self._on_tk_timer)
        self._tk_spare = self._tkapp.createtimerhandler(delay + SPARE_DELAY_MS, self._on_tk_timer)
        self._tk_timer_due = due

    def _disarm(self) -> None:
        if self._tk_timer is not None:
            self._tk_timer.deletetimerhandler()
            self._tk_spare.deletetimerhandler()
            self._tk_timer, self._tk_timer_due = None, math.inf
