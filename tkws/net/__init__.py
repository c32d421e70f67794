"""Byte streams on Tk's loop: sockets, dialling and listening, none of which blocks.

Knows no WebSocket and no HTTP; usable by itself with any loop of `tkws.loop`.
"""

from __future__ import annotations

from tkws.net.connect import HappyEyeballs
from tkws.net.endpoints import Endpoint, numeric_endpoint, unix_endpoint
from tkws.net.handover import detach
from tkws.net.listen import Listener
from tkws.net.resolve import Resolution
from tkws.net.socketstream import SocketStream
from tkws.net.sslcontext import check_ssl_context, default_ssl_context, load_default_ssl_context
from tkws.net.stream import Stream, StreamOwner
from tkws.net.tls import TLSStream
from tkws.net.worker import run_in_thread

__all__ = [
    "Endpoint",
    "HappyEyeballs",
    "Listener",
    "Resolution",
    "SocketStream",
    "Stream",
    "StreamOwner",
    "TLSStream",
    "check_ssl_context",
    "default_ssl_context",
    "detach",
    "load_default_ssl_context",
    "numeric_endpoint",
    "run_in_thread",
    "unix_endpoint",
]
