"""The listening HTTP server, and its connections before (or without) the upgrade to a WebSocket.

Knows how to accept and to answer; `Server` decides which requests are admitted and which pages
there are.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections import Counter
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tkws.checks import check_kind
from tkws.errors import HandshakeError
from tkws.http.messages import Request, Response
from tkws.http.server import ServerConnection
from tkws.loop import Loop, Timeout
from tkws.net import Listener, SocketStream, Stream, check_context
from tkws.net.filesource import FileSource
from tkws.net.stream import HIGH_WATER, LOW_WATER
from tkws.options import ServerOptions
from tkws.protocol.closing import CloseCode, encode_close
from tkws.protocol.handshake import rejection
from tkws.serving.access import check_host, is_loopback
from tkws.serving.content import plain
from tkws.serving.directory import FileResponse
from tkws.serving.server import Server

if TYPE_CHECKING:
    import ssl as tls

EXTRA_HTTP_CONNECTIONS = 64  # above the limit of connections, to see a page or be told of the limit
EXTRA_HTTP_CONNECTIONS_PER_ADDRESS = (
    8  # the same for an address; a browser opens six at a time for the parts of a page
)
MIN_READ_RATE = 1024  # bytes a second that a client has to take of its page

_log = logging.getLogger("tkws")


class HTTPServer(Server):
    """Made by `tkws.serve`: listens until `close`, or until its interpreter goes.

    Args:
        loop: The loop that serves it.
        host: The address to listen on.
        port: The port; 0 for any free one.
        context: The TLS context; None for plain TCP.
        options: See `ServerOptions`; a handler among them serves the paths that no `live` entry does.
    """

    def __init__(
        self, loop: Loop, host: str, port: int, context: tls.SSLContext | None, options: ServerOptions
    ) -> None:
        if context is not None:
            import tkws.net.tls  # noqa: F401
        listener = Listener.tcp(loop, host, port, self._accept)
        super().__init__(loop, options, listener.addresses[0], secure=context is not None)
        self._host = host
        self._context = context
        self._listener = listener
        self._http_connections: dict[HTTPConnection, object] = {}  # with their addresses
        self._http_connections_by_address: Counter[object] = Counter()  # by address
        loop.on_close(self._abandon)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url} {'closed' if self.closed else 'listening'}>"

    @property
    def addresses(self) -> list[Any]:
        """The socket addresses that are, or were, listened on."""
        return self._listener.addresses

    @property
    def port(self) -> int:
        """The port that is, or was, listened on."""
        port = self._listener.port
        assert port is not None
        return port

    @property
    def url(self) -> str:
        """The URL of the server for a client on this machine, such as ``ws://127.0.0.1:8765/``.

        Its pages are at the same address with ``http`` for ``ws``.
        """
        host = self._host
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            host = host or "localhost"
        else:
            if address.is_unspecified:
                host = "127.0.0.1" if address.version == 4 else "::1"
        scheme = "wss" if self.secure else "ws"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}/"

    @property
    def ssl(self) -> tls.SSLContext | None:
        """The TLS context of connections to come; None for plain TCP.

        Setting another one renews a certificate without a restart; so does loading the new one
        into the same context.

        Raises:
            TypeError: For anything but a context.
            ValueError: For a client's context, and where the server listens for plain TCP.
        """
        return self._context

    @ssl.setter
    def ssl(self, context: tls.SSLContext) -> None:
        from ssl import SSLContext

        check_kind("ssl", context, SSLContext, "an ssl.SSLContext")
        check_context("ssl", context, server_side=True)
        self.loop.check_process()
        if self._context is None:
            raise ValueError("ssl: this server listens for plain TCP")
        self._context = context

    def close(self, code: int | None = CloseCode.GOING_AWAY, reason: str = "") -> None:
        """Stop listening and begin to close every connection; see `Server.close`."""
        encode_close(code, reason)
        self.loop.check_thread()
        if not self.closed:
            self.loop.cancel_on_close(self._abandon)
            self._stop()
        super().close(code, reason)

    def leave(self, connection: HTTPConnection) -> None:
        """Note that a connection became a WebSocket, or is over."""
        if connection not in self._http_connections:
            return
        host = self._http_connections.pop(connection)
        self._http_connections_by_address[host] -= 1
        if not self._http_connections_by_address[host]:
            del self._http_connections_by_address[host]

    def _accept(self, sock: socket.socket, address: Any) -> None:
        host = address[0]
        if self._has_room(host):
            self._http_connections[HTTPConnection(self, sock, self._context)] = host
            self._http_connections_by_address[host] += 1
        else:
            sock.close()

    def _has_room(self, host: object) -> bool:
        options = self.options
        if len(self._http_connections) >= options.max_connections + EXTRA_HTTP_CONNECTIONS:
            return False
        most = options.max_connections_per_address
        return (
            most is None
            or self._http_connections_by_address[host] < most + EXTRA_HTTP_CONNECTIONS_PER_ADDRESS
        )

    def _stop(self) -> None:
        self._listener.close()
        for connection in list(self._http_connections):
            connection.abort()

    def _abandon(self) -> None:
        """Stop, since the interpreter is being destroyed; the connections end by themselves."""
        self.closed = True
        self._stop()


class HTTPConnection:
    """An accepted connection, as the owner of its stream: TLS, requests, pages, refusals.

    Requests that come together are answered one after the other, as the client reads the answers.

    Args:
        server: Decides what is admitted and shown.
        sock: The accepted socket.
        context: The TLS context; None for plain TCP.
    """

    def __init__(self, server: HTTPServer, sock: socket.socket, context: tls.SSLContext | None) -> None:
        self._server = server
        self._stream: Stream = SocketStream(server.loop, sock, self)
        if context is not None:
            from tkws.net.tls import TLSStream

            self._stream = TLSStream(self._stream, context, self, server_side=True)
        self._http = ServerConnection(self._stream.peername, server.options.max_header_bytes)
        self._stream.set_write_limits(0, 0)  # an answer has left before the next request is looked at
        self._content: FileSource | None = None  # of the last answer
        self._timer: Timeout
        self._unsent = 0  # bytes when the timer was set
        self._serving = False
        self._full = False
        self._at_eof = False
        self._done = False  # no more requests are answered
        self._wait()

    def abort(self) -> None:
        """Drop the connection."""
        self._leave()
        self._stream.abort()

    # What the stream tells

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        if not self._done:
            self._serve(self._http.receive_data(data))

    def get_buffer(self) -> None:
        """Return None: requests are small."""

    def buffer_updated(self, count: int) -> None:
        """Never called: `get_buffer` gives no buffer."""
        raise NotImplementedError

    def eof_received(self) -> None:
        """Note that the client sends no more."""
        self._at_eof = True
        self._serve(None if self._done else self._http.receive_eof())

    def connection_lost(self, cause: Exception | None) -> None:
        """Note the end: the client has gone, or the file being sent could not be read."""
        self._leave()
        if cause is not None:  # last, since a logging handler is the program's own and may do anything
            _log.info("lost %r: %s", self._stream.peername, cause)

    def pause_writing(self) -> None:
        """Answer no more requests before the client has read what it asked for."""
        self._full = True
        self._stream.pause_reading()

    def resume_writing(self) -> None:
        """Continue answering."""
        self._full = False
        self._stream.resume_reading()
        self._serve(self._next_request())

    # How it works

    def _serve(self, result: Request | HandshakeError | None) -> None:
        """Answer a request and those after it, unless a page that does so is running Tk's loop."""
        if self._serving:
            return
        self._serving = True
        try:
            while result is not None:
                self._answer(result)
                result = self._next_request()
        finally:
            self._serving = False
        if self._at_eof and not self._full:
            self._stream.close()

    def _next_request(self) -> Request | HandshakeError | None:
        return None if self._done or self._full else self._http.next_request()

    def _answer(self, result: Request | HandshakeError) -> None:
        if isinstance(result, HandshakeError):
            self._refuse(result)
        elif self._asks_for_websocket(result):
            self._upgrade(result)
        else:
            self._respond(self._page(result))

    def _asks_for_websocket(self, request: Request) -> bool:
        wanted = "websocket" in request.headers.get("Upgrade", "").lower()
        return wanted and self._server.is_live(unquote(request.path))

    def _upgrade(self, request: Request) -> None:
        try:
            admission = self._server.admit(request, self._stream.sockname)
        except HandshakeError as error:
            self._refuse(error)
            return
        self._leave()
        self._stream.set_write_limits(HIGH_WATER, LOW_WATER)  # or a 101 that waits would count as slow
        self._server.open(admission, self._stream, self._http.trailing_data)

    def _page(self, request: Request) -> Response | FileResponse:
        server = self._server
        try:
            loopback = is_loopback(self._stream.sockname)
            check_host(request.host, server.options.hosts, loopback=loopback)
        except HandshakeError as error:
            return rejection(error)
        try:
            page = server.pages.answer(request)
        except Exception:
            server.loop.report_exception()
            return _failed()
        except BaseException:  # SystemExit leaves mainloop, which may be called again
            self._respond(_failed(), close=True)
            raise
        if isinstance(page, Response) and page.status == 404 and server.is_live(unquote(request.path)):
            return plain(426, "This address speaks WebSocket", upgrade="websocket", connection="Upgrade")
        return page

    def _refuse(self, error: HandshakeError) -> None:
        self._respond(rejection(error), close=True)
        # Last, since a logging handler is the program's own and may do anything.
        _log.info("refused %r: %s", self._stream.peername, error)

    def _respond(self, answer: Response | FileResponse, *, close: bool = False) -> None:
        content = answer.content if isinstance(answer, FileResponse) else None
        if self._done:  # the client, or the server, went while the page was made
            if content is not None:
                content.close()
            return
        data = self._encode(answer, close)
        self._content = content
        self._stream.writelines([data] if content is None else [data, content])
        if self._http.must_close:
            # Half-closed and read to its end: closing with unread bytes would take the answer back.
            self._done = True
            self._stream.end()
        self._timer.cancel()
        self._wait()

    def _encode(self, answer: Response | FileResponse, close: bool) -> bytes:
        """Return an answer in bytes, without the content of a file."""
        response, size = (
            (answer.response, answer.size) if isinstance(answer, FileResponse) else (answer, None)
        )
        date = [] if "Date" in response.headers else [("Date", formatdate(usegmt=True))]
        try:
            return self._http.respond(response, close=close, body_size=size, more=date)
        except ValueError:  # a page's own Response, which cannot travel
            self._server.loop.report_exception()
            return self._http.respond(_failed(), close=close, more=date)

    def _wait(self) -> None:
        self._unsent = self._stream.buffered_amount
        timeout = self._server.options.handshake_timeout
        self._timer = self._server.loop.call_on_timeout(timeout, self._on_timeout)

    def _on_timeout(self) -> None:
        least = int(MIN_READ_RATE * self._server.options.handshake_timeout)
        if self._unsent and self._stream.buffered_amount <= max(self._unsent - least, 0):
            self._wait()  # a slow client still reads its page
        else:
            self.abort()

    def _leave(self) -> None:
        self._done = True
        if self._content is not None:
            self._content.close()
        self._timer.cancel()
        self._server.leave(self)


def _failed() -> Response:
    return plain(500, "This page failed")
