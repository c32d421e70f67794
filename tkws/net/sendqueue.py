"""The bytes of a socket that the system still holds, since the peer has not acknowledged them.

Megabytes may be in transit after `socket.send` has taken all, so only this tells whether a slow peer reads.
"""

from __future__ import annotations

import socket
import sys

if sys.platform == "linux":
    import fcntl
    import termios

    def unacknowledged_by_peer(sock: socket.socket) -> int:
        """Return the number of bytes; for a Unix socket, including what the system adds to each piece."""
        try:
            return int.from_bytes(fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)), sys.byteorder)
        except (OSError, ValueError):  # a system that only resembles Linux; a socket that is closed
            return 0

elif sys.platform == "darwin":
    _SO_NWRITE = 0x1024  # sys/socket.h

    def unacknowledged_by_peer(sock: socket.socket) -> int:
        """Return the number of bytes."""
        try:
            return sock.getsockopt(socket.SOL_SOCKET, _SO_NWRITE)
        except OSError:
            return 0

else:

    def unacknowledged_by_peer(sock: socket.socket) -> int:
        """Return 0: the system does not tell."""
        return 0
