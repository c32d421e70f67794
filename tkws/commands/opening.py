"""tcllib's ``open``: a client's connection."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tkws.checks import check_seconds
from tkws.client.connector import Route
from tkws.client.opening import MAX_REDIRECTS, Opening, Plan
from tkws.commands.arguments import attempts_of, check_opening, lasting
from tkws.connection.websocket import WebSocket, session_of
from tkws.handlers import EventHandler
from tkws.http.headers import Headers, HeadersLike
from tkws.loop import Master, loop_for
from tkws.net import detach
from tkws.options import ConnectionOptions, changed
from tkws.protocol.frames import Role
from tkws.protocol.uri import parse_uri

if TYPE_CHECKING:
    import ssl as tls
    from http.cookiejar import CookieJar

    from tkws.client.retry import Backoff


def open(
    url: str,
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
    **options: Any,
) -> WebSocket:
    """Open a connection (tcllib's ``open``, RFC 6455, 4.1).

    Redirects are followed; to another origin credentials and cookies do not go
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
        max_redirects: How many redirects are followed. The answer with one more is an ``error`` event.
        **options: See `ConnectionOptions`.

    Returns:
        The connection, CONNECTING; whatever comes of it is an event.

    Raises:
        URLError: For a URL that names no WebSocket server.
        TypeError: For an argument of a wrong type, or an unknown option.
        ValueError: For an argument that is out of range.
        ImportError: For a ``proxy`` that speaks SOCKS without the extra ``tkws[socks]``.
        OSError: No descriptor is left for the interpreter's loop, which is made at its first use.
    """
    timeout = check_seconds("timeout", timeout, above_zero=True)
    settings = changed(ConnectionOptions(handler=handler), options, function=open)
    uri = parse_uri(url)
    check_opening(
        uri,
        ssl=ssl,
        proxy_ssl=proxy_ssl,
        proxy=proxy,
        unix=unix,
        sock=sock,
        cookies=cookies,
        max_redirects=max_redirects,
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
        max_redirects=max_redirects,
    )
    # The program's own code is not called before there is a connection that it could close.
    checked = dataclasses.replace(plan, cookies=None, headers=() if callable(headers) else plan.headers)
    with contextlib.suppress(OSError):  # no descriptor is left to import with: the opening tells it
        if proxy is not True:  # what is wrong in the environment is an event, as at each later attempt
            route.proxy_to(uri)  # for what else these raise
        checked.handshake(uri)
    loop = loop_for(master)
    if sock is not None:
        plan = dataclasses.replace(plan, route=dataclasses.replace(route, sock=detach(sock)))
    ws = WebSocket(loop, Role.CLIENT, settings, str(uri))
    session_of(ws).start(partial(Opening, loop, plan), attempts)
    return ws
