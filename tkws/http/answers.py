"""A client's side of HTTP/1.1: one request, and its answer as browsers read answers (RFC 9112).

A client reads one answer on a connection and uses it for nothing else if it is not a switch of protocols, so
leniency costs nothing here, and strictness would hide what the server said. Requests, which others may read
too, are read strictly (`tkws.http.messages`). Faults come out as a `HandshakeError` that is returned, not
raised. Does no I/O and has no clock: how long to wait for a body is up to the caller, who asks `answered`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from tkws.errors import HandshakeError, StateError
from tkws.http.bodies import Body
from tkws.http.fields import is_token
from tkws.http.headers import CONTROL, Headers, HeadersLike
from tkws.http.messages import Response
from tkws.version import __version__

USER_AGENT = f"tkws/{__version__}"
"""The User-Agent of every request that does not have another."""

MAX_HEADER_BYTES = 64 * 1024  # browsers take 256 KiB, most servers send less than 8
MAX_BODY_BYTES = 64 * 1024  # enough to tell why the WebSocket was refused
MAX_INTERIM = 16  # answers that are not final: no server sends more than two or three

_HTTP = b"HTTP/"  # the beginning of every answer (RFC 9112, 4)
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(
    r"HTTP/([0-9]{1,3})(?:\.([0-9]{1,3}))?[ \t]+([0-9]{3})(?:[ \t]+(.*))?[ \t]*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Head:
    """The head of an answer, before its body."""

    version: tuple[int, int]
    status: int
    reason: str
    headers: Headers


class ClientConnection:
    """A client's side of one request and its answer.

    Write what `request` returns, then feed `receive_data` until it returns a `Response`. After
    a 101, or a 2xx that answers CONNECT, the connection is another protocol's, which begins
    with `trailing_data`.

    Args:
        max_header_bytes: The most bytes of an answer without its body, interim answers included.
        max_body_bytes: The bytes of a body after which the answer is returned, without the rest.

    Attributes:
        trailing_data: The bytes received after the answer.
    """

    def __init__(
        self, max_header_bytes: int = MAX_HEADER_BYTES, max_body_bytes: int = MAX_BODY_BYTES
    ) -> None:
        self.trailing_data: bytes = b""
        self._max_header_bytes = max_header_bytes
        self._max_body_bytes = max_body_bytes
        self._method = ""
        self._received = bytearray()  # of a head that is not complete
        self._scanned = 0
        self._head_bytes = 0  # of heads that are
        self._interim = 0
        self._head: _Head | None = None
        self._body: Body | None = None

    def request(self, method: str, target: str, headers: HeadersLike) -> bytes:
        """Return the bytes of the one request, which has no body.

        Args:
            method: Such as ``"GET"`` or ``"CONNECT"``.
            target: The path with the query, or for CONNECT host and port.
            headers: The fields, Host among them.

        Raises:
            StateError: The request was made already.
            TypeError: `headers` are of another type.
            ValueError: An argument cannot be sent, or Host is missing.
        """
        if self._method:
            raise StateError("The request was made already")
        if not is_token(method):
            raise ValueError(f"method: a token, not {method!r}")
        if not (target.isascii() and target.isprintable() and target and " " not in target):
            raise ValueError(f"target: visible ASCII, not {target!r}")
        fields = Headers(headers)
        if len(fields.get_all("Host")) != 1:
            raise ValueError("headers: Host once")
        self._method = method
        lines = [
            f"{method} {target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in fields.fields),
            "",
            "",
        ]
        return "\r\n".join(lines).encode("latin-1")

    @property
    def head_received(self) -> bool:
        """Whether the head of the answer is complete, and only the rest of its body is missing."""
        return self._head is not None

    @property
    def answered(self) -> bool:
        """Whether what came decides: a complete head, or at least the status line of a refusal.

        Then `receive_eof` returns an answer, whatever has become of the connection.
        """
        return self._head is not None or self._cut_refusal() is not None

    def receive_data(self, data: bytes) -> Response | HandshakeError | None:
        """Take bytes from the server.

        Returns:
            The answer, once it is there; a fault of the server's; None while more is needed. The body of a
            redirect is not waited for. Interim answers (1xx but 101) are skipped.
        """
        if self._body is not None:
            self._body.receive_data(data)
            return self._answer() if self._body.complete else None
        self._received += data
        return self._read_heads()

    def receive_eof(self) -> Response | HandshakeError:
        """Note that the server sends nothing more; return the incomplete answer, or a fault."""
        if self._head is None:
            self._head = self._cut_refusal()
        if self._head is None:
            return _fault("The server ended the connection before it had answered")
        return self._answer()

    def _read_heads(self) -> Response | HandshakeError | None:
        while True:
            received = self._received
            while received.startswith((b"\r", b"\n")):  # an empty line before the answer
                del received[:1]
                self._head_bytes += 1
            if not _HTTP.startswith(bytes(received[: len(_HTTP)]).upper()):  # its end may never come
                return _fault("The server's answer is not HTTP")
            end = _END_OF_HEAD.search(received, max(self._scanned - 2, 0))
            size = self._head_bytes + (end.end() if end else len(received))
            if size > self._max_header_bytes:
                return self._too_large()
            if end is None:
                self._scanned = len(received)
                return None
            head = _parse_head(bytes(received[: end.start()]))
            if head is None:
                return _fault("The server's answer is not HTTP: it has no status")
            self._head_bytes += end.end()
            self._scanned = 0
            del received[: end.end()]
            if not _is_interim(head.status):
                return self._begin_body(head)
            self._interim += 1
            if self._interim > MAX_INTERIM:
                return _fault(f"The server sent more than {MAX_INTERIM} interim answers")

    def _begin_body(self, head: _Head) -> Response | None:
        self._head = head
        rest = bytes(self._received)
        self._received.clear()
        switches = head.status == HTTPStatus.SWITCHING_PROTOCOLS
        if switches or (self._method == "CONNECT" and head.status < 300):
            self.trailing_data = rest
            return self._answer()
        self._body = Body(head.version, head.status, head.headers, self._max_body_bytes)
        self._body.receive_data(rest)
        leads_on = head.status < 400 and "Location" in head.headers
        return self._answer() if self._body.complete or leads_on else None

    def _answer(self) -> Response:
        assert self._head is not None
        body = self._body.decoded() if self._body is not None else b""
        return Response(self._head.status, self._head.reason, self._head.headers, body)

    def _cut_refusal(self) -> _Head | None:
        """Return an incomplete head by its complete lines; None for one that may not be a refusal.

        A first line that breaks off after the status is complete enough.
        """
        head = _parse_head(bytes(self._received.rpartition(b"\n")[0] or self._received))
        return head if head is not None and head.status >= 400 else None

    def _too_large(self) -> HandshakeError:
        head = _parse_head(bytes(self._received[: self._max_header_bytes].rpartition(b"\n")[0]))
        message = "The header of the server's answer is too large"
        if head is None or _is_interim(head.status):
            return _fault(message)
        return HandshakeError(
            f"{message}: {head.status} {head.reason}".rstrip(),
            part="http",
            status=head.status,
            headers=head.headers,
        )


def _is_interim(status: int) -> bool:
    return status < 200 and status != HTTPStatus.SWITCHING_PROTOCOLS


def _parse_head(data: bytes) -> _Head | None:
    """Parse a head line by line; return None if the first line is not a status line.

    A line without a colon, a name that is not a token, and a value with a control character are left out.
    Spaces around a name and a value do not belong to them; a line that begins with one continues the
    line before (RFC 9112, 5.2).
    """
    first, *lines = data.split(b"\n")
    parts = _STATUS_LINE.fullmatch(first.removesuffix(b"\r").decode("latin-1"))
    if parts is None or parts[3] < "100":
        return None
    unfolded: list[bytes] = [b""]
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            unfolded[-1] += b" " + line.strip()
        else:
            unfolded.append(line.removesuffix(b"\r"))
    headers = Headers.received(field for field in map(_parse_field, unfolded) if field is not None)
    return _Head((int(parts[1]), int(parts[2] or 0)), int(parts[3]), (parts[4] or "").strip(), headers)


def _parse_field(line: bytes) -> tuple[bytes, bytes] | None:
    name, colon, value = line.partition(b":")
    name, value = name.strip(b" \t"), value.strip(b" \t")
    if not colon or not is_token(name.decode("latin-1")) or CONTROL.search(value.decode("latin-1")):
        return None
    return name, value


def _fault(message: str) -> HandshakeError:
    return HandshakeError(message, part="http")
