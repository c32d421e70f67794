"""The bytes on the wire, made beforehand: frames, and the two halves of the opening handshake.

A load generator that encodes as it sends would measure itself. Knows blocking sockets; knows nothing of Tk.
"""

from __future__ import annotations

import json
import re
import socket

import tkws
from tkws.protocol.frames import Opcode, encode_header
from tkws.protocol.masking import apply_mask

MASK = b"\x12\x34\x56\x78"
NORMAL = (1000).to_bytes(2, "big")
CLOSE = encode_header(Opcode.CLOSE, 2) + NORMAL
HEADER_END = b"\r\n\r\n"
PATTERN = b"0123456789abcdef"


def payload(size: int) -> bytes:
    """Return ASCII of this many bytes."""
    return (PATTERN * (size // len(PATTERN) + 1))[:size]


def json_payload(size: int) -> bytes:
    """Return a request as JSON of this many bytes, as `json.dumps` writes it."""
    request: dict[str, object] = {
        "id": 1,
        "method": "show",
        "params": {"title": "a request", "values": [1, 2.5, None, True]},
    }
    request["text"] = ""
    request["text"] = payload(size - len(json.dumps(request))).decode()
    return json.dumps(request).encode()


def frame(data: bytes, *, opcode: Opcode = Opcode.TEXT, masked: bool = False) -> bytes:
    """Return one message in one frame; a client's is masked."""
    if not masked:
        return encode_header(opcode, len(data)) + data
    return encode_header(opcode, len(data), mask=MASK) + apply_mask(data, MASK)


def size_of_frame(size: int, *, masked: bool) -> int:
    """Return the bytes of a frame around a payload of ``size`` bytes."""
    return len(encode_header(Opcode.BINARY, size, mask=MASK if masked else b"")) + size


def request(port: int) -> bytes:
    """Return what a client begins with."""
    return (
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def answer(head: bytes) -> bytes:
    """Return what a server answers to a request: the upgrade, without extension or subprotocol."""
    found = re.search(rb"(?i)\r\nsec-websocket-key: *(\S+)", head)
    assert found, head
    accept = tkws.sec_websocket_accept(found[1].decode())
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ).encode()


def read_head(sock: socket.socket) -> bytes:
    """Return a request or an answer, up to its empty line; the other end says no more before its turn."""
    head = b""
    while not head.endswith(HEADER_END):
        data = sock.recv(4096)
        assert data, head
        head += data
    return head


def accept_client(listener: socket.socket) -> socket.socket:
    """Take in one client, and answer its handshake."""
    sock, _ = listener.accept()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(answer(read_head(sock)))
    return sock


def connect_client(port: int) -> socket.socket:
    """Connect as a client, through the handshake."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(request(port))
    read_head(sock)
    return sock
