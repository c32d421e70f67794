"""Opening a connection: find the address, dial, speak TLS, shake hands, all within one timeout.

Knows the order of these steps; how each is done is `tkws.net`'s and `tkws.protocol`'s business.
Whatever comes of it goes to the `WebSocket`, once.
"""

from __future__ import annotations

import os
import socket
import ssl as tls
from collections.abc import Iterable
from typing import Any

from tkws.errors import HandshakeError, OpenError, OpenTimeout
from tkws.loop import Loop
from tkws.net import (
    Dial,
    Endpoint,
    Lookup,
    SocketStream,
    Stream,
    TLSStream,
    load_default_context,
    unix_endpoint,
)
from tkws.protocol.deflate import Deflate
from tkws.protocol.handshake import Accepted, ClientHandshake
from tkws.protocol.headers import HeadersLike
from tkws.protocol.uri import WebSocketURI
from tkws.version import __version__
from tkws.websocket import WebSocket

_USER_AGENT = f"tkws/{__version__}"

_DOING = {
    "resolve": "finding its address",
    "connect": "connecting",
    "tls": "agreeing on TLS",
    "handshake": "waiting for the answer to the opening handshake",
}


def make_handshake(
    uri: WebSocketURI,
    *,
    protocols: Iterable[str],
    headers: HeadersLike,
    origin: str | None,
    deflate: Deflate | None,
) -> ClientHandshake:
    """Return the handshake of one opening; the arguments are those of `tkws.open`."""
    return ClientHandshake(
        uri,
        nonce=os.urandom(16),
        protocols=protocols,
        headers=headers,
        origin=origin,
        deflate=deflate,
        user_agent=_USER_AGENT,
    )


class Opening:
    """The opening of one `WebSocket`, which begins with the loop's next turn.

    Args:
        ws: Who is told of the end: `WebSocket.begin` or `WebSocket.fail`.
        uri: Where to.
        handshake: What to say there.
        timeout: Seconds for all of it.
        context: The TLS context; None for the default one.
        unix: The path of a Unix socket to dial instead of the URI's host.
        sock: A connected socket to use instead of dialling.
    """

    def __init__(
        self,
        ws: WebSocket,
        uri: WebSocketURI,
        handshake: ClientHandshake,
        *,
        timeout: float,
        context: tls.SSLContext | None = None,
        unix: str | os.PathLike[str] | None = None,
        sock: socket.socket | None = None,
    ) -> None:
        self._ws = ws
        self._loop: Loop = ws.loop
        self._uri = uri
        self._handshake = handshake
        self._timeout = timeout
        self._context = context
        self._unix = unix
        self._sock = sock
        self._phase = "connect"
        self._step: Any = None  # a Lookup, a Dial or a Job: whatever can be cancelled
        self._stream: Stream | None = None
        self._timer = self._loop.call_later(timeout, self._on_timeout)
        ws.request = handshake.request
        ws.opening(self.cancel)
        self._loop.call_soon(self._start)
        self._over = False

    def cancel(self) -> None:
        """Give up, and tell nobody; harmless when it is over."""
        if self._over:
            return
        self._over = True
        self._timer.cancel()
        if self._step is not None:
            self._step.cancel()
        if self._stream is not None:
            self._stream.abort()
        elif self._sock is not None:
            self._sock.close()

    # The steps

    def _start(self) -> None:
        if self._over:
            return
        if self._uri.secure and self._context is None:
            self._phase = "tls"
            self._step = load_default_context(self._loop, self._loaded, self._fail_with)
        else:
            self._find()

    def _loaded(self, context: tls.SSLContext) -> None:
        self._context = context
        self._find()

    def _find(self) -> None:
        if self._sock is not None:
            sock, self._sock = self._sock, None
            self._connected(sock)
        elif self._unix is not None:
            self._dial([unix_endpoint(self._unix)])
        else:
            self._phase = "resolve"
            self._step = Lookup(self._loop, self._uri.host, self._uri.port, self._dial, self._fail)

    def _dial(self, endpoints: list[Endpoint]) -> None:
        self._phase = "connect"
        self._step = Dial(self._loop, endpoints, self._connected, self._fail)

    def _connected(self, sock: socket.socket) -> None:
        self._step = None
        self._stream = stream = SocketStream(self._loop, sock, self)
        if self._uri.secure:
            assert self._context is not None
            self._phase = "tls"
            name = self._uri.host.partition("%")[0].rstrip(".")  # certificates know no zone and no root
            self._stream = TLSStream(
                stream, self._context, self, server_hostname=name, on_established=self._shake_hands
            )
        else:
            self._shake_hands()

    def _shake_hands(self) -> None:
        assert self._stream is not None
        self._phase = "handshake"
        self._stream.write(self._handshake.data)

    # What the stream tells

    def data_received(self, data: bytes) -> None:
        """Take a part of the server's answer."""
        self._judge(self._handshake.receive_data(data))

    def get_buffer(self) -> None:
        """Return None: the answer is small."""

    def buffer_updated(self, count: int) -> None:
        """Never called: `get_buffer` gives no buffer."""
        raise NotImplementedError

    def eof_received(self) -> None:
        """Take the answer as far as it came."""
        self._judge(self._handshake.receive_eof())

    def connection_lost(self, cause: Exception | None) -> None:
        """Fail: the connection is gone before it was open."""
        if not self._over:
            self._fail_with(cause or ConnectionResetError("the connection was closed"))

    def pause_writing(self) -> None:
        """Nothing to do: the request is small."""

    def resume_writing(self) -> None:
        """Nothing to do: the request is small."""

    # The end

    def _judge(self, result: Accepted | HandshakeError | None) -> None:
        if self._over or result is None:
            return
        self._ws.response = result.response if isinstance(result, Accepted) else None
        if isinstance(result, HandshakeError):
            self._fail(result)
            return
        assert self._stream is not None
        self._over = True
        self._timer.cancel()
        self._ws.protocol = result.protocol
        self._ws.begin(self._stream, result.protocol, codec=result.codec, data=result.trailing_data)

    def _on_timeout(self) -> None:
        message = f"Timeout when connecting to {self._uri}: {self._timeout:g} seconds passed while"
        self._fail(OpenTimeout(f"{message} {_DOING[self._phase]}", phase=self._phase))

    def _fail_with(self, cause: Exception) -> None:
        error = OpenError(f"Cannot connect to {self._uri}: {cause}", phase=self._phase)
        error.__cause__ = cause
        self._fail(error)

    def _fail(self, error: OpenError) -> None:
        self.cancel()
        self._ws.fail(error)
