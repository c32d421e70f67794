"""HTTP/1.1 without input and output: what comes before a WebSocket, and the pages beside it (RFC 9112).

The only module that knows h11. Bytes go in; a `Request`, a `Response` or a fault of the peer's
comes out as a `HandshakeError` that is returned, not raised. What follows an upgraded message
is kept as ``trailing_data``, for the protocol that takes over. Knows nothing of WebSockets.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tkws.errors import HandshakeError, StateError
from tkws.http.fields import is_token
from tkws.http.headers import Headers, HeadersLike

if TYPE_CHECKING:
    import h11

__all__ = [
    "ClientConnection", "Headers", "HeadersLike", "Request", "Response", "ServerConnection",
    "basic_authorization",
]  # fmt: skip

_HTTP = b"HTTP/"  # the beginning of every answer (RFC 9112, 4)
_MAX_HEADER_BYTES = 16 * 1024  # most servers and browsers send and take less
_MAX_FIELDS = 128  # as many as anyone sends; keeps the work on a message in proportion to its bytes
_MAX_BODY_BYTES = 64 * 1024  # of an answer that is no WebSocket: enough to tell why

_REASON = re.compile("[\t\x20-\x7e\x80-\xff]*")
_FRAMING = frozenset(("content-length", "transfer-encoding"))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Request:
    """A request that was received. Its `repr` shows neither the query nor the headers."""

    method: str = "GET"
    """In the case in which it was sent; only ``GET`` can become a WebSocket."""

    target: str = "/"
    """The request target as it was sent: percent-encoded, with the query."""

    headers: Headers = field(default_factory=Headers)
    """The header fields."""

    peer: Any = None
    """The socket address of the client; what a Unix socket has instead, or None."""

    version: str = "1.1"
    """Of HTTP."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.path!r} from {self.peer!r}>"

    @property
    def path(self) -> str:
        """The path, still percent-encoded, without the query; ``"*"`` and a host stay as they are."""
        path = self._origin_form.partition("?")[0]
        return path or "/"

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The decoded pairs of the query, in order."""
        return tuple(parse_qsl(self._origin_form.partition("?")[2], keep_blank_values=True))

    @property
    def _origin_form(self) -> str:
        """The target without the scheme and host that a proxy may send (RFC 9112, 3.2.2)."""
        scheme, separator, rest = self.target.partition("://")
        if not separator or not scheme.isalpha():
            return self.target
        authority_end = min((at for at in map(rest.find, "/?") if at >= 0), default=len(rest))
        return rest[authority_end:]


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False)
class Response:
    """An answer, received or to be sent. Its `repr` shows neither the headers nor the body.

    Args:
        status: The status code, 100 to 999.
        reason: The reason phrase; None for the usual one.
        headers: The fields; Content-Length and Transfer-Encoding are not needed and not sent.
        body: The body, in bytes.

    Raises:
        TypeError: An argument is of another type.
        ValueError: `status` is out of range, or one of the `headers` cannot travel.
    """

    status: int
    reason: str
    headers: Headers
    body: bytes

    def __init__(
        self,
        status: int,
        reason: str | None = None,
        headers: HeadersLike = (),
        body: bytes | bytearray | memoryview = b"",
    ) -> None:
        if isinstance(status, bool) or not isinstance(status, int):
            raise TypeError(f"status must be an int, not {type(status).__name__}")
        if not 100 <= status <= 999:
            raise ValueError(f"status must be 100 to 999, not {status}")
        if not isinstance(reason, str | None):
            raise TypeError(f"reason must be a str or None, not {type(reason).__name__}")
        if not isinstance(body, bytes | bytearray | memoryview):
            raise TypeError(f"body must be bytes, not {type(body).__name__}")
        object.__setattr__(self, "status", status)
        object.__setattr__(self, "reason", _usual_reason(status) if reason is None else reason)
        object.__setattr__(self, "headers", Headers(headers))
        object.__setattr__(self, "body", bytes(body))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status} {self.reason!r}, {len(self.body)} bytes>"

    def encode(self) -> bytes:
        """Return the message for a peer of whom no request was read here.

        Content-Length is added where there can be a body; nothing is said about keeping the
        connection (`ServerConnection.respond` does).

        Raises:
            ValueError: The reason has a line break or a character beyond ISO-8859-1.
        """
        lines = [b"HTTP/1.1 %d %s" % (self.status, _encode_reason(self))]
        lines += [b"%s: %s" % pair for pair in _encode_fields(self)]
        return b"\r\n".join([*lines, b"", self.body if _may_have_body(self) else b""])


def load_h11() -> None:
    """Import it with the first connection: that takes as long as a quarter of tkws.

    Raises:
        OSError: No descriptor is left to read it with.
    """
    global h11
    import h11


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

    def __init__(self, peer: Any = None, max_header_bytes: int = _MAX_HEADER_BYTES) -> None:
        load_h11()
        self.must_close = False
        self._peer = peer
        self._max_header_bytes = max_header_bytes
        self._failed = False
        self._method = ""
        self._begins = True  # nothing of the next request has come
        self._return = b""  # a CR before it, of which the LF has not come
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=max_header_bytes)

    @property
    def trailing_data(self) -> bytes:
        """What was received behind the last request."""
        return self._connection.trailing_data[0]

    def receive_data(self, data: bytes) -> Request | HandshakeError | None:
        """Take bytes from the client.

        Returns:
            The request, once it is there; a fault, with the status that answers it; None while
            there is nothing new. A body is skipped, not kept. Nothing is read beyond a request
            that is not answered. An empty line before a request is skipped (RFC 9112, 2.2).
        """
        if self._begins:
            data = self._return + data
            self._return = data if data == b"\r" else b""
            self._begins = not data or bool(self._return)
            data = b"" if self._return else data.removeprefix(b"\r\n")
        if data:
            self._connection.receive_data(data)
        return self.next_request()

    def receive_eof(self) -> Request | HandshakeError | None:
        """Take note that the client sends nothing more; a fault where that cuts a request."""
        self._connection.receive_data(b"")
        return self.next_request()

    def next_request(self) -> Request | HandshakeError | None:
        """Return what the bytes received so far hold behind the request that was answered."""
        if self._failed or self.must_close:
            return None
        if self._connection.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
            self._connection.start_next_cycle()
            self._begins = not self.trailing_data
            self._method = ""
        try:
            request = self._read()
            return None if request is None else self._checked(request)
        except h11.RemoteProtocolError as error:
            return self._fault(str(error), error.error_status_hint)

    def respond(self, response: Response, *, close: bool = False) -> bytes:
        """Answer the last request, or a fault.

        Args:
            response: The answer; the body is left out where the request was HEAD.
            close: Whether the connection shall end with it.

        Returns:
            The bytes to write; look at `must_close` then.

        Raises:
            StateError: The request was answered already.
            ValueError: The status is below 200, or the reason cannot travel.
        """
        if response.status < 200:
            raise ValueError(f"status {response.status} is no final answer")
        connection = self._connection
        if connection.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            raise StateError("The request was answered already")
        fields = _encode_fields(response)
        # A body that is not here yet, or what was not understood, would be taken for a request.
        if close or self._failed or connection.their_state in (h11.IDLE, h11.SEND_BODY):
            fields = [pair for pair in fields if pair[1].lower() != b"keep-alive"]
            fields.append((b"Connection", b"close"))
        answer = h11.Response(status_code=response.status, headers=fields, reason=_encode_reason(response))
        data = connection.send(answer)
        if _may_have_body(response) and self._method != "HEAD":
            data += connection.send(h11.Data(data=response.body))
        data += connection.send(h11.EndOfMessage())
        self.must_close = connection.states[h11.SERVER] is not h11.DONE
        return data

    def _read(self) -> h11.Request | None:
        """Return the next request; skip its body as far as it is there."""
        request = None
        while True:
            event = self._connection.next_event()
            if isinstance(event, h11.Request):
                request = event
                self._method = event.method.decode()
            elif not isinstance(event, h11.Data | h11.EndOfMessage):
                return request

    def _checked(self, event: h11.Request) -> Request | HandshakeError:
        fields = event.headers.raw_items()
        size = len(event.target) + sum(len(name) + len(value) for name, value in fields)
        if size > self._max_header_bytes or len(fields) > _MAX_FIELDS:
            return self._fault("The request's header is too large", 431)
        version = event.http_version.decode()
        return Request(self._method, event.target.decode(), Headers.received(fields), self._peer, version)

    def _fault(self, message: str, status: int) -> HandshakeError:
        self._failed = True
        return HandshakeError(message, part="http", status=status)


class ClientConnection:
    """A client's side of one request and its answer.

    Write what `request` returns, then feed `receive_data` until it returns a `Response`. Behind
    a 101, or a 2xx that answers CONNECT, the connection is another protocol's, which begins
    with `trailing_data`.

    Args:
        max_header_bytes: The most bytes of an answer without its body.
        max_body_bytes: The bytes of a body after which the answer is returned, without the rest.
    """

    def __init__(
        self, max_header_bytes: int = 4 * _MAX_HEADER_BYTES, max_body_bytes: int = _MAX_BODY_BYTES
    ) -> None:
        load_h11()
        self._max_body_bytes = max_body_bytes
        self._beginning = b""
        self._answer: h11.Response | h11.InformationalResponse | None = None
        self._body = bytearray()
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=max_header_bytes)

    @property
    def trailing_data(self) -> bytes:
        """What was received behind the answer."""
        return self._connection.trailing_data[0]

    def request(self, method: str, target: str, headers: HeadersLike) -> bytes:
        """Return the bytes of the one request, which has no body.

        Args:
            method: Such as ``"GET"`` or ``"CONNECT"``.
            target: The path with the query, or for CONNECT host and port.
            headers: The fields, Host among them.

        Raises:
            StateError: The request was made already.
            TypeError: `headers` are none.
            ValueError: An argument cannot travel, or Host is missing.
        """
        if self._connection.our_state is not h11.IDLE:
            raise StateError("The request was made already")
        if not is_token(method):
            raise ValueError(f"method {method!r} is no token")
        if not (target.isascii() and target.isprintable() and target and " " not in target):
            raise ValueError(f"target {target!r} must be visible ASCII")
        fields = Headers(headers)
        if len(fields.get_all("Host")) != 1:
            raise ValueError("headers must have Host once")
        request = h11.Request(method=method, target=target, headers=_encode(fields.fields))
        return self._connection.send(request) + self._connection.send(h11.EndOfMessage())

    def receive_data(self, data: bytes) -> Response | HandshakeError | None:
        """Take bytes from the server.

        Returns:
            The answer, once it is there; a fault of the server's; None while more is needed.
            Interim answers (1xx but 101) are skipped.
        """
        self._beginning += data[: len(_HTTP) - len(self._beginning)]
        if not _HTTP.startswith(self._beginning):  # h11 would wait for the end of a header
            return HandshakeError("The server's answer is no HTTP", part="http")
        if data:
            self._connection.receive_data(data)
        return self._next()

    def receive_eof(self) -> Response | HandshakeError | None:
        """Take note that the server sends nothing more: the answer as far as it came, or a fault."""
        self._connection.receive_data(b"")
        return self._next()

    def _next(self) -> Response | HandshakeError | None:
        try:
            complete = self._read()
        except h11.RemoteProtocolError as error:
            if self._answer is None and self._connection.trailing_data[1]:
                message = "The server ended the connection before it had answered"
                return HandshakeError(message, part="http")
            if self._answer is None and error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
                return HandshakeError("The header of the server's answer is too large", part="http")
            if self._answer is None:
                return HandshakeError(f"The server's answer is no HTTP: {error}", part="http")
            complete = True  # a body that is cut or broken still tells something
        if self._answer is None or not complete:
            return None
        answer = self._answer
        reason = answer.reason.decode("latin-1")
        return Response(
            answer.status_code, reason, Headers.received(answer.headers.raw_items()), bytes(self._body)
        )

    def _read(self) -> bool:
        """Read events; return whether the answer is complete."""
        while True:
            event = self._connection.next_event()
            if isinstance(event, h11.Response | h11.InformationalResponse):
                if event.status_code == 101 or event.status_code >= 200:
                    self._answer = event
            elif isinstance(event, h11.Data):
                self._body += event.data[: self._max_body_bytes - len(self._body)]
                if len(self._body) == self._max_body_bytes:
                    return True
            else:
                return event is not h11.NEED_DATA


def basic_authorization(username: str, password: str | None) -> str:
    """Return the value of Authorization or Proxy-Authorization for a user (RFC 7617).

    Raises:
        ValueError: `username` has a colon.
    """
    if ":" in username:
        raise ValueError("username must not have a colon")
    return "Basic " + b2a_base64(f"{username}:{password or ''}".encode(), newline=False).decode()


def _usual_reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _may_have_body(response: Response) -> bool:
    return response.status >= 200 and response.status not in (204, 304)  # RFC 9110, 6.4.1


def _encode_reason(response: Response) -> bytes:
    if not _REASON.fullmatch(response.reason):
        raise ValueError("reason must be one line of ISO-8859-1 text")
    return response.reason.encode("latin-1")


def _encode_fields(response: Response) -> list[tuple[bytes, bytes]]:
    """Return the fields with the one Content-Length that is true."""
    fields = _encode((name, value) for name, value in response.headers.fields if name.lower() not in _FRAMING)
    if _may_have_body(response):
        fields.append((b"Content-Length", b"%d" % len(response.body)))
    return fields


def _encode(fields: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in fields]
