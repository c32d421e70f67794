"""The TLS beneath a request or a connection, as the program sees it."""

from __future__ import annotations

from typing import Any, NamedTuple


class TLSInfo(NamedTuple):
    """The TLS of a connection: `WebSocket.tls` and `Request.tls`."""

    version: str | None
    """The version of the protocol, such as ``"TLSv1.3"``."""

    cipher: str | None
    """The name of the cipher."""

    peercert: dict[str, Any] | None
    """The certificate of the peer as `ssl.SSLSocket.getpeercert` returns it: None if it has sent none, and
    empty if it was not verified."""
