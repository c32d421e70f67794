"""`WebSocket` as a program has it: its calls, its options, what a handler may do, other threads."""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import tkinter
from array import array

import pytest

import tkws
from tests.peers import Log
from tkws.loop import loop_for
from tkws.protocol.encoded import EncodedMessage
from tkws.protocol.frames import Opcode

TEXT, BINARY, PING, PONG, CLOSE = Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG, Opcode.CLOSE


@pytest.fixture
def connecting(root, peers, log):
    """A client that is opening, and who listens for it."""
    listening = peers.listen()
    return tkws.open(listening.url, log, master=root), listening


@pytest.fixture
def turn(root, pump_until):
    """``turn()``: lets the loop serve what is due."""

    def turn():
        done: list[bool] = []
        loop_for(root).call_later(0.005, done.append, True)
        pump_until(lambda: done)

    return turn


# ---- sending


@pytest.mark.parametrize(
    ("message", "frame"),
    [
        ("hello", (TEXT, b"hello")),
        ("", (TEXT, b"")),
        ("é€😀", (TEXT, "é€😀".encode())),
        (b"\0\xff", (BINARY, b"\0\xff")),
        (bytearray(b"ab"), (BINARY, b"ab")),
        (memoryview(b"abcd")[1:3], (BINARY, b"bc")),
        (array("B", b"ab"), (BINARY, b"ab")),
    ],
)
def test_what_is_sent(taken, message, frame):
    ws, peer = taken
    size = ws.send(message)
    assert peer.hear() == [frame]
    assert size == len(peer.received)


def test_a_buffer_is_the_programs_own_again(taken):
    ws, peer = taken
    map, growing = mmap.mmap(-1, 4), bytearray(b"1234")
    map[:] = b"data"
    for send in (ws.send, ws.ping, ws.pong):
        for buffer in (map, growing):
            send(buffer)
    map.close()
    growing[:] = b"nothing of it"
    words = [b"data", b"1234"]
    kinds = (BINARY, PING, PONG)
    assert peer.hear(6) == [(kind, word) for kind in kinds for word in words]


@pytest.mark.parametrize("name", ["send", "ping", "pong"])
def test_a_buffer_with_gaps_is_refused_by_name(taken, name):
    ws, peer = taken
    argument = "message" if name == "send" else "payload"
    with pytest.raises(TypeError, match=f"^{argument}: the buffer is not contiguous"):
        getattr(ws, name)(memoryview(b"abcd")[::2])
    assert peer.read() == b""


def test_what_came_with_the_handshake_may_be_any_buffer(root, peers, log, pump_until):
    near, _ = peers.sockets()
    with pytest.raises(TypeError, match="^initial: bytes-like, not str"):
        tkws.takeover(near, log, True, initial="x", master=root)
    tkws.takeover(near, log, True, initial=array("B", b"\x81\x80\0\0\0\0"), master=root)
    pump_until(lambda: log.all("text"))
    assert log.one("text") == ""


def test_fragments(taken):
    ws, peer = taken
    assert ws.send("Hel", final=False) == 5
    assert ws.ping("?") == 3
    assert ws.send("lo") == 4
    peer.hear(3)
    assert bytes(peer.received) == b"\x01\x03Hel\x89\x01?\x80\x02lo"


def test_fragments_are_of_one_kind(taken):
    ws, peer = taken
    ws.send("Hel", final=False)
    with pytest.raises(tkws.StateError, match="unfinished text message"):
        ws.send(b"lo")
    ws.send("lo")
    ws.send(b"!")
    assert [opcode for opcode, _ in peer.hear(3)] == [TEXT, Opcode.CONTINUATION, BINARY]


def test_a_clients_masks_are_the_systems_randomness(connecting, log, pump_until):
    ws, listening = connecting
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: log.open)
    ws.send("a")
    [(opcode, _)] = peer.hear()
    assert opcode is TEXT
    masks = ws._session.driver.engine.writer._masks
    assert masks._random_bytes is os.urandom


@pytest.mark.parametrize("message", [None, 5, ["a"], object()])
def test_a_message_is_text_or_bytes(taken, message):
    ws, _ = taken
    with pytest.raises(TypeError, match="^message: str or bytes-like, not "):
        ws.send(message)


def test_a_text_must_be_encodable(taken):
    ws, _ = taken
    with pytest.raises(ValueError, match="^message: not encodable as UTF-8"):
        ws.send("\ud800")


@pytest.mark.parametrize("value", [None, 1, "yes"])
def test_final_is_a_bool(taken, value):
    with pytest.raises(TypeError, match="^final: True or False, not "):
        taken[0].send("x", final=value)


@pytest.mark.parametrize("value", [0, 1, "yes"])
def test_compress_is_a_bool_or_none(taken, value):
    with pytest.raises(TypeError, match="^compress: True, False or None, not "):
        taken[0].send("x", compress=value)


def test_without_an_agreement_nothing_is_compressed(taken):
    ws, peer = taken
    ws.send("x" * 100, compress=True)
    assert peer.hear() == [(TEXT, b"x" * 100)]


@pytest.mark.parametrize("kind", ["ping", "pong"])
def test_pings_and_pongs(taken, kind):
    ws, peer = taken
    opcode = PING if kind == "ping" else PONG
    call = getattr(ws, kind)
    assert call() == 2
    assert call("é") == 4
    assert call(bytearray(b"x")) == 3
    assert call(b"x" * 125) == 127
    assert peer.hear(4) == [(opcode, b""), (opcode, "é".encode()), (opcode, b"x"), (opcode, b"x" * 125)]
    for wrong in (None, 5, ["x"]):
        with pytest.raises(TypeError, match="^payload: str or bytes-like, not "):
            call(wrong)
    for wrong in ("é" * 63, b"x" * 126):
        with pytest.raises(ValueError, match="^payload: at most 125 bytes, not 126"):
            call(wrong)
    with pytest.raises(ValueError, match="^payload: not encodable as UTF-8"):
        call("\ud800")


def test_a_ping_of_the_programs_own_tells_the_latency(taken, log, pump_until):
    ws, peer = taken
    ws.ping("mine")
    peer.hear()
    peer.say(PONG, b"mine")
    pump_until(lambda: log.all("pong"))
    assert ws.latency > 0


def test_an_encoded_message_goes_out_unless_a_message_is_unfinished(taken):
    ws, peer = taken
    assert ws._session.send_encoded(EncodedMessage("hi"))
    ws.send("a", final=False)
    assert not ws._session.send_encoded(EncodedMessage("ho"))
    ws.send("b")
    assert peer.hear(3) == [(TEXT, b"hi"), (TEXT, b"a"), (Opcode.CONTINUATION, b"b")]


# ---- closing


@pytest.mark.parametrize(
    ("code", "reason", "payload"),
    [
        (1000, "", b"\x03\xe8"),
        (1000, "é" * 100, b"\x03\xe8" + "é".encode() * 61),
        (None, "", b""),
        (3000, "x", b"\x0b\xb8x"),
        (tkws.CloseCode.GOING_AWAY, "", b"\x03\xe9"),
    ],
)
def test_what_close_sends(taken, code, reason, payload):
    ws, peer = taken
    ws.close(code, reason)
    ws.close(4000, "a second call changes nothing")
    assert peer.hear() == [(CLOSE, payload)]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, -1, 70000])
def test_codes_that_must_not_be_sent(taken, connecting, code):
    for ws in (taken[0], connecting[0]):
        with pytest.raises(ValueError, match="^code: "):
            ws.close(code)
        assert ws.state in (tkws.State.OPEN, tkws.State.CONNECTING)


@pytest.mark.parametrize("code", ["1000", 1000.0, True])
def test_a_code_is_a_number(taken, code):
    with pytest.raises(TypeError, match="^code: "):
        taken[0].close(code)


def test_a_reason_is_a_text_for_a_code(taken):
    ws, _ = taken
    with pytest.raises(TypeError, match="^reason: "):
        ws.close(1000, b"bytes")
    with pytest.raises(TypeError, match="^reason: "):
        ws.close(1000, None)
    with pytest.raises(ValueError, match="^reason: "):
        ws.close(None, "no code")
    with pytest.raises(ValueError, match="^reason: "):
        ws.close(1000, "\ud800")
    assert ws.state is tkws.State.OPEN


def test_nothing_is_sent_after_close(taken, log, pump_until):
    ws, peer = taken
    ws.close()
    for call in (ws.send, ws.ping, ws.pong):
        with pytest.raises(tkws.StateError, match="CLOSING, not OPEN: nothing can be sent after close"):
            call("x")
    peer.bye()
    peer.sock.close()
    pump_until(lambda: log.over)
    for call in (ws.send, ws.ping, ws.pong):
        with pytest.raises(tkws.StateError, match="CLOSED, not OPEN: it is over; open another one"):
            call("x")


def test_when_it_is_over_every_call_is_without_harm(taken, log, pump_until, turn):
    ws, peer = taken
    peer.sock.close()
    pump_until(lambda: log.over)
    for call in (ws.close, ws.pause, ws.resume, ws.reconnect_now):
        call()
    ws["keepalive"] = 3
    assert ws["keepalive"] == 3
    assert ws.buffered_amount == 0
    assert not ws._session.send_encoded(EncodedMessage(""))
    turn()
    assert log.types == ["connect", "close", "disconnect"]


def test_when_the_root_is_gone_every_call_is_without_harm(taken, connecting, log):
    for ws in (taken[0], connecting[0]):
        ws.pause()
    ws.loop.close()
    for ws in (taken[0], connecting[0]):
        assert ws.state is tkws.State.CLOSED
        for call in (ws.pause, ws.resume, ws.close, ws.reconnect_now):
            call()
        ws["keepalive"] = 3
        with pytest.raises(tkws.StateError):
            ws.send("x")
    assert log.types == ["connect"]


# ---- not yet open


def test_while_connecting_nothing_can_be_sent(connecting):
    ws, _ = connecting
    assert ws.state is tkws.State.CONNECTING
    advice = "CONNECTING, not OPEN: wait for its `connect` event"
    for call in (ws.ping, ws.pong):
        with pytest.raises(tkws.StateError, match=f"{advice}$"):
            call("x")
    with pytest.raises(tkws.StateError, match=f"{advice}, or set the option offline_buffer"):
        ws.send("x")
    assert not ws._session.send_encoded(EncodedMessage(""))
    assert (ws.close_code, ws.close_reason, ws.latency, ws.buffered_amount) == (None, "", None, 0)
    assert (ws.peername, ws.sockname, ws.protocol, ws.request, ws.response) == (None, None, "", None, None)
    assert ws.statistics == tkws.Statistics()


def test_close_while_connecting(connecting, log, pump_until):
    ws, listening = connecting
    peer = listening.accept()
    peer.take_until()
    ws.close(1000, "changed my mind")
    ws.close()
    assert log.events == []
    pump_until(lambda: log.over)
    sentence = "Closed by this program before the connection was open"
    assert log.events == [("close", (1006, sentence)), ("disconnect", sentence)]
    assert ws.state is tkws.State.CLOSED
    assert (ws.close_code, ws.close_reason) == (1006, sentence)
    peer.wait_for_end()


def test_close_at_once_after_open(connecting, log, pump_until):
    ws, _ = connecting
    ws.close()
    pump_until(lambda: log.over)
    assert log.types == ["close", "disconnect"]


def test_close_while_connecting_and_paused(connecting, log, pump_until):
    ws, _ = connecting
    ws.pause()
    ws.close()
    pump_until(lambda: log.over)
    assert log.types == ["close", "disconnect"]


def test_the_loop_goes_right_after_close_while_connecting(connecting, log):
    ws, _ = connecting
    ws.close()
    ws.loop.close()
    assert log.events == []
    assert ws.state is tkws.State.CLOSED


def test_a_pause_while_connecting_lasts(connecting, log, pump_until, turn):
    ws, listening = connecting
    ws.pause()
    peer = listening.accept()
    peer.accept()
    peer.text("first")
    pump_until(lambda: ws.state is tkws.State.OPEN)
    turn()
    assert log.events == []
    ws.resume()
    pump_until(lambda: len(log.events) == 2)
    assert log.events == [("connect", ""), ("text", "first")]


def test_a_failure_while_paused_waits(root, peers, log, pump_until, turn):
    listening = peers.listen()
    listening.sock.close()
    ws = tkws.open(listening.url, log, master=root)
    ws.pause()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    turn()
    assert log.events == []
    ws.resume()
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]


# ---- pause and resume


def test_pause_stops_reading_until_resume(taken, log, pump_until, turn):
    ws, peer = taken
    ws.pause()
    ws.pause()
    peer.text("later")
    turn()
    assert log.types == ["connect"]
    assert ws.statistics.bytes_received == 0
    ws.resume()
    ws.resume()
    pump_until(lambda: log.all("text"))
    ws.pause()
    ws.resume()
    peer.text("and later")
    pump_until(lambda: len(log.all("text")) == 2)


@pytest.mark.slow
def test_the_peer_feels_a_pause(taken, log, pump_until):
    ws, peer = taken
    ws.pause()
    frame = peer.frame(BINARY, bytes(1 << 20))
    sent = 0
    for _ in range(64):
        with contextlib.suppress(BlockingIOError):
            sent += peer.sock.send(frame[sent % len(frame) :])
            continue
        break
    else:
        pytest.fail("everything went out")
    ws.resume()
    pump_until(lambda: ws.statistics.bytes_received == sent)


def test_pause_in_the_handler_holds_the_rest_back(taken, log, pump_until, turn):
    ws, peer = taken
    log.actions["text"] = lambda ws, message: ws.pause()
    peer.text("1", "2", "3")
    pump_until(lambda: log.all("text"))
    turn()
    assert log.all("text") == ["1"]
    ws.resume()
    pump_until(lambda: len(log.all("text")) == 2)
    log.actions.clear()
    ws.resume()
    pump_until(lambda: log.all("text") == ["1", "2", "3"])


def test_close_lets_a_paused_connection_go_on(taken, log, pump_until):
    ws, peer = taken
    ws.pause()
    peer.text("unread")
    ws.close()
    peer.hear()
    peer.bye()
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "text", "close", "disconnect"]


# ---- what a handler may do


def test_a_handlers_exception_is_reported_and_the_connection_lives_on(
    taken, log, pump_until, callback_errors
):
    ws, peer = taken
    log.actions["text"] = lambda ws, message: 1 / int(message)
    peer.text("0", "1")
    pump_until(lambda: len(log.all("text")) == 2)
    assert [type(error) for error in callback_errors] == [ZeroDivisionError]
    callback_errors.clear()
    ws.send("alive")
    assert peer.hear() == [(TEXT, b"alive")]


@pytest.mark.parametrize("type", ["connect", "close", "disconnect"])
def test_an_exception_in_any_event_stops_no_other(root, peers, pump_until, callback_errors, type):
    log = Log(**{type: lambda ws, message: 1 / 0})
    _, peer = peers.taken(root, log)
    peer.text("hello")
    peer.bye()
    peer.hear()
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "text", "close", "disconnect"]
    assert [each.__class__ for each in callback_errors] == [ZeroDivisionError]
    callback_errors.clear()


def nested_update(root, ws, peer, log, pump_until):
    deadline = ws.loop.now() + 0.05
    while ws.loop.now() < deadline:
        root.update()


def nested_wait(root, ws, peer, log, pump_until):
    variable = tkinter.StringVar(root, name="done")
    ws.loop.call_later(0.05, variable.set, "yes")
    root.tk.call("vwait", "done")


def nested_pump(root, ws, peer, log, pump_until):
    done = []
    ws.loop.call_later(0.05, done.append, True)
    pump_until(lambda: done)


@pytest.mark.parametrize("nested", [nested_update, nested_wait, nested_pump])
def test_a_nested_loop_keeps_the_order_and_serves_the_others(root, peers, log, pump_until, nested):
    _, peer = peers.taken(root, log)
    other_log = Log()
    _, other_peer = peers.taken(root, other_log)
    seen = []

    def handle(ws, message):
        if message != "dialog":
            return
        peer.text("during")
        peer.say(PING, b"?")
        other_peer.text("other")
        nested(root, ws, peer, log, pump_until)
        seen.append((log.types.copy(), other_log.types.copy(), peer.frames()))

    log.actions["text"] = handle
    peer.text("dialog", "behind")
    pump_until(lambda: len(log.all("text")) == 3)
    assert seen == [(["connect", "text"], ["connect", "text"], [(PONG, b"?")])]
    assert log.all("text") == ["dialog", "behind", "during"]
    pump_until(lambda: log.all("ping"))
    assert log.deepest == 1


def test_reentrant_nests(root, peers, log, pump_until):
    ws, peer = peers.taken(root, log, reentrant=True)

    def handle(ws, message):
        if message == "outer":
            peer.text("inner")
            pump_until(lambda: "inner" in log.all("text"))

    log.actions["text"] = handle
    peer.text("outer")
    pump_until(lambda: log.all("text") == ["outer", "inner"])
    assert log.deepest == 2
    ws["reentrant"] = False


def test_the_end_waits_for_a_nested_loop_too(taken, log, root, pump_until):
    _, peer = taken

    def handle(ws, message):
        peer.sock.close()
        pump_until(lambda: ws.state is tkws.State.CLOSED)
        assert log.types == ["connect", "text"]

    log.actions["text"] = handle
    peer.text("go")
    pump_until(lambda: log.over)
    assert log.types == ["connect", "text", "close", "disconnect"]
    assert log.deepest == 1


@pytest.mark.slow
@pytest.mark.parametrize(("size", "total"), [(1, 1 << 18), (20_000, 16 << 20)])
def test_what_waits_for_the_handler_is_bounded_by_reading_no_more(taken, log, turn, pump_until, size, total):
    _, peer = taken
    frame = peer.frame(TEXT, b"x" * size)
    count = total // len(frame)
    flood = memoryview(frame * count)
    received = []

    def push():
        nonlocal flood
        with contextlib.suppress(BlockingIOError):
            sent = peer.sock.send(flood[: 1 << 18])
            flood = flood[sent:]
            return sent
        return 0

    def handle(ws, message):
        if message == "dialog":
            quiet = 0
            while quiet < 10:  # until neither end gets on
                quiet = 0 if push() else quiet + 1
                turn()
            received.append(ws.statistics.bytes_received)

    log.actions["text"] = handle
    peer.text("dialog")
    pump_until(lambda: received)
    # 256 messages or 1 MiB, and at most what two reads bring on top.
    assert received[0] < min(256 * len(frame), 1 << 20) + (1 << 17)
    pump_until(lambda: push() + len(log.events) == count + 2, timeout=30)  # push() has nothing left then
    assert log.all("text") == ["dialog"] + ["x" * size] * count
    assert log.deepest == 1


def test_a_handler_may_close(taken, log, pump_until):
    _, peer = taken
    log.actions["text"] = lambda ws, message: ws.close(4000, message)
    peer.text("enough", "one more")
    assert peer.hear() == [(CLOSE, b"\x0f\xa0enough")]
    peer.bye()
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "text", "text", "close", "disconnect"]


@pytest.mark.parametrize("type", ["connect", "text", "close", "disconnect"])
def test_a_handler_may_open_another(root, peers, pump_until, type):
    listening = peers.listen()
    second = Log()
    log = Log(**{type: lambda ws, message: tkws.open(listening.url, second, master=root)})
    _, peer = peers.taken(root, log)
    peer.text("hello")
    peer.bye()
    peer.hear()
    peer.sock.close()
    listening.accept().accept()
    pump_until(lambda: second.open and log.over)
    assert log.types == ["connect", "text", "close", "disconnect"]


@pytest.mark.parametrize("type", ["connect", "text", "disconnect"])
def test_a_handler_may_take_over_another_socket(root, peers, pump_until, type):
    second = Log()
    near, far = peers.sockets()
    log = Log(**{type: lambda ws, message: tkws.takeover(near, second, master=root)})
    _, peer = peers.taken(root, log)
    far.send(b"\x81\x02hi")
    peer.text("hello")
    peer.bye()
    peer.hear()
    peer.sock.close()
    pump_until(lambda: second.all("text") and log.over)
    assert log.types == ["connect", "text", "close", "disconnect"]


@pytest.mark.parametrize("type", ["connect", "text", "ping", "close", "disconnect"])
def test_a_handler_may_end_the_loop(root, peers, pump_until, type):
    log = Log(**{type: lambda ws, message: ws.loop.close()})
    ws, peer = peers.taken(root, log)
    peer.text("hello", "again")
    peer.say(PING)
    peer.bye()
    pump_until(lambda: type in log.types or peer.hear())
    if type == "disconnect":
        peer.sock.close()
    pump_until(lambda: ws.loop.closed)
    assert log.types[-1] == type
    assert log.types.count(type) == 1
    assert ws.state is tkws.State.CLOSED


def test_a_handler_may_destroy_the_window(display_root, peers, pump_until):
    log = Log(text=lambda ws, message: display_root.destroy())
    ws, peer = peers.taken(display_root, log)
    peer.text("go", "on")
    peer.wait_for_end()
    assert log.types == ["connect", "text"]
    assert peer.frames() == [(CLOSE, b"\x03\xe9")]
    assert ws.state is tkws.State.CLOSED


def test_a_connection_lives_without_a_reference_of_the_programs(root, peers, log, pump_until):
    _, peer = peers.taken(root, log)
    del _
    gc.collect()
    peer.text("still here")
    pump_until(lambda: log.all("text"))


# ---- what it tells


def test_states(taken, log, pump_until):
    ws, peer = taken
    assert ws.state is tkws.State.OPEN
    ws.close()
    assert ws.state is tkws.State.CLOSING
    peer.sock.close()
    pump_until(lambda: log.over)
    assert ws.state is tkws.State.CLOSED


def test_statistics(taken, log, pump_until):
    ws, peer = taken
    before = ws.statistics
    assert before.connected_since > 1.6e9
    assert (before.bytes_sent, before.bytes_received) == (0, 0)
    ws.send("hello")
    ws.send("wor", final=False)
    ws.send("ld")
    ws.ping()
    peer.text("hi")
    peer.say(PING)
    peer.say(PONG)
    pump_until(lambda: log.all("pong"))
    figures = ws.statistics
    assert (figures.messages_sent, figures.messages_received) == (2, 1)
    assert (figures.frames_sent, figures.frames_received) == (5, 3)  # a pong of ours among them
    assert (figures.pings_sent, figures.pings_received, figures.pongs_received) == (1, 1, 1)
    assert (figures.bytes_sent, figures.bytes_received) == (7 + 5 + 4 + 2 + 2, 8 + 6 + 6)
    assert figures.compression_ratio == 1
    assert figures.reconnections == 0


def test_the_ratio_of_the_compression_counts_both_ways(root, pump_until):
    log = Log(text=lambda ws, message: ws.send(message))
    server = tkws.serve(master=root, handler=log)
    client_log = Log(connect=lambda ws, message: ws.send("a" * 1000))
    ws = tkws.open(server.url, client_log, master=root)
    pump_until(lambda: client_log.all("text"))
    for each in (ws, log.ws):
        assert 0 < each.statistics.compression_ratio < 0.1


def test_names_of_both_ends(taken):
    ws, peer = taken
    assert ws.peername == peer.sock.getsockname()
    assert ws.sockname == peer.sock.getpeername()


def test_its_repr(taken, connecting, log, pump_until):
    ws, peer = taken
    assert repr(ws) == f"<WebSocket server OPEN - {peer.sock.getsockname()}>"
    client, listening = connecting
    assert repr(client) == f"<WebSocket client CONNECTING {listening.url}>"
    peer.sock.close()
    pump_until(lambda: log.over)
    assert repr(ws).startswith("<WebSocket server CLOSED")


# ---- options


def test_configure_is_tks(taken):
    ws, _ = taken
    assert ws.configure("keepalive") == ("keepalive", "keepalive", "Keepalive", 0.0, 30.0)
    assert ws.configure("k") == ws.configure("-KEEP")
    everything = ws.configure()
    assert list(everything) == ws.keys()
    assert all(description[0] == name and len(description) == 5 for name, description in everything.items())
    assert ws.configure(keepalive=5, ping="x") is None
    assert ws.cget("keepalive") == ws["keepalive"] == ws["keep"] == 5
    assert ws.config == ws.configure
    ws["ping"] = b"y"
    assert ws.cget("-ping") == b"y"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"keepalive": "5"}, TypeError),
        ({"keepalive": -5}, ValueError),
        ({"handler": None}, TypeError),
        ({"colour": "red"}, TypeError),
        ({"max": 5}, TypeError),
        ({"origins": ["*"]}, TypeError),
        ({"compression": False}, tkws.StateError),
    ],
)
def test_a_change_that_is_refused_changes_nothing(taken, connecting, change, kind):
    for ws in (taken[0], connecting[0]):
        before = ws.configure()
        with pytest.raises(kind):
            ws.configure(**{"ping": "new", **change})
        assert ws.configure() == before


def test_a_wrong_name_is_a_type_error(taken):
    ws, _ = taken
    for call in (ws.cget, ws.configure, ws.__getitem__):
        with pytest.raises(TypeError, match="^unknown option 'colour': there are close_timeout, "):
            call("colour")
        with pytest.raises(TypeError, match="^option: str, not int"):
            call(5)


def test_the_handler_can_be_changed(taken, log, pump_until):
    ws, peer = taken
    other = Log()
    ws["handler"] = other
    peer.text("hi")
    pump_until(lambda: other.all("text"))
    assert log.types == ["connect"]
    assert ws["handler"] is other


def test_the_same_compression_again_is_no_change(taken):
    ws, _ = taken
    ws.configure(compression=True)
    assert ws.cget("compression") is True
