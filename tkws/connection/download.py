"""Writes a message to a file, or passes it to a function, as it arrives: `WebSocket.receive_into`.

Receives all events in place of the handler until the message is complete, and passes the others on to the
handler. Knows the events and the target, not the connection. A file has a temporary name until it is
complete.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from io import BufferedWriter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tkws.asynchandlers import check_not_async
from tkws.checks import check_size
from tkws.connection.transfer import Transfer, as_exception, check_transfer_callbacks
from tkws.errors import StateError
from tkws.options import Handler
from tkws.plurals import counted
from tkws.protocol.closing import CloseCode
from tkws.protocol.events import MESSAGE_EVENTS, Event, Part

if TYPE_CHECKING:
    from tkws.connection.session import Session

Target: TypeAlias = str | os.PathLike[str] | Callable[[Any], object]
"""The path of a file, or a callable ``(data)``."""

UNFINISHED: Final = ".part"
"""The end of a file's name until the file is complete."""


class Download(Transfer):
    """A message that is received into a file or a function; `WebSocket.receive_into` returns it.

    With `tkws.aio`, ``await download`` waits until all of it was received, and returns the download, or
    raises its ``error``; cancelling the task cancels the download.

    Attributes:
        ws: The connection.
        received: The bytes of the message written so far; for text, bytes of UTF-8.
        total: The size of the whole message in bytes, once known; it is known if the message arrives
            uncompressed in one frame.
        done: Whether the download is complete, has failed or was cancelled.
        error: Why the download is incomplete: the exception of the file or the function, a `StateError` after
            `cancel`, or a `ConnectionClosed` if the connection ended. Otherwise None.
    """

    def __init__(
        self,
        session: Session,
        target: _File | Callable[[Any], object],
        *,
        max_size: int | None,
        on_progress: Callable[[Download], object] | None,
        on_end: Callable[[Download], object] | None,
    ) -> None:
        super().__init__(session.ws, on_progress, on_end)
        self.received: int = 0
        self.total: int | None = None
        self._session = session
        self._file = target if isinstance(target, _File) else None
        self._write: Callable[[Any], object] = target.write if isinstance(target, _File) else target
        self._max_size = max_size
        self._begun = False

    def __repr__(self) -> str:
        total = "? bytes" if self.total is None else counted(self.total, "byte")
        return f"<Download {self.received} of {total}, {self._state('receiving')}>"

    def cancel(self) -> None:
        """Stop receiving; a no-op if the download is done.

        An unfinished file is removed. If the message has begun to arrive, the rest of it is dropped; close
        the connection if that would take too long.

        Raises:
            StateError: The caller is not in Tk's thread.
        """
        self._loop.check_thread()
        if not self.done:
            self._end(StateError("The download was cancelled by this program"))

    # Called by the session

    def ends_with(self, type: Event, message: Any) -> bool:
        """Tell whether an event is the last one that the download takes."""
        if type is Event.PART:
            return bool(message.final) and (self._begun or message.offset == 0)
        return type in MESSAGE_EVENTS and not self._begun

    def pass_on(self, handler: Handler, type: Event, message: Any) -> None:
        """Consume an event, or call ``handler`` with it."""
        if type is Event.PART and (self._begun or message.offset == 0):
            self._begun = True
            if not self.done:
                self._take(message)
        elif type in MESSAGE_EVENTS and not (self._begun or self.done):
            self._begun = True
            self._take(Part(message, 0, True, type is Event.TEXT, len(_as_bytes(message))))
        else:
            handler(self.ws, type, message)

    # How it works

    def _take(self, part: Part) -> None:
        self.total = part.total
        data = _as_bytes(part.data)
        if self._max_size is not None and self.received + len(data) > self._max_size:
            size = f"of more than {counted(self._max_size, 'byte')}"
            self._end(ValueError(f"A message {size}, the limit of max_size"))
            self.ws.close(CloseCode.MESSAGE_TOO_BIG, f"Message {size}")
            return
        try:
            if data:
                self._write(data if self._file is not None else part.data)
            if part.final and self._file is not None:
                self._file.finish()
        except BaseException as error:  # an interrupt too: how much was written is then unknown
            if not self.done:  # the function may have cancelled
                self._end(as_exception(error, "The download"))
            if not isinstance(error, Exception):
                raise
            return
        if self.done:
            return
        self.received += len(data)
        if part.final:
            self._end(None)
        self._report_progress(always=part.final)

    def _release(self, error: Exception | None) -> None:
        self.done = True
        self.error = error
        if self._file is not None:
            self._file.close()
        if not self._begun and error is not None:
            self._session.download_withdrawn(self)


class _File:
    """A file that gets its final name only once it is complete.

    Raises:
        OSError: The file cannot be created.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.path.abspath(path)
        if os.path.isdir(self._path):
            raise IsADirectoryError(f"target: a file, not the directory {self._path!r}")
        self._unfinished, file = _create(self._path)
        self._file: BufferedWriter | None = file

    def write(self, data: bytes) -> None:
        """Write ``data``."""
        assert self._file is not None
        self._file.write(data)

    def finish(self) -> None:
        """Give the file its final name, replacing any existing file."""
        assert self._file is not None
        self._file.close()
        self._file = None
        os.replace(self._unfinished, self._path)

    def close(self) -> None:
        """Remove the file if it is not complete."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # the disk may be full
                file.close()
            with suppress(OSError):
                os.remove(self._unfinished)


def _create(path: str) -> tuple[str, BufferedWriter]:
    """Create the file for an incomplete download to ``path``, with a name that no other download has.

    Raises:
        OSError: The file cannot be created.
    """
    name, number = path + UNFINISHED, 1
    while True:
        try:
            return name, open(name, "xb")
        except FileExistsError:
            number += 1
            name = f"{path}.{number}{UNFINISHED}"


def new_download(
    session: Session,
    target: Target,
    *,
    max_size: int | None,
    on_progress: Callable[[Download], object] | None,
    on_end: Callable[[Download], object] | None,
) -> Download:
    """Implement `WebSocket.receive_into`: check the arguments, and return the download.

    Raises:
        TypeError: As there.
        ValueError: As there.
        OSError: As there.
    """
    if not (callable(target) or isinstance(target, str | os.PathLike)):
        raise TypeError(f"target: a path, or a callable (data), not {type(target).__name__}")
    check_not_async("target", target, "a path, or a plain function (data)")
    if max_size is not None:
        max_size = check_size("max_size", max_size)
    check_transfer_callbacks(on_progress, on_end, "(download)")
    return Download(
        session,
        target if callable(target) else _File(target),
        max_size=max_size,
        on_progress=on_progress,
        on_end=on_end,
    )


def _as_bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data
