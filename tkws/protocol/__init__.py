"""WebSocket without input and output: RFC 6455 and RFC 7692 as functions of bytes and ``now``.

Usable with any loop: `tkws.protocol.clienthandshake` or `tkws.protocol.serverhandshake` opens a
connection, then `tkws.protocol.engine.Engine` does the rest. Knows no socket, no clock and no
Tk; randomness is handed in.
"""
