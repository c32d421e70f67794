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
_DIALOG_MS = 50

# Seconds after which tkws is interrupted wherever it is.
_MAX_DELAY = 1.0

# Called by tkws as well as by programs: whose code it is, its caller tells.
_SHARED_PACKAGES = sys.stdlib_module_names | {"h11", "socksio", "idna", "numpy"}

# Parts of tkws that use the others as a program does.
_PROGRAM_MODULES = ("tkws.console", "tkws.testing", "tkws.__main__")

# What a dialog raises that is ended for the sake of an interrupt.
_CANCELLED = "ended by KeyboardInterrupt"

_resend = partial(_thread.interrupt_main, signal.SIGINT)


class SigintHandler:
    """The handler of SIGINT while a loop is open; the process has one, `sigint_handler`."""

    def __init__(self) -> None:
        self._tkapps: list[Any] = []
        self._deferred_at = 0.0  # when the signal came that was put off; 0 when none is
        self._resend_timer: Any = None  # the timer that sends it again
        self._cancel_timers: list[Any] = []  # the timers that end what waits for Tk, and then send it again

    def install(self, tkapp: Any) -> None:
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

    def uninstall(self, tkapp: Any) -> None:
        """End what `install` began. Idempotent."""
        if tkapp not in self._tkapps:
            return
        self._tkapps.remove(tkapp)
        if not self._tkapps:
            self._cancel_resend()
            if signal.getsignal(signal.SIGINT) == self._on_signal:
                signal.signal(signal.SIGINT, signal.default_int_handler)

    def after_fork_in_child(self) -> None:
        """Put Python's own handler back: this is a fork."""
        for tkapp in list(self._tkapps):
            self.uninstall(tkapp)

    def is_cancelled_wait(self, error: BaseException | None) -> bool:
        """Whether ``error`` comes from a dialog that was ended for the sake of an interrupt to come."""
        return isinstance(error, tkinter.TclError) and str(error) == _CANCELLED

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        overdue = self._deferred_at and now - self._deferred_at > _MAX_DELAY
        if self._tkapps and _is_in_tkws(frame) and not overdue:
            if not self._deferred_at:
                self._deferred_at = now
                signals.pause()
            self._schedule_resend()
        else:
            self._cancel_resend()
            signal.default_int_handler(number, frame)

    def _schedule_resend(self) -> None:
        tkapp = self._tkapps[-1]
        if self._resend_timer is not None:
            self._resend_timer.deletetimerhandler()
        self._resend_timer = tkapp.createtimerhandler(0, _resend)
        if not self._cancel_timers:
            self._cancel_timers = [
                tkapp.createtimerhandler(_DIALOG_MS, call) for call in (self._cancel_waits, _resend)
            ]

    def _cancel_waits(self) -> None:
        """End what waits for Tk: ``wait_window``, ``wait_variable``, ``vwait``."""
        self._cancel_timers.clear()
        for tkapp in self._tkapps:
            for command in (("interp", "cancel", "-unwind", "--", "", _CANCELLED), ("info", "patchlevel")):
                with suppress(tkinter.TclError):
                    tkapp.call(*command)  # where nothing waits, the second one uses up the first

    def _cancel_resend(self) -> None:
        for timer in (self._resend_timer, *self._cancel_timers):
            if timer is not None:
                timer.deletetimerhandler()
        self._resend_timer = None
        self._cancel_timers.clear()
        if self._deferred_at:
            self._deferred_at = 0.0
            signals.resume()


def _is_in_tkws(frame: FrameType | None) -> bool:
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        package = module.partition(".")[0]
        if package == "tkws":
            return not module.startswith(_PROGRAM_MODULES)
        if package not in _SHARED_PACKAGES:
            return False
        frame = frame.f_back
    return False


sigint_handler = SigintHandler()
"""What stands for Python's own handler of SIGINT."""
