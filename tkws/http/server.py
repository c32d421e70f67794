"""A server's side of a connection that begins with HTTP/1.1, without I/O (RFC 9112).

Turns received bytes into a `Request` or a fault of the client, and answers into bytes.
Finds the end of each head itself and passes h11 one request at a time, so h11 never sees the bytes after
it. Stricter than h11: a line ends with CRLF and is never continued (RFC 9112, 2.2 and 5.2), and the
target, Host and version must be such that a server can act on them.

Invariant: the results depend on the received bytes, never on how they were split into segments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from http import HTTPStatus
from typing import Any

import h11

from tkws.errors import HandshakeError, StateError
from tkws.http.fields import parse_list
from tkws.http.headers import Headers
from tkws.http.messages import Request, Response, encode_head, may_have_body

MAX_HEADER_BYTES = 16 * 1024  # most servers and browsers send and take less
MAX_FIELDS = 128  # as many as anyone sends; keeps the work on a message in proportion to its bytes

MAX_SKIPPED = 64 * 1024
"""Bytes of a request's body that are read and dropped. The answer to a longer one does not wait
for the rest, and ends the connection."""

_MAX_CHUNKS = 500  # of such a body: what h11 reads of a thousand takes 16 ms

_FRAMING = frozenset((b"content-length", b"transfer-encoding"))

_AUTHORITY = r"(?:\[[0-9A-Fa-f:.]+(?:%[\w.~%-]+)?\]|[\w.~!$&'()*+,;=%\x80-\xff-]{0,255})(?::[0-9]*)?"
_HOST = re.compile(_AUTHORITY, re.ASCII)
_ORIGIN_FORM = re.compile(r"/[^#]*")
_ABSOLUTE_FORM = re.compile(
    rf"(?:http|ws)s?://(?=[^/?:]){_AUTHORITY}(?:[/?][^#]*)?", re.ASCII | re.IGNORECASE
)


class _Stage(Enum):
    """How far the current request is."""

    EMPTY_LINE = "an empty line may precede it"
    HEAD = "its head is coming"
    BODY = "its body is being skipped"
    ANSWER = "it, or a fault in it, is to be answered"
    DONE = "it was answered"


class ServerConnection:
    """A server's side of a connection that begins with HTTP/1.1.

    Feed `receive_data` until it returns a `Request`; then either take `trailing_data` and the
    connection away (a WebSocket), or write what `respond` returns, close if `must_close`, and
    ask `next_request`. A fault is answered by `respond` as well, and ends the connection.

    Args:
        peer: The client's socket address, for `Request.peer`.
        max_header_bytes: The most bytes of a request without its body.

    Attributes:
        must_close: Whether the connection ends with what `respond` returned last.
    """

    def __init__(self, peer: Any = None, max_header_bytes: int = MAX_HEADER_BYTES) -> None:
        self.must_close: bool = False
        self._peer = peer
        self._max_header_bytes = max_header_bytes
        self._unread = bytearray()
        self._at_eof = False
        self._stage: _Stage
        self._begin()

    @property
    def trailing_data(self) -> bytes:
        """The bytes received after the last request."""
        return bytes(self._unread)

    def receive_data(self, data: bytes) -> Request | HandshakeError | None:
        """Take bytes from the client.

        Returns:
            The request, once it is complete; a fault, with the status that answers it; None
            while there is nothing new. Up to `MAX_SKIPPED` bytes of a body are read and dropped.
            Nothing is read beyond a request that is not answered. An empty line before a
            request is skipped (RFC 9112, 2.2).
        """
        self._unread += data
        return self.next_request()

    def receive_eof(self) -> Request | HandshakeError | None:
        """Note that the client sends nothing more; return a fault if that cuts a request short."""
        self._at_eof = True
        return self.next_request()

    def next_request(self) -> Request | HandshakeError | None:
        """Return the next request or fault from the bytes received so far; None if that takes more bytes."""
        if self.must_close or self._stage is _Stage.ANSWER:
            return None
        if self._stage is _Stage.DONE:
            self._begin()
        try:
            return self._read()
        except h11.RemoteProtocolError as error:
            fault = _fault(str(error), error.error_status_hint)
        except HandshakeError as error:
            fault = error
        self._failed = True
        self._stage = _Stage.ANSWER
        return fault

    def respond(
        self,
        response: Response,
        *,
        close: bool = False,
        body_size: int | None = None,
        more: Iterable[tuple[str, str]] = (),
    ) -> bytes:
        """Answer the last request, or a fault.

        Args:
            response: The answer; the body is left out if the request was HEAD.
            close: Whether the connection is to end with it.
            body_size: The bytes of a body that the caller writes after what is returned, unless
                the request was HEAD; None for the body of ``response``.
            more: Further header fields.

        Returns:
            The bytes to write; check `must_close` then.

        Raises:
            StateError: The request was answered already.
            ValueError: The status is below 200, or the reason cannot be sent.
        """
        if response.status < 200:
            raise ValueError(f"status: 200 or more, for a final answer, not {response.status}")
        if self._stage is _Stage.DONE:
            raise StateError("The request was answered already")
        said = (value.lower() for value in parse_list(response.headers.get_all("Connection")))
        self.must_close = close or self._is_last() or "close" in said
        fields = [*response.headers.fields, *more]
        if self.must_close:
            fields = [pair for pair in fields if pair[1].lower() not in ("close", "keep-alive")]
            fields.append(("Connection", "close"))
        data = encode_head(response, fields, len(response.body) if body_size is None else body_size)
        if body_size is None and may_have_body(response) and not self._answers_head:
            data += response.body
        self._stage = _Stage.DONE
        return data

    def _begin(self) -> None:
        """Expect a request; each has an h11 connection of its own."""
        limit = self._max_header_bytes + MAX_SKIPPED  # above those that hold here
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=limit)
        self._stage = _Stage.EMPTY_LINE
        self._failed = False
        self._answers_head = False
        self._searched = 0  # bytes in which the head does not end
        self._skipped = 0  # bytes of the body
        self._chunks = 0  # that they were in
        self._is_cut = False  # the answer does not wait for the rest of the body
        self._request: Request | None = None

    def _read(self) -> Request | None:
        if self._stage is _Stage.EMPTY_LINE:
            self._skip_empty_line()
        if self._stage is _Stage.HEAD and self._unread:
            self._read_head()
        if self._stage is _Stage.BODY:
            self._skip_body()
        if self._stage is _Stage.ANSWER:
            return self._request
        if self._at_eof and (self._stage is _Stage.BODY or _has_begun(self._unread)):
            raise _fault("The client ended the connection within its request")
        return None

    def _skip_empty_line(self) -> None:
        if _has_begun(self._unread):
            if self._unread.startswith(b"\r\n"):
                del self._unread[:2]
            self._stage = _Stage.HEAD

    def _read_head(self) -> None:
        unread = self._unread
        self._answers_head = unread.startswith(b"HEAD ")
        if unread[0] <= ord(" "):
            raise _fault("A request begins with its method")
        end = unread.find(b"\r\n\r\n", max(self._searched - 3, 0), self._max_header_bytes)
        head = bytes(unread[: self._max_header_bytes if end < 0 else end + 4])
        if head.count(b"\n") != head.count(b"\r\n") or b"\r\n " in head or b"\r\n\t" in head:
            raise _fault("Each line of a request's head ends with CRLF and is not continued")
        if end < 0:
            if len(unread) >= self._max_header_bytes:
                raise _too_large()
            self._searched = len(unread)
            return
        del unread[: len(head)]
        self._connection.receive_data(head)
        event = self._connection.next_event()
        assert isinstance(event, h11.Request)
        self._request = _check(event, self._peer)
        has_body = any(name in _FRAMING and value != b"0" for name, value in event.headers)
        self._stage = _Stage.BODY if has_body else _Stage.ANSWER

    def _skip_body(self) -> None:
        """Read on to the end of the request, unless its body is too long."""
        connection = self._connection
        assert self._request is not None
        length = int(self._request.headers.get("Content-Length", "0"))
        self._is_cut = length > MAX_SKIPPED or connection.they_are_waiting_for_100_continue
        while not self._is_cut and not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if event is not h11.NEED_DATA:
                self._chunks += 1
                self._is_cut = self._chunks == _MAX_CHUNKS and not length
                continue
            if not self._unread:
                return
            if self._skipped == MAX_SKIPPED:
                self._is_cut = True
                break
            part = bytes(self._unread[: MAX_SKIPPED - self._skipped])
            del self._unread[: len(part)]
            self._skipped += len(part)
            connection.receive_data(part)
        self._unread[:0] = connection.trailing_data[0]
        self._stage = _Stage.ANSWER

    def _is_last(self) -> bool:
        """Tell whether no other request can follow: the client said so, or the bytes are invalid."""
        request = self._request
        if request is None or self._failed or self._is_cut:
            return True
        wanted = map(str.lower, parse_list(request.headers.get_all("Connection")))
        return request.version == "1.0" or "close" in wanted or (self._at_eof and not self._unread)


def _has_begun(unread: bytearray) -> bool:
    """Tell whether there is more than the beginning of an empty line."""
    return bool(unread) and unread != b"\r"


def _check(event: h11.Request, peer: Any) -> Request:
    """Return a request that a server can act on.

    Raises:
        HandshakeError: The server cannot act on it; ``status`` is that of the answer.
    """
    fields = event.headers.raw_items()
    if len(fields) > MAX_FIELDS:
        raise _too_large()
    headers = Headers.received(fields)
    request = Request(
        event.method.decode(), event.target.decode(), headers, peer, event.http_version.decode()
    )
    if not request.version.startswith("1."):
        raise _fault(f"HTTP/{request.version} is not spoken here", HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    if not _is_target(request.method, request.target):
        raise _fault("The target of the request is not a path")
    hosts = [value.decode("latin-1") for name, value in event.headers if name == b"host"]
    if len(hosts) != 1 and request.version != "1.0":
        raise _fault("Host must be there once")
    if not all(map(_HOST.fullmatch, hosts)):
        raise _fault("Host must be a name or an address, and a port")
    if _FRAMING.issubset(name for name, _ in event.headers):  # smuggling (RFC 9112, 6.1)
        raise _fault("The length of the body is given twice")
    return request


def _is_target(method: str, target: str) -> bool:
    """Tell whether a target has one of the four forms (RFC 9112, 3.2)."""
    if method == "CONNECT":
        return _HOST.fullmatch(target) is not None
    if target == "*":
        return method == "OPTIONS"
    return (_ORIGIN_FORM.fullmatch(target) or _ABSOLUTE_FORM.fullmatch(target)) is not None


def _too_large() -> HandshakeError:
    return _fault("The request's header is too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)


def _fault(message: str, status: int = HTTPStatus.BAD_REQUEST) -> HandshakeError:
    return HandshakeError(message, part="http", status=int(status))
