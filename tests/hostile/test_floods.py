"""Peers that flood, never read, or send what grows: each with a bound of memory, while others are served on.

A bound is on what waits to be sent (`buffered_amount`) or on what Python has allocated since (tracemalloc).
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

import tkws
from tests.hostile.conftest import Served
from tests.peers import KEY, Log, Peer
from tkws.protocol.frames import Opcode
from tkws.testing.reset import reset_on_close

pytestmark = pytest.mark.thorough

# Not where memory is traced, which makes everything slow: there a client sees that it is served on.
serves_on = pytest.mark.usefixtures("heartbeat")

KIB, MIB = 1024, 1024 * 1024


@contextlib.contextmanager
def memory(most: int) -> Iterator[None]:
    """Fails where Python's memory has grown by more than ``most`` bytes at any moment."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        yield
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak <= most, f"{peak} bytes, more than {most}"


def pour(peer: Peer, pump_until, data: bytes, *, total: int, until=lambda: False) -> int:
    """Sends ``data`` again and again, up to ``total`` bytes, while the other end takes it; the bytes sent."""
    sent = 0

    def push() -> bool:
        nonlocal sent
        with contextlib.suppress(BlockingIOError):
            while sent < total and not until():
                try:
                    sent += peer.sock.send(memoryview(data)[sent % len(data) :])
                except ConnectionError:
                    return True
        return sent >= total or until()

    pump_until(push)
    return sent


@pytest.fixture
def server(root):
    server = tkws.serve(master=root)
    yield server
    server.close()


@pytest.fixture
def served(root, server, pump_until) -> Served:
    return Served(root, server, pump_until)


def flooder(peers, server) -> Peer:
    """A client whose connection has little room, so that what it does not read stays with the server."""
    peer = peers.connect(server)
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.ask("/flooded")
    peer.take_until()
    return peer


@pytest.mark.slow
@pytest.mark.parametrize("server_side", [True, False], ids=["server", "client"])
@serves_on
def test_pings_whose_pongs_are_never_read(root, peers, pump_until, server_side):
    log = Log()
    ws, peer = peers.taken(root, log, server=server_side, high_water=64 * KIB, low_water=KIB)
    flood = peer.frame(Opcode.PING, b"p" * 125) * 512
    most = 0

    def look() -> bool:
        nonlocal most
        most = max(most, ws.buffered_amount)
        return False

    pour(peer, pump_until, flood, total=len(flood) * 250, until=look)  # 16 MB, and as much in pongs
    pump_until(lambda: ws.statistics.pings_received == 512 * 250)
    assert 64 * KIB < most < 256 * KIB  # the mark, and one read's worth of pongs
    peer.say(Opcode.PING, b"the last")
    pump_until(
        lambda: b"the last" in peer.read()[-10:] or peer.frames()[-1:] == [(Opcode.PONG, b"the last")], 20
    )
    peer.sock.close()
    pump_until(lambda: log.over)


# name: options, and the smallest frames that are sent again and again
TINY_FRAMES = {
    "pings": ({}, [(Opcode.PING, True)]),
    "pongs": ({}, [(Opcode.PONG, True)]),
    "fragments": (
        {},
        [(Opcode.TEXT, False), *[(Opcode.CONTINUATION, False)] * 500, (Opcode.CONTINUATION, True)],
    ),
    "texts": ({}, [(Opcode.TEXT, True)]),
    "texts in two": ({}, [(Opcode.TEXT, False), (Opcode.CONTINUATION, True)]),
    "pings within the rate": ({"max_messages_per_second": 100_000}, [(Opcode.PING, True)]),
    "texts within the rate": ({"max_messages_per_second": 500_000}, [(Opcode.TEXT, True)]),
    "pings within the rate of bytes": ({"max_bytes_per_second": 10 * MIB}, [(Opcode.PING, True)]),
}


@pytest.mark.slow
@pytest.mark.parametrize("server_side", [True, False], ids=["server", "client"])
@pytest.mark.parametrize(("options", "frames"), TINY_FRAMES.values(), ids=TINY_FRAMES)
@serves_on
def test_the_smallest_frames_do_not_hold_up_the_window(root, peers, pump_until, server_side, options, frames):
    """Up to 32,768 of them are in one read."""
    log = Log()
    ws, peer = peers.taken(root, log, server=server_side, **options)
    flood = b"".join(peer.frame(opcode, b"", fin=fin) for opcode, fin in frames)
    flood = flood * (120_000 // len(flood)) + peer.frame(Opcode.CLOSE, b"\x03\xe8")
    pour(peer, pump_until, flood, total=len(flood))

    def has_ended() -> bool:
        peer.read()
        return ws.state is tkws.State.CLOSED

    pump_until(has_ended)
    pump_until(lambda: log.over)
    assert log.one("close")[0] == 1000


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"max_messages_per_second": 1_000_000}], ids=["plain", "limited"])
def test_nothing_is_lost_of_what_came_with_the_request_before_the_end(root, peers, pump_until, options):
    """Not though it, and the handler, take longer than a slice."""

    def compute(*_: object) -> None:
        end = time.thread_time() + 0.01
        while time.thread_time() < end:
            pass

    log = Log(connect=compute)
    server = tkws.serve(master=root, handler=log, **options)
    peer = peers.connect(server)
    request = (
        f"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    peer.send(request + peer.frame(Opcode.PONG) * 8000 + peer.frame(Opcode.TEXT, b"the last"))
    peer.sock.shutdown(socket.SHUT_WR)
    pump_until(lambda: log.over)
    assert log.all("text") == ["the last"]
    server.close()


@pytest.mark.slow
@serves_on
def test_an_echo_that_is_never_read(peers, server, served, pump_until):
    log = Log(text=lambda ws, message: ws.state is tkws.State.OPEN and ws.send(message))
    server.live("/flooded", log)
    server.configure(max_buffered=2 * MIB)
    peer = flooder(peers, server)
    flood = peer.frame(Opcode.TEXT, b"x" * 1000) * 64
    most = 0

    def look() -> bool:
        nonlocal most
        most = max(most, log.ws.buffered_amount if log.ws else 0)
        return log.over

    pour(peer, pump_until, flood, total=64 * MIB, until=look)
    pump_until(lambda: log.over)
    code, reason = log.one("close")
    assert code == 1006
    assert "keeps sending but does not read: more than 2097152 bytes" in reason
    assert most < 16 * MIB  # what one slice adds on top
    served.goes_on()


@pytest.mark.slow
def test_fragments_of_one_byte_without_end(peers, server, served, pump_until):
    server.live("/flooded", log := Log())
    server.configure(max_fragments=20_000)
    peer = flooder(peers, server)
    peer.say(Opcode.TEXT, b"x", fin=False)
    flood = peer.frame(Opcode.CONTINUATION, b"x", fin=False) * 1000
    with memory(4 * MIB):
        pour(peer, pump_until, flood, total=len(flood) * 50, until=lambda: bool(log.all("close")))
        pump_until(lambda: log.all("close"))
    assert log.one("error").code == 1008
    assert log.one("close") == (1006, "Message in more than 20000 fragments, the limit of max_fragments")
    assert not log.all("text")
    served.goes_on()
    peer.sock.close()
    pump_until(lambda: log.over)


def compressed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def inflating(peers, server) -> Peer:
    peer = peers.connect(server)
    peer.ask("/flooded", "Sec-WebSocket-Extensions: permessage-deflate")
    assert b"permessage-deflate" in peer.take_until()
    return peer


def bomb(peer: Peer, payload: bytes) -> bytes:
    frame = bytearray(peer.frame(Opcode.BINARY, payload))
    frame[0] |= 0x40  # RSV1: compressed (RFC 7692, 6)
    return bytes(frame)


@pytest.mark.slow
def test_a_bomb_of_a_thousand_to_one(peers, server, served, pump_until):
    server.live("/flooded", log := Log())
    server.configure(max_message=MIB)
    peer = inflating(peers, server)
    payload = compressed(bytes(100 * MIB))
    assert 1000 * len(payload) < 100 * MIB
    with memory(8 * MIB):
        pour(peer, pump_until, bomb(peer, payload), total=len(payload), until=lambda: bool(log.all("close")))
        pump_until(lambda: log.all("close"))
    assert log.one("error").code == 1009
    assert log.one("close")[0] == 1006
    assert not log.all("binary")
    served.goes_on()
    peer.sock.close()
    pump_until(lambda: log.over)


@pytest.mark.slow
def test_a_bomb_within_a_bomb_is_inflated_once(peers, server, served, pump_until):
    server.live("/flooded", log := Log())
    peer = inflating(peers, server)
    inner = compressed(bytes(100 * MIB))
    with memory(4 * MIB):
        peer.send(bomb(peer, compressed(inner)))
        pump_until(lambda: log.all("binary"))
    assert log.one("binary") == inner
    served.goes_on()
    peer.sock.close()
    pump_until(lambda: log.over)


@pytest.mark.slow
@pytest.mark.parametrize("junk", ["closes", "pings", "noise"])
def test_what_follows_a_close_is_dropped(peers, server, served, pump_until, junk):
    server.live("/flooded", log := Log())
    server.configure(close_timeout=0.3)
    peer = flooder(peers, server)
    peer.bye()
    opcode = {"closes": Opcode.CLOSE, "pings": Opcode.PING}.get(junk)
    flood = b"\xff" * 65536 if opcode is None else peer.frame(opcode, b"") * 8192
    with memory(2 * MIB):
        pour(peer, pump_until, flood, total=32 * MIB, until=lambda: log.over)
        pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]
    assert log.one("close") == (1000, "")
    served.goes_on()


# ---- before there is a WebSocket


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 10_000_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"y" * 10_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431),
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\n"
            + b"".join(b"X%d: y\r\n" % n for n in range(129))
            + b"\r\n",
            431,
        ),
        (b"\0" * 10_000_000, 400),
        (b"\r\n" * 5_000_000, 400),
    ],
    ids=["10,000 headers", "a long value", "a long target", "129 headers", "zeros", "empty lines"],
)
def test_heads_that_are_too_large(peers, server, served, pump_until, head, status):
    peer = peers.connect(server)
    with memory(4 * MIB):
        pour(peer, pump_until, head, total=len(head), until=lambda: len(peer.read()) > 12)
        if status == 431:
            assert peer.answer()[0] == status
        peer.sock.shutdown(socket.SHUT_WR)
        peer.wait_for_end()
    served.goes_on()


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("beginning", [b"", b"G", b"GET / HTTP/1.1\r\nHost: loc", b"\x16\x03\x01"], ids=ascii)
@serves_on
def test_silence_before_the_request(root, peers, pump_until, server_ssl, secure, beginning):
    server = tkws.serve(master=root, handshake_timeout=0.1, ssl=server_ssl if secure else None)
    peer = peers.connect(server)
    peer.send(beginning) if beginning else None
    peer.wait_for_end()
    assert not server.connections
    server.close()


@serves_on
def test_a_request_of_a_byte_now_and_then(root, peers, pump_until):
    server = tkws.serve(master=root, handshake_timeout=0.2)
    peer = peers.connect(server)
    dripped = 0

    def has_ended() -> bool:
        nonlocal dripped
        with contextlib.suppress(ConnectionError):
            peer.send(b"GET / HTTP/1.1\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyy"[dripped % 40 :][:1])
            dripped += 1
        peer.read()
        return peer.at_eof or peer.reset

    pump_until(has_ended)  # which looks, and drips, every 10 ms at least
    assert dripped > 1
    server.close()


STORM = """
import resource, socket, sys
from tkws.testing.reset import reset_on_close
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
made, held = 0, []
for n in range(5000):
    sock = socket.socket()
    sock.setblocking(False)
    sock.connect_ex(("127.0.0.1", int(sys.argv[1])))
    made += 1
    held.append(sock)
    if len(held) == 400:
        for old in held[:200]:
            old.close()
        del held[:200]
print(made)
"""


@pytest.mark.slow
def test_a_storm_of_connections(root, peers, pump_until):
    """5,000 as fast as they can be made, by another process, of which up to 400 are held: 100 may be."""
    server = tkws.serve(master=root, max_connections=100, handshake_timeout=1.0)
    served = Served(root, server, pump_until)
    with (
        memory(32 * MIB),
        subprocess.Popen([sys.executable, "-c", STORM, str(server.port)], stdout=-1) as storm,
    ):
        pump_until(lambda: storm.poll() is not None)
        assert storm.stdout is not None
        assert storm.stdout.read() == b"5000\n"
        served.goes_on()
    assert len(server.connections) == 1
    pump_until(lambda: not server._http_connections)
    server.close()


# ---- breaks at each moment


@pytest.mark.parametrize(
    "sent",
    [0, 1, 20, -1, "opened", "fragment", "header", "closing"],
)
@pytest.mark.parametrize("way", ["reset", "half-closed", "closed"])
@serves_on
def test_the_end_comes_at_any_moment(root, peers, pump_until, sent, way):
    server = tkws.serve(master=root, close_timeout=0.1, handshake_timeout=0.5)
    server.live("/x", log := Log())
    peer = peers.connect(server)
    if isinstance(sent, int):
        head = b"GET /x HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nX: y\r\n"
        peer.send(head[:sent] or b"\r")
    else:
        peer.ask("/x")
        peer.take_until()
        part = {"fragment": peer.frame(Opcode.TEXT, b"abc", fin=False), "header": b"\x81\xfe\x01"}.get(sent)
        peer.send(part) if part else None
        if sent == "closing":
            pump_until(lambda: log.open)
            log.ws.close()
    if way == "half-closed":
        peer.sock.shutdown(socket.SHUT_WR)
        peer.wait_for_end()
    elif way == "reset":
        reset_on_close(peer.sock)
    peer.sock.close()
    pump_until(lambda: not server._http_connections and not server.connections)
    assert log.types.count("connect") == log.types.count("disconnect")
    server.close()


@pytest.mark.slow
@pytest.mark.parametrize("request_line", [b"GET / HTTP/1.1", b"HEAD /x HTTP/1.1"])
@serves_on
def test_requests_that_come_together_do_not_hold_up_the_window(root, peers, pump_until, request_line):
    """Some 2,000 of them are in one read."""
    server = tkws.serve(master=root)
    server.page("/", "Hello")
    peer = peers.connect(server)
    peer.send((request_line + b"\r\nHost: a\r\n\r\n") * 2000)
    pump_until(lambda: peer.read().count(b"HTTP/1.1 ") == 2000)
    server.close()
