"""tcllib's commands: each a few words over `WebSocket` and `Server`.

Names, arguments and results are tcllib's where Python's are not better; what differs is in
the docs (``docs/tcllib.md``) with its reason. Words may be shortened as in tcllib.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from tkws.arguments import (
    attempts_of,
    bytes_of,
    check_context,
    check_kind,
    check_opening,
    detach,
    kind_of,
    lasting,
    target_of,
    text_of,
)
from tkws.client import Opening, Plan
from tkws.errors import HandshakeError, StateError
from tkws.hop import Route
from tkws.loop import Master, loop_for
from tkws.net import SocketStream
from tkws.options import ConnectionOptions, Handler, ServerOptions, changed, complete
from tkws.protocol.closing import DEFAULT_REASONS
from tkws.protocol.engine import Buffer, State
from tkws.protocol.frames import Role
from tkws.protocol.handshake import sec_websocket_accept, validate
from tkws.protocol.headers import Headers, HeadersLike
from tkws.protocol.http import Request
from tkws.protocol.uri import parse_uri
from tkws.server import Admission, Server
from tkws.websocket import WebSocket, live as _alive

if TYPE_CHECKING:
    import ssl as tls
    from http.cookiejar import CookieJar

    from tkws.reception import HTTPServer
    from tkws.reconnect import Backoff

__all__ = [
    "close", "configure", "conninfo", "find", "live", "loglevel", "open", "sec_websocket_accept", "send",
    "serve", "server", "takeover", "test", "upgrade", "validate",
]  # fmt: skip

_log = logging.getLogger("tkws")
_LEVELS = {"debug": 10, "info": 20, "notice": 25, "warn": 30, "error": 40}
_INFO = (
    "peername", "sockname", "name", "closed", "client", "server", "type", "handler", "state",
    "protocol", "url", "latency", "statistics", "request", "response", "close_code", "close_reason",
    "buffered_amount",
)  # fmt: skip

_admissions: WeakKeyDictionary[socket.socket, Admission] = WeakKeyDictionary()


def open(
    url: str,
    handler: Handler,
    *,
    master: Master = None,
    protocols: Sequence[str] = (),
    headers: HeadersLike | Callable[[], HeadersLike] = (),
    timeout: float = 30.0,
    proxy: str | bool | None = True,
    proxy_ssl: tls.SSLContext | None = None,
    ssl: tls.SSLContext | None = None,
    unix: str | os.PathLike[str] | None = None,
    sock: socket.socket | None = None,
    origin: str | None = None,
    cookies: CookieJar | None = None,
    reconnect: bool | Backoff | None = None,
    **options: Any,
) -> WebSocket:
    """Open a connection (tcllib's ``open``, RFC 6455, 4.1).

    Redirects are followed, up to ten; to another origin credentials and cookies do not go
    along, and from ``wss`` there is no way to ``ws``.

    Args:
        url: ``ws://`` or ``wss://``, with a host, and a port, path and query where needed.
        handler: Called as ``handler(ws, type, message)`` for every event.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        protocols: The subprotocols offered, the most wanted first.
        headers: More headers for the request: a mapping, pairs, or a callable that returns
            either and is asked at each attempt, such as for a fresh token.
        timeout: Seconds for the whole opening: name, dialling, proxy, TLS, redirects and handshake.
        proxy: The URL of a proxy to go through, such as ``http://user:password@host:3128``, or with
            ``https://``, ``socks4://``, ``socks4a://``, ``socks5://`` or ``socks5h://``; True for
            what the environment says (``wss_proxy``, ``https_proxy``, ``no_proxy`` ...); None for none.
        proxy_ssl: The TLS context of an ``https://`` proxy; None for one that verifies the proxy
            against the system's authorities.
        ssl: The TLS context of a ``wss:`` URL; None for one that verifies the server
            against the system's authorities.
        unix: The path of a Unix socket to connect to instead of the URL's host.
        sock: A connected socket to use instead; it belongs to the connection then.
        origin: The Origin header, for servers that ask a program for one.
        cookies: A jar whose cookies are sent, and which keeps those that the server sets.
        reconnect: True, or a `Backoff`, to connect again when the connection is lost or cannot
            be made; each attempt is announced by a ``retry`` event.
        **options: See `ConnectionOptions`.

    Returns:
        The connection, CONNECTING; whatever comes of it is an event.

    Raises:
        URLError: For a URL that names no WebSocket server.
        TypeError: For an argument of a wrong type, or an unknown option.
        ValueError: For an argument that is out of range, or an environment that names no proxy
            where it should.
        ImportError: For a SOCKS proxy without the extra ``tkws[socks]``.
        OSError: No descriptor is left for the interpreter's loop, which is made at its first use.
    """
    settings = changed(ConnectionOptions(handler=handler), options)
    uri = parse_uri(url)
    check_opening(
        uri,
        timeout=timeout,
        ssl=ssl,
        proxy_ssl=proxy_ssl,
        proxy=proxy,
        unix=unix,
        sock=sock,
        cookies=cookies,
    )
    route = Route(context=ssl, unix=unix, sock=sock, proxy=proxy, proxy_context=proxy_ssl)
    attempts = attempts_of(reconnect, sock)
    plan = Plan(
        uri=uri,
        timeout=timeout,
        protocols=lasting(protocols),
        headers=headers if callable(headers) else Headers(headers),
        origin=origin,
        deflate=settings.deflate,
        route=route,
        cookies=cookies,
    )
    now = dataclasses.replace(plan, headers=()) if callable(headers) else plan
    with contextlib.suppress(OSError):  # no descriptor is left to import with: the opening tells it
        route.proxy_to(uri)  # for what else these raise
        now.handshake(uri)
    loop = loop_for(master)
    if sock is not None:
        plan = dataclasses.replace(plan, route=dataclasses.replace(route, sock=detach(sock)))
    ws = WebSocket(loop, Role.CLIENT, settings, str(uri))
    ws.connect(lambda: Opening(ws, plan).cancel, attempts)
    return ws


def takeover(
    sock: socket.socket,
    handler: Handler,
    server: bool = False,
    info: Any = None,
    *,
    initial: bytes = b"",
    master: Master = None,
    **options: Any,
) -> WebSocket:
    """Make a socket whose opening handshake is over a WebSocket (tcllib's ``takeover``).

    Args:
        sock: A connected stream socket. It is detached: it belongs to the connection from now on.
        handler: Called as ``handler(ws, type, message)`` for every event.
        server: Whether this side is the server.
        info: The message of the ``connect`` event.
        initial: Bytes that were read behind the handshake.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        **options: See `ConnectionOptions`.

    Returns:
        The connection, OPEN.

    Raises:
        TypeError: For a socket or a handler that is none, or an unknown option.
        ValueError: For a socket that is closed or of another type, or an option out of range.
    """
    check_kind("server", server, bool, "True or False")
    role = Role.SERVER if server else Role.CLIENT
    base = ServerOptions().for_connection(handler) if server else ConnectionOptions(handler=handler)
    if not isinstance(initial, bytes):
        raise TypeError(f"initial: bytes, not {type(initial).__name__}")
    settings = changed(base, options)
    loop = loop_for(master)
    stream = SocketStream(loop, detach(sock))
    ws = WebSocket(loop, role, settings)
    ws.begin(stream, info, data=initial)
    return ws


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
    return Server(loop_for(master), changed(ServerOptions(), options), listening_socket.getsockname())


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
    check_context("ssl", ssl, Role.SERVER)
    from tkws.reception import HTTPServer

    return HTTPServer(loop_for(master), host, port, ssl, changed(ServerOptions(), options))


def live(server: Server, path: str, handler: Handler, protocol: str = "*") -> None:
    """Serve WebSockets at the paths that match (tcllib's ``live``); see `Server.live`.

    Raises:
        TypeError: For an argument of a wrong type.
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


def upgrade(sock: socket.socket, *, initial: bytes = b"") -> WebSocket:
    """Answer 101 on a socket that passed `test` and make it a WebSocket (tcllib's ``upgrade``).

    May be called from any thread: the socket is detached here, and served on the thread of Tk.

    Args:
        sock: The client's socket.
        initial: Bytes that were read behind the request.

    Raises:
        TypeError: For a socket that is none, or bytes that are none.
        ValueError: For a socket that was closed since.
        StateError: For a socket that did not pass `test`, or whose server or interpreter has gone since.
    """
    check_kind("sock", sock, socket.socket, "a socket")
    check_kind("initial", initial, bytes, "bytes")
    admission = _admissions.pop(sock, None)
    if admission is None:
        raise StateError("sock: it did not pass test()")
    return admission.server.adopt(admission, sock, initial)


def send(ws: WebSocket, type: str | int, message: str | Buffer = "", final: bool = True) -> int:
    """Send a message, a fragment or a control frame (tcllib's ``send``).

    Args:
        ws: The connection.
        type: ``"text"``, ``"binary"``, ``"ping"``, ``"pong"`` or ``"close"``, in any case and
            shortened (``"p"`` is a ping, as in tcllib), or an opcode.
        message: ``str`` is encoded as UTF-8. For ``close`` it is the reason, sent with 1000.
        final: Whether a text or binary message ends here.

    Returns:
        The bytes queued, header included; -1 where the connection is not open.

    Raises:
        TypeError: For a type or a message that is none.
        ValueError: For a control frame's payload above 125 bytes, and a text that is not UTF-8.
        StateError: For a fragment of another type than the message that it would continue.
    """
    _check_websocket(ws)
    kind = kind_of(type)
    content = text_of(message) if kind in ("text", "close") else bytes_of(message)
    if ws.state is not State.OPEN:
        return -1
    if kind in ("text", "binary"):
        return ws.send(content, final=final)
    if kind == "close":
        before = ws.statistics.bytes_sent
        ws.close(reason=text_of(content))
        return ws.statistics.bytes_sent - before
    return (ws.ping if kind == "ping" else ws.pong)(bytes(bytes_of(content)))


def close(ws: WebSocket, code: int | None = 1000, reason: str = "") -> None:
    """Begin the closing handshake (tcllib's ``close``); see `WebSocket.close`.

    As in tcllib an empty reason becomes a text for the code, where there is one.
    """
    _check_websocket(ws)
    ws.close(code, reason or DEFAULT_REASONS.get(code or 0, ""))


def configure(ws: WebSocket, option: str | None = None, **options: Any) -> Any:
    """Query or change options (tcllib's ``configure``); see `WebSocket.configure`."""
    _check_websocket(ws)
    return ws.configure(*([] if option is None else [option]), **options)


def conninfo(ws: WebSocket, what: str) -> Any:
    """Return one piece of information about a connection (tcllib's ``conninfo``).

    Args:
        ws: The connection.
        what: ``peername``, ``sockname`` or ``name``, ``closed``, ``client``, ``server``,
            ``type`` (``"client"`` or ``"server"``), ``handler``, ``state`` (``"CONNECTING"``,
            ``"CONNECTED"``, ``"CLOSING"`` or ``"CLOSED"``), ``protocol``, ``url``,
            ``latency``, ``statistics``, ``request``, ``response``, ``close_code``,
            ``close_reason`` or ``buffered_amount``; in any case, shortened while it is clear.

    Raises:
        TypeError: For anything else.
    """
    _check_websocket(ws)
    name = "closed" if str(what).lower() == "close" else complete(what, _INFO, "what")  # as in tcllib
    if name == "closed":
        return ws.state is State.CLOSED
    if name in ("client", "server"):
        return ws.role.name.lower() == name
    if name == "type":
        return ws.role.name.lower()
    if name == "handler":
        return ws["handler"]
    if name == "state":
        return "CONNECTED" if ws.state is State.OPEN else ws.state.name
    return getattr(ws, "sockname" if name == "name" else name)


def find(host: str = "*", port: str | int = "*") -> list[WebSocket]:
    """Return the connections that are not closed and match (tcllib's ``find``), the oldest first.

    Args:
        host: A glob for the remote end's name, as the URL gave it, or its address.
        port: A glob for the remote end's port, or its number.

    Raises:
        TypeError: For an argument of a wrong type.
    """
    check_kind("host", host, str, "str")
    if isinstance(port, bool) or not isinstance(port, str | int):
        raise TypeError(f"port: str or int, not {type(port).__name__}")
    return [ws for ws in list(_alive) if _matches(ws, host, str(port))]


def loglevel(level: str | None = None) -> str:
    """Set, or only return, how much is logged to the logger ``tkws`` (tcllib's ``loglevel``).

    Args:
        level: ``"debug"``, ``"info"``, ``"notice"``, ``"warn"`` or ``"error"`` (the default
            level), in any case and shortened.

    Returns:
        The level's name.

    Raises:
        TypeError: For a word that is none of these.
    """
    if level is not None:
        _log.setLevel(_LEVELS[complete(level, _LEVELS, "level")])
    return max((name for name in _LEVELS if _LEVELS[name] <= max(_log.level, 10)), key=_LEVELS.__getitem__)


def _check_websocket(ws: WebSocket) -> None:
    check_kind("ws", ws, WebSocket, "a WebSocket")


def _matches(ws: WebSocket, host: str, port: str) -> bool:
    peer = ws.peername if isinstance(ws.peername, tuple) else (ws.peername or "", "")
    names = [str(peer[0])]
    if ws.role is Role.CLIENT and ws.url:
        uri = parse_uri(ws.url)
        names.append(uri.host)
        peer = peer if ws.peername else ("", uri.port)
    return any(fnmatchcase(name, host) for name in names) and fnmatchcase(str(peer[1]), port)
