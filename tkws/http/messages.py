"""HTTP/1.1 without I/O: requests and answers (RFC 9112).

`tkws.http.server` reads requests, and `tkws.http.answers` reads answers. Knows nothing of WebSockets.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from tkws.checks import Buffer, check_bytes_like, check_count, check_kind, check_text
from tkws.http.headers import Headers, HeadersLike
from tkws.http.tlsinfo import TLSInfo
from tkws.plurals import counted

__all__ = [
    "Headers", "HeadersLike", "Request", "Response", "basic_authorization",
]  # fmt: skip


_REASON = re.compile("[\t\x20-\x7e\x80-\xff]*")
_FRAMING = frozenset(("content-length", "transfer-encoding"))


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False)
class Request:
    """A request that was received. Its `repr` shows neither the query nor the headers.

    Raises:
        TypeError: An argument is of another type.
        ValueError: One of the `headers` cannot travel.
    """

    method: str
    """In the case in which it was sent; only ``GET`` can become a WebSocket."""

    target: str
    """The request target as it was sent: percent-encoded, with the query."""

    headers: Headers
    """The header fields."""

    peer: Any
    """The socket address of the client; what a Unix socket has instead, or None."""

    version: str
    """Of HTTP."""

    tls: TLSInfo | None
    """The TLS that the request came over, with the certificate of the client if it has sent one; None without
    TLS, behind a proxy that ends it, and in a client."""

    def __init__(
        self,
        method: str = "GET",
        target: str = "/",
        headers: HeadersLike = (),
        peer: Any = None,
        version: str = "1.1",
        *,
        tls: TLSInfo | None = None,
    ) -> None:
        object.__setattr__(self, "method", check_text("method", method))
        object.__setattr__(self, "target", check_text("target", target))
        object.__setattr__(self, "headers", Headers(headers))
        object.__setattr__(self, "peer", peer)
        object.__setattr__(self, "version", check_text("version", version))
        check_kind("tls", tls, TLSInfo | None, "a TLSInfo or None")
        object.__setattr__(self, "tls", tls)

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
    def cookies(self) -> dict[str, str]:
        """The cookies by name; of several with the same name the first, which has the longest path.

        Values are as they were sent, without the quotes around them (RFC 6265, 4.1.1).
        """
        cookies: dict[str, str] = {}
        for pair in self.headers.get("Cookie", "").split(";"):
            name, separator, value = (part.strip(" \t") for part in pair.partition("="))
            if name and separator:
                quoted = len(value) > 1 and value[0] == value[-1] == '"'
                cookies.setdefault(name, value[1:-1] if quoted else value)
        return cookies

    @property
    def host(self) -> str | None:
        """The requested host, with the port if there is one: that of the target, or else of Host.

        The target has one in requests through a proxy, and then Host is ignored (RFC 9112, 3.2.2).
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
        body: The body, in any object with a contiguous buffer.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: `status` is out of range, or one of the `headers` cannot be sent.
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
        body: Buffer = b"",
    ) -> None:
        status = check_count("status", status, least=100, most=999)
        check_kind("reason", reason, str | None, "str or None")
        object.__setattr__(self, "status", status)
        object.__setattr__(self, "reason", _usual_reason(status) if reason is None else reason)
        object.__setattr__(self, "headers", Headers(headers))
        object.__setattr__(self, "body", check_bytes_like("body", body))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status} {self.reason!r}, {counted(len(self.body), 'byte')}>"

    def encode(self) -> bytes:
        """Return the message, for a peer whose request was not read by `tkws.http.server`.

        Content-Length is added if there can be a body; no field says whether the connection stays open
        (`tkws.http.server` adds that).

        Raises:
            ValueError: The reason has a line break or a character beyond ISO-8859-1.
        """
        head = encode_head(self, self.headers.fields, len(self.body))
        return head + self.body if may_have_body(self) else head


def basic_authorization(username: str, password: str | None) -> str:
    """Return the value of Authorization or Proxy-Authorization for a user (RFC 7617).

    Raises:
        ValueError: `username` has a colon.
    """
    if ":" in username:
        raise ValueError("username: without a colon, which HTTP cannot carry (RFC 7617, 2)")
    return "Basic " + b2a_base64(f"{username}:{password or ''}".encode(), newline=False).decode()


def _usual_reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def may_have_body(response: Response) -> bool:
    """Tell whether the status of a response allows a body."""
    return response.status >= 200 and response.status not in (204, 304)  # RFC 9110, 6.4.1


def encode_head(response: Response, fields: Iterable[tuple[str, str]], size: int) -> bytes:
    """Return everything that precedes the body of a response.

    Args:
        response: The source of the status and the reason.
        fields: The header fields; those about the body's length are left out.
        size: The bytes of the body, for Content-Length if there can be a body.

    Raises:
        ValueError: The reason has a line break or a character beyond ISO-8859-1.
    """
    if not _REASON.fullmatch(response.reason):
        raise ValueError("reason: one line of ISO-8859-1 text")
    lines = [b"HTTP/1.1 %d %s" % (response.status, response.reason.encode("latin-1"))]
    kept = _encode((name, value) for name, value in fields if name.lower() not in _FRAMING)
    lines += [b"%s: %s" % pair for pair in kept]
    if may_have_body(response):
        lines.append(b"Content-Length: %d" % size)
    return b"\r\n".join([*lines, b"", b""])


def _encode(fields: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in fields]
