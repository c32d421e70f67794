"""A timeout for a peer, which counts only the time in which the loop could run.

A program may be busy for seconds: a handler computes, a window is built. Nothing is read meanwhile, so that
time says nothing about the peer. A timeout is therefore made of several timers in a row. If the program
stalls for longer than one of them, the next starts from the beginning: a stall of any length costs the peer
one part.

Knows timers and the time; knows nothing of descriptors or Tk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tkws.loop.base import Loop
    from tkws.loop.timers import Timer

# Timers in a row. More of them would be more exact, and would wake an idle program more often.
PARTS = 8


class Timeout:
    """A callback that waits until the time of a peer is up; made by `Loop.call_on_timeout`."""

    __slots__ = ("_args", "_callback", "_extended", "_left", "_loop", "_part", "_timer")

    def __init__(
        self, loop: Loop, seconds: float, callback: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        self._loop = loop
        self._callback = callback
        self._args = args
        self._part = seconds / PARTS
        self._left = PARTS
        self._extended = False  # whether the last part was repeated because of a stall
        self._timer: Timer = loop.call_later(self._part, self._on_part_end)

    @property
    def active(self) -> bool:
        """Whether the callback is still to run."""
        return self._timer.active

    def cancel(self) -> None:
        """Cancel the callback. Idempotent, and a no-op once it has run.

        Raises:
            StateError: The caller is in another thread than the loop's.
        """
        self._timer.cancel()

    def _on_part_end(self) -> None:
        now = self._loop.now()
        next_over = self._timer.when + self._part
        stalled = now > next_over
        self._left -= 1
        if not self._left and stalled and not self._extended:
            self._extended = True
            self._left = 1
        if self._left:
            self._timer = self._loop.call_later(self._part if stalled else next_over - now, self._on_part_end)
        else:
            self._callback(*self._args)
