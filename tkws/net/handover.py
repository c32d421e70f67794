"""Take a socket over from the program."""

from __future__ import annotations

import socket
import ssl

from tkws.checks import check_kind


def detach(sock: socket.socket, *, connected: bool = True) -> socket.socket:
    """Return a new socket with the descriptor of ``sock``, and close ``sock`` without closing that.

    Args:
        sock: The socket.
        connected: Whether it must still be connected.

    Raises:
        TypeError: `sock` is not a plain socket. TLS has to be the loop's own: `tkws.serve`
            and `tkws.open` have the argument ``ssl``.
        ValueError: `sock` is not a connected stream socket.
    """
    check_kind("sock", sock, socket.socket, "a socket")
    if isinstance(sock, ssl.SSLSocket):
        raise TypeError("sock: a plain socket; for TLS there is the argument ssl of serve() and open()")
    if sock.type != socket.SOCK_STREAM:
        raise ValueError(f"sock: a stream socket, not {sock.type.name}")
    if sock.fileno() < 0:
        raise ValueError("sock: it is closed")
    try:
        sock.getpeername()
    except OSError as error:
        if connected:
            raise ValueError(f"sock: it is not connected ({error.strerror})") from error
    return socket.socket(fileno=sock.detach())
