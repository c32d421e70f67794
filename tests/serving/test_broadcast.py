"""A broadcast goes out at once, as far as there is time for it, and keeps its place among other messages."""

from __future__ import annotations

import mmap
from array import array

import pytest

import tkws
from tests.peers import Log
from tkws.serving import broadcast
from tkws.testing.reset import reset_on_close


@pytest.fixture
def audience(gather):
    """``server, far``: a server, and the other ends of its three connections."""
    server, _, far = gather(3)
    return server, far


def heard_of(far, wanted: list[bytes], pump_until) -> None:
    pump_until(lambda: all(peer.payloads() == wanted for peer in far))


@pytest.fixture
def in_a_slice(audience, pump_until):
    """``in_a_slice(call)``: what the call, made by the loop, returns."""

    def in_a_slice(call):
        returned: list = []
        audience[0].loop.call_soon(lambda: returned.append(call()))
        pump_until(lambda: returned)
        return returned[0]

    return in_a_slice


def test_the_first_of_a_slice_is_there_at_once_and_others_come_together(audience, in_a_slice, pump_until):
    server, far = audience

    def cast():
        server.broadcast("1")
        first = [peer.payloads() for peer in far]
        server.broadcast("2")
        server.broadcast("3")
        return first, [peer.payloads() for peer in far], [ws.buffered_amount for ws in server.connections]

    assert in_a_slice(cast) == (3 * [[b"1"]], 3 * [[b"1"]], 3 * [6])
    heard_of(far, [b"1", b"2", b"3"], pump_until)
    assert in_a_slice(lambda: (server.broadcast("4"), far[0].payloads()[3:])) == (3, [b"4"])


def test_out_of_a_slice_each_is_there_at_once(audience):
    server, far = audience
    for count in (1, 2):
        assert server.broadcast("x") == 3
        assert [peer.payloads() for peer in far] == 3 * [count * [b"x"]]


def test_a_broadcast_stays_behind_what_was_sent_before(audience, in_a_slice, pump_until):
    server, far = audience

    def cast():
        for ws in server.connections:
            ws.send("a")
        server.broadcast("b")
        for ws in server.connections:
            ws.send("c")

    in_a_slice(cast)
    heard_of(far, [b"a", b"b", b"c"], pump_until)


@pytest.mark.parametrize("there", ["at once", "in a slice"])
def test_a_buffer_is_the_programs_own_again(audience, in_a_slice, pump_until, there):
    server, far = audience
    map, words = mmap.mmap(-1, 4), array("B", b"1234")
    map[:] = b"data"

    def cast():
        server.broadcast(map)
        server.broadcast(words)
        map.close()
        words[:] = array("B", b"nothing of it")

    cast() if there == "at once" else in_a_slice(cast)
    heard_of(far, [b"data", b"1234"], pump_until)
    with pytest.raises(TypeError, match="^message: the buffer is not contiguous"):
        server.broadcast(memoryview(b"abcd")[::2])


def test_large_frames_are_fewer_between_two_looks_at_the_clock(audience, monkeypatch, pump_until):
    server, far = audience
    monkeypatch.setattr(broadcast, "SLICE", 0)
    monkeypatch.setattr(broadcast, "_UNCLOCKED_SIZE", 7)
    assert server.broadcast("x") == 3
    assert sorted(ws.buffered_amount for ws in server.connections) == [0, 0, 3]
    pump_until(lambda: not any(ws.buffered_amount for ws in server.connections))
    assert server.broadcast("four") == 3
    assert sorted(ws.buffered_amount for ws in server.connections) == [0, 6, 6]
    heard_of(far, [b"x", b"four"], pump_until)


def test_a_broadcast_when_the_loop_has_closed_reaches_nobody(root, pump_until):
    server = tkws.serve(master=root)
    reached: list[int] = []

    def leave():
        server.loop.close()
        reached.append(server.broadcast("x"))

    server.loop.call_soon(leave)
    pump_until(lambda: reached)
    assert reached == [0]


@pytest.mark.parametrize("sliced", [False, True])
def test_what_takes_longer_than_a_slice_is_gathered(audience, in_a_slice, monkeypatch, pump_until, sliced):
    server, far = audience
    monkeypatch.setattr(broadcast, "SLICE", 0)
    monkeypatch.setattr(broadcast, "_UNCLOCKED", 2)

    def cast():
        return server.broadcast("x"), sorted(ws.buffered_amount for ws in server.connections)

    assert (in_a_slice(cast) if sliced else cast()) == (3, [0, 0, 3])
    heard_of(far, [b"x"], pump_until)


def test_a_broadcast_counts_as_any_message(audience):
    server, _ = audience
    server.broadcast("four")
    for ws in server.connections:
        assert (ws.statistics.messages_sent, ws.statistics.bytes_sent) == (1, 6)
        assert ws.buffered_amount == 0


def test_a_connection_that_breaks_does_not_keep_a_broadcast_from_the_others(audience, pump_until):
    server, far = audience
    reset_on_close(far[0].sock)
    far[0].sock.close()
    assert server.broadcast("x") == 3
    heard_of(far[1:], [b"x"], pump_until)
    pump_until(lambda: len(server.connections) == 2)


@pytest.mark.parametrize(("compress", "smaller"), [(None, True), (True, True), (False, False)])
def test_it_is_compressed_for_clients_that_start_each_message_afresh(root, pump_until, compress, smaller):
    server = tkws.serve(master=root, handler=Log(), compression=tkws.Deflate(server_no_context_takeover=True))
    logs = [Log(), Log()]
    for log, deflate in zip(logs, (True, tkws.Deflate(server_max_window_bits=10)), strict=True):
        tkws.open(server.url, log, master=root, compression=deflate)
    plain = Log()
    tkws.open(server.url, plain, master=root, compression=False)
    pump_until(lambda: len(server.connections) == 3 and all(log.open for log in (*logs, plain)))
    for _ in range(2):
        assert server.broadcast("news " * 100, compress=compress) == 3
    pump_until(lambda: all(log.all("text") == ["news " * 100] * 2 for log in (*logs, plain)))
    ratios = sorted(ws.statistics.compression_ratio for ws in server.connections)
    assert [ratio < 0.5 for ratio in ratios] == [smaller, smaller, False]
    with pytest.raises(TypeError, match="^compress: "):
        server.broadcast("x", compress=1)
    server.close()
    pump_until(lambda: not server.connections)
