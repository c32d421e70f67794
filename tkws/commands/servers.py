"""tcllib's ``server``, ``live``, ``test`` and ``upgrade``, and `serve`, which does it all by itself."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from tkws.checks import Buffer, check_bytes_like, check_kind
from tkws.commands.arguments import target_of
from tkws.connection.websocket import WebSocket
from tkws.errors import HandshakeError, StateError
from tkws.handlers import EventHandler
from tkws.http.headers import Headers, HeadersLike
from tkws.http.messages import Request
from tkws.loop import Master, loop_for
from tkws.net import check_context
from tkws.options import ServerOptions, changed
from tkws.serving.server import Admission, Server

if TYPE_CHECKING:
    import ssl as tls

    from tkws.serving.httpserver import HTTPServer

_log = logging.getLogger("tkws")

_admissions: WeakKeyDictionary[socket.socket, Admission] = WeakKeyDictionary()


def server(listening_socket: socket.socket, *, master: Master = None, **options: Any) -> Server:
    """Return a server whose connections the program accepts itself (tcllib's ``server``).

    Args:
        listening_socket: The program's own, which `test` is told of. Calling this again for the
            same socket begins anew, without ``live`` entries.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        **options: See `ServerOptions`.

    Raises:
        TypeError: For a socket that is none, or an unknown option.
        ValueError: For a socket that is closed, or an option that is out of range.
    """
    check_kind("listening_socket", listening_socket, socket.socket, "a socket")
    if listening_socket.fileno() < 0:
        raise ValueError("listening_socket: it is closed")
    settings = changed(ServerOptions(), options, function=server)
    return Server(loop_for(master), settings, listening_socket.getsockname())


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    master: Master = None,
    ssl: tls.SSLContext | None = None,
    **options: Any,
) -> HTTPServer:
    """Return a server that listens, accepts and speaks HTTP by itself.

    Args:
        host: The address to listen on. Anything but a loopback address is reachable from outside.
        port: The port; 0 for any free one, which `HTTPServer.port` tells.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        ssl: A server's TLS context, for ``wss:`` and ``https:``; None for plain TCP.
        **options: See `ServerOptions`; a ``handler`` serves the paths that no `Server.live` does.

    Raises:
        OSError: Where the address cannot be listened on.
        TypeError: For an argument of a wrong type, or an unknown option.
        ValueError: For an argument that is out of range.
    """
    check_kind("host", host, str, "str")
    check_context("ssl", ssl, server_side=True)
    from tkws.serving.httpserver import HTTPServer

    settings = changed(ServerOptions(), options, function=serve)
    return HTTPServer(loop_for(master), host, port, ssl, settings)


def live(server: Server, path: str, handler: EventHandler, protocol: str = "*") -> None:
    """Serve WebSockets at the paths that match (tcllib's ``live``); see `Server.live`.

    Raises:
        TypeError: For an argument of a wrong type.
        ValueError: For a path that can match none.
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
    """Judge a request for a WebSocket; send nothing (tcllib's ``test``).

    A request that passes waits for `upgrade`, which the program calls when it wants to;
    in between it can do checks of its own. May be called from any thread.

    Args:
        server: Who is asked.
        sock: The client's socket.
        path: The path of the request, percent-encoded as it came.
        headers: Its headers: a mapping or pairs.
        query: More names and values for the handler's ``connect``, beside those in ``path``.

    Returns:
        Whether `upgrade` may follow; not for a client that has gone again.

    Raises:
        TypeError: For an argument of a wrong type.
        ValueError: For a socket that is closed.
    """
    check_kind("server", server, Server, "a Server")
    check_kind("sock", sock, socket.socket, "a socket")
    if sock.fileno() < 0:
        raise ValueError("sock: it is closed")
    target = target_of(path, query)
    _admissions.pop(sock, None)
    try:
        request = Request("GET", target, Headers(headers), sock.getpeername())
        _admissions[sock] = server.admit(request, sock.getsockname())
    except (HandshakeError, ValueError, OSError) as error:  # headers that cannot be; a peer that has gone
        _log.info("refused %r: %s", path.partition("?")[0], error)
        return False
    return True


def upgrade(sock: socket.socket, *, initial: Buffer = b"") -> WebSocket:
    """Answer 101 on a socket that passed `test` and make it a WebSocket (tcllib's ``upgrade``).

    May be called from any thread: the socket is detached here, and served on the thread of Tk.

    Args:
        sock: The client's socket.
        initial: Bytes that were read behind the request, as bytes or whatever has a contiguous buffer.

    Raises:
        TypeError: For a socket that is none, or bytes that are none.
        ValueError: For a socket that was closed since.
        StateError: For a socket that did not pass `test`, or whose server or interpreter has gone since.
    """
    check_kind("sock", sock, socket.socket, "a socket")
    received = check_bytes_like("initial", initial)
    admission = _admissions.pop(sock, None)
    if admission is None:
        raise StateError("sock: it did not pass test()")
    return admission.server.adopt(admission, sock, received)
