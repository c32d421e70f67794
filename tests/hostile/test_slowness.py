"""Peers that are silent or drip, by a clock that jumps; servers that answer a client with junk."""

from __future__ import annotations

import contextlib

import pytest

import tkws
from tests.hostile.test_floods import KIB, MIB, flooder, memory, pour
from tests.peers import Log, Secured
from tkws.protocol.frames import Opcode
from tkws.testing import FakeClock

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("server_side", [True, False], ids=["server", "client"])
def test_a_byte_now_and_then_within_a_frame_is_life_and_silence_is_not(root, peers, pump_until, server_side):
    clock, log = FakeClock(root), Log()
    ws, peer = peers.taken(root, log, server=server_side, keepalive=30, pong_timeout=20)
    pump_until(lambda: log.open)
    keepalive = ws._session.driver.engine.keepalive
    for byte in peer.frame(Opcode.TEXT, b"x" * 100)[:10]:
        clock.advance(31)
        assert keepalive.unanswered
        peer.send(bytes([byte]))
        pump_until(lambda: not keepalive.unanswered)
    assert log.types == ["connect"]
    clock.advance(51)
    pump_until(lambda: log.over)
    assert log.one("close")[0] == 1006


@pytest.mark.parametrize("server_side", [True, False], ids=["server", "client"])
@pytest.mark.parametrize("phase", ["open", "message", "closing"])
def test_silence_behind_the_opening(root, peers, pump_until, server_side, phase):
    clock, log = FakeClock(root), Log()
    ws, peer = peers.taken(root, log, server=server_side, keepalive=30, pong_timeout=20)
    pump_until(lambda: log.open)
    if phase == "message":
        peer.say(Opcode.TEXT, b"abc", fin=False)
        pump_until(lambda: ws.statistics.bytes_received)
    elif phase == "closing":
        ws.close()
    clock.advance(9)
    assert not log.over
    clock.advance(42)
    pump_until(lambda: log.over)
    assert not log.all("text")


ENDLESS = 16 * MIB  # bytes that are sent of what has no end, unless the client has enough before
UPGRADE = b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("beginning", "rest", "said"),
    [
        (UPGRADE, b"X-Field: y\r\n" * 10_000, "too large"),
        (UPGRADE + b"X: ", b"y" * 100_000, "too large"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", b"y" * 100_000, "404 Not Found"),
        (b"\0", b"\0" * 100_000, "not HTTP"),
        (UPGRADE + b"Sec-WebSocket-Accept: AAAA\r\n\r\n", b"", "Sec-WebSocket-Accept"),
    ],
    ids=["10,000 headers", "a header without end", "a body without end", "zeros", "wrong accept"],
)
def test_an_answer_of_too_much_or_of_junk(root, peers, pump_until, beginning, rest, said):
    log, listening = Log(), peers.listen()
    with memory(2 * MIB):
        tkws.open(listening.url, log, master=root)
        peer = listening.accept()
        peer.take_until()
        peer.send(beginning)
        pour(peer, pump_until, rest or b"x", total=ENDLESS if rest else 0, until=lambda: log.over)
        pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert said in str(log.one("error"))


@pytest.mark.parametrize("secure", [False, True], ids=["TCP", "TLS"])
@pytest.mark.parametrize("pause", [0.4, 3.0])
def test_an_answer_of_a_byte_now_and_then(root, peers, pump_until, client_ssl, server_ssl, secure, pause):
    clock, log, listening = FakeClock(root), Log(), peers.listen()
    url = f"wss://localhost:{listening.port}/" if secure else listening.url
    tkws.open(url, log, master=root, ssl=client_ssl if secure else None, timeout=30)
    peer = listening.accept()
    peer = Secured(peer, server_ssl) if secure else peer
    peer.take_until()
    began, dripped = clock.now(), 0
    with memory(MIB):
        for byte in UPGRADE + b"X: " + b"y" * 1000:
            if log.over:
                break
            peer.send(bytes([byte]))
            dripped += 1
            clock.advance(pause)
    assert log.types == ["timeout", "disconnect"]
    assert log.one("timeout").phase == "handshake"
    assert 25 / pause < dripped <= 31 / pause
    assert clock.now() - began < 35


@pytest.mark.parametrize("junk", ["garbage", "masked"])
def test_frames_of_a_server_that_are_none(root, peers, pump_until, junk):
    log, listening = Log(), peers.listen()
    tkws.open(listening.url, log, master=root, close_timeout=0.1)
    peer = listening.accept()
    peer.accept()
    peer.send(b"\xff" * 65536 if junk == "garbage" else b"\x81\x81abcdx")
    pump_until(lambda: log.over)
    assert log.one("error").code == 1002


# ---- a peer that reads a byte a second, and is alive otherwise

PIECE = 64 * KIB


@pytest.fixture
def slow(root, peers, pump_until):
    """``slow(**options)``: the clock, the connection, its log, and ``second()``, in which a byte is read."""

    def slow(**options):
        clock, log = (
            FakeClock(root),
            Log(text=lambda ws, message: ws.state is tkws.State.OPEN and ws.send(WIDE)),
        )
        server = tkws.serve(master=root, high_water=PIECE, low_water=KIB, **options)
        server.live("/flooded", log)
        peer = flooder(peers, server)
        pump_until(lambda: log.open)

        def second(opcode: Opcode = Opcode.PONG, payload: bytes = b"") -> None:
            received = log.ws.statistics.bytes_received
            with contextlib.suppress(ConnectionError):
                with contextlib.suppress(BlockingIOError):  # nothing has come yet
                    peer.sock.recv(1)
                peer.say(opcode, payload)
                pump_until(lambda: log.over or log.ws.statistics.bytes_received > received)
            clock.advance(1)

        return server, clock, log, second

    return slow


WIDE = b"w" * PIECE


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["buffer", "skip", "close"])
def test_broadcasts_to_who_reads_a_byte_a_second(slow, policy):
    """A broadcast of 64 KiB a second for ten minutes is 38 MB; the system takes some of it."""
    server, clock, log, second = slow(slow_peer=policy, max_buffered=MIB)
    seconds = most = sent = 0
    bound = MIB if policy == "buffer" else 2 * PIECE
    with memory(bound + 2 * MIB):
        while not log.over and seconds < 600:
            sent += server.broadcast(WIDE)
            second()
            seconds += 1
            most = max(most, log.ws.buffered_amount)
    assert PIECE < most <= bound + KIB
    if policy == "skip":
        assert log.types.count("connect") == 1
        assert not log.over
        assert log.ws.statistics.broadcasts_skipped > 100
        assert sent + log.ws.statistics.broadcasts_skipped == 600
        server.close()
        clock.advance(11)  # the close_timeout
    else:
        assert seconds < 600
        assert not server.connections
        assert log.one("close") == (
            1006,
            "The peer did not read the data sent before the Close frame in time",
        )
    assert log.over


@pytest.mark.slow
def test_answers_to_who_reads_a_byte_a_second(slow):
    server, clock, log, second = slow(max_buffered=MIB)
    began, most = clock.now(), 0
    with memory(4 * MIB):
        while not log.over and clock.now() - began < 600:
            second(Opcode.TEXT, b"more")
            most = max(most, log.ws.buffered_amount)
    code, reason = log.one("close")
    assert code == 1006
    assert "keeps sending but does not read: more than 1048576 bytes" in reason
    assert most <= MIB + 2 * PIECE
    server.close()
