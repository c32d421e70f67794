"""Blocking calls, made on a worker thread and answered on the loop.

Knows nothing of what the calls do. It has threads of its own because Python waits for those of
`concurrent.futures` when it exits, and a name server that does not answer takes a minute: these are
daemons, which end with the process. They are few, started on demand, and end when there is nothing to do.

Invariants: a worker never holds the last reference to a loop, to its interpreter or to a
callback (Tk aborts the process when an interpreter dies in another thread than its own), so a
job lets go of them on the loop's thread: when it is answered, when it is cancelled, and when
the loop closes.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from tkws.loop import Loop

Result = TypeVar("Result")

# Threads at a time: one name server that does not answer must not hold up the names of others.
MAX_THREADS = 16

_lock = threading.Lock()
_waiting: deque[Job[Any]] = deque()
_threads = 0


def _begin_anew() -> None:
    """Forget the jobs and the threads of the parent: they do not continue in a fork."""
    global _lock, _threads
    _lock = threading.Lock()
    _waiting.clear()
    _threads = 0


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_begin_anew)


class Job(Generic[Result]):
    """One call on a worker thread.

    Args:
        loop: Calls back.
        function: Called in the other thread; it must not hold on to anything of Tk.
        on_done: Called from the loop with what ``function`` returned.
        on_failed: Called from the loop with what ``function`` raised instead.
    """

    def __init__(
        self,
        loop: Loop,
        function: Callable[[], Result],
        on_done: Callable[[Result], object],
        on_failed: Callable[[Exception], object],
    ) -> None:
        self._function = function
        self._callbacks = (on_done, on_failed)
        self._loop: Loop | None = loop
        self._answering = threading.Lock()
        loop.on_close(self.cancel)
        self._queue(loop)

    @property
    def over(self) -> bool:
        """Whether the job was answered or cancelled."""
        return self._loop is None

    def cancel(self) -> None:
        """Drop the answer. Idempotent. A call that has begun continues, and its answer is ignored."""
        with self._answering:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.cancel_on_close(self.cancel)
            del self._callbacks
        with _lock:
            if self in _waiting:
                _waiting.remove(self)

    def run(self) -> None:
        """Make the call and send the answer; called by the worker."""
        answer: tuple[Callable[[Any], None], Any]
        try:
            answer = (self._done, self._function())
        except Exception as error:
            answer = (self._failed, error)
        with self._answering:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(*answer)

    def _queue(self, loop: Loop) -> None:
        global _threads
        with _lock:
            _waiting.append(self)
            if _threads == MAX_THREADS:
                return
            _threads += 1
        try:
            threading.Thread(target=_work, name="tkws-worker", daemon=True).start()
        except RuntimeError as error:  # the system gives no more threads
            with _lock:
                _threads -= 1
            loop.call_soon(self._failed, error)

    def _done(self, result: Result) -> None:
        if not self.over:
            on_done, _ = self._callbacks
            self.cancel()
            on_done(result)

    def _failed(self, error: Exception) -> None:
        if not self.over:
            _, on_failed = self._callbacks
            self.cancel()
            on_failed(error)


def run_in_thread(function: Callable[[], object]) -> None:
    """Call ``function`` on a thread of its own, or here if no thread can be had; Python waits for it.

    Args:
        function: Must be short, and must not hold on to anything of Tk.
    """
    try:
        threading.Thread(target=function, name="tkws-thread").start()
    except RuntimeError:
        function()


def _work() -> None:
    while job := _next():
        job.run()


def _next() -> Job[Any] | None:
    global _threads
    with _lock:
        if _waiting:
            return _waiting.popleft()
        _threads -= 1
        return None
