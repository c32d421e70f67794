"""Tk's event loop as a service: readiness, deadlines, a run queue.

Knows descriptors, time and one Tcl interpreter; knows nothing of what flows through the
descriptors. `TkLoop` and `PolledLoop` add how Tk learns that a descriptor is ready.

Invariants:

- Nothing derived from Exception leaves a callback; it goes to the root's ``report_callback_exception``.
  SystemExit and KeyboardInterrupt do leave, through ``mainloop``, and the loop stays as good as new.
- A callback may run Tk's loop itself, destroy the root, close the loop.
- The loop ends with the window or, in a bare ``Tcl()``, with the root, and leaves nothing behind.
- What changes the loop, `call_soon_threadsafe` excepted, is for the thread of the interpreter, and for the
  process in which the loop was made: anywhere else it is refused, and nothing has changed.
"""

from __future__ import annotations

import math
import time
import tkinter
from collections.abc import Callable
from threading import get_ident
from typing import Any

from tkws.errors import StateError
from tkws.loop.interpreter import Interpreter
from tkws.loop.interrupts import sigint_handler
from tkws.loop.nesting import callback_depth
from tkws.loop.poller import Poller, make_poller
from tkws.loop.process import open_loops
from tkws.loop.scheduler import Callback, Scheduler, Watch
from tkws.loop.timeouts import Timeout
from tkws.loop.timers import Timer
from tkws.loop.wakeup import Wakeup

# Rounds of calls that closing still runs; a callback that queues itself for ever is dropped then.
CLOSING_ROUNDS = 16


class Loop(Scheduler):
    """The event loop of one Tcl interpreter; `loop_for` finds or makes it.

    It closes with the root: by ``destroy``, by the window manager, by the collector in the case
    of a bare ``Tcl()``, and when Python exits.

    Args:
        master: The widget, ``Tk`` or ``Tcl()`` whose interpreter it is. The loop does not keep it alive.
        poller: What asks about descriptors; the loop closes it.
        clock: The time in seconds, never going back.
        wall: The time of day in seconds, which goes on while the machine sleeps.

    Raises:
        StateError: The interpreter belongs to another thread, or its window was destroyed.
    """

    def __init__(
        self,
        master: tkinter.Misc,
        *,
        poller: Poller | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(Interpreter(master), poller or make_poller(), clock, wall)
        self._wakeup = Wakeup()
        self._on_close: dict[Callback, None] = {}
        self._released = False
        self.watch(self._wakeup.fileno(), self._queue_threadsafe_calls, None)
        self._interpreter.make_notifier_pipe()
        self._interpreter.on_destroyed(self._on_destroyed)
        open_loops[self] = self._after_fork_in_child
        self.follow_signals()
        self._attach_to_tk()

    # ---- what a program asks for

    @property
    def master(self) -> tkinter.Misc | None:
        """The root of the interpreter; None when it is gone."""
        return self._interpreter.root

    @property
    def closed(self) -> bool:
        """Whether `close` was called; true already while it runs the callbacks of `on_close`."""
        return self._closed

    def check_thread(self) -> None:
        """Refuse a call that is only for the interpreter's thread; call it before anything has changed.

        Raises:
            StateError: The caller is in another thread, or in a process that was forked off.
        """
        self._interpreter.check_thread()

    def check_process(self) -> None:
        """Refuse a call in a process that was forked off; call it before anything has changed.

        Raises:
            StateError: The caller is in one.
        """
        self._interpreter.check_process()

    def in_loop_thread(self) -> bool:
        """Whether the caller runs in the interpreter's thread.

        Raises:
            StateError: The caller is in a process that was forked off: no thread of it is the right one.
        """
        return self._interpreter.in_thread()

    def now(self) -> float:
        """The time on the loop's clock, in seconds; it has no relation to the time of day."""
        return self._clock()

    @property
    def next_deadline(self) -> float:
        """When the earliest timer is due, in seconds on the loop's clock; infinite where there is none."""
        return self._timers.earliest

    @property
    def dispatching(self) -> bool:
        """Whether a callback of the loop is running, so that `at_slice_end` has an end to wait for."""
        return self._depth > 0

    def nesting(self) -> int:
        """How deep in callbacks the caller is, those of the loop and those of tkinter, one inside the other.

        A callback that runs Tk's loop (``update()``, a dialog) sees a smaller number than those that are
        called through it. It takes microseconds: it is not for what is done once per message.
        """
        return self._depth + callback_depth()

    def slice_left(self) -> float:
        """Seconds left of the current time slice: negative when it is used up, infinite outside one."""
        return self._deadline - self._clock() if self._depth else math.inf

    def slice_spent(self) -> bool:
        """Whether the current time slice is used up; false outside a callback of the loop.

        A callback that has more to do then passes its rest to `call_soon` and returns.
        """
        return self._depth > 0 and self._clock() >= self._deadline

    def call_soon(self, callback: Callback, *args: Any) -> None:
        """Calls ``callback(*args)`` from the loop, never from inside this call; first come, first served.

        Raises:
            TypeError: ``callback`` cannot be called.
            StateError: The loop is closed, or the caller is in another thread.
        """
        if get_ident() != self._interpreter.thread:
            raise self._interpreter.wrong_thread_error()
        if self._released:
            raise StateError("the loop is closed")
        if not callable(callback):
            raise _not_callable("callback", callback)
        self._soon.append((callback, args))
        if len(self._soon) == 1:
            self._ensure_wakeup()

    def call_later(self, seconds: float, callback: Callback, *args: Any) -> Timer:
        """Calls ``callback(*args)`` in ``seconds``, or soon where that is zero or less.

        Returns:
            The timer, which can be cancelled.

        Raises:
            TypeError: An argument of another kind.
            ValueError: ``seconds`` is infinite or not a number.
            StateError: The loop is closed, or the caller is in another thread.
        """
        if self._closed or get_ident() != self._interpreter.thread:
            self._require_open()
        if not callable(callback):
            raise _not_callable("callback", callback)
        if type(seconds) is not float or not math.isfinite(seconds):
            _require_seconds(seconds)
        now = self._clock()
        timer = self._timers.add(now + seconds if seconds > 0 else now, callback, args)
        if not now <= self._tk_timer_due <= timer.when:
            self._rearm()
        return timer

    def call_on_timeout(self, seconds: float, callback: Callback, *args: Any) -> Timeout:
        """Calls ``callback(*args)`` when a peer has had ``seconds``, in which the loop could hear it.

        Where the program was busy and the loop could not run, that time counts for an eighth of ``seconds``
        at most, and what the peer has sent meanwhile comes first.

        Returns:
            The timeout, which can be cancelled.

        Raises:
            TypeError: An argument of another kind.
            ValueError: ``seconds`` is infinite or not a number.
            StateError: The loop is closed, or the caller is in another thread.
        """
        if not callable(callback):
            raise _not_callable("callback", callback)
        _require_seconds(seconds)
        return Timeout(self, seconds, callback, args)

    def call_soon_threadsafe(self, callback: Callback, *args: Any) -> None:
        """What `call_soon` does, from any thread.

        Raises:
            TypeError: ``callback`` cannot be called.
            StateError: The loop is closed, or the caller is in a process that was forked off.
        """
        if not callable(callback):
            raise _not_callable("callback", callback)
        try:
            self._wakeup.post((callback, args))
        except StateError:
            self._interpreter.check_process()
            raise

    def at_slice_end(self, callback: Callback, *args: Any) -> None:
        """Calls ``callback(*args)`` once what is ready now was served; soon, when nothing is being served.

        It is the place to send at once what many callbacks have gathered. A callback that opens a
        dialog does not hold it up: it then runs from the dialog's loop.

        Raises:
            StateError: The loop is closed, or the caller is in another thread.
        """
        if get_ident() != self._interpreter.thread:
            raise self._interpreter.wrong_thread_error()
        if self._closed:
            self.call_soon(callback, *args)
            return
        self._slice_end.append((callback, args))
        if len(self._slice_end) == 1:
            self._ensure_wakeup()

    def watch(self, fd: int, readable: Callback | None, writable: Callback | None) -> None:
        """Calls back whenever and as long as ``fd`` is ready; replaces what was watched of it before.

        Errors and hang-ups count as both. A callback must take a false alarm: another one may have
        read the bytes. `unwatch` before ``fd`` is closed, always.

        Args:
            fd: The descriptor, not blocking.
            readable: Called without arguments when there are bytes to read; None not to know.
            writable: Called without arguments when there is room to write; None not to know.

        Raises:
            TypeError: An argument of another kind.
            OSError: ``fd`` is closed, or is a thing that cannot be waited for, such as a file.
            StateError: The loop is closed, or the caller is in another thread.
        """
        self._require_open()
        if not isinstance(fd, int):
            raise TypeError(f"fd must be an int, not {type(fd).__name__}")
        for name, callback in (("readable", readable), ("writable", writable)):
            if callback is not None and not callable(callback):
                raise _not_callable(name, callback)
        watch = Watch(readable, writable)
        if not watch.mask:
            self.unwatch(fd)
            return
        replaced = self._watches.get(fd)
        if replaced is None:
            self._poller.register(fd, watch.mask)
        else:
            if watch.mask != replaced.mask:
                self._poller.modify(fd, watch.mask)
            replaced.disable()
        self._watches[fd] = watch

    def unwatch(self, fd: int) -> None:
        """Calls back for ``fd`` no more, not even for what is known already; harmless a second time.

        Raises:
            StateError: The caller is in another thread.
        """
        self.check_thread()
        watch = self._watches.pop(fd, None)
        if watch is not None:
            watch.disable()
            self._poller.unregister(fd)

    def on_wake(self, callback: Callback) -> None:
        """Calls ``callback()`` soon after the machine has slept, each time until `cancel_on_wake`.

        That is noticed when a timer or a descriptor is due. A clock on the wall that is set forward by more
        than 5 seconds looks the same, and so does a timer that is as late: the process was stopped, or busy.

        Raises:
            TypeError: ``callback`` cannot be called.
            StateError: The loop is closed, or the caller is in another thread.
        """
        self._require_open()
        if not callable(callback):
            raise _not_callable("callback", callback)
        self._on_wake[callback] = None

    def cancel_on_wake(self, callback: Callback) -> None:
        """Takes ``callback`` back; harmless where it is not registered.

        Raises:
            StateError: The caller is in another thread.
        """
        self.check_thread()
        self._on_wake.pop(callback, None)

    def on_close(self, callback: Callback) -> None:
        """Calls ``callback()`` when the loop closes, in the order of registering.

        It may still use `call_soon`; what that calls runs before the loop is gone. Whoever is done
        earlier takes the callback back with `cancel_on_close`.

        Raises:
            TypeError: ``callback`` cannot be called.
            StateError: The loop is closed, or the caller is in another thread.
        """
        self._require_open()
        if not callable(callback):
            raise _not_callable("callback", callback)
        self._on_close[callback] = None

    def cancel_on_close(self, callback: Callback) -> None:
        """Takes ``callback`` back; harmless where it is not registered.

        Raises:
            StateError: The caller is in another thread.
        """
        self.check_thread()
        self._on_close.pop(callback, None)

    def follow_window(self) -> None:
        """Closes with the window also where a bare ``Tcl()`` gets one only now, by ``loadtk()``.

        Raises:
            StateError: The caller is in another thread.
        """
        self.check_thread()
        self._interpreter.follow_window()

    def follow_signals(self) -> None:
        """Sees to signals also where somebody else, such as asyncio, did when the loop was made.

        In the main thread every loop does so from the start. A wake-up descriptor and a handler of the
        program's are left alone.

        Raises:
            StateError: The caller is in another thread.
        """
        self.check_thread()
        self._wakeup.follow_signals()
        sigint_handler.install(self._tkapp)

    # ---- the end

    def close(self) -> None:
        """Runs the callbacks of `on_close`, then takes everything off; harmless a second time.

        Raises:
            StateError: The caller is in another thread.
        """
        self.check_thread()
        if self._closed:
            return
        self._closed = True
        self._disarm()
        self._resume()
        self._detach_from_tk()
        self._timers.clear()
        try:
            self._run_close_callbacks()
        finally:
            self._tear_down()

    def _after_fork_in_child(self) -> None:
        """Closes without a word and without touching anything: this is a fork, and the parent goes on.

        The readiness object and the sockets are the parent's as well; what is taken off or sent here
        would be missing, or doubled, there.
        """
        self._interpreter.after_fork_in_child()
        self._closed = self._released = True
        self._poll = _poll_nothing
        self._wakeup.after_fork_in_child()
        self._timers.clear()
        self._clear_queues()

    def _run_close_callbacks(self) -> None:
        callbacks, self._on_close = self._on_close, {}
        for callback in callbacks:
            self._run_callback(callback)
        self._wakeup.close()
        self._queue_threadsafe_calls()
        for _ in range(CLOSING_ROUNDS):
            self._soon.extend(self._slice_end)
            self._slice_end.clear()
            for _ in range(len(self._soon)):
                callback, args = self._soon.popleft()
                self._run_callback(callback, *args)

    def _tear_down(self) -> None:
        self._released = True
        self._wakeup.close()
        self._poll = _poll_nothing
        self._poller.close()
        for watch in self._watches.values():
            watch.disable()
        self._clear_queues()
        open_loops.pop(self, None)
        sigint_handler.uninstall(self._tkapp)
        self._tkapp.deletecommand(self._idle_command)
        self._interpreter.release()

    def _clear_queues(self) -> None:
        for queue in (self._watches, self._ready, self._soon, self._slice_end, self._on_close, self._on_wake):
            queue.clear()

    def _on_destroyed(self) -> None:
        if self._closed:
            return
        if self.in_loop_thread():
            self.close()
        else:  # the collector runs in any thread
            self.call_soon_threadsafe(self.close)

    def _queue_threadsafe_calls(self) -> None:
        self._soon.extend(self._wakeup.take())

    def _require_open(self) -> None:
        self.check_thread()
        if self._closed:
            raise StateError("the loop is closed")


def _poll_nothing(seconds: float = 0.0) -> list[tuple[int, int]]:
    return []


def _require_seconds(value: object) -> None:
    if not isinstance(value, (int, float)):
        raise TypeError(f"seconds must be a number, not {type(value).__name__}")
    try:
        if not math.isfinite(value):
            raise ValueError(f"seconds must be finite, not {value!r}")
    except OverflowError:
        raise ValueError("seconds must be finite: no float is as large as this") from None


def _not_callable(name: str, value: object) -> TypeError:
    return TypeError(f"{name} must be callable, not {type(value).__name__}")
