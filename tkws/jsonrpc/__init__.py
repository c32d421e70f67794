"""Requests and responses over a WebSocket: JSON-RPC 2.0, or an envelope that the program defines.

`JSONRPC` is a handler.
"""

from tkws.jsonrpc.envelope import Answer, Id, Message, Notification, Params, Request
from tkws.jsonrpc.rpc import JSONRPC

__all__ = ["JSONRPC", "Answer", "Id", "Message", "Notification", "Params", "Request"]
