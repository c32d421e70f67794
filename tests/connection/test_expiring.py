"""Messages that are dropped if they have not begun to leave in time: `send` with ``expires``."""

from __future__ import annotations

import socket
import threading
import tkinter

import pytest

import tkws
from tests import guards
from tests.peers import Log
from tkws.protocol.frames import Opcode

BINARY, TEXT = Opcode.BINARY, Opcode.TEXT
MUCH = 20 << 20  # more than the system takes


@pytest.fixture
def stalled(root, peers, pump_until, log):
    """A connection whose line is full, since the peer does not read, and that peer."""
    ws, peer = peers.taken(root, log, compression=False)
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    pump_until(lambda: log.open)
    ws.send(bytes(MUCH))
    return ws, peer


def read_all(peer, pump_until, done) -> bytes:
    """Read until ``done(what was read)``; without the large message at the beginning."""
    received = bytearray()

    def read() -> bool:
        received.extend(peer.read())
        peer.received.clear()
        return len(received) >= MUCH + 10 and done(bytes(received[MUCH + 10 :]))

    pump_until(read)
    return bytes(received[MUCH + 10 :])


def end(peer, log, pump_until):
    peer.sock.close()
    pump_until(lambda: log.over)


def test_on_a_free_line_it_is_sent_at_once(taken, pump_until, log):
    ws, peer = taken
    assert ws.send("now", expires=10) > 3
    assert ws.send(b"too", expires=0.0) > 3
    ws.send("then")
    assert peer.hear(3) == [(TEXT, b"now"), (BINARY, b"too"), (TEXT, b"then")]
    assert not log.all("error")


def test_several_in_one_handler_keep_their_order(root, peers, pump_until):
    def answer(ws, _):
        for number in range(5):
            ws.send(str(number), expires=10 if number % 2 else None)

    log = Log(text=answer)
    _, peer = peers.taken(root, log)
    pump_until(lambda: log.open)
    peer.text("go")
    assert [payload for _, payload in peer.hear(5)] == [b"0", b"1", b"2", b"3", b"4"]
    end(peer, log, pump_until)


def test_on_a_full_line_it_is_dropped_and_told(stalled, pump_until, log):
    ws, peer = stalled
    assert ws.send("late", expires=0.05) == 4
    ws.send("after")
    assert ws.send(b"later", expires=0.1) == 5
    pump_until(lambda: len(log.all("error")) == 2)
    errors = log.all("error")
    assert all(isinstance(error, tkws.MessagesLost) for error in errors)
    assert [error.messages for error in errors] == [["late"], [b"later"]]
    assert "expired" in str(errors[0].__cause__)
    assert ws.state is tkws.State.OPEN
    rest = read_all(peer, pump_until, lambda rest: len(rest) >= 7)
    assert rest == peer_frame("after")
    end(peer, log, pump_until)


def peer_frame(*texts: str) -> bytes:
    return b"".join(bytes([0x81, len(text)]) + text.encode() for text in texts)


def test_in_time_it_leaves_in_its_place(stalled, pump_until, log):
    ws, peer = stalled
    ws.send("one", expires=60)
    ws.send("two")
    ws.send("three", expires=60)
    ws.send("four")
    wanted = peer_frame("one", "two", "three", "four")
    assert read_all(peer, pump_until, lambda rest: len(rest) >= len(wanted)) == wanted
    assert not log.all("error")
    assert "drain" in log.types
    ws.send("five")
    assert peer.hear(1) == [(TEXT, b"five")]
    end(peer, log, pump_until)


def test_a_stream_and_a_message_that_expires(stalled, pump_until, log):
    ws, peer = stalled
    ended = []
    ws.send("one", expires=60)
    ws.send_stream([b"in ", b"parts"], on_end=ended.append)
    ws.send("late", expires=0.01)
    pump_until(lambda: log.all("error"))
    wanted = peer_frame("one") + bytes([0x82, 8]) + b"in parts"
    assert read_all(peer, pump_until, lambda rest: len(rest) >= len(wanted)) == wanted
    pump_until(lambda: ended)
    end(peer, log, pump_until)


def test_of_another_thread(stalled, pump_until, log):
    ws, peer = stalled
    thread = threading.Thread(target=ws.send, args=("late",), kwargs={"expires": 0.05})
    thread.start()
    thread.join()
    pump_until(lambda: log.all("error"))
    assert log.one("error").messages == ["late"]
    end(peer, log, pump_until)


def test_the_connection_ends_first(stalled, pump_until, log):
    ws, peer = stalled
    ws.send("one", expires=60)
    ws.send("two", expires=60)
    ws.send("three")
    end(peer, log, pump_until)
    lost = [message for error in log.all("error") for message in error.messages]
    assert sorted(lost) == ["one", "three", "two"]
    assert log.types[-1] == "disconnect"


def test_a_window_that_ends_drops_it_silently(peers, pump_until):
    root = tkinter.Tcl()
    log = Log()
    ws, peer = peers.taken(root, log)
    pump_until(lambda: log.open)
    ws.send(bytes(MUCH))
    ws.send("late", expires=60)
    guards.close_interpreter(root)
    assert not log.all("error")
    peer.read()


def test_it_needs_an_open_connection(root, peers, pump_until, log):
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root, reconnect=True, offline_buffer=100)
    with pytest.raises(tkws.StateError, match="CONNECTING"):
        ws.send("x", expires=1)
    ws.close()
    pump_until(lambda: log.over)


def test_what_is_refused(taken):
    ws, _ = taken
    with pytest.raises(ValueError, match="^expires: only for a whole message"):
        ws.send("x", final=False, expires=1)
    with pytest.raises(ValueError, match="^expires: seconds"):
        ws.send("x", expires=-1)
    ws.send("be", final=False)
    with pytest.raises(tkws.StateError, match="unfinished"):
        ws.send(b"x", expires=1)
    ws.send("gun")
