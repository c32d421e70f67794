"""Cuts what a program streams (a file, an iterable, a callable) into the fragments of one message.

Knows neither the connection nor time. Each `Fragments.read` asks the source at most once, so a source that is
slow, or that returns many small pieces, blocks the window as briefly as possible. One byte beyond the
fragment is read ahead, to know whether another fragment follows. No fragment of a text splits a character.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol, TypeAlias

from tkws.asynchandlers import check_not_async
from tkws.checks import Buffer, check_bytes_like
from tkws.plurals import counted


class Readable(Protocol):
    """A file, or anything that is read like one."""

    def read(self, size: int, /) -> str | Buffer:
        """Return up to ``size`` bytes or characters; an empty result at the end."""


Source: TypeAlias = Readable | Iterable[str | Buffer] | Callable[[int], str | Buffer]
"""A source of a stream; see `check_source`."""

_END: Final = object()  # returned by an exhausted iterable
_PIECES = "pieces of bytes, or of str for a text message"
_KINDS = "a binary file, an iterable of bytes or str, or a callable (size)"


class Fragments:
    """The fragments of one message.

    Args:
        source: See `check_source`; it is closed by `close`.
        text: Whether the message is text.
        total: The size of the source in bytes; None if unknown.
        fragment_size: The largest size of a fragment, in bytes.

    Attributes:
        taken: Bytes read from the source so far.
    """

    __slots__ = (
        "_ended",
        "_fragment_size",
        "_pull",
        "_reads",
        "_ready",
        "_source",
        "_text",
        "_total",
        "taken",
    )

    def __init__(self, source: Source, text: bool, total: int | None, fragment_size: int) -> None:
        self.taken: int = 0
        self._source = source
        read: Any = getattr(source, "read", source)
        self._reads = callable(read)  # then an empty result is the end
        pieces = None if self._reads else iter(read)
        self._pull: Callable[[int], object] = read if pieces is None else lambda _: next(pieces, _END)
        self._text = text
        self._total = total
        self._fragment_size = fragment_size
        self._ready = bytearray()  # text as UTF-8
        self._ended = total == 0

    def read(self) -> tuple[str | bytes, int, bool] | None:
        """Return the next fragment, its size in bytes, and whether it is the last; None if not ready yet.

        Raises:
            EOFError: The source has ended before ``total``.
            TypeError: The source returned a type that does not match the message.
            ValueError: The source returned more than ``total``, or text that is not UTF-8.
            Exception: The source raised it.
        """
        if not self._ended and len(self._ready) <= self._fragment_size:
            self._fill()
        if len(self._ready) > self._fragment_size:
            return self._cut(self._fragment_size)
        if self._ended:
            return self._cut(len(self._ready))
        return None

    def close(self) -> None:
        """Close the source, if it has a ``close``, and drop what is left to send."""
        self._ended = True
        self._ready.clear()
        close = getattr(self._source, "close", None)
        self._pull = lambda _: _END
        if callable(close):
            close()

    def _fill(self) -> None:
        wanted = self._fragment_size + 1 - len(self._ready)
        if self._total is not None:
            wanted = min(self._fragment_size, self._total - self.taken)
        piece = self._pull(wanted)
        if piece is _END:
            self._ended = True
        else:
            data = self._encode(piece)
            self.taken += len(data)
            self._ready += data
            self._ended = self._reads and not data
        if self._total is None:
            return
        if self.taken > self._total:
            raise ValueError(f"source: more than the {counted(self._total, 'byte')} that it should have")
        if self._ended and self.taken < self._total:
            raise EOFError(f"source: ended after {self.taken} of {counted(self._total, 'byte')}")
        self._ended = self.taken == self._total

    def _encode(self, piece: object) -> bytes:
        if not isinstance(piece, str):
            return check_bytes_like("source", piece, _PIECES)
        if not self._text:
            raise TypeError("source: pieces of bytes, not str: pass text=True for a text message")
        try:
            return str.encode(piece)
        except UnicodeEncodeError as error:
            raise ValueError(f"source: not encodable as UTF-8: {error}") from error

    def _cut(self, size: int) -> tuple[str | bytes, int, bool]:
        ready = self._ready
        if self._text:
            size = _character_end(ready, size)
        data = bytes(ready[:size])
        del ready[:size]
        last = self._ended and not ready
        if not self._text:
            return data, size, last
        try:
            return data.decode(), size, last
        except UnicodeDecodeError as error:
            raise ValueError(f"source: not text in UTF-8: {error}") from error


def check_source(source: Source, text: bool) -> None:
    """Refuse a source that cannot be streamed.

    A binary file, any object with ``read(size)``, or a callable is read until it returns an empty result. The
    pieces of an iterable may have any size. A piece is bytes-like; for text, it is str or bytes in UTF-8.

    Raises:
        TypeError: ``source`` is of another type, or a text file without ``text``.
        ValueError: ``source`` is a file that is closed or write-only.
    """
    if isinstance(source, io.TextIOBase) and not text:
        raise TypeError(
            "source: a file opened in binary mode, or text=True for a text message, not a text file"
        )
    if isinstance(source, str | bytes | bytearray | memoryview | os.PathLike):
        raise TypeError(f"source: {_KINDS}, not {type(source).__name__}")
    if not (callable(getattr(source, "read", None)) or callable(source) or isinstance(source, Iterable)):
        raise TypeError(f"source: {_KINDS}, not {type(source).__name__}")
    check_not_async("source", getattr(source, "read", source), _KINDS)
    if isinstance(source, io.IOBase) and (source.closed or not source.readable()):
        raise ValueError("source: a file that is open for reading, not one that is closed or only written")


def size_of(source: Source) -> int | None:
    """Return how many bytes a source has left; None if that is unknown, as for a pipe or a generator."""
    if isinstance(source, io.BytesIO):
        return max(0, len(source.getbuffer()) - source.tell())
    if not isinstance(source, io.BufferedReader | io.BufferedRandom | io.FileIO):
        return None
    raw = source if isinstance(source, io.FileIO) else source.raw
    if not isinstance(raw, io.FileIO):  # a gzip file has a descriptor too
        return None
    status = os.fstat(raw.fileno())
    if not stat.S_ISREG(status.st_mode) or not status.st_size:  # files in /proc have content but size 0
        return None
    return max(0, status.st_size - source.tell())


def _character_end(data: bytearray, size: int) -> int:
    """Return where to cut UTF-8 without splitting a character: at most three bytes from ``size``."""
    end = size
    while end > max(0, size - 3) and end < len(data) and data[end] & 0xC0 == 0x80:
        end -= 1
    if end == 0:
        end = min(size, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80 and end < size + 3:
            end += 1
    return end
