"""libcurl, by curl_cffi, as a party to scripted conversations, a client alone. See ``part.py``.

It leaves the answer to a Close frame to the program. Pings are answered here too: libcurl 8.23 keeps a pong
of its own back until something else comes.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import TypeVar, cast

from curl_cffi import Curl, CurlECode, CurlError, CurlInfo, CurlOpt, CurlWsFlag

from tests.interop.python.part import Part, orders

T = TypeVar("T")

FLAGS = {
    "text": CurlWsFlag.TEXT,
    "binary": CurlWsFlag.BINARY,
    "ping": CurlWsFlag.PING,
    "pong": CurlWsFlag.PONG,
}
DATA = CurlWsFlag.TEXT | CurlWsFlag.BINARY | CurlWsFlag.CONT
NO_AUTO_PONG = 1 << 1  # CURLWS_NOAUTOPONG
PATIENCE = 15.0


class Client:
    """A connection.

    Args:
        part: What to do in it.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self._curl = Curl()
        self._head: list[bytes] = []
        self._end: tuple[int, bytes] = (1006, b"")

    def converse(self, url: str, *protocols: str) -> None:
        """Opens the connection and plays the part to its end."""
        if not self._open(url, protocols):
            self._part.finish("error", self._curl.getinfo(CurlInfo.RESPONSE_CODE))
            return
        chosen = [
            line[23:].strip() for line in self._head if line.lower().startswith(b"sec-websocket-protocol:")
        ]
        self._hear("connect", *(chosen or [b""]))
        message = b""
        while received := self._receive():
            chunk, flags, whole = received
            if flags & CurlWsFlag.CLOSE:
                self._closed(chunk)
            elif flags & CurlWsFlag.PING:
                self._send(chunk, CurlWsFlag.PONG)
                self._hear("ping", chunk)
            elif flags & CurlWsFlag.PONG:
                self._hear("pong", chunk)
            elif flags & DATA:
                message += chunk
                if whole:
                    self._hear("text" if flags & CurlWsFlag.TEXT else "binary", message)
                    message = b""
        self._part.finish("close", *self._end)
        self._curl.close()

    def _open(self, url: str, protocols: tuple[str, ...]) -> bool:
        self._curl.setopt(CurlOpt.URL, url.encode())
        self._curl.setopt(CurlOpt.CONNECT_ONLY, 2)
        self._curl.setopt(CurlOpt.WS_OPTIONS, NO_AUTO_PONG)
        self._curl.setopt(CurlOpt.HEADERFUNCTION, self._head.append)
        if protocols:
            field = f"Sec-WebSocket-Protocol: {', '.join(protocols)}"
            self._curl.setopt(CurlOpt.HTTPHEADER, [field.encode()])
        try:
            self._curl.perform()
        except CurlError:
            return False
        return True

    def _receive(self) -> tuple[bytes, int, bool] | None:
        """Some bytes of a frame, its flags, and whether its message ends with them; None at the end."""
        try:
            chunk, frame = self._patiently(self._curl.ws_recv)
        except CurlError as error:
            if error.code == CurlECode.GOT_NOTHING:
                return None
            raise
        return chunk, frame.flags, frame.bytesleft == 0 and not frame.flags & CurlWsFlag.CONT

    def _closed(self, payload: bytes) -> None:
        """Answers the peer's Close frame, if it is no answer itself."""
        if self._end[0] == 1006:
            self._send(payload, CurlWsFlag.CLOSE)
        self._end = (int.from_bytes(payload[:2], "big") if payload else 1005, payload[2:])

    def _hear(self, type: str, message: bytes) -> None:
        for action, what, more in self._part.hear(type, message):
            if action == "close":
                code = b"" if what is None else int(what).to_bytes(2, "big")
                self._send(code + str(more).encode(), CurlWsFlag.CLOSE)
                self._end = (0, b"")
            else:
                assert isinstance(what, bytes)
                self._send(what, FLAGS[action] | (0 if more else CurlWsFlag.CONT))

    def _send(self, data: bytes, flags: int) -> None:
        left = memoryview(data)
        while True:
            left = left[self._patiently(lambda: self._curl.ws_send(left, flags)) :]
            if not left:
                return

    def _patiently(self, act: Callable[[], T]) -> T:
        """Does what may have to wait for the socket."""
        while True:
            try:
                return act()
            except CurlError as error:
                if error.code != CurlECode.AGAIN:
                    raise
            sock = cast(int, self._curl.getinfo(CurlInfo.ACTIVESOCKET))
            writes = [sock] if act != self._curl.ws_recv else []
            assert any(select.select([sock], writes, [], PATIENCE)), "libcurl waits in vain"


if __name__ == "__main__":
    for order in orders():
        Client(order.part).converse(*order.words)
