"""A contender's window in Tk: it takes the runner's orders, and carries the meter's load.

Knows Tk and the meter; what is received and sent is the app's affair, how it travels the contender's.
"""

from __future__ import annotations

import os
import sys
import tkinter
from typing import Any

from tests.benchmarks.apps import APPS, App
from tests.benchmarks.dot import MovingDot
from tests.benchmarks.meter import Meter
from tests.benchmarks.orders import say
from tests.benchmarks.work import Work


class Window:
    """A window with a canvas, on which a dot moves.

    Args:
        task: The runner's first line.

    Attributes:
        app: What it does with its messages.
        root: Tk.
    """

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task
        self.meter = Meter()
        self.app: App = APPS[task["app"]](self)
        self._work: Work | None = None
        self.open()

    # ---- what belongs to the toolkit

    def open(self) -> None:
        """Show the window, and listen to the runner."""
        self.root = tkinter.Tk()
        self._moving_dot = MovingDot(self.root, self.meter)
        if "work" in self.task:
            self._work = Work(self.root, self.task["work"])
        self.root.update()
        self.root.tk.createfilehandler(sys.stdin, tkinter.READABLE, self._obey)

    def run(self) -> None:
        """Run the toolkit's loop."""
        self.root.mainloop()

    def start_timers(self) -> None:
        """Ask for the timer and for a redraw, again and again."""
        self._moving_dot.start()

    # ---- what is the same in all

    def _obey(self, *_: object) -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            os._exit(0)
        self.begin()

    def begin(self) -> None:
        """Start to measure: the runner said go."""
        self.meter.begin()
        if self.task["timers"]:
            self.start_timers()
        if self._work:
            self._work.begin()
        say(began=True)
        self.app.start()

    def finish(self) -> None:
        """Tell what was measured: it is over."""
        report = self.meter.report() | self.app.report()
        if self._work:
            report["rounds"] = self._work.rounds / report["seconds"]
        say(**report)
