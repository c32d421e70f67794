"""A file on its way as one binary message, a fragment at a time, so that the window goes on drawing.

Knows the file and the connection. Fragments go out while the write buffer is low; the owner calls
`FileSending.go_on` at each ``drain``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tkws

_FRAGMENT = 128 << 10


class FileSending:
    """Sends from its making on.

    Args:
        ws: An open connection; nothing else may be sent on it but control frames until this is over.
        path: The file.
        moved: Called with this object whenever it got on, and last when it is over.

    Attributes:
        size: Bytes of the file.
        handed: Bytes of it that were handed to the connection.
        over: Whether it ended, well or not.
        failure: Why it did not end well; empty where it did.

    Raises:
        OSError: The file cannot be read.
    """

    def __init__(self, ws: tkws.WebSocket, path: Path, moved: Callable[[FileSending], object]) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.handed = 0
        self.over = False
        self.failure = ""
        self._ws = ws
        self._moved = moved
        self._waiting = False
        self._file = open(path, "rb")  # noqa: SIM115 - closed when it is over
        ws.loop.call_soon(self._send_fragment)

    @property
    def share(self) -> float:
        """The part of the file that left for the network, 0 to 1."""
        if not self.size:
            return float(self.over)
        return max(0.0, self.handed - self._ws.buffered_amount) / self.size

    def go_on(self) -> None:
        """Send more, since the write buffer has drained."""
        if self._waiting and not self.over:
            self._waiting = False
            self._send_fragment()

    def give_up(self, why: str) -> None:
        """End without the rest; nothing where it is over."""
        if not self.over:
            self._end(why)

    def _send_fragment(self) -> None:
        if self.over:
            return
        try:
            data = self._file.read(min(_FRAGMENT, self.size - self.handed))
            self.handed += len(data)
            last = self.handed >= self.size or not data
            self._ws.send(data, final=last)
        except (OSError, tkws.StateError) as error:
            self._end(str(error))
            self._ws.close(1011, "The file could not be read to its end")
            return
        if last:
            self._end("")
            return
        self._moved(self)
        if self._ws.buffered_amount > self._ws.cget("high_water"):
            self._waiting = True
        else:
            self._ws.loop.call_later(0, self._send_fragment)

    def _end(self, failure: str) -> None:
        self.over = True
        self.failure = failure
        self._file.close()
        self._moved(self)
