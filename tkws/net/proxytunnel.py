"""A stream through a proxy: the owner of a stream to the proxy until that leads to the server.

Speaks TLS with the proxy and resolves the server's name if it has to; the handshake with the proxy is
in `tkws.net.proxy`. Bounds the time of a refusal's body; for the rest the caller has a timer, and
`ProxyTunnel.cancel` or `ProxyTunnel.use_partial_answer`.

Invariant: exactly one of the two callbacks comes, once, from the loop, and none after a cancel; after a
failure the stream is closed.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

from tkws.errors import OpenError
from tkws.http.authority import format_authority
from tkws.http.headers import Headers
from tkws.loop import Timeout
from tkws.net.endpoints import Endpoint, numeric_endpoint
from tkws.net.proxy import CONNECT_HEADERS, ProxyHandshake, start_proxy_handshake
from tkws.net.proxyurl import Proxy
from tkws.net.resolve import LookUp, Resolution, ask_system
from tkws.net.stream import Stream, StreamOwner
from tkws.net.tls import TLSStream

BODY_TIMEOUT = 1.0
"""Seconds that the body of a refusal may take after its head: the refusal counts with or without it."""


class ProxyTunnel(StreamOwner):
    """One attempt to get through a proxy to a server; it begins at once.

    Args:
        stream: An open stream to the proxy, with nothing received yet. It is taken over.
        proxy: The proxy, with the credentials to use.
        host: The server's name in ASCII, or its address.
        port: The server's port.
        headers: The fields of a CONNECT besides Host; a Proxy-Authorization among them replaces the
            credentials. SOCKS has none.
        ssl_context: For TLS with the proxy itself, if that is `Proxy.secure`.
        explain: Puts the exception by which the connection to the proxy was lost into words.
        on_open: Called with the stream that leads to the server, which then belongs to the caller (it
            is not ``stream`` if TLS is spoken with the proxy), and with bytes that came already.
        on_failed: Called instead with an `OpenError`: of phase ``proxy``, with status, headers and
            body if the proxy answered by HTTP; of phase ``resolve`` if the server's name
            has to be resolved here and cannot be.
        look_up: The resolver for that.

    Raises:
        ValueError: The proxy is secure and ``ssl_context`` is None.
        ImportError: The proxy speaks SOCKS and ``socksio`` is not installed.
    """

    def __init__(
        self,
        stream: Stream,
        proxy: Proxy,
        host: str,
        port: int,
        *,
        headers: Headers = CONNECT_HEADERS,
        ssl_context: ssl.SSLContext | None = None,
        explain: Callable[[Exception], str] = str,
        on_open: Callable[[Stream, bytes], object],
        on_failed: Callable[[OpenError], object],
        look_up: LookUp = ask_system,
    ) -> None:
        self._stream = stream
        self._proxy = proxy
        self._host = host
        self._port = port
        self._headers = headers
        self._explain = explain
        self._on_open = on_open
        self._on_failed = on_failed
        self._look_up = look_up
        self._resolution: Resolution | None = None
        self._handshake: ProxyHandshake | None = None
        self._body_timer: Timeout | None = None
        self._over = False
        if not proxy.secure:
            stream.set_owner(self)
            self._begin()
        elif ssl_context is None:
            raise ValueError(f"ssl_context: needed for TLS with {proxy}")
        else:
            name = proxy.host.partition("%")[0].rstrip(".")  # certificates know no zone and no root
            self._stream = TLSStream(
                stream, ssl_context, self, server_hostname=name, on_established=self._begin
            )

    def __repr__(self) -> str:
        state = "over" if self._over else "asking"
        return (
            f"<{type(self).__name__} {state}: {self._proxy} for {format_authority(self._host, self._port)}>"
        )

    def cancel(self) -> None:
        """Give up and close the stream; neither callback is called after this. Idempotent."""
        if not self._over:
            self._over = True
            self._stream.abort()
            if self._resolution is not None:
                self._resolution.cancel()
            if self._body_timer is not None:
                self._body_timer.cancel()

    def use_partial_answer(self) -> bool:
        """Fail with the proxy's answer so far; return False if that is too little."""
        error = self._handshake.receive_eof() if self._handshake is not None and not self._over else None
        if error is not None:
            self._fail(error)
        return error is not None

    def _begin(self) -> None:
        is_address = numeric_endpoint(self._host, self._port) is not None
        if self._proxy.is_socks and (is_address or not self._proxy.resolves_names):
            self._stream.pause_reading()  # a proxy answers, it does not speak first
            self._resolution = Resolution(
                self._stream.loop,
                self._host,
                self._port,
                self._resolved,
                self._fail,
                look_up=self._look_up,
            )
        else:
            self._ask(self._host)

    def _resolved(self, endpoints: list[Endpoint]) -> None:
        if self._proxy.scheme.startswith("socks4"):
            endpoints = [endpoint for endpoint in endpoints if endpoint.family == socket.AF_INET]
        if endpoints:
            self._stream.resume_reading()
            self._ask(endpoints[0].address[0])
        else:
            message = f"The proxy {self._proxy} cannot connect to {self._host}: SOCKS4 does not support IPv6"
            self._fail(OpenError(message, phase="proxy"))

    def _ask(self, host: str) -> None:
        self._handshake = start_proxy_handshake(
            self._proxy, host, self._port, self._stream.write, self._headers
        )

    # ---- what the stream tells

    def data_received(self, data: bytes) -> None:
        """Take a part of the proxy's answer, and perhaps the first bytes of the server."""
        assert self._handshake is not None
        try:
            rest = self._handshake.receive_data(data)
        except OpenError as error:
            self._fail(error)
            return
        if rest is not None:
            self._over = True
            self._on_open(self._stream, rest)
        elif self._handshake.head_received and self._body_timer is None:
            self._body_timer = self._stream.loop.call_on_timeout(BODY_TIMEOUT, self.use_partial_answer)

    def eof_received(self) -> None:
        """Fail with the proxy's answer so far."""
        if not self.use_partial_answer():
            self._fail(self._lost(None))

    def connection_lost(self, cause: Exception | None) -> None:
        """Fail: the connection was lost before the tunnel was open; an answer received before counts."""
        if not self._over and not self.use_partial_answer():
            self._fail(self._lost(cause))

    # ---- the end

    def _lost(self, cause: Exception | None) -> OpenError:
        reason = f": {self._explain(cause)}" if cause is not None else ""
        error = OpenError(f"The connection to the proxy {self._proxy} was closed{reason}", phase="proxy")
        error.__cause__ = cause
        return error

    def _fail(self, error: OpenError) -> None:
        self.cancel()
        self._on_failed(error)
