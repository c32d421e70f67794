"""The opening handshake, both sides (RFC 6455, 4).

Knows which fields of HTTP make a WebSocket; how HTTP is spoken is `tkws.http.messages`'s
business. Draws no random number: a client's nonce is handed in. Which origins, hosts, paths
and subprotocols are served is up to the caller.

Long because both sides are here: each checks what the other one writes.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha1

from tkws.checks import check_text
from tkws.errors import HandshakeError
from tkws.http.answers import ClientConnection
from tkws.http.bodies import ACCEPT_ENCODING
from tkws.http.fields import is_token, parse_extensions, parse_list
from tkws.http.messages import Headers, HeadersLike, Request, Response, basic_authorization
from tkws.protocol.deflate import NAME as PERMESSAGE_DEFLATE, Deflate, PerMessageDeflate
from tkws.protocol.uri import WebSocketURI

VERSION = 13
"""The one version of the protocol (RFC 6455, 4.1)."""

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_NONCE_BYTES = 16

# The fields that the handshake, or the framing of HTTP, writes itself.
_RESERVED = frozenset(("host", "connection", "upgrade", "content-length", "transfer-encoding"))
_RESERVED_PREFIX = "sec-websocket-"


def sec_websocket_accept(key: str) -> str:
    """Return the Sec-WebSocket-Accept that answers a key (RFC 6455, 4.2.2; tcllib's command).

    Args:
        key: The value of Sec-WebSocket-Key.

    Raises:
        TypeError: `key` is not a str.
        ValueError: `key` is not ASCII.
    """
    check_text("key", key)
    if not key.isascii():
        raise ValueError("key: ASCII only")
    # No secret hangs on this digest: it only proves that the server speaks WebSocket.
    digest = sha1(key.strip().encode() + _GUID, usedforsecurity=False).digest()
    return b2a_base64(digest, newline=False).decode()


# The client's side


@dataclass(frozen=True, slots=True, eq=False)
class Accepted:
    """A handshake that succeeded, as the client sees it."""

    protocol: str
    """The subprotocol that the server chose; empty for none."""

    codec: PerMessageDeflate | None
    """The compression that was agreed, or None."""

    response: Response
    """The server's answer."""

    trailing_data: bytes
    """The bytes received after the answer: the first of the WebSocket."""


class ClientHandshake:
    """A client's opening handshake.

    Write `data`, then feed `receive_data` until it returns what came of it.

    Args:
        uri: Where to; its credentials become an Authorization field unless `headers` have one.
        nonce: 16 random bytes.
        protocols: The subprotocols to offer, the preferred one first; a str is one of them.
        headers: More fields, as a mapping or pairs; not those of the handshake itself.
        origin: The Origin field, for a server that asks for one; None for none.
        deflate: The compression to offer; None for none.
        user_agent: The User-Agent field unless `headers` have one; None for none.

    Attributes:
        request: The request.
        data: The request in bytes.

    Raises:
        TypeError: An argument is of another type.
        ValueError: An argument cannot be sent, or `headers` have a field of the handshake's.
            The message names the argument.
    """

    def __init__(
        self,
        uri: WebSocketURI,
        *,
        nonce: bytes,
        protocols: Iterable[str] = (),
        headers: HeadersLike = (),
        origin: str | None = None,
        deflate: Deflate | None = None,
        user_agent: str | None = None,
    ) -> None:
        if len(nonce) != _NONCE_BYTES:
            raise ValueError(f"nonce: {_NONCE_BYTES} bytes, not {len(nonce)}")
        key = b2a_base64(nonce, newline=False).decode()
        self._accept = sec_websocket_accept(key)
        self._deflate = deflate
        self._protocols = _check_protocols(protocols)
        fields = [
            ("Host", uri.host_header),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", key),
            ("Sec-WebSocket-Version", str(VERSION)),
        ]
        if self._protocols:
            fields.append(("Sec-WebSocket-Protocol", ", ".join(self._protocols)))
        if deflate is not None:
            fields.append(("Sec-WebSocket-Extensions", deflate.offer()))
        fields += _additional_fields(uri, Headers(headers), origin, user_agent)
        self.request: Request = Request(target=uri.target, headers=Headers(fields))
        self._connection = ClientConnection()
        self.data: bytes = self._connection.request("GET", uri.target, self.request.headers)

    @property
    def head_received(self) -> bool:
        """Whether the head of the answer is complete, and only the rest of its body is missing."""
        return self._connection.head_received

    @property
    def answered(self) -> bool:
        """Whether what came decides: `receive_eof` returns it, whatever has become of the connection."""
        return self._connection.answered

    def receive_data(self, data: bytes) -> Accepted | HandshakeError | None:
        """Take bytes from the server.

        Returns:
            The agreement; or a fault, with the server's answer if it gave one (a redirect, a
            refusal); None while more is needed.
        """
        return self._check_answer(self._connection.receive_data(data))

    def receive_eof(self) -> Accepted | HandshakeError | None:
        """Take note that the server sends nothing more; the result is never None."""
        return self._check_answer(self._connection.receive_eof())

    def _check_answer(self, answer: Response | HandshakeError | None) -> Accepted | HandshakeError | None:
        if not isinstance(answer, Response):
            return answer
        try:
            if answer.status != 101:
                raise HandshakeError(
                    f"The server answered {answer.status} {answer.reason}".rstrip(), part="http"
                )
            self._check_switch(answer.headers)
            codec = self._agreed_codec(answer.headers)
            protocol = self._agreed_protocol(answer.headers)
        except HandshakeError as error:
            error.status, error.headers, error.body = answer.status, answer.headers, answer.body
            return error
        return Accepted(protocol, codec, answer, self._connection.trailing_data)

    def _check_switch(self, headers: Headers) -> None:
        """Check what every answer must have (RFC 6455, 4.1, steps 2 to 4 for the answer)."""
        if [value.lower() for value in headers.get_all("Upgrade")] != ["websocket"]:
            raise HandshakeError("The server did not upgrade to websocket", part="upgrade")
        if not _has_token(headers, "Connection", "upgrade"):
            raise HandshakeError("The server's Connection is not Upgrade", part="connection")
        if headers.get_all("Sec-WebSocket-Accept") != [self._accept]:
            raise HandshakeError("The server's Sec-WebSocket-Accept does not fit the key", part="accept")

    def _agreed_codec(self, headers: Headers) -> PerMessageDeflate | None:
        extensions = parse_extensions(headers.get_all("Sec-WebSocket-Extensions"))
        if not extensions:
            return None
        [name, parameters], *others = extensions
        if self._deflate is None or name != PERMESSAGE_DEFLATE or others:
            names = ", ".join(name for name, _ in extensions)
            raise HandshakeError(
                f"The server uses extensions that were not offered: {names}", part="extension"
            )
        return self._deflate.confirm(parameters)

    def _agreed_protocol(self, headers: Headers) -> str:
        chosen = headers.get_all("Sec-WebSocket-Protocol")
        if not chosen:
            return ""
        if len(chosen) > 1 or chosen[0] not in self._protocols:
            names = ", ".join(chosen)
            raise HandshakeError(
                f"The server chose subprotocols that were not offered: {names}", part="protocol"
            )
        return chosen[0]


def _check_protocols(protocols: Iterable[str]) -> tuple[str, ...]:
    if not isinstance(protocols, Iterable):
        raise TypeError(f"protocols: an iterable of str, not {type(protocols).__name__}")
    checked = (protocols,) if isinstance(protocols, str) else tuple(protocols)
    for protocol in checked:
        if not isinstance(protocol, str):
            raise TypeError(f"protocols: each a str, not {type(protocol).__name__}")
        if not is_token(protocol):
            raise ValueError(f"protocols: {protocol!r} is not a token")
    if len(set(checked)) < len(checked):
        raise ValueError("protocols: each may be offered once")
    return checked


def _additional_fields(
    uri: WebSocketURI, headers: Headers, origin: str | None, user_agent: str | None
) -> list[tuple[str, str]]:
    """Return the fields that are not the handshake's own."""
    _check_not_reserved(headers)
    fields = []
    if origin is not None:
        check_text("origin", origin)
        if "Origin" in headers:
            raise ValueError("headers: Origin is given by the argument origin as well")
        fields.append(("Origin", origin))
    if user_agent is not None and "User-Agent" not in headers:
        fields.append(("User-Agent", user_agent))
    if "Accept-Encoding" not in headers:
        fields.append(("Accept-Encoding", ACCEPT_ENCODING))
    if uri.username is not None and "Authorization" not in headers:
        fields.append(("Authorization", basic_authorization(uri.username, uri.password)))
    return [*fields, *headers.fields]


def _check_not_reserved(headers: Headers) -> None:
    for name in headers:
        if name.lower() in _RESERVED or name.lower().startswith(_RESERVED_PREFIX):
            raise ValueError(f"headers: {name} is written by the handshake itself")


# The server's side


@dataclass(frozen=True, slots=True)
class UpgradeRequest:
    """The contents of a valid request for a WebSocket."""

    version: int
    """The version of the WebSocket protocol: 13."""

    key: str
    """The value of Sec-WebSocket-Key."""

    protocols: tuple[str, ...]
    """The subprotocols that the client offers, the preferred one first."""


def validate(headers: HeadersLike, method: str = "GET", version: str = "1.1") -> UpgradeRequest:
    """Check a request for a WebSocket (RFC 6455, 4.2.1; tcllib's ``validate``).

    Host, Origin and the subprotocols are for the caller to judge; Host must be there.

    Args:
        headers: The request's fields, as a mapping, pairs or an `email.message.Message`.
        method: The request's method.
        version: The request's version of HTTP.

    Raises:
        HandshakeError: It is not a valid handshake. ``part`` says where; ``status`` and
            ``headers`` are what `rejection` answers with.
        TypeError: An argument is of a wrong type.
    """
    check_text("version", version)
    if check_text("method", method) != "GET":
        raise HandshakeError(
            "A WebSocket is asked for by GET", part="method", status=405, headers={"Allow": "GET"}
        )
    if _http_version(version) < (1, 1):
        raise _bad_request("A WebSocket needs HTTP/1.1", "http")
    try:
        fields = Headers(headers)
    except ValueError as error:
        raise _bad_request(str(error), "http") from None
    if fields.get("Content-Length", "0") != "0" or "Transfer-Encoding" in fields:
        raise _bad_request("A request for a WebSocket has no body", "http")
    if len(fields.get_all("Host")) != 1:
        raise _bad_request("Host must be there once", "host")
    if "websocket" not in (name.partition("/")[0].lower() for name in parse_list(fields.get_all("Upgrade"))):
        raise _bad_request("Upgrade must be websocket", "upgrade")
    if not _has_token(fields, "Connection", "upgrade"):
        raise _bad_request("Connection must be Upgrade", "connection")
    if fields.get_all("Sec-WebSocket-Version") != [str(VERSION)]:
        raise _wrong_version()
    return UpgradeRequest(VERSION, _read_key(fields), _read_protocols(fields))


def negotiate(deflate: Deflate | None, headers: Headers) -> tuple[PerMessageDeflate | None, str]:
    """Agree on the compression with a client.

    Args:
        deflate: This side's setting; None for no compression.
        headers: The request's fields.

    Returns:
        The codec and the value of Sec-WebSocket-Extensions for `accept_response`; None and ""
        without compression.

    Raises:
        HandshakeError: With part ``"extension"``, if the client's offer is malformed, whether compression
            is offered or not (RFC 6455, 9.1).
    """
    try:
        offers = parse_extensions(headers.get_all("Sec-WebSocket-Extensions"))
    except HandshakeError as error:
        error.status = 400
        raise
    accepted = deflate.accept(offers) if deflate is not None else None
    return accepted or (None, "")


def accept_response(key: str, *, protocol: str = "", extension: str = "", headers: HeadersLike = ()) -> bytes:
    """Return the answer that makes a WebSocket (RFC 6455, 4.2.2), in bytes.

    Args:
        key: That of the `UpgradeRequest`.
        protocol: The subprotocol, one of those that the client offered; empty for none.
        extension: The result of `negotiate`.
        headers: More fields; not those of the handshake itself.

    Raises:
        TypeError: An argument is of another type.
        ValueError: An argument cannot be sent, or `headers` have a field of the handshake's.
    """
    if protocol and not is_token(protocol):
        raise ValueError(f"protocol: {protocol!r} is not a token")
    more = Headers(headers)
    _check_not_reserved(more)
    fields = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", sec_websocket_accept(key)),
    ]
    if protocol:
        fields.append(("Sec-WebSocket-Protocol", protocol))
    if extension:
        fields.append(("Sec-WebSocket-Extensions", extension))
    return Response(101, headers=[*fields, *more.fields]).encode()


def rejection(error: HandshakeError) -> Response:
    """Return the answer that refuses a handshake, for `ServerConnection.respond`.

    Its status is the error's, or 400; its body says why unless the error has one.
    """
    fields = Headers(error.headers).fields
    if not error.body:
        fields += (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
    body = error.body or f"{error}\n".encode()
    return Response(error.status or 400, headers=fields, body=body)


def reject_response(error: HandshakeError) -> bytes:
    """Return the answer that refuses a handshake, in bytes; the connection is to be closed then."""
    response = rejection(error)
    fields = (*response.headers.fields, ("Connection", "close"))
    return Response(response.status, headers=fields, body=response.body).encode()


def _bad_request(message: str, part: str) -> HandshakeError:
    return HandshakeError(message, part=part, status=400)


def _wrong_version() -> HandshakeError:
    # A 426 names what to upgrade to, and so is an Upgrade of its connection (RFC 9110, 15.5.22, 7.8).
    headers = {"Sec-WebSocket-Version": str(VERSION), "Upgrade": "websocket", "Connection": "Upgrade"}
    message = f"Sec-WebSocket-Version must be {VERSION}"
    return HandshakeError(message, part="version", status=426, headers=headers)


def _http_version(version: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in version.split("."))
    except ValueError:
        return ()


def _read_key(headers: Headers) -> str:
    keys = headers.get_all("Sec-WebSocket-Key")
    try:
        [key] = keys
        valid = len(a2b_base64(key, strict_mode=True)) == _NONCE_BYTES
    except ValueError:
        valid = False
    if not valid:
        raise _bad_request("Sec-WebSocket-Key must be there once, and be 16 bytes in base64", "key")
    return keys[0]


def _read_protocols(headers: Headers) -> tuple[str, ...]:
    # tcllib's client sends an empty field when it has nothing to offer: it does not count as an offer.
    protocols = parse_list(headers.get_all("Sec-WebSocket-Protocol"))
    try:
        return _check_protocols(protocols)
    except ValueError:
        raise _bad_request("Sec-WebSocket-Protocol must be different tokens", "protocol") from None


def _has_token(headers: Headers, name: str, token: str) -> bool:
    return token in (element.lower() for element in parse_list(headers.get_all(name)))
