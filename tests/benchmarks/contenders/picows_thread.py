"""``picows``, compiled, on asyncio in a thread; a pipe wakes the window, which costs less than ``after``.

What is received while the window is busy waits together; what the window sends in one go crosses together.
"""

from __future__ import annotations

import asyncio
import os
import threading
import tkinter
from collections import deque
from collections.abc import Callable
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect, ws_create_server

from tests.benchmarks.window import Window

__all__ = ["Window", "connect", "serve"]

LARGEST = 64 << 20


class Pipe:
    """A queue of which the window's end is served by a file handler: messages, and tuples as in `recipe`."""

    def __init__(self, window: Window) -> None:
        self._app = window.app
        self._waiting: deque[Any] = deque()
        self._read_end, self._write_end = os.pipe()
        self._woken = False
        window.root.tk.createfilehandler(self._read_end, tkinter.READABLE, self._on_readable)

    def put(self, message: Any) -> None:
        """Put something in, on the thread."""
        self._waiting.append(message)
        if not self._woken:
            self._woken = True
            os.write(self._write_end, b"x")

    def _on_readable(self, fd: object, mask: int) -> None:
        os.read(self._read_end, 1)
        self._woken = False
        take, received = self._waiting.popleft, self._app.received
        for _ in range(len(self._waiting)):
            message = take()
            if type(message) is tuple:
                getattr(self._app, message[0])(*message[1:])
            else:
                received(message)


class Listener(WSListener):
    """Takes what the thread receives."""

    def __init__(self, pipe: Pipe, hello: tuple[object, ...], goodbye: tuple[object, ...]) -> None:
        super().__init__()
        self.put, self.hello, self.goodbye = pipe.put, hello, goodbye
        self.transport: Any = None
        self.on_room: Callable[[], object]
        self.full = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.put(self.hello)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.put(frame.get_payload_as_utf8_text())
        elif frame.msg_type == WSMsgType.BINARY:
            self.put(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.put(self.goodbye)

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        self.on_room()


class ClientThread:
    """A client's thread, and the window's way to it."""

    def __init__(self, window: Window, port: int) -> None:
        self._pipe = Pipe(window)
        self._listener = Listener(self._pipe, ("opened", self), ("closed",))
        self._listener.on_room = self._send_all
        self._fills = window.task["app"] == "source"
        self._outbox: deque[Any] = deque()
        self._called = False
        self._queued = self._sent = 0
        self._loop = start_thread(self._run(port))

    async def _run(self, port: int) -> None:
        url = f"ws://127.0.0.1:{port}/"
        await ws_connect(lambda: self._listener, url, max_frame_size=LARGEST)
        await asyncio.Event().wait()

    def send(self, message: Any) -> None:
        self._queued += len(message)
        self._outbox.append(message)
        if not self._called:
            self._called = True
            self._loop.call_soon_threadsafe(self._send_all)

    def _send_all(self) -> None:
        self._called = False
        transport = self._listener.transport
        while self._outbox and not self._listener.full:
            message = self._outbox.popleft()
            kind = WSMsgType.TEXT if type(message) is str else WSMsgType.BINARY
            if not transport.is_disconnected:
                transport.send(kind, message.encode() if type(message) is str else message)
            self._sent += len(message)
        if self._fills and not self._outbox:
            self._pipe.put(("drained",))

    def buffered(self) -> int:
        return self._queued - self._sent


class ServerThread:
    """A server's thread, and the window's way to it."""

    def __init__(self, window: Window) -> None:
        self._pipe = Pipe(window)
        self._listeners: list[Listener] = []
        self._loop = start_thread(self._run())

    async def _run(self) -> None:
        server = await ws_create_server(self._accept, "127.0.0.1", 0, backlog=128)
        self._pipe.put(("listening", self, server.sockets[0].getsockname()[1]))
        await asyncio.Event().wait()

    def _accept(self, request: object) -> Listener:
        name = len(self._listeners)
        listener = Listener(self._pipe, ("joined", name), ("left", name))
        self._listeners.append(listener)
        return listener

    def broadcast(self, message: str) -> None:
        self._loop.call_soon_threadsafe(self._broadcast, message.encode())

    def _broadcast(self, payload: bytes) -> None:
        for listener in self._listeners:
            if listener.transport and not listener.transport.is_disconnected:
                listener.transport.send(WSMsgType.TEXT, payload)


def start_thread(coroutine: Any) -> asyncio.AbstractEventLoop:
    """Run a coroutine on a loop in a thread."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_until_complete, args=[coroutine], daemon=True).start()
    return loop


def connect(window: Window, port: int) -> None:
    ClientThread(window, port)


def serve(window: Window) -> None:
    ServerThread(window)
