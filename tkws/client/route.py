"""The route to a server: what is dialled, from where, through which proxy, and whose name TLS checks."""

from __future__ import annotations

import dataclasses
import os
import socket
import ssl as tls
from dataclasses import dataclass

from tkws.http.headers import Headers
from tkws.net import Endpoint
from tkws.net.proxy import CONNECT_HEADERS
from tkws.net.proxyenv import proxy_for
from tkws.net.proxyurl import Proxy
from tkws.protocol.uri import WebSocketURI


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Route:
    """The route to a server: proxy, addresses, TLS, or a socket to use instead."""

    ssl_context: tls.SSLContext | None = None
    """For TLS; None for the default context."""

    server_hostname: str | None = None
    """The name for SNI, which the certificate must be for; None for the host of the URL."""

    unix: str | os.PathLike[str] | None = None
    """The path of a Unix socket to dial instead of the host."""

    sock: socket.socket | None = None
    """A connected socket to use instead of dialling."""

    connect_to: tuple[str, int] | None = None
    """The host, in ASCII, and the port to dial instead of those of the URL."""

    local_addr: Endpoint | None = None
    """The address of this machine to dial from; None for the system's choice."""

    proxy: str | bool | None = None
    """The URL of the proxy to go through; True for that of the environment, None for a direct connection."""

    proxy_ssl_context: tls.SSLContext | None = None
    """For TLS with the proxy itself; None for the default context."""

    proxy_headers: Headers = CONNECT_HEADERS
    """The fields that a proxy which speaks HTTP gets, besides Host and the credentials."""

    digest: bool = False
    """Whether credentials are sent only in answer to a challenge by Digest, and never as Basic."""

    def target(self, uri: WebSocketURI) -> tuple[str, int]:
        """Return the host and port to dial for ``uri``, or to ask the proxy for."""
        return self.connect_to or (uri.host, uri.port)

    def tls_name(self, uri: WebSocketURI) -> str:
        """Return the name for SNI and for the check of the certificate."""
        own = uri.host.partition("%")[0].rstrip(".")  # certificates know no zone and no root
        return self.server_hostname or own

    def proxy_to(self, uri: WebSocketURI) -> Proxy | None:
        """Return the proxy for ``uri``; None for a direct connection, as with a socket.

        Raises:
            TypeError, ValueError, ImportError: As `proxy_for`.
        """
        if self.unix is not None or self.sock is not None:
            return None
        host, port = self.target(uri)
        proxy = proxy_for(self.proxy, secure=uri.secure, host=host, port=port)
        return dataclasses.replace(proxy, digest_only=True) if proxy is not None and self.digest else proxy

    def with_proxy_authorization(self, value: str) -> Route:
        """Return the same route with an answer to the challenge of the proxy."""
        fields = [("Proxy-Authorization", value), *self.proxy_headers.fields]
        return dataclasses.replace(self, proxy_headers=Headers(fields))

    @property
    def binding(self) -> str | None:
        """The argument that is for the server of the first URL alone, for an error; None without one."""
        if self.unix is not None or self.connect_to is not None:
            return f"to which {'connect_to' if self.unix is None else 'unix'} leads"
        return "which server_hostname names" if self.server_hostname is not None else None
