"""Ctrl-C, and the other signals that ask a program to end, in a program that runs Tk's loop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tkws.loop import Loop

_SIGNALS = signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])


class Interruption:
    """The signal that has interrupted the program.

    Attributes:
        signal: The number of the signal; 0 before there is one.
    """

    def __init__(self) -> None:
        self.signal: int = 0


@contextmanager
def on_interrupt(loop: Loop, callback: Callable[[], object]) -> Iterator[Interruption]:
    """Call ``callback()`` from the loop at each Ctrl-C, SIGTERM and SIGHUP within the block.

    A signal that the process ignores, as under ``nohup``, stays ignored.
    """
    interruption = Interruption()

    def handle(number: int, _frame: object) -> None:
        interruption.signal = number
        loop.call_soon_threadsafe(callback)

    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    heeded = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, handle) for each in heeded}
    try:
        yield interruption
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
