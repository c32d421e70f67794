"""aiohttp as a party to scripted conversations, client or server. See ``part.py``."""

from __future__ import annotations

import asyncio
import fnmatch
import re

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web

from tests.interop.python.part import Order, Part, orders, query_words, tell


async def attend(ws: ClientWebSocketResponse | web.WebSocketResponse, part: Part, *opening: str) -> None:
    """Plays the part to the end of the connection."""
    for act in part.hear("connect", *opening):
        await perform(ws, *act)
    reason = ""
    while not ws.closed:
        message = await ws.receive()
        if message.type is WSMsgType.CLOSE:
            reason = message.extra or ""
        elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            kind = message.type.name.lower()
            data = message.data.encode() if kind == "text" else message.data
            for act in part.hear(kind, data):
                await perform(ws, *act)
    part.finish("close", ws.close_code, reason)


async def perform(
    ws: ClientWebSocketResponse | web.WebSocketResponse, action: str, what: object, more: object
) -> None:
    match action, what:
        case "text", bytes():
            await ws.send_str(what.decode())
        case "binary", bytes():
            await ws.send_bytes(what)
        case "ping", bytes():
            await ws.ping(what)
        case "pong", bytes():
            await ws.pong(what)
        case "close", int():
            await ws.close(code=what, message=str(more).encode())


async def open_(order: Order) -> None:
    url, *protocols = order.words
    async with ClientSession() as session:
        try:
            ws = await session.ws_connect(
                url, protocols=protocols, compress=_bits(order.deflate), max_msg_size=0
            )
        except WSServerHandshakeError as error:
            order.part.finish("error", error.status)
            return
        if order.deflate is not None:
            tell("agreed", ws._response.headers.get("Sec-WebSocket-Extensions", ""))
        await attend(ws, order.part, ws.protocol or "")


def _bits(deflate: dict[str, str] | None) -> int:
    """What aiohttp calls ``compress``: the binary logarithm of the server's window, 0 for no compression."""
    return 0 if deflate is None else int(deflate.get("server_max_window_bits", 15))


async def serve(order: Order) -> None:
    path, glob = order.words
    over = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            if request.path != path:
                raise web.HTTPNotFound
            offered = re.split(r"\s*,\s*", request.headers.get("Sec-WebSocket-Protocol", ""))
            protocols = fnmatch.filter(offered, glob)
            ws = web.WebSocketResponse(
                protocols=protocols[:1], compress=order.deflate is not None, max_msg_size=0
            )
            await ws.prepare(request)
            if order.deflate is not None:
                tell("agreed", ws.headers.get("Sec-WebSocket-Extensions", ""))
            await attend(ws, order.part, request.path, *query_words(request.query_string))
            return ws
        finally:
            over.set()

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    tell("listening", runner.addresses[0][1])
    await over.wait()
    await runner.cleanup()


if __name__ == "__main__":
    for each in orders():
        asyncio.run((open_ if each.command == "open" else serve)(each))
