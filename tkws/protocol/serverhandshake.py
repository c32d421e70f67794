"""The server's side of the opening handshake (RFC 6455, 4.2): checks a request, and makes the answer.

Which origins, hosts, paths and subprotocols are served is up to the caller.
"""

from __future__ import annotations

from binascii import a2b_base64
from dataclasses import dataclass

from tkws.checks import check_text
from tkws.errors import HandshakeError
from tkws.http.fields import is_token, parse_extensions, parse_list
from tkws.http.messages import Headers, HeadersLike, Response
from tkws.protocol.deflate import Deflate, PerMessageDeflate
from tkws.protocol.handshake import (
    NONCE_BYTES,
    VERSION,
    check_not_reserved,
    check_protocols,
    has_token,
    sec_websocket_accept,
)


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

    The caller decides on the values of Host, Origin and the subprotocols; Host must be present.

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
    if not has_token(fields, "Connection", "upgrade"):
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
        The compression and the value of Sec-WebSocket-Extensions for `accept_response`; None and ""
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
        headers: Additional fields; not those of the handshake itself.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: An argument cannot be sent, or `headers` have a field that the handshake writes.
    """
    if protocol and not is_token(protocol):
        raise ValueError(f"protocol: {protocol!r} is not a token")
    more = Headers(headers)
    check_not_reserved(more)
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
    """Return the answer that refuses a handshake, in bytes; close the connection after it."""
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
        valid = len(a2b_base64(key, strict_mode=True)) == NONCE_BYTES
    except ValueError:
        valid = False
    if not valid:
        raise _bad_request("Sec-WebSocket-Key must be there once, and be 16 bytes in base64", "key")
    return keys[0]


def _read_protocols(headers: Headers) -> tuple[str, ...]:
    # tcllib's client sends an empty field if it offers nothing; it does not count as an offer.
    protocols = parse_list(headers.get_all("Sec-WebSocket-Protocol"))
    try:
        return check_protocols(protocols)
    except ValueError:
        raise _bad_request("Sec-WebSocket-Protocol must be different tokens", "protocol") from None
