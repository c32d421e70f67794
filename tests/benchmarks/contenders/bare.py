"""The floor: a bare file handler of Tk's that counts bytes, sends bytes, and knows no WebSocket.

Its handshake is done before it begins. What it sends is as long as a frame.
"""

from __future__ import annotations

import socket
import tkinter
from typing import Any

from tests.benchmarks import wire
from tests.benchmarks.peers.swarm import BROADCAST
from tests.benchmarks.window import Window
from tkws.protocol.frames import Opcode

__all__ = ["Bare", "Window", "connect", "serve"]

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
        self.payload = memoryview(wire.frame(wire.payload(window.task["size"]), opcode=Opcode.BINARY))
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


class Listener:
    """Accepts, and sends to each. Only the first has a file handler: Tcl watches no descriptor past 1,023."""

    def __init__(self, window: Window) -> None:
        self.app: Any = window.app
        self.tk = window.root.tk
        self.clients: list[socket.socket] = []
        self.frame = wire.size_of_frame(window.task["size"], masked=True)
        self.bytes = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.listener.setblocking(False)
        self.tk.createfilehandler(self.listener, tkinter.READABLE, self.accept)
        self.app.listening(self, self.listener.getsockname()[1])

    def accept(self, fd: object, mask: int) -> None:
        """Take in whoever waits."""
        while True:
            try:
                sock = wire.accept_client(self.listener)
            except BlockingIOError:
                return
            if not self.clients:
                self.app.joined(self)
                self.tk.createfilehandler(sock, tkinter.READABLE, self.read)
            self.clients.append(sock)

    def read(self, fd: object, mask: int) -> None:
        """Broadcast at a word, and count what is more than one."""
        data = self.clients[0].recv(CHUNK)
        if not data or data[0] == wire.CLOSE[0]:
            self.tk.deletefilehandler(self.clients[0])
            self.app.messages += self.bytes // self.frame
            self.app.left(self)
        elif len(data) < self.frame and not self.bytes:
            self.app.received(BROADCAST)
        else:
            self.bytes += len(data)

    def broadcast(self, message: str) -> None:
        """Send to all."""
        data = wire.frame(message.encode())
        for sock in self.clients:
            sock.send(data)


def serve(window: Window) -> None:
    Listener(window)
