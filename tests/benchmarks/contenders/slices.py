"""The floor with messages: a bare file handler that slices at fixed places, decodes, and calls back for each.

It knows where the messages are because all are of one length: no protocol can do less. Large messages are
received into memory of their own, as each goes to the program.
"""

from __future__ import annotations

import io
import socket

from tests.benchmarks import wire
from tests.benchmarks.contenders.bare import Bare
from tests.benchmarks.window import Window

__all__ = ["Window", "connect"]

LARGE = 1 << 17


class Slices(Bare):
    """Calls the app with each message."""

    def __init__(self, window: Window, sock: socket.socket) -> None:
        super().__init__(window, sock)
        self.header = self.frame - window.task["size"]
        self.held = b""

    def read(self, fd: object, mask: int) -> None:
        try:
            data = self.sock.recv(len(self.buffer))
        except ConnectionError:
            data = b""
        if not data:
            self.end()
            return
        if self.held:
            data = self.held + data
        frame, header, received = self.frame, self.header, self.app.received
        whole = len(data) - len(data) % frame
        for start in range(header, whole, frame):
            received(data[start : start + frame - header].decode())
        self.held = data[whole:]

    def send(self, message: str) -> None:
        """Send one message, as long as a frame."""
        self.sock.send(bytes(self.header) + message.encode())

    def end(self) -> None:
        self.tk.deletefilehandler(self.sock)
        self.app.closed()


class Buffers(Bare):
    """Calls the app with each message, a large binary one, header included."""

    def __init__(self, window: Window, sock: socket.socket) -> None:
        super().__init__(window, sock)
        self.begin()

    def begin(self) -> None:
        """Make room for a message."""
        self.file = io.BytesIO(bytes(self.frame))
        self.missing = self.file.getbuffer()

    def read(self, fd: object, mask: int) -> None:
        try:
            count = self.sock.recv_into(self.missing)
        except ConnectionError:
            count = 0
        if not count:
            self.end()
            return
        self.missing = self.missing[count:]
        if not self.missing:
            self.missing.release()
            self.app.received(self.file.getvalue())
            self.begin()

    def end(self) -> None:
        self.tk.deletefilehandler(self.sock)
        self.app.closed()


def connect(window: Window, port: int) -> None:
    kind = Slices if window.task["size"] < LARGE else Buffers
    kind(window, wire.connect_client(port))
