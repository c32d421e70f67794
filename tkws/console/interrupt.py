"""Ctrl-C in a program whose loop is Tk's without a window.

Python runs a signal's handler only between two of its instructions, and Tk's loop waits without
any. So the system writes a byte for each signal into a socket that the loop watches.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tkws.loop import Loop


@contextmanager
def on_interrupt(loop: Loop, callback: Callable[[], object]) -> Iterator[None]:
    """Have ``callback()`` called at each Ctrl-C within the block, from the loop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    loop.watch(reader.fileno(), lambda: reader.recv(64), None)
    before_fd = signal.set_wakeup_fd(writer.fileno())
    before = signal.signal(signal.SIGINT, lambda *_: loop.call_soon(callback))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.set_wakeup_fd(before_fd)
        if not loop.closed:
            loop.unwatch(reader.fileno())
        reader.close()
        writer.close()
