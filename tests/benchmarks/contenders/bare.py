"""The floor: a bare file handler of Tk's that counts bytes, sends bytes, and knows no WebSocket.

Its handshake is done before it begins. What it sends is as long as a frame.
"""

from __future__ import annotations

import socket
import tkinter
from typing import Any

from tests.benchmarks import wire
from tests.benchmarks.window import Window

__all__ = ["Bare", "Window", "connect"]

CHUNK = 1 << 18


class Bare:
    """A socket and its file handlers.

    It receives into one buffer, so that what it costs is the system's copying and Tk's dispatch.
    """

    def __init__(self, window: Window, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock, self.app, self.tk = sock, window.app, window.root.tk
        self.frame = wire.size_of_frame(window.task["size"], masked=False)
        self.echoes = window.task["app"] == "echo"
        self.sends = window.task["app"] == "source"
        self.payload = memoryview(wire.frame(wire.payload(window.task["size"]), binary=True))
        self.rest = self.payload
        self.bytes = 0
        self.buffer = memoryview(bytearray(CHUNK))
        self.tk.createfilehandler(sock, tkinter.READABLE, self.read)
        self.app.opened(self)

    def read(self, fd: object, mask: int) -> None:
        """Count, and send back."""
        try:
            count = self.sock.recv_into(self.buffer)
        except ConnectionError:
            count = 0
        if not count:
            self.end()
            return
        self.bytes += count
        if self.echoes:
            self.sock.send(self.buffer[:count])

    def end(self) -> None:
        """The other end has closed, with a Close frame before."""
        self.tk.deletefilehandler(self.sock)
        if not self.sends:
            self.app.messages = self.bytes // self.frame
        self.app.closed()

    def write(self, fd: object, mask: int) -> None:
        """Send on."""
        try:
            self.rest = self.rest[self.sock.send(self.rest) :]
        except ConnectionError:
            self.end()
            return
        if not self.rest:
            self.rest = self.payload
            self.app.messages += 1

    def send(self, message: Any) -> None:
        """Never called: what it sends is not the app's."""
        raise NotImplementedError

    def buffered(self) -> int:
        """Begin to send for good: no app needs to fill this one."""
        self.tk.createfilehandler(self.sock, tkinter.READABLE | tkinter.WRITABLE, self.serve)
        return self.app.ahead

    def serve(self, fd: object, mask: int) -> None:
        """Read and write."""
        if mask & tkinter.READABLE:
            self.read(fd, mask)
        else:
            self.write(fd, mask)


def connect(window: Window, port: int) -> None:
    Bare(window, wire.connect_client(port))
