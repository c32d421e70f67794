"""Ctrl-C, and the other signals that ask a program to end, in a program that runs Tk's loop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tkws.console.terminal.output import Output
from tkws.loop import Loop

STUCK_TIME = 2.0
"""Seconds after a signal that the reader of the output has to take what waits for it."""

_REPEAT = 0.2  # seconds between the signals that are sent to a write that still blocks then

_SIGNALS = signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])


class Interruption:
    """The signal that has interrupted the program.

    Attributes:
        signal: The number of the signal; 0 before there is one.
    """

    def __init__(self) -> None:
        self.signal: int = 0


@contextmanager
def on_interrupt(
    loop: Loop, callback: Callable[[], object], outputs: Sequence[Output] = ()
) -> Iterator[Interruption]:
    """Call ``callback()`` from the loop at each Ctrl-C, SIGTERM and SIGHUP within the block.

    A signal that the process ignores, as under ``nohup``, stays ignored.

    Args:
        loop: The loop.
        callback: The function to call.
        outputs: Outputs that may block, since no program reads them. They are discarded `STUCK_TIME` after
            the first signal, and at a second one.
    """
    interruption = Interruption()
    over = threading.Event()

    def handle(number: int, _frame: object) -> None:
        is_first = not interruption.signal
        interruption.signal = number
        loop.call_soon_threadsafe(callback)
        if not is_first:
            for output in outputs:
                output.interrupt()
        elif outputs:
            threading.Thread(target=_signal_again, args=(number, over), daemon=True).start()

    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    heeded = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, handle) for each in heeded}
    try:
        yield interruption
    finally:
        over.set()
        for each, handler in before.items():
            signal.signal(each, handler)


def _signal_again(number: int, over: threading.Event) -> None:
    """Send the signal to the main thread again, which may be in a write that blocks: that ends the write."""
    wait = STUCK_TIME
    while hasattr(signal, "pthread_kill") and not over.wait(wait):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
        wait = _REPEAT
