"""tcllib's ``open``: a client's connection."""

from __future__ import annotations

import os
import socket
import ssl as tls
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Unpack

from tkws.checks import check_seconds
from tkws.client.connector import Route
from tkws.client.freshurl import STAND_IN, FreshURLOpening
from tkws.client.opening import MAX_REDIRECTS, Opening, OpenSettings
from tkws.client.retry import Backoff
from tkws.client.widgetowner import WidgetOwner
from tkws.commands.arguments import check_opening, master_of, retry_state, reusable
from tkws.connection.websocket import WebSocket, session_of
from tkws.handlers import EventHandler
from tkws.http.headers import Headers, HeadersLike
from tkws.keywords import ClientKeywords
from tkws.loop import Master, loop_for
from tkws.net import detach
from tkws.options import ConnectionOptions, changed
from tkws.protocol.frames import Role
from tkws.protocol.uri import parse_uri

if TYPE_CHECKING:
    from http.cookiejar import CookieJar


def open(
    url: str | Callable[[], str],
    handler: EventHandler,
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
    max_redirects: int = MAX_REDIRECTS,
    owner: Master = None,
    **options: Unpack[ClientKeywords],
) -> WebSocket:
    """Open a connection (tcllib's ``open``, RFC 6455, 4.1).

    Redirects are followed, but not from ``wss`` to ``ws``; credentials and cookies are not sent to
    another origin.

    Args:
        url: ``ws://`` or ``wss://``, a host, and optionally a port, path and query; or a callable that
            returns it and is called for each attempt, for example to get a fresh ticket.
        handler: Called as ``handler(ws, type, message)`` for every event.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        protocols: The subprotocols to offer, the preferred one first.
        headers: Additional headers for the request: a mapping, pairs, or a callable that returns
            either and is called for each attempt, for example to get a fresh token.
        timeout: Seconds for the whole opening: name lookup, connecting, proxy, TLS, redirects, handshake.
        proxy: The URL of a proxy, such as ``http://user:password@host:3128``; also ``https://``,
            ``socks4://``, ``socks4a://``, ``socks5://`` or ``socks5h://``. True to use the environment
            (``wss_proxy``, ``https_proxy``, ``no_proxy`` ...); None for a direct connection.
        proxy_ssl: The TLS context of an ``https://`` proxy; None for one that verifies the proxy
            against the system's authorities.
        ssl: The TLS context of a ``wss:`` URL; None for one that verifies the server
            against the system's authorities.
        unix: The path of a Unix socket to connect to instead of the URL's host.
        sock: A connected socket to use instead; it belongs to the connection from then on.
        origin: The Origin header, for servers that require one.
        cookies: A jar whose cookies are sent, and which stores those that the server sets.
        reconnect: True, or a `Backoff`, to connect again after the connection was lost or could not
            be made; each attempt is announced by a ``retry`` event.
        max_redirects: How many redirects are followed. One more is an ``error`` event.
        owner: A widget that the connection ends with, without an event, such as a ``Toplevel`` whose labels
            show its messages; None for the end of the interpreter only.
        **options: The options of the connection: ``keepalive``, ``ping``, ``pong_timeout``,
            ``close_timeout``, ``max_message``, ``max_fragments``, ``stream``, ``fragment_size``,
            ``max_messages_per_second``, ``max_bytes_per_second``, ``over_rate``, ``idle_timeout``,
            ``max_lifetime``, ``compression``, ``high_water``, ``low_water``, ``max_buffered``,
            ``offline_buffer``, ``echo_close_reason``, ``reentrant``, ``codec``, ``codec_errors``; see
            `ConnectionOptions`.

    Returns:
        The connection, CONNECTING; the result is reported by events.

    Raises:
        URLError: ``url`` is not the URL of a WebSocket server. One that a callable returns is an ``error``
            event.
        TypeError: An argument is of a wrong type, or an option is unknown.
        ValueError: An argument is out of range.
        ImportError: ``proxy`` is a SOCKS proxy, and the extra ``tkws[socks]`` is not installed.
        OSError: The process has no descriptor left for the interpreter's loop, created at its first use.
    """
    connection_options = changed(ConnectionOptions(handler=handler), options, function=open)
    settings = OpenSettings(
        uri=STAND_IN if callable(url) else parse_uri(url),
        timeout=check_seconds("timeout", timeout, above_zero=True),
        protocols=reusable(protocols),
        headers=headers if callable(headers) else Headers(headers),
        origin=origin,
        deflate=connection_options.deflate,
        route=Route(ssl_context=ssl, unix=unix, sock=sock, proxy=proxy, proxy_ssl_context=proxy_ssl),
        cookies=cookies,
        max_redirects=max_redirects,
    )
    check_opening(settings)
    retry = retry_state(reconnect, sock)
    loop = loop_for(master_of(owner, master))
    widget = WidgetOwner(owner) if owner is not None else None
    if sock is not None:
        try:
            settings = settings.with_socket(detach(sock))
        except BaseException:
            if widget is not None:
                widget.release()
            raise
    ws = WebSocket(loop, Role.CLIENT, connection_options, "" if callable(url) else str(settings.uri))
    opener = partial(FreshURLOpening, url) if callable(url) else Opening
    if widget is not None:
        widget.own(session_of(ws))
    session_of(ws).start(partial(opener, loop, settings), retry)
    return ws
