"""Waiting in a test: Tk's loop runs until a condition is true.

Knows Tk's loop, not tkws: the condition may be about anything.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any

from tkws.checks import check_callable, check_seconds
from tkws.loop import Master, root_of

# How long Tk may block before the condition is looked at again, in milliseconds.
_TICK_MS = 10

# More main windows than there ever are: mainloop(_NO_LOOP) returns at once, or raises what a bare
# file or timer callback of Tk's has raised.
_NO_LOOP = 1 << 20


def run_until(condition: Callable[[], object], timeout: float = 5.0, *, master: Master = None) -> None:
    """Run Tk's event loop until ``condition()`` is true.

    It serves every interpreter of the thread. What a callback of ``master``'s interpreter raises
    meanwhile, a handler included, is raised here instead of printed.

    Args:
        condition: Asked after every event, and every 10 ms.
        timeout: Seconds that it may take.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.

    Raises:
        TypeError: For an argument of a wrong type.
        ValueError: For a ``timeout`` that is negative, infinite or not a number.
        TimeoutError: It took longer; the message has the condition's source.
        Exception: What a callback raised.
    """
    __tracebackhide__ = True
    check_callable("condition", condition, "()")
    seconds = check_seconds("timeout", timeout)
    root: Any = root_of(master)
    raised: list[BaseException] = []
    before = root.__dict__.get("report_callback_exception")
    root.report_callback_exception = lambda kind, error, traceback: raised.append(error)
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
    alarm: Any = None

    def ring() -> None:
        nonlocal alarm
        alarm = tk.createtimerhandler(_TICK_MS, ring)

    ring()
    try:
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError
            tk.dooneevent(0)
            tk.mainloop(_NO_LOOP)
    finally:
        alarm.deletetimerhandler()


def _source(condition: Callable[[], object]) -> str:
    try:
        return " ".join(inspect.getsource(condition).split())
    except (OSError, TypeError):
        return repr(condition)
