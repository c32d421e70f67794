"""Breaking a connection so that the peer sees a reset (TCP's RST)."""

from __future__ import annotations

import socket
import struct
import sys

from tkws.net import SocketStream

# SO_LINGER on, with a linger time of 0; the fields are shorter on Windows.
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def reset_on_close(sock: socket.socket) -> None:
    """Show the peer of ``sock`` a reset when that is closed."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)


def reset(stream: SocketStream) -> None:
    """Drop ``stream`` with a reset; a no-op if it is already closed."""
    if not stream.closed:
        reset_on_close(stream.socket)
        stream.abort()
