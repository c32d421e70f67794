"""HTTP/1.1 without I/O: requests, answers, and a client's side of a connection (RFC 9112).

With `tkws.http.server` the only module that knows h11. Bytes go in; a `Response` or a fault of
the peer's comes out as a `HandshakeError` that is returned, not raised. What follows an upgraded
message is kept as ``trailing_data``, for the protocol that takes over. Knows nothing of WebSockets.
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
    "ClientConnection", "Headers", "HeadersLike", "Request", "Response", "basic_authorization",
]  # fmt: skip

_HTTP = b"HTTP/"  # the beginning of every answer (RFC 9112, 4)
_MAX_HEADER_BYTES = 16 * 1024  # most servers and browsers send and take less
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
    def host(self) -> str | None:
        """The host, and the port if there is one, that was asked for: the target's, or else Host's.

        A target has one in requests through a proxy, and then Host does not count (RFC 9112, 3.2.2).
        """
        return self._split_target()[0] or self.headers.get("Host")

    @property
    def _origin_form(self) -> str:
        return self._split_target()[1]

    def _split_target(self) -> tuple[str, str]:
        """Return the host of an absolute target, empty for another one, and the rest."""
        scheme, separator, rest = self.target.partition("://")
        if not separator or not scheme.isalpha():
            return "", self.target
        authority_end = min((at for at in map(rest.find, "/?") if at >= 0), default=len(rest))
        return rest[:authority_end], rest[authority_end:]


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
        connection (`tkws.http.server` does).

        Raises:
            ValueError: The reason has a line break or a character beyond ISO-8859-1.
        """
        head = encode_head(self, self.headers.fields, len(self.body))
        return head + self.body if may_have_body(self) else head


def load_h11() -> None:
    """Import it with the first connection: that takes as long as a quarter of tkws.

    Raises:
        OSError: No descriptor is left to read it with.
    """
    global h11
    import h11


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


def may_have_body(response: Response) -> bool:
    """Whether its status allows a body."""
    return response.status >= 200 and response.status not in (204, 304)  # RFC 9110, 6.4.1


def encode_head(response: Response, fields: Iterable[tuple[str, str]], size: int) -> bytes:
    """Return all that precedes the body of a response.

    Args:
        response: Its status and reason count.
        fields: The header fields; what they say of the body's length is left out.
        size: The bytes of the body, which Content-Length tells if there can be one.

    Raises:
        ValueError: The reason has a line break or a character beyond ISO-8859-1.
    """
    if not _REASON.fullmatch(response.reason):
        raise ValueError("reason must be one line of ISO-8859-1 text")
    lines = [b"HTTP/1.1 %d %s" % (response.status, response.reason.encode("latin-1"))]
    kept = _encode((name, value) for name, value in fields if name.lower() not in _FRAMING)
    lines += [b"%s: %s" % pair for pair in kept]
    if may_have_body(response):
        lines.append(b"Content-Length: %d" % size)
    return b"\r\n".join([*lines, b"", b""])


def _encode(fields: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in fields]
