"""What a broadcast has no time for in its slice follows soon, in order with what connections send."""

from __future__ import annotations

import io
import threading
from contextlib import suppress

import pytest

import tkws
from tkws.protocol.frames import Opcode
from tkws.serving import broadcast
from tkws.testing.reset import reset_on_close

CLIENTS = 5


@pytest.fixture
def audience(monkeypatch, gather):
    """``server, connections, far``: a server with time for the first connection only, and the other ends."""
    monkeypatch.setattr(broadcast, "SLICE", 0)
    monkeypatch.setattr(broadcast, "_UNCLOCKED", 1)
    return gather(CLIENTS, close_timeout=0.2)


def pending_of(connections) -> list[int]:
    return [ws.buffered_amount for ws in connections]


def test_the_rest_follows_from_the_loop_and_counts_as_buffered(audience, pump_until):
    server, connections, far = audience
    assert server.broadcast("x") == CLIENTS
    assert pending_of(connections) == [0, 3, 3, 3, 3]
    assert server.broadcast("four") == CLIENTS
    assert pending_of(connections) == [6, 9, 9, 9, 9]
    pump_until(lambda: all(peer.payloads() == [b"x", b"four"] for peer in far))
    assert pending_of(connections) == [0] * CLIENTS
    assert [ws.statistics.messages_sent for ws in connections] == [2] * CLIENTS


def test_other_callbacks_have_their_turn_in_between(audience, pump_until):
    server, connections, _ = audience
    seen: list[list[int]] = []

    def look():
        seen.append(pending_of(connections))
        if any(seen[-1]):
            server.loop.call_soon(look)

    server.loop.call_soon(server.broadcast, "x")
    server.loop.call_soon(look)
    pump_until(lambda: seen and not any(seen[-1]))
    assert seen[0].count(3) >= CLIENTS - 2
    assert [amounts.count(3) for amounts in seen] == sorted(
        {amounts.count(3) for amounts in seen}, reverse=True
    )


def by_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


SENDS = {
    "a message": (lambda ws: ws.send("own"), [(Opcode.TEXT, b"own")]),
    "a fragment": (
        lambda ws: (ws.send("own", final=False), ws.send("!")),
        [(Opcode.TEXT, b"own"), (Opcode.CONTINUATION, b"!")],
    ),
    "one that expires": (lambda ws: ws.send("own", expires=30), [(Opcode.TEXT, b"own")]),
    "a stream": (
        lambda ws: ws.send_stream(io.BytesIO(b"own")),
        [(Opcode.BINARY, b"own"), (Opcode.CONTINUATION, b"")],
    ),
    "a ping": (lambda ws: ws.ping("own"), [(Opcode.PING, b"own")]),
    "a pong": (lambda ws: ws.pong("own"), [(Opcode.PONG, b"own")]),
    "JSON": (lambda ws: ws.send_json([1]), [(Opcode.TEXT, b"[1]")]),
    "the end": (lambda ws: ws.close(4000), [(Opcode.CLOSE, b"\x0f\xa0")]),
    "a thread's message": (lambda ws: by_thread(lambda: ws.send("own")), [(Opcode.TEXT, b"own")]),
    "a thread's end": (lambda ws: by_thread(lambda: ws.close(4000)), [(Opcode.CLOSE, b"\x0f\xa0")]),
}


@pytest.mark.parametrize("name", SENDS)
def test_a_connections_own_sends_come_after_the_broadcasts_before_them(audience, pump_until, name):
    server, connections, far = audience
    send, wanted = SENDS[name]
    server.broadcast("1")
    server.broadcast(b"2")
    send(connections[3])
    last = [] if "thread" in name else [b"3"]  # which the loop would send before it hears of the thread
    for message in last:
        server.broadcast(message.decode())
    begin = [(Opcode.TEXT, b"1"), (Opcode.BINARY, b"2")]
    end = [] if "end" in name else [(Opcode.TEXT, message) for message in last]
    if "stream" in name:
        wanted = [frame for frame in wanted if frame[1]]  # whether an empty fragment ends it is not the point
        pump_until(lambda: (Opcode.TEXT, b"3") in far[3].frames())
        assert [frame for frame in far[3].frames() if frame[1]] == begin + wanted + end
    else:
        pump_until(lambda: far[3].frames() == begin + wanted + end)
    pump_until(lambda: all(far[place].payloads() == [b"1", b"2", *last] for place in (0, 1, 2, 4)))


def test_a_thread_that_learns_of_a_broadcast_sends_after_it(audience, pump_until):
    server, connections, far = audience

    def cast():
        server.broadcast("1")
        by_thread(lambda: (connections[4].send("2"), server.broadcast("3")))

    server.loop.call_soon(cast)
    pump_until(lambda: far[4].payloads() == [b"1", b"2", b"3"])
    pump_until(lambda: all(peer.payloads() == [b"1", b"3"] for peer in far[:4]))


def test_a_server_that_closes_says_everything_first(audience, pump_until):
    server, _, far = audience
    server.broadcast("1")
    server.broadcast("2")
    server.close(1001)
    pump_until(lambda: all(peer.payloads() == [b"1", b"2", b"\x03\xe9"] for peer in far))


def test_a_window_that_goes_says_everything_first(audience, pump_until):
    server, _, far = audience
    server.broadcast("1")
    server.loop.close()
    for peer in far:
        assert peer.payloads()[:1] == [b"1"]
    assert not server._broadcaster._pending


@pytest.mark.parametrize("how", ["reset", "drop", "close"])
def test_one_that_ends_in_between_does_not_keep_it_from_the_others(audience, pump_until, how):
    server, connections, far = audience
    server.broadcast("1")
    if how == "reset":
        reset_on_close(far[2].sock)
        far[2].sock.close()
    elif how == "drop":
        connections[2]._session.drop()
    else:
        far[2].bye(1000)
    server.broadcast("2")
    others = far[:2] + far[3:]
    pump_until(lambda: all(peer.payloads() == [b"1", b"2"] for peer in others))
    far[2].sock.close()
    pump_until(lambda: len(server.connections) == CLIENTS - 1)
    assert not server._broadcaster._pending


def test_the_receivers_are_those_of_the_moment_of_the_call(audience, pump_until):
    server, connections, far = audience
    for ws in connections[:4]:
        ws.join("tea")
    assert server.broadcast("1", to="tea") == 4
    connections[2].leave("tea")
    connections[4].join("tea")
    assert server.broadcast("2", to="tea", exclude=connections[3]) == 3
    assert server.broadcast("3", "/[bd]", to=["tea", "none"]) == 2
    pump_until(lambda: far[1].payloads() == [b"1", b"2", b"3"])
    pump_until(lambda: far[3].payloads() == [b"1", b"3"])
    pump_until(lambda: far[4].payloads() == [b"2"])
    assert (far[0].payloads(), far[2].payloads()) == ([b"1", b"2"], [b"1"])


def test_one_that_cannot_be_sent_does_not_keep_it_from_the_others(audience, pump_until, root):
    server, _, far = audience

    class Broken:
        size = 1

        def send(self):
            raise RuntimeError("broken")

    seen: list[str] = []
    root.report_callback_exception = lambda kind, error, trace: seen.append(str(error))
    server.broadcast("1")
    server._broadcaster._pending.appendleft(Broken())
    pump_until(lambda: all(peer.payloads() == [b"1"] for peer in far))
    assert seen == ["broken"]


def test_one_in_the_middle_of_a_message_is_passed_by(audience, pump_until):
    server, connections, far = audience
    connections[1].send("a", final=False)
    server.broadcast("x")
    connections[1].send("b")
    server.broadcast("y")
    pump_until(lambda: far[1].payloads() == [b"a", b"b", b"y"])
    pump_until(lambda: far[4].payloads() == [b"x", b"y"])


@pytest.mark.parametrize("policy", ["skip", "close"])
def test_a_peer_that_does_not_keep_up_is_found_when_its_turn_comes(audience, pump_until, policy):
    server, connections, far = audience
    server.configure(slow_peer=policy)
    slow = connections[2]
    slow.configure(high_water=1000, low_water=100)
    slow.send(bytes(16_000_000))  # more than any system takes from a peer that does not read
    before = slow.buffered_amount
    assert server.broadcast("x") == CLIENTS
    assert slow.buffered_amount == before + 3
    pump_until(lambda: all(peer.payloads() == [b"x"] for peer in far[:2] + far[3:]))
    if policy == "skip":
        assert slow.statistics.broadcasts_skipped == 1
        assert slow.buffered_amount <= before
    else:
        assert slow.state is not tkws.State.OPEN
        with suppress(OSError):
            far[2].sock.close()


def test_large_messages_have_fewer_turns_at_once(audience, pump_until, monkeypatch):
    server, connections, _ = audience
    monkeypatch.setattr(broadcast, "_UNCLOCKED", 4)
    monkeypatch.setattr(broadcast, "_UNCLOCKED_SIZE", 6)
    seen: list[int] = []

    def look():
        seen.append(sum(amount > 0 for amount in pending_of(connections)))
        if seen[-1]:
            server.loop.call_soon(look)

    server.loop.call_soon(server.broadcast, "four")  # 6 bytes: one at a time
    server.loop.call_soon(look)
    pump_until(lambda: seen and not seen[-1])
    assert sorted(set(seen), reverse=True) == list(range(seen[0], -1, -1))
    assert seen[0] >= CLIENTS - 2
