"""Bytes before the opening handshake and behind it, where none belong: in both roles, over TCP and over TLS.

Bounds: `MOST` bytes of Python's memory, also where 16 MB are sent, and the five seconds of `pump_until`.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator

import pytest

import tkws
from tests.hostile.test_floods import MIB, memory
from tests.peers import KEY, Log, Peer, Secured
from tkws.protocol.frames import Opcode

pytestmark = pytest.mark.thorough

MOST = 2 * MIB

REQUEST = (
    "GET /feed HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n"
).encode()
SERVERS_FRAME = b"\x81\x05hello"


def client_hello() -> bytes:
    """What a client of TLS says first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    outgoing = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


def flood(peer: Peer, pump_until, data: bytes, until: Callable[[], object], total: int = 16 * MIB) -> None:
    """Sends ``data`` again and again, up to ``total`` bytes, as the other end takes it, or ``until``."""
    sent, rest = 0, b""

    def push() -> bool:
        nonlocal sent, rest
        with contextlib.suppress(BlockingIOError):
            while sent < total and not until():
                rest = rest or (peer.seal(data) if isinstance(peer, Secured) else data)
                try:
                    count = peer.sock.send(rest)
                except ConnectionError:
                    return True
                sent, rest = sent + count, rest[count:]
        return sent >= total or bool(until())

    pump_until(push)


@pytest.fixture(params=[False, True], ids=["TCP", "TLS"])
def secure(request) -> bool:
    return bool(request.param)


# ---- to a server


@pytest.fixture
def server(root, pump_until, secure, server_ssl) -> Iterator[tkws.HTTPServer]:
    context = server_ssl if secure else None
    server = tkws.serve(master=root, ssl=context, handshake_timeout=0.5, close_timeout=0.1)
    yield server
    server.close()
    pump_until(lambda: not server._http_connections and not server.connections)


@pytest.fixture
def visitor(peers, server, secure, client_ssl) -> Peer:
    peer = peers.connect(server)
    return Secured(peer, client_ssl) if secure else peer


@pytest.mark.parametrize(
    ("before", "status"),
    [
        (b"\r\n", 101),  # RFC 9112, 2.2
        (b"\r\n\r\n", 400),
        (b"\n", 400),
        (b"junk\r\n", 400),
        (b"\0", 400),
        (b"\xff" * 1000, 400),
        (b"\x81\x85\0\0\0\0hello", 400),
        (b"HTTP/1.1 200 OK\r\n\r\n", 400),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        pytest.param(client_hello(), 400, id="a ClientHello"),  # which has random bytes
    ],
    ids=lambda value: ascii(value[:12]) if isinstance(value, bytes) else value,
)
def test_before_a_request(server, visitor, before, status):
    server.live("/feed", log := Log())
    with memory(MOST):
        visitor.send(before + REQUEST + b"\r\n")
        assert visitor.answer()[0] == status
        if status != 101:
            visitor.wait_for_end()
    assert log.open is (status == 101)


@pytest.mark.parametrize("secure", [True], indirect=True)
def test_a_request_without_tls_where_tls_is_spoken(server, peers, pump_until):
    server.live("/feed", log := Log())
    peer = peers.connect(server)
    with memory(MOST):
        peer.send(REQUEST + b"\r\n")
        peer.wait_for_end()
        pump_until(lambda: not server._http_connections)
    assert not peer.received.startswith(b"HTTP")
    assert not log.events


def test_frames_behind_a_request(server, visitor, pump_until):
    server.live("/feed", log := Log())
    frames = [visitor.frame(Opcode.TEXT, b"%d" % number) for number in range(1000)]
    close = visitor.frame(Opcode.CLOSE, b"\x03\xe8")
    with memory(MOST):
        visitor.send(REQUEST + b"\r\n" + b"".join(frames) + close)
        assert visitor.answer()[0] == 101
        visitor.wait_for_end()
        visitor.sock.close()
        pump_until(lambda: log.over)
    assert log.all("text") == [str(number) for number in range(1000)]
    assert log.types[0] == "connect"
    assert log.one("close") == (1000, "")


@pytest.mark.parametrize(
    "junk", [b"\xff" * 60_000, REQUEST + b"\r\n", SERVERS_FRAME], ids=["ones", "request", "bare"]
)
def test_junk_behind_a_request(server, visitor, pump_until, junk):
    server.live("/feed", log := Log())
    with memory(MOST):
        visitor.send(REQUEST + b"\r\n" + junk)
        assert visitor.answer()[0] == 101
        visitor.wait_for_end()
        visitor.sock.close()
        pump_until(lambda: log.over)
    assert log.types == ["connect", "error", "close", "disconnect"]
    assert log.one("error").code == 1002
    assert log.one("close")[0] == 1006


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["frames", "ones", "requests"])
def test_a_flood_behind_a_request_that_is_refused(server, visitor, pump_until, kind):
    server.live("/feed", log := Log())
    flooding = {
        "frames": visitor.frame(Opcode.TEXT, b"x" * 100) * 100,
        "ones": b"\xff" * 16_000,
        "requests": (REQUEST + b"\r\n") * 50,
    }[kind]
    with memory(MOST):
        visitor.send(REQUEST + b"Origin: http://evil.example\r\n\r\n" + flooding)
        assert visitor.answer()[0] == 403
        flood(visitor, pump_until, flooding, lambda: not server._http_connections)
        pump_until(lambda: not server._http_connections)
    assert not log.events


# ---- to a client


@pytest.fixture
def asked(root, peers, secure, client_ssl, server_ssl, log) -> Peer:
    """A server that a client has connected to, and which has not looked at what it says."""
    listening = peers.listen()
    url = f"wss://localhost:{listening.port}/" if secure else listening.url
    tkws.open(url, log, master=root, ssl=client_ssl if secure else None, close_timeout=0.1)
    peer = listening.accept()
    return Secured(peer, server_ssl) if secure else peer


def consent(peer: Peer) -> bytes:
    """The answer to the client's request, which is waited for."""
    head = peer.take_until().decode()
    key = next(line for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
    accept = tkws.sec_websocket_accept(key.partition(": ")[2])
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return f"{head}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()


@pytest.mark.parametrize("waits", [False, True], ids=["before it was asked", "with its answer"])
@pytest.mark.parametrize(
    ("before", "said"),
    [
        (SERVERS_FRAME, "not HTTP"),
        (b"\x88\x02\x03\xe8", "not HTTP"),
        (b"\xff" * 60_000, "not HTTP"),
        (b"\r\n", None),  # RFC 9112, 2.2 is for servers, but browsers skip it too
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 OK"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", None),  # RFC 9110, 15.2
    ],
    ids=lambda value: ascii(value[:12]) if isinstance(value, bytes) else None,
)
def test_before_an_answer(asked, log, pump_until, before, said, waits):
    with memory(MOST):
        if waits:
            asked.send(before + consent(asked))
        else:
            asked.send(before)
            if said is None:
                asked.send(consent(asked))
        pump_until(lambda: log.over or log.open)
    if said is None:
        assert log.types == ["connect"]
        asked.sock.close()
        pump_until(lambda: log.over)
    else:
        assert log.types == ["error", "disconnect"]
        assert said in str(log.one("error"))
        asked.wait_for_end()


def test_frames_behind_an_answer(asked, log, pump_until):
    frames = [asked.frame(Opcode.TEXT, b"%d" % number) for number in range(1000)]
    with memory(MOST):
        asked.send(consent(asked) + b"".join(frames) + asked.frame(Opcode.CLOSE, b"\x03\xe8"))
        asked.hear()
        asked.sock.close()
        pump_until(lambda: log.over)
    assert log.types[0] == "connect"
    assert log.all("text") == [str(number) for number in range(1000)]
    assert log.one("close") == (1000, "")


@pytest.mark.parametrize(
    "junk", [b"\xff" * 60_000, b"HTTP/1.1 200 OK\r\n\r\n", b"\x81\x81abcdx"], ids=["ones", "HTTP", "masked"]
)
def test_junk_behind_an_answer(asked, log, pump_until, junk):
    with memory(MOST):
        asked.send(consent(asked) + junk)
        pump_until(lambda: log.over)
    assert log.types == ["connect", "error", "close", "disconnect"]
    assert log.one("error").code == 1002
    assert log.one("close")[0] == 1006


@pytest.mark.slow
@pytest.mark.parametrize("length", [b"Content-Length: 0", b"Content-Length: 99999999", b"X: y"], ids=ascii)
def test_a_flood_behind_an_answer_that_refuses(asked, log, pump_until, length):
    with memory(MOST):
        asked.take_until()
        asked.send(b"HTTP/1.1 403 Forbidden\r\n" + length + b"\r\n\r\n" + SERVERS_FRAME)
        flood(asked, pump_until, SERVERS_FRAME * 2000, lambda: log.over)
        pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    error = log.one("error")
    assert error.status == 403
    assert len(error.body) <= 64 * 1024
