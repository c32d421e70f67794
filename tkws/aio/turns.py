"""asyncio's event loop, run in turns of limited time: all that is private in asyncio is used here alone.

In each iteration, ``BaseEventLoop.run_forever`` waits for what is ready and then runs it. Here another loop
does the waiting: `TurnEventLoop.run_turn` runs iterations until nothing is queued, or its time is over.

Knows nothing of Tk. Invariants:

- An iteration is asyncio's own: the callbacks that were ready when it began, in their order. Readiness and
  timers are looked at between two iterations only. A turn may end within one, and the next turn continues it.
- Everything that another loop has set up in the thread (the running loop, its task, the hooks of asynchronous
  generators) is restored after a turn.
"""

# ruff: noqa: SLF001 - these are the private names

from __future__ import annotations

import asyncio
import heapq
import math
import selectors
import socket
import sys
import threading
from asyncio import base_events, events, tasks
from asyncio.log import logger
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import Context
from typing import TYPE_CHECKING, Any

from tkws.loop.clock import monotonic

# Timers that are cancelled and wait for their time are dropped when they are this many and most of all.
CANCELLED_KEPT = 100

CALLS_PER_CLOCK_READ = 4  # callbacks between two looks at the clock

# Python 3.12 has it, and 3.14 lets no loop run a task inside another's unless it is asked.
_swap_current_task: Any = getattr(tasks, "_swap_current_task", None)


class TurnEventLoop(asyncio.SelectorEventLoop):
    """An event loop that runs in turns, by calls of `run_turn`."""

    if TYPE_CHECKING:
        _ready: deque[asyncio.Handle]
        _scheduled: list[Any]
        _timer_cancelled_count: int
        _stopping: bool
        _thread_id: int | None
        _debug: bool
        _current_handle: asyncio.Handle | None
        _clock_resolution: float
        _selector: Any
        _csock: socket.socket
        _asyncgen_firstiter_hook: Callable[[Any], None]
        _asyncgen_finalizer_hook: Callable[[Any], None]
        _call_soon: Any
        _process_events: Callable[[Any], None]
        _set_coroutine_origin_tracking: Callable[[bool], None]
        _check_closed: Callable[[], None]

    # The callbacks left of the current iteration, and the time at which the turn ends.
    _iteration_left = 0
    _until = -math.inf

    # Whether a turn is being run.
    _in_turn = False

    # Of one that could not be made, so that its finalizer does not complain.
    _closed = True

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        super().__init__(selector)
        self._listen_outside()

    def wakeup_fd(self) -> int:
        """Return the descriptor that asyncio has signals written to while it handles any."""
        return self._csock.fileno()

    # ---- what is queued

    def _listen_outside(self) -> None:
        """Call `_queued_outside` for whatever is queued from now on, which a turn does not need."""
        vars(self).update(_call_soon=self._call_soon_outside, call_at=self._call_at_outside)

    def _listen_no_more(self) -> None:
        vars(self).pop("_call_soon", None)
        vars(self).pop("call_at", None)

    def _call_soon_outside(self, callback: Any, args: Any, context: Context | None) -> asyncio.Handle:
        handle: asyncio.Handle = super()._call_soon(callback, args, context)  # type: ignore[misc] # a private name
        if self._debug:  # leave this frame out of where it says that it was made
            del handle._source_traceback[-1]  # type: ignore[attr-defined] # a private name
        self._queued_outside()
        return handle

    def _call_at_outside(
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = super().call_at(when, callback, *args, context=context)
        if self._debug:
            del timer._source_traceback[-1]  # type: ignore[attr-defined] # a private name
        self._queued_outside()
        return timer

    def _queued_outside(self) -> None:
        """Take note that something was queued outside a turn, perhaps by another thread."""

    def next_deadline(self) -> float:
        """Return the time of the earliest timer, on the loop's clock; infinite without one."""
        scheduled = self._scheduled
        if self._timer_cancelled_count > max(CANCELLED_KEPT, len(scheduled) // 2):
            self._drop_cancelled()
        while scheduled and scheduled[0]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(scheduled)._scheduled = False
        return scheduled[0]._when if scheduled else math.inf

    def _drop_cancelled(self) -> None:
        for timer in self._scheduled:
            timer._scheduled = not timer._cancelled
        self._scheduled[:] = [timer for timer in self._scheduled if timer._scheduled]
        heapq.heapify(self._scheduled)
        self._timer_cancelled_count = 0

    # ---- what is run

    def run_turn(self, seconds: float) -> None:
        """Run iterations, beginning with the rest of the last one, for about ``seconds``.

        Raises:
            BaseException: A callback raised one that is not an Exception; the rest stays queued.
        """
        if events._get_running_loop() is None:
            self._run_turn(seconds)
        else:
            with no_running_loop():
                self._run_turn(seconds)

    def _run_turn(self, seconds: float) -> None:
        thread_id, hooks, debug = self._thread_id, sys.get_asyncgen_hooks(), self._debug
        try:
            self._in_turn = True
            self._listen_no_more()
            self._thread_id = threading.get_ident()
            if debug:
                self._set_coroutine_origin_tracking(True)
            sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
            events._set_running_loop(self)
            self._run_handles(monotonic() + seconds)
        finally:
            events._set_running_loop(None)
            self._in_turn = False
            self._listen_outside()
            self._thread_id = thread_id
            if debug or self._debug:  # it may be switched meanwhile
                self._set_coroutine_origin_tracking(False)
            sys.set_asyncgen_hooks(*hooks)

    def end_turn(self) -> None:
        """End the current turn when the current callback returns."""
        self._until = -math.inf

    def _run_handles(self, until: float) -> None:
        self._until = until
        ready, clock = self._ready, monotonic
        left = self._iteration_left or self._begin_iteration()
        try:
            while left:
                left -= 1
                handle = ready.popleft()
                if not handle._cancelled:
                    if self._debug:
                        self._run_timed(handle)
                    else:
                        handle._run()
                if not left % CALLS_PER_CLOCK_READ and clock() >= self._until:
                    break
                if not left and ready and not self._stopping:
                    left = self._begin_iteration()
        finally:
            self._iteration_left = left
            handle = None  # type: ignore[assignment] # an exception's traceback would keep it

    def _begin_iteration(self) -> int:
        """Queue what is ready and what is due; return how many callbacks there are to run."""
        self._process_events(self._selector.select(0))
        if self.next_deadline() < math.inf:
            self._queue_due(self.time() + self._clock_resolution)
        return len(self._ready)

    def _queue_due(self, now: float) -> None:
        scheduled, ready = self._scheduled, self._ready
        while scheduled and scheduled[0]._when < now:
            timer = heapq.heappop(scheduled)
            timer._scheduled = False
            if timer._cancelled:
                self._timer_cancelled_count -= 1
                continue
            ready.append(timer)
            # Thousands may be due at once.
            if not len(ready) % CALLS_PER_CLOCK_READ and monotonic() >= self._until:
                break

    def _run_timed(self, handle: asyncio.Handle) -> None:
        try:
            self._current_handle = handle
            start = self.time()
            handle._run()
            taken = self.time() - start
            if taken >= self.slow_callback_duration:
                described = base_events._format_handle(handle)  # type: ignore[attr-defined] # a private name
                logger.warning("Executing %s took %.3f seconds", described, taken)
        finally:
            self._current_handle = None

    # ---- without turns

    def run_alone(self, main: Coroutine[Any, Any, Any]) -> Any:
        """Run until ``main`` is done, as any other loop does: it has the thread, and waits in ``select``.

        A call of `stop` meanwhile does not stop it.
        """
        self._iteration_left = 0
        thread_id, self._thread_id = self._thread_id, None
        try:
            with no_running_loop():
                self._in_turn = True
                self._listen_no_more()
                task = self.create_task(main)
                task.add_done_callback(lambda _: self.stop())
                while not task.done():
                    self.run_forever()
                return task.result()
        finally:
            self._in_turn = False
            self._listen_outside()
            self._thread_id = thread_id

    def _check_running(self) -> None:
        if self.is_running():
            raise RuntimeError(
                "This event loop is already running: "
                "in a coroutine use await, in a callback of Tk's aio.spawn()"
            )
        if events._get_running_loop() is not None:
            raise RuntimeError("Cannot run the event loop while another loop is running in the thread")


@contextmanager
def no_running_loop() -> Iterator[None]:
    """Set aside the loop that is running in this thread: a callback of it runs Tk's loop, so others too."""
    running = events._get_running_loop()
    task = _swap_current_task(running, None) if running and _swap_current_task else None
    events._set_running_loop(None)
    try:
        yield
    finally:
        events._set_running_loop(running)
        if running and _swap_current_task:
            _swap_current_task(running, task)


def is_unheard(task: asyncio.Task[Any]) -> bool:
    """Return whether ``task`` has raised an exception that no one has retrieved yet."""
    return bool(task._log_traceback)


def take_executor(loop: Any) -> Executor | None:
    """Take the default executor off ``loop``, which can start no job in it from now on."""
    executor: Executor | None = loop._default_executor
    loop._default_executor = None
    loop._executor_shutdown_called = True
    return executor
