"""tcllib's ``server``, ``live``, ``test`` and ``upgrade``; and `serve`, a complete HTTP server."""

from __future__ import annotations

import socket
import ssl as tls
from collections.abc import Iterable, Mapping
from typing import Unpack
from weakref import WeakKeyDictionary

from tkws.checks import Buffer, check_bytes_like, check_kind
from tkws.commands.arguments import request_target
from tkws.commands.listening import LOOPBACK, Host, Path, Sockets, check_address, choose_listener
from tkws.connection.logs import LOGGERS
from tkws.connection.websocket import WebSocket
from tkws.errors import HandshakeError, StateError
from tkws.handlers import EventHandler
from tkws.http.headers import Headers, HeadersLike
from tkws.http.messages import Request
from tkws.keywords import ServerKeywords
from tkws.loop import Master, loop_for
from tkws.loop.logs import Log
from tkws.net import check_ssl_context
from tkws.options import ServerOptions, changed
from tkws.protocol.frames import Role
from tkws.serving.httpserver import HTTPServer
from tkws.serving.server import Agreement, Server

_agreements: WeakKeyDictionary[socket.socket, Agreement] = WeakKeyDictionary()


def server(
    listening_socket: socket.socket, *, master: Master = None, **options: Unpack[ServerKeywords]
) -> Server:
    """Return a server whose connections the program accepts itself (tcllib's ``server``).

    Args:
        listening_socket: The program's own socket. Calling this again for the same socket returns a
            new server, without ``live`` entries.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        **options: See `serve`.

    Raises:
        TypeError: ``listening_socket`` is not a socket, or an option is unknown or of a wrong type.
        ValueError: The socket is closed, or an option is out of range.
    """
    check_kind("listening_socket", listening_socket, socket.socket, "a socket")
    if listening_socket.fileno() < 0:
        raise ValueError("listening_socket: it is closed")
    settings = changed(ServerOptions(), options, function=server)
    return Server(loop_for(master), settings, listening_socket.getsockname())


def serve(
    host: Host = LOOPBACK,
    port: int = 0,
    *,
    master: Master = None,
    ssl: tls.SSLContext | None = None,
    unix: Path | None = None,
    sock: Sockets | None = None,
    reuse_port: bool = False,
    **options: Unpack[ServerKeywords],
) -> HTTPServer:
    """Return a server that listens, accepts connections and speaks HTTP itself.

    Args:
        host: The address to listen on: a numeric one, ``"localhost"``, ``""`` for every address, or
            several of these. Any address but a loopback one can be reached from outside.
        port: The port; 0 for any free one, see `HTTPServer.port`.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        ssl: A server's TLS context, for ``wss:`` and ``https:``; None for plain TCP.
        unix: The path of a Unix socket to listen on instead; its file is removed when the server closes.
        sock: A listening socket, or several, to accept on instead, such as one that systemd has made; it
            belongs to the server from then on.
        reuse_port: Whether other processes may listen on the port too, if they also set this; the system
            distributes the connections. Not on Windows.
        **options: The options of the server: ``origins``, ``hosts``, ``handshake_timeout``,
            ``max_header_bytes``, ``max_connections``, ``slow_peer``, ``max_connections_per_address``,
            ``trusted_proxies``; the ``handler`` for paths that no `Server.live` entry matches; and those of
            its connections, as of `tkws.open`. See `ServerOptions`.

    Raises:
        OSError: The server cannot listen on the address.
        TypeError: An argument is of a wrong type, or an option is unknown.
        ValueError: An argument is out of range, or does not go together with another.
    """
    address = check_address(host, port)
    listen = choose_listener(address, unix, sock, reuse_port)
    check_ssl_context("ssl", ssl, server_side=True)
    settings = changed(ServerOptions(), options, function=serve)
    first = address[0] if isinstance(address[0], str) else address[0][0]
    name = None if unix is not None or sock is not None else first
    return HTTPServer(loop_for(master), listen, name, ssl, settings)


def live(server: Server, path: str, handler: EventHandler, protocol: str = "*") -> None:
    """Serve WebSockets at the matching paths (tcllib's ``live``); see `Server.live`.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: ``path`` cannot match any path.
    """
    check_kind("server", server, Server, "a Server")
    server.live(path, protocol=protocol)(handler)


def test(
    server: Server,
    sock: socket.socket,
    path: str,
    headers: HeadersLike,
    query: Mapping[str, str] | Iterable[tuple[str, str]] = (),
) -> bool:
    """Check a WebSocket request without answering it (tcllib's ``test``).

    If it passes, the program calls `upgrade` when it is ready, after checks of its own. May be called from
    any thread.

    Args:
        server: The server to check against.
        sock: The client's socket.
        path: The path of the request, percent-encoded as received.
        headers: Its headers: a mapping or pairs.
        query: Additional names and values for the handler's ``connect``, in addition to those in ``path``.

    Returns:
        Whether `upgrade` may follow; False if the server refuses the request, or the client has disconnected.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: ``sock`` is closed.
    """
    check_kind("server", server, Server, "a Server")
    check_kind("sock", sock, socket.socket, "a socket")
    if sock.fileno() < 0:
        raise ValueError("sock: it is closed")
    target = request_target(path, query)
    _agreements.pop(sock, None)
    try:
        request = Request("GET", target, Headers(headers), sock.getpeername())
        _agreements[sock] = server.check_request(request, sock.getsockname())
    except (HandshakeError, ValueError, OSError) as error:  # invalid headers; a peer that has gone
        Log(server.loop, LOGGERS[Role.SERVER]).info(
            "refused a request for %r: %s", path.partition("?")[0], error
        )
        return False
    return True


def upgrade(sock: socket.socket, *, initial: Buffer = b"") -> WebSocket:
    """Answer 101 on a socket that passed `test` and turn it into a WebSocket (tcllib's ``upgrade``).

    May be called from any thread: the socket is detached here, and served in Tk's thread.

    Args:
        sock: The client's socket.
        initial: Bytes that were read after the request, in any object with a contiguous buffer.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: ``sock`` has been closed since.
        StateError: ``sock`` did not pass `test`, or its server was closed or its interpreter destroyed.
    """
    check_kind("sock", sock, socket.socket, "a socket")
    received = check_bytes_like("initial", initial)
    agreement = _agreements.pop(sock, None)
    if agreement is None:
        raise StateError("sock: it did not pass test()")
    return agreement.server.adopt(agreement, sock, received)
