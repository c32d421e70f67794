"""Tk's event loop as a service for any socket: one loop for each Tcl interpreter.

`loop_for` finds the loop of a widget's interpreter, or makes it. Which kind, the system
decides; the environment variable ``TKWS_NOTIFIER`` (``filehandler`` or ``polled``) forces it.
"""

from __future__ import annotations

import atexit
import os
import tkinter
import weakref
from typing import TypeAlias

from tkws.errors import StateError
from tkws.loop.base import Loop
from tkws.loop.interpreter import require_thread_of
from tkws.loop.polled import PolledLoop
from tkws.loop.poller import make_poller
from tkws.loop.timers import Timer
from tkws.loop.tk import TkLoop

__all__ = ["Loop", "Master", "PolledLoop", "Timer", "TkLoop", "loop_for"]

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
        StateError: The interpreter belongs to another thread, or its window was destroyed.
        ValueError: ``TKWS_NOTIFIER`` in the environment has no meaning.
    """
    if master is None:
        master = tkinter._get_default_root()  # type: ignore[attr-defined] # noqa: SLF001 - as every widget does
    if not isinstance(master, tkinter.Misc):
        raise TypeError(f"master must be a widget, Tk or Tcl(), not {type(master).__name__}")
    root = master.nametowidget(".")
    require_thread_of(root)
    loop = _loops.get(root)
    if loop is None or loop.closed:
        loop = _loops[root] = _make(root)
    loop.follow_window()
    return loop


def _make(root: tkinter.Tk) -> Loop:
    kind = os.environ.get("TKWS_NOTIFIER", "")
    if kind not in ("", "filehandler", "polled"):
        raise ValueError(f"TKWS_NOTIFIER must be 'filehandler' or 'polled', not {kind!r}")
    poller = make_poller()
    fits = hasattr(root.tk, "createfilehandler") and 0 <= poller.fileno() < FD_SETSIZE
    if kind == "filehandler" and not fits:
        raise StateError(
            "TKWS_NOTIFIER=filehandler: Tk has no file handlers, or none for descriptors this high"
        )
    return TkLoop(root, poller=poller) if fits and kind != "polled" else PolledLoop(root, poller=poller)


@atexit.register
def _close_all() -> None:
    for loop in list(_loops.values()):
        if loop.in_loop_thread():
            loop.close()
