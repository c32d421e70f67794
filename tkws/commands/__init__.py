"""tcllib's commands: thin functions over `WebSocket` and `Server`.

Names, arguments and results are tcllib's unless Python has better ones; ``docs/tcllib.md`` lists the
differences with their reasons. Words that are passed as a str may be abbreviated, as in tcllib; names of
arguments may not.
"""

from tkws.commands.connections import close, configure, conninfo, find, send, takeover
from tkws.commands.logs import loglevel
from tkws.commands.opening import open
from tkws.commands.servers import live, serve, server, test, upgrade
from tkws.commands.tracing import trace
from tkws.protocol.handshake import sec_websocket_accept
from tkws.protocol.serverhandshake import validate

__all__ = [
    "close", "configure", "conninfo", "find", "live", "loglevel", "open", "sec_websocket_accept", "send",
    "serve", "server", "takeover", "test", "trace", "upgrade", "validate",
]  # fmt: skip
