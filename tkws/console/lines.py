"""Lines of standard input for Tk's loop.

A thread reads, since on some systems nothing else can wait for a terminal or a pipe; it touches
neither Tk nor the connection. It reads on only when it is asked to, so that a long pipe waits in
the pipe and not in memory.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import tkws
from tkws.loop import Loop

_CHUNK = 65536


class Lines:
    """Reads from its making on.

    Args:
        loop: Where the callbacks run.
        fd: The descriptor, such as that of ``sys.stdin``.
        take: Called with some lines, without their ends; `more` asks for others.
        ended: Called when there are no more.
    """

    def __init__(
        self,
        loop: Loop,
        fd: int,
        take: Callable[[list[str]], object],
        ended: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._fd = fd
        self._take = take
        self._ended = ended
        self._asked = True
        self._wanted = threading.Semaphore(1)
        # A daemon, since nothing can interrupt its reading.
        threading.Thread(target=self._read, name="tkws console input", daemon=True).start()

    def more(self) -> None:
        """Have some more lines read; nothing while some are being waited for."""
        if not self._asked:
            self._asked = True
            self._wanted.release()

    def _deliver(self, lines: list[str]) -> None:
        self._asked = False
        self._take(lines)

    def _read(self) -> None:
        begun = b""
        while self._wanted.acquire():
            whole: list[bytes] = []
            while not whole:
                # Not sys.stdin: a thread that waits in it would stop the interpreter's end.
                data = self._data()
                if not data:
                    break
                *whole, begun = (begun + data).split(b"\n")
            lines = whole or ([begun] if begun else [])
            try:
                if lines:
                    decoded = [line.removesuffix(b"\r").decode(errors="replace") for line in lines]
                    self._loop.call_soon_threadsafe(self._deliver, decoded)
                if not whole:
                    self._loop.call_soon_threadsafe(self._ended)
                    return
            except tkws.StateError:  # the loop is closed, and nobody wants them
                return

    def _data(self) -> bytes:
        try:
            return os.read(self._fd, _CHUNK)
        except OSError:  # a terminal that has gone
            return b""
