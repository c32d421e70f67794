"""`tkws.trace`: each frame of a connection, in both directions, for a tool of the program."""

from __future__ import annotations

import threading

import pytest

import tkws
from tkws.protocol.frames import Opcode


def seen(frame: tkws.TracedFrame) -> tuple[bool, Opcode, bytes]:
    return frame.received, frame.header.opcode, frame.payload


def test_each_frame_is_told_in_order(taken, pump_until):
    ws, peer = taken
    frames: list[tuple[tkws.WebSocket, tkws.TracedFrame]] = []
    tkws.trace(ws, lambda ws, frame: frames.append((ws, frame)))
    peer.text("hello")
    peer.say(Opcode.PING, b"?")
    pump_until(lambda: len(frames) == 3)
    ws.send(b"x" * 100)
    assert len(frames) == 3  # the next comes from the loop
    pump_until(lambda: len(frames) == 4)
    assert {each for each, _ in frames} == {ws}
    assert [seen(frame) for _, frame in frames] == [
        (True, Opcode.TEXT, b"hello"),
        (True, Opcode.PING, b"?"),
        (False, Opcode.PONG, b"?"),
        (False, Opcode.BINARY, b"x" * 80),
    ]
    assert str(frames[0][1]).startswith('< TEXT fin masked 5 bytes: "hello"')
    assert frames[3][1].shortened


def test_it_stops(taken, log, pump_until):
    ws, peer = taken
    frames: list[tkws.TracedFrame] = []
    tkws.trace(ws, lambda ws, frame: frames.append(frame))
    tkws.trace(ws, None)
    peer.text("a")
    pump_until(lambda: log.all("text") == ["a"])
    assert frames == []


def test_a_callback_that_raises_hurts_nothing(taken, log, pump_until, callback_errors):
    ws, peer = taken
    tkws.trace(ws, lambda ws, frame: 1 / 0)
    peer.text("a", "b")
    pump_until(lambda: len(callback_errors) == 2)
    tkws.trace(ws, None)
    assert log.all("text") == ["a", "b"]
    callback_errors.clear()


def test_a_callback_may_close_and_stop(taken, pump_until):
    ws, peer = taken

    def end(ws, frame):
        tkws.trace(ws, None)
        ws.close(4000)

    tkws.trace(ws, end)
    peer.text("a")
    assert peer.hear() == [(Opcode.CLOSE, (4000).to_bytes(2, "big"))]


def test_the_log_and_the_program_both_see_a_frame(taken, pump_until, caplog):
    ws, peer = taken
    frames: list[tkws.TracedFrame] = []
    tkws.trace(ws, lambda ws, frame: frames.append(frame))
    caplog.set_level("DEBUG", "tkws")
    tkws.loglevel()  # the level counts at once
    peer.text("hello")
    pump_until(lambda: frames and any("TEXT" in line for line in caplog.messages))
    assert len(frames) == 1


def test_it_goes_on_after_a_reconnection(root, peers, log, pump_until):
    listening = peers.listen()
    again = tkws.Backoff(initial=0.001, jitter=0)
    ws = tkws.open(listening.url, log, master=root, reconnect=again)
    frames: list[tkws.TracedFrame] = []
    tkws.trace(ws, lambda ws, frame: frames.append(frame))
    for number in (1, 2):
        peer = listening.accept()
        peer.accept()
        peer.text("x")
        pump_until(lambda number=number: len(frames) == number)
        peer.sock.close()
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED and log.types[-1] == "disconnect")


def test_the_window_may_go(taken):
    ws, _ = taken
    frames: list[tkws.TracedFrame] = []
    tkws.trace(ws, lambda ws, frame: frames.append(frame))
    ws.loop.close()
    assert [frame.header.opcode.name for frame in frames] == ["CLOSE"]


def test_it_belongs_to_the_thread_of_tk(taken):
    ws, _ = taken
    errors: list[BaseException] = []

    def work():
        try:
            tkws.trace(ws, print)
        except tkws.StateError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(errors) == 1


def test_wrong_arguments(taken):
    with pytest.raises(TypeError, match="^callback: a callable .*, not int$"):
        tkws.trace(taken[0], 5)
    with pytest.raises(TypeError, match="^ws: a WebSocket, not int$"):
        tkws.trace(5, None)
