"""Counts the tkinter callbacks that the caller is nested in.

Knows Python's frames, and the function through which tkinter makes every callback.
"""

from __future__ import annotations

import sys
import tkinter

_CALLBACK = tkinter.CallWrapper.__call__.__code__


def callback_depth() -> int:
    """Return how many tkinter callbacks are running in this thread, one inside the other."""
    depth = 0
    frame = sys._getframe()  # noqa: SLF001 - documented, and faster than inspect
    while frame.f_back is not None:
        frame = frame.f_back
        depth += frame.f_code is _CALLBACK
    return depth
