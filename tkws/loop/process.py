"""The open loops of this process, and what becomes of them when it forks and when it ends.

Knows loops and the process; knows nothing of what a loop does.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from tkws.loop.interrupts import sigint_handler
from tkws.loop.signals import forget_wakeup_fds

if TYPE_CHECKING:
    from tkws.loop.base import Loop

open_loops: dict[Loop, Callable[[], None]] = {}
"""Each loop from its making until it is closed, with what leaves it to the parent in a fork."""


@atexit.register
def close_all() -> None:
    """Closes the loops of the calling thread: Python exits."""
    for loop in list(open_loops):
        if loop.in_loop_thread():
            loop.close()


def after_fork_in_child() -> None:
    """Leaves every loop to the parent: this is a fork."""
    forget_wakeup_fds()
    sigint_handler.after_fork_in_child()
    for leave in list(open_loops.values()):
        leave()
    open_loops.clear()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=after_fork_in_child)
