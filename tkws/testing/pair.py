"""Both ends of a connection, without a network and without an opening handshake."""

from __future__ import annotations

import socket
from typing import Unpack

from tkws.checks import check_callable
from tkws.commands import takeover
from tkws.connection.websocket import WebSocket
from tkws.handlers import EventHandler
from tkws.keywords import ClientKeywords
from tkws.loop import Master
from tkws.options import ConnectionOptions, changed, ignore


def connected_pair(
    client: EventHandler = ignore,
    server: EventHandler = ignore,
    *,
    master: Master = None,
    **options: Unpack[ClientKeywords],
) -> tuple[WebSocket, WebSocket]:
    """Connect two handlers, as after an opening handshake; both get ``connect`` once the loop runs.

    The bytes go through a socket pair, which no other program can reach.

    Args:
        client: The handler of the client's end.
        server: The handler of the server's end.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        **options: See `tkws.ConnectionOptions`; they apply to both ends.

    Returns:
        The client's end and the server's.

    Raises:
        TypeError: An option is unknown, or a value has the wrong type.
        ValueError: A value is out of range.
    """
    check_callable("client", client, "(ws, type, message)")
    check_callable("server", server, "(ws, type, message)")
    if changed(ConnectionOptions(handler=client), options).handler is not client:
        raise TypeError("handler: pass the handlers of the two ends as client and server instead")
    client_end, server_end = socket.socketpair()
    try:
        return (
            takeover(client_end, client, False, master=master, **options),
            takeover(server_end, server, True, master=master, **options),
        )
    except BaseException:
        client_end.close()
        server_end.close()
        raise
