"""Tk's event loop as a service for any socket: one loop for each Tcl interpreter.

`loop_for` returns the loop of a widget's interpreter and makes it on first use; `make_loop` makes one that
reads other clocks. The system decides the kind: `TkLoop`, or `ChannelLoop` if Tk has no file handlers, and
`PolledLoop` as a last resort. The environment variable ``TKWS_NOTIFIER`` (``filehandler``, ``channel`` or
``polled``) overrides that.
"""

from __future__ import annotations

import logging
import os
import time
import tkinter
import weakref
from collections.abc import Callable
from typing import TypeAlias

from tkws.errors import StateError
from tkws.loop.base import Loop
from tkws.loop.channel import ChannelLoop
from tkws.loop.clock import monotonic
from tkws.loop.interpreter import require_thread_of
from tkws.loop.polled import PolledLoop
from tkws.loop.systempollers import make_poller
from tkws.loop.timeouts import Timeout
from tkws.loop.timers import Timer
from tkws.loop.tk import TkLoop

__all__ = [
    "ChannelLoop",
    "Loop",
    "Master",
    "PolledLoop",
    "Timeout",
    "Timer",
    "TkLoop",
    "loop_for",
    "make_loop",
    "root_of",
]

Master: TypeAlias = tkinter.Misc | None
"""Any widget, ``Tk`` or ``Tcl()`` of the interpreter that is meant; None for Tk's default root."""

# Tk's file handlers use select(), whose sets hold no higher descriptor than 1023.
FD_SETSIZE = 1024

_log = logging.getLogger("tkws.loop")

_loops: weakref.WeakKeyDictionary[tkinter.Misc, Loop] = weakref.WeakKeyDictionary()


def loop_for(master: Master = None) -> Loop:
    """Return the loop of an interpreter; make it if it has no loop yet.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()`` of the interpreter; None for Tk's default root, which is
            created if necessary, as it is for a widget without a parent.

    Raises:
        TypeError: ``master`` is something else.
        StateError: The interpreter belongs to another thread or to the parent process, or its window
            was destroyed.
        ValueError: ``TKWS_NOTIFIER`` is set to an unknown value.
    """
    root = root_of(master)
    loop = _loops.get(root)
    if loop is None or loop.closed:
        loop = _loops[root] = _make_loop(root, monotonic, time.time)
    loop.follow_window()
    loop.follow_signals()
    return loop


def make_loop(master: Master, *, clock: Callable[[], float], wall: Callable[[], float]) -> Loop:
    """Make the loop of an interpreter that has none yet, with other clocks: for tests.

    Args:
        master: As for `loop_for`.
        clock: Returns the time in seconds, which never goes back.
        wall: Returns the time of day in seconds, which advances while the machine is suspended.

    Raises:
        StateError: The interpreter has a loop already; or as `loop_for`.
        TypeError: As `loop_for`.
        ValueError: As `loop_for`.
    """
    root = root_of(master)
    loop = _loops.get(root)
    if loop is not None and not loop.closed:
        raise StateError(
            "the interpreter has a loop already: call make_loop before anything else uses the loop"
        )
    loop = _loops[root] = _make_loop(root, clock, wall)
    return loop


def root_of(master: Master) -> tkinter.Tk:
    """Return the root of an interpreter.

    Raises:
        TypeError: As `loop_for`.
        StateError: As `loop_for`.
    """
    if master is None:
        master = tkinter._get_default_root()  # type: ignore[attr-defined] # noqa: SLF001 - as every widget does
    if not isinstance(master, tkinter.Misc):
        raise TypeError(f"master: a widget, Tk or Tcl(), not {type(master).__name__}")
    root: tkinter.Tk = master.nametowidget(".")
    loop = _loops.get(root)
    if loop is not None:
        loop.check_thread()
    require_thread_of(root)
    return root


def _make_loop(root: tkinter.Tk, clock: Callable[[], float], wall: Callable[[], float]) -> Loop:
    notifier = os.environ.get("TKWS_NOTIFIER", "")
    if notifier not in ("", "filehandler", "channel", "polled"):
        raise ValueError(f"TKWS_NOTIFIER: 'filehandler', 'channel' or 'polled', not {notifier!r}")
    poller = make_poller()
    has_handlers = hasattr(root.tk, "createfilehandler")
    if notifier in ("", "filehandler") and has_handlers and 0 <= poller.fileno() < FD_SETSIZE:
        return TkLoop(root, poller=poller, clock=clock, wall=wall)
    if notifier == "filehandler":
        raise StateError(
            "TKWS_NOTIFIER=filehandler: Tk has no file handlers, or none for descriptors above 1023"
        )
    if notifier == "channel" or not (notifier or has_handlers):
        try:
            return ChannelLoop(root, poller=poller, clock=clock, wall=wall)
        except OSError as error:
            if notifier:
                raise StateError(f"TKWS_NOTIFIER=channel: {error}") from error
            _log.warning("the loop polls, since no connection over loopback can be made: %s", error)
    return PolledLoop(root, poller=poller, clock=clock, wall=wall)
