"""WebSockets that live inside Tk's event loop: client and server, callbacks on the GUI thread.

The commands are tcllib's (`open`, `send`, `server`, `live`, `test`, `upgrade`, `takeover`,
`conninfo`, `find`, `configure`, `loglevel`, `close`), plus `serve`; the classes are
`WebSocket` and `Server`; a handler is any callable ``(ws, type, message)``.
"""

from __future__ import annotations

from typing import Final

from tkws.compilation import is_compiled  # first: it decides how the others are loaded

# isort: split

from tkws.client.retry import Backoff, is_transient
from tkws.codecs import JSON, Codec, JSONCodec
from tkws.commands import (
    close,
    configure,
    conninfo,
    find,
    live,
    loglevel,
    open,
    sec_websocket_accept,
    send,
    serve,
    server,
    takeover,
    test,
    trace,
    upgrade,
    validate,
)
from tkws.connection.calls import Call
from tkws.connection.download import Download
from tkws.connection.statistics import Statistics
from tkws.connection.timings import Timings
from tkws.connection.upload import Upload
from tkws.connection.websocket import WebSocket
from tkws.errors import (
    CallTimeout,
    CodecError,
    ConnectionClosed,
    HandshakeError,
    JSONRPCError,
    MessagesLost,
    OpenError,
    OpenTimeout,
    ProtocolError,
    StateError,
    URLError,
    WebSocketError,
)
from tkws.handlers import EventHandler, Handler, batched, json, latest, tee, variable, virtual_event
from tkws.http.headers import Headers
from tkws.http.messages import Request, Response
from tkws.http.tlsinfo import TLSInfo
from tkws.jsonrpc import JSONRPC
from tkws.options import ConnectionOptions, ServerOptions
from tkws.protocol.closing import CloseCode
from tkws.protocol.deflate import Deflate
from tkws.protocol.events import Event, Part
from tkws.protocol.frames import Role
from tkws.protocol.state import State
from tkws.protocol.trace import TracedFrame
from tkws.serving.admission import Admit
from tkws.serving.authentication import basic_auth, bearer_auth
from tkws.serving.backplane import Backplane
from tkws.serving.httpserver import HTTPServer
from tkws.serving.server import Server
from tkws.version import __version__

compiled: Final[bool] = is_compiled()
"""Whether the hot path is compiled; see ``docs/howto/packaging.md``."""

__all__ = [
    "JSON",
    "JSONRPC",
    "Admit",
    "Backoff",
    "Backplane",
    "Call",
    "CallTimeout",
    "CloseCode",
    "Codec",
    "CodecError",
    "ConnectionClosed",
    "ConnectionOptions",
    "Deflate",
    "Download",
    "Event",
    "EventHandler",
    "HTTPServer",
    "Handler",
    "HandshakeError",
    "Headers",
    "JSONCodec",
    "JSONRPCError",
    "MessagesLost",
    "OpenError",
    "OpenTimeout",
    "Part",
    "ProtocolError",
    "Request",
    "Response",
    "Role",
    "Server",
    "ServerOptions",
    "State",
    "StateError",
    "Statistics",
    "TLSInfo",
    "Timings",
    "TracedFrame",
    "URLError",
    "Upload",
    "WebSocket",
    "WebSocketError",
    "__version__",
    "basic_auth",
    "batched",
    "bearer_auth",
    "close",
    "compiled",
    "configure",
    "conninfo",
    "find",
    "is_transient",
    "json",
    "latest",
    "live",
    "loglevel",
    "open",
    "sec_websocket_accept",
    "send",
    "serve",
    "server",
    "takeover",
    "tee",
    "test",
    "trace",
    "upgrade",
    "validate",
    "variable",
    "virtual_event",
]
