"""What the commands are given, held against what they take: each refusal names the argument.

Knows no connection's state. `tkws.options` checks the options, and `tkws.protocol` what goes
into the handshake.
"""

from __future__ import annotations

import builtins
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tkws.checks import Buffer, check_bytes_like, check_count, check_kind, check_text
from tkws.client.retry import Attempts, Backoff
from tkws.net import check_context
from tkws.options import complete
from tkws.protocol.frames import Opcode
from tkws.protocol.payloads import encode_message
from tkws.protocol.uri import WebSocketURI

if TYPE_CHECKING:
    import ssl as tls
    from http.cookiejar import CookieJar


_KINDS = ("text", "binary", "ping", "pong", "close", "continuation")


def check_opening(
    uri: WebSocketURI,
    *,
    ssl: tls.SSLContext | None,
    proxy_ssl: tls.SSLContext | None,
    proxy: str | bool | None,
    unix: str | os.PathLike[str] | None,
    sock: socket.socket | None,
    cookies: CookieJar | None,
    max_redirects: int,
) -> None:
    """Refuse arguments of `tkws.open` that are wrong, by themselves or together.

    Raises:
        TypeError: For an argument of a wrong type.
        ValueError: For an argument that is out of range, or that another one excludes.
    """
    check_context("ssl", ssl, server_side=False)
    check_context("proxy_ssl", proxy_ssl, server_side=False)
    if ssl is not None and not uri.secure:
        raise ValueError(f"ssl: {uri.shown} is no wss: URL")
    if unix is not None and not isinstance(unix, str | os.PathLike):
        raise TypeError(f"unix: a path, not {type(unix).__name__}")
    if unix is not None and sock is not None:
        raise ValueError("unix, sock: only one of them")
    if isinstance(proxy, str) and not (unix is None and sock is None):
        raise ValueError("proxy, unix, sock: only one of them")
    check_count("max_redirects", max_redirects)
    if cookies is not None:
        from http.cookiejar import CookieJar  # takes longer than tkws itself, and few programs have one

        check_kind("cookies", cookies, CookieJar, "an http.cookiejar.CookieJar")


def attempts_of(reconnect: bool | Backoff | None, sock: socket.socket | None) -> Attempts | None:
    """Return what says when to connect again; None for not at all.

    Raises:
        TypeError: `reconnect` is of another type.
        ValueError: There is a `sock`, which cannot be connected again.
    """
    if reconnect is None or reconnect is False:
        return None
    if not isinstance(reconnect, bool | Backoff):
        raise TypeError(f"reconnect: True, False or Backoff(...), not {type(reconnect).__name__}")
    if sock is not None:
        raise ValueError("reconnect: a given sock cannot be connected again")
    return Attempts(Backoff() if reconnect is True else reconnect)


def lasting(protocols: Iterable[str]) -> Sequence[str]:
    """Return subprotocols that can be read at each attempt, which those of an iterator can not.

    Raises:
        TypeError: They are none.
    """
    if not isinstance(protocols, Iterable):
        raise TypeError(f"protocols: a sequence of str, not {type(protocols).__name__}")
    return protocols if isinstance(protocols, str) else tuple(protocols)


def kind_of(type: str | int) -> str:
    """Return what tcllib's ``send`` is to send: the name of an opcode.

    Raises:
        TypeError: `type` is neither a word for one nor a number.
        ValueError: It is the number of none, or a continuation.
    """
    if isinstance(type, bool) or not isinstance(type, str | int):
        raise TypeError(f"type: str or int, not {builtins.type(type).__name__}")
    if isinstance(type, int):
        try:
            kind = Opcode(type).name.lower()
        except ValueError:
            raise ValueError(f"type: {type} is no opcode of RFC 6455") from None
    else:
        kind = "ping" if type.lower() == "p" else complete(type, _KINDS, "type")
    if kind == "continuation":
        raise ValueError("type: a continuation is sent as text or binary, like the message that it continues")
    return kind


def text_of(message: str | Buffer) -> str:
    """Return a message as text.

    Raises:
        TypeError: It is neither text nor bytes-like.
        ValueError: It is bytes that are not UTF-8.
    """
    if isinstance(message, str):
        return message
    try:
        return check_bytes_like("message", message, "str or bytes-like").decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"message: not UTF-8: {error}") from error


def bytes_of(message: str | Buffer) -> bytes:
    """Return a message as bytes.

    Raises:
        TypeError: It is neither text nor bytes-like.
        ValueError: It is text that UTF-8 cannot carry.
    """
    return encode_message(message)[1]


def target_of(path: str, query: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """Return the target of a request for a path, with the query that comes on top of the path's own.

    Raises:
        TypeError: `path` is no str, or `query` neither a mapping nor pairs.
    """
    check_text("path", path)
    try:
        pairs = urlencode(query if isinstance(query, Mapping) else list(query))
    except (TypeError, ValueError):
        raise TypeError("query: a mapping or pairs of name and value") from None
    if not pairs:
        return path
    return f"{path}{'&' if '?' in path else '?'}{pairs}"
