"""A worker thread that sends: it looks for prime numbers, and tells of each over a WebSocket.

The thread calls ``ws.send`` and nothing else of tkws or Tk. The window is the server that the
messages go to, and stays fluid whatever the worker does.
"""

from __future__ import annotations

import itertools
import math
import sys
import threading
import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk
from typing import Any

import tkws
from demos.look import Talk
from demos.stage import Scene, parser_of, run

_FIRST = 10**9  # where the search begins: each number takes a good fraction of a millisecond


class Worker(threading.Thread):
    """Sends every prime number from `_FIRST` on, until it is stopped or the connection is over.

    Args:
        ws: Where to.
    """

    def __init__(self, ws: tkws.WebSocket) -> None:
        super().__init__(name="worker", daemon=True)
        self._ws = ws
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End after the number that is looked at; returns when it has."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        """Do the work, in the thread."""
        for number in itertools.count(_FIRST):
            if self._stopped.is_set():
                return
            if is_prime(number):
                try:
                    self._ws.send(str(number))
                except tkws.StateError:  # the window has gone
                    return


def is_prime(number: int) -> bool:
    """Whether ``number``, 2 or more, has no divisor, by trying them."""
    return all(number % divisor for divisor in range(2, math.isqrt(number) + 1))


class WorkerWindow:
    """The window: a server for the numbers, and a worker that is started and stopped.

    Args:
        root: What it fills.

    Attributes:
        talk: What is in the window.
        worker: The thread; None while there is none.
    """

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self.talk = Talk(root, "A worker thread that sends", self._remark, "Add a remark")
        self._button = ttk.Button(self.talk.head, style="Quiet.TButton", command=self.toggle)
        self._button.grid(row=0, column=1, rowspan=2)
        self._server = tkws.serve(master=root)
        self._server.live("/", tkws.batched(self._show, every=1 / 10))
        self._ws = tkws.open(self._server.url, self._opened, master=root)
        self._count = 0
        self.worker: Worker | None = None
        self._show_state()

    def toggle(self) -> None:
        """Start the worker, or stop it."""
        if self.worker is None:
            self.worker = Worker(self._ws)
            self.worker.start()
        else:
            self.worker.stop()
            self.worker = None
        self._show_state()

    def close(self) -> None:
        """Stop the worker and the server."""
        if self.worker is not None:
            self.toggle()
        self._server.close()

    def play(self, scene: Scene) -> None:
        """Let it work until some numbers are there."""
        if self._count >= 12:
            self.toggle()
            print(*self.talk.lines.plain, sep="\n")
            scene.finish([self._root])
        else:
            self._root.after(50, self.play, scene)

    def _opened(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            self.toggle()
        elif type in ("error", "timeout"):
            self.talk.lines.add("window", f"no connection: {message}", "note")

    def _show(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            for number in message:
                self._count += 1
                self.talk.lines.add("worker", f"{int(number):,} is prime")
        self._show_state()

    def _remark(self, text: str) -> None:
        self.talk.lines.add("you", text, "own")

    def _show_state(self) -> None:
        self._button.configure(text="Start" if self.worker is None else "Stop")
        doing = "The worker rests" if self.worker is None else "The worker works"
        self.talk.say_below(f"{doing}; it has sent {self._count} numbers")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; ``arguments`` are the command line's, None for this process's own."""
    return run(WorkerWindow, WorkerWindow.play, parser_of("worker", __doc__).parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
