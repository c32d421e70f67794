"""Take a socket over from the program."""

from __future__ import annotations

import socket
import sys


def detach(sock: socket.socket, *, connected: bool = True) -> socket.socket:
    """Return a socket of our own with the descriptor of ``sock``, which is closed thereby.

    Args:
        sock: The socket.
        connected: Whether it must be connected still.

    Raises:
        TypeError: For what is no plain socket. TLS has to be the loop's own: `tkws.serve`
            and `tkws.open` have the argument ``ssl``.
        ValueError: For a socket that is not a connected stream.
    """
    if not isinstance(sock, socket.socket):
        raise TypeError(f"sock: a socket, not {type(sock).__name__}")
    if "ssl" in sys.modules:  # else it is none of its sockets
        import ssl

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
