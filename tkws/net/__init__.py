"""Byte streams on Tk's loop: sockets, dialling and listening, none of which blocks.

Knows no WebSocket and no HTTP; usable by itself with any loop of `tkws.loop`.
"""

from tkws.net.connect import Dial
from tkws.net.context import default_context, load_default_context
from tkws.net.endpoints import Endpoint, numeric_endpoint, unix_endpoint
from tkws.net.listen import Listener
from tkws.net.resolve import Lookup
from tkws.net.socketstream import SocketStream
from tkws.net.stream import Stream, StreamOwner
from tkws.net.tls import TLSStream
from tkws.net.worker import run_aside

__all__ = [
    "Dial",
    "Endpoint",
    "Listener",
    "Lookup",
    "SocketStream",
    "Stream",
    "StreamOwner",
    "TLSStream",
    "default_context",
    "load_default_context",
    "numeric_endpoint",
    "run_aside",
    "unix_endpoint",
]
