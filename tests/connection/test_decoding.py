"""Values in place of messages: the option ``codec``, what is sent by it, and what cannot be decoded."""

from __future__ import annotations

import pickle
import tkinter

import pytest

import tkws
from tkws import JSON, aio
from tkws.protocol.frames import Opcode

PICKLE = tkws.Codec(pickle.dumps, pickle.loads)


@pytest.fixture(params=[True, False], ids=["server", "client"])
def server(request) -> bool:
    """Whether the end under test is a server's."""
    return request.param


@pytest.fixture
def taken(notifier, root, peers, pump_until, log, server):
    """``taken(**options)``: an open connection with `log` as its handler, and its other end."""

    def taken(handler=log, **options):
        ws, peer = peers.taken(root, handler, server=server, **options)
        pump_until(lambda: log.open)
        log.events.clear()
        return ws, peer

    return taken


def test_messages_arrive_as_values(taken, log, pump_until):
    _, peer = taken(codec=JSON)
    peer.text('{"a": [1, null]}', "2")
    peer.say(Opcode.BINARY, b'"three"')
    peer.say(Opcode.PING, b"4")
    pump_until(lambda: len(log.events) == 4)
    assert log.events == [("value", {"a": [1, None]}), ("value", 2), ("value", "three"), ("ping", b"4")]


def test_values_are_sent_as_the_codec_says(taken):
    ws, peer = taken(codec=JSON)
    assert ws.send_value({"é": 1}) == (10 if ws.role is tkws.Role.SERVER else 14)
    ws.send_json([2])
    ws.send("{}")
    assert peer.hear(3) == [(Opcode.TEXT, '{"é":1}'.encode()), (Opcode.TEXT, b"[2]"), (Opcode.TEXT, b"{}")]


def test_a_codec_of_binary_messages(taken, log, pump_until):
    ws, peer = taken(codec=PICKLE)
    ws.send_value({1, 2})
    [(opcode, payload)] = peer.hear()
    assert opcode is Opcode.BINARY
    peer.say(Opcode.BINARY, payload)
    pump_until(lambda: log.all("value") == [{1, 2}])


def test_send_json_needs_no_codec(taken, log, pump_until):
    ws, peer = taken()
    ws.send_json(None)
    assert peer.hear() == [(Opcode.TEXT, b"null")]
    peer.text("null")
    pump_until(lambda: log.events == [("text", "null")])


def test_send_value_needs_a_codec(taken):
    ws, _ = taken()
    with pytest.raises(tkws.StateError, match=r"codec=tkws\.JSON.*send_json"):
        ws.send_value(1)


def test_what_encode_raises_is_raised_by_the_call(taken):
    ws, _ = taken(codec=tkws.Codec(lambda value: 1 / value, str))
    with pytest.raises(ZeroDivisionError):
        ws.send_value(0)
    with pytest.raises(TypeError, match=r"^codec: one whose encode returns str or bytes-like, not float$"):
        ws.send_value(1)


def test_a_closed_connection_takes_no_value(taken, pump_until):
    ws, peer = taken(codec=JSON)
    ws.close()
    for send in (ws.send_value, ws.send_json):
        with pytest.raises(tkws.StateError, match="CLOSING"):
            send(1)
    peer.bye()
    peer.sock.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)


UNDECODABLE = [
    ("[NaN]", ValueError),
    ("{", ValueError),
    ("[" * 100_000, ValueError),
    ("9" * 5000, ValueError),
    (b"\xff", UnicodeDecodeError),
]


@pytest.mark.parametrize(("message", "cause"), UNDECODABLE, ids=range(len(UNDECODABLE)))
def test_what_cannot_be_decoded_is_an_error_with_the_message(taken, log, pump_until, message, cause):
    ws, peer = taken(codec=JSON)
    opcode = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
    peer.send(peer.frame(opcode, message.encode() if isinstance(message, str) else message))
    peer.text("1")
    pump_until(lambda: log.types == ["error", "value"])
    error = log.one("error")
    assert isinstance(error, tkws.CodecError)
    assert error.message == message
    assert isinstance(error.__cause__, cause)
    assert str(error).startswith("A message cannot be decoded: ")
    assert ws.state is tkws.State.OPEN


def test_an_error_of_a_codec_is_on_one_line(taken, log, pump_until):
    def decode(message):
        raise RuntimeError("two\nlines")

    _, peer = taken(codec=tkws.Codec(str, decode))
    peer.text("x")
    pump_until(lambda: log.types == ["error"])
    assert str(log.one("error")) == r"A message cannot be decoded: two\nlines"


def test_it_closes_if_told_to(taken, log, pump_until):
    ws, peer = taken(codec=JSON, codec_errors="close")
    peer.text("1", "{", "2")
    pump_until(lambda: log.types == ["value", "error", "value"])
    assert ws.state is tkws.State.CLOSING
    assert peer.hear() == [(Opcode.CLOSE, (1007).to_bytes(2, "big") + b"A message cannot be decoded")]
    peer.bye(1007)
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types[-3:] == ["value", "close", "disconnect"]


def test_it_closes_also_if_the_handler_raises(taken, log, pump_until, callback_errors):
    log.actions["error"] = lambda ws, error: 1 / 0
    ws, peer = taken(codec=JSON, codec_errors="close")
    peer.text("{")
    pump_until(lambda: ws.state is tkws.State.CLOSING)
    assert isinstance(callback_errors.pop(), ZeroDivisionError)


def test_a_handler_that_raises_for_a_value_is_no_fault_of_the_peers(taken, log, pump_until, callback_errors):
    log.actions["value"] = lambda ws, value: value[0]
    ws, peer = taken(codec=JSON, codec_errors="close")
    peer.text("5", "[6]")
    pump_until(lambda: log.events == [("value", 5), ("value", [6])])
    assert ws.state is tkws.State.OPEN
    assert isinstance(callback_errors.pop(), TypeError)


def test_the_codec_can_be_changed_at_any_time(taken, log, pump_until):
    ws, peer = taken()
    log.actions["text"] = lambda ws, message: ws.configure(codec=JSON)
    peer.text("1", "2", "[")
    pump_until(lambda: log.types == ["text", "value", "error"])
    log.actions.clear()
    ws["codec_errors"] = "close"
    ws["codec"] = None
    peer.text("[")
    pump_until(lambda: log.types[-1] == "text")
    assert ws["codec"] is None
    assert ws.state is tkws.State.OPEN


def test_a_codec_that_closes_or_destroys(taken, log, root, pump_until):
    ws, peer = taken(codec=tkws.Codec(str, lambda message: log.ws.close(4000)))
    log.ws = ws
    peer.text("x")
    pump_until(lambda: log.types == ["value"])
    assert peer.hear() == [(Opcode.CLOSE, (4000).to_bytes(2, "big"))]


def test_values_wait_while_the_connection_is_paused(taken, log, pump_until):
    ws, peer = taken(codec=JSON)
    log.actions["value"] = lambda ws, value: ws.pause() if value == 1 else None
    peer.text("1", "{", "3")
    pump_until(lambda: log.types == ["value"])
    ws.resume()
    pump_until(lambda: log.types == ["value", "error", "value"])


def test_a_server_and_its_client_talk_in_values(notifier, root, log, pump_until):
    server = tkws.serve(master=root, codec=JSON)

    @server.live("/")
    def double(ws, type, message):
        if type == "value":
            ws.send_value(2 * message)

    log.actions["connect"] = lambda ws, message: ws.send_value([1])
    ws = tkws.open(server.url, log, master=root, codec=JSON)
    pump_until(lambda: log.all("value") == [[1, 1]])
    server.broadcast(tkws.JSON.encode({"all": True}))
    pump_until(lambda: log.all("value")[1:] == [{"all": True}])
    ws.close()
    pump_until(lambda: log.over)
    server.close()


# ---- handlers


def test_json_decodes_texts_for_one_handler(taken, log, pump_until):
    _, peer = taken(tkws.json(log))
    peer.text("[1]", "{")
    peer.say(Opcode.BINARY, b"[2]")
    pump_until(lambda: log.types == ["value", "error", "binary"])
    assert log.one("value") == [1]
    assert log.one("error").message == "{"


@pytest.mark.parametrize(
    ("wrap", "seen"),
    [
        (tkws.tee, [1, 2, {"a": 3}]),
        (lambda handler: tkws.latest(handler, 0.02), [{"a": 3}]),
        (lambda handler: tkws.batched(handler, 0.02), [[1, 2, {"a": 3}]]),
    ],
    ids=["tee", "latest", "batched"],
)
def test_handlers_to_build_with_take_values(taken, log, pump_until, wrap, seen):
    _, peer = taken(wrap(log), codec=JSON)
    peer.text("1", "2", '{"a": 3}')
    pump_until(lambda: len(log.events) == len(seen))
    assert log.all("value") == seen


def test_a_variable_takes_values(taken, root, log, pump_until):
    var = tkinter.DoubleVar(root)
    _, peer = taken(tkws.tee(log, tkws.variable(var)), codec=JSON)
    peer.text("21.5")
    pump_until(lambda: log.types == ["value"])
    assert var.get() == 21.5


def test_a_method_takes_values(taken, log, pump_until):
    told = []

    class Feed(tkws.Handler):
        def on_value(self, ws, message):
            told.append(message)

    _, peer = taken(tkws.tee(log, Feed()), codec=JSON)
    peer.text("[]")
    pump_until(lambda: told == [[]])


# ---- awaited


def test_values_are_awaited(notifier, root):
    async def double(connection):
        async for value in connection:
            await connection.send_value(2 * value)

    async def main():
        async with aio.serve(double, codec=JSON) as server, aio.connect(server.url, codec=JSON) as connection:
            await connection.send_json([1])
            assert await connection.recv() == [1, 1]
            await connection.send_value("a")
            assert await connection.recv() == "aa"

    aio.run(main(), master=root)


def test_what_cannot_be_decoded_is_raised_in_its_turn(notifier, root):
    async def say(connection):
        for message in ("1", "{", "2"):
            await connection.send(message)

    async def main():
        async with aio.serve(say) as server, aio.connect(server.url, codec=JSON) as connection:
            assert await connection.recv() == 1
            with pytest.raises(tkws.CodecError) as raised:
                await connection.recv()
            assert raised.value.message == "{"
            assert await connection.recv() == 2
            with pytest.raises(aio.ConnectionClosedOK) as closed:
                await connection.recv()
            assert closed.value.__cause__ is None

    aio.run(main(), master=root)


def test_send_value_needs_a_codec_when_awaited_too(notifier, root):
    async def main():
        async with aio.serve(aio.Connection.wait_closed) as server, aio.connect(server.url) as connection:
            with pytest.raises(tkws.StateError, match="codec"):
                await connection.send_value(1)

    aio.run(main(), master=root)


def test_an_async_handler_gets_values(notifier, root, peers, pump_until):
    told = []

    async def handler(ws, type, message):
        told.append((str(type), message))

    _, peer = peers.taken(root, handler, codec=JSON)
    peer.text("[1]", "{")
    pump_until(lambda: [type for type, _ in told] == ["connect", "value", "error"])
    assert told[1] == ("value", [1])
    aio.loop(root).host.close()
