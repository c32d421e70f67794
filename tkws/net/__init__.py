"""Byte streams on Tk's loop: sockets, dialling and listening, none of which blocks.

Knows no WebSocket and no HTTP; usable by itself with any loop of `tkws.loop`.
"""

from tkws.net.connect import Dial
from tkws.net.endpoints import Endpoint, numeric_endpoint, unix_endpoint
from tkws.net.listen import Listener
from tkws.net.socketstream import SocketStream
from tkws.net.stream import Stream, StreamOwner

__all__ = [
    "Dial",
    "Endpoint",
    "Listener",
    "SocketStream",
    "Stream",
    "StreamOwner",
    "numeric_endpoint",
    "unix_endpoint",
]
