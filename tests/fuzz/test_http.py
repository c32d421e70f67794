"""Garbage for a server: requests cut, doubled and spoilt. It may refuse them; it may not raise or stay.

More of them: ``FUZZ=1000`` in the environment.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket

import pytest

import tkws
from tests.peers import KEY, Log

FUZZ = int(os.environ.get("FUZZ", "20"))
CLIENTS = 40

UPGRADE = (
    f"GET /chat?a=b HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, b\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nOrigin: http://localhost\r\n\r\n"
)

SEEDS = [
    UPGRADE.encode() + b"\x81\x82\0\0\0\0hi",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
    b"HEAD /files/x%00y HTTP/1.0\r\n\r\n",
    b"GET http://a/chat HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"GET /files/../..//%2e%2e/x HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"CONNECT a:80 HTTP/1.1\r\nHost: localhost\r\nUpgrade: \xff\xfe\r\n\r\n",
]


def spoilt(rng: random.Random) -> bytes:
    """A few requests in a row, with some of their bytes changed."""
    data = bytearray(b"".join(rng.choice(SEEDS) for _ in range(rng.randrange(1, 4))))
    for _ in range(rng.choice([0, 1, 1, 2, 5, 20])):
        at = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            data[at] = rng.randrange(256)
        elif kind == 1 and len(data) > 40:
            del data[at : at + rng.randrange(1, 20)]
        elif kind == 2:
            data[at:at] = rng.choices(b'\r\n :,;=\0\xff%?/[]"', k=rng.randrange(1, 4))
        else:
            data[at:at] = data[max(0, at - 20) : at]
    return bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(FUZZ))
def test_garbage_is_refused_and_does_not_stay(root, peers, pump_until, tmp_path, seed):
    rng = random.Random(seed)
    log = Log()
    server = tkws.serve(master=root, handshake_timeout=0.05, close_timeout=0.05)
    server.live("/chat", log)
    server.page("/", "page")
    server.directory("/files", tmp_path)
    for _ in range(CLIENTS):
        peer = peers.connect(server)
        data = spoilt(rng)
        while data:
            count = rng.choice([1, 3, 50]) if rng.random() < 0.3 else len(data)
            with contextlib.suppress(OSError):
                peer.sock.send(data[:count])
            data = data[count:]
            if rng.random() < 0.1:
                turned: list[bool] = []
                server.loop.call_soon(turned.append, True)
                pump_until(lambda: turned)
        if rng.random() < 0.5:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_WR)
    pump_until(lambda: not server._http_connections)
    server.close()
    pump_until(lambda: not server.connections)
    assert log.types.count("connect") == log.types.count("disconnect")
