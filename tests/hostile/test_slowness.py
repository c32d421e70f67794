"""Peers that are silent or drip, by a clock that jumps; servers that answer a client with junk."""

from __future__ import annotations

import pytest

import tkws
from tests.hostile.test_floods import MIB, memory, pour
from tests.peers import Log
from tkws.protocol.frames import Opcode
from tkws.testing import FakeClock


@pytest.mark.parametrize("server_side", [True, False], ids=["server", "client"])
def test_a_byte_now_and_then_within_a_frame_is_life_and_silence_is_not(root, peers, pump_until, server_side):
    clock, log = FakeClock(root), Log()
    ws, peer = peers.taken(root, log, server=server_side, keepalive=30, pong_timeout=20)
    pump_until(lambda: log.open)
    keepalive = ws._connection.engine.keepalive
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


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nX: " + b"y" * 1_000_000,
        b"HTTP/1.1 404 Not Found\r\n\r\n" + b"y" * 1_000_000,
        b"\0" * 1_000_000,
        b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
    ],
    ids=["10,000 headers", "a header without end", "a body without end", "zeros", "wrong accept"],
)
def test_an_answer_of_too_much_or_of_junk(root, peers, pump_until, answer):
    log, listening = Log(), peers.listen()
    with memory(4 * MIB):
        tkws.open(listening.url, log, master=root)
        peer = listening.accept()
        peer.take_until()
        pour(peer, pump_until, answer, total=len(answer), until=lambda: log.over)
        pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]


@pytest.mark.parametrize("junk", ["garbage", "masked"])
def test_frames_of_a_server_that_are_none(root, peers, pump_until, junk):
    log, listening = Log(), peers.listen()
    tkws.open(listening.url, log, master=root, close_timeout=0.1)
    peer = listening.accept()
    peer.accept()
    peer.send(b"\xff" * 65536 if junk == "garbage" else b"\x81\x81abcdx")
    pump_until(lambda: log.over)
    assert log.one("close")[0] == 1002
