"""The loop that users of `tkws.loop` see: it watches descriptors, keeps timers and queues calls.

Knows descriptors, time and one Tcl interpreter; knows nothing of the data that flows through the
descriptors. `TkLoop`, `ChannelLoop` and `PolledLoop` add how Tk notices that a descriptor is
ready.

Invariants:

- An Exception never leaves a callback; it goes to the root's ``report_callback_exception``. SystemExit and
  KeyboardInterrupt do leave, through ``mainloop``, and the loop can be run again.
- A callback may run Tk's event loop itself, destroy the root, or close the loop.
- The loop closes with the window or, in a bare ``Tcl()``, with the root, and leaves nothing behind.
- Every method that changes the loop, except `call_soon_threadsafe`, raises StateError in any thread but the
  interpreter's, and in a forked child; nothing has changed then.

Long because every method documents its errors and its thread.
"""

from __future__ import annotations

import math
import time
import tkinter
from collections.abc import Callable
from threading import get_ident
from typing import Any, SupportsFloat, SupportsIndex

from tkws.checks import check_callable, check_kind, check_number
from tkws.compilation import mypyc_attr
from tkws.errors import StateError
from tkws.loop.clock import monotonic
from tkws.loop.entry import call_in_frame
from tkws.loop.interpreter import Interpreter
from tkws.loop.interrupts import sigint_handler
from tkws.loop.logs import LogQueue
from tkws.loop.poller import Poller
from tkws.loop.process import open_loops
from tkws.loop.readiness import Callback, Watch
from tkws.loop.scheduler import Scheduler
from tkws.loop.systempollers import make_poller
from tkws.loop.timeouts import Timeout
from tkws.loop.timers import Timer
from tkws.loop.wakeup import Wakeup

# Rounds of queued calls that closing still runs: a callback that always queues itself again is dropped then.
CLOSING_ROUNDS = 16

# Milliseconds between two checks for signals where they do not wake Tk: too few for a person to notice.
SIGNAL_MS = 50


@mypyc_attr(allow_interpreted_subclasses=True)
class Loop(Scheduler):
    """The event loop of one Tcl interpreter; `loop_for` finds or makes it.

    It closes when the root is destroyed, when the root of a bare ``Tcl()`` is garbage-collected, and when
    Python exits.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()`` of the interpreter. The loop does not keep it alive.
        poller: Finds the descriptors that are ready; the loop closes it.
        clock: Returns the time in seconds, which never goes back.
        wall: Returns the time of day in seconds, which advances while the machine is suspended.

    Attributes:
        logs: The lines of the log that wait for the handlers of `logging`.

    Raises:
        StateError: The interpreter belongs to another thread, or its window was destroyed.
    """

    def __init__(
        self,
        master: tkinter.Misc,
        *,
        poller: Poller | None = None,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(Interpreter(master), poller or make_poller(), clock, wall)
        self.logs: LogQueue = LogQueue(self, self._interpreter)
        self._wakeup = Wakeup()
        self._on_close: dict[Callback, None] = {}
        self._released = False
        self.watch(self._wakeup.fileno(), self._queue_threadsafe_calls, None)
        self._interpreter.make_notifier_pipe()
        self._interpreter.on_destroyed(self._on_destroyed)
        open_loops[self] = self._after_fork_in_child
        # Until Tk's loop begins, the program may set a descriptor, or asyncio remove one.
        self._signal_timer: Any = self._tkapp.createtimerhandler(0, self._look_for_signals)
        self.follow_signals()
        self._attach_to_tk()

    # ---- state

    @property
    def master(self) -> tkinter.Misc | None:
        """The root of the interpreter; None if it was collected."""
        return self._interpreter.root

    @property
    def closed(self) -> bool:
        """Whether `close` was called; already true while the callbacks of `on_close` run."""
        return self._closed

    def check_thread(self) -> None:
        """Refuse a caller in any thread but the interpreter's; call it before anything is changed.

        Raises:
            StateError: The caller runs in another thread, or in a forked child.
        """
        self._interpreter.check_thread()

    def check_process(self) -> None:
        """Refuse a caller in a forked child; call it before anything is changed.

        Raises:
            StateError: The caller runs in a forked child.
        """
        self._interpreter.check_process()

    def in_loop_thread(self) -> bool:
        """Return whether the caller runs in the interpreter's thread.

        Raises:
            StateError: The caller runs in a forked child, where no thread is the right one.
        """
        return self._interpreter.in_thread()

    @property
    def next_deadline(self) -> float:
        """When the earliest timer is due, in seconds on the loop's clock; infinite if there is no timer."""
        return self._timers.earliest

    def call_soon(self, callback: Callback, *args: Any) -> None:
        """Call ``callback(*args)`` from the loop, never from inside this method; in the order of the calls.

        Raises:
            TypeError: ``callback`` is not callable.
            StateError: The loop is closed, or the caller runs in another thread.
        """
        if get_ident() != self._interpreter.thread:
            raise self._interpreter.wrong_thread_error()
        if self._released:
            raise StateError("the loop is closed")
        check_callable("callback", callback)
        self._soon.append((callback, args))
        if len(self._soon) == 1:
            self._ensure_tk_timer()

    def call_later(self, seconds: float | SupportsFloat, callback: Callback, *args: Any) -> Timer:
        """Call ``callback(*args)`` after ``seconds``; if that is zero or less, as soon as possible.

        Returns:
            The timer, which can be cancelled.

        Raises:
            TypeError: ``callback`` is not callable, or ``seconds`` is not a number.
            ValueError: ``seconds`` is infinite or NaN.
            StateError: The loop is closed, or the caller runs in another thread.
        """
        if self._closed or get_ident() != self._interpreter.thread:
            self._require_open()
        check_callable("callback", callback)
        if type(seconds) is not float or not math.isfinite(seconds):
            seconds = check_number("seconds", seconds)
        now = self._clock()
        timer = self._timers.add(now + seconds if seconds > 0 else now, callback, args)
        if not now <= self._tk_timer.due <= timer.when:
            self._rearm()
        return timer

    def call_on_timeout(self, seconds: float | SupportsFloat, callback: Callback, *args: Any) -> Timeout:
        """Call ``callback(*args)`` when a peer has had ``seconds`` in which the loop could serve it.

        A stall of the program counts for an eighth of ``seconds`` at most, and what the peer has sent by its
        end is served first.

        Returns:
            The timeout, which can be cancelled.

        Raises:
            TypeError: ``callback`` is not callable, or ``seconds`` is not a number.
            ValueError: ``seconds`` is infinite or NaN.
            StateError: The loop is closed, or the caller runs in another thread.
        """
        check_callable("callback", callback)
        return Timeout(self, check_number("seconds", seconds), callback, args)

    def call_soon_threadsafe(self, callback: Callback, *args: Any) -> None:
        """Do what `call_soon` does, from any thread.

        Raises:
            TypeError: ``callback`` is not callable.
            StateError: The loop is closed, or the caller runs in a forked child.
        """
        check_callable("callback", callback)
        try:
            self._wakeup.post((callback, args))
        except StateError:
            self._interpreter.check_process()
            raise

    def at_slice_end(self, callback: Callback, *args: Any) -> None:
        """Call ``callback(*args)`` at the end of the current slice; outside a slice, as soon as possible.

        It is the place to send, in one go, what many callbacks have collected. If a callback opens a dialog,
        ``callback`` does not wait for it: it runs from the dialog's event loop.

        Raises:
            StateError: The loop is closed, or the caller runs in another thread.
        """
        if get_ident() != self._interpreter.thread:
            raise self._interpreter.wrong_thread_error()
        if self._closed:
            self.call_soon(callback, *args)
            return
        self._slice_end_calls.append((callback, args))
        if len(self._slice_end_calls) == 1:
            self._ensure_tk_timer()

    def watch(self, fd: int | SupportsIndex, readable: Callback | None, writable: Callback | None) -> None:
        """Call back as long as ``fd`` is ready; this replaces an earlier watch of ``fd``.

        Errors and hang-ups count as both readable and writable. A callback must expect to find nothing to
        read, or no room to write, since another one may have been faster. Call `unwatch` before ``fd`` is
        closed.

        Args:
            fd: The descriptor, in non-blocking mode.
            readable: Called without arguments while there are bytes to read; None to ignore readability.
            writable: Called without arguments while there is room to write; None to ignore writability.

        Raises:
            TypeError: ``fd`` is not an int, or a callback is not callable.
            OSError: ``fd`` is closed, or cannot be polled, as a regular file cannot.
            StateError: The loop is closed, or the caller runs in another thread.
        """
        self._require_open()
        check_kind("fd", fd, int, "a descriptor as an int")
        for name, callback in (("readable", readable), ("writable", writable)):
            if callback is not None:
                check_callable(name, callback)
        watch = Watch(readable, writable)
        if watch.mask:
            self._readiness.watch(int(fd), watch)
        else:
            self._readiness.unwatch(int(fd))

    def unwatch(self, fd: int | SupportsIndex) -> None:
        """Stop calling back for ``fd``, also for readiness that was already found. Idempotent.

        Raises:
            TypeError: ``fd`` is not an int.
            StateError: The caller runs in another thread.
        """
        self.check_thread()
        check_kind("fd", fd, int, "a descriptor as an int")
        self._readiness.unwatch(int(fd))

    def on_wake(self, callback: Callback) -> None:
        """Call ``callback()`` soon after each suspend of the machine, until `cancel_on_wake`.

        The loop notices a suspend when a timer or a descriptor is due. Setting the wall clock forward by more
        than 5 seconds looks the same, and so does a timer that is as late, since the process was stopped or
        busy.

        Raises:
            TypeError: ``callback`` is not callable.
            StateError: The loop is closed, or the caller runs in another thread.
        """
        self._require_open()
        check_callable("callback", callback)
        self._on_wake[callback] = None

    def cancel_on_wake(self, callback: Callback) -> None:
        """Cancel ``callback``. No-op if it is not registered.

        Raises:
            StateError: The caller runs in another thread.
        """
        self.check_thread()
        self._on_wake.pop(callback, None)

    def on_close(self, callback: Callback) -> None:
        """Call ``callback()`` when the loop closes; callbacks run in the order in which they were registered.

        It may still use `call_soon`: such calls run before `close` returns. `cancel_on_close` cancels it.

        Raises:
            TypeError: ``callback`` is not callable.
            StateError: The loop is closed, or the caller runs in another thread.
        """
        self._require_open()
        check_callable("callback", callback)
        self._on_close[callback] = None

    def cancel_on_close(self, callback: Callback) -> None:
        """Cancel ``callback``. No-op if it is not registered.

        Raises:
            StateError: The caller runs in another thread.
        """
        self.check_thread()
        self._on_close.pop(callback, None)

    def follow_window(self) -> None:
        """Close with the window, also if a bare ``Tcl()`` gets one only now, by ``loadtk()``.

        Raises:
            StateError: The caller runs in another thread.
        """
        self.check_thread()
        self._interpreter.follow_window()

    def follow_signals(self) -> None:
        """Handle signals, also if the program or asyncio did so when the loop was made.

        In the main thread every loop handles signals from the start. A wake-up descriptor or a handler for
        SIGINT that belongs to the program is left alone; with such a descriptor, the loop lets Python look
        for signals every `SIGNAL_MS` milliseconds, since they do not wake Tk.

        Raises:
            StateError: The caller runs in another thread.
        """
        self.check_thread()
        sigint_handler.install(self._tkapp)
        self._polls_signals = not self._wakeup.follow_signals()
        if self._polls_signals and self._signal_timer is None:
            self._poll_signals()

    def _look_for_signals(self) -> None:
        self._signal_timer = None
        if not self._closed:
            self.follow_signals()

    def _poll_signals(self) -> None:
        """Run Python code regularly, so that Python runs the handlers of signals."""
        self._signal_timer = None
        if self._polls_signals and not self._closed:
            self._signal_timer = self._tkapp.createtimerhandler(SIGNAL_MS, self._poll_signals)

    # ---- the end

    def close(self) -> None:
        """Run the callbacks of `on_close`, then release everything. Idempotent.

        Raises:
            StateError: The caller runs in another thread.
        """
        self.check_thread()
        if not self._closed:
            call_in_frame(self._close)

    def _close(self) -> None:
        self._closed = True
        self._tk_timer.disarm()
        self._resume()
        self._detach_from_tk()
        self._timers.clear()
        try:
            self._run_close_callbacks()
        finally:
            self._tear_down()

    def _after_fork_in_child(self) -> None:
        """Close without any callback and without touching a descriptor, in a forked child.

        The poller and the sockets are shared with the parent, which still uses them: a descriptor that is
        unregistered here would be missing there, and bytes sent here would be sent twice.
        """
        self._interpreter.after_fork_in_child()
        self._closed = self._released = True
        self._readiness.forget()
        self._tk_timer.close()
        self._wakeup.after_fork_in_child()
        self._timers.clear()
        self.logs.detach()
        self._clear_queues()

    def _run_close_callbacks(self) -> None:
        callbacks, self._on_close = self._on_close, {}
        for callback in callbacks:
            self._run_callback(callback)
        self._wakeup.close()
        self._queue_threadsafe_calls()
        for _ in range(CLOSING_ROUNDS):
            self._soon.extend(self._slice_end_calls)
            self._slice_end_calls.clear()
            for _ in range(len(self._soon)):
                callback, args = self._soon.popleft()
                self._run_callback(callback, *args)
        self.logs.flush()  # what the last of them noted

    def _tear_down(self) -> None:
        self._released = True
        self._wakeup.close()
        self._readiness.close()
        self._tk_timer.close()
        self.logs.detach()
        self._clear_queues()
        self._pause.leave(self._wait_for_pause)
        open_loops.pop(self, None)
        if self._signal_timer is not None:
            self._signal_timer.deletetimerhandler()
        sigint_handler.uninstall(self._tkapp)
        self._tkapp.deletecommand(self._idle_command)
        self._interpreter.release()

    def _clear_queues(self) -> None:
        for queue in (self._soon, self._slice_end_calls, self._on_close, self._on_wake):
            queue.clear()

    def _on_destroyed(self) -> None:
        if self._closed:
            return
        if self.in_loop_thread():
            self.close()
        else:  # the garbage collector may run in any thread
            self.call_soon_threadsafe(self.close)

    def _queue_threadsafe_calls(self) -> None:
        self._soon.extend(self._wakeup.take())

    def _on_new_slice(self) -> None:
        self.logs.check_levels()

    def _require_open(self) -> None:
        self.check_thread()
        if self._closed:
            raise StateError("the loop is closed")
