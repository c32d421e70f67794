"""What comes first: `connect`, what its handler sends, what waited, and the end that the peer has begun."""

from __future__ import annotations

import tkinter

import pytest

import tkws
from tests.peers import Log, Peer
from tkws.loop import loop_for
from tkws.protocol.frames import Opcode

TEXT, PING, PONG, CLOSE = Opcode.TEXT, Opcode.PING, Opcode.PONG, Opcode.CLOSE
QUICK = tkws.Backoff(initial=0.01, jitter=0)


def opened_with(root, peers, log, frames: bytes = b"", **options):
    """A client that is opening, and the other end, which sends ``frames`` in one segment with its 101."""
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root, compression=False, **options)
    peer = listening.accept()
    answer: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peer, "send", answer.append)
        peer.accept()
    peer.send(b"".join(answer) + frames)
    return ws, peer, listening


@pytest.fixture
def turn(root, pump_until):
    """``turn(seconds)``: lets the loop run for so long."""

    def turn(seconds: float = 0.01) -> None:
        done: list[bool] = []
        loop_for(root).call_later(seconds, done.append, True)
        pump_until(lambda: done)

    return turn


# ---- connect comes on a connection that can be sent on


ENDS = {
    "a Close": b"\x88\x02\x03\xf0",
    "a Close without a code": b"\x88\x00",
    "a Close amid others": b"\x81\x02hi\x89\x00\x88\x02\x03\xe9",
    "a fault": b"\xff\xff",
    "a text and a fault": b"\x81\x02hi\x83\x00",
    "a masked frame": b"\x81\x80abcd",
}


@pytest.mark.parametrize("then", ["stays", "ends", "resets"])
@pytest.mark.parametrize("frames", ENDS.values(), ids=ENDS)
def test_what_connect_sends_goes_out_though_the_peer_has_closed(root, peers, pump_until, frames, then):
    sent = []
    log = Log(connect=lambda ws, message: sent.append(ws.send("first")))
    _, peer, _ = opened_with(root, peers, log, frames, close_timeout=0.3)
    if then == "ends":
        peer.sock.shutdown(1)
    if then == "resets":
        peer.sock.close()
    else:
        assert next(frame for frame in peer.hear(2) if frame[0] is not PONG) == (TEXT, b"first")
        peer.sock.close()
    pump_until(lambda: log.over)
    assert sent == [len(b"first") + 6]
    assert log.types[0] == "connect"
    assert log.types[-2:] == ["close", "disconnect"]
    assert log.types.count("text") == frames.count(b"hi")


@pytest.mark.parametrize("kind", ["shut", "closed"])
def test_connect_of_a_peer_that_has_gone_already(root, peers, pump_until, kind):
    log = Log(connect=lambda ws, message: ws.send("first"))
    ws, peer, _ = opened_with(root, peers, log, b"\x81\x02hi")
    if kind == "shut":
        peer.sock.shutdown(1)
    else:
        peer.sock.close()
    ws.loop.call_soon(ws.pause)
    pump_until(lambda: ws.state is tkws.State.OPEN)
    ws.resume()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "text", "close", "disconnect"]


def test_a_server_that_closes_in_connect_hears_what_the_client_sends_there(root, pump_until):
    def live() -> None:
        served = Log(connect=lambda ws, message: ws.close(1008))
        server = tkws.serve(master=root, handler=served)
        log = Log(connect=lambda ws, message: ws.send("first"))
        tkws.open(server.url, log, master=root)
        pump_until(lambda: log.over and served.over)
        assert served.all("text") == ["first"]
        assert log.types == ["connect", "close", "disconnect"]
        server.close()

    for _ in range(20):
        live()


def test_a_close_before_connect_is_told_goes_out_after_what_connect_sends(root, peers, pump_until):
    near, far = peers.sockets()
    log = Log(connect=lambda ws, message: ws.send("first"))
    ws = tkws.takeover(near, log, True, master=root)
    ws.close(4000)
    assert ws.state is tkws.State.CLOSING
    with pytest.raises(tkws.StateError, match="CLOSING"):
        ws.send("too late")
    served = Log()
    tkws.takeover(far, served, master=root)
    pump_until(lambda: log.over and served.over)
    assert served.all("text") == ["first"]
    assert served.one("close")[0] == 4000
    assert log.types == ["connect", "close", "disconnect"]


def test_a_close_waits_a_moment_for_a_handler_that_runs_the_loop(taken, log, pump_until, turn):
    _, peer = taken

    def answer(ws, message):
        if message == "question":
            peer.bye(1001)
            turn(0.05)
        ws.send("answer")

    log.actions["text"] = answer
    peer.text("question", "more")
    assert peer.hear(2) == [(TEXT, b"answer"), (CLOSE, b"\x03\xe9")] or log.all("text") == [
        "question",
        "more",
    ]
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "text", "text", "close", "disconnect"]


@pytest.mark.slow
def test_a_close_does_not_wait_for_a_long_dialog(taken, log, pump_until):
    _, peer = taken
    heard: list = []

    def dialog(ws, message):
        peer.bye(1001)
        pump_until(lambda: heard.extend(peer.frames()) or heard)
        with pytest.raises(tkws.StateError):
            ws.send("too late")

    log.actions["text"] = dialog
    peer.text("question")
    pump_until(lambda: log.all("close"))
    assert heard == [(CLOSE, b"\x03\xe9")]
    peer.sock.close()
    pump_until(lambda: log.over)


# ---- what was kept comes after what connect sends


def nested_by_update(root, turn):
    root.tk.call("update")
    turn()


def nested_by_a_variable(root, turn):
    variable = tkinter.StringVar(root, name="done")
    root.after(20, variable.set, "yes")
    root.tk.call("vwait", "done")


@pytest.mark.parametrize("nested", [nested_by_update, nested_by_a_variable])
@pytest.mark.parametrize("sender", ["a timer of the loop", "a timer of Tk"])
def test_others_do_not_overtake_what_was_kept_while_connect_runs_the_loop(
    root, peers, pump_until, turn, nested, sender
):
    def log_in(ws, message):
        ws.send("hello")
        if sender == "a timer of Tk":
            root.after(0, ws.send, "by a timer")
        else:
            ws.loop.call_soon(ws.send, "by a timer")
        nested(root, turn)
        ws.send("token")

    log = Log(connect=log_in)
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root, reconnect=QUICK, offline_buffer=1000, compression=False)
    for number in range(3):
        ws.send(f"kept {number}")
    peer = listening.accept()
    peer.accept()
    heard = [payload.decode() for _, payload in peer.hear(6)]
    assert heard == ["hello", "token", "kept 0", "kept 1", "kept 2", "by a timer"]
    ws.send("at last")
    assert peer.hear(1)[-1] == (TEXT, b"at last")
    ws.close()
    peer.sock.close()
    pump_until(lambda: log.over)


def test_a_dialog_while_the_client_reconnects(root, peers, pump_until, turn):
    """The connection is open again, and the program has not heard of it: it cannot have logged in."""
    listening = peers.listen()

    def dialog(ws, message):
        pump_until(lambda: ws.state is tkws.State.CONNECTING)
        ws.send("kept 0")
        peer = listening.accept()
        peer.accept()
        pump_until(lambda: ws.state is tkws.State.OPEN)
        ws.send("kept 1")
        ws.loop.call_soon(ws.send, "kept 2")
        turn()
        others.append(peer)

    others: list = []
    log = Log(connect=lambda ws, message: ws.send("token"), close=dialog)
    ws = tkws.open(listening.url, log, master=root, reconnect=QUICK, offline_buffer=1000, compression=False)
    peer = listening.accept()
    peer.accept()
    assert peer.hear() == [(TEXT, b"token")]
    log.actions["close"] = dialog
    peer.sock.close()
    pump_until(lambda: others)
    del log.actions["close"]
    heard = [payload.decode() for _, payload in others[0].hear(4)]
    assert heard == ["token", "kept 0", "kept 1", "kept 2"]
    ws.close()
    others[0].sock.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)


def test_what_was_kept_goes_out_before_a_close_in_connect(root, peers, pump_until):
    log = Log(connect=lambda ws, message: (ws.send("token"), ws.close(4000)))
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root, offline_buffer=100, compression=False)
    ws.send("kept")
    peer = listening.accept()
    peer.accept()
    assert peer.hear(3) == [(TEXT, b"token"), (TEXT, b"kept"), (CLOSE, b"\x0f\xa0")]
    peer.sock.close()
    pump_until(lambda: log.over)
    assert not log.all("error")


# ---- half a message


@pytest.mark.parametrize("buffer", [0, 100])
@pytest.mark.parametrize("when", ["while down", "when open again"])
def test_half_a_message_does_not_go_on_with_another_connection(root, peers, pump_until, log, buffer, when):
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root, reconnect=QUICK, offline_buffer=buffer, compression=False)
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: log.open)
    ws.send("Hel", final=False)
    peer.hear()
    peer.sock.close()
    pump_until(lambda: log.all("disconnect"))
    if when == "while down":
        for final in (False, True):
            with pytest.raises(tkws.StateError, match="beginning of this message was lost"):
                ws.send("lo", final=final)
    log.actions["connect"] = lambda ws, message: ws.send("token")
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: len(log.all("connect")) == 2)
    if when == "when open again":
        for final in (False, True):
            with pytest.raises(tkws.StateError, match="beginning of this message was lost"):
                ws.send("lo", final=final)
    ws.send("whole")
    assert peer.hear(2) == [(TEXT, b"token"), (TEXT, b"whole")]
    ws.close()
    peer.sock.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)


# ---- a dialog, and what goes on meanwhile


def by_connect(peer, log, dialog):
    log.actions["connect"] = lambda ws, message: dialog(ws)


def by_a_spent_slice(peer, log, dialog):
    def handle(ws, message):
        until = ws.loop.now() + 0.006
        while ws.loop.now() < until:
            pass
        if message == "3":
            dialog(ws)

    log.actions["text"] = handle
    peer.text("0", "1", "2", "3", "4")


@pytest.mark.parametrize("way", [by_connect, by_a_spent_slice])
def test_pings_are_answered_in_a_dialog_whichever_way_it_came_about(root, peers, pump_until, way):
    near, far = peers.sockets()
    log = Log()
    ws = tkws.takeover(near, log, True, master=root)
    peer = Peer(far, pump_until, client=True)
    answered = []

    def dialog(ws):
        peer.say(PING, b"?")
        pump_until(lambda: answered.extend(peer.frames()) or answered)

    way(peer, log, dialog)
    pump_until(lambda: answered)
    assert answered == [(PONG, b"?")]
    assert log.deepest == 1
    ws.close()
    far.close()
    pump_until(lambda: log.over)


def test_reading_stops_in_a_dialog_at_the_bound_and_goes_on_after_it(root, peers, pump_until, turn):
    near, far = peers.sockets()
    log = Log()
    tkws.takeover(near, log, True, master=root)
    counts = []

    def dialog(ws, message):
        for _ in range(600):
            far.send(b"\x81\x81\0\0\0\0x")
            if not _ % 20:
                turn(0.001)
        turn(0.05)
        counts.append(ws.statistics.messages_received)

    log.actions["connect"] = dialog
    pump_until(lambda: len(log.all("text")) == 600)
    assert 256 <= counts[0] < 600
    far.close()
    pump_until(lambda: log.over)


def test_reentrant_tells_the_rest_of_a_batch_in_the_dialog(root, peers, pump_until):
    log = Log()
    _, peer = peers.taken(root, log, reentrant=True)
    pump_until(lambda: log.open)
    seen = []

    def dialog(ws, message):
        if message == "dialog":
            pump_until(lambda: len(log.all("text")) == 3)
            seen.append(log.all("text"))

    log.actions["text"] = dialog
    peer.text("dialog", "rest", "last")
    pump_until(lambda: seen)
    assert seen == [["dialog", "rest", "last"]]
    assert log.deepest == 2


# ---- the end of an interpreter, and of patience


@pytest.mark.parametrize("event", ["close", "disconnect"])
def test_nothing_is_told_after_the_interpreter_has_gone_in_an_older_event(root, peers, pump_until, event):
    listening = peers.listen()
    states = []

    def dialog(ws, message):
        peer = listening.accept()
        peer.accept()
        pump_until(lambda: ws.state is tkws.State.OPEN)
        ws.close()
        peer.hear()
        peer.sock.close()
        states.append(ws.state)

    log = Log(close=dialog)
    if event == "disconnect":
        log.actions["disconnect"] = lambda ws, message: ws.loop.close()
    else:
        log.actions["close"] = lambda ws, message: (dialog(ws, message), ws.loop.close())
    ws = tkws.open(listening.url, log, master=root, reconnect=QUICK, close_timeout=0.1)
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: log.open)
    peer.sock.close()
    pump_until(lambda: ws.loop.closed)
    assert log.types[-1] == event
    before = log.types.copy()
    done: list[bool] = []
    loop_for(root).call_later(0.05, done.append, True)
    pump_until(lambda: done)
    assert log.types == before


def test_close_in_an_error_handler_is_not_followed_by_a_retry(root, pump_until):
    log = Log(error=lambda ws, message: ws.close())
    ws = tkws.open("ws://127.0.0.1:1/", log, master=root, reconnect=QUICK, offline_buffer=10)
    ws.send("kept")
    pump_until(lambda: log.over)
    done: list[bool] = []
    ws.loop.call_later(0.05, done.append, True)
    pump_until(lambda: done)
    assert log.types == ["error", "error", "disconnect"]
    assert log.events[1][1].messages == ["kept"]
    assert ws.state is tkws.State.CLOSED


def test_close_in_a_disconnect_handler_is_the_end(root, pump_until):
    log = Log(disconnect=lambda ws, message: ws.close())
    ws = tkws.open("ws://127.0.0.1:1/", log, master=root, reconnect=QUICK)
    pump_until(lambda: log.over)
    done: list[bool] = []
    ws.loop.call_later(0.05, done.append, True)
    pump_until(lambda: done)
    assert log.types == ["error", "disconnect"]
    assert ws.state is tkws.State.CLOSED
    assert tkws.find() == []


@pytest.mark.parametrize("nested", [False, True], ids=["at once", "after running the loop"])
@pytest.mark.parametrize(
    ("first", "when"),
    [("connection", "disconnect"), ("attempt", "error"), ("attempt", "disconnect")],
)
def test_there_is_one_disconnect_whatever_is_lost_by_a_close(root, peers, pump_until, first, when, nested):
    def give_up(ws, message):
        log.actions.clear()
        ws.send("kept")
        if nested:
            root.update()
        ws.close()

    listening, log = peers.listen(), Log(**{when: give_up})
    ws = tkws.open(listening.url, log, master=root, offline_buffer=99, reconnect=tkws.Backoff(initial=60))
    ws.send("earlier")
    peer = listening.accept()
    if first == "connection":
        peer.accept()
        pump_until(lambda: log.open)
    peer.sock.close()
    lost = ["kept"] if first == "connection" else ["earlier", "kept"]
    pump_until(lambda: log.over and any(isinstance(error, tkws.MessagesLost) for error in log.all("error")))
    done: list[bool] = []
    ws.loop.call_later(0, done.append, True)
    pump_until(lambda: done)
    [error] = [error for error in log.all("error") if isinstance(error, tkws.MessagesLost)]
    assert error.messages == lost
    assert log.types.count("disconnect") == 1
    assert "retry" not in log.types
    assert ws.state is tkws.State.CLOSED


@pytest.mark.parametrize("delay", [10**400, float("inf"), float("nan"), -1.0, 1e308, "soon", None])
def test_no_number_of_the_rule_leaves_a_life_half_done(root, pump_until, callback_errors, monkeypatch, delay):
    from tkws.client import retry

    state = next(value for name, value in vars(retry).items() if hasattr(value, "next_delay"))
    monkeypatch.setattr(state, "next_delay", lambda self, cause, now: delay)
    log = Log()
    ws = tkws.open("ws://127.0.0.1:1/", log, master=root, reconnect=True)
    pump_until(lambda: log.over)
    if delay in ("soon", None):
        assert ws.state is tkws.State.CLOSED
        assert bool(callback_errors) is (delay == "soon")
        callback_errors.clear()
    else:
        pump_until(lambda: "retry" in log.types)
        ws.reconnect_now()
        ws.close()
        pump_until(lambda: ws.state is tkws.State.CLOSED)
    assert tkws.find() == []


@pytest.mark.parametrize("value", ["9" * 400, "1" + "0" * 5000, "Fri, 31 Dec 9999 23:59:59 GMT", "-" * 9])
def test_no_retry_after_leaves_a_life_half_done(root, peers, pump_until, value):
    listening = peers.listen()
    log = Log()
    ws = tkws.open(listening.url, log, master=root, reconnect=QUICK)
    peer = listening.accept()
    peer.take_until()
    peer.send(f"HTTP/1.1 503 Busy\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n".encode())
    pump_until(lambda: "retry" in log.types)
    ws.close()
    pump_until(lambda: log.types == ["error", "disconnect", "retry", "close", "disconnect"])
