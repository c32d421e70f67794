"""The parts of the opening handshake that both sides share (RFC 6455, 4).

The client's side is `tkws.protocol.clienthandshake`, the server's `tkws.protocol.serverhandshake`. HTTP
messages are those of `tkws.http.messages`.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable
from hashlib import sha1

from tkws.checks import check_text
from tkws.http.fields import is_token, parse_list
from tkws.http.messages import Headers

VERSION = 13
"""The one version of the protocol (RFC 6455, 4.1)."""

NONCE_BYTES = 16
"""The bytes of a Sec-WebSocket-Key before base64 (RFC 6455, 4.1)."""

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3

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
    # No secret depends on this digest: it only proves that the server speaks WebSocket.
    digest = sha1(key.strip().encode() + _GUID, usedforsecurity=False).digest()
    return b2a_base64(digest, newline=False).decode()


def check_protocols(protocols: Iterable[str]) -> tuple[str, ...]:
    """Return subprotocols as a tuple; a str counts as one subprotocol.

    Raises:
        TypeError: ``protocols`` is not an iterable of str.
        ValueError: A protocol is not a token (RFC 9110, 5.6.2), or appears twice.
    """
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


def check_not_reserved(headers: Headers) -> None:
    """Refuse fields that the handshake, or the framing of HTTP, writes itself.

    Raises:
        ValueError: There is such a field.
    """
    for name in headers:
        if name.lower() in _RESERVED or name.lower().startswith(_RESERVED_PREFIX):
            raise ValueError(f"headers: {name} is written by the handshake itself")


def has_token(headers: Headers, name: str, token: str) -> bool:
    """Tell whether a field has a token among its elements, ignoring case."""
    return token in (element.lower() for element in parse_list(headers.get_all(name)))
