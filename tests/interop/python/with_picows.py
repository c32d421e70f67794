"""picows as a party to scripted conversations, client or server. See ``part.py``.

It hands over frames: their messages are put together here, and Close frames answered as its guide has it.
"""

from __future__ import annotations

import asyncio
import fnmatch
import re
from typing import Any
from urllib.parse import urlsplit

from picows import (
    WSFrame,
    WSHandshakeError,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_connect,
    ws_create_server,
)

from tests.interop.python.part import Order, Part, orders, query_words, tell

TYPES = {"text": WSMsgType.TEXT, "binary": WSMsgType.BINARY, "pong": WSMsgType.PONG}
NO_LIMIT = 1 << 30


class Listener(WSListener):
    """A connection.

    Args:
        part: What to do in it.
        opening: What to tell of it; None for the subprotocol of the answer.
    """

    def __init__(self, part: Part, opening: list[str] | None = None) -> None:
        self.over = asyncio.Event()
        self._part = part
        self._opening = opening
        self._end = (1006, "")
        self._heard: list[bytes] = []
        self._heard_type = WSMsgType.TEXT
        self._continues = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        if self._opening is None:
            self._opening = [transport.response.headers.get("Sec-WebSocket-Protocol", "")]
        self._hear(transport, "connect", *self._opening)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.PONG:
            self._hear(transport, "pong", frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            code: Any = frame.get_close_code()  # an int, whatever its stub says
            self._end = (code or 1005, frame.get_close_reason() or "")
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        else:
            if frame.msg_type != WSMsgType.CONTINUATION:
                self._heard_type = frame.msg_type
            self._heard.append(frame.get_payload_as_bytes())
            if frame.fin:
                message = b"".join(self._heard)
                self._heard.clear()
                self._hear(transport, "text" if self._heard_type == WSMsgType.TEXT else "binary", message)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._part.finish("close", *self._end)
        self.over.set()

    def _hear(self, transport: WSTransport, type: str, *message: str | bytes) -> None:
        for action, what, more in self._part.hear(type, *message):
            self._perform(transport, action, what, more)

    def _perform(self, transport: WSTransport, action: str, what: object, more: object) -> None:
        match action, what:
            case "text" | "binary", bytes():
                kind = WSMsgType.CONTINUATION if self._continues else TYPES[action]
                transport.send(kind, what, bool(more))
                self._continues = not more
            case "ping", bytes():
                transport.send_ping(what)
            case "pong", bytes():
                transport.send_pong(what)
            case "close", int():
                code: Any = what
                transport.send_close(code, str(more).encode())


async def open_(order: Order) -> None:
    url, *protocols = order.words
    headers = {"Sec-WebSocket-Protocol": ", ".join(protocols)} if protocols else None
    listener = Listener(order.part)
    try:
        await ws_connect(lambda: listener, url, extra_headers=headers, max_frame_size=NO_LIMIT)
    except WSHandshakeError as error:
        order.part.finish("error", int(error.response.status) if error.response else "")
        return
    await listener.over.wait()


async def serve(order: Order) -> None:
    path, glob = order.words
    over = asyncio.Event()

    def accept(request: WSUpgradeRequest) -> WSUpgradeResponseWithListener | None:
        url = urlsplit(request.path.decode())
        if url.path != path:
            over.set()
            return None
        listener = Listener(order.part, [url.path, *query_words(url.query)])
        listener.over = over
        offered = re.split(r"\s*,\s*", request.headers.get("Sec-WebSocket-Protocol", ""))
        chosen = fnmatch.filter(offered, glob)[:1]
        headers = {"Sec-WebSocket-Protocol": chosen[0]} if chosen and chosen[0] else None
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(headers), listener)

    server = await ws_create_server(accept, "127.0.0.1", 0, max_frame_size=NO_LIMIT)
    tell("listening", server.sockets[0].getsockname()[1])
    await over.wait()
    server.close()


if __name__ == "__main__":
    for each in orders():
        asyncio.run((open_ if each.command == "open" else serve)(each))
