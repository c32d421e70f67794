"""The ``websockets`` package at the other end: messages, pings, ends, back-pressure, crowds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from websockets.exceptions import ConnectionClosed

import tkws
from tests.interop.asyncio_thread import PATIENCE
from tests.interop.links import Link, Recorder, connect_to

PEER = "websockets"

MIB = 1024 * 1024
TEXTS = ["hello", "", "Grüße, 世界 🎉", "\0\n", "x" * 70000]
SIZES = [1, 125, 126, 65535, 65536, MIB, 16 * MIB]

# A code and a reason as `close` takes them, and what the other end is told.
CLOSES = [
    (1000, "bye", (1000, "bye")),
    (1001, "", (1001, "")),
    (1011, "x" * 123, (1011, "x" * 123)),
    (3000, "é" * 61, (3000, "é" * 61)),
    (4999, "Schluß", (4999, "Schluß")),
]


async def received(link: Link) -> tuple[int, str]:
    """How their end was closed: the code and reason of the Close frame that it received."""
    with pytest.raises(ConnectionClosed) as caught:
        await link.theirs.recv()
    close = caught.value.rcvd
    assert close is not None
    return close.code, close.reason


# ---- messages


def test_messages_arrive_as_they_were_sent(link, beside, pump_until) -> None:
    link = link()
    messages = [*TEXTS, *(text.encode() for text in TEXTS), bytes(range(256))]
    for message in messages:
        link.ours.send(message)
        assert beside(link.theirs.recv()) == message
        beside(link.theirs.send(message))
    pump_until(lambda: link.heard.messages == messages)


@pytest.mark.slow
def test_messages_of_every_size_arrive(link, beside, pump_until) -> None:
    link = link(ours={"compression": False})
    data = random.Random(6455).randbytes(max(SIZES))
    for size in SIZES:
        link.ours.send(data[:size])
        assert beside(link.theirs.recv()) == data[:size]
        beside(link.theirs.send(data[:size]))
        pump_until(lambda: link.heard.messages, PATIENCE)
        assert link.heard.messages == [data[:size]]
        link.heard.events.clear()


@pytest.mark.slow
def test_long_texts_arrive(link, beside, pump_until) -> None:
    link = link()
    text = "".join(map(chr, range(32, 0xD800))) * 20
    link.ours.send(text)
    assert beside(link.theirs.recv()) == text
    beside(link.theirs.send(text))
    pump_until(lambda: link.heard.messages == [text], PATIENCE)


@pytest.mark.parametrize("compression", [False, True])
def test_our_fragments_arrive_one_by_one(link, beside, compression) -> None:
    link = link(ours={"compression": compression})

    async def fragments() -> list[str | bytes]:
        return [fragment async for fragment in link.theirs.recv_streaming()]

    for kind in (str, bytes):
        sent = ["Grü", "", "ße" * 500, "!"] if kind is str else [b"\xff", b"", b"\x00" * 500, b"\xfe"]
        for fragment in sent:
            link.ours.send(fragment, final=fragment is sent[-1])
        assert beside(fragments()) == sent


def test_control_frames_go_between_our_fragments(link, beside, pump_until) -> None:
    link = link()
    link.ours.send("one, ", final=False)
    link.ours.ping(b"still there?")
    pump_until(lambda: link.heard["pong"] == [b"still there?"])
    assert beside(ping(link, b"and you?")) is not None
    link.ours.send("two", final=True)
    assert beside(link.theirs.recv()) == "one, two"
    assert link.heard["ping"] == [b"and you?"]


@pytest.mark.parametrize("compression", [False, True])
def test_their_fragments_become_one_message(link, beside, pump_until, compression) -> None:
    link = link(ours={"compression": compression})

    async def fragments() -> AsyncIterator[str]:
        yield "Grü"
        await ping(link, b"between")
        yield ""
        yield "ße" * 500

    beside(link.theirs.send(fragments()))
    beside(link.theirs.send([b"\x00", b"\x01" * 500]))
    pump_until(lambda: link.heard.messages == ["Grü" + "ße" * 500, b"\x00" + b"\x01" * 500])
    assert link.heard["ping"] == [b"between"]


# ---- pings


async def ping(link: Link, payload: bytes) -> float:
    """Their latency, when the pong has come."""
    return await (await link.theirs.ping(payload))


def test_each_end_answers_pings(link, beside, pump_until) -> None:
    link = link()
    for payload in (b"", b"p", b"\x00\xff" * 62):
        link.ours.ping(payload)
        pump_until(lambda: link.heard["pong"][-1:] == [payload])
        if payload:
            assert beside(ping(link, payload)) >= 0
    assert link.heard["ping"] == [b"p", b"\x00\xff" * 62]
    assert link.ours.latency is not None


def test_our_keepalive_is_answered(link, pump_until) -> None:
    link = link(ours={"keepalive": 0.01})
    pump_until(lambda: len(link.heard["pong"]) > 2)
    assert link.ours.state is tkws.State.OPEN


def test_their_keepalive_is_answered(link, pump_until) -> None:
    link = link(theirs={"ping_interval": 0.01, "ping_timeout": PATIENCE})
    pump_until(lambda: len(link.heard["ping"]) > 2)
    assert link.theirs.latency > 0


# ---- ends


@pytest.mark.parametrize(("code", "reason", "told"), [*CLOSES, (None, "", (1005, ""))])
def test_they_are_told_how_we_close(link, beside, pump_until, code, reason, told) -> None:
    link = link()
    link.ours.send("last words")
    link.ours.close(code, reason)
    assert beside(link.theirs.recv()) == "last words"
    assert beside(received(link)) == told
    pump_until(lambda: link.heard.over)
    assert link.heard["close"] == [told]
    assert (link.ours.close_code, link.ours.close_reason) == told


@pytest.mark.parametrize(("code", "reason", "told"), CLOSES)
def test_we_are_told_how_they_close(link, beside, pump_until, code, reason, told) -> None:
    link = link()

    async def close() -> None:
        await link.theirs.send("last words")
        await link.theirs.close(code, reason)

    beside(close())
    pump_until(lambda: link.heard.over)
    assert [event for event in link.heard.events if event[0] != "connect"][:2] == [
        ("text", "last words"),
        ("close", told),
    ]
    assert beside(received(link))[0] == code


def test_both_may_close_at_once(link, beside, pump_until) -> None:
    link = link()
    closing = beside.start(link.theirs.close(4001, "theirs"))
    link.ours.close(4000, "ours")
    pump_until(lambda: link.heard.over and closing.done())
    assert link.heard["close"][0] in [(4000, "ours"), (4001, "theirs")]
    assert beside(received(link)) in [(4000, "ours"), (4001, "theirs")]


def test_a_connection_that_breaks_is_told_as_1006(link, beside, pump_until) -> None:
    link = link()

    async def drop() -> None:
        link.theirs.transport.abort()

    beside(drop())
    pump_until(lambda: link.heard.over)
    ((code, _),) = link.heard["close"]
    assert code == 1006


def test_their_limit_closes_with_1009(link, beside, pump_until) -> None:
    link = link(theirs={"max_size": 1000})
    link.ours.send(b"x" * 1000)
    link.ours.send(b"x" * 1001)
    pump_until(lambda: link.heard.over)
    assert link.heard["close"][0][0] == 1009
    assert len(beside(link.theirs.recv())) == 1000


@pytest.mark.parametrize(
    ("message", "text", "code"),
    [(b"x" * 1001, False, 1009), (b"\x00" * 100_000, False, 1009), (b"Gr\xfc\xdfe", True, 1007)],
)
def test_we_refuse_what_must_be_refused(link, beside, pump_until, message, text, code) -> None:
    link = link(ours={"max_message": 1000})
    beside(link.theirs.send(message, text=text))
    pump_until(lambda: link.heard.over)
    assert beside(received(link))[0] == code
    assert link.heard["error"][0].code == code
    assert link.heard["close"][0][0] == 1006
    assert not link.heard.messages


# ---- back-pressure


@pytest.mark.slow
def test_a_pause_holds_them_back_and_loses_nothing(link, beside, pump_until) -> None:
    link = link(ours={"compression": False}, theirs={"compression": None})
    messages = [bytes([number]) * MIB for number in range(16)]

    async def send() -> None:
        for message in messages:
            await link.theirs.send(message)

    link.ours.pause()
    sending = beside.start(send())
    pump_until(link.theirs.transport.get_write_buffer_size)
    assert not link.heard.messages
    assert not sending.done()
    link.ours.resume()
    pump_until(sending.done, PATIENCE)
    pump_until(lambda: len(link.heard.messages) == len(messages), PATIENCE)
    assert link.heard.messages == messages


@pytest.mark.slow
def test_we_are_told_when_they_have_read_enough(link, beside, pump_until) -> None:
    link = link(ours={"compression": False}, theirs={"max_queue": 1})
    messages = [bytes([number]) * MIB for number in range(16)]
    for message in messages:
        link.ours.send(message)
    assert link.ours.buffered_amount > link.ours["high_water"]
    assert not link.heard["drain"]
    for message in messages:
        assert beside(link.theirs.recv()) == message
    pump_until(lambda: link.heard["drain"])
    assert link.ours.buffered_amount == 0


# ---- many

MANY = 200


@pytest.mark.slow
def test_many_of_our_clients_at_once(root, beside, pump_until, their_server) -> None:
    server = their_server()
    clients = [Recorder() for _ in range(MANY)]
    for client in clients:
        tkws.open(server.url, client, master=root)
    pump_until(lambda: len(server.accepted) == MANY and all(client.opened for client in clients), PATIENCE)

    async def echo() -> None:
        for connection in server.accepted:
            await connection.send(await connection.recv())

    echoing = beside.start(echo())
    for number, client in enumerate(clients):
        client.opened[0].send(f"message {number}")
    pump_until(echoing.done, PATIENCE)
    pump_until(lambda: all(client.messages for client in clients), PATIENCE)
    assert [client.messages for client in clients] == [[f"message {number}"] for number in range(MANY)]
    for client in clients:
        client.opened[0].close()
    pump_until(lambda: all(client.over for client in clients), PATIENCE)
    assert {client["close"][0][0] for client in clients} == {1000}


@pytest.mark.slow
def test_many_of_their_clients_at_once(root, beside, pump_until) -> None:
    server = tkws.serve(master=root, handler=lambda ws, type, message: type == "text" and ws.send(message))

    async def converse(number: int) -> list[str | bytes]:
        async with connect_to(server.url) as connection:
            opened.append(number)
            await connection.send(f"message {number}")
            return [await connection.recv(), await connection.recv()]

    async def converse_all() -> list[list[str | bytes]]:
        return await asyncio.gather(*map(converse, range(MANY)))

    opened: list[int] = []
    conversing = beside.start(converse_all())
    pump_until(lambda: len(opened) == MANY and len(server.connections) == MANY, PATIENCE)
    assert server.broadcast("to all of you") == MANY
    pump_until(conversing.done, PATIENCE)
    for number, messages in enumerate(conversing.result()):
        assert sorted(map(str, messages)) == [f"message {number}", "to all of you"]
    pump_until(lambda: not server.connections)
