"""tcllib's commands: each a few words over `WebSocket` and `Server`.

Names, arguments and results are tcllib's where Python's are not better; what differs is in
the docs (``docs/tcllib.md``) with its reason. Words may be shortened as in tcllib.
"""

from tkws.commands.connections import close, configure, conninfo, find, send, takeover
from tkws.commands.logs import loglevel
from tkws.commands.opening import open
from tkws.commands.servers import live, serve, server, test, upgrade
from tkws.protocol.handshake import sec_websocket_accept, validate

__all__ = [
    "close", "configure", "conninfo", "find", "live", "loglevel", "open", "sec_websocket_accept", "send",
    "serve", "server", "takeover", "test", "upgrade", "validate",
]  # fmt: skip
