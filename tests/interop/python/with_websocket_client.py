"""websocket-client as a party to scripted conversations, a client alone. See ``part.py``."""

from __future__ import annotations

from typing import Any

import websocket
from websocket import ABNF, WebSocket

from tests.interop.python.part import Part, orders

OPCODES = {"text": ABNF.OPCODE_TEXT, "binary": ABNF.OPCODE_BINARY}
TYPES = {
    ABNF.OPCODE_TEXT: "text",
    ABNF.OPCODE_BINARY: "binary",
    ABNF.OPCODE_PING: "ping",
    ABNF.OPCODE_PONG: "pong",
}


class Client:
    """A connection.

    Args:
        part: What to do in it.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self._ws: WebSocket
        self._continues = False

    def converse(self, url: str, *protocols: str) -> None:
        """Opens the connection and plays the part to its end."""
        try:
            self._ws = websocket.create_connection(url, subprotocols=list(protocols) or None, timeout=15)
        except websocket.WebSocketBadStatusException as error:
            self._part.finish("error", error.status_code)
            return
        self._hear("connect", self._ws.getsubprotocol() or "")
        while self._ws.connected:
            opcode, frame = self._ws.recv_data_frame(control_frame=True)
            if opcode == ABNF.OPCODE_CLOSE:
                self._ws.shutdown()
                self._finish(frame.data)
                return
            self._hear(TYPES[opcode], frame.data)
        closing: Any = self._ws.close_frame
        self._finish(closing.data)

    def _finish(self, payload: bytes) -> None:
        code = int.from_bytes(payload[:2], "big") if payload else 1005
        self._part.finish("close", code, payload[2:])

    def _hear(self, type: str, message: str | bytes) -> None:
        for action, what, more in self._part.hear(type, message):
            self._perform(action, what, more)

    def _perform(self, action: str, what: object, more: object) -> None:
        match action, what:
            case "text" | "binary", bytes():
                opcode = ABNF.OPCODE_CONT if self._continues else OPCODES[action]
                self._ws.send_frame(ABNF.create_frame(what, opcode, int(more is True)))
                self._continues = not more
            case "ping", bytes():
                self._ws.ping(what)
            case "pong", bytes():
                self._ws.pong(what)
            case "close", int():
                self._ws.close(what, str(more))


if __name__ == "__main__":
    for order in orders():
        Client(order.part).converse(*order.words)
