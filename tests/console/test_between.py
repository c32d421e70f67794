"""A server between clients and another server."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

import pytest

import tkws
from tests.console.programs import echo
from tests.peers import Log
from tkws.console.client.target import Target
from tkws.console.log.log import Direction, Log as Rows
from tkws.console.server import between
from tkws.console.server.between import Between, Passage, Way

Start = Callable[..., Between]


class Client:
    """A client of a relay."""

    def __init__(self, root: tkinter.Tk, url: str, **options: Any) -> None:
        self.log = Log()
        self.ws = tkws.open(url, self.log, master=root, **options)

    @property
    def texts(self) -> list[Any]:
        return self.log.all("text")


@pytest.fixture
def server(root: tkinter.Tk) -> tkws.HTTPServer:
    return tkws.serve(master=root, handler=echo)


@pytest.fixture
def start(root: tkinter.Tk, server: tkws.HTTPServer, pump_until: Any) -> Any:
    started: list[Between] = []

    def start(url: str = "", **options: Any) -> Between:
        target = Target(url=url or server.url, ping_interval=0, proxy="none", **options)
        started.append(Between(Rows(), root, lambda *_: None, target))
        return started[-1]

    yield start
    for each in started:
        each.close()
        pump_until(lambda each=each: not each._pairs)


@pytest.fixture
def connect(root: tkinter.Tk, pump_until: Any) -> Any:
    def connect(relay: Between, **options: Any) -> Client:
        client = Client(root, relay.url, **options)
        pump_until(lambda: client.log.open)
        return client

    return connect


def rows(relay: Between, direction: Direction) -> list[Any]:
    return [row.payload for row in relay.log.rows if row.direction is direction]


def test_it_passes_on_and_shows_both_ways(start: Start, connect: Any, pump_until: Any) -> None:
    relay = start()
    client, other = connect(relay), connect(relay)
    client.ws.send("one")
    other.ws.send(b"two")
    pump_until(lambda: client.texts == ["one"] and other.log.all("binary") == [b"two"])
    assert sorted(map(str, rows(relay, Direction.OUT))) == sorted(map(str, rows(relay, Direction.IN)))
    assert relay.names == ["#1", "#2"]
    client.ws.close(4000, "enough")
    pump_until(lambda: client.log.over and relay.names == ["#2"])
    assert client.ws.close_code == 4000
    assert "The client closed: 4000 enough" in rows(relay, Direction.NOTE)


def test_a_client_gets_what_it_asked_for(
    root: tkinter.Tk, start: Start, connect: Any, pump_until: Any
) -> None:
    server = tkws.serve(master=root)
    seen = Log()
    server.live("/chat/*", seen, protocol="v2")
    relay = start(server.url, headers=(("X-Key", "secret"),))
    log = Log()
    tkws.open(
        f"{relay.url}chat/tea?a=1",
        log,
        master=root,
        protocols=["v1", "v2"],
        headers={"Cookie": "a=b", "X-Own": "1"},
    )
    pump_until(lambda: log.open and seen.open)
    assert log.ws is not None
    assert log.ws.protocol == "v2"
    assert seen.ws is not None
    assert seen.ws.request is not None
    asked = seen.ws.request
    assert asked.target == "/chat/tea?a=1"
    assert [asked.headers[name] for name in ("Cookie", "X-Own", "X-Key")] == ["a=b", "1", "secret"]


def test_a_path_of_the_target_is_kept(root: tkinter.Tk, start: Start, connect: Any, pump_until: Any) -> None:
    server = tkws.serve(master=root)
    seen = Log()
    server.live("/feed", seen)
    relay = start(f"{server.url}feed?key=1")
    connect(relay)
    pump_until(lambda: seen.open)
    assert seen.ws is not None
    assert seen.ws.request is not None
    assert seen.ws.request.target == "/feed?key=1"


def test_a_refusal_reaches_the_client(root: tkinter.Tk, start: Start, pump_until: Any) -> None:
    server = tkws.serve(master=root, handler=echo)
    server.admit(
        lambda request: tkws.Response(401, headers={"Content-Type": "text/plain"}, body=b"who are you?")
    )
    relay = start(server.url)
    client = Client(root, relay.url)
    pump_until(lambda: client.log.over)
    error = client.log.all("error")[0]
    assert (error.status, error.body) == (401, b"who are you?")


def test_a_target_that_is_not_there_is_a_bad_gateway(root: tkinter.Tk, start: Start, pump_until: Any) -> None:
    relay = start("ws://127.0.0.1:1/")
    client = Client(root, relay.url)
    pump_until(lambda: client.log.over)
    error = client.log.all("error")[0]
    assert error.status == 502
    assert b"Connection refused" in error.body


@pytest.mark.parametrize("way", Way)
def test_messages_are_held_edited_dropped_and_passed_on(
    start: Start, connect: Any, pump_until: Any, way: Way
) -> None:
    relay = start()
    client = connect(relay)
    relay.set_passage(way, Passage.HOLD)
    for word in ("one", "two", "three", "four"):
        client.ws.send(word)
    pump_until(lambda: len(relay.held) == 4)
    assert [held.message for held in relay.held.values()] == ["one", "two", "three", "four"]
    assert {held.way for held in relay.held.values()} == {way}
    assert client.texts == []
    relay.pass_on(2)
    relay.pass_on(1, "ONE")
    taken = relay.take(3)
    assert taken is not None
    assert taken.message == "three"
    assert relay.take(3) is None
    relay.pass_on(3)
    pump_until(lambda: client.texts == ["two", "ONE"])
    relay.set_passage(way, Passage.PASS)
    pump_until(lambda: client.texts == ["two", "ONE", "four"])


@pytest.mark.parametrize("way", Way)
def test_messages_are_dropped(start: Start, connect: Any, pump_until: Any, way: Way) -> None:
    relay = start()
    client = connect(relay)
    relay.set_passage(way, Passage.HOLD)
    client.ws.send("held")
    pump_until(lambda: relay.held)
    relay.set_passage(way, Passage.DROP)
    assert not relay.held
    client.ws.send("one")
    pump_until(lambda: "Not passed on" in rows(relay, Direction.NOTE))
    relay.set_passage(way, Passage.PASS)
    client.ws.send("two")
    pump_until(lambda: client.texts == ["two"])


def test_a_delay_keeps_the_order_with_closes_and_without_it(
    start: Start, connect: Any, pump_until: Any
) -> None:
    relay = start()
    client = connect(relay)
    relay.delay[Way.TO_CLIENT] = 0.05
    client.ws.send("one")
    pump_until(lambda: rows(relay, Direction.OUT) == ["one"])
    relay.delay[Way.TO_CLIENT] = 0.0
    client.ws.send("two")
    client.ws.send("close")
    pump_until(lambda: client.log.over)
    assert client.texts == ["one", "two"]
    assert client.log.all("close") == [(4001, "as you like")]


def test_messages_are_injected(start: Start, connect: Any, pump_until: Any) -> None:
    relay = start()
    client, other = connect(relay), connect(relay)
    assert relay.send("news", Way.TO_CLIENT) == 2
    assert relay.send("asked", Way.TO_SERVER, "#2") == 1
    pump_until(lambda: client.texts == ["news"] and other.texts == ["news", "asked"])
    other.ws.close()
    pump_until(lambda: relay.names == ["#1"])
    assert relay.send("late", Way.TO_CLIENT, "#2") == 0


@pytest.mark.parametrize(("word", "code"), [("close", 4001), ("drop", 1014)])
def test_an_end_of_the_server_reaches_the_client(
    start: Start, connect: Any, pump_until: Any, word: str, code: int
) -> None:
    relay = start()
    client = connect(relay)
    client.ws.send(word)
    pump_until(lambda: client.log.over and not relay.names)
    assert client.log.all("close")[0][0] == code


def test_a_client_that_is_cut_ends_its_connection_to_the_server(
    root: tkinter.Tk, start: Start, connect: Any, pump_until: Any, server: tkws.HTTPServer
) -> None:
    relay = start()
    client = connect(relay)
    relay.set_passage(Way.TO_SERVER, Passage.HOLD)
    client.ws.send("held")
    pump_until(lambda: relay.held)
    relay.link.cut()
    pump_until(lambda: client.log.over and not relay._pairs and not server.connections)
    assert client.ws.close_code == 1006
    assert not relay.held
    assert any("1 held message was not passed on" in note for note in rows(relay, Direction.NOTE))


def test_a_client_that_leaves_before_it_is_let_in_leaves_nothing(
    root: tkinter.Tk, start: Start, pump_until: Any
) -> None:
    from concurrent.futures import Future

    server = tkws.serve(master=root, handler=echo)
    asked: list[Future[Any]] = []

    def admit(request: tkws.Request) -> Future[Any]:
        asked.append(Future())
        return asked[-1]

    server.admit(admit)
    relay = start(server.url)
    client = Client(root, relay.url)
    pump_until(lambda: asked)
    client.ws.close()
    pump_until(lambda: not relay._pairs)
    pump_until(asked[0].cancelled)


@pytest.mark.slow
def test_what_is_held_is_bounded(start: Start, connect: Any, pump_until: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(between, "MAX_HELD", 10)
    relay = start()
    client = connect(relay)
    relay.set_passage(Way.TO_SERVER, Passage.HOLD)
    for number in range(50):
        client.ws.send(str(number))
    pump_until(lambda: len(relay.held) == 10)
    other = connect(relay)
    other.ws.send("of another")
    pump_until(lambda: 11 in relay.held)  # it has a bound of its own
    relay.take(1)
    relay.pass_on(2)
    pump_until(lambda: list(relay.held) == [*range(3, 14)])
    relay.set_passage(Way.TO_SERVER, Passage.PASS)
    pump_until(lambda: client.texts == [str(number) for number in range(1, 50)])
    pump_until(lambda: other.texts == ["of another"])


@pytest.mark.slow
def test_a_large_flow_is_not_kept_in_memory(start: Start, connect: Any, pump_until: Any) -> None:
    relay = start()
    client = connect(relay, high_water=1 << 20)
    message = bytes(1 << 20)
    count = 32
    for _ in range(count):
        client.ws.send(message)
    pump_until(lambda: len(client.log.all("binary")) == count, timeout=60)


def test_a_port_that_is_taken_is_told(root: tkinter.Tk, server: tkws.HTTPServer) -> None:
    with pytest.raises(OSError, match="in use"):
        Between(Rows(), root, lambda *_: None, Target(url=server.url), port=server.port)
