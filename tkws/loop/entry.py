"""Ways into the loop that are never compiled: from Tk, and from a program that closes it.

A signal's handler tells by Python's frames whether tkws was interrupted, and compiled code has no frames.
"""

from __future__ import annotations

from collections.abc import Callable


def entry(callback: Callable[..., object]) -> Callable[..., None]:
    """Return a function that calls ``callback`` with the arguments it gets from Tk."""

    def enter(*arguments: object) -> None:
        callback(*arguments)

    return enter


def call_in_frame(callback: Callable[[], object]) -> None:
    """Call ``callback``, which takes long, from a frame of this package."""
    callback()
