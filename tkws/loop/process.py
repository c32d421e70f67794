"""The open loops of this process; closes them when Python exits and disables them after a fork.

Knows nothing of what a loop does.
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
"""All loops that are not closed, each with the function that disables it in a forked child."""


@atexit.register
def close_all() -> None:
    """Close the loops of the calling thread, when Python exits."""
    for loop in list(open_loops):
        if loop.in_loop_thread():
            loop.close()


def after_fork_in_child() -> None:
    """Disable every loop, in a forked child: all of them belong to the parent."""
    forget_wakeup_fds()
    sigint_handler.after_fork_in_child()
    for disable in list(open_loops.values()):
        disable()
    open_loops.clear()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=after_fork_in_child)
