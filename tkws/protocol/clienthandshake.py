"""The client's side of the opening handshake (RFC 6455, 4.1): makes the request, and checks the answer.

Draws no random number: the nonce is passed in.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass

from tkws.checks import check_text
from tkws.errors import HandshakeError
from tkws.http.answers import ClientConnection
from tkws.http.bodies import ACCEPT_ENCODING
from tkws.http.fields import parse_extensions
from tkws.http.messages import Headers, HeadersLike, Request, Response, basic_authorization
from tkws.protocol.deflate import NAME as PERMESSAGE_DEFLATE, Deflate, PerMessageDeflate
from tkws.protocol.handshake import (
    NONCE_BYTES,
    VERSION,
    check_not_reserved,
    check_protocols,
    has_token,
    sec_websocket_accept,
)
from tkws.protocol.uri import WebSocketURI


@dataclass(frozen=True, slots=True, eq=False)
class Accepted:
    """A handshake that succeeded, as the client sees it."""

    protocol: str
    """The subprotocol that the server chose; empty for none."""

    compression: PerMessageDeflate | None
    """The compression that was agreed, or None."""

    response: Response
    """The server's answer."""

    trailing_data: bytes
    """The bytes received after the answer: the first of the WebSocket."""


class ClientHandshake:
    """A client's opening handshake.

    Send `data`, then pass what comes back to `receive_data` until it returns a result.

    Args:
        uri: The server; its credentials become an Authorization field unless `headers` have one.
        nonce: 16 random bytes.
        protocols: The subprotocols to offer, the preferred one first; a str counts as one.
        headers: Additional fields, as a mapping or pairs; not those of the handshake itself.
        origin: The Origin field, for a server that asks for one; None for none.
        deflate: The compression to offer; None for none.
        user_agent: The User-Agent field unless `headers` have one; None for none.

    Attributes:
        request: The request.
        data: The request in bytes.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: An argument cannot be sent, or `headers` have a field that the handshake writes.
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
        if len(nonce) != NONCE_BYTES:
            raise ValueError(f"nonce: {NONCE_BYTES} bytes, not {len(nonce)}")
        key = b2a_base64(nonce, newline=False).decode()
        self._accept = sec_websocket_accept(key)
        self._deflate = deflate
        self._protocols = check_protocols(protocols)
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
        """Whether enough of the answer has come for `receive_eof` to return it, even if the stream breaks."""
        return self._connection.answered

    def receive_data(self, data: bytes) -> Accepted | HandshakeError | None:
        """Process bytes from the server.

        Returns:
            The agreement; an error, with the server's answer if there is one (a redirect, a refusal); None
            while more bytes are needed.
        """
        return self._check_answer(self._connection.receive_data(data))

    def receive_eof(self) -> Accepted | HandshakeError | None:
        """Note that the server sends nothing more; the result is never None."""
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
            compression = self._agreed_compression(answer.headers)
            protocol = self._agreed_protocol(answer.headers)
        except HandshakeError as error:
            error.status, error.headers, error.body = answer.status, answer.headers, answer.body
            return error
        return Accepted(protocol, compression, answer, self._connection.trailing_data)

    def _check_switch(self, headers: Headers) -> None:
        """Check the fields that every answer must have (RFC 6455, 4.1, steps 2 to 4 for the answer)."""
        if [value.lower() for value in headers.get_all("Upgrade")] != ["websocket"]:
            raise HandshakeError("The server did not upgrade to websocket", part="upgrade")
        if not has_token(headers, "Connection", "upgrade"):
            raise HandshakeError("The server's Connection is not Upgrade", part="connection")
        if headers.get_all("Sec-WebSocket-Accept") != [self._accept]:
            raise HandshakeError("The server's Sec-WebSocket-Accept does not fit the key", part="accept")

    def _agreed_compression(self, headers: Headers) -> PerMessageDeflate | None:
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


def _additional_fields(
    uri: WebSocketURI, headers: Headers, origin: str | None, user_agent: str | None
) -> list[tuple[str, str]]:
    """Return the fields that are not the handshake's own."""
    check_not_reserved(headers)
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
