"""Tk's event loop as a service for any socket: one loop for each Tcl interpreter.

`loop_for` finds the loop of a widget's interpreter, or makes it; `make_loop` makes it on other clocks.
Which kind, the system decides; the environment variable ``TKWS_NOTIFIER`` (``filehandler`` or
``polled``) forces it.
"""

from __future__ import annotations

import os
import time
import tkinter
import weakref
from collections.abc import Callable
from typing import TypeAlias

from tkws.errors import StateError
from tkws.loop.base import Loop
from tkws.loop.interpreter import require_thread_of
from tkws.loop.polled import PolledLoop
from tkws.loop.poller import make_poller
from tkws.loop.timeouts import Timeout
from tkws.loop.timers import Timer
from tkws.loop.tk import TkLoop

__all__ = ["Loop", "Master", "PolledLoop", "Timeout", "Timer", "TkLoop", "loop_for", "make_loop", "root_of"]

Master: TypeAlias = tkinter.Misc | None
"""What names an interpreter: any widget, ``Tk`` or ``Tcl()`` of it; None for Tk's default root."""

# Tk's file handlers use select, whose sets end there.
FD_SETSIZE = 1024

_loops: weakref.WeakKeyDictionary[tkinter.Misc, Loop] = weakref.WeakKeyDictionary()


def loop_for(master: Master = None) -> Loop:
    """The loop of an interpreter, made on first demand.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()`` of it; None for Tk's default root, which is made
            on demand as every widget does.

    Raises:
        TypeError: ``master`` is none of these.
        StateError: The interpreter belongs to another thread or to the parent process, or its window
            was destroyed.
        ValueError: ``TKWS_NOTIFIER`` in the environment has no meaning.
    """
    root = root_of(master)
    loop = _loops.get(root)
    if loop is None or loop.closed:
        loop = _loops[root] = _make(root, time.monotonic, time.time)
    loop.follow_window()
    loop.follow_signals()
    return loop


def make_loop(master: Master, *, clock: Callable[[], float], wall: Callable[[], float]) -> Loop:
    """Makes the loop of an interpreter that has none, on clocks of the caller's: for tests.

    Args:
        master: As for `loop_for`.
        clock: The time in seconds, never going back.
        wall: The time of day in seconds, which goes on while the machine sleeps.

    Raises:
        StateError: There is a loop already; or as `loop_for`.
        TypeError: As `loop_for`.
        ValueError: As `loop_for`.
    """
    root = root_of(master)
    loop = _loops.get(root)
    if loop is not None and not loop.closed:
        raise StateError("the interpreter has a loop already: give it its clocks before it is used")
    loop = _loops[root] = _make(root, clock, wall)
    return loop


def root_of(master: Master) -> tkinter.Tk:
    """The root of an interpreter.

    Raises:
        TypeError: As `loop_for`.
        StateError: As `loop_for`.
    """
    if master is None:
        master = tkinter._get_default_root()  # type: ignore[attr-defined] # noqa: SLF001 - as every widget does
    if not isinstance(master, tkinter.Misc):
        raise TypeError(f"master must be a widget, Tk or Tcl(), not {type(master).__name__}")
    root: tkinter.Tk = master.nametowidget(".")
    loop = _loops.get(root)
    if loop is not None:
        loop.check_thread()
    require_thread_of(root)
    return root


def _make(root: tkinter.Tk, clock: Callable[[], float], wall: Callable[[], float]) -> Loop:
    kind = os.environ.get("TKWS_NOTIFIER", "")
    if kind not in ("", "filehandler", "polled"):
        raise ValueError(f"TKWS_NOTIFIER must be 'filehandler' or 'polled', not {kind!r}")
    poller = make_poller()
    fits = hasattr(root.tk, "createfilehandler") and 0 <= poller.fileno() < FD_SETSIZE
    if kind == "filehandler" and not fits:
        raise StateError(
            "TKWS_NOTIFIER=filehandler: Tk has no file handlers, or none for descriptors this high"
        )
    chosen = TkLoop if fits and kind != "polled" else PolledLoop
    return chosen(root, poller=poller, clock=clock, wall=wall)
