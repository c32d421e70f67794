"""A part of a file as bytes to send: read, or sent by the system itself, as the peer takes them.

Knows neither names nor HTTP. Invariant: the file is closed once its last byte was read, and by
`FileSource.close`.
"""

from __future__ import annotations

import errno
import os
import socket
from io import FileIO

# Errors of `os.sendfile` for a file or a socket that it does not support.
_CANNOT_SEND = frozenset((errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTSOCK))


class FileSource:
    """A `tkws.net.source.Source` over bytes ``start`` to ``stop`` of ``file``, which it closes.

    Reading raises OSError if the file has become shorter: the bytes that were announced can no longer
    be sent.

    Attributes:
        sends: Whether `send_to` may be called: the system can send files, and this one has not failed yet.
    """

    __slots__ = ("_file", "_position", "_stop", "sends")

    def __init__(self, file: FileIO, start: int, stop: int) -> None:
        self.sends: bool = hasattr(os, "sendfile")
        self._file = file
        self._position = start
        self._stop = stop
        if start == stop:
            file.close()

    def __len__(self) -> int:
        return self._stop - self._position

    def read(self, size: int, /) -> bytes:
        """Return the next ``size`` bytes, or as many as there are; none after `close`."""
        size = min(size, len(self))
        if not size:
            return b""
        self._file.seek(self._position)
        data = self._file.read(size)
        self._advance(len(data))
        return data

    def send_to(self, sock: socket.socket, size: int) -> int:
        """Send at most ``size`` bytes by the system itself.

        Returns:
            The bytes that ``sock`` took; 0 if the system cannot: `sends` is False from then on.

        Raises:
            OSError: As `socket.socket.send`, BlockingIOError included.
        """
        try:
            sent = os.sendfile(sock.fileno(), self._file.fileno(), self._position, min(size, len(self)))
        except OSError as error:
            if error.errno not in _CANNOT_SEND:
                raise
            self.sends = False
            return 0
        self._advance(sent)
        return sent

    def close(self) -> None:
        """Close the file; nothing is left to read. Idempotent."""
        self._position = self._stop
        self._file.close()

    def _advance(self, count: int) -> None:
        if not count:
            raise OSError(errno.EIO, "a file became shorter while it was sent")
        self._position += count
        if self._position == self._stop:
            self._file.close()
