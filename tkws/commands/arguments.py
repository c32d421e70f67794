"""Checks and conversions of the commands' arguments. Every error names the argument.

Knows nothing of a connection's state. `tkws.options` checks the options, and `tkws.protocol` whatever goes
into the handshake.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from tkws.asynchandlers import check_not_async
from tkws.checks import (
    Buffer,
    check_bytes_like,
    check_count,
    check_kind,
    check_text,
    check_whole,
    format_number,
)
from tkws.client.opening import OpenSettings
from tkws.client.retry import Backoff, RetryState
from tkws.http.authority import format_authority, parse_authority
from tkws.http.headers import Headers, HeadersLike
from tkws.loop import Master, root_of
from tkws.loop.widgets import require_widget
from tkws.net import Endpoint, check_ssl_context, numeric_endpoint
from tkws.options import complete
from tkws.plurals import counted
from tkws.protocol.frames import Opcode
from tkws.protocol.payloads import encode_message

# The fields that a CONNECT request writes itself.
_CONNECT_OWN: Final = frozenset(("host", "content-length", "transfer-encoding"))
_MESSAGE_TYPES = ("text", "binary", "ping", "pong", "close", "continuation")


def check_opening(settings: OpenSettings) -> None:
    """Refuse arguments of `tkws.open` that are wrong, alone or in combination.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: An argument is out of range, or excluded by another one.
    """
    route, uri, cookies = settings.route, settings.uri, settings.cookies
    check_ssl_context("ssl", route.ssl_context, server_side=False)
    check_ssl_context("proxy_ssl", route.proxy_ssl_context, server_side=False)
    if route.ssl_context is not None and not uri.secure:
        raise ValueError(f"ssl: {uri.redacted} is not a wss: URL")
    if route.server_hostname is not None and not uri.secure:
        raise ValueError(f"server_hostname: {uri.redacted} is not a wss: URL")
    check_kind("unix", route.unix, str | os.PathLike | None, "a path")
    if route.unix is not None and route.sock is not None:
        raise ValueError("unix, sock: only one of them")
    for name in ("connect_to", "local_addr"):
        if getattr(route, name) is not None and not (route.unix is None and route.sock is None):
            raise ValueError(f"{name}, unix, sock: only one of them")
    if isinstance(route.proxy, str) and not (route.unix is None and route.sock is None):
        raise ValueError("proxy, unix, sock: only one of them")
    check_count("max_redirects", settings.max_redirects)
    if cookies is not None:
        from http.cookiejar import CookieJar  # takes longer to import than tkws, and few programs use it

        check_kind("cookies", cookies, CookieJar, "an http.cookiejar.CookieJar")
    with contextlib.suppress(OSError):  # no descriptor is left to import with: the opening reports it
        _check_handshake(settings)


def local_endpoint(local_addr: tuple[str, int] | None) -> Endpoint | None:
    """Return the address of this machine to connect from.

    Raises:
        TypeError: ``local_addr`` is not a pair of str and int.
        ValueError: The host is not a numeric address, or the port is out of range.
    """
    if local_addr is None:
        return None
    host, port = _host_and_port("local_addr", local_addr, least=0)
    endpoint = numeric_endpoint(host, port)
    if endpoint is None:
        raise ValueError(f"local_addr: a numeric address of this machine, such as '127.0.0.1', not {host!r}")
    return endpoint


def server_address(connect_to: tuple[str, int] | None) -> tuple[str, int] | None:
    """Return the host, in ASCII, and the port to connect to instead of those of the URL.

    Raises:
        TypeError: ``connect_to`` is not a pair of str and int.
        ValueError: The host is neither a name nor an address, or the port is out of range.
    """
    if connect_to is None:
        return None
    host, port = _host_and_port("connect_to", connect_to, least=1)
    return _check_host("connect_to", host), port


def tls_name(server_hostname: str | None) -> str | None:
    """Return the name that TLS asks for and checks instead of the host of the URL, in ASCII.

    Raises:
        TypeError: ``server_hostname`` is not a str.
        ValueError: ``server_hostname`` is neither a name nor an address.
    """
    if server_hostname is None:
        return None
    name = _check_host("server_hostname", check_text("server_hostname", server_hostname))
    return name.partition("%")[0].rstrip(".")  # certificates know no zone and no root


def checked_user_agent(user_agent: str | None) -> str | None:
    """Return the value of User-Agent; None for none.

    Raises:
        TypeError: ``user_agent`` is not a str.
        ValueError: ``user_agent`` has a character that no header can have.
    """
    if user_agent is None:
        return None
    check_text("user_agent", user_agent)
    return _headers("user_agent", [("User-Agent", user_agent)])["User-Agent"]


def connect_headers(proxy_headers: HeadersLike, user_agent: str | None) -> Headers:
    """Return the fields of a CONNECT besides Host.

    Raises:
        TypeError: ``proxy_headers`` are of a wrong type.
        ValueError: One of ``proxy_headers`` cannot be sent, or is written by the request itself.
    """
    headers = _headers("proxy_headers", proxy_headers)
    for name in headers:
        if name.lower() in _CONNECT_OWN:
            raise ValueError(f"proxy_headers: {name} is written by the request itself")
    if user_agent is None or "User-Agent" in headers:
        return headers
    return Headers([("User-Agent", user_agent), *headers.fields])


def _host_and_port(name: str, pair: object, *, least: int) -> tuple[str, int]:
    if isinstance(pair, str | bytes) or not isinstance(pair, Sequence):
        raise TypeError(f"{name}: a pair (host, port), not {type(pair).__name__}")
    if len(pair) != 2:
        raise ValueError(f"{name}: a pair (host, port), not {counted(len(pair), 'item')}")
    return check_text(name, pair[0]), check_count(name, pair[1], least=least, most=65535)


def _check_host(name: str, host: str) -> str:
    """Return a host in ASCII and lower case.

    Raises:
        ValueError: It is neither a name nor an address; the error begins with ``name``.
    """
    try:
        authority = parse_authority(format_authority(host, 1))
    except ValueError as error:
        raise ValueError(f"{name}: it {error}") from None
    if "@" in host:
        raise ValueError(f"{name}: a name or an address, without a user")
    return authority.host


def _headers(name: str, fields: HeadersLike) -> Headers:
    """Return header fields; errors begin with ``name``."""
    try:
        return Headers(fields)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}{str(error).removeprefix('headers')}") from None


def _check_handshake(settings: OpenSettings) -> None:
    """Make the handshake once, for the errors that it raises.

    A callable ``headers`` is not called yet: it may close the connection, which does not exist yet. Errors in
    the proxy settings of the environment become events, as for later attempts.
    """
    check_not_async("headers", settings.headers, "a mapping or pairs of name and value, or a plain function")
    headers = () if callable(settings.headers) else settings.headers
    if settings.route.proxy is not True:
        settings.route.proxy_to(settings.uri)
    dataclasses.replace(settings, cookies=None, headers=headers).handshake(settings.uri)


def master_of(owner: Master, master: Master) -> Master:
    """Return a widget of the interpreter that a connection belongs to.

    Raises:
        TypeError: ``owner`` is not a widget.
        ValueError: ``owner`` belongs to another interpreter than ``master``.
    """
    if owner is None:
        return master
    require_widget("owner", owner)
    if master is not None and root_of(master) is not root_of(owner):
        raise ValueError("owner: a widget of the same interpreter as master")
    return owner


def retry_state(reconnect: bool | Backoff | None, sock: socket.socket | None) -> RetryState | None:
    """Return the state of the retry rule; None to connect only once.

    Raises:
        TypeError: `reconnect` is of a wrong type.
        ValueError: There is a `sock`, which cannot be connected again.
    """
    if reconnect is None or reconnect is False:
        return None
    check_kind("reconnect", reconnect, bool | Backoff, "True, False or Backoff(...)")
    if sock is not None:
        raise ValueError("reconnect: a given sock cannot be connected again")
    return RetryState(Backoff() if reconnect is True else reconnect)


def reusable(protocols: Iterable[str]) -> Sequence[str]:
    """Return the subprotocols as a sequence, since an iterator could be read for one attempt only.

    Raises:
        TypeError: ``protocols`` is not iterable.
    """
    check_kind("protocols", protocols, Iterable, "a sequence of str")
    return protocols if isinstance(protocols, str) else tuple(protocols)


def parse_message_type(type: str | int) -> str:
    """Return the name of the opcode that tcllib's ``send`` is asked to send.

    Raises:
        TypeError: `type` is neither a name of an opcode nor a number.
        ValueError: `type` is not the number of an opcode, or it is a continuation.
    """
    if not isinstance(type, str):
        number = check_whole("type", type, "str or int")
        try:
            kind = Opcode(number).name.lower()
        except ValueError:
            raise ValueError(f"type: an opcode of RFC 6455, not {format_number(number)}") from None
    else:
        kind = "ping" if type.lower() == "p" else complete(type, _MESSAGE_TYPES, "type")
    if kind == "continuation":
        raise ValueError("type: a continuation is sent as text or binary, like the message that it continues")
    return kind


def as_text(message: str | Buffer) -> str:
    """Return a message as text.

    Raises:
        TypeError: ``message`` is neither text nor bytes-like.
        ValueError: ``message`` is bytes that are not UTF-8.
    """
    if isinstance(message, str):
        return message
    try:
        return check_bytes_like("message", message, "str or bytes-like").decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"message: not UTF-8: {error}") from error


def as_bytes(message: str | Buffer) -> bytes:
    """Return a message as bytes.

    Raises:
        TypeError: ``message`` is neither text nor bytes-like.
        ValueError: ``message`` is text that UTF-8 cannot encode.
    """
    return encode_message(message)[1]


def request_target(path: str, query: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """Return the target of a request for a path, with ``query`` appended to the path's own query.

    Raises:
        TypeError: `path` is not a str, or `query` is neither a mapping nor pairs.
    """
    check_text("path", path)
    try:
        pairs = urlencode(query if isinstance(query, Mapping) else list(query))
    except (TypeError, ValueError):
        kind = type(query).__name__
        raise TypeError(f"query: a mapping or pairs of name and value, not {kind}") from None
    if not pairs:
        return path
    return f"{path}{'&' if '?' in path else '?'}{pairs}"
