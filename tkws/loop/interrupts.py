"""Ctrl-C never interrupts tkws in the middle of its own work.

Python raises KeyboardInterrupt between any two bytecode instructions. In the middle of tkws that would lose a
callback that was just taken from its queue, or half of what was read from a socket. So, as long as a loop is
open in the main thread and the program has no handler for SIGINT, a handler of tkws replaces Python's. In the
program's own code it raises at once. In tkws it sends the signal again once tkws has returned to Tk, so
KeyboardInterrupt is raised where Python waits for Tk: in ``mainloop`` or ``update``. If the program waits for
a dialog (``wait_window``, ``wait_variable``), that wait is cancelled first.

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
from typing import Any, Final

from tkws.loop import signals

# If Python has not returned from Tk after so many timers, one after the other, it is waiting for a dialog: an
# ``update`` that the loop keeps busy has had its chances to return by then, however slow the machine is.
_ROUNDS = 60
_ROUND_MS = 2

# Packages that both tkws and programs call: their caller decides which of the two was interrupted.
_SHARED_PACKAGES = sys.stdlib_module_names | {"h11", "socksio", "idna", "numpy"}

# Modules of tkws that are programs, and interrupted as such.
_PROGRAM_MODULES = ("tkws.console", "tkws.testing", "tkws.__main__")

# The message of the TclError that a cancelled wait raises.
_CANCELLED = "ended by KeyboardInterrupt"

_resend = partial(_thread.interrupt_main, signal.SIGINT)


class SigintHandler:
    """The handler of SIGINT while a loop is open; the process has one, `sigint_handler`.

    Attributes:
        max_delay: Seconds after which KeyboardInterrupt is raised even in the middle of tkws.
    """

    def __init__(self) -> None:
        self.max_delay: float = 1.0
        self._tkapps: list[Any] = []
        self._deferred_at = 0.0  # when the deferred signal came, or 0
        self._resend_timer: Any = None  # sends it again
        self._round_timer: Any = None  # counts the rounds until waits for dialogs are cancelled
        self._rounds = 0
        self._has_cancelled = False  # whether that was done, and KeyboardInterrupt is still to be raised

    def install(self, tkapp: Any) -> None:
        """Defer interrupts of tkws until it has returned to ``tkapp``'s event loop.

        No-op in any thread but the main one. A handler that the program has set is left alone: call this
        again once that is gone.
        """
        try:
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                signal.signal(signal.SIGINT, self._on_signal)
        except ValueError:  # not the main thread
            return
        if tkapp not in self._tkapps:
            self._tkapps.append(tkapp)

    def reinstall(self) -> None:
        """Replace Python's own handler again, if a loop is open: asyncio has put that back."""
        if self._tkapps:
            self.install(self._tkapps[-1])

    def uninstall(self, tkapp: Any) -> None:
        """Undo `install`. Idempotent."""
        if tkapp not in self._tkapps:
            return
        self._tkapps.remove(tkapp)
        if not self._tkapps:
            self._cancel_resend()
            if signal.getsignal(signal.SIGINT) == self._on_signal:
                signal.signal(signal.SIGINT, signal.default_int_handler)

    def after_fork_in_child(self) -> None:
        """Restore Python's own handler, in a forked child."""
        for tkapp in list(self._tkapps):
            self.uninstall(tkapp)

    def is_cancelled_wait(self, error: BaseException | None) -> bool:
        """Return whether ``error`` was raised by a wait that was cancelled, before the interrupt itself."""
        return isinstance(error, tkinter.TclError) and str(error) == _CANCELLED

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if frame is None and self._has_cancelled:
            return  # Python is printing the TclError that ends the program
        now = time.monotonic()
        overdue = self._deferred_at and now - self._deferred_at > self.max_delay
        if self._tkapps and _is_in_tkws(frame) and not overdue:
            if not self._deferred_at:
                self._deferred_at = now
                signals.pause()
            self._schedule_resend()
        else:
            self._cancel_resend()
            signal.default_int_handler(number, frame)

    def _schedule_resend(self) -> None:
        if self._resend_timer is not None:
            self._resend_timer.deletetimerhandler()
        self._resend_timer = self._tkapps[-1].createtimerhandler(0, _resend)
        if self._round_timer is None:
            self._rounds = 0
            self._begin_round()

    def _begin_round(self) -> None:
        self._round_timer = self._tkapps[-1].createtimerhandler(_ROUND_MS, self._end_round)

    def _end_round(self) -> None:
        self._rounds += 1
        self._deferred_at = time.monotonic()  # Tk has its turns
        if self._rounds < _ROUNDS:
            self._begin_round()
            return
        self._cancel_waits()
        self._schedule_resend()
        self._round_timer = None

    def _cancel_waits(self) -> None:
        """Cancel every ``wait_window``, ``wait_variable`` and ``vwait``."""
        self._has_cancelled = True
        for tkapp in self._tkapps:
            for command in (("interp", "cancel", "-unwind", "--", "", _CANCELLED), ("info", "patchlevel")):
                with suppress(tkinter.TclError):
                    tkapp.call(*command)  # if nothing is waiting, the second command absorbs the cancellation

    def _cancel_resend(self) -> None:
        for timer in (self._resend_timer, self._round_timer):
            if timer is not None:
                timer.deletetimerhandler()
        self._resend_timer = self._round_timer = None
        self._has_cancelled = False
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


sigint_handler: Final = SigintHandler()
"""The handler of this process."""
