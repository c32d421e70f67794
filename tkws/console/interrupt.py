"""Ctrl-C in a program that runs Tk's loop without a window."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tkws.loop import Loop


@contextmanager
def on_interrupt(loop: Loop, callback: Callable[[], object]) -> Iterator[None]:
    """Call ``callback()`` from the loop at each Ctrl-C within the block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(callback))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
