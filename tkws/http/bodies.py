"""The body of an answer that is not a WebSocket: finds its end, and decodes it.

Such a body is for people and logs: it is kept as far as it has arrived, within a bound. A body that is cut,
broken or in an unknown coding never hides the answer that it belongs to.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable

from tkws.http.fields import parse_list
from tkws.http.headers import Headers

ACCEPT_ENCODING = "gzip, deflate"
"""The codings that `decode` knows, as the value of Accept-Encoding."""

_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")
_MAX_CHUNK_LINE = 4096  # bytes: the size of a chunk with its extensions
_MAX_LENGTH_DIGITS = 18  # of Content-Length: more bytes than there are
_MAX_MEMBERS = 100  # of gzip: 16 KiB or more are in each
_MAX_CODINGS = 4  # one upon the other; servers send one
_PIECE = 1024  # bytes that are inflated at a time, so that what came before an error can be kept


class Body:
    """The body after a head, in the framing that the head declares (RFC 9112, 6).

    Args:
        version: The version of HTTP, such as ``(1, 1)``.
        status: The status of the answer.
        headers: Its header fields.
        limit: The most bytes to keep, as received and again as decoded.

    Attributes:
        complete: Whether all of it has arrived, or nothing more is kept.
    """

    def __init__(self, version: tuple[int, int], status: int, headers: Headers, limit: int) -> None:
        self._limit = limit
        self._content = bytearray()
        self._waiting = bytearray()  # of a chunked body, what was not taken apart yet
        self._chunk_left = 0
        applied = parse_list([*headers.get_all("Content-Encoding"), *headers.get_all("Transfer-Encoding")])
        self._codings = [coding.lower() for coding in applied]
        self._chunked = "chunked" in self._codings and version >= (1, 1)
        self._left: int | None = None if self._chunked else _content_length(headers)
        self.complete: bool = status in (204, 304) or self._left == 0  # RFC 9110, 6.4.1

    def receive_data(self, data: bytes) -> None:
        """Take bytes of it."""
        if self.complete:
            return
        if self._chunked:
            self._waiting += data
            while self._take_chunked():
                pass
        else:
            self._keep(data if self._left is None else data[: self._left])
            if self._left is not None:
                self._left -= min(len(data), self._left)
                self.complete |= not self._left

    def decoded(self) -> bytes:
        """Return the received bytes, decoded if all codings in the head are known."""
        return decode(bytes(self._content), self._codings, self._limit)

    def _keep(self, data: bytes | bytearray) -> None:
        self._content += data[: self._limit - len(self._content)]
        self.complete = len(self._content) >= self._limit

    def _take_chunked(self) -> bool:
        """Take the next part off the received bytes; return False if they are too few (RFC 9112, 7.1)."""
        if self._chunk_left:
            part = self._waiting[: self._chunk_left]
            self._keep(part)
            self._chunk_left -= len(part)
            del self._waiting[: len(part)]
            return bool(part) and not self.complete
        while self._waiting.startswith((b"\r", b"\n")):  # behind the chunk before
            del self._waiting[:1]
        if b"\n" not in self._waiting:
            self.complete = len(self._waiting) > _MAX_CHUNK_LINE
            return False
        size = _CHUNK.match(self._waiting)
        self._chunk_left = int(size[1], 16) if size else 0
        if size is None or not self._chunk_left:  # it is broken, or this was the last
            self.complete = True
            return False
        del self._waiting[: size.end()]
        return True


def decode(data: bytes, codings: Iterable[str], limit: int) -> bytes:
    """Undo the codings of a body, as far as possible.

    Args:
        data: The received body; it may be cut or broken.
        codings: The names of the codings in the order in which they were applied.
        limit: The most bytes to return.

    Returns:
        The content; ``data`` itself if a coding is unknown or nothing can be decoded.
    """
    applied = [coding for coding in codings if coding not in ("identity", "chunked")]
    if len(applied) > _MAX_CODINGS or not set(applied) <= {"gzip", "x-gzip", "deflate"}:
        return data
    content = data
    for coding in reversed(applied):
        content = (
            _inflate_gzip(content, limit) if coding.endswith("gzip") else _inflate_deflate(content, limit)
        )
    return content or data


def _inflate_gzip(data: bytes, limit: int) -> bytes:
    """Undo gzip, whose members follow one another (RFC 1952, 2.2)."""
    content = b""
    for _ in range(_MAX_MEMBERS):
        if not data or len(content) == limit:
            break
        more, data = _inflate(data, zlib.MAX_WBITS | 16, limit - len(content))
        content += more
    return content


def _inflate_deflate(data: bytes, limit: int) -> bytes:
    """Undo "deflate", which is zlib's format (RFC 9110, 8.4.1.2) and in practice also DEFLATE itself."""
    return _inflate(data, zlib.MAX_WBITS, limit)[0] or _inflate(data, -zlib.MAX_WBITS, limit)[0]


def _inflate(data: bytes, window_bits: int, limit: int) -> tuple[bytes, bytes]:
    """Return at most ``limit`` bytes of content, and what follows the end of the stream."""
    inflater = zlib.decompressobj(window_bits)
    content = bytearray()
    start, size = 0, _PIECE
    while start < len(data) and len(content) < limit and not inflater.eof:
        before = inflater.copy()
        try:
            content += inflater.decompress(data[start : start + size], limit - len(content))
            start += size
        except zlib.error:
            if size == 1:
                return bytes(content), b""
            inflater, size = before, 1  # once more, up to the byte that is wrong
    return bytes(content), inflater.unused_data + data[start:]


def _content_length(headers: Headers) -> int | None:
    """Return the value of Content-Length; None if it is not one valid number."""
    lengths = set(parse_list(headers.get_all("Content-Length")))
    if len(lengths) != 1:
        return None
    [length] = lengths
    if not (length.isascii() and length.isdigit() and len(length) <= _MAX_LENGTH_DIGITS):
        return None
    return int(length)
