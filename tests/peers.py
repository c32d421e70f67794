"""The other end of a connection, played by hand: bytes go out as a test says, and come in as they are.

A `Peer` never waits for anything but by running Tk's loop, on which the end under test lives.
"""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import ssl
from collections.abc import Callable
from typing import Any, Self

import tkws
from tkws.protocol.frames import Opcode, encode_header, parse_header
from tkws.protocol.masking import apply_mask

MASK = b"\x12\x34\x56\x78"
KEY = base64.b64encode(b"0123456789abcdef").decode()


class Log:
    """A handler that writes down what it is called with, then does what ``actions`` has for the type.

    Attributes:
        events: ``(type, message)`` in order.
        ws: The last call's.
        actions: By type: called with the connection and the message.
        depth: The calls that run now; ``deepest`` is the most there were.
    """

    def __init__(self, **actions: Callable[[tkws.WebSocket, Any], object]) -> None:
        self.events: list[tuple[str, Any]] = []
        self.ws: tkws.WebSocket | None = None
        self.actions = actions
        self.depth = self.deepest = 0

    def __call__(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        assert isinstance(type, tkws.Event)
        self.ws = ws
        self.events.append((str(type), message))
        self.depth += 1
        self.deepest = max(self.deepest, self.depth)
        try:
            if type in self.actions:
                self.actions[type](ws, message)
        finally:
            self.depth -= 1

    @property
    def types(self) -> list[str]:
        return [type for type, _ in self.events]

    @property
    def open(self) -> bool:
        return "connect" in self.types

    @property
    def over(self) -> bool:
        return "disconnect" in self.types

    def all(self, type: str) -> list[Any]:
        """The messages of the events of a type."""
        return [message for each, message in self.events if each == type]

    def one(self, type: str) -> Any:
        """The message of the only event of a type."""
        [message] = self.all(type)
        return message


class Peer:
    """One end of a connection, of which the other belongs to the code under test.

    Attributes:
        received: Everything that came and was not taken yet.
        at_eof: Whether the other end sends no more.
        reset: Whether the connection broke.
    """

    def __init__(self, sock: socket.socket, pump_until: Callable[..., None], *, client: bool) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.received = bytearray()
        self.at_eof = False
        self.reset = False
        self._pump_until = pump_until
        self._client = client

    def send(self, data: bytes) -> None:
        """Sends bytes, which the system has room for."""
        assert self.sock.send(data) == len(data)

    def frame(self, opcode: Opcode, payload: bytes = b"", *, fin: bool = True) -> bytes:
        """A frame of this end."""
        if not self._client:
            return encode_header(opcode, len(payload), fin=fin) + payload
        return encode_header(opcode, len(payload), fin=fin, mask=MASK) + apply_mask(payload, MASK)

    def say(self, opcode: Opcode, payload: bytes = b"", *, fin: bool = True) -> None:
        """Sends a frame."""
        self.send(self.frame(opcode, payload, fin=fin))

    def text(self, *messages: str) -> None:
        """Sends text messages, together."""
        self.send(b"".join(self.frame(Opcode.TEXT, message.encode()) for message in messages))

    def bye(self, code: int = 1000, reason: str = "") -> None:
        """Sends a Close frame."""
        self.say(Opcode.CLOSE, code.to_bytes(2, "big") + reason.encode())

    def read(self) -> bytearray:
        """Takes in what has come, without waiting."""
        with contextlib.suppress(BlockingIOError):
            while not (self.at_eof or self.reset):
                try:
                    data = self.sock.recv(1 << 20)
                except ConnectionError:
                    self.reset = True
                    break
                self.received += data
                self.at_eof = not data
        return self.received

    def take(self, count: int) -> bytes:
        """Waits for bytes and removes them."""
        self._pump_until(lambda: len(self.read()) >= count)
        data = bytes(self.received[:count])
        del self.received[:count]
        return data

    def take_until(self, end: bytes = b"\r\n\r\n") -> bytes:
        """Waits for bytes up to ``end`` and removes them."""
        self._pump_until(lambda: end in self.read())
        return self.take(self.received.index(end) + len(end))

    def payloads(self) -> list[bytes]:
        """Those of `frames`."""
        return [payload for _, payload in self.frames()]

    def frames(self) -> list[tuple[Opcode, bytes]]:
        """The frames that have come whole and were not taken yet; not removed."""
        found: list[tuple[Opcode, bytes]] = []
        position, data = 0, bytes(self.read())
        while True:
            header = parse_header(data, position, masked=not self._client, compression=True)
            if header is None or len(data) < position + header.header_size + header.length:
                return found
            start = position + header.header_size
            position = start + header.length
            payload = data[start:position]
            found.append((header.opcode, apply_mask(payload, header.mask) if header.mask else payload))

    def hear(self, count: int = 1) -> list[tuple[Opcode, bytes]]:
        """Waits until ``count`` frames have come; not removed."""
        self._pump_until(lambda: len(self.frames()) >= count)
        return self.frames()

    def wait_for_end(self) -> None:
        """Waits until the other end has ended or broken the connection."""
        self._pump_until(lambda: self.read() is not None and (self.at_eof or self.reset))

    def request(self, target: str = "/", *lines: str, method: str = "GET", host: str = "localhost") -> None:
        """Sends the head of an HTTP request."""
        head = (f"{method} {target} HTTP/1.1", f"Host: {host}", *lines, "", "")
        self.send("\r\n".join(head).encode())

    def ask(self, target: str = "/", *lines: str, host: str = "localhost") -> None:
        """Sends a request for a WebSocket; ``lines`` are more fields."""
        fields = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {KEY}")
        self.request(target, *fields, "Sec-WebSocket-Version: 13", *lines, host=host)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Waits for an HTTP answer; its status, its fields with lower-case names, its body."""
        head = self.take_until().decode("latin-1")
        status, *lines = head.strip().split("\r\n")
        fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return int(status.split()[1]), fields, self.take(int(fields.get("content-length", 0)))

    def accept(self, *lines: str) -> bytes:
        """Waits for a request for a WebSocket and answers 101, with more ``lines``; the request."""
        head = self.take_until()
        key = next(line for line in head.decode().split("\r\n") if line.startswith("Sec-WebSocket-Key"))
        accept = tkws.sec_websocket_accept(key.partition(": ")[2])
        fields = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}", *lines)
        self.send("\r\n".join(("HTTP/1.1 101 Switching Protocols", *fields, "", "")).encode())
        return head


class Secured(Peer):
    """The same over TLS: what is said and read is what is inside.

    Args:
        below: The peer that it takes over, a client's or a server's end; shakes hands at once.
        context: Its certificates.

    Attributes:
        below: The bytes of TLS; a test may forge and cut them.
    """

    def __init__(self, below: Peer, context: ssl.SSLContext) -> None:
        super().__init__(below.sock, below._pump_until, client=below._client)
        self.below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=not below._client,
            server_hostname="localhost" if below._client else None,
        )
        self._pump_until(self._has_shaken_hands)

    def seal(self, data: bytes) -> bytes:
        """The records of TLS that say ``data``."""
        assert self._tls.write(data) == len(data)
        return self._outgoing.read()

    def send(self, data: bytes) -> None:
        self.below.send(self.seal(data))

    def read(self) -> bytearray:
        self._take_in()
        try:
            while data := self._tls.read(1 << 16):
                self.received += data
            self.at_eof = True  # close_notify came
        except ssl.SSLWantReadError:
            self.at_eof = self.below.at_eof
        self.reset = self.below.reset
        return self.received

    def _has_shaken_hands(self) -> bool:
        self._take_in()
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            if flight := self._outgoing.read():
                self.below.send(flight)
        return True

    def _take_in(self) -> None:
        self._incoming.write(bytes(self.below.read()))
        self.below.received.clear()


class Peers:
    """Makes peers, and closes them in the end."""

    def __init__(self, pump_until: Callable[..., None]) -> None:
        self._pump_until = pump_until
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def keep(self, sock: socket.socket) -> socket.socket:
        """Has a socket closed in the end."""
        return self._stack.enter_context(sock)

    def sockets(self) -> tuple[socket.socket, socket.socket]:
        """A connected pair of TCP sockets."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            near = self.keep(socket.create_connection(listening.getsockname()))
            far = self.keep(listening.accept()[0])
        return near, far

    def taken(
        self, master: Any, handler: Any = None, *, server: bool = True, **options: Any
    ) -> tuple[tkws.WebSocket, Peer]:
        """A connection by `tkws.takeover`, and its other end."""
        near, far = self.sockets()
        handler = Log() if handler is None else handler
        ws = tkws.takeover(near, handler, server, master=master, **options)
        return ws, Peer(far, self._pump_until, client=server)

    def connect(self, server: tkws.HTTPServer) -> Peer:
        """A client of a server."""
        sock = self.keep(socket.create_connection(server.addresses[0][:2]))
        return Peer(sock, self._pump_until, client=True)

    def listen(self) -> Listening:
        """A server to open connections to."""
        sock = self.keep(socket.create_server(("127.0.0.1", 0)))
        return Listening(self, sock, self._pump_until)


class Listening:
    """A listening socket that accepts by hand."""

    def __init__(self, peers: Peers, sock: socket.socket, pump_until: Callable[..., None]) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.port = sock.getsockname()[1]
        self._peers = peers
        self._pump_until = pump_until

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    def waiting(self) -> bool:
        """Whether somebody waits to be accepted."""
        return bool(select.select([self.sock], [], [], 0)[0])

    def accept(self) -> Peer:
        """Waits for a connection."""
        accepted: list[socket.socket] = []

        def is_there() -> bool:
            with contextlib.suppress(BlockingIOError):
                accepted.append(self._peers.keep(self.sock.accept()[0]))
            return bool(accepted)

        self._pump_until(is_there)
        return Peer(accepted[0], self._pump_until, client=False)
