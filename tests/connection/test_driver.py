"""A connection from its first byte to its last: what the peer sees, and what the program is told."""

from __future__ import annotations

import contextlib
import logging
import random
import socket

import pytest

import tkws
from tests.peers import Log
from tkws.loop import loop_for
from tkws.net.bytequeue import CHUNK
from tkws.protocol.frames import Opcode
from tkws.testing.reset import reset, reset_on_close

MIB = 1 << 20


@pytest.fixture(params=[True, False], ids=["server", "client"])
def either(request, root, peers, log):
    """A connection in either role, opened, and its other end."""
    return peers.taken(root, log, server=request.param)


def break_off(peer) -> None:
    """Closes a peer's socket so that the other end sees a reset."""
    reset_on_close(peer.sock)
    peer.sock.close()


# ---- messages


def test_messages_go_both_ways_in_order(either, log, pump_until):
    ws, peer = either
    peer.text("one", "two")
    peer.say(Opcode.BINARY, b"\0three")
    pump_until(lambda: len(log.events) == 4)
    assert log.events[1:] == [("text", "one"), ("text", "two"), ("binary", b"\0three")]
    ws.send("four")
    ws.send(b"\xff")
    assert peer.hear(2) == [(Opcode.TEXT, b"four"), (Opcode.BINARY, b"\xff")]


def test_a_message_in_fragments_with_a_ping_between(either, log, pump_until):
    _, peer = either
    peer.say(Opcode.TEXT, b"Hel", fin=False)
    peer.say(Opcode.PING, b"?")
    peer.say(Opcode.CONTINUATION, b"lo")
    pump_until(lambda: log.all("text"))
    assert log.events[1:] == [("ping", b"?"), ("text", "Hello")]
    assert peer.hear() == [(Opcode.PONG, b"?")]


def test_bytes_that_came_with_the_handshake_come_first(root, peers, log, pump_until):
    near, far = peers.sockets()
    peer = tkws.takeover(near, log, True, initial=b"\x81\x82\x00\x00\x00\x00hi", master=root)
    assert log.events == []  # nothing is told from inside takeover()
    far.send(b"\x81\x82\x00\x00\x00\x00ho")
    pump_until(lambda: len(log.events) == 3)
    assert log.events == [("connect", None), ("text", "hi"), ("text", "ho")]
    assert peer.statistics.messages_received == 2


def test_a_large_message_is_received_into_its_own_buffer(either, log, pump_until):
    _, peer = either
    payload = bytes(range(256)) * 4096
    frame = peer.frame(Opcode.BINARY, payload)
    rest = memoryview(frame)

    def push():
        nonlocal rest
        with contextlib.suppress(BlockingIOError):
            while rest:
                rest = rest[peer.sock.send(rest) :]
        return log.all("binary")

    pump_until(push)
    assert log.one("binary") == payload


def test_what_a_handler_sends_leaves_in_one_go(root, peers, pump_until):
    log = Log(text=lambda ws, message: ws.send(message.upper()))
    ws, peer = peers.taken(root, log)
    pump_until(lambda: log.open)
    stream = ws._session.driver.stream
    sent = []

    class Noting:
        def __init__(self, sock):
            self.sock = sock

        def __getattr__(self, name):
            return getattr(self.sock, name)

        def send(self, data):
            sent.append(bytes(data))
            return self.sock.send(data)

    stream.socket = Noting(stream.socket)
    peer.text(*"abcde")
    assert peer.hear(5) == [(Opcode.TEXT, letter) for letter in (b"A", b"B", b"C", b"D", b"E")]
    assert sent == [b"".join(b"\x81\x01%c" % letter for letter in b"ABCDE")]
    ws.send("alone")
    assert ws.buffered_amount == 0  # gone at once


# ---- pings


@pytest.mark.slow
@pytest.mark.parametrize("size", [CHUNK - 1, 3 * CHUNK + 5])
def test_large_messages_leave_after_the_call_in_order_with_what_is_between(either, log, pump_until, size):
    ws, peer = either
    pump_until(lambda: log.open)
    ws._session.driver.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    large = random.Random(size).randbytes(size)
    queued = ws.send(large)
    assert ws.buffered_amount == queued
    queued += ws.send("between") + ws.ping(b"too") + ws.send(large, final=False) + ws.ping(b"amid")
    assert ws.buffered_amount == queued
    ws.send(large)
    ws.close()
    peer.hear(7)
    assert peer.frames() == [
        (Opcode.BINARY, large), (Opcode.TEXT, b"between"), (Opcode.PING, b"too"), (Opcode.BINARY, large),
        (Opcode.PING, b"amid"), (Opcode.CONTINUATION, large), (Opcode.CLOSE, b"\x03\xe8"),
    ]  # fmt: skip


def test_a_break_amid_a_large_message_is_told(either, log, pump_until):
    ws, peer = either
    pump_until(lambda: log.open)
    size = ws.send(bytes(64 * MIB))
    pump_until(lambda: ws.buffered_amount < size)
    assert ws.buffered_amount
    break_off(peer)
    pump_until(lambda: log.over)
    assert log.all("close")[0][0] == 1006
    assert ws.buffered_amount == 0


def test_pings_are_answered_before_the_handler_hears_of_them(root, peers, pump_until):
    amounts = []
    log = Log(ping=lambda ws, message: amounts.append(ws.statistics.frames_sent))
    _, peer = peers.taken(root, log)
    peer.say(Opcode.PING, b"one")
    peer.say(Opcode.PING)
    assert peer.hear(2) == [(Opcode.PONG, b"one"), (Opcode.PONG, b"")]
    assert log.all("ping") == [b"one", b""]
    assert amounts[0] >= 1


def test_silence_is_broken_by_a_ping_and_its_pong_tells_the_latency(root, peers, log, pump_until):
    ws, peer = peers.taken(root, log, keepalive=0.02)
    [(opcode, payload)] = peer.hear()
    assert opcode is Opcode.PING
    assert payload == b"1"
    assert ws.latency is None
    peer.say(Opcode.PONG, payload)
    pump_until(lambda: log.all("pong"))
    assert log.all("pong") == [b"1"]
    assert 0 < ws.latency < 5
    assert ws.statistics.pings_sent >= 1
    assert peer.hear(2)[1] == (Opcode.PING, b"2")


def test_the_payload_of_pings_is_the_programs(root, peers, log):
    ws, peer = peers.taken(root, log, keepalive=0.02, ping="still there?")
    assert peer.hear() == [(Opcode.PING, b"still there?")]
    ws["ping"] = b"\xff"
    peer.say(Opcode.PONG, b"still there?")
    assert peer.hear(2)[1] == (Opcode.PING, b"\xff")


def test_a_peer_that_does_not_answer_is_given_up(root, peers, log, pump_until):
    ws, peer = peers.taken(root, log, keepalive=0.02, pong_timeout=0.03)
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]
    assert log.one("close") == (1006, "No pong within 0.03 seconds")
    assert ws.close_code == 1006
    peer.wait_for_end()


def test_keepalive_begins_when_it_is_configured(root, peers, log, pump_until):
    ws, peer = peers.taken(root, log, server=False)
    pump_until(lambda: log.open)
    ws["keepalive"] = 0.01
    assert peer.hear() == [(Opcode.PING, b"1")]


def test_keepalive_rests_while_paused(root, peers, log, pump_until):
    ws, peer = peers.taken(root, log)
    pump_until(lambda: log.open)
    ws.pause()
    ws.configure(keepalive=0.02, pong_timeout=0.02)
    later = []
    loop_for(root).call_later(0.1, later.append, True)
    pump_until(lambda: later)
    assert peer.frames() == []
    ws.resume()
    assert peer.hear() == [(Opcode.PING, b"1")]


# ---- closing


def test_this_side_closes_first(either, log, pump_until):
    ws, peer = either
    pump_until(lambda: log.open)
    ws.close(4000, "enough")
    assert ws.state is tkws.State.CLOSING
    assert peer.hear() == [(Opcode.CLOSE, b"\x0f\xa0enough")]
    peer.text("a last word")
    peer.bye(4001, "fine")
    pump_until(lambda: log.all("close"))
    if ws.role is tkws.Role.SERVER:
        peer.wait_for_end()  # the server ends first (RFC 6455, 7.1.1)
    assert not log.over
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.events[1:] == [
        ("text", "a last word"),
        ("close", (4001, "fine")),
        ("disconnect", "Disconnected: 4001 fine"),
    ]
    assert ws.state is tkws.State.CLOSED
    assert (ws.close_code, ws.close_reason) == (4001, "fine")


def test_the_peer_closes_first(either, log, pump_until):
    ws, peer = either
    peer.bye(1001, "leaving")
    assert peer.hear() == [(Opcode.CLOSE, b"\x03\xe9")]
    assert ws.state is tkws.State.CLOSING
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.events[1:] == [("close", (1001, "leaving")), ("disconnect", "Disconnected: 1001 leaving")]


def test_a_close_without_a_code_is_1005(either, log, pump_until):
    ws, peer = either
    peer.say(Opcode.CLOSE)
    assert peer.hear() == [(Opcode.CLOSE, b"")]
    peer.sock.close()
    pump_until(lambda: log.over)
    code, _ = log.one("close")
    assert code == ws.close_code == 1005


def test_both_close_at_once(either, log, pump_until):
    ws, peer = either
    pump_until(lambda: log.open)
    peer.bye(1000)
    ws.close(1001)
    pump_until(lambda: log.all("close"))
    assert peer.hear() == [(Opcode.CLOSE, b"\x03\xe9")]
    peer.sock.close()
    pump_until(lambda: log.over)
    assert [code for code, _ in log.all("close")] == [1000]


def test_what_came_before_the_peers_close_can_be_answered(root, peers, pump_until):
    log = Log(text=lambda ws, message: ws.send(message.upper()))
    _, peer = peers.taken(root, log)
    peer.send(peer.frame(Opcode.TEXT, b"last") + peer.frame(Opcode.CLOSE, b"\x03\xe8"))
    assert peer.hear(2) == [(Opcode.TEXT, b"LAST"), (Opcode.CLOSE, b"\x03\xe8")]
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "text", "close", "disconnect"]


def test_a_peer_that_does_not_finish_closing_is_dropped_in_time(either, log, pump_until):
    ws, peer = either
    pump_until(lambda: log.open)
    ws["close_timeout"] = 0.03
    ws.close(1000)
    pump_until(lambda: log.over)
    assert log.one("close") == (1006, "The peer did not finish the closing handshake in time")
    assert log.types == ["connect", "close", "disconnect"]
    peer.wait_for_end()


def test_a_peer_that_stays_after_its_close_is_dropped_in_time(root, peers, log, pump_until):
    _, peer = peers.taken(root, log, server=False, close_timeout=0.03)
    peer.bye(1000, "bye")
    pump_until(lambda: log.over)
    assert log.events[1:] == [("close", (1000, "bye")), ("disconnect", "Disconnected: 1000 bye")]
    peer.wait_for_end()


def test_the_end_of_the_stream_without_a_close_is_1006(either, log, pump_until):
    _, peer = either
    pump_until(lambda: log.open)
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]
    assert log.one("close") == (1006, "The connection ended without a Close frame")


def test_a_reset_is_1006_with_its_cause(either, log, pump_until):
    _, peer = either
    pump_until(lambda: log.open)
    break_off(peer)
    pump_until(lambda: log.over)
    code, reason = log.one("close")
    assert code == 1006
    assert "reset" in reason.lower()


def test_a_peer_that_ends_its_output_with_a_message_half_sent(either, log, pump_until):
    ws, peer = either
    peer.send(peer.frame(Opcode.TEXT, b"Hello world")[:-3])
    peer.sock.shutdown(socket.SHUT_WR)
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]
    assert ws.close_code == 1006


def test_nothing_is_delivered_behind_a_close(either, log, pump_until):
    _, peer = either
    peer.send(peer.frame(Opcode.CLOSE, b"\x03\xe8") + peer.frame(Opcode.TEXT, b"too late"))
    peer.hear()
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]


# ---- faults of the peer


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x83\x80\0\0\0\0", 1002),  # a reserved opcode
        (b"\xc1\x80\0\0\0\0", 1002),  # a reserved bit
        (b"\x81\x05Hello", 1002),  # no mask
        (b"\x80\x80\0\0\0\0", 1002),  # nothing to continue
        (b"\x09\x80\0\0\0\0", 1002),  # a ping in fragments
        (b"\x88\x81\0\0\0\0\0", 1002),  # half a close code
        (b"\x88\x82\0\0\0\0\x03\xed", 1002),  # 1005 may not travel
        (b"\x88\x83\0\0\0\0\x03\xe8\xff", 1007),  # a reason that is no UTF-8
        (b"\x81\x82\0\0\0\0\xc0\x80", 1007),  # a text that is no UTF-8
        (b"\x82\xfe\x04\x01\0\0\0\0", 1009),  # too long
    ],
)
def test_a_fault_of_the_peer_is_an_error_a_close_and_one_disconnect(
    root, peers, log, pump_until, frame, code
):
    ws, peer = peers.taken(root, log, max_message=1024)
    peer.text("fine")
    peer.send(frame)
    [(opcode, payload)] = peer.hear()
    assert (opcode, int.from_bytes(payload[:2], "big")) == (Opcode.CLOSE, code)
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "text", "error", "close", "disconnect"]
    error = log.one("error")
    assert isinstance(error, tkws.ProtocolError)
    assert error.code == code
    assert log.one("close") == (1006, str(error))
    assert ws.close_code == 1006
    assert log.one("disconnect") == f"Disconnected: 1006 {error}"


def test_a_fault_of_the_peer_is_logged_for_who_wants_to_know(either, pump_until, caplog):
    ws, peer = either
    with caplog.at_level(logging.INFO, "tkws"):
        peer.send(b"\xf1\x00")
        pump_until(lambda: ws.state is tkws.State.CLOSING)
    [record] = caplog.records
    assert record.levelno == logging.INFO
    assert "reserved bit" in record.getMessage()
    assert str(ws.peername) in record.getMessage()


def test_a_client_refuses_a_masked_frame(root, peers, log, pump_until):
    _, peer = peers.taken(root, log, server=False)
    peer.send(b"\x81\x80\0\0\0\0")
    assert peer.hear()[0][1][:2] == b"\x03\xea"
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "error", "close", "disconnect"]


def test_too_many_fragments_are_refused(root, peers, log, pump_until):
    _, peer = peers.taken(root, log, max_fragments=2)
    peer.say(Opcode.TEXT, b"a", fin=False)
    peer.say(Opcode.CONTINUATION, b"b", fin=False)
    peer.say(Opcode.CONTINUATION, b"c")
    assert peer.hear()[0][1][:2] == b"\x03\xf0"
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.one("error").code == 1008


def test_limits_can_be_changed_on_the_way(root, peers, log, pump_until):
    ws, peer = peers.taken(root, log)
    peer.text("12345")
    pump_until(lambda: log.all("text"))
    ws.configure(max_message=4)
    peer.text("12345")
    assert peer.hear()[0][1][:2] == b"\x03\xf1"


# ---- the write buffer


def fill(ws, pump_until, least: int = 4 * MIB) -> int:
    """Sends until ``least`` bytes wait for a peer that does not read; each message is below the high mark."""
    sent = 0
    while ws.buffered_amount < least:
        sent += ws.send(bytes(MIB // 2))
        settled: list[bool] = []
        ws.loop.call_later(0.01, settled.append, True)
        pump_until(lambda: settled)
    return sent


def test_a_full_buffer_that_drains_is_told_once(either, log, pump_until):
    ws, peer = either
    ws.configure(high_water=2 * MIB, low_water=MIB)
    pump_until(lambda: log.open)
    sent = fill(ws, pump_until)
    assert not log.all("drain")
    amounts = []
    log.actions["drain"] = lambda ws, message: amounts.append(ws.buffered_amount)
    peer.take(sent)
    pump_until(lambda: log.all("drain"))
    assert log.all("drain") == [None]
    assert amounts[0] <= MIB
    pump_until(lambda: ws.buffered_amount == 0)


@pytest.mark.parametrize("size", [1000, MIB], ids=["small", "large"])
def test_what_a_handler_saw_wait_drains_though_the_system_takes_it_at_once(
    root, peers, log, pump_until, size
):
    ws, peer = peers.taken(root, log, high_water=100_000, low_water=0)

    def fill_up(ws, message):
        while ws.buffered_amount <= 100_000:
            ws.send(bytes(size))

    log.actions["text"] = fill_up
    peer.text("fill")
    pump_until(lambda: peer.read() is not None and log.all("drain"))
    assert ws.buffered_amount == 0
    assert len(log.all("drain")) == 1


def echo(ws, message):
    """Answers, and reads no more while too much waits: as a program does that bounds its own memory."""
    ws.send(message)
    if ws.buffered_amount > MIB:
        ws.pause()


def test_a_pause_until_the_buffer_drains(root, peers, log, pump_until):
    ws, peer = peers.taken(root, log, high_water=MIB, low_water=0)
    log.actions |= {"text": echo, "drain": lambda ws, message: ws.resume()}
    pump_until(lambda: log.open)
    sent = fill(ws, pump_until)
    peer.text("one", "two", "three")
    pump_until(lambda: log.all("text"))
    assert log.all("text") == ["one"]
    peer.take(sent)
    pump_until(lambda: len(log.all("text")) == 3)
    assert log.types[1:] == ["text", "drain", "text", "text"]


def test_a_program_that_paused_from_the_start_is_told_connect_first(root, peers, log, pump_until):
    ws, peer = peers.taken(root, log, high_water=MIB, low_water=0)
    ws.pause()
    sent = fill(ws, pump_until)
    peer.take(sent)
    settled = []
    ws.loop.call_later(0.05, settled.append, True)
    pump_until(lambda: settled)
    assert not log.events
    ws.resume()
    pump_until(lambda: log.all("drain"))
    assert log.types == ["connect", "drain"]


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_a_break_is_told_to_a_program_that_paused_until_the_buffer_drains(
    root, peers, log, pump_until, secure, server_ssl, client_ssl
):
    server = tkws.serve(
        master=root, handler=log, high_water=MIB, low_water=0, ssl=server_ssl if secure else None
    )
    log.actions |= {"text": echo, "drain": lambda ws, message: ws.resume()}
    client = Log(connect=lambda ws, message: ws.pause())
    tkws.open(server.url, client, master=root, ssl=client_ssl if secure else None)
    pump_until(lambda: log.open and client.open)
    log.ws.send(bytes(32 * MIB), compress=False)
    log.ws.pause()
    reset(client.ws._session.driver.stream)
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]
    assert log.one("close")[0] == 1006
    server.close()
    client.ws.resume()
    pump_until(lambda: client.over)


@pytest.mark.parametrize("closer", ["we", "the peer", "a fault"])
def test_nothing_drains_after_a_close(root, peers, log, pump_until, closer):
    ws, peer = peers.taken(root, log, high_water=MIB, low_water=0)
    pump_until(lambda: log.open)
    sent = fill(ws, pump_until)
    if closer == "we":
        ws.close()
    else:
        peer.send(peer.frame(Opcode.CLOSE, b"\x03\xe8") if closer == "the peer" else b"\xff\xff")
        pump_until(lambda: log.all("close"))
    peer.take(sent)
    peer.hear()
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", *["error"] * (closer == "a fault"), "close", "disconnect"]


def test_a_mark_that_is_raised_drains_from_the_loop(root, peers, log, pump_until):
    ws, _ = peers.taken(root, log, high_water=MIB, low_water=0)
    pump_until(lambda: log.open)
    fill(ws, pump_until)
    ws.configure(high_water=64 * MIB, low_water=32 * MIB)
    assert not log.all("drain")
    pump_until(lambda: log.all("drain"))


def test_a_connection_that_broke_does_not_drain(root, peers, log, pump_until):
    ws, peer = peers.taken(root, log, high_water=MIB, low_water=0)
    pump_until(lambda: log.open)
    fill(ws, pump_until)
    break_off(peer)
    pump_until(lambda: log.over)
    ws.configure(high_water=64 * MIB, low_water=32 * MIB)
    done = []
    loop_for(root).call_soon(done.append, True)
    pump_until(lambda: done)
    assert log.types[-1] == "disconnect"
    assert not log.all("drain")


def test_a_peer_that_reads_nothing_is_dropped_with_what_waits(root, peers, log, pump_until):
    ws, _ = peers.taken(root, log, close_timeout=0.03)
    pump_until(lambda: log.open)
    fill(ws, pump_until)
    assert ws.buffered_amount
    ws.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]
    assert ws.buffered_amount == 0


# ---- the loop goes


def test_a_loop_that_closes_says_goodbye(either, log, root, pump_until):
    ws, peer = either
    pump_until(lambda: log.open)
    ws.loop.close()
    assert ws.state is tkws.State.CLOSED
    peer.wait_for_end()
    assert peer.frames() == [(Opcode.CLOSE, b"\x03\xe9")]
    assert log.types == ["connect"]  # the program has gone as well


def test_a_loop_that_closes_amid_a_large_message_drops_it(either, log, pump_until):
    ws, peer = either
    peer.send(peer.frame(Opcode.BINARY, bytes(MIB))[:200_000])
    pump_until(lambda: ws.statistics.bytes_received == 200_000)
    assert ws._session.driver.get_buffer()
    ws.loop.close()
    assert ws._session.driver.get_buffer() is None  # Python 3.13 complains of one that is collected in use


def test_a_loop_that_closes_while_the_connection_closes(either, log, root, pump_until):
    ws, peer = either
    pump_until(lambda: log.open)
    peer.bye()
    peer.hear()
    ws.loop.close()
    peer.wait_for_end()
    assert peer.frames() == [(Opcode.CLOSE, b"\x03\xe8")]


def test_a_loop_that_closes_in_the_handler(either, log, root, pump_until):
    _, peer = either

    def leave(ws, message):
        ws.send("one more thing")
        ws.loop.close()
        with pytest.raises(tkws.StateError):
            ws.send("too late")

    log.actions["text"] = leave
    peer.text("go", "on")
    peer.wait_for_end()
    assert peer.frames() == [(Opcode.TEXT, b"one more thing"), (Opcode.CLOSE, b"\x03\xe9")]
    assert log.types == ["connect", "text"]


def test_a_loop_that_closes_when_the_loss_is_on_its_way(either, log, root, pump_until):
    ws, _ = either
    pump_until(lambda: log.open)
    ws.loop.call_soon(ws._session.driver.stream.abort)
    ws.loop.call_soon(ws.loop.close)
    pump_until(lambda: ws.loop.closed)
    assert log.types == ["connect"]


def test_leaving_the_program_in_a_handler_leaves_nothing_half_done(either, log, pump_until):
    _, peer = either

    def leave(ws, message):
        raise SystemExit

    log.actions["close"] = leave
    pump_until(lambda: log.open)
    peer.sock.close()
    with pytest.raises(SystemExit):
        pump_until(lambda: log.over)
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]
