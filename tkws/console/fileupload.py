"""A file that is being sent as one binary message, in fragments, so that the window keeps drawing.

Knows the file and the connection. Fragments are sent while the write buffer is below its high-water mark; the
owner calls `FileUpload.resume` at each ``drain``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tkws

_FRAGMENT = 128 << 10


class FileUpload:
    """Starts to send as soon as it is made.

    Args:
        ws: An open connection. Until the upload is done, only control frames may be sent on it.
        path: The file.
        on_progress: Called with this object after each fragment, and finally when the upload is done.

    Attributes:
        size: The size of the file in bytes.
        queued: How many bytes have been passed to the connection.
        done: Whether the upload has ended, successfully or not.
        failure: Why it failed; empty if it did not.

    Raises:
        OSError: The file cannot be read.
    """

    def __init__(self, ws: tkws.WebSocket, path: Path, on_progress: Callable[[FileUpload], object]) -> None:
        self.path = path
        self.size: int = path.stat().st_size
        self.queued: int = 0
        self.done: bool = False
        self.failure: str = ""
        self._ws = ws
        self._on_progress = on_progress
        self._paused = False
        self._file = open(path, "rb")  # noqa: SIM115 - closed in _end
        ws.loop.call_soon(self._send_fragment)

    @property
    def progress(self) -> float:
        """The part of the file that has been sent, from 0 to 1."""
        if not self.size:
            return float(self.done)
        return max(0.0, self.queued - self._ws.buffered_amount) / self.size

    def resume(self) -> None:
        """Send more, since the write buffer has drained."""
        if self._paused and not self.done:
            self._paused = False
            self._send_fragment()

    def cancel(self, reason: str) -> None:
        """End without sending the rest; a no-op if the upload is done."""
        if not self.done:
            self._end(reason)

    def _send_fragment(self) -> None:
        if self.done:
            return
        try:
            data = self._file.read(min(_FRAGMENT, self.size - self.queued))
            self.queued += len(data)
            last = self.queued >= self.size or not data
            self._ws.send(data, final=last)
        except (OSError, tkws.StateError) as error:
            self._end(str(error))
            self._ws.close(1011, "The file could not be read completely")
            return
        if last:
            self._end("")
            return
        self._on_progress(self)
        if self._ws.buffered_amount > self._ws.cget("high_water"):
            self._paused = True
        else:
            self._ws.loop.call_later(0, self._send_fragment)

    def _end(self, failure: str) -> None:
        self.done = True
        self.failure = failure
        self._file.close()
        self._on_progress(self)
