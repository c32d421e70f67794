"""tcllib's commands for existing connections: thin functions over `WebSocket`."""

from __future__ import annotations

import socket
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any, Unpack

from tkws.checks import Buffer, check_bytes_like, check_kind, check_whole, format_number
from tkws.commands.arguments import as_bytes, as_text, parse_message_type
from tkws.connection.attempt import Opened
from tkws.connection.session import all_websockets
from tkws.connection.websocket import WebSocket, session_of
from tkws.handlers import EventHandler
from tkws.http.authority import parse_address
from tkws.http.hostnames import pattern_to_ascii
from tkws.keywords import ClientKeywords, ConnectionKeywords
from tkws.loop import Master, loop_for
from tkws.net import SocketStream, detach
from tkws.options import ConnectionOptions, ServerOptions, changed, complete
from tkws.protocol.closing import DEFAULT_REASONS, encode_close
from tkws.protocol.frames import Role
from tkws.protocol.state import State
from tkws.protocol.uri import parse_uri

_INFO = (
    "peername", "sockname", "name", "closed", "client", "server", "type", "handler", "state",
    "protocol", "url", "latency", "statistics", "request", "response", "close_code", "close_reason",
    "buffered_amount",
)  # fmt: skip


def takeover(
    sock: socket.socket,
    handler: EventHandler,
    server: bool = False,
    info: Any = None,
    *,
    initial: Buffer = b"",
    master: Master = None,
    **options: Unpack[ClientKeywords],
) -> WebSocket:
    """Turn a socket whose opening handshake has already finished into a WebSocket (tcllib's ``takeover``).

    Args:
        sock: A connected stream socket. It is detached: it belongs to the connection from now on.
        handler: Called as ``handler(ws, type, message)`` for every event.
        server: Whether this side is the server.
        info: The message of the ``connect`` event.
        initial: Bytes that were read after the handshake, in any object with a contiguous buffer.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        **options: The options of the connection; see `tkws.open`. If ``server`` is true, their defaults are
            those of a server's connections.

    Returns:
        The connection, OPEN.

    Raises:
        TypeError: An argument is of a wrong type, or an option is unknown.
        ValueError: The socket is closed or not a connected stream socket, or an option is out of range.
        StateError: The caller is not in Tk's thread.
    """
    check_kind("server", server, bool, "True or False")
    role = Role.SERVER if server else Role.CLIENT
    base = ServerOptions().for_connection(handler) if server else ConnectionOptions(handler=handler)
    received = check_bytes_like("initial", initial)
    settings = changed(base, options, function=takeover)
    loop = loop_for(master)
    stream = SocketStream(loop, detach(sock))
    ws = WebSocket(loop, role, settings)
    session_of(ws).begin(Opened(stream, info, data=received))
    return ws


def send(ws: WebSocket, type: str | int, message: str | Buffer = "", final: bool = True) -> int:
    """Send a message, a fragment or a control frame (tcllib's ``send``).

    Args:
        ws: The connection.
        type: ``"text"``, ``"binary"``, ``"ping"``, ``"pong"`` or ``"close"``, in any case and
            abbreviated (``"p"`` is a ping, as in tcllib), or an opcode.
        message: A ``str`` is encoded as UTF-8. For ``close`` it is the reason, sent with the code 1000.
        final: Whether a text or binary message ends here.

    Returns:
        The number of bytes queued, including the header; -1 if the connection is not open.

    Raises:
        TypeError: An argument is of a wrong type, or ``type`` is not a known word.
        ValueError: A control frame's payload is longer than 125 bytes, or a text is not UTF-8.
        StateError: A fragment is of another type than the message that it would continue.
    """
    _check_websocket(ws)
    kind = parse_message_type(type)
    content = as_text(message) if kind in ("text", "close") else as_bytes(message)
    if ws.state is not State.OPEN:
        return -1
    if kind in ("text", "binary"):
        return ws.send(content, final=final)
    if kind == "close":
        before = ws.statistics.bytes_sent
        ws.close(reason=as_text(content))
        return ws.statistics.bytes_sent - before
    return (ws.ping if kind == "ping" else ws.pong)(content)


def close(ws: WebSocket, code: int | None = 1000, reason: str = "") -> None:
    """Begin the closing handshake (tcllib's ``close``); see `WebSocket.close`.

    As in tcllib, an empty reason is replaced by the code's default text, if it has one.
    """
    _check_websocket(ws)
    encode_close(code, reason)
    ws.close(code, reason or DEFAULT_REASONS.get(code or 0, ""))


def configure(ws: WebSocket, option: str | None = None, **options: Unpack[ConnectionKeywords]) -> Any:
    """Query or change options (tcllib's ``configure``); see `WebSocket.configure`."""
    _check_websocket(ws)
    if options:
        return ws.configure(**options)
    return ws.configure() if option is None else ws.configure(option)


def conninfo(ws: WebSocket, what: str) -> Any:
    """Return one piece of information about a connection (tcllib's ``conninfo``).

    Args:
        ws: The connection.
        what: ``peername``, ``sockname`` or ``name``, ``closed``, ``client``, ``server``,
            ``type`` (``"client"`` or ``"server"``), ``handler``, ``state`` (``"CONNECTING"``,
            ``"CONNECTED"``, ``"CLOSING"`` or ``"CLOSED"``), ``protocol``, ``url``,
            ``latency``, ``statistics``, ``request``, ``response``, ``close_code``,
            ``close_reason`` or ``buffered_amount``; in any case, abbreviated if unambiguous.

    Returns:
        Its value; for ``client``, ``server`` and ``closed`` a bool.

    Raises:
        TypeError: ``what`` is anything else.
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
    """Return the matching connections that are not closed, the oldest first (tcllib's ``find``).

    A client is found by the host and port of its URL in every state: connecting, open, closing, and
    waiting to connect again. It is also found by its remote address, once that is known.

    Args:
        host: A glob for the remote host, as the URL names it, or for its address. Names are compared
            without regard to case or a dot at the end, international names in their ASCII form, and an IPv6
            address may have brackets.
        port: A glob for the remote port, or its number; for a client, the port of its URL.

    Raises:
        TypeError: An argument is of a wrong type.
    """
    check_kind("host", host, str, "str")
    if not isinstance(port, str):
        port = format_number(check_whole("port", port, "str or int"))
    wanted = _host_pattern(host)
    return [ws for ws in list(all_websockets) if _matches(ws, host, wanted, port)]


def _check_websocket(ws: WebSocket) -> None:
    check_kind("ws", ws, WebSocket, "a WebSocket")


def _host_pattern(host: str) -> str:
    """Return a pattern of hosts in the form of `_host_name`."""
    if host.startswith("[") and host.endswith("]") and ":" in host:
        host = host[1:-1]
    with suppress(ValueError):  # no host has such a name
        host = pattern_to_ascii(host)
    return _host_name(host)


def _host_name(host: str) -> str:
    address = parse_address(host)
    return str(address or host).lower().removesuffix(".")


def _matches(ws: WebSocket, path: str, host: str, port: str) -> bool:
    """Tell whether the remote end is ``host`` and ``port``, or a Unix socket at ``path``: patterns."""
    address = ws.peername if isinstance(ws.peername, tuple) else ("", "")
    names, remote_port = [str(address[0])], address[1]
    if ws.role is Role.CLIENT and ws.url:
        uri = parse_uri(ws.url)  # known from the start, and independent of proxies
        names, remote_port = [uri.host, *filter(None, names)], uri.port
    is_host = any(fnmatchcase(_host_name(name), host) for name in names)
    if isinstance(ws.peername, str) and ws.peername:
        is_host = is_host or fnmatchcase(ws.peername, path)
    return is_host and fnmatchcase(str(remote_port), port)
