"""How deep in callbacks of tkinter the caller is. Knows Python's frames and how tkinter calls a program."""

from __future__ import annotations

import sys
import tkinter

_CALLBACK = tkinter.CallWrapper.__call__.__code__


def callback_depth() -> int:
    """Count the callbacks of tkinter that run in this thread now, one inside the other."""
    depth = 0
    frame = sys._getframe()  # noqa: SLF001 - the documented way to the caller's frame
    while frame.f_back is not None:
        frame = frame.f_back
        depth += frame.f_code is _CALLBACK
    return depth
