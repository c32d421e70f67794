"""Both ends of a connection, without a network and without an opening handshake."""

from __future__ import annotations

import socket
from typing import Any

from tkws.checks import check_callable
from tkws.commands import takeover
from tkws.connection.websocket import WebSocket
from tkws.loop import Master
from tkws.options import ConnectionOptions, Handler, changed, ignore


def connected_pair(
    client: Handler = ignore, server: Handler = ignore, *, master: Master = None, **options: Any
) -> tuple[WebSocket, WebSocket]:
    """Connect two handlers, as after an opening; ``connect`` comes to both when the loop runs.

    The bytes go through a pair of sockets of the system's, which no other program can reach.

    Args:
        client: The handler of the client's end.
        server: The handler of the server's end.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        **options: See `tkws.ConnectionOptions`; both ends get them.

    Returns:
        The client's end and the server's.

    Raises:
        TypeError: For an unknown option, or a value of a wrong type.
        ValueError: For a value that is out of range.
    """
    check_callable("client", client, "(ws, type, message)")
    check_callable("server", server, "(ws, type, message)")
    if changed(ConnectionOptions(handler=client), options).handler is not client:
        raise TypeError("handler: the ends have the arguments client and server instead")
    near, far = socket.socketpair()
    try:
        return (
            takeover(near, client, False, master=master, **options),
            takeover(far, server, True, master=master, **options),
        )
    except BaseException:
        near.close()
        far.close()
        raise
