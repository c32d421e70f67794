"""Messages that are sent in parts: `WebSocket.send_stream`, what waits behind one, and how it ends."""

from __future__ import annotations

import gzip
import io
import itertools
import os
import random
import socket
import threading
import tkinter
from pathlib import Path

import pytest

import tkws
from tests import guards
from tests.peers import Log
from tkws.protocol.frames import Opcode, encode_header
from tkws.testing import connected_pair

TEXT, BINARY, CONTINUATION, CLOSE = Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION, Opcode.CLOSE
MIB = 1 << 20


class Ends:
    """Both ends of a connection: the one that sends, of either role, and the one that receives."""

    def __init__(self, root, pump_until, role: tkws.Role, **options) -> None:
        self.near, self.far = Log(), Log()
        client, server = (self.near, self.far) if role is tkws.Role.CLIENT else (self.far, self.near)
        pair = connected_pair(client, server, master=root, **options)
        self.ws, self.other = pair if role is tkws.Role.CLIENT else pair[::-1]
        pump_until(lambda: self.near.open and self.far.open)

    def close(self, pump_until) -> None:
        self.ws.close()
        pump_until(lambda: self.near.over and self.far.over)


@pytest.fixture(params=list(tkws.Role), ids=lambda role: role.name.lower())
def ends(root, pump_until, request):
    made = Ends(root, pump_until, request.param, compression=False)
    yield made
    made.close(pump_until)


@pytest.fixture
def ended():
    """Uploads whose ``on_end`` was called."""
    return []


# ---- what arrives


def pieces(data: bytes, size: int):
    return [data[start : start + size] for start in range(0, len(data), size)]


DATA = bytes(range(256)) * 800  # 200 KiB


@pytest.mark.parametrize(
    "source",
    [
        lambda: io.BytesIO(DATA),
        lambda: pieces(DATA, 1000),
        lambda: iter(pieces(DATA, 70_000)),
        lambda: (piece for piece in pieces(DATA, 65_536)),
        lambda: [DATA],
        lambda: [b"", DATA[:1], b"", memoryview(DATA)[1:], b""],
        lambda: [bytearray(DATA)],
        lambda: io.BytesIO(DATA).read,
    ],
    ids=["file", "list", "iterator", "generator", "one", "empty ones", "bytearray", "callable"],
)
def test_any_source_arrives_as_one_message(ends, ended, pump_until, source):
    upload = ends.ws.send_stream(source(), on_end=ended.append)
    assert not upload.done
    pump_until(lambda: ended and ends.far.all("binary"))
    assert ended == [upload]
    assert (upload.done, upload.error, upload.sent) == (True, None, len(DATA))
    assert ends.far.one("binary") == DATA


def test_a_file_is_sent_from_where_it_stands_and_closed(ends, ended, pump_until, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    file = path.open("rb")
    file.seek(100)
    upload = ends.ws.send_stream(file, on_end=ended.append)
    assert upload.total == len(DATA) - 100
    pump_until(lambda: ended and ends.far.all("binary"))
    assert ends.far.one("binary") == DATA[100:]
    assert file.closed


@pytest.mark.parametrize("source", [io.BytesIO, list, lambda: [b""], lambda: lambda size: b""])
@pytest.mark.parametrize("text", [False, True])
def test_an_empty_source_is_an_empty_message(ends, ended, pump_until, source, text):
    ends.ws.send_stream(source(), text=text, on_end=ended.append)
    pump_until(lambda: ended and len(ends.far.events) == 2)
    assert ends.far.events[1] == (("text", "") if text else ("binary", b""))
    assert ended[0].error is None


STORY = "aé€😀" * 5000


@pytest.mark.parametrize(
    "source",
    [
        lambda: [STORY],
        lambda: iter(STORY),
        lambda: io.StringIO(STORY),
        lambda: io.BytesIO(STORY.encode()),
        lambda: pieces(STORY.encode(), 3),
    ],
    ids=["one", "characters", "text file", "binary file", "cut characters"],
)
def test_a_text_arrives_whole(ends, ended, pump_until, source):
    ends.ws.send_stream(source(), text=True, fragment_size=1000, on_end=ended.append)
    pump_until(lambda: ended and ends.far.all("text"))
    assert ends.far.one("text") == STORY
    assert ended[0].sent == len(STORY.encode())


@pytest.mark.parametrize("fragment_size", [1, 2, 3, 5, 100])
def test_each_fragment_of_a_text_is_whole_characters(taken, ended, pump_until, fragment_size):
    ws, peer = taken
    ws.send_stream([STORY[:40]], text=True, fragment_size=fragment_size, on_end=ended.append)
    pump_until(lambda: ended)
    payloads = [payload for _, payload in peer.frames()]
    assert "".join(payload.decode() for payload in payloads) == STORY[:40]
    assert max(map(len, payloads)) <= max(fragment_size, 4)


@pytest.mark.parametrize("total", [0, 1, 9, 10, 11, 20, 25])
@pytest.mark.parametrize("known", [True, False])
def test_the_last_fragment_says_so(taken, ended, pump_until, total, known):
    ws, peer = taken
    ws.send_stream(
        io.BytesIO(b"x" * total).read, size=total if known else None, fragment_size=10, on_end=ended.append
    )
    pump_until(lambda: ended)
    sizes = [10] * (total // 10) + [total % 10] * (total % 10 > 0) or [0]
    opcodes = [BINARY, *[CONTINUATION] * (len(sizes) - 1)]
    frames = [
        encode_header(opcode, size, fin=number == len(sizes)) + b"x" * size
        for number, (opcode, size) in enumerate(zip(opcodes, sizes, strict=True), 1)
    ]
    assert peer.read() == b"".join(frames)


@pytest.mark.parametrize("role", list(tkws.Role))
@pytest.mark.parametrize("compress", [None, True, False])
def test_with_compression_too(root, ended, pump_until, role, compress):
    ends = Ends(root, pump_until, role)
    ends.ws.send_stream(io.BytesIO(DATA), compress=compress, on_end=ended.append)
    pump_until(lambda: ended and ends.far.all("binary"))
    assert ends.far.one("binary") == DATA
    # `connected_pair` agrees on no compression, so nothing is compressed there.
    ends.close(pump_until)


def test_compressed_on_a_connection_that_agreed_on_it(root, ended, pump_until):
    heard = Log()
    server = tkws.serve(master=root, handler=heard)
    log = Log(connect=lambda ws, _: ws.send_stream(io.BytesIO(DATA), on_end=ended.append))
    ws = tkws.open(server.url, log, master=root)
    pump_until(lambda: ended and heard.all("binary"))
    assert heard.one("binary") == DATA
    assert ended[0].sent == len(DATA)
    assert ws.statistics.bytes_sent < len(DATA) // 10
    ws.close()
    pump_until(lambda: log.over)
    server.close()


# ---- what waits for the end of the message


def test_other_messages_wait_for_its_end_and_pings_do_not(ends, ended, pump_until):
    go_on = []

    def source():
        yield b"begun"
        while not go_on:
            yield b""
        yield b" and ended"

    ends.ws.send_stream(source(), on_end=ended.append)
    assert ends.ws.send("later") == 5
    ends.ws.ping(b"now")
    pump_until(lambda: ends.near.all("pong"))
    assert ends.ws.buffered_amount >= 5
    assert ends.far.types == ["connect", "ping"]
    ends.ws.send(b"last")
    go_on.append(True)
    pump_until(lambda: len(ends.far.events) == 5)
    assert ends.far.events[2:] == [("binary", b"begun and ended"), ("text", "later"), ("binary", b"last")]
    pump_until(lambda: ended)
    ends.ws.send("direct")
    pump_until(lambda: ends.far.types[-1] == "text" and ends.far.events[-1][1] == "direct")


def test_streams_wait_for_each_other_and_keep_their_place(ends, ended, pump_until):
    for number in range(3):
        ends.ws.send_stream([b"stream%d" % number], on_end=ended.append)
        ends.ws.send(f"message{number}")
    pump_until(lambda: len(ended) == 3 and len(ends.far.events) == 7)
    told = [message for _, message in ends.far.events[1:]]
    assert told == [b"stream0", "message0", b"stream1", "message1", b"stream2", "message2"]


def test_messages_of_threads_and_broadcasts_wait_too(root, ended, pump_until):
    heard = Log()
    server = tkws.serve(master=root)
    go_on = []

    def source():
        yield b"begun"
        while not go_on:
            yield b""
        yield b" and ended"

    serving = Log(connect=lambda ws, _: ws.send_stream(source(), on_end=ended.append))
    server.live("/", serving)
    ws = tkws.open(server.url, heard, master=root)
    pump_until(lambda: heard.open and serving.open)
    assert server.broadcast("to all") == 1
    thread = threading.Thread(target=serving.ws.send, args=("from a thread",))
    thread.start()
    thread.join()
    pump_until(lambda: serving.ws.buffered_amount > 15)
    assert heard.types == ["connect"]
    go_on.append(True)
    pump_until(lambda: len(heard.events) == 4)
    told = [message for _, message in heard.events[1:]]
    assert told == [b"begun and ended", "to all", "from a thread"]
    ws.close()
    pump_until(lambda: heard.over and serving.over)
    server.close()


def test_a_fragment_is_refused_within_a_stream_and_a_stream_within_fragments(ends, ended, pump_until):
    ends.ws.send("be", final=False)
    with pytest.raises(tkws.StateError, match="unfinished text message must be finished first"):
        ends.ws.send_stream([b"x"])
    ends.ws.send("gun")
    ends.ws.send_stream([b"x"], on_end=ended.append)
    with pytest.raises(tkws.StateError, match="while another is being sent, such as a stream"):
        ends.ws.send("be", final=False)
    pump_until(lambda: ended and len(ends.far.events) == 3)


def test_drain_tells_of_what_waited_and_not_of_the_stream(root, ended, pump_until):
    ends = Ends(root, pump_until, tkws.Role.SERVER, compression=False, high_water=MIB, low_water=MIB // 4)
    ends.ws.send_stream(itertools.repeat(b"x" * 65_536, 100), on_end=ended.append)
    pump_until(lambda: ended)
    assert "drain" not in ends.near.types
    ends.ws.send_stream([b"x"])
    ends.ws.send(b"y" * 2 * MIB)
    assert ends.ws.buffered_amount > ends.ws["high_water"]
    pump_until(lambda: "drain" in ends.near.types)
    ends.close(pump_until)


def test_drain_that_is_owed_comes_during_the_stream(root, ended, pump_until):
    ends = Ends(root, pump_until, tkws.Role.SERVER, compression=False, high_water=MIB, low_water=MIB // 4)
    ends.ws.send(b"y" * 4 * MIB)
    assert ends.ws.buffered_amount > MIB
    go_on = []

    def source():
        while not go_on:
            yield b""
        yield b"x"

    ends.ws.send_stream(source(), on_end=ended.append)
    pump_until(lambda: "drain" in ends.near.types)
    assert not ended
    go_on.append(True)
    pump_until(lambda: ended)
    assert ends.near.types.count("drain") == 1
    ends.close(pump_until)


# ---- backpressure and memory


def test_the_source_is_read_only_as_the_peer_reads(taken, ended, pump_until):
    ws, peer = taken
    read = itertools.count()
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    upload = ws.send_stream(
        (b"x" * 65_536 for _ in zip(read, range(1000), strict=False)), on_end=ended.append
    )
    pump_until(lambda: ws.buffered_amount > 128 * 1024)
    before = next(read)
    assert before < 500
    assert ws.buffered_amount < 512 * 1024
    assert not upload.done
    size = 0
    while not ended:
        pump_until(lambda: ended or peer.read())
        size += len(peer.received)
        peer.received.clear()
    while size < 65_536 * 1000:
        pump_until(peer.read)
        size += len(peer.received)
        peer.received.clear()
    assert upload.sent == 65_536 * 1000


# ---- progress and cancelling


def test_progress_is_told_now_and_then_and_in_the_end(ends, ended, pump_until):
    told = []
    upload = ends.ws.send_stream(
        [b"x" * 1000] * 10, fragment_size=1000, size=10_000, on_end=ended.append,
        on_progress=lambda upload: told.append((upload.sent, upload.done)),
    )  # fmt: skip
    assert (upload.sent, upload.total, upload.done) == (0, 10_000, False)
    assert "0 of 10000" in repr(upload)
    pump_until(lambda: ended)
    assert told == sorted(told)
    assert told[-1] == (10_000, True)
    assert 2 <= len(told) <= 12
    assert "done" in repr(upload)


@pytest.mark.parametrize("finish", [False, True])
def test_a_stream_that_has_not_begun_is_taken_back(ends, ended, pump_until, finish):
    first = ends.ws.send_stream([b"first"], on_end=ended.append)
    second = ends.ws.send_stream([b"second"], on_end=ended.append)
    ends.ws.send("third")
    second.cancel(finish=finish)
    second.cancel(finish=finish)
    assert second.done
    first.cancel(finish=finish)
    pump_until(lambda: len(ended) == 2 and ends.far.all("text"))
    assert [type(upload.error) for upload in ended] == [tkws.StateError] * 2
    assert ends.far.types == ["connect", "text"]
    assert ends.ws.state is tkws.State.OPEN


@pytest.fixture
def endless():
    """A source without an end; ``closed`` says whether it was closed."""

    class Endless:
        closed = False
        asked = 0

        def __call__(self, size):
            self.asked += 1
            return b"x" * 10

        def close(self):
            self.closed = True

    return Endless()


def test_cancelling_closes_the_connection_with_1001(root, ended, pump_until, endless):
    ends = Ends(root, pump_until, tkws.Role.CLIENT)
    upload = ends.ws.send_stream(endless, fragment_size=10, on_end=ended.append)
    ends.ws.send("never")
    pump_until(lambda: ends.ws.statistics.frames_sent > 3)
    upload.cancel()
    assert endless.closed
    pump_until(lambda: ends.near.over and ends.far.over and ended)
    assert ends.far.one("close")[0] == 1001
    assert not ends.far.all("binary")
    [error] = ends.near.all("error")
    assert isinstance(error, tkws.MessagesLost)
    assert error.messages == ["never"]


def test_cancelling_can_end_the_message_where_it_is(ends, ended, pump_until, endless):
    upload = ends.ws.send_stream(endless, fragment_size=10, on_end=ended.append)
    ends.ws.send("next")
    pump_until(lambda: ends.ws.statistics.frames_sent > 3)
    upload.cancel(finish=True)
    pump_until(lambda: ended and ends.far.all("text"))
    assert ends.far.types == ["connect", "binary", "text"]
    assert set(ends.far.one("binary")) == {ord("x")}
    assert isinstance(upload.error, tkws.StateError)


def test_cancelled_in_each_of_its_calls(ends, ended, pump_until):
    def source():
        yield b"one"
        upload.cancel(finish=True)
        yield b"two"

    upload = ends.ws.send_stream(source(), fragment_size=1, on_end=ended.append)
    pump_until(lambda: ended and ends.far.all("binary"))
    assert ends.far.one("binary") == b"on"  # the last byte shows that there is another
    again = ends.ws.send_stream(
        [b"xyz"] * 1000, fragment_size=1, on_progress=lambda upload: upload.cancel(finish=True),
        on_end=lambda upload: (upload.cancel(), ended.append(upload)),
    )  # fmt: skip
    pump_until(lambda: len(ended) == 2)
    assert isinstance(again.error, tkws.StateError)
    ends.ws.send("still open")
    pump_until(lambda: ends.far.all("text"))


def test_the_argument_of_cancel(ends, ended, pump_until):
    upload = ends.ws.send_stream([b"x"], on_end=ended.append)
    with pytest.raises(TypeError, match="^finish: True or False, not int$"):
        upload.cancel(finish=1)
    pump_until(lambda: ended)


# ---- faults of the source


def growing():
    yield b"x" * 100
    raise OSError("the disk is gone")


FAULTS = {
    "raises": (growing, {}, OSError),
    "str": (lambda: [b"x" * 100, "text"], {}, TypeError),
    "a number": (lambda: [b"x" * 100, 5], {}, TypeError),
    "None": (lambda: iter([b"x" * 100, None]), {}, TypeError),
    "None of a callable": (lambda: iter([b"x" * 100, None]).__next__, {}, TypeError),
    "short": (lambda: [b"x" * 100], {"size": 101}, EOFError),
    "long": (lambda: [b"x" * 100], {"size": 99}, ValueError),
    "long of a callable": (lambda: lambda size: b"x" * 100, {"size": 99}, ValueError),
    "no text": (lambda: ["x" * 100, b"\xff"], {"text": True}, ValueError),
    "half a character": (lambda: ["x" * 100, b"\xc3"], {"text": True}, ValueError),
    "a surrogate": (lambda: ["x" * 100, "\ud800"], {"text": True}, ValueError),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("begun", [False, True])
def test_a_source_that_fails(root, ended, pump_until, fault, begun):
    make, options, kind = FAULTS[fault]
    ends = Ends(root, pump_until, tkws.Role.CLIENT)
    upload = ends.ws.send_stream(make(), fragment_size=10 if begun else 1000, on_end=ended.append, **options)
    pump_until(lambda: ended)
    assert ended == [upload]
    assert upload.done
    assert type(upload.error) is kind or isinstance(upload.error, kind)
    if ends.ws.statistics.messages_sent or not ends.ws.statistics.frames_sent:
        assert ends.ws.state is tkws.State.OPEN  # nothing has left
        ends.ws.close()
        pump_until(lambda: ends.near.over and ends.far.over)
        assert ends.far.one("close")[0] == 1000
    else:
        pump_until(lambda: ends.near.over and ends.far.over)
        assert ends.far.one("close") == (1011, "The source of a message failed")
    assert not ends.far.all("binary")


def test_a_failure_that_nobody_asks_for_is_shown(ends, pump_until, callback_errors):
    upload = ends.ws.send_stream([5])
    pump_until(lambda: callback_errors)
    assert callback_errors == [upload.error]
    callback_errors.clear()


def test_a_source_whose_close_fails(ends, ended, pump_until, callback_errors):
    def source():
        try:
            yield b"x" * 100
            yield b"y"
        finally:
            raise OSError("cannot close")

    upload = ends.ws.send_stream(source(), size=101, on_end=ended.append)
    pump_until(lambda: ended and ends.far.all("binary"))
    assert upload.error is None
    [error] = callback_errors
    assert isinstance(error, OSError)
    callback_errors.clear()


def test_a_file_that_grows_and_one_that_shrinks(root, ended, pump_until, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)
    ends = Ends(root, pump_until, tkws.Role.SERVER)
    ends.ws.send_stream(path.open("rb"), on_end=ended.append)
    with path.open("ab") as file:
        file.write(b"y" * 1000)
    pump_until(lambda: ended and ends.far.all("binary"))
    assert ends.far.one("binary") == b"x" * 1000
    path.write_bytes(b"x" * 100_000)
    ends.ws.send_stream(path.open("rb", buffering=0), fragment_size=1000, on_end=ended.append)
    with path.open("r+b") as file:
        file.truncate(50_000)
    pump_until(lambda: len(ended) == 2 and ends.far.over and ends.near.over)
    assert isinstance(ended[1].error, EOFError)
    assert str(ended[1].error) == "source: ended after 50000 of 100000 bytes"
    assert ends.far.one("close")[0] == 1011


def test_an_interrupt_in_the_source_loses_nothing_but_the_stream(root, ended, pump_until):
    ends = Ends(root, pump_until, tkws.Role.SERVER)

    def source():
        yield b"x"
        raise SystemExit

    upload = ends.ws.send_stream(source(), on_end=ended.append)
    with pytest.raises(SystemExit):
        pump_until(lambda: ended)
    pump_until(lambda: ended)
    assert isinstance(upload.error, tkws.StateError)
    assert isinstance(upload.error.__cause__, SystemExit)
    ends.close(pump_until)
    assert not ends.far.all("binary")


@pytest.mark.parametrize("name", ["on_progress", "on_end"])
def test_an_exception_in_a_call_is_shown_and_changes_nothing(ends, pump_until, callback_errors, name):
    def fail(upload):
        raise LookupError

    upload = ends.ws.send_stream([b"x" * 1000] * 3, fragment_size=1000, **{name: fail})
    pump_until(lambda: upload.done and callback_errors and ends.far.all("binary"))
    assert {type(error) for error in callback_errors} == {LookupError}
    callback_errors.clear()


@pytest.mark.parametrize("name", ["on_progress", "on_end"])
def test_an_interrupt_in_a_call_changes_nothing(ends, pump_until, name):
    interrupts = []

    def interrupt(upload):
        if not interrupts:
            interrupts.append(upload)
            raise SystemExit

    ended = []
    calls = {"on_end": ended.append} | {name: interrupt}
    upload = ends.ws.send_stream([b"x" * 1000] * 3, fragment_size=1000, **calls)
    with pytest.raises(SystemExit):
        pump_until(lambda: False)
    pump_until(lambda: upload.done and ends.far.all("binary") and (ended or name == "on_end"))
    assert interrupts == [upload]


# ---- the end of the connection


@pytest.mark.parametrize("who", ["program", "peer", "break"])
@pytest.mark.parametrize("paused", [False, True])
def test_the_connection_ends_within_a_stream(root, peers, pump_until, endless, who, paused):
    order = []
    log = Log(close=lambda *_: order.append("close"), disconnect=lambda *_: order.append("disconnect"))
    ws, peer = peers.taken(root, log, close_timeout=0.05)
    pump_until(lambda: log.open)
    upload = ws.send_stream(endless, on_end=lambda upload: order.append("end"))
    ws.send("waits")
    pump_until(peer.read)
    if paused:
        ws.pause()
    if who == "program":
        ws.close()
        with pytest.raises(tkws.StateError):
            ws.send("too late")
    elif who == "peer":
        peer.bye()
        peer.sock.close()
    else:
        peer.sock.close()
    if paused and who == "program":
        pump_until(lambda: upload.done)
        ws.resume()
    pump_until(lambda: log.over)
    assert upload.done
    assert isinstance(upload.error, tkws.ConnectionClosed)
    assert endless.closed
    assert order[-1] == "disconnect"
    assert order.count("end") == 1
    [lost] = log.all("error")
    assert lost.messages == ["waits"]


def test_a_stream_does_not_go_on_in_the_next_connection(root, peers, pump_until, endless, ended):
    listening = peers.listen()
    log = Log()
    again = tkws.Backoff(initial=0.01, jitter=0)
    ws = tkws.open(listening.url, log, master=root, reconnect=again, compression=False)
    first = listening.accept()
    first.accept()
    pump_until(lambda: log.open)
    upload = ws.send_stream(endless, on_end=ended.append)
    waiting = ws.send_stream([b"waits"], on_end=ended.append)
    ws.send("lost")
    pump_until(first.read)
    first.sock.close()
    pump_until(lambda: len(ended) == 2)
    assert ended == [upload, waiting]
    assert all(isinstance(each.error, tkws.ConnectionClosed) for each in ended)
    second = listening.accept()
    second.accept()
    pump_until(lambda: log.types.count("connect") == 2)
    ws.send("new")
    assert second.hear(1) == [(TEXT, b"new")]
    assert [error.messages for error in log.all("error")] == [["lost"]]
    ws.close()
    second.sock.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED and log.types[-1] == "disconnect")


def test_an_offline_buffer_keeps_what_waited_for_a_stream(root, peers, pump_until, endless):
    listening = peers.listen()
    log = Log()
    again = tkws.Backoff(initial=0.01, jitter=0)
    ws = tkws.open(listening.url, log, master=root, reconnect=again, compression=False, offline_buffer=100)
    first = listening.accept()
    first.accept()
    pump_until(lambda: log.open)
    ws.send_stream(endless)
    ws.send("kept")
    pump_until(first.read)
    first.sock.close()
    second = listening.accept()
    second.accept()
    assert second.hear(1) == [(TEXT, b"kept")]
    assert not log.all("error")
    ws.close()
    second.sock.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED and log.types[-1] == "disconnect")


def test_a_window_that_ends_closes_the_source_and_calls_nothing(peers, pump_until, endless, ended):
    root = tkinter.Tcl()
    ws, peer = peers.taken(root)
    pump_until(lambda: ws.state is tkws.State.OPEN)
    ws.send_stream(endless, on_end=ended.append)
    waiting = iter(())
    ws.send_stream(waiting, on_end=ended.append)
    pump_until(peer.read)
    guards.close_interpreter(root)
    assert endless.closed
    assert not ended
    peer.read()


def test_a_stream_needs_an_open_connection(root, peers, pump_until, log):
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root)
    with pytest.raises(tkws.StateError, match="CONNECTING"):
        ws.send_stream([b"x"])
    ws.close()
    pump_until(lambda: log.over)
    with pytest.raises(tkws.StateError, match="CLOSED"):
        ws.send_stream([b"x"])


# ---- arguments


@pytest.mark.parametrize("source", ["text", b"bytes", bytearray(1), memoryview(b"x"), Path("file"), None, 5])
def test_what_is_no_source(ends, source):
    with pytest.raises(TypeError, match=f"^source: a binary file, .*, not {type(source).__name__}$"):
        ends.ws.send_stream(source)


def test_files_that_cannot_be_read(ends, tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as file, pytest.raises(ValueError, match="^source: a file that is open for reading"):
        ends.ws.send_stream(file)
    with pytest.raises(ValueError, match="^source: a file that is open for reading"):
        ends.ws.send_stream(file)
    with path.open(encoding="utf-8") as file, pytest.raises(TypeError, match="^source: .* not a text file$"):
        ends.ws.send_stream(file)


@pytest.mark.parametrize(("name", "value"), [("size", -1), ("fragment_size", 0), ("fragment_size", -1)])
def test_sizes_out_of_range(ends, name, value):
    with pytest.raises(ValueError, match=f"^{name}: "):
        ends.ws.send_stream([b"x"], **{name: value})


def test_files_whose_size_is_not_known_are_read_to_their_end(ends, ended, pump_until, tmp_path):
    path = tmp_path / "file.gz"
    with gzip.open(path, "wb") as file:
        file.write(DATA)
    upload = ends.ws.send_stream(gzip.GzipFile(path), on_end=ended.append)
    assert upload.total is None
    reading, writing = os.pipe()
    with open(writing, "wb") as file:
        file.write(b"in a pipe")
    assert ends.ws.send_stream(os.fdopen(reading, "rb"), on_end=ended.append).total is None
    pump_until(lambda: len(ended) == 2 and len(ends.far.all("binary")) == 2)
    assert ends.far.all("binary") == [DATA, b"in a pipe"]


# ---- fragment_size


@pytest.mark.parametrize("compression", [False, True])
def test_messages_go_in_fragments_of_the_option(root, pump_until, compression):
    heard = Log()
    server = tkws.serve(master=root, handler=heard, compression=compression)
    log = Log()
    ws = tkws.open(server.url, log, master=root, compression=compression, fragment_size=1000)
    pump_until(lambda: log.open)
    text = "".join(random.Random(1).choices("0123456789abcdef", k=10_000))
    for message in ("x", "y" * 1000, text, text.encode()):
        ws.send(message)
    pump_until(lambda: len(heard.events) == 5)
    assert [message for _, message in heard.events[1:]] == ["x", "y" * 1000, text, text.encode()]
    frames = ws.statistics.frames_sent
    assert frames == (9 if compression else 22)
    ws.configure(fragment_size=None)
    ws.send(text)
    assert ws.statistics.frames_sent == frames + 1
    ws.close()
    pump_until(lambda: log.over and heard.over)
    server.close()


def test_a_broadcast_goes_in_fragments_too(root, pump_until):
    heard = Log()
    server = tkws.serve(master=root, fragment_size=10)
    server.live("/", Log())
    ws = tkws.open(server.url, heard, master=root)
    pump_until(lambda: heard.open and server.connections)
    assert server.broadcast("x" * 25) == 1
    assert server.broadcast("y" * 10) == 1
    pump_until(lambda: len(heard.events) == 3)
    assert heard.all("text") == ["x" * 25, "y" * 10]
    assert ws.statistics.frames_received == 4
    ws.close()
    pump_until(lambda: heard.over)
    server.close()
