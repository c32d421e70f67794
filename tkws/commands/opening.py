"""tcllib's ``open``: a client's connection."""

from __future__ import annotations

import dataclasses
import os
import socket
import ssl as tls
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Unpack

from tkws.asynchandlers import check_not_async
from tkws.checks import check_flag, check_seconds
from tkws.client.freshurl import STAND_IN, FreshURLOpening
from tkws.client.opening import MAX_REDIRECTS, Opening, OpenSettings
from tkws.client.retry import Backoff
from tkws.client.route import Route
from tkws.client.widgetowner import WidgetOwner
from tkws.commands.arguments import (
    check_opening,
    checked_user_agent,
    connect_headers,
    local_endpoint,
    master_of,
    retry_state,
    reusable,
    server_address,
    tls_name,
)
from tkws.connection.websocket import WebSocket, session_of
from tkws.handlers import EventHandler
from tkws.http.answers import USER_AGENT
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
    proxy_headers: HeadersLike = (),
    ssl: tls.SSLContext | None = None,
    server_hostname: str | None = None,
    unix: str | os.PathLike[str] | None = None,
    sock: socket.socket | None = None,
    connect_to: tuple[str, int] | None = None,
    local_addr: tuple[str, int] | None = None,
    origin: str | None = None,
    user_agent: str | None = USER_AGENT,
    digest: bool = False,
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
        proxy_headers: Additional headers for a proxy that speaks HTTP, which the server does not see; a
            Proxy-Authorization among them is sent in place of the user and password of ``proxy``.
        ssl: The TLS context of a ``wss:`` URL; None for one that verifies the server
            against the system's authorities.
        server_hostname: The name that TLS asks the server for (SNI), and that its certificate must be for;
            None for the host of the URL.
        unix: The path of a Unix socket to connect to instead of the URL's host.
        sock: A connected socket to use instead; it belongs to the connection from then on.
        connect_to: The host and port to connect to instead of those of the URL, which the server still
            sees in the request: for a name that is not in the DNS yet, or one of several servers of a name.
            A proxy is asked for this host.
        local_addr: The numeric address of this machine, and the port or 0 for any, to connect from.
        origin: The Origin header, for servers that require one.
        user_agent: The User-Agent header, for the server and a proxy; None for none. One in ``headers``
            takes precedence.
        digest: Whether the user and password in ``url`` and ``proxy`` are sent over HTTP only in answer to a
            challenge by Digest (RFC 7616). By default they are sent at once as Basic, which shows the
            password to all who can read the request; a challenge by Digest is answered then as well.
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
    settings = OpenSettings(
        uri=STAND_IN if callable(url) else parse_uri(url),
        timeout=check_seconds("timeout", timeout, above_zero=True),
        protocols=reusable(protocols),
        headers=headers if callable(headers) else Headers(headers),
        origin=origin,
        user_agent=checked_user_agent(user_agent),
        route=Route(
            ssl_context=ssl,
            server_hostname=tls_name(server_hostname),
            unix=unix,
            sock=sock,
            connect_to=server_address(connect_to),
            local_addr=local_endpoint(local_addr),
            proxy=proxy,
            proxy_ssl_context=proxy_ssl,
            proxy_headers=connect_headers(proxy_headers, user_agent),
            digest=check_flag("digest", digest),
        ),
        cookies=cookies,
        max_redirects=max_redirects,
    )
    connection_options = changed(ConnectionOptions(handler=handler), options, function=open)
    return _begin(url, settings, connection_options, reconnect=reconnect, owner=owner, master=master)


def _begin(
    url: str | Callable[[], str],
    settings: OpenSettings,
    options: ConnectionOptions,
    *,
    reconnect: bool | Backoff | None,
    owner: Master,
    master: Master,
) -> WebSocket:
    """Check the settings, and begin to open a connection."""
    check_not_async("url", url, "str, or a plain function () that returns one")
    settings = dataclasses.replace(settings, deflate=options.deflate)
    check_opening(settings)
    retry = retry_state(reconnect, settings.route.sock)
    loop = loop_for(master_of(owner, master))
    widget = WidgetOwner(owner) if owner is not None else None
    if settings.route.sock is not None:
        try:
            settings = settings.with_socket(detach(settings.route.sock))
        except BaseException:
            if widget is not None:
                widget.release()
            raise
    ws = WebSocket(loop, Role.CLIENT, options, "" if callable(url) else str(settings.uri))
    opener = partial(FreshURLOpening, url) if callable(url) else Opening
    if widget is not None:
        widget.own(session_of(ws))
    session_of(ws).start(partial(opener, loop, settings), retry)
    return ws
