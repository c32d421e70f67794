"""What a program of Tk's does beside its messages: chains of callbacks, of which each asks for the next.

Knows Tk; knows nothing of connections. The rounds of a chain in a second are what the program has left.
"""

from __future__ import annotations

import tkinter
from collections.abc import Callable

# Items that are moved in each picture of the animation.
ITEMS = 50


class Work:
    """A chain of callbacks.

    Args:
        root: The window.
        kind: "after0", "idle", "after1" or "animation".

    Attributes:
        rounds: How often it has come round.
    """

    def __init__(self, root: tkinter.Tk, kind: str) -> None:
        self.rounds = 0
        self._root = root
        steps = {"after0": self._after0, "idle": self._idle, "after1": self._after1, "animation": self._move}
        self._step: Callable[[], object] = steps[kind]
        if kind == "animation":
            self._canvas = tkinter.Canvas(root, width=320, height=240)
            self._canvas.pack()
            self._items = [self._canvas.create_oval(x, x, x + 9, x + 9) for x in range(0, ITEMS * 4, 4)]
            root.update()

    def begin(self) -> None:
        """Start at zero."""
        self.rounds = 0
        self._step()

    def _after0(self) -> None:
        self.rounds += 1
        self._root.after(0, self._after0)

    def _idle(self) -> None:
        self.rounds += 1
        self._root.after_idle(self._idle)

    def _after1(self) -> None:
        self.rounds += 1
        self._root.after(1, self._after1)

    def _move(self) -> None:
        self.rounds += 1
        step = 1 if self.rounds % 200 < 100 else -1
        for item in self._items:
            self._canvas.move(item, step, 0)
        self._root.after_idle(self._drawn)

    def _drawn(self) -> None:
        self._root.after(1, self._move)
