"""Deadlines measure the peer: neither what this side has queued, nor a program that is busy or pauses.

The clock jumps, so that a slow peer takes no time: seconds here are the clock's.
"""

from __future__ import annotations

import contextlib
import socket
from functools import partial

import pytest

import tkws
from tests.peers import Log, Peer, Secured
from tkws.protocol.closetimer import LINGER, MIN_READ_RATE
from tkws.protocol.frames import Opcode
from tkws.testing import FakeClock

pytestmark = pytest.mark.thorough

KIB, MIB = 1 << 10, 1 << 20
PIECE = 256 * KIB  # that a slow peer reads at a time
NORMAL = (1000).to_bytes(2, "big")


class Slow:
    """A connection to a peer that reads when it is told to, by a clock that jumps."""

    def __init__(self, clock: FakeClock, ws: tkws.WebSocket, peer: Peer, log: Log, pump_until) -> None:
        self.clock, self.ws, self.peer, self.log = clock, ws, peer, log
        self._pump_until = pump_until
        raw = peer.below if isinstance(peer, Secured) else peer
        raw.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE // 2
        )  # or its system takes all at once
        raw.read = lambda: raw.received  # type: ignore[method-assign] # nothing is read ahead
        self._raw = raw
        self._taken = 0

    def read(self, size: int = PIECE) -> int:
        """Reads so many bytes, or what has come; the bytes read so far."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while size > 0 and (data := self._raw.sock.recv(size)):
                self._raw.received += data
                self._taken += len(data)
                size -= len(data)
        return self._taken

    def sees(self, opcode: Opcode) -> bool:
        """Whether a frame has come whole, of what was read."""
        return any(found is opcode for found, _ in self.peer.frames())

    def until(self, opcode: Opcode, *, seconds: float) -> int:
        """Reads a piece after every so many seconds, until a frame has come; how often."""
        times = 0
        while not (self.sees(opcode) or self.log.over):
            self.clock.advance(seconds)
            self._pump_until(partial(self._has_read, self._taken + PIECE, opcode))
            times += 1
        return times

    def until_over(self, *, seconds: float) -> None:
        """Lets seconds pass until it is over: a system may take some bytes late, which is progress."""
        for _ in range(20):
            self.clock.advance(seconds)
            settled: list[bool] = []
            self.ws.loop.call_later(0, settled.append, True)
            self._pump_until(lambda: settled or self.log.over)
            if self.log.over:
                return
        raise AssertionError("still there")

    def _has_read(self, most: int, opcode: Opcode) -> bool:
        return self.read(most - self._taken) == most or self.sees(opcode) or self.log.over

    def fill(self, size: int) -> None:
        """Send so much that some of it waits, and wait until the systems of both ends take no more of it."""
        self.ws.send(bytes(size), compress=False)
        driver, seen = self.ws._session.driver, -1
        assert driver is not None
        stream = driver.stream
        while seen != stream.unacknowledged_amount:
            seen = stream.unacknowledged_amount
            settled: list[bool] = []
            self.ws.loop.call_later(0.25, settled.append, True)  # its system probes a closed window after 0.2
            self._pump_until(lambda: settled)
        assert 0 < self.ws.buffered_amount < size


@pytest.fixture(params=["server", "client", "TLS", "a system that does not tell"])
def slow(request, root, peers, pump_until, server_ssl, client_ssl):
    """``slow(**options)``: such a connection, open."""
    clock, log = FakeClock(root), Log()
    made: list[tkws.Server] = []

    def slow(**options) -> Slow:
        if request.param == "TLS":
            server = tkws.serve(master=root, ssl=server_ssl, handler=log, **{"keepalive": 0, **options})
            made.append(server)
            peer: Peer = Secured(peers.connect(server), client_ssl)
            peer.ask()
            peer.take_until()
            pump_until(lambda: log.open)
            return Slow(clock, log.ws, peer, log, pump_until)
        ws, peer = peers.taken(root, log, server=request.param != "client", **options)
        pump_until(lambda: log.open)
        if "tell" in request.param:
            stream = ws._session.driver.stream
            stream.ask_unacknowledged = lambda sock: 0
            stream.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * KIB
            )  # so that what waits shows
        return Slow(clock, ws, peer, log, pump_until)

    yield slow
    for server in made:
        server.close()


# ---- closing


@pytest.mark.slow
def test_a_slow_peer_gets_all_that_was_sent_and_the_close(slow, pump_until):
    """Four seconds for each piece, ten for the closing handshake, and 64 for all."""
    end = slow(close_timeout=10)
    sent = end.ws.send(bytes(4 * MIB), compress=False)
    end.ws.close()
    assert end.until(Opcode.CLOSE, seconds=4) > 10
    assert [(opcode, len(payload)) for opcode, payload in end.peer.frames()] == [
        (Opcode.BINARY, 4 * MIB),
        (Opcode.CLOSE, 2),
    ]
    assert sent > 4 * MIB
    end.peer.say(Opcode.CLOSE, NORMAL)
    pump_until(lambda: end.log.all("close"))
    assert end.log.one("close") == (1000, "")
    end.clock.advance(LINGER + 0.5)
    pump_until(lambda: end.log.over)


@pytest.mark.slow
def test_so_does_who_closes_while_it_writing_paused(slow, pump_until):
    end = slow(close_timeout=10)
    end.ws.send(bytes(4 * MIB), compress=False)
    end.peer.say(Opcode.CLOSE, NORMAL)
    pump_until(lambda: end.log.all("close"))
    assert end.until(Opcode.CLOSE, seconds=4) > 10
    assert len(end.peer.frames()[0][1]) == 4 * MIB


@pytest.mark.slow
def test_a_slow_peer_gets_what_was_gathered_in_a_handler(slow, pump_until):
    def answer(ws, message):
        for _ in range(4):
            ws.send(bytes(MIB), compress=False)
        ws.close(4000, "that is all")

    end = slow(close_timeout=10)
    end.log.actions["text"] = answer
    end.peer.say(Opcode.TEXT, b"all, please")
    pump_until(lambda: end.ws.state is tkws.State.CLOSING)
    assert end.until(Opcode.CLOSE, seconds=4) > 10
    assert end.peer.frames()[-1] == (Opcode.CLOSE, (4000).to_bytes(2, "big") + b"that is all")
    end.clock.advance(11)
    assert not end.log.over  # as long as this took to leave, the peer's system may have held it
    end.clock.advance(100)
    pump_until(lambda: end.log.over)
    assert end.log.one("close") == (1006, "The peer did not finish the closing handshake in time")


@pytest.mark.slow
def test_a_peer_that_takes_nothing_is_dropped_in_time(slow, pump_until):
    end = slow(close_timeout=100)
    end.fill(16 * MIB)
    end.ws.close()
    end.clock.advance(80)
    assert not end.log.over
    end.until_over(seconds=25)
    assert end.log.one("close") == (
        1006,
        "The peer did not read the data sent before the Close frame in time",
    )
    assert end.ws.buffered_amount == 0


@pytest.mark.slow
def test_a_peer_that_drips_is_dropped_in_the_end(slow, pump_until):
    end = slow(close_timeout=10)
    end.ws.send(bytes(4 * MIB), compress=False)
    end.ws.close()
    began = end.clock.now()
    while not end.log.over:
        end.clock.advance(8)
        end.read(16 * KIB)
    assert end.clock.now() - began < 4 * MIB / MIN_READ_RATE + 20
    assert end.log.one("close")[0] == 1006


@pytest.mark.parametrize("last", ["nothing", "bytes", "frames", "the end of its output"])
@pytest.mark.parametrize("first", ["we", "the peer", "a fault"])
def test_a_peer_that_stays_after_both_closes_is_dropped_soon(slow, pump_until, first, last):
    end = slow(close_timeout=1000)
    if first == "we":
        end.ws.close()
        pump_until(lambda: end.read() and end.sees(Opcode.CLOSE))
    end.peer.send(b"\xff\xff" if first == "a fault" else end.peer.frame(Opcode.CLOSE, NORMAL))
    pump_until(lambda: end.read() and end.log.all("close") and end.sees(Opcode.CLOSE))
    if last == "the end of its output":
        end.peer.sock.shutdown(socket.SHUT_WR)
        pump_until(lambda: end.log.over)
    for _ in range(6):
        if last == "bytes" and not end.log.over:
            end.peer.send(b"\xff" * 10)
        if last == "frames" and not end.log.over:
            end.peer.text("and another thing")
        end.clock.advance(0.25)
    pump_until(lambda: end.log.over)
    assert end.log.types[-2:] == ["close", "disconnect"]
    assert end.log.one("close")[0] == (1006 if first == "a fault" else 1000)


# ---- keepalive


@pytest.mark.slow
def test_a_peer_that_reads_a_large_message_is_alive(slow, pump_until):
    """Sixteen pieces, each in twelve seconds: the ping is behind them."""
    end = slow(keepalive=30, pong_timeout=20)
    end.ws.send(bytes(4 * MIB), compress=False)
    assert end.until(Opcode.PING, seconds=12) > 10
    assert not end.log.over
    end.peer.say(Opcode.PONG, b"1")
    pump_until(lambda: end.log.all("pong"))
    end.ws.close()
    end.read()
    end.clock.advance(30)
    pump_until(lambda: end.log.over)


@pytest.mark.slow
def test_a_peer_that_reads_and_does_not_answer_is_given_up(slow, pump_until):
    end = slow(keepalive=30, pong_timeout=20)
    end.ws.send(bytes(2 * MIB), compress=False)
    end.until(Opcode.PING, seconds=12)
    end.ws.send(bytes(KIB))
    end.read()
    end.clock.advance(200)  # twice what it took to read the message, and a little more
    pump_until(lambda: end.log.over)
    assert end.log.one("close") == (1006, "No pong within 20 seconds")


@pytest.mark.slow
def test_a_peer_that_takes_nothing_is_given_up(slow, pump_until):
    end = slow(keepalive=300, pong_timeout=200)
    end.fill(16 * MIB)
    end.clock.advance(480)
    assert not end.log.over
    end.clock.advance(25)
    pump_until(lambda: end.log.over)
    assert end.log.one("close") == (1006, "No pong within 200 seconds")


# ---- a program that is busy, or does not read


def test_what_has_arrived_counts_before_the_peer_is_judged(slow, pump_until):
    """The program loads something for less than half a second beyond the deadline; the answer is there."""
    end = slow(close_timeout=10)
    end.ws.close()
    pump_until(lambda: end.read() and end.sees(Opcode.CLOSE))
    end.peer.text(*"abc")
    end.peer.say(Opcode.CLOSE, NORMAL)
    end.clock.advance(10.2)
    pump_until(lambda: end.log.all("close"))
    end.clock.advance(2)
    pump_until(lambda: end.log.over)
    assert end.log.events[1:5] == [("text", "a"), ("text", "b"), ("text", "c"), ("close", (1000, ""))]


def test_a_pong_that_has_arrived_counts_too(slow, pump_until):
    end = slow(keepalive=30, pong_timeout=20)
    end.clock.advance(30)
    pump_until(lambda: end.read() and end.sees(Opcode.PING))
    end.peer.say(Opcode.PONG, b"1")
    end.clock.advance(20.2)
    pump_until(lambda: end.log.all("pong"))
    assert not end.log.over
    end.ws.close()
    end.clock.advance(30)
    pump_until(lambda: end.log.over)


@pytest.mark.parametrize("reading", ["pause", "backlog", "dialog"])
def test_who_has_answered_is_not_blamed_while_this_side_does_not_read(slow, pump_until, reading):
    """The program reads one message in three seconds; or has a dialog open, or paused for a minute."""
    end = slow(close_timeout=10)

    def take_time(ws, message):
        if reading == "backlog":
            end.clock._offset += 3  # what the handler takes; the loop is not run meanwhile
        elif reading == "dialog" and message == "0":
            say_it_all()
            pump_until(lambda: ws._session.driver._paused)
            end.clock.advance(60)

    def say_it_all():
        for first in range(1, number, 100):
            end.peer.text(*map(str, range(first, first + 100)))
            received = ws.statistics.bytes_received
            if reading == "dialog" and not ws._session.driver._paused:
                pump_until(lambda: ws.statistics.bytes_received > received)
        end.peer.say(Opcode.CLOSE, NORMAL)

    ws, number = end.ws, 601 if reading == "dialog" else 101
    end.log.actions["text"] = take_time
    ws.close()
    if reading == "pause":
        ws.pause()
        end.clock.advance(60)
    end.peer.text("0")
    if reading != "dialog":
        say_it_all()
    if reading == "pause":
        end.clock.advance(60)
        ws.resume()
    pump_until(lambda: end.log.all("close"))
    assert end.log.all("text") == [str(each) for each in range(number)]
    assert end.log.one("close") == (1000, "")
    end.clock.advance(2)
    pump_until(lambda: end.log.over)


# ---- a peer that ends its output behind its Close; without close_notify, that of TLS may be an attacker's

plain = pytest.mark.parametrize("slow", ["server", "client", "a system that does not tell"], indirect=True)


@pytest.mark.slow
@plain
@pytest.mark.parametrize("answer", ["at once", "later"])
def test_a_peer_that_closed_and_ended_its_output_reads_what_it_was_answered(slow, pump_until, answer):
    end = slow(close_timeout=10)

    def reply(ws, message):
        if answer == "later":
            end.clock._offset += 3  # a slow handler, before whose end the end of the stream has come
        ws.send(bytes(MIB), compress=False)

    end.log.actions["text"] = reply
    end.peer.text(*"abcd")
    end.peer.say(Opcode.CLOSE, NORMAL)
    end.peer.sock.shutdown(socket.SHUT_WR)
    pump_until(lambda: len(end.log.all("text")) == 4)
    pump_until(lambda: end.read() and end.sees(Opcode.CLOSE))
    assert [len(payload) for _, payload in end.peer.frames()] == [*[MIB] * 4, 2]
    end.clock.advance(2)
    pump_until(lambda: end.log.over)
    assert end.log.one("close") == (1000, "")


@pytest.mark.slow
@plain
def test_a_peer_that_ended_its_output_and_takes_nothing_is_dropped_in_time(slow, pump_until):
    end = slow(close_timeout=100)
    end.fill(16 * MIB)
    end.peer.say(Opcode.CLOSE, NORMAL)
    end.peer.sock.shutdown(socket.SHUT_WR)
    pump_until(lambda: end.log.all("close"))
    end.clock.advance(80)
    assert not end.log.over
    end.until_over(seconds=25)
    assert end.ws.buffered_amount == 0


@pytest.mark.parametrize("closed", [True, False], ids=["with a Close", "without"])
def test_the_end_of_the_stream_ends_a_connection_that_owes_nothing_at_once(slow, pump_until, closed):
    end = slow(close_timeout=1000)
    if closed:
        end.peer.say(Opcode.CLOSE, NORMAL)
    end.peer.sock.shutdown(socket.SHUT_WR)
    pump_until(lambda: end.log.over)
    assert end.log.one("close")[0] == (1000 if closed else 1006)
