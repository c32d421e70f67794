"""What `vulture` takes for dead code in tkws and is not, each with its reason.

mypy reads this file too, so a name that is gone must go here as well.
"""

from __future__ import annotations

from tkws.aio import Connection, Server as AioServer
from tkws.aio.selector import HostSelector
from tkws.configurable import ConfigurableConnection, ConfigurableServer
from tkws.connection.statistics import Statistics
from tkws.connection.websocket import WebSocket
from tkws.console.terminal.status import Status
from tkws.handlers import Handler
from tkws.http.messages import Request
from tkws.http.tlsinfo import TLSInfo
from tkws.jsonrpc import JSONRPC
from tkws.net.tlserrors import Peer
from tkws.protocol.closing import CloseCode
from tkws.serving.httpserver import HTTPServer
from tkws.serving.server import Server
from tkws.testing import Link, ScriptedPeer

__all__ = ["NOT_DEAD"]

NOT_DEAD = {
    "programs use it": (
        AioServer.serve_forever,
        ConfigurableConnection.config,  # Tk's other name of `configure`
        ConfigurableServer.config,
        Connection.local_address,
        Connection.send_json,
        Connection.send_value,
        Connection.remote_address,
        Connection.subprotocol,
        JSONRPC.cancel_request,
        Link.cut_after,
        Link.flow,
        Link.stall,
        Link.up,
        ScriptedPeer.flow,
        ScriptedPeer.send_raw,
        ScriptedPeer.stall,
        Statistics().frames_received,
        Statistics().frames_sent,
        Server.broadcast,
        Server.connections,
        Server.members,
        HTTPServer.admit,
        Request().cookies,
        WebSocket.groups,
        WebSocket.join,
        WebSocket.leave,
        Server.directory,
        WebSocket.send_json,
        TLSInfo.peercert,
        WebSocket.send_value,
    ),
    "asyncio uses it": (HostSelector.get_map,),
    "its name is made from the type of an event": (
        Handler.on_binary,
        Handler.on_connect,
        Handler.on_disconnect,
        Handler.on_drain,
        Handler.on_part,
        Handler.on_ping,
        Handler.on_pong,
        Handler.on_retry,
        Handler.on_text,
        Handler.on_timeout,
        Handler.on_value,
    ),
    "it is the name that websockets has for an argument": (lambda keywords: keywords.user_agent_header,),
    "it goes into texts by its name": (Peer.argument,),
    "an exit status is made from the number of a signal": (Status.HUNG_UP, Status.TERMINATED),
    "the table is that of RFC 6455, 7.4.1, and of IANA's registry": (
        CloseCode.BAD_GATEWAY,
        CloseCode.SERVICE_RESTART,
        CloseCode.TRY_AGAIN_LATER,
    ),
}
