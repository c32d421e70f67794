"""Lines of standard input for Tk's loop.

A thread reads, because some systems cannot wait for a terminal or a pipe in any other way. It touches neither
Tk nor the connection. It reads only on request, so that long input stays in the pipe and not in memory.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import tkws
from tkws.loop import Loop

_CHUNK = 65536


class LineReader:
    """Starts to read as soon as it is made.

    Args:
        loop: The loop that runs the callbacks.
        fd: The descriptor, such as that of ``sys.stdin``.
        on_lines: Called with some lines, without their line ends; call `read_more` for the next ones.
        on_eof: Called at the end of the input.
    """

    def __init__(
        self,
        loop: Loop,
        fd: int,
        on_lines: Callable[[list[str]], object],
        on_eof: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._fd = fd
        self._on_lines = on_lines
        self._on_eof = on_eof
        self._requested = True
        self._requests = threading.Semaphore(1)
        # A daemon, since nothing can interrupt its reading.
        threading.Thread(target=self._read, name="tkws console input", daemon=True).start()

    def read_more(self) -> None:
        """Request more lines; a no-op while a request is pending."""
        if not self._requested:
            self._requested = True
            self._requests.release()

    def _deliver(self, lines: list[str]) -> None:
        self._requested = False
        self._on_lines(lines)

    def _read(self) -> None:
        rest = b""
        while self._requests.acquire():
            whole: list[bytes] = []
            while not whole:
                # Not sys.stdin: a thread that waits in it would keep the interpreter from exiting.
                data = self._read_chunk()
                if not data:
                    break
                *whole, rest = (rest + data).split(b"\n")
            lines = whole or ([rest] if rest else [])
            try:
                if lines:
                    decoded = [line.removesuffix(b"\r").decode(errors="replace") for line in lines]
                    self._loop.call_soon_threadsafe(self._deliver, decoded)
                if not whole:
                    self._loop.call_soon_threadsafe(self._on_eof)
                    return
            except tkws.StateError:  # the loop is closed
                return

    def _read_chunk(self) -> bytes:
        try:
            return os.read(self._fd, _CHUNK)
        except OSError:  # a terminal that has been closed
            return b""
