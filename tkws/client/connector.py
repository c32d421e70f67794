"""One attempt at one server: resolve, dial, proxy, TLS, opening handshake.

Knows the order of these steps; `tkws.net` and `tkws.protocol` carry them out. Any HTTP answer counts as a
result once its head is complete, and the caller decides what it means. Limits the time for the body of such
an answer; the caller limits the time for everything.
"""

from __future__ import annotations

import socket
import ssl as tls
from collections.abc import Callable
from functools import partial
from typing import Any

from tkws.client.route import Route
from tkws.connection.logs import ShownFields, tls_summary
from tkws.connection.timings import Timings
from tkws.errors import HandshakeError, OpenError, URLError, printable
from tkws.loop import Loop, Timeout
from tkws.loop.logs import Log
from tkws.net import (
    Endpoint,
    HappyEyeballs,
    Resolution,
    SocketStream,
    Stream,
    StreamOwner,
    TLSStream,
    load_default_ssl_context,
    unix_endpoint,
)
from tkws.net.proxytunnel import ProxyTunnel
from tkws.net.proxyurl import Proxy
from tkws.net.tlserrors import PROXY, explain_tls, speaks_tls
from tkws.protocol.clienthandshake import Accepted, ClientHandshake
from tkws.protocol.uri import WebSocketURI

BODY_TIMEOUT = 1.0
"""Seconds that the body of an answer may take after its head: the answer counts with or without it."""


class Connector(StreamOwner):
    """One attempt to reach one server; it begins with the loop's next turn.

    Args:
        loop: The loop that it runs in.
        uri: The server.
        route: The route to it.
        handshake: The handshake with it.
        log: The log of the connection.
        on_answer: Called with the answer and the stream, which then belongs to the caller.
        on_failed: Called with the error instead.

    Attributes:
        phase: The present step, as in `OpenError.phase`.
    """

    def __init__(
        self,
        loop: Loop,
        uri: WebSocketURI,
        route: Route,
        handshake: ClientHandshake,
        *,
        log: Log,
        on_answer: Callable[[Accepted | HandshakeError, Stream], object],
        on_failed: Callable[[OpenError], object],
    ) -> None:
        self.phase: str = "connect"
        self._loop = loop
        self._log = log
        self._uri = uri
        self._route = route
        self._target = route.target(uri)
        self._name = route.tls_name(uri)
        self._ssl_context = route.ssl_context
        self._proxy: Proxy | None = None
        self._proxy_ssl_context = route.proxy_ssl_context
        self._handshake = handshake
        self._on_answer = on_answer
        self._on_failed = on_failed
        self._step: Any = (
            None  # a Resolution, a HappyEyeballs, a ProxyTunnel or a Job: whatever can be cancelled
        )
        self._tunnel: ProxyTunnel | None = None
        self._body_timer: Timeout | None = None
        self._stream: Stream | None = None
        self._received_any = False
        self._over = False
        self._since = loop.now()  # when the present step began
        self._seconds: dict[str, float] = {}  # that the steps took, by the names of `Timings`
        loop.call_soon(self._start)

    def cancel(self) -> None:
        """Give up without a callback. Idempotent."""
        if self._over:
            return
        self._end()
        if self._step is not None:
            self._step.cancel()
        if self._stream is not None:
            self._stream.abort()
        elif self._route.sock is not None:
            self._route.sock.close()

    def use_partial_answer(self) -> bool:
        """Use the incomplete answer as the result; return False if too little has arrived."""
        if self._over:
            return False
        if self._tunnel is not None:
            return self._tunnel.use_partial_answer()
        if self._handshake.answered:
            self._check_answer(self._handshake.receive_eof())
        return self._over

    @property
    def proxy(self) -> Proxy | None:
        """The proxy that was chosen; None for a direct connection, and before there is a choice."""
        return self._proxy

    @property
    def timings(self) -> Timings:
        """The seconds that the steps until now took."""
        return Timings(**self._seconds)

    # The steps

    def _mark(self, step: str) -> None:
        """Note that a step is done; the next one begins."""
        now = self._loop.now()
        self._seconds[step], self._since = now - self._since, now

    def _start(self) -> None:
        if self._over:
            return
        self.phase = "proxy"
        try:
            self._proxy = self._route.proxy_to(self._uri)
        except (ValueError, ImportError, OSError) as cause:  # of the environment, or no descriptor is left
            self._fail_with(cause)
            return
        through_tls = self._proxy is not None and self._proxy.secure
        if (self._uri.secure and self._ssl_context is None) or (
            through_tls and self._proxy_ssl_context is None
        ):
            self.phase = "tls"
            self._step = load_default_ssl_context(self._loop, self._loaded, self._fail_with)
        else:
            self._resolve()

    def _loaded(self, ssl_context: tls.SSLContext) -> None:
        self._ssl_context = self._ssl_context or ssl_context
        self._proxy_ssl_context = self._proxy_ssl_context or ssl_context
        self._resolve()

    def _resolve(self) -> None:
        self._since = self._loop.now()
        if self._route.sock is not None:
            self._connected(self._route.sock)
        elif self._route.unix is not None:
            self._dial([unix_endpoint(self._route.unix)])
        else:
            self.phase = "resolve" if self._proxy is None else "proxy"
            self._step = Resolution(self._loop, *self._dialled(), self._resolved, self._on_unreachable)

    def _dialled(self) -> tuple[str, int]:
        """Return the host and port that the connection is made to: the proxy's, if there is one."""
        return (self._proxy.host, self._proxy.port) if self._proxy is not None else self._target

    def _resolved(self, endpoints: list[Endpoint]) -> None:
        self._mark("name")
        self._log.info("resolved %s to %s", self._dialled()[0], ", ".join(map(str, endpoints)))
        self._dial(endpoints)

    def _dial(self, endpoints: list[Endpoint]) -> None:
        if self._proxy is None:
            self.phase = "connect"
        self._step = HappyEyeballs(
            self._loop, endpoints, self._connected, self._on_unreachable, local=self._route.local_addr
        )

    def _connected(self, sock: socket.socket) -> None:
        if self._route.sock is None:
            self._mark("connect")
        self._stream = SocketStream(self._loop, sock, self)
        self._log.info("connected to %r from %r", self._stream.peername, self._stream.sockname)
        if self._proxy is None:
            self._server_reached(self._stream)
            return
        try:
            self._step = self._tunnel = ProxyTunnel(
                self._stream,
                self._proxy,
                *self._target,
                headers=self._route.proxy_headers,
                ssl_context=self._proxy_ssl_context,
                explain=partial(explain_tls, peer=PROXY, ssl_context=self._proxy_ssl_context),
                on_open=self._server_reached,
                on_failed=self._fail,
            )
        except (ValueError, OSError) as cause:  # a context that can begin no connection, or a name
            self._fail_with(cause)

    def _server_reached(self, stream: Stream, received: bytes = b"") -> None:
        """Continue with the server at the other end of ``stream``, which has sent ``received`` already."""
        if self._proxy is not None:
            self._mark("proxy")
            self._log.info("the proxy %s leads to %s:%d", self._proxy, *self._target)
        self._step = self._tunnel = None
        self._stream = stream
        if self._uri.secure:
            self._start_tls(stream, received)
            return
        stream.set_owner(self)
        self._shake_hands()
        if received:
            self.data_received(received)

    def _start_tls(self, stream: Stream, received: bytes) -> None:
        assert self._ssl_context is not None
        self.phase = "tls"
        try:
            self._stream = over_tls = TLSStream(
                stream,
                self._ssl_context,
                self,
                server_hostname=self._name,
                on_established=self._tls_established,
            )
        except (ValueError, OSError) as cause:  # a context that can begin no connection, or a name
            self._fail_with(cause)
            return
        if received:
            over_tls.data_received(received)

    def _tls_established(self) -> None:
        """Continue after the handshake of TLS."""
        assert self._ssl_context is not None and self._stream is not None
        self._mark("tls")
        self._log.info("TLS is established: %s", tls_summary(self._stream))
        if not self._ssl_context.verify_mode:
            self._log.warning("the certificate of %s is not verified, so anyone may answer", self._name)
        self._shake_hands()

    def _shake_hands(self) -> None:
        assert self._stream is not None
        self.phase = "handshake"
        request = self._handshake.request
        self._log.info("sending the request: %s %s", request.method, printable(request.path))
        self._log.debug("fields of the request: %s", ShownFields(request.headers))
        self._stream.write(self._handshake.data)

    # What the stream tells

    def data_received(self, data: bytes) -> None:
        """Take a part of the server's answer."""
        first, self._received_any = not self._received_any, True
        if first and speaks_tls(data):
            self._fail_with(URLError("The server speaks TLS on this port: use wss:"))
            return
        self._check_answer(self._handshake.receive_data(data))
        if self._handshake.head_received and not self._over and self._body_timer is None:
            self._body_timer = self._loop.call_on_timeout(BODY_TIMEOUT, self.use_partial_answer)

    def eof_received(self) -> None:
        """Use the incomplete answer."""
        self._check_answer(self._handshake.receive_eof())

    def connection_lost(self, cause: Exception | None) -> None:
        """Use the incomplete answer, or fail: the connection was lost before it was open."""
        if not self.use_partial_answer():
            self._fail_with(cause or ConnectionResetError("the connection was closed"))

    # The end

    def _check_answer(self, result: Accepted | HandshakeError | None) -> None:
        if result is not None and not self._over:
            assert self._stream is not None
            self._mark("handshake")
            self._end()
            self._on_answer(result, self._stream)

    def _end(self) -> None:
        self._over = True
        if self._body_timer is not None:
            self._body_timer.cancel()

    def _on_unreachable(self, error: OpenError) -> None:
        if self._proxy is None:
            self._fail(error)
            return
        named = OpenError(f"Cannot reach the proxy {self._proxy}: {error}", phase="proxy")
        named.__cause__ = error
        self._fail(named)

    def _fail_with(self, cause: Exception) -> None:
        why = explain_tls(cause, ssl_context=self._ssl_context)
        error = OpenError(f"Cannot connect to {self._uri.redacted}: {why}", phase=self.phase)
        error.__cause__ = cause
        self._fail(error)

    def _fail(self, error: OpenError) -> None:
        if not self._over:
            self.cancel()
            self._on_failed(error)
