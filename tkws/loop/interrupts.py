"""Ctrl-C leaves tkws whole, and then leaves whatever the program waits for.

Python raises KeyboardInterrupt between any two instructions. In the midst of tkws that would lose a
callback that was just taken from its queue, or half of what a socket has read. So, as long as a loop is
open in the main thread and the program has no handler for SIGINT, one of ours takes Python's place. In
the program's own code it raises at once. In tkws it asks Tk to send the signal again when tkws has
returned, so KeyboardInterrupt is raised where Python waits for Tk: in ``mainloop``, in ``update``. A
dialog is ended for that.

Knows frames and Tk's timers; knows nothing of loops.
"""

from __future__ import annotations

import _thread
import signal
import sys
import time
import tkinter
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

from tkws.loop import signals

# Milliseconds after which Python has not returned from Tk: it waits there for a dialog.
_WAITS_MS = 50

# Seconds after which tkws is interrupted wherever it is.
_PATIENCE = 1.0

# Called by tkws as well as by programs: whose code it is, its caller tells.
_SHARED = sys.stdlib_module_names | {"h11", "socksio", "idna", "numpy"}

# Parts of tkws that use the others as a program does.
_PROGRAMS = ("tkws.console", "tkws.testing", "tkws.__main__")

# What a dialog raises that is ended for the sake of an interrupt.
_ENDED = "ended by KeyboardInterrupt"

_send_again = partial(_thread.interrupt_main, signal.SIGINT)


class Interrupts:
    """The handler of SIGINT while a loop is open; the process has one, `interrupts`."""

    def __init__(self) -> None:
        self._tkapps: list[Any] = []
        self._since = 0.0  # when the signal came that was put off; 0 when none is
        self._again: Any = None  # the timer that sends it again
        self._ending: list[Any] = []  # the timers that end what waits for Tk, and then send it again

    def put_off(self, tkapp: Any) -> None:
        """Put off what interrupts tkws until ``tkapp``'s loop runs; no-op in other threads than the main one.

        A handler of the program's own is left alone: call it again to look anew.
        """
        try:
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                signal.signal(signal.SIGINT, self._on_signal)
        except ValueError:  # not the main thread
            return
        if tkapp not in self._tkapps:
            self._tkapps.append(tkapp)

    def release(self, tkapp: Any) -> None:
        """End what `put_off` began. Idempotent."""
        if tkapp not in self._tkapps:
            return
        self._tkapps.remove(tkapp)
        if not self._tkapps:
            self._forget()
            if signal.getsignal(signal.SIGINT) == self._on_signal:
                signal.signal(signal.SIGINT, signal.default_int_handler)

    def leave_to_parent(self) -> None:
        """Put Python's own handler back: this is a fork."""
        for tkapp in list(self._tkapps):
            self.release(tkapp)

    def has_ended(self, error: BaseException | None) -> bool:
        """Whether ``error`` comes from a dialog that was ended for the sake of an interrupt to come."""
        return isinstance(error, tkinter.TclError) and str(error) == _ENDED

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        overdue = self._since and now - self._since > _PATIENCE
        if self._tkapps and _is_in_tkws(frame) and not overdue:
            if not self._since:
                self._since = now
                signals.pause()
            self._send_soon()
        else:
            self._forget()
            signal.default_int_handler(number, frame)

    def _send_soon(self) -> None:
        tkapp = self._tkapps[-1]
        if self._again is not None:
            self._again.deletetimerhandler()
        self._again = tkapp.createtimerhandler(0, _send_again)
        if not self._ending:
            self._ending = [
                tkapp.createtimerhandler(_WAITS_MS, call) for call in (self._end_waits, _send_again)
            ]

    def _end_waits(self) -> None:
        """End what waits for Tk: ``wait_window``, ``wait_variable``, ``vwait``."""
        self._ending.clear()
        for tkapp in self._tkapps:
            for command in (("interp", "cancel", "-unwind", "--", "", _ENDED), ("info", "patchlevel")):
                with suppress(tkinter.TclError):
                    tkapp.call(*command)  # where nothing waits, the second one uses up the first

    def _forget(self) -> None:
        for timer in (self._again, *self._ending):
            if timer is not None:
                timer.deletetimerhandler()
        self._again = None
        self._ending.clear()
        if self._since:
            self._since = 0.0
            signals.resume()


def _is_in_tkws(frame: FrameType | None) -> bool:
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        package = module.partition(".")[0]
        if package == "tkws":
            return not module.startswith(_PROGRAMS)
        if package not in _SHARED:
            return False
        frame = frame.f_back
    return False


interrupts = Interrupts()
"""What stands for Python's own handler of SIGINT."""
