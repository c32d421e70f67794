"""A worker thread that searches for prime numbers and sends each one over a WebSocket.

The thread calls ``ws.send`` and nothing else in tkws or Tk. The window is the server that receives the
messages; it stays responsive whatever the worker does.
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
from demos.look import MessageFrame
from demos.stage import Scene, make_parser, run

_FIRST = 10**9  # where the search starts; testing a number takes some tenths of a millisecond


class Worker(threading.Thread):
    """Sends every prime number from `_FIRST` on, until it is stopped or the connection has ended.

    Args:
        ws: The connection to send on.
    """

    def __init__(self, ws: tkws.WebSocket) -> None:
        super().__init__(name="worker", daemon=True)
        self._ws = ws
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Stop after the present number; return when the thread has ended."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        """Search and send, in the thread."""
        for number in itertools.count(_FIRST):
            if self._stopped.is_set():
                return
            if is_prime(number):
                try:
                    self._ws.send(str(number))
                except tkws.StateError:  # the window has been closed
                    return


def is_prime(number: int) -> bool:
    """Return whether ``number``, which is at least 2, is prime, by trial division."""
    return all(number % divisor for divisor in range(2, math.isqrt(number) + 1))


class WorkerWindow:
    """The window: a server for the numbers, and a worker that can be started and stopped.

    Args:
        root: The window.

    Attributes:
        frame: The contents of the window.
        worker: The thread; None while it is stopped.
    """

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self.frame = MessageFrame(root, "A worker thread that sends", self._add_remark, "Add a remark")
        self._button = ttk.Button(self.frame.header, style="Quiet.TButton", command=self.toggle)
        self._button.grid(row=0, column=1, rowspan=2)
        self._server = tkws.serve(master=root)
        self._server.live("/", tkws.batched(self._show, every=1 / 10))
        self._ws = tkws.open(self._server.url, self._opened, master=root)
        self._count = 0
        self.worker: Worker | None = None
        self._show_state()

    def toggle(self) -> None:
        """Start or stop the worker."""
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
        """Wait for some numbers, then stop the worker and finish the scene."""
        if self._count >= 12:
            self.toggle()
            print(*self.frame.log.plain, sep="\n")
            scene.finish([self._root])
        else:
            self._root.after(50, self.play, scene)

    def _opened(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            self.toggle()
        elif type in ("error", "timeout"):
            self.frame.log.add("window", f"no connection: {message}", "note")

    def _show(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            for number in message:
                self._count += 1
                self.frame.log.add("worker", f"{int(number):,} is prime")
        self._show_state()

    def _add_remark(self, text: str) -> None:
        self.frame.log.add("you", text, "own")

    def _show_state(self) -> None:
        self._button.configure(text="Start" if self.worker is None else "Stop")
        state = "stopped" if self.worker is None else "running"
        self.frame.show_subtitle(f"The worker is {state}; it has sent {self._count} numbers")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo with the arguments of a command line; None for those of this process."""
    return run(WorkerWindow, WorkerWindow.play, make_parser("worker", __doc__).parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
