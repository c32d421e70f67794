"""Breaking a connection so that the peer sees a reset (TCP's RST)."""

from __future__ import annotations

import socket
import struct
import sys

from tkws.net import SocketStream

# SO_LINGER on, with no time to linger; Windows has shorter fields.
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def reset(stream: SocketStream) -> None:
    """Drop ``stream`` with a reset; harmless when it is over."""
    if not stream.closed:
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        stream.abort()
