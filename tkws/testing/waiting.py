"""Waiting in a test: run Tk's loop until a condition is true.

Knows Tk's loop but not tkws: the condition may be about anything.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any

from tkws.asynchandlers import check_plain
from tkws.checks import check_seconds
from tkws.loop import Master, root_of

# How long Tk may block before the condition is checked again, in milliseconds.
_CHECK_MS = 10

# mainloop(n) runs while there are more than n main windows. With this n it returns at once, or raises the
# exception of a file or timer callback that was registered with Tk directly.
_WINDOW_THRESHOLD = 1 << 20


def run_until(condition: Callable[[], object], timeout: float = 5.0, *, master: Master = None) -> None:
    """Run Tk's event loop until ``condition()`` is true.

    This runs the events of every interpreter of the thread. If a callback of ``master``'s interpreter (such
    as a handler) raises meanwhile, the exception is raised here instead of being printed.

    Args:
        condition: Checked after every event, and every 10 ms.
        timeout: The longest time to wait, in seconds.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: ``timeout`` is negative, infinite or NaN.
        TimeoutError: The condition was still false after ``timeout``; the message has its source.
        Exception: A callback raised it.
    """
    __tracebackhide__ = True
    check_plain("condition", condition, "()")
    seconds = check_seconds("timeout", timeout)
    root: Any = root_of(master)
    raised: list[BaseException] = []
    before = root.__dict__.get("report_callback_exception")
    root.report_callback_exception = lambda _kind, error, _traceback: raised.append(error)
    try:
        _run(root.tk, lambda: raised or condition(), time.monotonic() + seconds)
    except TimeoutError:
        raise TimeoutError(f"not within {timeout} s: {_source(condition)}") from None
    finally:
        if before is None:
            del root.report_callback_exception
        else:
            root.report_callback_exception = before
    if raised:
        raise raised[0]


def _run(tk: Any, condition: Callable[[], object], deadline: float) -> None:
    __tracebackhide__ = True
    timer: Any = None

    def start_timer() -> None:
        nonlocal timer
        timer = tk.createtimerhandler(_CHECK_MS, start_timer)

    start_timer()
    try:
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError
            tk.dooneevent(0)
            tk.mainloop(_WINDOW_THRESHOLD)
    finally:
        timer.deletetimerhandler()


def _source(condition: Callable[[], object]) -> str:
    try:
        return " ".join(inspect.getsource(condition).split())
    except (OSError, TypeError):
        return repr(condition)
