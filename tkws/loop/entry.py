"""Entry points to the loop that are never compiled: for Tk, and for a program that closes the loop.

A signal handler looks at Python's frames to see whether it interrupted tkws, and compiled code has no frames.
"""

from __future__ import annotations

from collections.abc import Callable


def entry(callback: Callable[..., object]) -> Callable[..., None]:
    """Wrap ``callback`` in a Python function that passes its arguments on."""

    def enter(*arguments: object) -> None:
        callback(*arguments)

    return enter


def call_in_frame(callback: Callable[[], object]) -> None:
    """Call ``callback``, which may take long, from a Python frame of this package."""
    callback()
