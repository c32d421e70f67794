"""Messages that come in parts: the option ``stream``, and `WebSocket.receive_into`."""

from __future__ import annotations

import io
import os
import tkinter
import tracemalloc
from functools import partial

import pytest

import tkws
import tkws.aio
from tests import guards
from tests.peers import Log
from tkws.protocol.frames import Opcode
from tkws.testing import connected_pair

TEXT, BINARY, CONTINUATION, PING = Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION, Opcode.PING
MIB = 1 << 20
DATA = bytes(range(256)) * 2000  # 500 KiB
STORY = "aé€😀" * 50_000


def joined(parts: list[tkws.Part]) -> str | bytes:
    """The message of the parts, which follow one another."""
    whole = b""
    for number, part in enumerate(parts, 1):
        assert part.offset == len(whole)
        assert part.final is (number == len(parts))
        assert part.data or part.final
        assert isinstance(part.data, str) is part.text
        whole += part.data.encode() if isinstance(part.data, str) else part.data
    return whole.decode() if parts[0].text else whole


def _has(log: Log, type: str, count: int) -> bool:
    return len(log.all(type)) >= count


def _has_bytes(log: Log, count: int) -> bool:
    return sum(len(part.data) for part in log.all("part")) == count


def _is(items: list[object], count: int) -> bool:
    return len(items) == count


@pytest.fixture
def ended():
    """Transfers whose ``on_end`` was called."""
    return []


# ---- the option stream


@pytest.mark.parametrize("role", list(tkws.Role), ids=lambda role: role.name.lower())
@pytest.mark.parametrize(
    "message", ["", b"", "short", DATA, STORY], ids=["no text", "nothing", "short", "data", "story"]
)
def test_each_message_comes_in_parts(root, pump_until, role, message):
    near, far = Log(), Log()
    client, server = (near, far) if role is tkws.Role.SERVER else (far, near)
    pair = connected_pair(client, server, master=root, stream=True)
    ws = pair[role is tkws.Role.CLIENT]
    pump_until(lambda: near.open and far.open)
    for _ in range(2):
        ws.send(message)
    pump_until(lambda: sum(part.final for part in near.all("part") + far.all("part")) == 2)
    parts = near.all("part") or far.all("part")
    cut = next(number for number, part in enumerate(parts, 1) if part.final)
    assert joined(parts[:cut]) == joined(parts[cut:]) == message
    size = len(message.encode() if isinstance(message, str) else message)
    assert {part.total for part in parts} == {size}
    assert {part.text for part in parts} == {isinstance(message, str)}
    if size > 100_000:
        assert len(parts) > 2
    ws.close()
    pump_until(lambda: near.over and far.over)


def test_a_message_may_exceed_max_message(root, pump_until):
    heard = Log()
    server = tkws.serve(master=root, handler=heard, stream=True, max_message=10, max_fragments=10)
    log = Log(connect=lambda ws, _: ws.send_stream(io.BytesIO(DATA), fragment_size=1000))
    ws = tkws.open(server.url, log, master=root, compression=False)
    pump_until(lambda: any(part.final for part in heard.all("part")))
    assert joined(heard.all("part")) == DATA
    ws.close()
    pump_until(lambda: log.over and heard.over)
    server.close()


def test_what_is_compressed_is_inflated_as_it_is_delivered(root, pump_until):
    size = 20 * MIB
    largest, offsets = [], []

    def on_part(ws, part):
        largest.append(len(part.data))
        offsets.append(part.offset)
        assert not part.data.strip(b"\0")

    heard = Log(part=on_part)
    server = tkws.serve(master=root, handler=heard, stream=True)
    log = Log(connect=lambda ws, _: ws.send(bytes(size)))
    ws = tkws.open(server.url, log, master=root)
    pump_until(lambda: heard.events and any(part.final for part in heard.all("part")))
    assert sum(largest) == size
    assert max(largest) < 700_000
    heard.events.clear()
    ws.close()
    pump_until(lambda: log.over and heard.over)
    server.close()


def test_pause_stops_the_parts_and_the_peer(root, pump_until):
    def on_part(ws, part):
        ws.pause()

    heard = Log(part=on_part)
    server = tkws.serve(master=root, handler=heard, stream=True)
    log = Log(connect=lambda ws, _: ws.send(bytes(5 * MIB)))
    ws = tkws.open(server.url, log, master=root)
    ticks: list[int] = []
    for count in range(1, 5):
        pump_until(partial(_has, heard, "part", count))
        root.after(20, ticks.append, count)
        pump_until(partial(ticks.__contains__, count))
        assert len(heard.all("part")) == count
        heard.ws.resume()
    heard.actions.clear()
    heard.ws.resume()
    pump_until(lambda: any(part.final for part in heard.all("part")))
    assert joined(heard.all("part")) == bytes(5 * MIB)
    ws.close()
    pump_until(lambda: log.over and heard.over)
    server.close()


def test_a_dialog_in_the_handler_of_a_part(root, pump_until):
    """Later parts wait, up to a limit, and nothing is lost."""

    def on_part(ws, part):
        if part.offset == 0:
            ticks = []
            root.after(50, lambda: ticks.append(1))
            pump_until(lambda: ticks)
            assert len(heard.all("part")) == 1

    heard = Log(part=on_part)
    server = tkws.serve(master=root, handler=heard, stream=True)
    log = Log(connect=lambda ws, _: ws.send(bytes(5 * MIB)))
    ws = tkws.open(server.url, log, master=root)
    pump_until(lambda: any(part.final for part in heard.all("part")))
    assert joined(heard.all("part")) == bytes(5 * MIB)
    assert heard.deepest == 1
    ws.close()
    pump_until(lambda: log.over and heard.over)
    server.close()


@pytest.mark.parametrize("sizes", [[1], [3, 5], [70_000, 1], [0, 2, 0]])
def test_parts_come_before_the_fragment_is_whole(root, peers, pump_until, log, sizes):
    ws, peer = peers.taken(root, log, stream=True)
    pump_until(lambda: log.open)
    frame = peer.frame(BINARY, b"x" * 100_000, fin=False)
    sent = 14
    peer.send(frame[:sent])
    for size in sizes:
        peer.send(frame[sent : sent + size])
        sent += size
        pump_until(partial(_has_bytes, log, sent - 14))
    peer.send(frame[sent:] + peer.frame(PING, b"!"))
    pump_until(lambda: log.all("ping"))
    assert sum(len(part.data) for part in log.all("part")) == 100_000
    peer.say(CONTINUATION, b"")
    pump_until(lambda: log.all("part")[-1].final)
    assert joined(log.all("part")) == b"x" * 100_000
    assert log.all("part")[-1].data == b""
    assert {part.total for part in log.all("part")} == {None}
    ws.close()
    peer.bye()
    peer.sock.close()
    pump_until(lambda: log.over)


def test_the_option_may_change_between_messages(taken, pump_until, log):
    ws, peer = taken
    peer.text("one")
    pump_until(lambda: log.all("text"))
    ws.configure(stream=True)
    peer.say(TEXT, b"be", fin=False)
    pump_until(lambda: log.all("part"))
    ws["stream"] = False
    peer.say(CONTINUATION, b"gun")
    peer.text("three")
    pump_until(lambda: len(log.all("text")) == 2)
    assert joined(log.all("part")) == "begun"
    assert log.all("text") == ["one", "three"]


@pytest.mark.parametrize("bad", [b"\xff", b"a\xc3(", b"\xed\xa0\x80"])
def test_text_that_is_not_utf_8(root, peers, pump_until, log, bad):
    _ws, peer = peers.taken(root, log, stream=True)
    pump_until(lambda: log.open)
    peer.say(TEXT, "grün".encode(), fin=False)
    pump_until(lambda: log.all("part"))
    peer.say(CONTINUATION, bad)
    pump_until(lambda: log.all("error"))
    assert log.one("error").code == 1007
    peer.sock.close()
    pump_until(lambda: log.over)


def test_a_peer_that_goes_in_a_part(root, peers, pump_until, log):
    _ws, peer = peers.taken(root, log, stream=True)
    pump_until(lambda: log.open)
    peer.say(BINARY, b"begun", fin=False)
    peer.sock.close()
    pump_until(lambda: log.over)
    assert [(part.data, part.final) for part in log.all("part")] == [(b"begun", False)]
    assert log.one("close")[0] == 1006


# ---- receive_into


@pytest.fixture
def receiving(root, peers, pump_until, log):
    """A server's connection that limits messages to 1000 bytes, and its other end."""
    ws, peer = peers.taken(root, log, max_message=1000)
    pump_until(lambda: log.open)
    yield ws, peer
    ws.close()
    peer.sock.close()
    pump_until(lambda: log.over)


def test_the_next_message_goes_into_a_file(receiving, pump_until, log, tmp_path, ended):
    ws, peer = receiving
    path = tmp_path / "file"
    told = []
    download = ws.receive_into(
        path, on_end=ended.append, on_progress=lambda download: told.append(download.received)
    )
    assert not path.exists()
    peer.say(BINARY, DATA[:100_000])
    peer.text("after")
    pump_until(lambda: ended and log.all("text"))
    assert ended == [download]
    assert path.read_bytes() == DATA[:100_000]
    assert os.listdir(tmp_path) == ["file"]
    assert (download.received, download.total, download.error, download.done) == (
        100_000,
        100_000,
        None,
        True,
    )
    assert told[-1] == 100_000
    assert log.types == ["connect", "text"]


def test_messages_for_the_same_path_at_the_same_time_do_not_mix(root, peers, pump_until, tmp_path, ended):
    path = tmp_path / "file"
    (tmp_path / "file.part").write_bytes(b"left by a crash")
    sides = [peers.taken(root, lambda *event: None) for _ in range(3)]
    downloads = [ws.receive_into(path, on_end=ended.append) for ws, _ in sides]
    for number, (_, peer) in enumerate(sides):
        peer.say(BINARY, b"%d" % number, fin=False)
    pump_until(lambda: [download.received for download in downloads] == [1, 1, 1])
    downloads[1].cancel()
    for number in (2, 0):
        sides[number][1].say(CONTINUATION, b"%d" % number * 1000)
        pump_until(lambda number=number: downloads[number] in ended)
        assert path.read_bytes() == b"%d" % number * 1001
    assert [download.error is None for download in downloads] == [True, False, True]
    assert (tmp_path / "file.part").read_bytes() == b"left by a crash"
    assert sorted(os.listdir(tmp_path)) == ["file", "file.part"]


def test_text_goes_into_a_file_as_utf_8_and_to_a_function_as_str(receiving, pump_until, tmp_path, ended):
    ws, peer = receiving
    parts = []
    ws.receive_into(str(tmp_path / "file"), on_end=ended.append)
    ws.receive_into(parts.append, on_end=ended.append)
    for _ in range(2):
        peer.say(TEXT, STORY[:20_000].encode())
    pump_until(lambda: len(ended) == 2)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "".join(parts) == STORY[:20_000]


@pytest.mark.parametrize("whole", [True, False], ids=["at once", "later"])
@pytest.mark.parametrize("large", [True, False])
@pytest.mark.parametrize("fragments", [True, False])
def test_a_header_tells_where_the_next_goes(root, peers, pump_until, log, ended, whole, large, fragments):
    """However the bytes come: the handler of the header asks before the next message is refused."""
    _ws, peer = peers.taken(root, log, max_message=1000)
    pump_until(lambda: log.open)
    received = []
    log.actions["text"] = lambda ws, name: ws.receive_into(received.append, on_end=ended.append)
    size = 50_000 if large else 500
    data = DATA[:size]
    if fragments:
        cut = [peer.frame(BINARY, data[:300], fin=False), peer.frame(CONTINUATION, data[300:])]
    else:
        cut = [peer.frame(BINARY, data)]
    for number in range(1, 4):
        header = peer.frame(TEXT, b"name")
        if whole:
            peer.send(header + b"".join(cut))
        else:
            peer.send(header)
            pump_until(partial(_has, log, "text", number))
            peer.send(b"".join(cut))
        pump_until(partial(_is, ended, number))
        assert b"".join(received) == data
        received.clear()
    assert log.types == ["connect", "text", "text", "text"]
    peer.say(BINARY, bytes(1001))
    pump_until(lambda: log.all("error"))
    assert log.one("error").code == 1009
    peer.sock.close()
    pump_until(lambda: log.over)


def test_a_dialog_may_ask_for_the_path_first(receiving, pump_until, root, log, ended, tmp_path):
    _ws, peer = receiving

    def ask(ws, name):
        ticks = []
        root.after(50, lambda: ticks.append(1))
        pump_until(lambda: ticks)
        ws.receive_into(tmp_path / name, on_end=ended.append)

    log.actions["text"] = ask
    peer.text("name")
    pump_until(lambda: log.all("text"))
    peer.say(BINARY, DATA[:100_000])
    peer.text("after")
    pump_until(lambda: ended)
    assert (tmp_path / "name").read_bytes() == DATA[:100_000]
    log.actions.clear()
    pump_until(lambda: log.all("text")[-1] == "after")


def test_messages_that_wait_already_are_taken_first(receiving, pump_until, log, ended):
    ws, peer = receiving
    ws.pause()
    taken = []
    peer.send(peer.frame(TEXT, b"header") + peer.frame(BINARY, b"one") + peer.frame(BINARY, b"two"))
    log.actions["text"] = lambda ws, _: ws.receive_into(taken.append, on_end=ended.append)
    ws.resume()
    pump_until(lambda: ended and log.all("binary"))
    assert taken == [b"one"]
    assert log.all("binary") == [b"two"]
    peer.say(BINARY, b"three")
    pump_until(lambda: len(log.all("binary")) == 2)


def test_with_the_option_stream_too(root, peers, pump_until, log, ended):
    ws, peer = peers.taken(root, log, stream=True)
    pump_until(lambda: log.open)
    taken = []
    peer.say(BINARY, b"be", fin=False)
    pump_until(lambda: log.all("part"))
    ws.receive_into(taken.append, on_end=ended.append)
    peer.say(CONTINUATION, b"gun")
    peer.say(BINARY, b"taken")
    peer.say(BINARY, b"after")
    pump_until(lambda: ended and len(log.all("part")) == 3)
    assert [part.data for part in log.all("part")] == [b"be", b"gun", b"after"]
    assert taken == [b"taken"]
    peer.sock.close()
    pump_until(lambda: log.over)


def test_a_function_that_fails(receiving, pump_until, log, ended):
    ws, peer = receiving

    def fail(data):
        raise OSError("the disk is full")

    download = ws.receive_into(fail, on_end=ended.append)
    peer.say(BINARY, DATA[:100_000])
    peer.text("after")
    pump_until(lambda: log.all("text") and ended)
    assert isinstance(download.error, OSError)
    assert log.types == ["connect", "text"]


def test_a_failure_that_nobody_asks_for_is_shown(receiving, pump_until, callback_errors):
    ws, peer = receiving
    download = ws.receive_into(lambda data: 1 / 0)
    peer.text("x")
    pump_until(lambda: callback_errors)
    assert callback_errors == [download.error]
    callback_errors.clear()


@pytest.mark.parametrize("name", ["on_progress", "on_end"])
def test_an_exception_in_a_call_is_shown(receiving, pump_until, callback_errors, tmp_path, name):
    ws, peer = receiving

    def fail(download):
        raise LookupError

    download = ws.receive_into(tmp_path / "file", **{name: fail})
    peer.text("x")
    pump_until(lambda: callback_errors and download.done)
    assert isinstance(callback_errors.pop(), LookupError)
    assert download.error is None


def test_an_interrupt_in_a_function_ends_its_download_and_no_other(receiving, pump_until, log, ended):
    ws, peer = receiving

    def interrupt(data):
        raise SystemExit

    data = []
    first = ws.receive_into(interrupt, on_end=ended.append)
    second = ws.receive_into(data.append, on_end=ended.append)
    peer.say(BINARY, b"one")
    with pytest.raises(SystemExit):
        pump_until(lambda: False)
    peer.say(BINARY, b"two")
    peer.text("after")
    pump_until(lambda: len(ended) == 2 and log.all("text"))
    assert isinstance(first.error, tkws.StateError)
    assert isinstance(first.error.__cause__, SystemExit)
    assert (second.error, b"".join(data)) == (None, b"two")


def test_an_on_end_that_leaves_the_program_keeps_nobody_from_the_end(root, peers, pump_until, log, ended):
    ws, peer = peers.taken(root, log)
    pump_until(lambda: log.open)

    def leave(download):
        raise SystemExit

    ws.receive_into(lambda data: None, on_end=leave)
    second = ws.receive_into(lambda data: None, on_end=ended.append)
    peer.sock.close()
    with pytest.raises(SystemExit):
        pump_until(lambda: False)
    assert ended == [second]
    assert log.over


def test_cancelling_drops_the_rest_and_the_file(receiving, pump_until, log, ended, tmp_path):
    ws, peer = receiving
    download = ws.receive_into(tmp_path / "file", on_end=ended.append)
    peer.say(BINARY, b"be", fin=False)
    pump_until(lambda: download.received == 2)
    assert os.listdir(tmp_path) == ["file.part"]
    download.cancel()
    download.cancel()
    assert os.listdir(tmp_path) == []
    taken = []
    ws.receive_into(taken.append, on_end=ended.append)
    peer.say(CONTINUATION, b"gun")
    peer.say(BINARY, b"taken")
    peer.text("after")
    pump_until(lambda: log.all("text") and len(ended) == 2)
    assert isinstance(download.error, tkws.StateError)
    assert log.types == ["connect", "text"]
    assert taken == [b"taken"]


@pytest.mark.parametrize("first", [True, False])
def test_a_download_that_waits_is_taken_back(receiving, pump_until, log, ended, first):
    ws, peer = receiving
    taken = []
    downloads = [ws.receive_into(taken.append, on_end=ended.append) for _ in range(2)]
    downloads[0 if first else 1].cancel()
    peer.text("one")
    peer.text("two")
    pump_until(lambda: len(ended) == 2 and log.all("text"))
    assert taken == ["one"]
    assert log.all("text") == ["two"]


def test_cancelled_when_its_message_waits_in_parts(receiving, pump_until, log, ended):
    ws, peer = receiving
    ws.pause()
    download = ws.receive_into(lambda data: None, on_end=ended.append)
    ws.resume()
    log.actions["ping"] = lambda ws, _: download.cancel()
    peer.send(peer.frame(PING) + peer.frame(BINARY, b"be", fin=False))
    pump_until(lambda: ended)
    peer.say(CONTINUATION, b"gun")
    peer.text("after")
    pump_until(lambda: log.all("text"))
    assert log.types == ["connect", "ping", "text"]


def test_too_large_a_message_closes_with_1009(root, peers, pump_until, log, ended, tmp_path):
    ws, peer = peers.taken(root, log)
    pump_until(lambda: log.open)
    download = ws.receive_into(tmp_path / "file", max_size=100, on_end=ended.append)
    peer.say(BINARY, bytes(101))
    pump_until(lambda: ended)
    assert isinstance(download.error, ValueError)
    assert os.listdir(tmp_path) == []
    assert peer.hear(1)[0][1][:2] == (1009).to_bytes(2, "big")
    peer.sock.close()
    pump_until(lambda: log.over)


@pytest.mark.parametrize("begun", [True, False])
def test_the_connection_ends_first(root, peers, pump_until, begun, tmp_path):
    order = []
    log = Log(disconnect=lambda *_: order.append("disconnect"))
    ws, peer = peers.taken(root, log)
    pump_until(lambda: log.open)
    downloads = [ws.receive_into(tmp_path / name, on_end=lambda _: order.append("end")) for name in "ab"]
    if begun:
        peer.say(BINARY, b"be", fin=False)
    peer.sock.close()
    pump_until(lambda: log.over)
    assert order == ["end", "end", "disconnect"]
    assert all(isinstance(download.error, tkws.ConnectionClosed) for download in downloads)
    assert os.listdir(tmp_path) == []
    with pytest.raises(tkws.StateError, match="CLOSED"):
        ws.receive_into(tmp_path / "c")
    assert os.listdir(tmp_path) == []


def test_what_has_come_before_the_end_is_complete(root, peers, pump_until, log, ended, tmp_path):
    ws, peer = peers.taken(root, log)
    pump_until(lambda: log.open)
    ws.receive_into(tmp_path / "file", on_end=ended.append)
    ws.pause()
    peer.say(BINARY, DATA[:100_000])
    peer.sock.close()
    ws.resume()
    pump_until(lambda: log.over and ended)
    assert ended[0].error is None
    assert (tmp_path / "file").read_bytes() == DATA[:100_000]


def test_a_window_that_ends_removes_the_file(peers, pump_until, tmp_path, ended):
    root = tkinter.Tcl()
    ws, peer = peers.taken(root)
    pump_until(lambda: ws.state is tkws.State.OPEN)
    ws.receive_into(tmp_path / "file", on_end=ended.append)
    peer.say(BINARY, b"begun", fin=False)
    assert os.listdir(tmp_path) == ["file.part"]
    guards.close_interpreter(root)
    assert os.listdir(tmp_path) == []
    assert not ended


def test_before_the_connection_is_open(root, peers, pump_until, log, ended):
    listening = peers.listen()
    ws = tkws.open(listening.url, log, master=root, max_message=10)
    taken = []
    ws.receive_into(taken.append, on_end=ended.append)
    peer = listening.accept()
    peer.accept()
    peer.say(BINARY, bytes(1000))
    pump_until(lambda: ended)
    assert b"".join(taken) == bytes(1000)
    ws.close()
    peer.sock.close()
    pump_until(lambda: log.over)


def test_a_handler_that_is_changed_meanwhile(receiving, pump_until, log, ended):
    ws, peer = receiving
    ws.receive_into(lambda data: None, on_end=ended.append)
    other = Log()
    ws.configure(handler=other)
    peer.text("one")
    peer.text("two")
    pump_until(lambda: ended and other.events)
    assert other.events == [("text", "two")]
    ws.configure(handler=log)


@pytest.mark.parametrize("target", [None, 5, b"path"])
def test_what_is_no_target(receiving, target):
    with pytest.raises(
        TypeError, match=f"^target: a path, or a callable .data., not {type(target).__name__}$"
    ):
        receiving[0].receive_into(target)


def test_a_file_that_cannot_be_made(receiving, tmp_path):
    ws, _ = receiving
    with pytest.raises(OSError, match="nothing"):
        ws.receive_into(tmp_path / "nothing" / "file")
    with pytest.raises(IsADirectoryError, match="^target: "):
        ws.receive_into(tmp_path)
    with pytest.raises(ValueError, match="^max_size: "):
        ws.receive_into(tmp_path / "file", max_size=-1)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("option", [True, False])
def test_a_path_of_a_server_may_differ(root, pump_until, option):
    server = tkws.serve(master=root, stream=option)
    heard, others = Log(), Log()
    server.live("/other", stream=not option)(heard)
    server.live("/", others)
    clients = []
    for path in ("/", "other"):
        client = Log(connect=lambda ws, _: ws.send("x"))
        clients.append((tkws.open(server.url + path.strip("/"), client, master=root), client))
    pump_until(lambda: len(heard.events) == 2 and len(others.events) == 2)
    assert heard.types[1] == ("text" if option else "part")
    assert others.types[1] == ("part" if option else "text")
    for ws, client in clients:
        ws.close()
        pump_until(lambda: client.over)
    server.close()
    pump_until(lambda: heard.over and others.over)


def test_awaited_parts(root, pump_until):
    server = tkws.serve(master=root)

    @server.live("/")
    def feed(ws, type, message):
        if type == "connect":
            ws.send(DATA)
            ws.close()

    async def main():
        async with tkws.aio.connect(server.url, stream=True) as connection:
            return [part async for part in connection]

    parts = tkws.aio.run(main(), master=root)
    assert joined(parts) == DATA
    server.close()
    pump_until(lambda: not server.connections)


@pytest.mark.slow
@pytest.mark.parametrize("compression", [False, True])
def test_memory_stays_small_both_ways(root, pump_until, tmp_path, ended, compression):
    """A file of 64 MiB passes with less than 4 MiB of Python's memory at any time."""
    size, path = 64 * MIB, tmp_path / "source"
    block = os.urandom(256 * 1024) + bytes(256 * 1024)
    with path.open("wb") as file:
        for _ in range(size // len(block)):
            file.write(block)
    server = tkws.serve(master=root, compression=compression)

    @server.live("/")
    def receive(ws, type, message):
        if type == "connect":
            ws.receive_into(tmp_path / "target", on_end=ended.append)

    log = Log(connect=lambda ws, _: ws.send_stream(path.open("rb"), on_end=ended.append))
    tracemalloc.start()
    try:
        ws = tkws.open(server.url, log, master=root, compression=compression)
        pump_until(lambda: len(ended) == 2, timeout=120)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [transfer.error for transfer in ended] == [None, None]
    assert peak < 4 * MIB
    assert (tmp_path / "target").stat().st_size == size
    ws.close()
    pump_until(lambda: log.over)
    server.close()
    pump_until(lambda: not server.connections)
