"""Ctrl-C never interrupts tkws in the middle of its own work.

Python raises KeyboardInterrupt between any two bytecode instructions. In the middle of tkws that would lose a
callback that was just taken from its queue, or half of what was read from a socket. So, as long as a loop is
open in the main thread and the program has no handler for SIGINT, a handler of tkws replaces Python's. In the
program's own code it raises at once. In tkws it sends the signal again once tkws has returned to Tk, so
KeyboardInterrupt is raised where Python waits for Tk: in ``mainloop`` or ``update``. If the program waits for
a dialog (``wait_window``, ``wait_variable``), that wait is cancelled first.

Only ``mainloop`` raises an exception that leaves a callback; ``update`` and the waits lose it. So a
KeyboardInterrupt or SystemExit that leaves a callback under one of these takes the same way as a signal in
tkws.

Knows frames and Tk's timers; knows nothing of loops.
"""

from __future__ import annotations

import _thread
import signal
import sys
import time
import tkinter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import get_ident, main_thread
from types import FrameType
from typing import Any, Final

from tkws.loop import signals

# If Python has not returned from Tk after so many timers, one after the other, it is waiting for a dialog: an
# ``update`` that the loop keeps busy has had its chances to return by then, however slow the machine is.
_ROUNDS = 60
_ROUND_MS = 2

# Tcl runs the timers that are due in the order of their times. A timer with this time, which is long past, is
# the first; one with a second more is the next.
_FIRST_MS = -(10**9)
_NEXT_MS = 1000

# Packages that both tkws and programs call: their caller decides which of the two was interrupted.
_SHARED_PACKAGES = sys.stdlib_module_names | {"h11", "socksio", "idna", "numpy"}

# Modules of tkws that are programs, and interrupted as such.
_PROGRAM_MODULES = ("tkws.console", "tkws.testing", "tkws.__main__")

# The beginning of the message of the TclError that a cancelled wait raises.
_CANCELLED = "ended by "

# The functions that run Tk's loop and raise what leaves a callback.
_MAINLOOPS = frozenset((tkinter.Misc.mainloop.__code__, tkinter.mainloop.__code__))
_GUEST = ("tkws.aio.guest", "run_forever")  # these call Tk itself
_TEST = ("tkws.testing.waiting", "_run")

# The frame of a loop's entry from Tk, which passes what leaves it to `SigintHandler.raise_later`; and the one
# before it, which is there also if the scheduler is compiled.
_ENTRY = ("tkws.loop.scheduler", "_dispatch")
_COMPILED_ENTRY = ("tkws.loop.entry", "enter")

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
        self._left: BaseException | None = None  # it left a callback, and is raised for KeyboardInterrupt
        # A list, since the handler may be called again between the making of a timer and its keeping.
        self._timers: list[Any] = []
        self._fired = 0  # how many of these have fired for sure
        self._counting = False  # whether rounds are counted until waits for dialogs are cancelled
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
            self._reset()
            if signal.getsignal(signal.SIGINT) == self._on_signal:
                signal.signal(signal.SIGINT, signal.default_int_handler)

    def after_fork_in_child(self) -> None:
        """Restore Python's own handler, in a forked child."""
        for tkapp in list(self._tkapps):
            self.uninstall(tkapp)

    def is_cancelled_wait(self, error: BaseException | None) -> bool:
        """Return whether ``error`` was raised by a wait that was cancelled, before the interrupt itself."""
        return isinstance(error, tkinter.TclError) and str(error).startswith(_CANCELLED)

    def raise_later(self, error: BaseException, waiting: FrameType | None) -> bool:
        """Raise an exception that left a callback where the program waits for Tk.

        No-op in ``mainloop``, which does so by itself.

        Args:
            error: The exception that left the callback.
            waiting: The frame that runs Tk's loop, or one of this package above it.

        Returns:
            Whether the caller has to do nothing more; else it raises ``error``.
        """
        if _runs_mainloop(waiting) or not self._tkapps or get_ident() != main_thread().ident:
            return False
        if signal.getsignal(signal.SIGINT) != self._on_signal:
            return False
        self._left = self._left or error
        self._defer()
        return True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._has_cancelled and not _is_in_program(frame):
            return  # Python is printing the TclError that ends the program
        overdue = self._deferred_at and time.monotonic() - self._deferred_at > self.max_delay
        if self._tkapps and _is_in_tkws(frame) and not (overdue and _is_within_entry(frame)):
            self._defer()
            return
        left = self._left
        self._reset()
        if left is not None:
            raise left
        signal.default_int_handler(number, frame)

    def _defer(self) -> None:
        if not self._deferred_at:
            self._deferred_at = time.monotonic()
            signals.pause()
        self._add_timer(0, _resend)
        if not self._counting:
            self._counting = True
            self._rounds = 0
            self._add_timer(_ROUND_MS, self._end_round)

    def _add_timer(self, ms: int, callback: Callable[[], object]) -> None:
        self._timers.append(self._tkapps[-1].createtimerhandler(ms, callback))

    def _end_round(self) -> None:
        self._rounds += 1
        self._deferred_at = time.monotonic()  # Tk has its turns
        del self._timers[: self._fired]
        self._fired = len(self._timers)  # made before this round, so they fire before the next
        self._add_timer(_ROUND_MS, self._end_round)
        if self._rounds == _ROUNDS:
            self._rounds = 0
            self._add_timer(_FIRST_MS, self._cancel_waits)
            self._add_timer(_FIRST_MS + _NEXT_MS, _resend)

    def _cancel_waits(self) -> None:
        """Cancel every ``wait_window``, ``wait_variable`` and ``vwait``.

        They end with the signal sent, and without a call of Python's before the program continues: Tcl stops
        running timers at the first one that was made meanwhile, so the last one here comes after the waits.
        """
        self._has_cancelled = True
        self._add_timer(_FIRST_MS + 2 * _NEXT_MS, _resend)
        message = _CANCELLED + type(self._left or KeyboardInterrupt()).__name__
        for tkapp in self._tkapps:
            for command in (("interp", "cancel", "-unwind", "--", "", message), ("info", "patchlevel")):
                with suppress(tkinter.TclError):
                    tkapp.call(*command)  # if nothing is waiting, the second command absorbs the cancellation

    def _reset(self) -> None:
        """Forget the deferred signal."""
        while self._timers:
            self._timers.pop().deletetimerhandler()
        self._fired = 0
        self._counting = self._has_cancelled = False
        self._left = None
        if self._deferred_at:
            self._deferred_at = 0.0
            signals.resume()


def _place(frame: FrameType) -> tuple[str, str]:
    return str(frame.f_globals.get("__name__")), frame.f_code.co_name


def _belongs_to(module: str) -> bool | None:
    """Tell whether a module belongs to tkws; None if that depends on its caller."""
    package = module.partition(".")[0]
    if package == "tkws":
        return not module.startswith(_PROGRAM_MODULES)
    return None if package in _SHARED_PACKAGES else False


def _is_in_tkws(frame: FrameType | None) -> bool:
    if frame is not None and _place(frame) == _GUEST:
        return False  # it waits for Tk
    while frame is not None:
        belongs = _belongs_to(_place(frame)[0])
        if belongs is not None:
            return belongs
        frame = frame.f_back
    return False


def _is_in_program(frame: FrameType | None) -> bool:
    """Tell whether the program itself has not ended yet."""
    while frame is not None:
        if _belongs_to(_place(frame)[0]) is False:
            return True
        frame = frame.f_back
    return False


def _is_within_entry(frame: FrameType | None) -> bool:
    """Tell whether what is raised in ``frame``, a frame of tkws, comes by the entry from Tk."""
    if frame is not None and _place(frame) == _COMPILED_ENTRY:
        return True  # what it has called has no frame
    while frame is not None and _belongs_to(_place(frame)[0]) is not False:
        frame = frame.f_back
        if frame is not None and _place(frame) in (_ENTRY, _COMPILED_ENTRY):
            return True
    return False


def _runs_mainloop(frame: FrameType | None) -> bool:
    while frame is not None and _place(frame)[0].startswith("tkws.loop."):
        frame = frame.f_back
    return frame is not None and (frame.f_code in _MAINLOOPS or _place(frame) in (_GUEST, _TEST))


sigint_handler: Final = SigintHandler()
"""The handler of this process."""
