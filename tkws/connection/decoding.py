"""Decodes messages before the handler gets them, as values: the option ``codec`` and `tkws.json`.

Each message is decoded when its turn comes, so order, pauses and time slices are the same as for any handler.
A connection without a codec has no overhead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tkws.codecs import undecodable
from tkws.options import Handler
from tkws.protocol.closing import CloseCode
from tkws.protocol.events import MESSAGE_EVENTS, Event

if TYPE_CHECKING:
    from tkws.codecs import CodecLike
    from tkws.connection.websocket import WebSocket


def decoding(
    handler: Handler, codec: CodecLike, types: tuple[Event, ...] = MESSAGE_EVENTS, *, closes: bool = False
) -> Handler:
    """Return a handler that calls ``handler`` with ``value`` events in place of messages.

    Args:
        handler: Called with all events; gets an ``error`` in place of a message that cannot be decoded.
        codec: Decodes the messages.
        types: The types of messages to decode.
        closes: Whether to close the connection after such an ``error``, with 1007.
    """
    decode = codec.decode

    def pass_on(ws: WebSocket, type: Event, message: str | bytes) -> None:
        if type not in types:
            handler(ws, type, message)
            return
        try:
            value = decode(message)
        except Exception as cause:
            error = undecodable(cause, message)
        else:
            handler(ws, Event.VALUE, value)
            return
        try:
            handler(ws, Event.ERROR, error)
        finally:
            if closes:
                ws.close(CloseCode.INVALID_PAYLOAD, "A message cannot be decoded")

    return pass_on
