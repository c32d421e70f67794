"""Limits of a connection in time: rates, `idle_timeout` and `max_lifetime`."""

from __future__ import annotations

import contextlib
import socket

import pytest

import tkws
from tests.peers import MASK, Log
from tkws.connection.limits import TokenBucket
from tkws.protocol.frames import Opcode, encode_header
from tkws.protocol.masking import apply_mask
from tkws.testing import FakeClock, connected_pair

BINARY, CONTINUATION, TEXT, PING, CLOSE = (
    Opcode.BINARY, Opcode.CONTINUATION, Opcode.TEXT, Opcode.PING, Opcode.CLOSE,
)  # fmt: skip


def test_a_bucket_allows_a_second_at_once_and_the_average_later():
    bucket = TokenBucket(10, 100.0)
    assert bucket.take(10, 100.0) == 0
    assert bucket.take(5, 100.0) == pytest.approx(0.5)
    assert bucket.take(0, 100.5) == pytest.approx(0)
    assert bucket.take(10, 200.0) == 0
    assert bucket.take(1, 200.0) == pytest.approx(0.1)


# ---- rates


@pytest.mark.parametrize("options", [{"max_messages_per_second": 50}, {"max_bytes_per_second": 50 * 9}])
def test_a_peer_that_sends_faster_has_to_wait(root, peers, pump_until, log, options):
    ws, peer = peers.taken(root, log, **options)
    pump_until(lambda: log.open)
    began = ws.loop.now()
    for burst in range(1, 4):  # 40 messages of 9 bytes each, of which 50 may come at once
        for _ in range(40):
            peer.text("abc")
        pump_until(lambda: len(log.all("text")) >= 40 * burst)
    assert ws.loop.now() - began >= (120 - 50 - 40) / 50  # the last burst is read at once
    assert ws.state is tkws.State.OPEN
    peer.sock.close()
    pump_until(lambda: log.over)


@pytest.mark.parametrize("role", ["server", "client"])
def test_a_burst_in_one_read_is_not_delivered_beyond_the_rate(root, peers, pump_until, log, role):
    ws, peer = peers.taken(root, log, server=role == "server", max_messages_per_second=100)
    pump_until(lambda: log.open)
    began = ws.loop.now()
    peer.text(*map(str, range(110)))
    for count in (100, 105, 110):
        pump_until(lambda count=count: len(log.all("text")) >= count)
        assert len(log.all("text")) <= 100 + 100 * (ws.loop.now() - began) + 1
    assert log.all("text") == list(map(str, range(110)))
    peer.sock.close()
    pump_until(lambda: log.over)


def test_what_comes_with_the_handshake_counts_too(root, pump_until, log):
    here, there = socket.socketpair()
    frame = encode_header(TEXT, 3, mask=MASK) + apply_mask(b"abc", MASK)
    ws = tkws.takeover(here, log, True, initial=frame * 1000, master=root, max_messages_per_second=50)
    began = ws.loop.now()
    pump_until(lambda: len(log.all("text")) >= 50)
    assert len(log.all("text")) <= 50 + 50 * (ws.loop.now() - began) + 1
    assert log.types[0] == "connect"
    ws.close()
    there.close()
    pump_until(lambda: log.over)
    assert len(log.all("text")) == 1000


def test_messages_of_any_size_pass_in_order_within_a_rate(root, peers, pump_until, log):
    _, peer = peers.taken(root, log, max_messages_per_second=1000)
    pump_until(lambda: log.open)
    sizes = [0, 1, 125, 126, 5000, 65535, 65536, 200_000, 3]
    frames = []
    for size in sizes:
        frames += [peer.frame(PING, b"p"), peer.frame(BINARY, bytes([size % 251]) * size)]
    data = b"".join(frames)
    for start in range(0, len(data), 7001):
        piece = data[start : start + 7001]
        while piece:
            with contextlib.suppress(BlockingIOError):
                piece = piece[peer.sock.send(piece) :]
            root.update()
    pump_until(lambda: len(log.all("binary")) == len(sizes))
    assert log.all("binary") == [bytes([size % 251]) * size for size in sizes]
    assert log.types == ["connect", *["ping", "binary"] * len(sizes)]
    peer.sock.close()
    pump_until(lambda: log.over)


def test_closing_does_not_wait_for_the_rate(root, pump_until):
    client, server = Log(), Log()
    far, near = connected_pair(client, server, master=root)
    pump_until(lambda: client.open and server.open)
    near.configure(max_messages_per_second=1)
    for number in range(1000):
        far.send(str(number))
    pump_until(lambda: server.all("text"))
    near.close()
    pump_until(lambda: client.over and server.over)
    assert (near.close_code, far.close_code) == (1000, 1000)
    assert server.all("text") == list(map(str, range(1000)))


def test_a_peer_beyond_the_rate_does_not_outlive_its_lifetime(root, peers, pump_until, log):
    ws, peer = peers.taken(root, log, max_messages_per_second=1, max_lifetime=0.1)
    pump_until(lambda: log.open)
    peer.text(*["abc"] * 1000)
    assert peer.hear(1)[-1][1][:2] == (1001).to_bytes(2, "big")
    peer.sock.close()
    pump_until(lambda: log.over)
    assert len(log.all("text")) == 1000
    assert ws.close_code == 1006


@pytest.mark.parametrize("options", [{"max_messages_per_second": 5}, {"max_bytes_per_second": 60}])
def test_a_peer_that_sends_faster_is_closed_with_1008(root, peers, pump_until, log, options):
    ws, peer = peers.taken(root, log, over_rate="close", **options)
    pump_until(lambda: log.open)
    peer.text(*["abc"] * 10)
    pump_until(lambda: log.all("error"))
    [error] = log.all("error")
    assert isinstance(error, tkws.ProtocolError)
    assert error.code == 1008
    assert next(iter(options)) in str(error)
    assert len(log.all("text")) == (6 if "max_messages_per_second" in options else 10)
    [*_, (opcode, payload)] = peer.hear(1)
    assert (opcode, payload[:2]) == (CLOSE, (1008).to_bytes(2, "big"))
    peer.sock.close()
    pump_until(lambda: log.over)
    assert ws.close_code == 1006


def test_within_the_rate_nothing_happens(root, peers, pump_until, log):
    _, peer = peers.taken(root, log, max_messages_per_second=10, max_bytes_per_second=1000, over_rate="close")
    pump_until(lambda: log.open)
    peer.text(*["abc"] * 10)
    peer.say(PING)
    pump_until(lambda: log.all("ping"))
    assert len(log.all("text")) == 10
    peer.sock.close()
    pump_until(lambda: log.over)
    assert not log.all("error")


def test_a_rate_can_be_set_and_taken_away(taken, pump_until, log):
    ws, peer = taken
    ws.configure(max_messages_per_second=1)
    peer.text(*["abc"] * 100)
    pump_until(lambda: log.all("text"))
    peer.text("next")
    ws["max_messages_per_second"] = 2
    pump_until(lambda: len(log.all("text")) > 1)
    assert len(log.all("text")) < 100
    ws["max_messages_per_second"] = None
    pump_until(lambda: len(log.all("text")) == 101)
    assert log.all("text")[-1] == "next"


def test_a_large_message_counts_by_its_bytes(root, peers, pump_until, log):
    ws, peer = peers.taken(root, log, max_bytes_per_second=2_000_000)
    pump_until(lambda: log.open)
    frame = peer.frame(BINARY, bytes(3_000_000))
    began = ws.loop.now()
    peer.sock.setblocking(True)
    sent = 0
    peer.sock.setblocking(False)
    while sent < len(frame):
        try:
            sent += peer.sock.send(frame[sent:])
        except BlockingIOError:
            root.update()
    pump_until(lambda: log.all("binary"))
    peer.text("after")
    pump_until(lambda: log.all("text"))
    assert ws.loop.now() - began >= 0.4
    peer.sock.close()
    pump_until(lambda: log.over)


def test_the_options_are_checked():
    for value in ("stop", ""):
        with pytest.raises(ValueError, match="^over_rate: 'pause' or 'close'"):
            tkws.ConnectionOptions(over_rate=value)
    for name in ("max_messages_per_second", "max_bytes_per_second"):
        for wrong in (0, -1):
            with pytest.raises(ValueError, match=f"^{name}: "):
                tkws.ConnectionOptions(**{name: wrong})


# ---- idle_timeout


@pytest.mark.parametrize("role", list(tkws.Role))
def test_a_connection_without_messages_is_closed(root, pump_until, role):
    near, far = Log(), Log()
    client, server = (near, far) if role is tkws.Role.CLIENT else (far, near)
    pair = connected_pair(client, server, master=root)
    ws, other = pair if role is tkws.Role.CLIENT else pair[::-1]
    pump_until(lambda: near.open and far.open)
    other.configure(keepalive=0.02)  # pings are no messages
    ws.configure(idle_timeout=0.1)
    pump_until(lambda: near.over and far.over)
    assert far.one("close") == (1001, "Idle for 0.1 seconds")
    assert near.one("close")[0] == 1001


@pytest.mark.parametrize("direction", ["in", "out", "fragments in", "fragments out"])
def test_messages_either_way_keep_it_open(root, peers, pump_until, log, direction):
    clock = FakeClock(root)
    ws, peer = peers.taken(root, log, idle_timeout=60, keepalive=0)
    pump_until(lambda: log.open)
    if direction == "fragments in":
        peer.say(BINARY, b"x", fin=False)
    for count in range(1, 9):
        received = ws.statistics.bytes_received
        if direction == "in":
            peer.text("x")
        elif direction == "fragments in":
            peer.say(CONTINUATION, b"x", fin=False)
        else:
            ws.send("x", final=direction == "out")
        if direction.endswith("in"):
            pump_until(lambda received=received: ws.statistics.bytes_received > received)
        else:
            peer.hear(count)
        clock.advance(40)
        assert ws.state is tkws.State.OPEN
    clock.advance(60)
    assert ws.state is not tkws.State.OPEN
    peer.bye(1001)
    peer.sock.close()
    pump_until(lambda: log.over)


def test_time_in_which_the_program_does_not_read_does_not_count(taken, pump_until, log):
    ws, _ = taken
    ws.configure(idle_timeout=0.05)
    ws.pause()
    ticks = []
    ws.loop.call_later(0.3, ticks.append, 1)
    pump_until(lambda: ticks)
    assert ws.state is tkws.State.OPEN
    ws.resume()
    pump_until(lambda: ws.state is not tkws.State.OPEN)


# ---- max_lifetime


def test_a_connection_ends_after_its_lifetime(root, peers, pump_until, log):
    ws, peer = peers.taken(root, log, max_lifetime=0.1)
    pump_until(lambda: log.open)
    peer.text("x")
    pump_until(lambda: ws.state is not tkws.State.OPEN)
    [(opcode, payload)] = peer.hear(1)
    assert (opcode, payload) == (CLOSE, (1001).to_bytes(2, "big") + b"Open for 0.1 seconds")
    peer.bye(1001)
    peer.sock.close()
    pump_until(lambda: log.over)


def test_a_client_connects_again_after_its_lifetime(root, pump_until):
    served = Log()
    server = tkws.serve(master=root, handler=served)
    log = Log()
    again = tkws.Backoff(initial=0.01, jitter=0)
    ws = tkws.open(server.url, log, master=root, reconnect=again, max_lifetime=0.05)
    pump_until(lambda: log.types.count("connect") == 3)
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED and log.types[-1] == "disconnect")
    server.close()
    pump_until(lambda: served.types.count("disconnect") == served.types.count("connect"))
