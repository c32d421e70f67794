"""The arguments of `serve` that say where it listens: hosts and a port, a Unix path, or sockets handed in."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

from tkws.checks import check_count, check_flag, check_kind, check_several, check_text
from tkws.loop import Loop
from tkws.net import Listener, detach
from tkws.net.listen import OnAccept
from tkws.serving.httpserver import Listen

Host: TypeAlias = str | Sequence[str]
Path: TypeAlias = str | os.PathLike[str]
Sockets: TypeAlias = socket.socket | Sequence[socket.socket]

LOOPBACK = "127.0.0.1"
"""The default host."""


def check_address(host: object, port: object) -> tuple[str | tuple[str, ...], int]:
    """Return a host, or several, and a port.

    Raises:
        TypeError: One is of a wrong type.
        ValueError: ``port`` is out of range, or there is no host.
    """
    number = check_count("port", port, most=65535)
    if isinstance(host, str):
        return check_text("host", host), number
    if isinstance(host, int):
        raise TypeError(f"host: str or several, not {type(host).__name__}; a port is given as port={host}")
    hosts = check_several("host", host, str, "str")
    if not hosts:
        raise ValueError("host: at least one address")
    return hosts, number


def choose_listener(
    address: tuple[str | tuple[str, ...], int], unix: Path | None, sock: Sockets | None, reuse_port: bool
) -> Listen:
    """Return a function that makes the listener for the arguments of `serve`; nothing is opened yet.

    Args:
        address: The result of `check_address`.
        unix: See `serve`.
        sock: See `serve`.
        reuse_port: See `serve`.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: One is out of range, or cannot be combined with another.
    """
    check_flag("reuse_port", reuse_port)
    given = "unix" if unix is not None else "sock"
    if unix is None and sock is None:
        return partial(_listen_tcp, *address, reuse_port)
    if unix is not None and sock is not None:
        raise ValueError("sock: not together with unix")
    if reuse_port or address != (LOOPBACK, 0):
        raise ValueError(f"{given}: not together with host, port and reuse_port")
    if sock is not None:
        return partial(_listen_on, _check_sockets(sock))
    check_kind("unix", unix, str | os.PathLike, "a path")
    assert unix is not None
    if not os.fspath(unix):
        raise ValueError("unix: a path, not an empty str")
    return partial(_listen_unix, unix)


def _listen_tcp(
    host: str | tuple[str, ...], port: int, reuse_port: bool, loop: Loop, on_accept: OnAccept
) -> Listener:
    return Listener.tcp(loop, host, port, on_accept, reuse_port=reuse_port)


def _listen_unix(path: Path, loop: Loop, on_accept: OnAccept) -> Listener:
    return Listener.unix(loop, path, on_accept)


def _listen_on(sockets: tuple[socket.socket, ...], loop: Loop, on_accept: OnAccept) -> Listener:
    return Listener(loop, [detach(sock, connected=False) for sock in sockets], on_accept)


def _check_sockets(sock: object) -> tuple[socket.socket, ...]:
    sockets = check_several("sock", sock, socket.socket, "a listening socket")
    if not sockets:
        raise ValueError("sock: at least one socket")
    for each in sockets:
        _check_listening(each)
    return sockets


def _check_listening(sock: socket.socket) -> None:
    if isinstance(sock, ssl.SSLSocket):
        raise TypeError("sock: a plain socket; for TLS there is the argument ssl")
    if sock.type != socket.SOCK_STREAM:
        raise ValueError(f"sock: a stream socket, not {sock.type.name}")
    if sock.fileno() < 0:
        raise ValueError("sock: it is closed")
    try:
        listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError:  # macOS does not support this option
        return
    if not listening:
        raise ValueError("sock: it does not listen; call its listen() first")
